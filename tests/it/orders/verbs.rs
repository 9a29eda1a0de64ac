//! Orders by their verbs: what is bound is bound, what is given is given once.

use std::time::Duration;

use concierge::{
    billing::{
        Offer, Owner, entitlement,
        order::{self, Paid, Payment, Provider, Reason, Stage, State, Verdict, exception},
        plan::{self, PassUnit},
    },
    error::Error,
    http::paging::Window,
    ids::{ExceptionId, OrderId},
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{CREDIT, Shop, books_agree, offer, payment, units};
use crate::world::World;

fn window() -> Window {
    Window::new(None, None).unwrap()
}

impl Shop<'_> {
    pub async fn reasons(&self) -> Vec<(ExceptionId, Reason)> {
        let list = exception::list(&mut self.tx().await, Verdict::Open, &window()).await;
        let list = list.unwrap().into_iter();
        list.map(|found| (found.exception_id, found.reason))
            .collect()
    }

    async fn resolves(&self, id: ExceptionId, verdict: Verdict) -> Result<(), Error> {
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        exception::resolve(&mut tx, id, verdict, "the payer called", now).await?;
        tx.commit().await
    }
}

#[tokio::test]
async fn a_payment_gives_what_was_ordered_once() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k1").await.order_id;
    let pays = (0..6).map(|_| shop.pays(id, &PI));
    let pays: Vec<Paid> = join_all(pays)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let given = pays.iter().filter(|paid| **paid == Paid::Fulfilled);
    assert_eq!(given.count(), 1);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    let order = shop.order(id).await;
    assert_eq!(order.state, State::Fulfilled);
    assert!(order.paid_at.is_some() && order.fulfilled_at.is_some());
    // a second payment is another one
    let second = shop.pays(id, &payment("pi_2")).await.unwrap();
    assert_eq!(second, Paid::Queued(Reason::SecondPayment));
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    // and one payment is for one order
    let other = shop.orders(&shop.credit, "k2").await.order_id;
    let paid = shop.pays(other, &PI).await.unwrap();
    assert_eq!(paid, Paid::Queued(Reason::OtherOrder));
    assert_eq!(shop.order(other).await.state, State::Created);
    assert_eq!(books_agree(&world).await.transfers, 1);
}

const PI: Payment<'static> = Payment {
    provider: Provider::Stripe,
    reference: "pi_1",
    amount: AMOUNT,
    currency: "usd",
};
const AMOUNT: order::Units = order::Units::cents(1_250);

#[tokio::test]
async fn money_that_does_not_fit_waits_for_a_person() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    for (n, (wrong, reason)) in [
        (
            Payment {
                amount: units(1_249),
                ..PI
            },
            Reason::AmountDiffers,
        ),
        (
            Payment {
                amount: units(1_251),
                ..PI
            },
            Reason::AmountDiffers,
        ),
        (
            Payment {
                currency: "eur",
                ..PI
            },
            Reason::CurrencyDiffers,
        ),
        (
            Payment {
                provider: Provider::Chain,
                ..PI
            },
            Reason::ProviderDiffers,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let id = shop.orders(&shop.credit, &format!("k{n}")).await.order_id;
        let reference = format!("pi_{n}");
        let wrong = Payment {
            reference: &reference,
            ..wrong
        };
        for expected in [Paid::Queued(reason), Paid::Before] {
            assert_eq!(shop.pays(id, &wrong).await.unwrap(), expected);
        }
        assert_eq!(shop.order(id).await.state, State::Created);
        let (exception, found) = shop.reasons().await[0];
        assert_eq!(found, reason);
        let (mut tx, now) = (shop.tx().await, world.app.clock.now());
        let nul = exception::resolve(&mut tx, exception, Verdict::Dismissed, "a\0b", now).await;
        assert!(matches!(nul, Err(Error::Invalid(_))), "{nul:?}");
        drop(tx);
        let accepted = shop.resolves(exception, Verdict::Fulfilled).await;
        if reason == Reason::AmountDiffers {
            accepted.unwrap();
            assert_eq!(shop.order(id).await.state, State::Fulfilled);
        } else {
            assert!(matches!(accepted, Err(Error::Conflict(_))), "{accepted:?}");
            shop.resolves(exception, Verdict::Dismissed).await.unwrap();
        }
        let again = shop.resolves(exception, Verdict::Dismissed).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        assert_eq!(shop.reasons().await, []);
    }
    assert_eq!(shop.wallet().await.balance, 200 * CREDIT);
    books_agree(&world).await;
}

#[tokio::test]
async fn late_money_is_never_lost() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let now = world.app.clock.now();
    let expired = shop.orders(&shop.credit, "expired").await.order_id;
    let mut tx = shop.tx().await;
    assert!(order::expire(&mut tx, expired, now).await.unwrap());
    assert!(!order::expire(&mut tx, expired, now).await.unwrap());
    assert!(!order::cancel(&mut tx, expired, now).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shop.pays(expired, &PI).await.unwrap(), Paid::Fulfilled);
    let mut tx = shop.tx().await;
    assert!(!order::expire(&mut tx, expired, now).await.unwrap());
    drop(tx);

    let given_up = shop.orders(&shop.credit, "given up").await.order_id;
    let mut tx = shop.tx().await;
    assert!(order::cancel(&mut tx, given_up, now).await.unwrap());
    tx.commit().await.unwrap();
    let paid = shop.pays(given_up, &payment("pi_2")).await.unwrap();
    assert_eq!(paid, Paid::Queued(Reason::AfterCancel));
    assert_eq!(shop.order(given_up).await.state, State::Paid);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    let (exception, _) = shop.reasons().await[0];
    shop.resolves(exception, Verdict::Fulfilled).await.unwrap();
    assert_eq!(shop.wallet().await.balance, 200 * CREDIT);
    books_agree(&world).await;
}

/// Each of two payments that wait for an order is decided for itself.
#[tokio::test]
async fn what_is_said_of_one_payment_is_not_said_of_another() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    let short = order::Payment {
        amount: super::units(1_249),
        ..payment("pi_short")
    };
    let queued = shop.pays(id, &short).await.unwrap();
    assert_eq!(queued, Paid::Queued(Reason::AmountDiffers));
    let mut tx = shop.tx().await;
    assert!(
        order::cancel(&mut tx, id, world.app.clock.now())
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let held = shop.pays(id, &payment("pi_held")).await.unwrap();
    assert_eq!(held, Paid::Queued(Reason::AfterCancel));
    let reasons = shop.reasons().await;
    let of = |wanted: Reason| {
        reasons
            .iter()
            .find(|(_, reason)| *reason == wanted)
            .unwrap()
            .0
    };
    let other = shop
        .resolves(of(Reason::AmountDiffers), Verdict::Fulfilled)
        .await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    assert_eq!(shop.wallet().await.balance, 0);
    let held = of(Reason::AfterCancel);
    shop.resolves(held, Verdict::Fulfilled).await.unwrap();
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    books_agree(&world).await;
}

#[tokio::test]
async fn an_order_is_what_it_was_when_it_was_made() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let made = (0..4).map(|_| shop.tries_to_order(&shop.credit, "same"));
    let made: Vec<OrderId> = join_all(made)
        .await
        .into_iter()
        // of two at once, one may have to ask again
        .filter_map(|made| match made {
            Ok(order) => Some(order.order_id),
            Err(Error::Taken(_)) => None,
            Err(error) => panic!("{error:?}"),
        })
        .collect();
    let again = shop.orders(&shop.credit, "same").await;
    assert!(!made.is_empty() && made.iter().all(|id| *id == again.order_id));
    let other = shop.tries_to_order(&shop.pack, "same").await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    // the database does not know how to change what is bound
    for change in ["amount = 1", "currency = 'eur'", "owner_id = buyer_id"] {
        let changed = sqlx::query(sqlx::AssertSqlSafe(format!(
            "update payment_order set {change}"
        )))
        .execute(shop.tx().await.conn())
        .await;
        let refused = changed.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{change}: {refused}");
    }
    let orders = order::all(&mut shop.tx().await, None, &window()).await;
    assert_eq!(orders.unwrap().len(), 1);
    // nobody else's client sees it
    let rival = world.shop("rival").await;
    let seen = order::find(&mut rival.tx().await, again.order_id).await;
    assert!(matches!(seen, Err(Error::NotFound("order"))), "{seen:?}");
    let paid = rival.pays(again.order_id, &PI).await;
    assert!(matches!(paid, Err(Error::NotFound("order"))), "{paid:?}");
}

#[tokio::test]
async fn the_provider_knows_an_order_by_one_name() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let now = world.app.clock.now();
    let id = shop.orders(&shop.credit, "k").await.order_id;
    let mut tx = shop.tx().await;
    for _ in 0..2 {
        let order = order::pending(&mut tx, id, "cs_1", Some("https://pay"), now).await;
        assert_eq!(order.unwrap().state, State::Pending);
    }
    let other = order::pending(&mut tx, id, "cs_2", None, now).await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    let second = shop.orders(&shop.credit, "k2").await.order_id;
    tx.commit().await.unwrap();
    let mut tx = shop.tx().await;
    let taken = order::pending(&mut tx, second, "cs_1", None, now).await;
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    drop(tx);
    // money that is quicker than the provider's answer
    assert_eq!(shop.pays(second, &PI).await.unwrap(), Paid::Fulfilled);
    let mut tx = shop.tx().await;
    let order = order::pending(&mut tx, second, "cs_2", None, now).await;
    assert_eq!(order.unwrap().state, State::Fulfilled);
}

#[tokio::test]
async fn a_pack_is_given_and_taken_back_as_one_thing() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.pack, "k").await.order_id;
    assert_eq!(shop.pays(id, &PI).await.unwrap(), Paid::Fulfilled);
    let packs = async || {
        let now = world.app.clock.now();
        let owner = Owner::User(shop.buyer);
        let list = entitlement::list(&mut shop.tx().await, owner, now).await;
        list.unwrap()
    };
    assert_eq!(packs().await.len(), 1);
    sqlx::query("update entitlement set used = 1")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    for (reference, amount, stage, left, state) in [
        ("re_1", 1_000, order::Stage::Stands, 1, State::Fulfilled),
        ("re_2", 250, order::Stage::Open, 0, State::Refunded),
        ("re_2", 250, order::Stage::Undone, 1, State::Fulfilled),
        ("dp_1", 250, order::Stage::Open, 0, State::Disputed),
        ("dp_1", 250, order::Stage::Undone, 1, State::Fulfilled),
    ] {
        shop.goes_back(id, reference, amount, stage).await.unwrap();
        let packs = packs().await;
        assert_eq!(packs.len(), left, "{reference} {stage:?}");
        assert!(
            packs.iter().all(|pack| pack.used == 1),
            "what is used stays used: {packs:?}"
        );
        assert_eq!(shop.order(id).await.state, state, "{reference} {stage:?}");
    }
    let unknown = OrderId(Uuid::new_v4());
    let paid = shop.pays(unknown, &PI).await;
    assert!(matches!(paid, Err(Error::NotFound("order"))), "{paid:?}");
    books_agree(&world).await;
}

/// A pass that a bank claims lets the next one begin, and goes on behind the others when it is given back.
#[tokio::test]
async fn a_pass_that_comes_again_lasts_as_long_as_was_left_of_it() {
    const DAY: u64 = 86_400;
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let (mut tx, now) = (shop.tx().await, world.app.clock.now());
    let mut month = offer("A pass", Offer::Pass, None, None);
    (month.pass_unit, month.pass_count) = (Some(PassUnit::Day), Some(30));
    let month = plan::offer(&mut tx, month, None, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        let id = shop.orders(&month, key).await.order_id;
        shop.pays(id, &payment(key)).await.unwrap();
        ids.push(id);
    }
    // those that count, in whole days from the beginning
    let passes = async || {
        let (owner, at) = (Owner::User(shop.buyer), world.app.clock.now());
        let list = entitlement::list(&mut shop.tx().await, owner, at).await;
        // the clock goes on meanwhile: to the nearest day
        let days = |at: Option<time::OffsetDateTime>| ((at.unwrap() - now).whole_hours() + 12) / 24;
        let list = list.unwrap().into_iter();
        let mut list: Vec<_> = list
            .map(|pass| (days(Some(pass.starts_at)), days(pass.ends_at)))
            .collect();
        list.sort();
        list
    };
    assert_eq!(passes().await, [(0, 30), (30, 60), (60, 90)]);
    world.app.clock.forward(Duration::from_secs(10 * DAY));
    let claims = [(ids[0], "dp_a"), (ids[2], "dp_c")];
    for (id, claim) in claims {
        let open = shop.goes_back(id, claim, 1_250, Stage::Open).await;
        open.unwrap();
    }
    assert_eq!(passes().await, [(10, 40)], "nobody waits for what is gone");
    world.app.clock.forward(Duration::from_secs(20 * DAY));
    for (id, claim) in claims {
        let undone = shop.goes_back(id, claim, 1_250, Stage::Undone).await;
        undone.unwrap();
    }
    // twenty days were left of the first, all of the third, and the second runs till day forty
    assert_eq!(passes().await, [(10, 40), (40, 60), (60, 90)]);
    // a claim that is withdrawn at once takes nothing from anybody
    world.app.clock.forward(Duration::from_secs(15 * DAY));
    for stage in [Stage::Open, Stage::Undone] {
        let claim = shop.goes_back(ids[0], "dp_d", 1_250, stage).await;
        claim.unwrap();
    }
    assert_eq!(passes().await, [(45, 75), (75, 90)]);
}
