//! Waits until a document was read.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::document::{self, Document};
use crate::{app::App, error::Result, identity::Who, ids::DocumentId};

/// Milliseconds between two looks at first; each wait is longer than the one before, up to the second.
const LOOK_MS: u64 = 50;
const LOOK_MS_MAX: u64 = 500;

/// The document once it is ready or failed, or as it is when the time is over or the server ends.
/// The caller's rights are checked anew each time.
///
/// # Errors
/// `NotFound` when it is not there, also when it is removed meanwhile.
pub async fn until_read(app: &App, who: &Who, id: DocumentId, limit: Duration) -> Result<Document> {
    let (end, stopping) = (Instant::now() + limit, app.tasks.stopping());
    let mut pause = Duration::from_millis(LOOK_MS);
    loop {
        let mut tx = app.db.client(who.client).await?;
        let document = document::find(&mut tx, who, id).await?;
        drop(tx);
        let left = end.saturating_duration_since(Instant::now());
        if document.state.is_final() || left.is_zero() || stopping.is_cancelled() {
            return Ok(document);
        }
        tokio::select! {
            () = sleep(pause.min(left)) => {}
            () = stopping.cancelled() => {}
        }
        pause = (pause * 2).min(Duration::from_millis(LOOK_MS_MAX));
    }
}
