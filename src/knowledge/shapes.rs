//! What knowledge looks like on the wire.

use poem_openapi::{Multipart, Object, types::multipart::Upload};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    base::{CountedBase, NoAnswer},
    document::{Document, PageError, State, TextWindow},
    search::Passage,
    store::ChunkRow,
};
use crate::{
    http::paging::Place,
    identity::Who,
    ids::{BaseId, ChunkId, DocumentId},
};

/// A knowledge base to be made.
#[derive(Object)]
#[oai(example)]
pub struct NewKnowledgeBase {
    /// 1 to 100 letters, digits, `_`, `-` or `.`; unique among the bases of the same owner.
    pub name: String,
    /// For people, at most 200 characters.
    #[oai(default)]
    pub title: String,
    /// What is in it, at most 2,000 characters.
    #[oai(default)]
    pub description: String,
    /// What is said when nothing was found for a question; `refuse` unless said otherwise.
    pub no_answer: Option<NoAnswer>,
    /// Make it the client's, not your own: for managers and keys with `knowledge:write`.
    #[oai(default)]
    pub shared: bool,
}

/// What is to change.
#[derive(Object)]
#[oai(example)]
pub struct KnowledgeBaseChange {
    /// For people.
    pub title: Option<String>,
    /// What is in it.
    pub description: Option<String>,
    /// What is said when nothing was found.
    pub no_answer: Option<NoAnswer>,
}

/// Whose a base is.
#[derive(Clone, Copy, poem_openapi::Enum)]
#[oai(rename_all = "snake_case")]
pub enum Owner {
    /// The client's: all its users read it.
    Client,
    /// Your own.
    User,
}

/// A knowledge base.
#[derive(Object)]
#[oai(example)]
pub struct KnowledgeBase {
    /// Its id.
    pub id: BaseId,
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// What is in it.
    pub description: String,
    /// Whose it is.
    pub owner: Owner,
    /// Whether you may change it.
    pub writable: bool,
    /// What is said when nothing was found.
    pub no_answer: NoAnswer,
    /// Documents in it.
    pub documents: i64,
    /// Chunks that are searched.
    pub chunks: i64,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl KnowledgeBase {
    /// As the caller sees it.
    pub fn new(counted: CountedBase, who: &Who) -> Self {
        let writable = counted.base.is_writable(who);
        let base = counted.base;
        Self {
            id: base.base_id,
            name: base.name,
            title: base.title,
            description: base.description,
            owner: if base.owner_id.is_some() {
                Owner::User
            } else {
                Owner::Client
            },
            writable,
            no_answer: base.no_answer,
            documents: counted.documents,
            chunks: counted.chunks,
            created_at: base.created_at,
        }
    }
}

/// Where a base stands in a list.
pub fn place_of_base(counted: &CountedBase) -> Place {
    Place {
        at: counted.base.created_at,
        id: counted.base.base_id.0,
    }
}

/// A document as a file.
#[derive(Multipart)]
pub struct DocumentFile {
    /// The file; its name says what it is.
    pub file: Upload,
}

/// A document as an address.
#[derive(Object)]
#[oai(example)]
pub struct DocumentAddress {
    /// An http or https address of the public internet.
    pub url: String,
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
    /// Why it failed.
    pub reason: Option<String>,
    /// Its pages, for formats that have some.
    pub pages: Option<i32>,
    /// Pages that could not be read; the others were.
    pub page_errors: Vec<PageError>,
    /// Its chunks.
    pub chunks: i32,
    /// The version that is searched; 0 until there is one.
    pub version: i32,
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
    /// Its place among the chunks of the document, from 0.
    pub ordinal: i32,
    /// Where it begins in the text, in code points.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
    /// The page it begins on.
    pub page: Option<i32>,
    /// The headings above it.
    pub context: String,
    /// Its text.
    pub text: String,
}

impl From<ChunkRow> for ChunkBody {
    fn from(row: ChunkRow) -> Self {
        Self {
            id: row.chunk_id,
            ordinal: row.ordinal,
            start: row.start_cp,
            end: row.end_cp,
            page: row.page,
            context: row.context,
            text: row.text,
        }
    }
}

/// Where a chunk stands in a list: behind its ordinal.
pub fn place_of_chunk(row: &ChunkRow) -> Place {
    Place {
        at: OffsetDateTime::UNIX_EPOCH,
        id: Uuid::from_u128(row.ordinal as u128),
    }
}

/// What to search for.
#[derive(Object)]
#[oai(example)]
pub struct SearchRequest {
    /// A question or words, 1 to 8,000 characters.
    pub query: String,
    /// Passages at most, 1 to 100; 10 unless said otherwise.
    pub limit: Option<u32>,
    /// The vector of the question, when the caller has it; made by the server otherwise.
    pub vector: Option<Vec<f32>>,
    /// Say where each score comes from.
    #[oai(default)]
    pub explain: bool,
}

/// What was found, best first.
#[derive(Object)]
#[oai(example)]
pub struct SearchResult {
    /// The passages.
    pub passages: Vec<PassageBody>,
}

/// A passage.
#[derive(Object)]
pub struct PassageBody {
    /// The chunk.
    pub chunk_id: ChunkId,
    /// The document.
    pub document_id: DocumentId,
    /// The document's name.
    pub document_name: String,
    /// The version of the document.
    pub version: i32,
    /// Where it begins in the text, in code points.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
    /// The page it begins on.
    pub page: Option<i32>,
    /// Its text.
    pub text: String,
    /// 0 to 1; comparable within one search.
    pub score: f32,
    /// Where the score comes from, when asked for.
    pub explain: Option<ExplainBody>,
}

/// Where a score comes from.
#[derive(Object)]
pub struct ExplainBody {
    /// BM25, if a word of the question stands in the chunk.
    pub lexical: Option<f32>,
    /// Cosine similarity, if the chunk is among the nearest.
    pub vector: Option<f32>,
    /// What the words counted.
    pub lexical_weight: f32,
    /// What the vector counted: 0 when the embedder does not know the language of the question.
    pub vector_weight: f32,
}

impl PassageBody {
    /// As it was found.
    pub fn new(passage: Passage, explain: bool) -> Self {
        let why = passage.explain;
        Self {
            chunk_id: passage.chunk,
            document_id: passage.document,
            document_name: passage.document_name,
            version: passage.version,
            start: passage.span.start,
            end: passage.span.end,
            page: passage.page,
            text: passage.text,
            score: passage.score,
            explain: explain.then_some(ExplainBody {
                lexical: why.lexical,
                vector: why.vector,
                lexical_weight: why.weights.lexical,
                vector_weight: why.weights.vector,
            }),
        }
    }
}
