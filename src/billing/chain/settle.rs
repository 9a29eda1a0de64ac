//! From arrivals to credits: what arrived for an order is weighed, and the order is brought to it.

use time::OffsetDateTime;

use super::{
    deposit::{ARRIVALS_MAX, Arrived, Deposit, Standing},
    store,
    units::Units,
    weigh::{Due, Piece, Verdict, weigh},
};
use crate::{
    billing::order::{self, Paid, Payment, Provider, Reason, Reversal, Stage, Why},
    db::{ClientTx, SystemTx},
    error::Result,
    ids::{ClientNo, OrderId},
};

/// Orders settled after one look.
const ORDERS_MAX: i64 = 500;

/// Orders for which something changed, or whose time is over.
pub async fn due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(ClientNo, OrderId)>> {
    store::unsettled(tx, now, ORDERS_MAX).await
}

/// Brings an order to what arrived for it. Done again, it changes nothing.
///
/// # Errors
/// `NotFound` when the order has no address.
pub async fn settle(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<()> {
    // whoever reads what arrived does so one after the other
    let mut deposit = store::lock_deposit(tx, id).await?;
    let arrived = store::arrivals(tx, id, ARRIVALS_MAX).await?;
    let pieces: Vec<Piece> = arrived.iter().map(Piece::from).collect();
    let mut weighed = weigh(&Due::from(&deposit), &pieces, now);
    let was_paid = deposit.state == Standing::Paid;
    deposit.state = match (was_paid, weighed.paid) {
        // what could not be taken once waits for a person
        _ if deposit.state == Standing::Refused => Standing::Refused,
        (false, true) => pay(tx, &deposit, now).await?,
        (true, false) => take_back(tx, &mut deposit, now).await?,
        (true, true) => Standing::Paid,
        (false, false) if weighed.short => Standing::Short,
        (false, false) => Standing::Open,
    };
    if deposit.state == Standing::Refused {
        refuse(&mut weighed.verdicts, &arrived);
    }
    for (arrival, verdict) in arrived.iter().zip(&weighed.verdicts) {
        store::put_verdict(tx, arrival.arrival_id, *verdict).await?;
    }
    store::put_standing(tx, &deposit).await
}

/// The amount is there, deep enough: once more when it was there before and the chain took it back.
async fn pay(tx: &mut ClientTx, deposit: &Deposit, now: OffsetDateTime) -> Result<Standing> {
    let (amount, currency) = deposit.bound()?;
    let payment = Payment {
        provider: Provider::Chain,
        reference: &deposit.address,
        amount,
        currency: &currency,
    };
    if order::reference(tx, deposit.order_id).await?.is_some() {
        undo(tx, deposit, Stage::Undone, now).await?;
        return Ok(Standing::Paid);
    }
    Ok(
        match order::paid(tx, deposit.order_id, &payment, now).await? {
            // given up by the buyer, and paid all the same: a person decides, and the money is the order's
            Paid::Fulfilled | Paid::Before | Paid::Queued(Reason::AfterCancel) => Standing::Paid,
            Paid::Queued(_) => Standing::Refused,
        },
    )
}

/// What had paid the order is not in the chain any more: the credits go back by transfers of their
/// own, and come again when the payment does.
async fn take_back(
    tx: &mut ClientTx,
    deposit: &mut Deposit,
    now: OffsetDateTime,
) -> Result<Standing> {
    deposit.undone += 1;
    undo(tx, deposit, Stage::Stands, now).await?;
    Ok(Standing::Open)
}

async fn undo(
    tx: &mut ClientTx,
    deposit: &Deposit,
    stage: Stage,
    now: OffsetDateTime,
) -> Result<()> {
    let (amount, currency) = deposit.bound()?;
    let reference = format!("{} reorganised {}", deposit.address, deposit.undone);
    let reversal = Reversal {
        provider: Provider::Chain,
        reference: &reference,
        payment: None,
        kind: Why::Refund,
        amount,
        currency: &currency,
        stage,
    };
    order::reversed(tx, deposit.order_id, &reversal, now).await?;
    Ok(())
}

/// Nothing was given for any of it.
fn refuse(verdicts: &mut [(Verdict, Units)], arrived: &[Arrived]) {
    for ((verdict, left), arrival) in verdicts.iter_mut().zip(arrived) {
        if matches!(verdict, Verdict::Counted | Verdict::Over) {
            (*verdict, *left) = (Verdict::Refused, arrival.amount);
        }
    }
}

impl Deposit {
    /// The amount and the currency that the order was bound to.
    fn bound(&self) -> Result<(order::Units, String)> {
        let amount = order::Units::parse(&self.amount.to_string())?;
        Ok((amount, self.symbol.to_ascii_lowercase()))
    }
}

impl From<&Deposit> for Due {
    fn from(deposit: &Deposit) -> Self {
        Self {
            chain: deposit.chain.clone(),
            asset: deposit.asset.clone(),
            amount: deposit.amount,
            deadline: deposit.deadline,
        }
    }
}

impl From<&Arrived> for Piece {
    fn from(arrived: &Arrived) -> Self {
        Self {
            chain: arrived.chain.clone(),
            asset: arrived.asset.clone(),
            amount: arrived.amount,
            at: arrived.block_at,
            state: arrived.state,
        }
    }
}
