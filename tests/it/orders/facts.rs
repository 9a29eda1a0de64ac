//! Whatever the order in which facts come, and however often, the end is the same.

use std::time::Duration;

use concierge::{
    billing::{
        Book, Entry, Kind, Micros, Owner,
        order::{self, Paid, Provider, Reason, Reversal, Stage, State, Units, Why},
        wallet,
    },
    error::Error,
    ids::OrderId,
    jobs,
};

use super::{CREDIT, Shop, books_agree, payment, units};
use crate::{
    metering::{answer, billed, opened, settled, used, users_pay},
    world::World,
};

/// All of the money is refunded.
const WHOLE: Reversal<'static> = Reversal {
    provider: Provider::Stripe,
    reference: "re_1",
    payment: None,
    kind: Why::Refund,
    amount: Units::cents(1_250),
    currency: "usd",
    stage: Stage::Stands,
};

impl Shop<'_> {
    /// Whether it was new that this money goes back.
    async fn hears(&self, id: OrderId, reversal: &Reversal<'_>) -> Result<bool, Error> {
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        let new = order::reversed(&mut tx, id, reversal, now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Money goes back; a reference that begins with `dp` is a dispute.
    pub async fn goes_back(
        &self,
        id: OrderId,
        reference: &str,
        amount: u128,
        stage: Stage,
    ) -> Result<bool, Error> {
        let dispute = reference.starts_with("dp");
        let reversal = Reversal {
            reference,
            kind: if dispute { Why::Dispute } else { Why::Refund },
            amount: units(amount),
            stage,
            ..WHOLE
        };
        self.hears(id, &reversal).await
    }

    /// Money of this payment goes back.
    async fn goes_back_of(&self, id: OrderId, intent: &str, reference: &str) -> bool {
        let reversal = Reversal {
            reference,
            payment: Some(intent),
            ..WHOLE
        };
        self.hears(id, &reversal).await.unwrap()
    }

    async fn spends(&self, credits: i64, key: &str) {
        let (mut tx, now) = (self.tx().await, self.world.app.clock.now());
        let entry = Entry {
            amount: Micros::new(credits * CREDIT).unwrap(),
            key,
            subject: None,
            note: "",
        };
        let deed = (Kind::Fee, Book::Revenue);
        let spent = wallet::spend(&mut tx, Owner::User(self.buyer), deed, &entry, now).await;
        spent.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_part_of_the_money_takes_the_same_part_of_the_credits() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    for (reference, amount, stage, left, state) in [
        ("re_1", 125, Stage::Open, 90 * CREDIT, State::Fulfilled),
        ("re_1", 125, Stage::Stands, 90 * CREDIT, State::Fulfilled),
        // stale: it is behind what is known
        ("re_1", 125, Stage::Open, 90 * CREDIT, State::Fulfilled),
        ("re_2", 1, Stage::Stands, 89_920_000, State::Fulfilled),
        ("re_2", 1, Stage::Undone, 90 * CREDIT, State::Fulfilled),
        ("dp_1", 1_125, Stage::Notice, 90 * CREDIT, State::Fulfilled),
        ("dp_1", 1_125, Stage::Open, 0, State::Disputed),
        ("dp_1", 1_125, Stage::Undone, 90 * CREDIT, State::Fulfilled),
        ("re_3", 1_125, Stage::Stands, 0, State::Refunded),
    ] {
        shop.goes_back(id, reference, amount, stage).await.unwrap();
        assert_eq!(shop.wallet().await.balance, left, "{reference} {stage:?}");
        assert_eq!(shop.order(id).await.state, state, "{reference} {stage:?}");
    }
    books_agree(&world).await;
}

#[tokio::test]
async fn what_was_spent_is_lost_and_mended_before_anything_is_given_again() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    shop.spends(70, "answers").await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Open)
        .await
        .unwrap();
    assert_eq!(shop.wallet().await.balance, 0);
    assert_eq!(world.lost().await, 70 * CREDIT);
    books_agree(&world).await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Undone)
        .await
        .unwrap();
    // as if there had been no dispute: 70 of 100 are spent
    assert_eq!(shop.wallet().await.balance, 30 * CREDIT);
    assert_eq!(world.lost().await, 0);
    books_agree(&world).await;
}

#[tokio::test]
async fn money_that_goes_back_before_it_came_is_remembered() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    assert!(
        shop.goes_back(id, "re_1", 250, Stage::Stands)
            .await
            .unwrap()
    );
    assert!(
        !shop
            .goes_back(id, "re_1", 250, Stage::Stands)
            .await
            .unwrap()
    );
    assert_eq!(shop.order(id).await.state, State::Created);
    assert_eq!(shop.wallet().await.balance, 0);
    let paid = shop.pays(id, &payment("pi_1")).await.unwrap();
    assert_eq!(paid, Paid::Fulfilled);
    assert_eq!(shop.wallet().await.balance, 80 * CREDIT);
    books_agree(&world).await;
}

#[tokio::test]
async fn more_cannot_go_back_than_came() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    shop.pays(id, &payment("pi_1")).await.unwrap();
    for reference in ["re_1", "re_2"] {
        shop.goes_back(id, reference, 1_000, Stage::Stands)
            .await
            .unwrap();
    }
    assert_eq!(shop.wallet().await.balance, 0);
    assert_eq!(shop.order(id).await.state, State::Refunded);
    let queued = "select count(*) from payment_exception where reason = 'reversal_too_large'";
    assert_eq!(world.count(queued).await, 1);
    books_agree(&world).await;
}

/// The second payment of an order goes back, as the queue of exceptions asks: what the first one paid
/// for stays.
#[tokio::test]
async fn what_never_counted_takes_nothing_with_it() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let id = shop.orders(&shop.credit, "k").await.order_id;
    for intent in ["pi_1", "pi_2"] {
        shop.pays(id, &payment(intent)).await.unwrap();
    }
    assert!(shop.goes_back_of(id, "pi_2", "re_2").await);
    assert_eq!(shop.order(id).await.state, State::Fulfilled);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    assert!(shop.goes_back_of(id, "pi_1", "re_1").await);
    assert_eq!(shop.order(id).await.state, State::Refunded);
    assert_eq!(shop.wallet().await.balance, 0);
    books_agree(&world).await;
}

/// What somebody says of another provider's order, or of other money than it was bound to.
#[tokio::test]
async fn what_goes_back_by_another_provider_or_in_another_currency_takes_nothing() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    let paid = shop.orders(&shop.credit, "paid").await.order_id;
    shop.pays(paid, &payment("pi_1")).await.unwrap();
    let waits = shop.orders(&shop.credit, "waits").await.order_id;
    let chain = Reversal {
        provider: Provider::Chain,
        ..WHOLE
    };
    let euros = Reversal {
        currency: "eur",
        ..WHOLE
    };
    let (mut queued, transfers) = (Vec::new(), books_agree(&world).await.transfers);
    for (n, (forged, reason)) in [
        (chain, Reason::ProviderDiffers),
        (euros, Reason::CurrencyDiffers),
    ]
    .into_iter()
    .enumerate()
    {
        for (kind, word) in [(Why::Refund, "re"), (Why::Dispute, "dp")] {
            for id in [paid, waits] {
                let reference = format!("{word}_forged_{n}_{id}");
                // whatever is said of it next, it is one thing to be looked at
                for stage in [Stage::Notice, Stage::Open, Stage::Stands, Stage::Undone] {
                    let forged = Reversal {
                        reference: &reference,
                        kind,
                        stage,
                        ..forged
                    };
                    assert!(!shop.hears(id, &forged).await.unwrap(), "{forged:?}");
                }
                queued.insert(0, reason);
            }
        }
    }
    let reasons = shop.reasons().await.into_iter().map(|(_, reason)| reason);
    assert_eq!(reasons.collect::<Vec<_>>(), queued);
    let known = "select count(*) from payment_reversal";
    assert_eq!(world.count(known).await, 0);
    let order = shop.order(paid).await;
    assert_eq!(order.state, State::Fulfilled);
    assert!(order.refunded.is_zero() && order.disputed.is_zero());
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    assert_eq!(books_agree(&world).await.transfers, transfers);
    // nor is it remembered for when the money comes
    assert_eq!(shop.order(waits).await.state, State::Created);
    let then = shop.pays(waits, &payment("pi_2")).await.unwrap();
    assert_eq!(then, Paid::Fulfilled);
    assert_eq!(shop.wallet().await.balance, 200 * CREDIT);
    // and the real one of that name still does
    assert!(shop.hears(paid, &WHOLE).await.unwrap());
    assert_eq!(shop.order(paid).await.state, State::Refunded);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT);
    books_agree(&world).await;
}

/// A payment goes back while an answer is being written: what is set aside for it is spent or comes
/// back, and nobody knows yet.
#[tokio::test]
async fn what_is_set_aside_is_no_loss_before_its_answer_is_over() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    billed(&world, shop.client, users_pay()).await;
    let losses = "select coalesce(sum(amount), 0)::bigint from transfer where kind = 'loss'";
    let looks = async || {
        let mut tx = world.app.db.system().await.unwrap();
        let now = world.app.clock.now();
        jobs::money::orders(&world.app, &mut tx, now).await.unwrap();
    };
    let all = async |key: &str| {
        let id = shop.orders(&shop.credit, key).await.order_id;
        shop.pays(id, &payment(key)).await.unwrap();
        // longer than a hundred credits last: all of them are set aside
        let estimate = answer(Owner::User(shop.buyer), 1_000, u32::MAX);
        opened(&world, shop.client, &estimate).await.unwrap();
        assert!(shop.wallet().await.balance < CREDIT);
        (id, estimate.id)
    };
    let (id, answer) = all("pi_1").await;
    shop.goes_back(id, "dp_1", 1_250, Stage::Open)
        .await
        .unwrap();
    assert_eq!(shop.order(id).await.state, State::Disputed);
    looks().await;
    assert_eq!(world.count(losses).await, 0, "it is not over");
    settled(&world, shop.client, answer, used(1_000, 100)).await;
    for _ in 0..2 {
        looks().await;
        let wallet = shop.wallet().await;
        assert_eq!((wallet.balance, wallet.held), (0, 0));
        assert_eq!(world.count(losses).await, 2_000, "what the answer cost");
        books_agree(&world).await;
    }
    // the claim is withdrawn: what was taken is given again, and what was spent stays spent
    shop.goes_back(id, "dp_1", 1_250, Stage::Undone)
        .await
        .unwrap();
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT - 2_000);
    shop.spends(99, "rest").await;

    // whoever always has something set aside is not waited for longer than an hour
    let (id, answer) = all("pi_2").await;
    shop.goes_back(id, "dp_2", 1_250, Stage::Open)
        .await
        .unwrap();
    world.app.clock.forward(Duration::from_secs(3_599));
    looks().await;
    let lost = "select lost from payment_order where provider_ref is null order by created_at desc limit 1";
    assert_eq!(world.count(lost).await, 0);
    world.app.clock.forward(Duration::from_secs(1));
    looks().await;
    assert!(world.count(lost).await > 99 * CREDIT);
    settled(&world, shop.client, answer, used(1_000, 100)).await;
    books_agree(&world).await;
}

/// What was spent before is a loss at once, also while an answer is being written: it does not wait for
/// what the owner buys meanwhile.
#[tokio::test]
async fn what_is_bought_after_a_refund_does_not_pay_for_what_was_spent_before() {
    let world = World::new().await;
    let shop = world.shop("acme").await;
    billed(&world, shop.client, users_pay()).await;
    let buys = async |key: &str| {
        let id = shop.orders(&shop.credit, key).await.order_id;
        shop.pays(id, &payment(key)).await.unwrap();
        id
    };
    let id = buys("pi_1").await;
    shop.spends(90, "before").await;
    // the last ten are set aside
    let estimate = answer(Owner::User(shop.buyer), 1_000, u32::MAX);
    opened(&world, shop.client, &estimate).await.unwrap();
    let back = shop.goes_back(id, "re_1", 1_250, Stage::Stands).await;
    back.unwrap();
    let lost = "select lost from payment_order where refunded > 0";
    assert_eq!(world.count(lost).await, 90 * CREDIT);
    buys("pi_2").await;
    settled(&world, shop.client, estimate.id, used(1_000, 100)).await;
    let mut tx = world.app.db.system().await.unwrap();
    let now = world.app.clock.now();
    jobs::money::orders(&world.app, &mut tx, now).await.unwrap();
    drop(tx);
    assert_eq!(shop.wallet().await.balance, 100 * CREDIT - 2_000);
    books_agree(&world).await;
}
