//! Notices about money: a wallet that fell low, a fee that stays unpaid, an order that ended without
//! its money. One each time that it happens.

pub mod api;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{amount::Micros, order::Order, store::notices as store, wallet::Owner};
use crate::{
    db::{ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    ids::{ClientNo, NoticeId, OrderId},
};

/// Notices begun at once; the others follow with the next look.
const BEGUN_MAX: i64 = 1_000;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "NoticeKind", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// The wallet holds less than the client wants to be told of.
    LowBalance,
    /// The fee of a plan is not paid, because the wallet holds less.
    FeeUnpaid,
    /// The time to pay for an order went by.
    OrderExpired,
    /// An order was given up: by its buyer, or because the provider refused it.
    OrderCancelled,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Notice {
    /// Its id.
    pub notice_id: NoticeId,
    /// Whose wallet it is about; nil: the client's own.
    pub owner_id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// Micro-credits that there were; none where it is about an order.
    pub amount: Option<i64>,
    /// Micro-credits that there should have been; none where it is about an order.
    pub threshold: Option<i64>,
    /// The order that it is about.
    pub order_id: Option<OrderId>,
    /// Since when.
    pub begun_at: OffsetDateTime,
    /// Until when; none while it holds. That an order ended is of a moment.
    pub ended_at: Option<OffsetDateTime>,
}

/// A notice that has just begun, of whichever client.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Begun {
    /// Whose.
    pub client_no: ClientNo,
    /// Whose wallet.
    pub owner_id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// Micro-credits that there were.
    pub amount: i64,
}

/// Looks at all wallets: ends what does not hold any more, and begins what does. Notices that begin
/// are returned.
pub async fn look(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<Begun>> {
    store::end_low(tx, now).await?;
    store::end_unpaid(tx, now).await?;
    let mut begun = store::begin_low(tx, now, BEGUN_MAX).await?;
    begun.extend(store::begin_unpaid(tx, now, BEGUN_MAX).await?);
    Ok(begun)
}

/// An order ended without its money: its owner is told in the transaction that ends it.
pub async fn ended(
    tx: &mut ClientTx,
    order: &Order,
    kind: Kind,
    now: OffsetDateTime,
) -> Result<()> {
    store::add_ended(tx, order, kind, now).await
}

/// Notices of one owner, or of the client and all of its users, of this kind if one is given, the
/// latest first.
pub async fn list(
    tx: &mut ClientTx,
    owner: Option<Owner>,
    kind: Option<Kind>,
    window: &Window,
) -> Result<Vec<Notice>> {
    store::list(tx, owner.map(Owner::id), kind, window).await
}

/// Below how much a wallet is low.
pub async fn threshold(tx: &mut ClientTx) -> Result<Option<Micros>> {
    store::threshold(tx).await
}

/// Sets below how much a wallet is low; none: nobody is told.
pub async fn set_threshold(
    tx: &mut ClientTx,
    threshold: Option<Micros>,
    now: OffsetDateTime,
) -> Result<()> {
    match threshold {
        Some(threshold) => store::put_threshold(tx, threshold, now).await,
        None => store::remove_threshold(tx).await,
    }
}
