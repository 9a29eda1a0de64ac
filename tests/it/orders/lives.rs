//! Lives of orders at Stripe, from a page to whatever became of their money, and what is right in the
//! end.

use concierge::{
    billing::{
        Micros, NewPlan, Offer, Owner, Plan,
        order::{self, Goods, NewOrder, Provider, State, Units},
        plan::PassUnit,
    },
    ids::{ClientNo, OrderId, PlanId, UserId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CREDIT, double::event, offer, stall::Stall};
use crate::metering;

/// A generator without chance: the same sequences every time.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// What is sold.
pub struct Wares {
    pub client: ClientNo,
    pub pack: Plan,
    pub pass: Plan,
}

/// What happened at Stripe with one order, told in events, and what is right in the end.
pub struct Story {
    pub order: OrderId,
    pub buyer: UserId,
    pub goods: Goods,
    pub events: Vec<Value>,
    pub state: State,
    /// Cents that were paid and did not go back.
    pub kept: u64,
}

pub const AMOUNT: u64 = 1_250;
/// Micro-credits of an order for credits.
pub const CREDITS: i64 = 100 * CREDIT;

impl Wares {
    /// A client that sells packs and passes too, whose users pay for answers.
    pub async fn on(stall: &Stall) -> Self {
        let client = stall.world.partner("acme").await.no;
        metering::billed(&stall.world, client, metering::users_pay()).await;
        let pass = NewPlan {
            pass_unit: Some(PassUnit::Month),
            pass_count: Some(1),
            ..offer("A month", Offer::Pass, None, None)
        };
        let pack = offer("Ten answers", Offer::Uses, None, Some(10));
        Self {
            client,
            pack: stall.offers(client, pack).await,
            pass: stall.offers(client, pass).await,
        }
    }
}

impl Story {
    /// Some life of an order, from a page to whatever became of its money.
    pub async fn of(stall: &Stall, wares: &Wares, seed: u64) -> Self {
        let mut dice = Dice::of(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let goods = [Goods::Credit, Goods::Credit, Goods::Uses, Goods::Pass][dice.below(4)];
        let buyer = UserId(Uuid::new_v4());
        let order = order(stall, wares, (goods, buyer), seed).await;
        let told =
            |events, state, kept| Self::told((order, buyer, goods), seed, events, (state, kept));
        let (session, intent) = (format!("cs_{seed}"), format!("pi_{seed}"));
        let metadata = json!({"concierge_client": "acme", "concierge_order": order});
        let session = |status: &str| {
            json!({"id": session, "object": "checkout.session", "payment_status": status,
                "payment_intent": intent, "amount_total": AMOUNT, "currency": "usd", "metadata": metadata})
        };
        let mut events = Vec::new();
        let slow = dice.below(3) == 0;
        if slow {
            events.push(("checkout.session.completed", session("unpaid")));
        }
        if dice.below(8) == 0 {
            let end = [
                "checkout.session.expired",
                "checkout.session.async_payment_failed",
            ];
            events.push((end[usize::from(slow)], session("unpaid")));
            return told(events, State::Expired, 0);
        }
        let kind = [
            "checkout.session.completed",
            "checkout.session.async_payment_succeeded",
        ];
        events.push((kind[usize::from(slow)], session("paid")));
        let whole = json!({"id": intent, "object": "payment_intent", "status": "succeeded", "amount": AMOUNT,
            "amount_received": AMOUNT, "currency": "usd", "metadata": metadata});
        stall.stripe.put(&whole);
        events.push(("payment_intent.succeeded", whole));
        let (mut refunded, mut disputed) = (0, 0);
        for n in 0..dice.below(3) {
            let amount = (dice.below(700) + 1) as u64;
            let refund = |status: &str| {
                json!({"id": format!("re_{seed}_{n}"), "object": "refund", "amount": amount, "currency": "usd",
                    "status": status, "payment_intent": intent, "created": 1_772_000_000})
            };
            events.push(("refund.created", refund("pending")));
            let charge =
                json!({"id": format!("ch_{seed}"), "object": "charge", "payment_intent": intent});
            events.push(("charge.refunded", charge));
            events.push(("refund.updated", refund("succeeded")));
            let mut end = "succeeded";
            if dice.below(4) == 0 {
                end = "failed";
                events.push(("refund.failed", refund(end)));
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
            events.push(("charge.dispute.created", dispute("needs_response")));
            events.push(("charge.dispute.funds_withdrawn", dispute("needs_response")));
            events.push(("charge.dispute.updated", dispute("under_review")));
            match dice.below(3) {
                0 => events.push(("charge.dispute.closed", dispute("won"))),
                end => {
                    disputed = AMOUNT - refunded.min(AMOUNT - 1);
                    if end == 1 {
                        events.push(("charge.dispute.closed", dispute("lost")));
                    }
                }
            }
        }
        let state = match () {
            () if disputed > 0 => State::Disputed,
            () if refunded >= AMOUNT => State::Refunded,
            () => State::Fulfilled,
        };
        told(events, state, AMOUNT - (refunded + disputed).min(AMOUNT))
    }

    fn told(
        (order, buyer, goods): (OrderId, UserId, Goods),
        seed: u64,
        told: Vec<(&str, Value)>,
        (state, kept): (State, u64),
    ) -> Self {
        let events = told.into_iter().enumerate();
        let events =
            events.map(|(n, (kind, object))| event(&format!("evt_{seed}_{n}"), kind, &object));
        Self {
            order,
            buyer,
            goods,
            events: events.collect(),
            state,
            kept,
        }
    }
}

async fn order(
    stall: &Stall,
    wares: &Wares,
    (goods, buyer): (Goods, UserId),
    seed: u64,
) -> OrderId {
    let app = &stall.world.app;
    let (mut tx, now) = (app.db.client(wares.client).await.unwrap(), app.clock.now());
    let (plan_id, credits) = match goods {
        Goods::Credit => (
            PlanId(Uuid::from_u128(seed.into())),
            Micros::new(CREDITS).ok(),
        ),
        Goods::Uses => (wares.pack.plan_id, None),
        Goods::Pass => (wares.pass.plan_id, None),
    };
    let new = NewOrder {
        owner: Owner::User(buyer),
        buyer,
        key: "k",
        plan_id,
        title: "What is sold",
        goods,
        credits,
        provider: Provider::Stripe,
        amount: Units::cents(AMOUNT),
        currency: "usd".into(),
        decimals: 2,
        expires_at: now + time::Duration::hours(1),
    };
    let order = order::create(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
    order.order_id
}
