//! What is set aside for something that is over or gone is given back, never that of something which
//! is still going on.

use time::Duration;
use uuid::Uuid;

use crate::{
    app::App,
    billing::{What, meter},
    chat,
    error::{Error, Result},
    ids::{ClientNo, DocumentId, MessageId},
    knowledge::metered,
};

/// Minutes after which somebody looks whether what is set aside is still needed: longer than any
/// answer takes, since one outside of a conversation leaves no other trace than what it used.
const STALE_MINUTES: i64 = 60;
/// Minutes in which an answer whose time is over has got its end stored.
const STORED_MINUTES: u64 = 10;
const _: () = assert!(chat::ANSWER_SECONDS_MAX + 60 * STORED_MINUTES < 60 * STALE_MINUTES as u64);

async fn release(app: &App, client: ClientNo, id: Uuid) -> Result<bool> {
    let mut tx = app.db.client(client).await?;
    let ended = meter::release(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(ended.is_some())
}

/// Looks through all clients; how much was ended. Safe to run twice, late, and in many processes.
pub async fn end_stale_holds(app: &App) -> Result<u32> {
    let before = app.clock.now() - Duration::minutes(STALE_MINUTES);
    let mut tx = app.db.system().await?;
    let open = meter::open_since(&mut tx, before).await?;
    drop(tx);
    let mut ended = 0;
    for one in open {
        let (client, id) = (one.client_no, one.meter_id);
        let done = match (one.kind, one.subject) {
            (What::Ingestion, Some(document)) => {
                metered::end_stale(app, client, DocumentId(document)).await
            }
            (What::Answer, _) => chat::stale::end(app, client, MessageId(id)).await,
            // the vectors of a caller's texts: the call that asked for them is long over
            (What::Ingestion, None) => release(app, client, id).await,
            // nothing makes them yet
            (What::Image, _) => Ok(false),
        };
        match done {
            Ok(done) => ended += u32::from(done),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(error = error.causes(), meter = %id, "a hold is looked at again later");
            }
        }
    }
    Ok(ended)
}
