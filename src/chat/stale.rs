//! What was set aside for answers that are over or gone, and that nobody gave back.

use super::store;
use crate::{
    app::App,
    billing::meter,
    error::Result,
    ids::{ClientNo, MessageId},
};

/// Gives back what was set aside for an answer that nobody writes any more: it was removed, and its
/// writer died before it could say what was used. False when the answer is being written, or left to
/// be ended by the search for orphans: its end settles it.
pub async fn end(app: &App, client: ClientNo, id: MessageId) -> Result<bool> {
    let mut tx = app.db.client(client).await?;
    if store::is_running(&mut tx, id).await? {
        return Ok(false);
    }
    let ended = meter::release(&mut tx, id.0, app.clock.now()).await?;
    if ended.is_some() {
        tracing::warn!(answer = %id, "what was set aside for an answer that is gone was given back");
    }
    tx.commit().await?;
    Ok(ended.is_some())
}
