//! What is looked after by the minute and the hour: orders that nobody paid, wallets that fell low,
//! usage by the hour.

use time::OffsetDateTime;

use crate::{
    app::App,
    billing::{notice, order, rollup},
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// Orders looked at in one slot, of each kind; the others follow with the next.
const ORDERS_MAX: i64 = 1_000;

/// Ends orders whose time to pay is over, and takes back what was set aside when their money went
/// back; one that cannot be looked after keeps no other.
pub async fn orders(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    for (client, id) in order::overdue(tx, now, ORDERS_MAX).await? {
        let expire = async |tx: &mut ClientTx| order::expire(tx, id, now).await.map(drop);
        look_after(app, (client, id), expire).await?;
    }
    for (client, id) in order::behind_with(tx, ORDERS_MAX).await? {
        let take_back = async |tx: &mut ClientTx| order::take_back(tx, id, now).await;
        look_after(app, (client, id), take_back).await?;
    }
    Ok(())
}

async fn look_after(
    app: &App,
    (client, id): (ClientNo, OrderId),
    deed: impl AsyncFnOnce(&mut ClientTx) -> Result<()>,
) -> Result<()> {
    let done = async {
        let mut tx = app.db.client(client).await?;
        deed(&mut tx).await?;
        tx.commit().await
    };
    match done.await {
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(error = error.causes(), order = %id, "an order is looked at again later");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
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
