//! The reading of a document as a stream of events.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use poem_openapi::types::ToJSON;

use crate::{
    app::App,
    error::Result,
    identity::Who,
    ids::DocumentId,
    knowledge::{document, shapes::DocumentProgress},
};

/// Milliseconds between two looks at a document whose progress is followed.
const PROGRESS_MS: u64 = 300;

/// Events until the document is ready, failed or gone. The caller's rights are checked anew each time.
pub fn progress(app: App, who: Who, id: DocumentId) -> impl Stream<Item = Bytes> + Send + 'static {
    // a follower does not hold up a shutdown
    let stopping = app.tasks.stopping().cancelled_owned();
    let start = (app, who, None::<DocumentProgress>, 1_u32, false);
    stream::unfold(start, move |(app, who, last, seq, ended)| async move {
        if ended {
            return None;
        }
        loop {
            let now = look(&app, &who, id).await.ok()?;
            if last.as_ref() == Some(&now) {
                tokio::time::sleep(Duration::from_millis(PROGRESS_MS)).await;
                continue;
            }
            let ended = now.state.is_final();
            let name = if ended { "done" } else { "progress" };
            let frame = format!(
                "id: {seq}\nevent: {name}\ndata: {}\n\n",
                now.to_json_string()
            );
            return Some((Bytes::from(frame), (app, who, Some(now), seq + 1, ended)));
        }
    })
    .take_until(stopping)
}

async fn look(app: &App, who: &Who, id: DocumentId) -> Result<DocumentProgress> {
    let mut tx = app.db.client(who.client).await?;
    Ok((&document::find(&mut tx, who, id).await?).into())
}
