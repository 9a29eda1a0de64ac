//! Events of Stripe: only signed ones are believed, each has its effect once, and the end does not
//! depend on the order in which they come.

use concierge::{
    billing::{
        Owner,
        order::{self, Goods, NewOrder, Provider, State, Units},
        wallet,
    },
    ids::{ClientNo, OrderId, PlanId, UserId},
};
use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Executor;
use uuid::Uuid;

use super::{
    CREDIT, books_agree,
    double::{SECRET, event, signature},
    stall::{Stall, session},
};
use crate::verbs::text;

#[tokio::test]
async fn only_signed_events_are_believed() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let event = event("evt_1", "checkout.session.completed", &paid);
    let body = event.to_string();
    let now = stall.world.app.clock.now().unix_timestamp();
    let good = signature(SECRET, now, &body);
    for (what, body, header) in [
        ("no signature", body.clone(), String::new()),
        (
            "another secret",
            body.clone(),
            signature("whsec_of_somebody_else_0", now, &body),
        ),
        (
            "an altered amount",
            body.replace("1250", "1251"),
            good.clone(),
        ),
        ("one byte more", format!("{body} "), good.clone()),
        (
            "a stale one",
            body.clone(),
            signature(SECRET, now - 310, &body),
        ),
        (
            "one of the future",
            body.clone(),
            signature(SECRET, now + 310, &body),
        ),
        (
            "a time that was not signed",
            body.clone(),
            good.replace(&format!("t={now}"), &format!("t={}", now + 1)),
        ),
        (
            "an empty body",
            String::new(),
            signature(SECRET, now, &body),
        ),
    ] {
        assert_eq!(
            stall.sends(&body, &header).await,
            StatusCode::UNAUTHORIZED,
            "{what}"
        );
    }
    for (what, body) in [
        ("no JSON", "{".to_owned()),
        ("no event", "{}".to_owned()),
        ("a list", "[]".to_owned()),
        ("money below zero", body.replace("1250", "-1250")),
        ("money that is nothing", body.replace("1250", "0")),
        ("money without end", body.replace("1250", "1e308")),
        ("money that is no number", body.replace("1250", "\"1250\"")),
        ("a part of a cent", body.replace("1250", "1250.5")),
        (
            "a currency that is none",
            body.replace("\"usd\"", "\"美元\""),
        ),
        (
            "live money",
            body.replace("\"livemode\":false", "\"livemode\":true"),
        ),
        (
            "another account",
            body.replacen("\"livemode\"", "\"account\":\"acct_2\",\"livemode\"", 1),
        ),
    ] {
        let header = signature(SECRET, now, &body);
        assert_eq!(
            stall.sends(&body, &header).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{what}"
        );
    }
    let long = "x".repeat(600 * 1_024);
    let header = signature(SECRET, now, &long);
    assert_eq!(
        stall.sends(&long, &header).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(alice.order(&order).await["state"], "pending");
    assert_eq!(
        stall
            .world
            .count("select count(*) from payment_event")
            .await,
        0
    );
    let get = stall
        .world
        .request(Method::GET, "/hooks/stripe")
        .send()
        .await
        .unwrap();
    assert_eq!(get.status(), StatusCode::NOT_FOUND);
    // five minutes to the second, and twice
    for header in [signature(SECRET, now - 290, &body), good] {
        assert_eq!(stall.sends(&body, &header).await, StatusCode::OK);
    }
    assert_eq!(alice.balance().await, "100");
    books_agree(&stall.world).await;
}

#[tokio::test]
async fn what_is_none_of_ours_is_kept_and_does_nothing() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let (rival, _) = stall.seller("rival").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let mut paid = stall.stripe.pays(session(&order)).await;
    for (n, (kind, object)) in [
        (
            "customer.created",
            json!({"id": "cus_1", "object": "customer"}),
        ),
        ("some.thing.new", json!([])),
        (
            "refund.created",
            json!({"id": "re_9", "amount": 5, "currency": "usd", "payment_intent": "pi_none"}),
        ),
        (
            "payment_intent.succeeded",
            json!({"id": "pi_9", "object": "payment_intent", "status": "succeeded",
            "amount": 5, "currency": "usd", "metadata": {"shop": "another"}}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for _ in 0..2 {
            let status = stall.tells(&format!("evt_{n}"), kind, &object).await;
            assert_eq!(status, StatusCode::OK, "{kind}");
        }
    }
    // our order under the name of another client
    paid["metadata"]["concierge_client"] = json!(rival.id);
    assert_eq!(
        stall
            .tells("evt_x", "checkout.session.completed", &paid)
            .await,
        StatusCode::OK
    );
    assert_eq!(
        stall.world.count("select count(*) from stray_event").await,
        5
    );
    assert_eq!(alice.order(&order).await["state"], "pending");
    // it is not there for who does not sell by Stripe
    let other = crate::world::World::new().await;
    let answer = other
        .request(Method::POST, "/hooks/stripe")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_fails_is_not_answered_as_done() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let conn = &mut stall.world.superuser().await;
    conn.execute("alter table transfer add constraint broken check (amount < 0) not valid")
        .await
        .unwrap();
    let told = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        stall
            .world
            .count("select count(*) from payment_event")
            .await,
        0
    );
    assert_eq!(alice.order(&order).await["state"], "pending");
    conn.execute("alter table transfer drop constraint broken")
        .await
        .unwrap();
    let told = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::OK);
    assert_eq!(alice.balance().await, "100");
}

/// A generator without chance: the same sequences every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// What happened at Stripe with one order, told in events, and what is right in the end.
struct Story {
    order: OrderId,
    buyer: UserId,
    events: Vec<Value>,
    state: State,
    balance: i64,
}

const AMOUNT: u64 = 1_250;

impl Story {
    /// Some life of an order, from a page to whatever became of its money.
    async fn of(stall: &Stall, client: ClientNo, seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (order, buyer) = order(stall, client, seed).await;
        let (session, intent) = (format!("cs_{seed}"), format!("pi_{seed}"));
        let metadata = json!({"concierge_client": "acme", "concierge_order": order});
        let session = |status: &str| {
            json!({"id": session, "object": "checkout.session", "payment_status": status,
                "payment_intent": intent, "amount_total": AMOUNT, "currency": "usd", "metadata": metadata})
        };
        let mut told = Vec::new();
        let slow = dice.below(3) == 0;
        if slow {
            told.push(("checkout.session.completed", session("unpaid")));
        }
        if dice.below(8) == 0 {
            let end = [
                "checkout.session.expired",
                "checkout.session.async_payment_failed",
            ];
            told.push((end[usize::from(slow)], session("unpaid")));
            return Self::told(order, buyer, seed, told, (State::Expired, 0));
        }
        let kind = [
            "checkout.session.completed",
            "checkout.session.async_payment_succeeded",
        ];
        told.push((kind[usize::from(slow)], session("paid")));
        let whole = json!({"id": intent, "object": "payment_intent", "status": "succeeded", "amount": AMOUNT,
            "amount_received": AMOUNT, "currency": "usd", "metadata": metadata});
        stall.stripe.put(&whole);
        told.push(("payment_intent.succeeded", whole));
        let (mut refunded, mut disputed) = (0, 0);
        for n in 0..dice.below(3) {
            let amount = (dice.below(700) + 1) as u64;
            let refund = |status: &str| {
                json!({"id": format!("re_{seed}_{n}"), "object": "refund", "amount": amount, "currency": "usd",
                    "status": status, "payment_intent": intent, "created": 1_772_000_000})
            };
            told.push(("refund.created", refund("pending")));
            let charge =
                json!({"id": format!("ch_{seed}"), "object": "charge", "payment_intent": intent});
            told.push(("charge.refunded", charge));
            told.push(("refund.updated", refund("succeeded")));
            let mut end = "succeeded";
            if dice.below(4) == 0 {
                end = "failed";
                told.push(("refund.failed", refund(end)));
            } else {
                refunded += amount;
            }
            stall.stripe.put(&refund(end));
        }
        if dice.below(3) == 0 {
            let dispute = |status: &str| {
                json!({"id": format!("dp_{seed}"), "object": "dispute", "amount": AMOUNT - refunded.min(AMOUNT - 1),
                    "currency": "usd", "status": status, "payment_intent": intent, "charge": format!("ch_{seed}")})
            };
            told.push(("charge.dispute.created", dispute("needs_response")));
            told.push(("charge.dispute.funds_withdrawn", dispute("needs_response")));
            told.push(("charge.dispute.updated", dispute("under_review")));
            match dice.below(3) {
                0 => told.push(("charge.dispute.closed", dispute("won"))),
                end => {
                    disputed = AMOUNT - refunded.min(AMOUNT - 1);
                    if end == 1 {
                        told.push(("charge.dispute.closed", dispute("lost")));
                    }
                }
            }
        }
        let back = (refunded + disputed).min(AMOUNT) as i64;
        let all = 100 * CREDIT;
        let state = match () {
            () if disputed > 0 => State::Disputed,
            () if refunded >= AMOUNT => State::Refunded,
            () => State::Fulfilled,
        };
        Self::told(
            order,
            buyer,
            seed,
            told,
            (state, all - all * back / AMOUNT as i64),
        )
    }

    fn told(
        order: OrderId,
        buyer: UserId,
        seed: u64,
        told: Vec<(&str, Value)>,
        (state, balance): (State, i64),
    ) -> Self {
        let events = told.into_iter().enumerate();
        let events =
            events.map(|(n, (kind, object))| event(&format!("evt_{seed}_{n}"), kind, &object));
        Self {
            order,
            buyer,
            events: events.collect(),
            state,
            balance,
        }
    }

    /// Tells it in any order, each event up to three times, with forgeries in between.
    async fn tell(&self, stall: &Stall, seed: u64) {
        let mut dice = Dice(seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
        let mut post: Vec<&Value> = self.events.iter().collect();
        for _ in 0..dice.below(self.events.len() * 2) {
            post.push(&self.events[dice.below(self.events.len())]);
        }
        for at in (1..post.len()).rev() {
            post.swap(at, dice.below(at + 1));
        }
        let now = stall.world.app.clock.now().unix_timestamp();
        for event in post {
            if dice.below(4) == 0 {
                let mut forged = event.clone();
                forged["id"] = json!(format!("evt_forged_{}", dice.below(1_000_000)));
                let body = forged.to_string();
                let header = match dice.below(3) {
                    0 => signature("whsec_of_somebody_else_0", now, &body),
                    1 => signature(SECRET, now, &event.to_string()),
                    _ => signature(SECRET, now - 400, &body),
                };
                assert_eq!(stall.sends(&body, &header).await, StatusCode::UNAUTHORIZED);
            }
            assert_eq!(stall.delivers(event).await, StatusCode::OK, "{event}");
        }
    }

    async fn check(&self, stall: &Stall, client: ClientNo, seed: u64) {
        let mut tx = stall.world.app.db.client(client).await.unwrap();
        let order = order::find(&mut tx, self.order).await.unwrap();
        let wallet = wallet::find(&mut tx, Owner::User(self.buyer))
            .await
            .unwrap();
        let said: Vec<&str> = self
            .events
            .iter()
            .map(|event| text(&event["type"]))
            .collect();
        assert_eq!(
            (order.state, wallet.balance),
            (self.state, self.balance),
            "{seed}: {said:?}"
        );
    }
}

async fn order(stall: &Stall, client: ClientNo, seed: u64) -> (OrderId, UserId) {
    let app = &stall.world.app;
    let (mut tx, now) = (app.db.client(client).await.unwrap(), app.clock.now());
    let buyer = UserId(Uuid::new_v4());
    let new = NewOrder {
        owner: Owner::User(buyer),
        buyer,
        key: "k",
        plan_id: PlanId(Uuid::from_u128(seed.into())),
        title: "Credit",
        goods: Goods::Credit,
        credits: concierge::billing::Micros::new(100 * CREDIT).ok(),
        provider: Provider::Stripe,
        amount: Units::cents(AMOUNT),
        currency: "usd".into(),
        expires_at: now + time::Duration::hours(1),
    };
    let order = order::create(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
    (order.order_id, buyer)
}

/// Sequences told at the same time.
const AT_ONCE: usize = 6;

async fn sequences(seeds: std::ops::Range<u64>) {
    let stall = Stall::new().await;
    let client = stall.world.partner("acme").await.no;
    let told = stream::iter(seeds).map(|seed| {
        let stall = &stall;
        async move {
            let story = Story::of(stall, client, seed).await;
            story.tell(stall, seed).await;
            story.check(stall, client, seed).await;
            story.balance
        }
    });
    let balances: Vec<i64> = told.buffer_unordered(AT_ONCE).collect().await;
    let totals = books_agree(&stall.world).await;
    assert!(totals.transfers > balances.len() as i64 / 2, "{totals:?}");
    let sum: i64 = balances.iter().sum();
    let held = "select sum(balance)::bigint from account where kind = 'wallet'";
    assert_eq!(stall.world.count(held).await, sum);
    let twice = "select count(*) from (select from transfer group by client_no, key having count(*) > 1) twice";
    assert_eq!(stall.world.count(twice).await, 0);
}

#[tokio::test]
async fn the_end_does_not_depend_on_the_order_of_events() {
    sequences(1..61).await;
}

#[tokio::test]
#[ignore = "takes minutes: `make soak`"]
async fn the_end_does_not_depend_on_the_order_of_ten_thousand_sequences() {
    sequences(1_000..11_000).await;
}
