//! Documents: taken in at once, read by a job, gone in one commit.

mod incoming;

use sqlx::types::Json;
use time::OffsetDateTime;

pub(super) use self::incoming::take_in;
pub use self::incoming::{KeptDocument, NewDocument, OnConflict, Outcome, add, is_there, put};
use super::{base, extract, search, store};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    identity::Who,
    ids::{BaseId, BaseNo, DocumentId, DocumentNo, ReplacementId},
    queue::{self, Job},
};

/// How far the newest version of a document has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "DocumentState", rename_all = "snake_case")]
pub enum State {
    /// Waits for a worker.
    Uploaded,
    /// Is being read.
    Extracting,
    /// Is being turned into vectors.
    Embedding,
    /// Is searched. With a `reason`: a newer version could not be read, and the one before stays.
    Ready,
    /// Could not be read, and nothing of it is searched; `reason` says why.
    Failed,
}

impl State {
    /// Whether it stays as it is.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }
}

/// A page that could not be read; the others were.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, poem_openapi::Object)]
pub struct PageError {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// Why.
    pub detail: String,
}

/// A document.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Document {
    /// Its id.
    pub document_id: DocumentId,
    /// Its number in the tables of search.
    pub document_no: DocumentNo,
    /// Its base.
    pub base_id: BaseId,
    /// The number of its base.
    pub base_no: BaseNo,
    /// Its name, unique in its base.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    /// Where it was fetched from.
    pub source_url: Option<String>,
    /// SHA-256 of its bytes.
    pub blob_hash: Option<Vec<u8>>,
    /// How many bytes it has.
    pub bytes: i64,
    /// How far it has come.
    pub state: State,
    /// Why it failed.
    pub reason: Option<String>,
    /// Its pages, for formats that have some.
    pub pages: Option<i32>,
    /// Pages that could not be read.
    pub page_errors: Json<Vec<PageError>>,
    /// Its chunks.
    pub chunks: i32,
    /// The version that is searched; 0 until there is one.
    pub version: i32,
    /// Steps of the present state that are done.
    pub progress_done: i32,
    /// Steps that it has.
    pub progress_total: i32,
    /// Whether it is found.
    pub enabled: bool,
    /// What it waits with to take the place of what its base holds.
    pub replacement_id: Option<ReplacementId>,
    /// When it was taken in.
    pub created_at: OffsetDateTime,
}

impl Document {
    /// Whether its reading has neither come to an end nor failed.
    pub fn is_unread(&self) -> bool {
        !self.state.is_final()
    }
}

/// What is to change in a document.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is found.
    pub enabled: Option<bool>,
}

/// A piece of the text of a document.
pub struct TextWindow {
    /// The version.
    pub version: i32,
    /// Where the piece begins, in code points.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Code points of the whole text.
    pub total: u32,
    /// The piece.
    pub text: String,
}

/// Code points that one call reads of a text at most.
pub const TEXT_CHARS_MAX: u32 = 20_000;

/// The document, when the caller may read its base.
pub async fn find(tx: &mut ClientTx, who: &Who, id: DocumentId) -> Result<Document> {
    who.needs_read()?;
    store::document(tx, who.user_id(), id)
        .await?
        .ok_or(Error::NotFound("document"))
}

/// The document of this name in a base that the caller may read.
pub async fn named(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    name: &str,
) -> Result<Option<Document>> {
    let base = base::find(tx, who, base).await?.base;
    match store::document_named(tx, base.base_no, name).await? {
        Some(id) => store::document(tx, who.user_id(), id).await,
        None => Ok(None),
    }
}

/// The documents of a base that the caller may read, oldest first.
pub async fn list(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    window: &Window,
) -> Result<Vec<Document>> {
    let base = base::find(tx, who, base).await?.base;
    store::documents(tx, base.base_no, window).await
}

/// Renames a document, and has it found or not, in the caller's commit.
///
/// # Errors
/// `Taken` for a name that the base has, `Invalid` for one that is none or when nothing is to change,
/// `Conflict` for one that waits with others to be found, `TooLarge` when the base has no room for it.
pub async fn change(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    change: &Change,
    chunks_max: i64,
    now: OffsetDateTime,
) -> Result<Document> {
    if change.name.is_none() && change.enabled.is_none() {
        return Err(Error::invalid("Say what is to change: name or enabled."));
    }
    let name = change.name.as_deref().map(extract::clean_file_name);
    let name = name.transpose()?;
    let document = find(tx, who, id).await?;
    base::find_writable(tx, who, document.base_id).await?;
    if !store::lock_document(tx, id).await? {
        return Err(Error::NotFound("document"));
    }
    let document = find(tx, who, id).await?;
    if document.replacement_id.is_some() {
        return Err(Error::Conflict(
            "This document waits for others, to take the place of what its knowledge base holds."
                .into(),
        ));
    }
    store::change_document(tx, id, name.as_deref(), change.enabled, now).await?;
    if let Some(enabled) = change.enabled {
        if enabled && !document.enabled {
            let more = i64::from(document.chunks);
            base::check_room(tx, document.base_no, more, chunks_max).await?;
        }
        search::set_enabled(tx, document.base_no, document.document_no, enabled).await?;
    }
    find(tx, who, id).await
}

/// Removes a document from the search, its texts and its row, in the caller's commit; the bytes
/// follow by a job.
pub async fn remove(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    now: OffsetDateTime,
) -> Result<()> {
    let document = find(tx, who, id).await?;
    base::find_writable(tx, who, document.base_id).await?;
    // waits for a commit that is just making it searchable, and lets none come after
    if !store::lock_document(tx, id).await? {
        return Err(Error::NotFound("document"));
    }
    search::drop_document(tx, document.document_no).await?;
    queue::forget(tx, Job::Ingest(id)).await?;
    store::remove_document(tx, id).await?;
    queue::enqueue(tx, Job::SweepBlobs, now).await
}

/// A piece of the text of a version; the current one unless said otherwise.
///
/// # Errors
/// `NotFound` for a version there is not, `Invalid` for a piece that begins behind the end of the
/// text or its own.
pub async fn text(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    version: Option<i32>,
    start: u32,
    end: Option<u32>,
) -> Result<TextWindow> {
    if end.is_some_and(|end| end < start) {
        return Err(Error::invalid(format!(
            "The end lies before the start, which is {start}."
        )));
    }
    let document = find(tx, who, id).await?;
    let version = version.unwrap_or(document.version);
    let end = end
        .unwrap_or(start.saturating_add(TEXT_CHARS_MAX))
        .min(start.saturating_add(TEXT_CHARS_MAX));
    let length = i32::try_from(end.saturating_sub(start)).unwrap_or(i32::MAX);
    let from = i32::try_from(start).unwrap_or(i32::MAX - 1);
    let found = store::text(tx, document.document_no, version, from, length).await?;
    let (total, text) = found.ok_or(Error::NotFound("version of this document"))?;
    let total = u32::try_from(total).map_err(Error::internal)?;
    if start > total {
        return Err(Error::invalid(format!(
            "The text has {total} characters, start is {start}."
        )));
    }
    let end = start + text.chars().count() as u32;
    Ok(TextWindow {
        version,
        start,
        end,
        total,
        text,
    })
}
