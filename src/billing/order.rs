//! What is bought with money from outside: an order is bound to an amount, a currency and a provider
//! when it is made, and moves by legal steps only.

pub mod api;
mod examples;
pub mod exception;
mod goods;
mod payment;
mod receipt;
pub mod shapes;
mod state;
mod store;
mod units;
mod wish;

use time::OffsetDateTime;
use uuid::Uuid;

use self::units::written;
pub use self::{
    exception::{Exception, Reason, Trouble, Verdict},
    payment::{
        Paid, Payment, Reversal, Stage, Why, accept, fulfil, paid, reference, reversed, take_back,
    },
    state::{State, Step},
    units::{Units, currency, decimals, step},
    wish::Wish,
};
use super::{
    Micros,
    notice::{self, Kind},
    wallet::Owner,
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    http::paging::Window,
    ids::{ClientNo, OrderId, PlanId, UserId},
};

/// By whom money comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "PaymentProvider", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Provider {
    /// Stripe.
    Stripe,
    /// A transfer on a chain.
    Chain,
}

/// What is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "Goods", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Goods {
    /// Credits for a wallet.
    Credit,
    /// A pack of uses.
    Uses,
    /// A pass.
    Pass,
}

/// An order.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Order {
    /// Its id.
    pub order_id: OrderId,
    pub(super) owner_id: Uuid,
    /// Who ordered.
    pub buyer_id: UserId,
    /// The plan that was ordered.
    pub plan_id: PlanId,
    /// What that was called.
    pub title: String,
    /// What it gives.
    pub goods: Goods,
    /// The credits it gives, when that is what it gives.
    pub credits: Option<Micros>,
    /// By whom the money comes.
    pub provider: Provider,
    /// How much.
    #[sqlx(try_from = "String")]
    pub amount: Units,
    /// Of what, in small letters.
    pub currency: String,
    /// Digits of its amounts behind the point.
    pub(super) decimals: i32,
    /// Where it stands.
    pub state: State,
    /// What was refunded.
    #[sqlx(try_from = "String")]
    pub refunded: Units,
    /// What the payer's bank claims.
    #[sqlx(try_from = "String")]
    pub disputed: Units,
    pub(super) taken_back: i64,
    pub(super) lost: i64,
    back_due: Option<OffsetDateTime>,
    revoked: bool,
    steps: i32,
    /// What the provider calls it.
    pub provider_ref: Option<String>,
    /// Where it is paid.
    pub pay_url: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it can be paid.
    pub expires_at: OffsetDateTime,
    /// When the money came.
    pub paid_at: Option<OffsetDateTime>,
    /// When what was bought was given.
    pub fulfilled_at: Option<OffsetDateTime>,
}

/// An order to be made.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    /// Whose it will be.
    pub owner: Owner,
    /// Who orders.
    pub buyer: UserId,
    /// The buyer's name for it: asked for twice, it is one order.
    pub key: &'a str,
    /// What is bought.
    pub plan_id: PlanId,
    /// What that is called.
    pub title: &'a str,
    /// What it gives.
    pub goods: Goods,
    /// The credits it gives, when that is what it gives.
    pub credits: Option<Micros>,
    /// By whom the money comes.
    pub provider: Provider,
    /// How much.
    pub amount: Units,
    /// Of what, in small letters.
    pub currency: String,
    /// Digits of the amount behind the point, 0 to 36.
    pub decimals: i32,
    /// Until when it can be paid.
    pub expires_at: OffsetDateTime,
}

/// Makes an order, or finds the one that was made by the same key.
///
/// # Errors
/// `Conflict` when the key was used for another order.
pub async fn create(tx: &mut ClientTx, new: &NewOrder<'_>, now: OffsetDateTime) -> Result<Order> {
    if let Some(known) = store::of_key(tx, new.buyer, new.key).await? {
        // not the price: the plan may cost something else by now, and the order stays what it was
        let same = (known.owner(), known.plan_id, known.provider)
            == (new.owner, new.plan_id, new.provider);
        return same.then_some(known).ok_or_else(key_used);
    }
    let id = OrderId::new(now);
    store::add(tx, id, new, now).await?;
    find(tx, id).await
}

fn key_used() -> Error {
    Error::Conflict(
        "This Idempotency-Key was used for another order: make a new one for each order.".into(),
    )
}

/// An order.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn find(tx: &mut ClientTx, id: OrderId) -> Result<Order> {
    store::order(tx, id).await?.ok_or(Error::NotFound("order"))
}

/// An order, which nobody else moves until the transaction ends.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn lock(tx: &mut ClientTx, id: OrderId) -> Result<Order> {
    store::lock(tx, id).await?.ok_or(Error::NotFound("order"))
}

/// Orders of one owner, the latest first.
pub async fn of_owner(tx: &mut ClientTx, owner: UserId, window: &Window) -> Result<Vec<Order>> {
    store::of_owner(tx, owner, window).await
}

/// Orders of the client and its users, in this state if one is given, the latest first.
pub async fn all(tx: &mut ClientTx, state: Option<State>, window: &Window) -> Result<Vec<Order>> {
    store::all(tx, state, window).await
}

/// The provider knows of the order: by this name, to be paid there. Said twice, it is done once.
///
/// # Errors
/// `Conflict` when the order does not wait for that any more.
pub async fn pending(
    tx: &mut ClientTx,
    id: OrderId,
    provider_ref: &str,
    pay_url: Option<&str>,
    now: OffsetDateTime,
) -> Result<Order> {
    let mut order = lock(tx, id).await?;
    if order.provider_ref.is_none() {
        order.provider_ref = Some(provider_ref.to_owned());
        order.pay_url = pay_url.map(str::to_owned);
        // the money may have been quicker
        if order.state == State::Created {
            order.step(Step::Submit)?;
        }
        store::save(tx, &order, now).await?;
    }
    if order.provider_ref.as_deref() != Some(provider_ref) {
        let text = "The provider knows this order by another name.";
        return Err(Error::Conflict(text.into()));
    }
    Ok(order)
}

/// Ends an order that nobody paid; false when it does not wait for money.
pub async fn expire(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<bool> {
    end(tx, id, (Step::Expire, Kind::OrderExpired), now).await
}

/// Orders of all clients of which credits are still to be taken back (see [`take_back`]), the longest
/// waiting first.
pub async fn behind_with(tx: &mut SystemTx, rows: i64) -> Result<Vec<(ClientNo, OrderId)>> {
    store::behind_with(tx, rows).await
}

/// Orders of all clients whose time to pay is over, the longest first.
pub async fn overdue(
    tx: &mut SystemTx,
    now: OffsetDateTime,
    rows: i64,
) -> Result<Vec<(ClientNo, OrderId)>> {
    store::overdue(tx, now, rows).await
}

/// Gives an order up; false when it does not wait for money.
pub async fn cancel(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<bool> {
    end(tx, id, (Step::Cancel, Kind::OrderCancelled), now).await
}

async fn end(
    tx: &mut ClientTx,
    id: OrderId,
    (step, kind): (Step, Kind),
    now: OffsetDateTime,
) -> Result<bool> {
    let mut order = lock(tx, id).await?;
    if order.state.after(step).is_none() {
        return Ok(false);
    }
    order.step(step)?;
    store::save(tx, &order, now).await?;
    notice::ended(tx, &order, kind, now).await?;
    Ok(true)
}

impl Order {
    /// Whose it is.
    pub fn owner(&self) -> Owner {
        Owner::of(self.owner_id)
    }

    /// An amount of what it is paid in, as people write it.
    pub fn written(&self, amount: Units) -> String {
        written(amount, self.decimals.unsigned_abs(), &self.currency)
    }

    /// # Errors
    /// `Conflict` when the step is not legal.
    fn step(&mut self, step: Step) -> Result<()> {
        self.state = self.state.after(step).ok_or_else(|| {
            let state = format!("{:?}", self.state).to_lowercase();
            Error::Conflict(format!("The order is {state}: that does not go with this."))
        })?;
        Ok(())
    }
}
