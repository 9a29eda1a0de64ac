//! Money that comes for an order, and money that goes back. Events tell of it in any order and any
//! number: each is written down as a fact, and the order is brought to what all facts together say.

use time::OffsetDateTime;

use super::{
    Order, Provider, Step, Units, exception,
    exception::{Reason, Trouble},
    goods, lock, store,
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::OrderId,
};

/// Money that came in.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// By which provider.
    pub provider: Provider,
    /// What the provider calls it: a payment intent; transaction and log on a chain. One payment
    /// has one reference.
    pub reference: &'a str,
    /// How much.
    pub amount: Units,
    /// Of what, in small letters.
    pub currency: &'a str,
}

/// What became of money that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// What was bought is given.
    Fulfilled,
    /// It was taken before: nothing happened.
    Before,
    /// Somebody has to look at it.
    Queued(Reason),
}

/// Money that goes back to the payer.
#[derive(Clone, Copy, Debug)]
pub struct Reversal<'a> {
    /// By which provider.
    pub provider: Provider,
    /// What the provider calls it: a refund, a dispute; transaction and log on a chain.
    pub reference: &'a str,
    /// The reference of the payment that it is of, if that is known.
    pub payment: Option<&'a str>,
    /// Why it goes back.
    pub kind: Why,
    /// How much.
    pub amount: Units,
    /// Of what.
    pub currency: &'a str,
    /// How far it went.
    pub stage: Stage,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Why {
    /// We gave it back, or a chain forgot the payment.
    Refund,
    /// The payer's bank claims it.
    Dispute,
}

/// How far money went back. A later stage is never followed by an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Stage {
    /// A question of the payer's bank: no money has moved.
    Notice,
    /// It is on its way.
    Open,
    /// It is gone.
    Stands,
    /// It came back: a refund failed, a dispute was won.
    Undone,
}

/// Takes money in, once. When it is what the order asks for, what was bought is given in the same
/// transaction; otherwise the money is written down, and queued for a person with the reason.
///
/// # Errors
/// `NotFound` when there is no such order.
pub async fn paid(
    tx: &mut ClientTx,
    id: OrderId,
    payment: &Payment<'_>,
    now: OffsetDateTime,
) -> Result<Paid> {
    let mut order = lock(tx, id).await?;
    if let Some(known) = store::order_of(tx, payment).await? {
        if known == id {
            return Ok(Paid::Before);
        }
        let reason = Reason::OtherOrder;
        exception::queue(tx, &Trouble::of(payment, id, reason), now).await?;
        return Ok(Paid::Queued(reason));
    }
    let after = order.state.after(Step::Pay);
    let cancelled = order.state == super::State::Cancelled;
    let wrong = order
        .misfit(payment)
        .or(after.is_none().then_some(Reason::SecondPayment));
    store::add_payment(tx, id, payment, wrong.is_none(), now).await?;
    if let Some(reason) = wrong {
        exception::queue(tx, &Trouble::of(payment, id, reason), now).await?;
        return Ok(Paid::Queued(reason));
    }
    order.step(Step::Pay)?;
    order.paid_at = Some(now);
    // the buyer gave it up and paid all the same: nobody but a person knows what was meant
    if cancelled {
        let reason = Reason::AfterCancel;
        exception::queue(tx, &Trouble::of(payment, id, reason), now).await?;
        settle(tx, order, now).await?;
        return Ok(Paid::Queued(reason));
    }
    give(tx, order, now).await?;
    Ok(Paid::Fulfilled)
}

/// Gives what was bought with money that is there.
///
/// # Errors
/// `Conflict` unless the order is paid and nothing was given for it.
pub async fn fulfil(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<()> {
    let order = lock(tx, id).await?;
    give(tx, order, now).await
}

/// Takes a payment that did not fit as if it had, because a person says so, and gives what was
/// bought.
///
/// # Errors
/// `Conflict` when the order has got its money, or the payment is not the order's.
pub async fn accept(
    tx: &mut ClientTx,
    id: OrderId,
    reference: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let mut order = lock(tx, id).await?;
    let other = || Error::Conflict("This payment does not wait for this order.".into());
    if order.state == super::State::Paid {
        // it was held: only what it was paid by is meant
        if store::good_payment(tx, id).await?.as_deref() != Some(reference) {
            return Err(other());
        }
        return give(tx, order, now).await;
    }
    order.step(Step::Pay)?;
    if !store::accept_payment(tx, id, reference).await? {
        return Err(other());
    }
    order.paid_at = Some(now);
    give(tx, order, now).await
}

/// Writes down money that goes back, or came again, and brings wallet and order to it. Returns
/// whether that was new. Before the money itself came, it is kept for when it does.
///
/// # Errors
/// `NotFound` when there is no such order.
pub async fn reversed(
    tx: &mut ClientTx,
    id: OrderId,
    reversal: &Reversal<'_>,
    now: OffsetDateTime,
) -> Result<bool> {
    let order = lock(tx, id).await?;
    let wrong = match () {
        () if reversal.provider != order.provider => Some(Reason::ProviderDiffers),
        () if reversal.currency != order.currency => Some(Reason::CurrencyDiffers),
        () => None,
    };
    if let Some(reason) = wrong {
        exception::queue(tx, &Trouble::back(reversal, id, reason), now).await?;
        return Ok(false);
    }
    if !store::put_reversal(tx, id, reversal, now).await? {
        return Ok(false);
    }
    let (refunded, disputed) = store::gone_back(tx, id).await?;
    if refunded.plus(disputed) > order.amount {
        let reason = Reason::ReversalTooLarge;
        exception::queue(tx, &Trouble::back(reversal, id, reason), now).await?;
    }
    settle(tx, order, now).await?;
    Ok(true)
}

/// Takes back what the wallet could not give at once, because it was set aside for an answer.
///
/// # Errors
/// `NotFound` when there is no such order.
pub async fn take_back(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<()> {
    let order = lock(tx, id).await?;
    settle(tx, order, now).await
}

/// The reference of the payment that an order was paid by.
pub async fn reference(tx: &mut ClientTx, id: OrderId) -> Result<Option<String>> {
    store::good_payment(tx, id).await
}

async fn give(tx: &mut ClientTx, mut order: Order, now: OffsetDateTime) -> Result<()> {
    order.step(Step::Fulfil)?;
    order.fulfilled_at = Some(now);
    goods::give(tx, &order, now).await?;
    settle(tx, order, now).await
}

/// Brings an order to what all facts say, and writes it down.
async fn settle(tx: &mut ClientTx, mut order: Order, now: OffsetDateTime) -> Result<()> {
    if order.state.has_money() {
        (order.refunded, order.disputed) = store::gone_back(tx, order.order_id).await?;
        // what was never given is not taken back
        if order.fulfilled_at.is_some() {
            goods::balance(tx, &mut order, now).await?;
        }
        order.turn()?;
    }
    store::save(tx, &order, now).await
}

impl Order {
    fn misfit(&self, payment: &Payment<'_>) -> Option<Reason> {
        if payment.provider != self.provider {
            Some(Reason::ProviderDiffers)
        } else if payment.currency != self.currency {
            Some(Reason::CurrencyDiffers)
        } else if payment.amount != self.amount {
            Some(Reason::AmountDiffers)
        } else {
            None
        }
    }

    /// Takes the steps that what went back asks for.
    fn turn(&mut self) -> Result<()> {
        use super::State::{Disputed, Fulfilled, Paid, Refunded};
        let aim = match () {
            () if !self.disputed.is_zero() => Disputed,
            () if self.refunded >= self.amount => Refunded,
            () if self.fulfilled_at.is_some() => Fulfilled,
            () => Paid,
        };
        match (self.state, aim) {
            (state, aim) if state == aim => Ok(()),
            (_, Disputed) => self.step(Step::Dispute),
            (_, Refunded) => self.step(Step::Refund),
            (_, Fulfilled) => self.step(Step::Restore),
            // money that came again for what was never given waits as before
            _ => self.step(Step::Reopen),
        }
    }
}
