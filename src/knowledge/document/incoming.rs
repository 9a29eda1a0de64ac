//! Documents on their way in: checked before they are kept, and what is done with a name that is taken.

use time::OffsetDateTime;

use super::{Document, find};
use crate::{
    blobs::{Hash, Staged},
    db::ClientTx,
    error::{Error, Result},
    identity::Who,
    ids::{BaseId, BaseNo, DocumentId, ReplacementId},
    knowledge::{
        base,
        custom::{self, CustomChunk},
        extract,
        store::{self, NewRow},
        version::{self, VersionState},
    },
    queue::{self, Job},
};

/// A document that is being taken in.
pub struct NewDocument {
    name: String,
    media_type: String,
    source_url: Option<String>,
    staged: Staged,
    chunk_chars: Option<i32>,
    custom: Option<Vec<CustomChunk>>,
}

/// One whose bytes are kept.
pub struct KeptDocument {
    name: String,
    media_type: String,
    source_url: Option<String>,
    chunk_chars: Option<i32>,
    custom: Option<Vec<CustomChunk>>,
    hash: Hash,
    bytes: i64,
}

impl NewDocument {
    /// Refuses what could not be read anyway, before it is kept.
    ///
    /// # Errors
    /// `Invalid` for an empty document or a name that is none, `Unsupported` for a format that is
    /// not read.
    pub async fn checked(
        name: &str,
        media_type: String,
        source_url: Option<String>,
        staged: Staged,
    ) -> Result<Self> {
        let name = extract::clean_file_name(name)?;
        let head = staged.head(extract::HEAD_BYTES).await?;
        extract::kind(&name, Some(&media_type), &head)?;
        Ok(Self {
            name,
            media_type,
            source_url,
            staged,
            chunk_chars: None,
            custom: None,
        })
    }

    /// With chunks of about this length.
    ///
    /// # Errors
    /// `Invalid` for a length that chunks cannot have.
    pub fn cut_into(mut self, chunk_chars: Option<u32>) -> Result<Self> {
        self.chunk_chars = version::check_chunk_chars(chunk_chars)?;
        Ok(self)
    }

    /// With chunks that its sender cut.
    ///
    /// # Errors
    /// `Invalid` and `TooLarge` for chunks that cannot be.
    pub fn cut_as(mut self, chunks: Option<Vec<CustomChunk>>) -> Result<Self> {
        self.custom = chunks.map(custom::checked).transpose()?;
        Ok(self)
    }

    /// What it will be called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.staged.bytes
    }

    /// Under another name.
    ///
    /// # Errors
    /// `Invalid` for a name that is none.
    pub fn named(mut self, name: &str) -> Result<Self> {
        self.name = extract::clean_file_name(name)?;
        Ok(self)
    }

    /// Keeps its bytes in the caller's commit.
    pub async fn keep(self, tx: &mut ClientTx, now: OffsetDateTime) -> Result<KeptDocument> {
        let bytes = i64::try_from(self.staged.bytes).map_err(Error::internal)?;
        Ok(KeptDocument {
            hash: self.staged.keep(tx, now).await?,
            bytes,
            name: self.name,
            media_type: self.media_type,
            source_url: self.source_url,
            chunk_chars: self.chunk_chars,
            custom: self.custom,
        })
    }
}

impl KeptDocument {
    fn new_row(
        &self,
        id: DocumentId,
        base: BaseNo,
        replacement: Option<ReplacementId>,
    ) -> NewRow<'_> {
        NewRow {
            id,
            base,
            name: &self.name,
            media_type: &self.media_type,
            source_url: self.source_url.as_deref(),
            hash: &self.hash,
            bytes: self.bytes,
            chunk_chars: self.chunk_chars,
            replacement,
            custom: self.custom.as_deref(),
        }
    }

    /// As a version of a document.
    pub fn row(&self, document: &Document) -> NewRow<'_> {
        self.new_row(document.document_id, document.base_no, None)
    }
}

/// What to do with a document whose name is in use in its base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename_all = "snake_case")]
pub enum OnConflict {
    /// Refuse it.
    #[default]
    Refuse,
    /// Make it the next version of the one that is there, unless it has the same bytes.
    Replace,
    /// Leave the one that is there.
    Skip,
}

/// What became of a document that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename_all = "snake_case")]
pub enum Outcome {
    /// It is a new one.
    Added,
    /// It is the next version of one that was there.
    Replaced,
    /// The same bytes were there already.
    Unchanged,
    /// One of its name was there, and stays.
    Skipped,
}

/// Takes a document in: row, bytes and job are there together or not at all.
///
/// # Errors
/// `Taken` when the base holds a document of this name.
pub async fn add(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    new: NewDocument,
    now: OffsetDateTime,
) -> Result<Document> {
    let base = base::find_writable(tx, who, base).await?;
    let id = take_in(tx, base.base_no, new, None, now).await?;
    find(tx, who, id).await
}

/// Takes a document in, alone or to wait with others.
pub(in crate::knowledge) async fn take_in(
    tx: &mut ClientTx,
    base: BaseNo,
    new: NewDocument,
    replacement: Option<ReplacementId>,
    now: OffsetDateTime,
) -> Result<DocumentId> {
    let kept = new.keep(tx, now).await?;
    let row = kept.new_row(DocumentId::new(now), base, replacement);
    let document = store::add_document(tx, &row, now).await?;
    store::add_version(tx, document, &row, now).await?;
    queue::enqueue(tx, Job::Ingest(row.id), now).await?;
    Ok(row.id)
}

/// Takes a document in, whether or not the base holds one of this name.
///
/// # Errors
/// `Taken` when it does and that is to be refused.
pub async fn put(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    new: NewDocument,
    on_conflict: OnConflict,
    now: OffsetDateTime,
) -> Result<(Document, Outcome)> {
    let held = base::find_writable(tx, who, base).await?;
    let there = match on_conflict {
        OnConflict::Refuse => None,
        OnConflict::Replace | OnConflict::Skip => {
            store::document_named(tx, held.base_no, &new.name).await?
        }
    };
    let Some(id) = there else {
        let document = add(tx, who, base, new, now).await?;
        return Ok((document, Outcome::Added));
    };
    let document = find(tx, who, id).await?;
    if on_conflict == OnConflict::Skip {
        return Ok((document, Outcome::Skipped));
    }
    let uncut = new.custom.is_none();
    if uncut && is_same(tx, &document, &new.staged.hash, new.chunk_chars).await? {
        return Ok((document, Outcome::Unchanged));
    }
    let document = version::add(tx, who, id, new, now).await?;
    Ok((document, Outcome::Replaced))
}

/// Whether a base has a document of this name with these bytes, which was not found to be unreadable.
pub async fn is_there(
    tx: &mut ClientTx,
    who: &Who,
    base: BaseId,
    name: &str,
    hash: &Hash,
) -> Result<bool> {
    let name = extract::clean_file_name(name)?;
    let base = base::find(tx, who, base).await?.base;
    let Some(id) = store::document_named(tx, base.base_no, &name).await? else {
        return Ok(false);
    };
    let document = find(tx, who, id).await?;
    is_same(tx, &document, hash, None).await
}

/// Whether the newest version has these bytes and settings and did not fail.
async fn is_same(
    tx: &mut ClientTx,
    document: &Document,
    hash: &Hash,
    chunk_chars: Option<i32>,
) -> Result<bool> {
    let versions = store::versions(tx, document.document_no).await?;
    Ok(versions.first().is_some_and(|newest| {
        newest.state != VersionState::Failed
            && !newest.custom
            && newest.blob_hash == hash
            && chunk_chars.is_none_or(|chars| newest.chunk_chars == Some(chars))
    }))
}
