//! Credits set aside before an answer is written, and what becomes of them. A [`Hold`] is spent by
//! value: there is no second settlement.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::Micros,
    ledger::{self, Book},
    store,
    wallet::{self, Locked, Owner},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
};

/// Credits that are set aside.
#[derive(Debug, sqlx::FromRow)]
pub struct Hold {
    pub(super) hold_id: Uuid,
    pub(super) owner_id: Uuid,
    pub(super) wallet_no: i64,
    pub(super) held_no: i64,
    pub(super) amount: Micros,
}

/// Sets credits aside for this answer or picture.
///
/// # Errors
/// `OutOfCredit` when the wallet holds less; `Taken` when this was held before.
pub async fn open(
    tx: &mut ClientTx,
    owner: Owner,
    id: Uuid,
    amount: Micros,
    now: OffsetDateTime,
) -> Result<Hold> {
    let locked = wallet::lock(tx, owner, now).await?;
    open_locked(tx, (owner, &locked), id, amount, now).await
}

/// The same out of a wallet that is locked already.
pub(super) async fn open_locked(
    tx: &mut ClientTx,
    (owner, locked): (Owner, &Locked),
    id: Uuid,
    amount: Micros,
    now: OffsetDateTime,
) -> Result<Hold> {
    let hold = Hold {
        hold_id: id,
        owner_id: owner.id(),
        wallet_no: locked.wallet_no,
        held_no: locked.held_no,
        amount,
    };
    if !store::open(tx, &hold, now).await? {
        return Err(ledger::out_of_credit(locked.balance, amount));
    }
    Ok(hold)
}

/// The open hold of this answer or picture, its wallet locked; none once it has ended.
pub async fn find(tx: &mut ClientTx, id: Uuid, now: OffsetDateTime) -> Result<Option<Hold>> {
    let Some(found) = store::open_hold(tx, id).await? else {
        return Ok(None);
    };
    wallet::lock(tx, Owner::of(found.owner_id), now).await?;
    // somebody may have ended it before the wallet was ours
    store::open_hold(tx, id).await
}

/// Spends what was used, and gives the rest back. What was used beyond the hold is not charged: a
/// hold is made from the most that an answer may cost. Returns what was charged.
pub async fn settle(
    tx: &mut ClientTx,
    hold: Hold,
    cost: Option<Micros>,
    now: OffsetDateTime,
) -> Result<Option<Micros>> {
    let charged = cost.map(|cost| cost.min(hold.amount));
    let parts = Parts {
        charged: charged.map_or(0, Micros::get),
        rest: hold.amount.get() - charged.map_or(0, Micros::get),
    };
    if !settle_parts(tx, hold.hold_id, &parts, now).await? {
        return Err(Error::Conflict("These credits were settled before.".into()));
    }
    Ok(charged)
}

/// What becomes of the micro-credits of a hold: together they are all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// Spent.
    pub charged: i64,
    /// Given back.
    pub rest: i64,
}

/// Ends the hold of this answer, whose amount the caller knows; false when there is none that is open.
pub(super) async fn settle_parts(
    tx: &mut ClientTx,
    id: Uuid,
    parts: &Parts,
    now: OffsetDateTime,
) -> Result<bool> {
    let revenue = store::book(tx, Book::Revenue, now).await?;
    store::settle(tx, id, parts, revenue, now).await
}
