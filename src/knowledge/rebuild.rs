//! Reads a whole base anew, and tells how far that has come.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio_util::sync::CancellationToken;

use super::{
    base,
    document::{self, Change, Document, State},
    store,
    version::{self, Cut},
    wait,
};
use crate::{
    app::App,
    error::{Error, Result},
    http::paging::{LIMIT_MAX, Place, Window},
    identity::Who,
    ids::{BaseId, DocumentId},
};

/// Documents of a base that is read anew at most.
pub const DOCUMENTS_MAX: usize = 10_000;
/// Seconds that one look at a document takes at most before the next.
const LOOK_SECONDS: u64 = 10;

/// How a base is to be read anew.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// How the documents are to be cut.
    pub cut: Cut,
    /// Have those found again that are not found now.
    pub enable: bool,
}

/// A document that is being read.
#[derive(Clone, Debug)]
pub struct Part {
    /// The document.
    pub id: DocumentId,
    /// Its name.
    pub name: String,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Step {
    /// The document.
    pub part: Part,
    /// Ready or failed.
    pub state: State,
    /// Why it failed; with `Ready`, why this version did.
    pub reason: Option<String>,
    /// Which of the documents it is, from 1.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Has all documents of a base read anew, each as a new version. What is found until then stays found.
///
/// # Errors
/// `Forbidden` when the caller may read the base only, `TooLarge` when it has too many documents.
pub async fn start(
    app: &App,
    who: &Who,
    id: BaseId,
    wish: Wish,
    chunks_max: i64,
) -> Result<Vec<Part>> {
    version::check_chunk_chars(wish.cut.chunk_chars)?;
    let mut begun = Vec::new();
    for part in parts(app, who, id, wish.enable).await? {
        match begin(app, who, part.id, &wish, chunks_max).await {
            // removed meanwhile
            Err(Error::NotFound(_)) => {}
            other => {
                other?;
                begun.push(part);
            }
        }
    }
    Ok(begun)
}

/// The documents that are to be read, before any of them is. Those that wait to take the place of the
/// others are being read already.
async fn parts(app: &App, who: &Who, id: BaseId, hidden: bool) -> Result<Vec<Part>> {
    let mut tx = app.db.client(who.client).await?;
    let base = base::find_writable(&mut tx, who, id).await?;
    let (mut after, mut parts) = (None, Vec::new());
    loop {
        let window = Window {
            after,
            limit: LIMIT_MAX,
        };
        let documents = store::documents(&mut tx, base.base_no, &window).await?;
        let Some(last) = documents.last() else {
            return Ok(parts);
        };
        after = Some(Place {
            at: last.created_at,
            id: last.document_id.0,
        });
        let waits = |document: &Document| document.replacement_id.is_some();
        let meant = documents
            .into_iter()
            .filter(|document| !waits(document) && (document.enabled || hidden));
        parts.extend(meant.map(|document| Part {
            id: document.document_id,
            name: document.name,
        }));
        if parts.len() > DOCUMENTS_MAX {
            return Err(Error::TooLarge(format!(
                "A base of more than {DOCUMENTS_MAX} documents is read anew document by document."
            )));
        }
    }
}

/// Has one document read anew, in a commit of its own: the document is locked before its base, as
/// where it is read, and no other with it.
async fn begin(app: &App, who: &Who, id: DocumentId, wish: &Wish, chunks_max: i64) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.client(who.client).await?;
    if wish.enable && !document::find(&mut tx, who, id).await?.enabled {
        let change = Change {
            enabled: Some(true),
            ..Change::default()
        };
        document::change(&mut tx, who, id, &change, chunks_max, now).await?;
    }
    version::rebuild(&mut tx, who, id, None, wish.cut.clone(), now).await?;
    tx.commit().await
}

/// A step for each document once it was read, in their order. Ends early when the server does.
pub fn follow(app: App, who: Who, parts: Vec<Part>) -> impl Stream<Item = Step> + Send + 'static {
    let (stopping, parts) = (app.tasks.stopping(), Arc::new(parts));
    stream::unfold(0, move |at| {
        let (app, who) = (app.clone(), who.clone());
        let (parts, stopping) = (parts.clone(), stopping.clone());
        async move {
            let part = parts.get(at)?.clone();
            let document = read(&app, &who, &part, &stopping).await?;
            let step = step(part, document, at + 1, parts.len());
            Some((step, at + 1))
        }
    })
}

/// The document once it was read; none when the server ends meanwhile.
async fn read(
    app: &App,
    who: &Who,
    part: &Part,
    stopping: &CancellationToken,
) -> Option<Result<Document>> {
    let look = Duration::from_secs(LOOK_SECONDS);
    loop {
        let found = wait::until_read(app, who, part.id, look).await;
        if stopping.is_cancelled() {
            return None;
        }
        if !found.as_ref().is_ok_and(Document::is_unread) {
            return Some(found);
        }
    }
}

fn step(part: Part, document: Result<Document>, done: usize, total: usize) -> Step {
    let (state, reason) = match document {
        Ok(document) => (document.state, document.reason),
        Err(error) => (State::Failed, Some(error.to_string())),
    };
    Step {
        part,
        state,
        reason,
        done,
        total,
    }
}
