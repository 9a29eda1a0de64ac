//! Credits set aside before an answer is written, and what becomes of them. A [`Hold`] is spent by
//! value: there is no second settlement.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::Micros,
    ledger::{self, Account, Book, Kind, Order},
    store,
    wallet::{self, Owner},
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

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum End {
    /// Some of it was spent.
    Settled,
    /// None of it was.
    Released,
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
    let hold = Hold {
        hold_id: id,
        owner_id: owner.id(),
        wallet_no: locked.wallet_no,
        held_no: locked.held_no,
        amount,
    };
    store::add_hold(tx, &hold, now).await?;
    let order = hold.order(Kind::Hold, hold.wallet(), hold.held(), amount);
    order.post(tx, now).await?;
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
    let end = charged.map_or(End::Released, |_| End::Settled);
    if !store::end_hold(tx, hold.hold_id, end, now).await? {
        return Err(Error::Conflict("These credits were settled before.".into()));
    }
    if let Some(charged) = charged {
        let revenue = Account::Summed(store::book(tx, Book::Revenue, now).await?);
        let order = hold.order(Kind::Charge, hold.held(), revenue, charged);
        order.post(tx, now).await?;
    }
    let rest = match charged {
        None => Some(hold.amount),
        Some(charged) => hold.amount.minus(charged),
    };
    if let Some(rest) = rest {
        let order = hold.order(Kind::Release, hold.held(), hold.wallet(), rest);
        order.post(tx, now).await?;
    }
    Ok(charged)
}

/// A step of a hold's life.
struct Step {
    id: Uuid,
    kind: Kind,
    debit: Account,
    credit: Account,
    amount: Micros,
}

impl Hold {
    fn wallet(&self) -> Account {
        Account::Kept(self.wallet_no)
    }

    fn held(&self) -> Account {
        Account::Kept(self.held_no)
    }

    fn order(&self, kind: Kind, debit: Account, credit: Account, amount: Micros) -> Step {
        Step {
            id: self.hold_id,
            kind,
            debit,
            credit,
            amount,
        }
    }
}

impl Step {
    /// The key names hold and step, so that neither happens twice.
    async fn post(self, tx: &mut ClientTx, now: OffsetDateTime) -> Result<()> {
        let word = match self.kind {
            Kind::Hold => "hold",
            Kind::Charge => "charge",
            _ => "release",
        };
        let key = format!("{word} {}", self.id);
        let order = Order {
            kind: self.kind,
            debit: self.debit,
            credit: self.credit,
            amount: self.amount,
            key: &key,
            subject: Some(self.id),
            note: "",
        };
        ledger::post(tx, &order, now).await.map(drop)
    }
}
