//! Orders: what is bought with money from outside, however often and in whatever order it is told.

mod checkout;
pub mod double;
mod facts;
mod frozen;
mod hook;
mod lives;
mod localstripe;
mod refunds;
pub mod stall;
mod stories;
mod verbs;

use concierge::{
    billing::{
        Micros, NewPlan, Offer, Owner, Plan, Wallet,
        order::{self, Goods, NewOrder, Order, Paid, Payment, Provider, Units},
        plan, wallet,
    },
    db::ClientTx,
    error::Error,
    ids::{ClientNo, OrderId, UserId},
};
use uuid::Uuid;

pub use crate::metering::assert_books_agree as books_agree;
use crate::world::World;

/// Credits in micro-credits.
const CREDIT: i64 = 1_000_000;

/// A client that sells credits, packs and passes.
pub struct Shop<'w> {
    pub world: &'w World,
    pub client: ClientNo,
    pub buyer: UserId,
    pub credit: Plan,
    pub pack: Plan,
}

impl World {
    /// Micro-credits that are lost: they were spent before their payment went back.
    pub async fn lost(&self) -> i64 {
        self.count(
            "select coalesce(sum(case when debit_no = account_no then amount else -amount end), 0)::bigint
             from account join transfer on account_no in (debit_no, credit_no) where account.kind = 'loss'",
        )
        .await
    }

    /// A client with something to sell.
    pub async fn shop(&self, id: &str) -> Shop<'_> {
        let client = self.partner(id).await.no;
        let mut tx = self.app.db.client(client).await.unwrap();
        let credit = offer("Credit · 100 点", Offer::Credit, Some(100 * CREDIT), None);
        let now = self.app.clock.now();
        let credit = plan::offer(&mut tx, credit, None, now).await.unwrap();
        let pack = offer("Ten answers", Offer::Uses, None, Some(10));
        let pack = plan::offer(&mut tx, pack, None, now).await.unwrap();
        tx.commit().await.unwrap();
        Shop {
            world: self,
            client,
            buyer: UserId(Uuid::new_v4()),
            credit,
            pack,
        }
    }
}

/// A plan for 12.50 USD.
pub fn offer(name: &str, kind: Offer, credits: Option<i64>, uses: Option<i32>) -> NewPlan {
    NewPlan {
        name: name.into(),
        kind,
        credits: credits.map(|credits| Micros::new(credits).unwrap()),
        price_minor: Some(1_250),
        currency: Some("USD".into()),
        uses,
        pass_unit: None,
        pass_count: None,
    }
}

pub fn units(units: u128) -> Units {
    Units::new(units).unwrap()
}

/// A payment by Stripe of what the plans cost.
pub fn payment(reference: &str) -> Payment<'_> {
    Payment {
        provider: Provider::Stripe,
        reference,
        amount: units(1_250),
        currency: "usd",
    }
}

impl Shop<'_> {
    pub async fn tx(&self) -> ClientTx {
        self.world.app.db.client(self.client).await.unwrap()
    }

    /// Orders a plan by Stripe.
    pub async fn orders(&self, plan: &Plan, key: &str) -> Order {
        self.tries_to_order(plan, key).await.unwrap()
    }

    pub async fn tries_to_order(&self, plan: &Plan, key: &str) -> Result<Order, Error> {
        self.tries_to_order_by(Provider::Stripe, plan, key).await
    }

    /// Orders a plan that is paid by this.
    pub async fn orders_by(&self, provider: Provider, plan: &Plan, key: &str) -> Order {
        self.tries_to_order_by(provider, plan, key).await.unwrap()
    }

    async fn tries_to_order_by(
        &self,
        provider: Provider,
        plan: &Plan,
        key: &str,
    ) -> Result<Order, Error> {
        let now = self.world.app.clock.now();
        let goods: Option<Goods> = plan.kind.into();
        let new = NewOrder {
            owner: Owner::User(self.buyer),
            buyer: self.buyer,
            key,
            plan_id: plan.plan_id,
            title: &plan.name,
            goods: goods.unwrap(),
            credits: plan.credits,
            provider,
            amount: units(1_250),
            currency: "usd".into(),
            decimals: 2,
            expires_at: now + time::Duration::hours(1),
        };
        let mut tx = self.tx().await;
        let made = order::create(&mut tx, &new, now).await?;
        tx.commit().await?;
        Ok(made)
    }

    pub async fn pays(&self, id: OrderId, payment: &Payment<'_>) -> Result<Paid, Error> {
        let mut tx = self.tx().await;
        let paid = order::paid(&mut tx, id, payment, self.world.app.clock.now()).await?;
        tx.commit().await?;
        Ok(paid)
    }

    pub async fn order(&self, id: OrderId) -> Order {
        order::find(&mut self.tx().await, id).await.unwrap()
    }

    pub async fn wallet(&self) -> Wallet {
        let owner = Owner::User(self.buyer);
        wallet::find(&mut self.tx().await, owner).await.unwrap()
    }
}
