//! A whole base read anew, over HTTP.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem_openapi::{OpenApi, param::Path, payload::Json, types::ToJSON};

use super::Library;
use crate::{
    error::Result,
    http::{Tags, sse::Sse},
    identity::{Caller, Who},
    ids::BaseId,
    knowledge::{
        rebuild::{self, Step},
        shapes::*,
    },
};

/// The operation on all documents of a base.
pub struct RebuildApi(pub Arc<Library>);

#[OpenApi(tag = "Tags::Knowledge")]
impl RebuildApi {
    /// Read all documents of a base anew
    ///
    /// Each as a new version; what is found until then stays found. Answers with an event `document`
    /// for each one that was read, in their order, and `done` after the last. It goes on when nobody
    /// listens any more.
    #[oai(
        path = "/knowledge-bases/:id/rebuild",
        method = "post",
        operation_id = "rebuildKnowledgeBase"
    )]
    async fn rebuild_base(
        &self,
        who: Caller,
        /// The knowledge base.
        id: Path<BaseId>,
        body: Json<BaseRebuild>,
    ) -> Result<Sse<DocumentRead>> {
        let (app, chunks_max) = (&self.0.app, self.0.reading.base_chunks_max);
        let parts = rebuild::start(app, &who, id.0, body.0.into(), chunks_max).await?;
        let total = parts.len();
        let steps = rebuild::follow(app.clone(), Who::clone(&who), parts);
        Ok(Sse::new(frames(steps, total), self.0.heartbeat))
    }
}

fn frames(
    steps: impl Stream<Item = Step> + Send + 'static,
    total: usize,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let documents = steps.map(|step| {
        let done = step.done;
        let data = DocumentRead::from(step).to_json_string();
        Bytes::from(format!("id: {done}\nevent: document\ndata: {data}\n\n"))
    });
    let end = format!(
        "id: {}\nevent: done\ndata: {{\"total\":{total}}}\n\n",
        total + 1
    );
    documents.chain(futures_util::stream::iter([Bytes::from(end)]))
}
