//! Documents and their versions on the wire.

use poem_openapi::{Multipart, Object, types::multipart::Upload};
use time::OffsetDateTime;

use super::{SentChunk, SentChunks};
use crate::{
    http::paging::Place,
    ids::{BaseId, DocumentId},
    knowledge::{
        document::{Change, Document, PageError, State},
        version::{Cut, DocumentVersion, VersionState},
    },
};

/// A document as a file.
#[derive(Multipart)]
pub struct DocumentFile {
    /// The file; its name says what it is.
    pub file: Upload,
    /// How long chunks are to be, in Latin letters (a Chinese character counts as two): 100 to 4,000.
    pub chunk_chars: Option<u32>,
    /// The chunks, when the sender has cut the document: at most 10,000 in 16 MiB of JSON, taken as
    /// they are.
    pub chunks: Option<SentChunks>,
}

/// A document as an address.
#[derive(Object)]
#[oai(example)]
pub struct DocumentAddress {
    /// An http or https address of the public internet.
    pub url: String,
}

/// Addresses of documents.
#[derive(Object)]
#[oai(example)]
pub struct DocumentAddresses {
    /// http or https addresses of the public internet, 1 to 100. Together they have 300 seconds and as
    /// many bytes as one document.
    pub urls: Vec<String>,
}

/// Documents that take the place of others.
#[derive(Object)]
#[oai(rename = "Replacement", example)]
pub struct ReplacementBody {
    /// The documents, in the order in which they came.
    pub items: Vec<DocumentBody>,
}

impl From<Vec<Document>> for ReplacementBody {
    fn from(documents: Vec<Document>) -> Self {
        let items = documents.into_iter().map(Into::into);
        Self {
            items: items.collect(),
        }
    }
}

/// A document.
#[derive(Object)]
#[oai(example)]
pub struct DocumentBody {
    /// Its id.
    pub id: DocumentId,
    /// Its knowledge base.
    pub knowledge_base_id: BaseId,
    /// Its name, unique in its base.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: i64,
    /// Where it was fetched from.
    pub source_url: Option<String>,
    /// How far it has come.
    pub state: State,
    /// Why it failed; with `ready`, why a newer version did.
    pub reason: Option<String>,
    /// Its pages, for formats that have some.
    pub pages: Option<i32>,
    /// Pages that could not be read; the others were.
    pub page_errors: Vec<PageError>,
    /// Its chunks.
    pub chunks: i32,
    /// The version that is searched; 0 until there is one. What stands here besides `state` and
    /// `reason`, which are those of the newest version, is of this one.
    pub version: i32,
    /// Whether it is found.
    pub enabled: bool,
    /// When it was taken in.
    pub created_at: OffsetDateTime,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        Self {
            id: document.document_id,
            knowledge_base_id: document.base_id,
            name: document.name,
            media_type: document.media_type,
            bytes: document.bytes,
            source_url: document.source_url,
            state: document.state,
            reason: document.reason,
            pages: document.pages,
            page_errors: document.page_errors.0,
            chunks: document.chunks,
            version: document.version,
            enabled: document.enabled,
            created_at: document.created_at,
        }
    }
}

/// Where a document stands in a list.
pub fn place_of_document(document: &Document) -> Place {
    Place {
        at: document.created_at,
        id: document.document_id.0,
    }
}

/// How far a document has come. The event is `progress`, the last one `done`.
#[derive(Object, PartialEq, Clone)]
#[oai(example)]
pub struct DocumentProgress {
    /// How far it has come.
    pub state: State,
    /// Why it failed.
    pub reason: Option<String>,
    /// Steps of the present state that are done.
    pub done: i32,
    /// Steps that it has; 0 when that is not known.
    pub total: i32,
}

impl From<&Document> for DocumentProgress {
    fn from(document: &Document) -> Self {
        Self {
            state: document.state,
            reason: document.reason.clone(),
            done: document.progress_done,
            total: document.progress_total,
        }
    }
}

/// What is to change in a document.
#[derive(Object)]
#[oai(example)]
pub struct DocumentChange {
    /// Its name, unique in its base.
    pub name: Option<String>,
    /// Whether it is found: one that is not is neither found nor cited.
    pub enabled: Option<bool>,
}

impl From<DocumentChange> for Change {
    fn from(change: DocumentChange) -> Self {
        Self {
            name: change.name,
            enabled: change.enabled,
        }
    }
}

/// How a document is to be read anew.
#[derive(Object)]
#[oai(example)]
pub struct Rebuild {
    /// How long chunks are to be, in Latin letters (a Chinese character counts as two): 100 to 4,000;
    /// as before when absent.
    pub chunk_chars: Option<u32>,
    /// Cut it here, although its sender did before.
    #[oai(default)]
    pub recut: bool,
    /// The chunks, when the sender has cut it: at most 10,000, taken as they are.
    pub chunks: Option<Vec<SentChunk>>,
}

impl From<Rebuild> for Cut {
    fn from(rebuild: Rebuild) -> Self {
        Self {
            chunk_chars: rebuild.chunk_chars,
            recut: rebuild.recut,
            chunks: rebuild
                .chunks
                .map(|chunks| chunks.into_iter().map(Into::into).collect()),
        }
    }
}

/// The versions of a document.
#[derive(Object)]
#[oai(example)]
pub struct DocumentVersions {
    /// The newest first.
    pub items: Vec<DocumentVersionBody>,
}

/// A version of a document.
#[derive(Object)]
#[oai(rename = "DocumentVersion", example)]
pub struct DocumentVersionBody {
    /// Its number, counted from 1.
    pub version: i32,
    /// What has become of it.
    pub state: VersionState,
    /// Why it failed.
    pub reason: Option<String>,
    /// What its file was called.
    pub file_name: String,
    /// How many bytes it has.
    pub bytes: i64,
    /// What its sender says it is.
    pub media_type: String,
    /// Where it was fetched from.
    pub source_url: Option<String>,
    /// Its pages, for formats that have some.
    pub pages: Option<i32>,
    /// Pages that could not be read; the others were.
    pub page_errors: Vec<PageError>,
    /// Its chunks.
    pub chunks: i32,
    /// How long they were asked to be; null = as always.
    pub chunk_chars: Option<i32>,
    /// Whether its sender cut them.
    pub custom: bool,
    /// When it was taken in.
    pub created_at: OffsetDateTime,
}

impl From<DocumentVersion> for DocumentVersionBody {
    fn from(version: DocumentVersion) -> Self {
        Self {
            version: version.version,
            state: version.state,
            reason: version.reason,
            file_name: version.file_name,
            bytes: version.bytes,
            media_type: version.media_type,
            source_url: version.source_url,
            pages: version.pages,
            page_errors: version.page_errors.0,
            chunks: version.chunks,
            chunk_chars: version.chunk_chars,
            custom: version.custom,
            created_at: version.created_at,
        }
    }
}
