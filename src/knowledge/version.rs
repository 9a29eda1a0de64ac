//! Versions of a document: the new one is built beside the one that is searched, and takes its place
//! in one commit.
//!
//! Old versions stay, text, chunks and bytes, so that an answer can still show what it cited: the
//! last [`VERSIONS_KEPT`], and of those before them the last [`CITED_VERSIONS_KEPT`] that an answer
//! cites. Whatever is older goes with the next switch.

use sqlx::types::Json;
use time::OffsetDateTime;

use super::{
    base,
    custom::{self, CustomChunk},
    document::{self, Document, NewDocument, PageError, State},
    store,
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    identity::Who,
    ids::{DocumentId, DocumentNo},
    queue::{self, Job},
};

/// Old versions of a document that are kept, whether or not an answer cites them.
pub const VERSIONS_KEPT: i64 = 5;
/// Versions before those that are kept because an answer cites them.
pub const CITED_VERSIONS_KEPT: i64 = 50;
/// How long a chunk may be asked to be, in Latin letters; Chinese characters count twice.
pub const CHUNK_CHARS: std::ops::RangeInclusive<u32> = 100..=4_000;

const SUPERSEDED: &str = "A newer version came before this one was read.";

/// What has become of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum VersionState {
    /// Is searched.
    Current,
    /// Is being read, or waits for it.
    Building,
    /// Could not be read; `reason` says why.
    Failed,
    /// Was searched, until the next one came.
    Retired,
}

/// A version of a document.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DocumentVersion {
    /// Its number, counted from 1.
    pub version: i32,
    /// What has become of it.
    pub state: VersionState,
    /// Why it failed.
    pub reason: Option<String>,
    /// What its file was called.
    pub file_name: String,
    /// What its sender said it is.
    pub media_type: String,
    /// Where it was fetched from.
    pub source_url: Option<String>,
    /// SHA-256 of its bytes.
    pub blob_hash: Vec<u8>,
    /// How many bytes it has.
    pub bytes: i64,
    /// Its pages, for formats that have some.
    pub pages: Option<i32>,
    /// Pages that could not be read.
    pub page_errors: Json<Vec<PageError>>,
    /// Its chunks.
    pub chunks: i32,
    /// How long they were asked to be.
    pub chunk_chars: Option<i32>,
    /// Whether its sender cut them.
    pub custom: bool,
    /// When it was taken in.
    pub created_at: OffsetDateTime,
}

/// How a version is to be cut.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// How long its chunks are to be; as before when `None`.
    pub chunk_chars: Option<u32>,
    /// Cut it here, although its sender did before.
    pub recut: bool,
    /// The chunks, when its sender cut it anew.
    pub chunks: Option<Vec<CustomChunk>>,
}

/// All versions that are kept, the newest first.
pub async fn list(tx: &mut ClientTx, who: &Who, id: DocumentId) -> Result<Vec<DocumentVersion>> {
    let document = document::find(tx, who, id).await?;
    store::versions(tx, document.document_no).await
}

/// A version; the current one unless said otherwise, the newest while there is none.
pub async fn find(
    tx: &mut ClientTx,
    document: &Document,
    version: Option<i32>,
) -> Result<DocumentVersion> {
    let wanted = version.or_else(|| Some(document.version).filter(|current| *current > 0));
    let mut versions = store::versions(tx, document.document_no).await?.into_iter();
    let found = match wanted {
        Some(number) => versions.find(|version| version.version == number),
        None => versions.next(),
    };
    found.ok_or(Error::NotFound("version of this document"))
}

/// Takes in other bytes for a document. It is found by what it is until they are read.
///
/// # Errors
/// `Forbidden` when the caller may read the document only.
pub async fn add(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    new: NewDocument,
    now: OffsetDateTime,
) -> Result<Document> {
    let document = lock_writable(tx, who, id).await?;
    let kept = new.keep(tx, now).await?;
    build(tx, &document, &kept.row(&document), now).await?;
    document::find(tx, who, id).await
}

/// Reads the bytes of a version anew, as a new version: the current one unless said otherwise.
/// What was edited belongs to the version in which it was.
///
/// # Errors
/// `NotFound` for a version there is not, `Invalid` for a length that chunks cannot have.
pub async fn rebuild(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    of: Option<i32>,
    cut: Cut,
    now: OffsetDateTime,
) -> Result<Document> {
    let chunk_chars = check_chunk_chars(cut.chunk_chars)?;
    let document = lock_writable(tx, who, id).await?;
    let old = find(tx, &document, of).await?;
    let custom = match cut.chunks {
        Some(chunks) => Some(custom::checked(chunks)?),
        None if cut.recut => None,
        None => store::custom_chunks(tx, document.document_no, old.version).await?,
    };
    let row = store::NewRow {
        id,
        base: document.base_no,
        name: &old.file_name,
        media_type: &old.media_type,
        source_url: old.source_url.as_deref(),
        hash: &old.blob_hash,
        bytes: old.bytes,
        chunk_chars: chunk_chars.or(old.chunk_chars),
        replacement: None,
        custom: custom.as_deref(),
    };
    build(tx, &document, &row, now).await?;
    document::find(tx, who, id).await
}

/// A length of chunks that can be.
///
/// # Errors
/// `Invalid` outside of [`CHUNK_CHARS`].
pub fn check_chunk_chars(chars: Option<u32>) -> Result<Option<i32>> {
    match chars {
        Some(chars) if !CHUNK_CHARS.contains(&chars) => Err(Error::invalid(format!(
            "chunk_chars must be from {} to {}.",
            CHUNK_CHARS.start(),
            CHUNK_CHARS.end()
        ))),
        chars => Ok(chars.map(|chars| chars as i32)),
    }
}

/// Says that answers cite these versions, so that they stay longer.
pub async fn cite(tx: &mut ClientTx, cited: &[(DocumentId, i32)]) -> Result<()> {
    if cited.is_empty() {
        return Ok(());
    }
    let (documents, versions): (Vec<DocumentId>, Vec<i32>) = cited.iter().copied().unzip();
    store::set_cited(tx, &documents, &versions).await
}

/// The version that is to be read next.
pub async fn building(tx: &mut ClientTx, document: DocumentNo) -> Result<Option<DocumentVersion>> {
    let versions = store::versions(tx, document).await?;
    let building = |version: &DocumentVersion| version.state == VersionState::Building;
    Ok(versions.into_iter().find(building))
}

/// Makes a version that was read the current one, and lets the oldest go.
pub async fn set_current(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    read: Read,
    now: OffsetDateTime,
) -> Result<()> {
    let Read {
        pages,
        page_errors,
        chunks,
    } = read;
    store::set_current(tx, document, version, pages, page_errors, chunks).await?;
    store::set_ready(tx, document, version, now).await?;
    let gone = store::prune_versions(tx, document, VERSIONS_KEPT, CITED_VERSIONS_KEPT).await?;
    if !gone.is_empty() {
        queue::enqueue(tx, Job::SweepBlobs, now).await?;
    }
    Ok(())
}

/// What was found in a version.
pub struct Read {
    /// Its pages, for formats that have some.
    pub pages: Option<usize>,
    /// Pages that could not be read.
    pub page_errors: Vec<PageError>,
    /// Its chunks.
    pub chunks: usize,
}

/// A version could not be read. The document is found by the one before, if there is one.
pub async fn set_failed(
    tx: &mut ClientTx,
    document: &Document,
    version: i32,
    reason: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let (no, failed) = (document.document_no, VersionState::Failed);
    store::set_version_state(tx, no, version, failed, Some(reason)).await?;
    let state = if document.version > 0 {
        State::Ready
    } else {
        State::Failed
    };
    store::set_state(tx, document.document_id, state, Some(reason), now).await
}

async fn lock_writable(tx: &mut ClientTx, who: &Who, id: DocumentId) -> Result<Document> {
    let document = document::find(tx, who, id).await?;
    base::find_writable(tx, who, document.base_id).await?;
    // one after the other: versions are counted
    if !store::lock_document(tx, id).await? {
        return Err(Error::NotFound("document"));
    }
    document::find(tx, who, id).await
}

async fn build(
    tx: &mut ClientTx,
    document: &Document,
    row: &store::NewRow<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let no = document.document_no;
    if let Some(waiting) = building(tx, no).await? {
        let failed = VersionState::Failed;
        store::set_version_state(tx, no, waiting.version, failed, Some(SUPERSEDED)).await?;
    }
    store::add_version(tx, no, row, now).await?;
    store::set_state(tx, document.document_id, State::Uploaded, None, now).await?;
    queue::enqueue(tx, Job::Ingest(document.document_id), now).await
}
