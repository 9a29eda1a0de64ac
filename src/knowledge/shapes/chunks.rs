//! Texts and chunks on the wire.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    http::paging::Place,
    ids::{ChunkId, DocumentId},
    knowledge::{
        document::TextWindow,
        edit::{Change, Origin, StoredChunk},
    },
};

/// A piece of the text of a document. Places are Unicode code points.
#[derive(Object)]
#[oai(example)]
pub struct DocumentText {
    /// The document.
    pub document_id: DocumentId,
    /// The version.
    pub version: i32,
    /// Where the piece begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Length of the whole text.
    pub total: u32,
    /// The piece.
    pub text: String,
}

impl DocumentText {
    /// As it is read.
    pub fn new(document_id: DocumentId, window: TextWindow) -> Self {
        Self {
            document_id,
            version: window.version,
            start: window.start,
            end: window.end,
            total: window.total,
            text: window.text,
        }
    }
}

/// A piece of a document, as it is searched.
#[derive(Object)]
#[oai(example)]
pub struct ChunkBody {
    /// Its id.
    pub id: ChunkId,
    /// Its document.
    pub document_id: DocumentId,
    /// The version it belongs to.
    pub version: i32,
    /// Its place among the chunks of the version, from 0.
    pub ordinal: i32,
    /// Where it begins in the text, in code points; the end of the text for one that was added.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
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
    /// Counts its changes, from 1; the ETag.
    pub revision: i32,
}

impl From<StoredChunk> for ChunkBody {
    fn from(chunk: StoredChunk) -> Self {
        Self {
            id: chunk.chunk_id,
            document_id: chunk.document_id,
            version: chunk.version,
            ordinal: chunk.ordinal,
            start: chunk.start_cp,
            end: chunk.end_cp,
            page: chunk.page,
            context: chunk.context,
            text: chunk.text,
            metadata: chunk.metadata,
            enabled: chunk.enabled,
            origin: chunk.origin,
            revision: chunk.revision,
        }
    }
}

/// Where a chunk stands in a list: behind its ordinal.
pub fn place_of_chunk(chunk: &StoredChunk) -> Place {
    Place {
        at: OffsetDateTime::UNIX_EPOCH,
        id: Uuid::from_u128(chunk.ordinal as u128),
    }
}

/// What is to change in a chunk.
#[derive(Object)]
#[oai(example)]
pub struct ChunkChange {
    /// Its text, 1 to 8,000 characters.
    pub text: Option<String>,
    /// The headings above it, at most 500 characters; searched with it.
    pub context: Option<String>,
    /// Whether it is found.
    pub enabled: Option<bool>,
}

impl From<ChunkChange> for Change {
    fn from(change: ChunkChange) -> Self {
        Self {
            text: change.text,
            context: change.context,
            enabled: change.enabled,
        }
    }
}

/// A chunk to add.
#[derive(Object)]
#[oai(example)]
pub struct NewChunk {
    /// Its text, 1 to 8,000 characters.
    pub text: String,
    /// What stands above it like a heading, at most 500 characters; searched with it.
    #[oai(default)]
    pub context: String,
}
