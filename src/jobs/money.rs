//! What is looked after by the minute and the hour: orders that nobody paid, wallets that fell low,
//! usage by the hour.

use time::OffsetDateTime;

use crate::{
    app::App,
    billing::{notice, order, rollup},
    db::SystemTx,
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// Orders that end in one slot; the others follow with the next.
const ORDERS_MAX: i64 = 1_000;

/// Ends orders whose time to pay is over; one that cannot be ended keeps no other.
pub async fn expire_orders(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    for (client, id) in order::overdue(tx, now, ORDERS_MAX).await? {
        match expire(app, client, id, now).await {
            Ok(()) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(error = error.causes(), order = %id, "an order is looked at again later");
            }
        }
    }
    Ok(())
}

async fn expire(app: &App, client: ClientNo, id: OrderId, now: OffsetDateTime) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    order::expire(&mut tx, id, now).await?;
    tx.commit().await
}

/// Looks for wallets that fell low and fees that stay unpaid, and says so in the log, too.
pub async fn notices(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    for begun in notice::look(tx, now).await? {
        tracing::warn!(
            client = begun.client_no.0,
            owner = %begun.owner_id,
            kind = ?begun.kind,
            micros = begun.amount,
            "a notice about money"
        );
    }
    Ok(())
}

/// Adds up what was used in the last hours.
pub async fn usage(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    rollup::fresh(tx, now).await.map(drop)
}

/// Adds up the last weeks again: what came later than that is counted, too.
pub async fn late_usage(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    let rows = rollup::late(tx, now).await?;
    if rows > 0 {
        tracing::info!(rows, "usage that came late was added up");
    }
    Ok(())
}
