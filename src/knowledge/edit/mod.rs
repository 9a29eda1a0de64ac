//! Chunks in people's hands: read, rewritten, switched off and on, added. What is changed is found as
//! it now is from the same commit on.
//!
//! The text of a version stays as it was read: an edited chunk keeps its place in it and says something
//! else there. Edits belong to their version; the next one is cut out of its own bytes.

mod found;
mod texts;

use self::{
    found::{embedded, hash, index, searched, vector},
    texts::{checked, checked_context, checked_text},
};
use super::{base, chunk::Chunk, document, search::Version, store};
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    http::revision::IfMatch,
    identity::Who,
    ids::{BaseId, BaseNo, ChunkId, DocumentId, DocumentNo},
};

/// Where a chunk comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "ChunkOrigin", rename_all = "snake_case")]
pub enum Origin {
    /// Out of the document, word for word.
    Extracted,
    /// Out of the document, and rewritten.
    Edited,
    /// Written by hand.
    Added,
}

/// A chunk with what its document and base say about it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct StoredChunk {
    /// Its id.
    pub chunk_id: ChunkId,
    /// Its document.
    pub document_id: DocumentId,
    /// The number of its document.
    pub document_no: DocumentNo,
    /// Its base.
    pub base_id: BaseId,
    /// The number of its base.
    pub base_no: BaseNo,
    /// The version it belongs to.
    pub version: i32,
    /// The version that is searched.
    pub searched_version: i32,
    /// Whether its document is found.
    pub document_enabled: bool,
    /// Its place among the chunks.
    pub ordinal: i32,
    /// Where it begins in the text, in code points.
    pub start_cp: i32,
    /// Where it ends.
    pub end_cp: i32,
    /// The page it begins on.
    pub page: Option<i32>,
    /// The headings above it.
    pub context: String,
    /// Its text.
    pub text: String,
    /// What its sender says about it.
    pub metadata: Option<serde_json::Value>,
    /// Whether it is found.
    pub enabled: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// Counts its changes, from 1.
    pub revision: i32,
}

/// What is to change in a chunk.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Its text.
    pub text: Option<String>,
    /// The headings above it.
    pub context: Option<String>,
    /// Whether it is found.
    pub enabled: Option<bool>,
}

impl StoredChunk {
    fn searched(&self) -> Chunk {
        searched(&self.context, &self.text)
    }

    fn version(&self) -> Version {
        Version {
            base: self.base_no,
            document: self.document_no,
            number: self.version,
        }
        .parked_unless(self.document_enabled)
    }

    fn check_current(&self) -> Result<()> {
        if self.version == self.searched_version {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "This chunk belongs to version {}, which is kept to be read; version {} is searched. Edit a chunk of that one.",
            self.version, self.searched_version
        )))
    }

    /// As it is to be.
    fn changed(&self, change: &Change) -> Self {
        let mut after = self.clone();
        after.text = change.text.clone().unwrap_or(after.text);
        after.context = change.context.clone().unwrap_or(after.context);
        after.enabled = change.enabled.unwrap_or(after.enabled);
        let rewritten = after.text != self.text || after.context != self.context;
        if rewritten && self.origin == Origin::Extracted {
            after.origin = Origin::Edited;
        }
        after
    }
}

/// The chunk, when the caller may read its base.
pub async fn find(tx: &mut ClientTx, who: &Who, id: ChunkId) -> Result<StoredChunk> {
    who.needs_read()?;
    store::chunk(tx, who.user_id(), id)
        .await?
        .ok_or(Error::NotFound("chunk"))
}

/// The chunks of a version, the current one unless said otherwise, behind a place.
pub async fn list(
    tx: &mut ClientTx,
    who: &Who,
    id: DocumentId,
    version: Option<i32>,
    (after, rows): (i32, i64),
) -> Result<Vec<StoredChunk>> {
    let document = document::find(tx, who, id).await?;
    if let Some(version) = version {
        super::version::find(tx, &document, Some(version)).await?;
    }
    let version = version.unwrap_or(document.version);
    store::chunks(tx, document.document_no, version, after, rows).await
}

/// Rewrites a chunk, or has it found or not.
///
/// # Errors
/// `Invalid` for a text that cannot be or when nothing is to change, `Stale` when the chunk is not as
/// the caller saw it, `Conflict` for one of an old version.
pub async fn change(
    app: &App,
    who: &Who,
    id: ChunkId,
    seen: IfMatch,
    change: Change,
) -> Result<StoredChunk> {
    let change = checked(change)?;
    let mut tx = app.db.client(who.client).await?;
    let before = find_to_change(&mut tx, who, id, seen).await?;
    drop(tx);
    let after = before.changed(&change);
    if after == before {
        return Ok(before);
    }
    // may go over the network: not inside the transaction
    let vector = vector(app, who.client, &after).await?;
    let mut tx = app.db.client(who.client).await?;
    store::lock_document(&mut tx, before.document_id).await?;
    if find_to_change(&mut tx, who, id, seen).await? != before {
        return Err(stale());
    }
    store::change_chunk(&mut tx, &after, &after.searched().searched_hash()).await?;
    index(&mut tx, Some(&before), Some(&after), vector.as_ref()).await?;
    let changed = find(&mut tx, who, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Adds a chunk to the version that is searched.
///
/// # Errors
/// `Invalid` for a text that cannot be, `Conflict` while nothing of the document is searched,
/// `TooLarge` when the base is full.
pub async fn add(
    app: &App,
    who: &Who,
    id: DocumentId,
    (text, context): (String, String),
    chunks_max: i64,
) -> Result<StoredChunk> {
    let (text, context) = (checked_text(&text)?, checked_context(&context)?);
    let mut tx = app.db.client(who.client).await?;
    let document = document::find(&mut tx, who, id).await?;
    base::find_writable(&mut tx, who, document.base_id).await?;
    drop(tx);
    let (chunk_id, hash) = (ChunkId::new(app.clock.now()), hash(&context, &text));
    let vector = embedded(app, who.client, hash, &context, &text).await?;
    let mut tx = app.db.client(who.client).await?;
    store::lock_document(&mut tx, id).await?;
    let document = document::find(&mut tx, who, id).await?;
    if document.version == 0 {
        return Err(Error::Conflict(
            "The document has not been read yet: add chunks once it is ready.".into(),
        ));
    }
    base::check_room(&mut tx, document.base_no, 1, chunks_max).await?;
    let version = Version {
        base: document.base_no,
        document: document.document_no,
        number: document.version,
    };
    store::add_chunk(&mut tx, &version, chunk_id, (&context, &text), &hash).await?;
    store::add_to_chunks(&mut tx, document.document_no, 1).await?;
    let added = find(&mut tx, who, chunk_id).await?;
    index(&mut tx, None, Some(&added), vector.as_ref()).await?;
    tx.commit().await?;
    Ok(added)
}

/// Removes a chunk that was added. What was read out of the document is switched off instead: it comes
/// back with the next reading, so it must not seem to be gone.
///
/// # Errors
/// `Conflict` for a chunk that was not added, or one of an old version; `Stale` when it is not as the
/// caller saw it.
pub async fn remove(tx: &mut ClientTx, who: &Who, id: ChunkId, seen: IfMatch) -> Result<()> {
    let before = find_to_change(tx, who, id, seen).await?;
    store::lock_document(tx, before.document_id).await?;
    let before = match find_to_change(tx, who, id, seen).await? {
        now if now == before => now,
        _ => return Err(stale()),
    };
    if before.origin != Origin::Added {
        return Err(Error::Conflict(
            "This chunk is part of the document: switch it off (enabled: false) instead.".into(),
        ));
    }
    index(tx, Some(&before), None, None).await?;
    store::remove_chunk(tx, id).await?;
    store::add_to_chunks(tx, before.document_no, -1).await
}

async fn find_to_change(
    tx: &mut ClientTx,
    who: &Who,
    id: ChunkId,
    seen: IfMatch,
) -> Result<StoredChunk> {
    let chunk = find(tx, who, id).await?;
    base::find_writable(tx, who, chunk.base_id).await?;
    chunk.check_current()?;
    if !seen.is(chunk.revision) {
        return Err(stale());
    }
    Ok(chunk)
}

fn stale() -> Error {
    Error::Stale("The chunk was changed since you read it. Read it again, then change it.".into())
}
