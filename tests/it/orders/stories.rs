//! What happens at Stripe with an order, told in any order: the end does not depend on it.

use concierge::{
    billing::{
        Micros, Owner,
        order::{self, Goods, NewOrder, Provider, State, Units},
        wallet,
    },
    ids::{ClientNo, OrderId, PlanId, UserId},
};
use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    CREDIT, books_agree,
    double::{SECRET, event, signature},
    stall::Stall,
};
use crate::verbs::text;

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
        credits: Micros::new(100 * CREDIT).ok(),
        provider: Provider::Stripe,
        amount: Units::cents(AMOUNT),
        currency: "usd".into(),
        decimals: 2,
        expires_at: now + time::Duration::hours(1),
    };
    let order = order::create(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
    (order.order_id, buyer)
}

/// Sequences told at the same time.
const AT_ONCE: usize = 4;

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
    sequences(1..41).await;
}

#[tokio::test]
#[ignore = "takes minutes: `make soak`"]
async fn the_end_does_not_depend_on_the_order_of_ten_thousand_sequences() {
    sequences(1_000..11_000).await;
}
