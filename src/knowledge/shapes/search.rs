//! Searches on the wire.

use poem_openapi::Object;

use crate::{
    ids::{ChunkId, DocumentId},
    knowledge::search::Passage,
};

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
    /// What its sender says about it.
    pub metadata: Option<serde_json::Value>,
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
            metadata: passage.metadata,
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
