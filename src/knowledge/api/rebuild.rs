//! A whole base read anew, over HTTP.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
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
    /// for each one that was read, in their order, and `done` after the last; a stream without `done`
    /// was broken off. The reading goes on when nobody listens any more.
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

/// What is broken off has no `done`.
fn frames(
    steps: impl Stream<Item = Step> + Send + 'static,
    total: usize,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let end = move || {
        let id = total + 1;
        format!("id: {id}\nevent: done\ndata: {{\"total\":{total}}}\n\n")
    };
    let nothing = (total == 0).then(|| Bytes::from(end()));
    let documents = steps.map(move |step| {
        let done = step.done;
        let data = DocumentRead::from(step).to_json_string();
        let mut frame = format!("id: {done}\nevent: document\ndata: {data}\n\n");
        if done == total {
            frame.push_str(&end());
        }
        Bytes::from(frame)
    });
    stream::iter(nothing).chain(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::DocumentId,
        knowledge::{document::State, rebuild::Part},
    };

    fn step(done: usize, total: usize) -> Step {
        let id = DocumentId::new(time::OffsetDateTime::UNIX_EPOCH);
        let name = "a.md".to_owned();
        Step {
            part: Part { id, name },
            state: State::Ready,
            reason: None,
            done,
            total,
        }
    }

    async fn events(steps: Vec<Step>, total: usize) -> Vec<String> {
        let frames: Vec<Bytes> = frames(stream::iter(steps), total).collect().await;
        let text = String::from_utf8(frames.concat()).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("event: "));
        names.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn only_what_came_to_its_end_says_so() {
        let all = vec![step(1, 2), step(2, 2)];
        assert_eq!(events(all, 2).await, ["document", "document", "done"]);
        assert_eq!(events(vec![step(1, 2)], 2).await, ["document"]);
        assert_eq!(events(vec![], 2).await, [""; 0]);
        assert_eq!(events(vec![], 0).await, ["done"]);
    }
}
