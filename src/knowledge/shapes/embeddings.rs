//! Texts and their vectors on the wire.

use poem_openapi::Object;

use crate::knowledge::embedding::Embedded;

/// Texts to be turned into vectors.
#[derive(Object)]
#[oai(example)]
pub struct EmbeddingRequest {
    /// 1 to 128 texts of 1 to 8,000 characters, at most 200,000 together.
    pub texts: Vec<String>,
    /// The model: the one that this server embeds with, which is also used when absent.
    pub model: Option<String>,
}

/// The vectors of texts.
#[derive(Object)]
#[oai(example)]
pub struct EmbeddingResult {
    /// The model and its version: vectors of different ones cannot be compared.
    pub model: String,
    /// One for each text, in their order, of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of the texts, as the server counts them.
    pub input_tokens: u32,
}

impl From<Embedded> for EmbeddingResult {
    fn from(embedded: Embedded) -> Self {
        Self {
            model: embedded.model,
            vectors: embedded.vectors,
            input_tokens: embedded.tokens,
        }
    }
}
