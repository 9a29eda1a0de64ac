//! Credits set aside before an answer is written, and what becomes of them: its row is settled once.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{amount::Micros, ledger, store, wallet::Locked};
use crate::{db::ClientTx, error::Result};

/// Sets credits aside out of a wallet that is locked, for this answer or picture.
///
/// # Errors
/// `OutOfCredit` when the wallet holds less; `Taken` when this was held before.
pub(super) async fn open(
    tx: &mut ClientTx,
    locked: &Locked,
    id: Uuid,
    amount: Micros,
    now: OffsetDateTime,
) -> Result<()> {
    if !store::open(tx, locked, (id, amount), now).await? {
        return Err(ledger::out_of_credit(locked.balance, amount));
    }
    Ok(())
}

/// What becomes of the micro-credits of a hold: together they are all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// Spent.
    pub charged: i64,
    /// Given back.
    pub rest: i64,
}

/// Ends the hold of this answer, whose amount and month the caller knows; false when there is none
/// that is open.
pub(super) async fn settle(
    tx: &mut ClientTx,
    id: Uuid,
    parts: &Parts,
    month: Date,
    now: OffsetDateTime,
) -> Result<bool> {
    store::settle(tx, id, parts, month, now).await
}
