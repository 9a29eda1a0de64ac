//! Finds the passages that answer a question: by words and by meaning, in one ranking.

mod edit;
mod index;
mod legs;
mod reads;
mod writes;

use std::{collections::HashMap, ops::Range};

pub use self::edit::{Found, replace_chunk};
pub use self::index::{
    DIMENSIONS_MAX, Vectors, Version, drop_base, drop_document, index_version, set_enabled,
};
pub use self::legs::EXACT_CHUNKS_MAX;
use self::reads::Place;
/// The hot statements, for a test that looks at their plans.
pub use self::reads::{CHUNKS, NEAREST_EXACT, POSTINGS, VECTORS_OF_TEXTS, vectors_of_texts};
use super::lexical::{
    fusion::{self, Scored, Weights},
    words::{self, QueryTerm},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::{BaseNo, ChunkId, DocumentId},
    models::{Embedder, Language},
};

/// Passages that one search returns at most.
pub const PASSAGES_MAX: usize = 100;

/// Chunks that each leg hands to the fusion, at least.
const CANDIDATES: usize = 100;

/// A chunk that shares no word with the question must be at least this similar to it (cosine):
/// there is always a nearest chunk, also for a question that no document answers. With the
/// built-in model 19 of 20 chunks taken at random out of a handbook stay below it.
pub const SIMILARITY_MIN: f32 = 0.3;

/// A question, ready to be searched for.
#[derive(Clone, Debug)]
pub struct Question {
    /// What its words are found by; empty for a text without a word, which finds nothing.
    pub terms: Vec<QueryTerm>,
    /// What it is asked in.
    pub language: Language,
    /// Its meaning; none without a word or without an embedder that understands the language.
    pub vector: Option<QuestionVector>,
}

/// The meaning of a question in the eyes of one embedder.
#[derive(Clone, Debug)]
pub struct QuestionVector {
    /// [`Embedder::id`]; only vectors of the same one are compared.
    pub embedder: String,
    /// The vector.
    pub values: Vec<f32>,
}

/// A chunk found for a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its document.
    pub document: DocumentId,
    /// The document's name.
    pub document_name: String,
    /// The version of the document.
    pub version: i32,
    /// Where it stands in the text of that version, in Unicode code points.
    pub span: Range<i32>,
    /// Page it begins on, counted from 1, if the document has pages.
    pub page: Option<i32>,
    /// The headings above it, and the head of a table that began before it.
    pub context: String,
    /// Its text.
    pub text: String,
    /// What its sender says about it.
    pub metadata: Option<serde_json::Value>,
    /// 0 to 1; comparable within one search only.
    pub score: f32,
    /// Where the score comes from.
    pub explain: Explain,
}

impl Passage {
    /// Where a part of its text, counted in code points, stands in the text of the version. A chunk
    /// that was edited says something else there: all of its place is meant then.
    pub fn place(&self, part: Range<usize>) -> Range<i32> {
        let length = self.span.end - self.span.start;
        if usize::try_from(length).ok() != Some(self.text.chars().count()) {
            return self.span.clone();
        }
        self.span.start + part.start as i32..self.span.start + part.end as i32
    }
}

/// How a score came about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Explain {
    /// BM25, if a word of the question stands in the chunk.
    pub lexical: Option<f32>,
    /// Cosine similarity, if it is one of the nearest.
    pub vector: Option<f32>,
    /// What each of them counted; the vector 0 when the embedder does not know the language.
    pub weights: Weights,
}

/// Makes a question out of a text. May go over the network: not inside a transaction.
///
/// # Errors
/// Those of the embedder; without it the question can still be searched for by its words.
pub async fn question(embedder: Option<&dyn Embedder>, text: &str) -> Result<Question> {
    let terms = words::query_terms(text);
    let language = fusion::language(text);
    let understands = |embedder: &&dyn Embedder| embedder.languages().contains(&language);
    let vector = match embedder.filter(understands) {
        Some(embedder) if !terms.is_empty() => Some(embed(embedder, text).await?),
        _ => None,
    };
    Ok(Question {
        terms,
        language,
        vector,
    })
}

async fn embed(embedder: &dyn Embedder, text: &str) -> Result<QuestionVector> {
    let vectors = embedder.embed(vec![text.to_owned()]).await?;
    let values = vectors.into_iter().next();
    let values = values
        .ok_or_else(|| Error::Upstream(anyhow::anyhow!("{} gave no vector", embedder.id())))?;
    Ok(QuestionVector {
        embedder: embedder.id().to_owned(),
        values,
    })
}

/// The best passages of these bases, best first, `limit` (at most [`PASSAGES_MAX`]) of them if
/// there are as many. Which bases the asker may read is for the caller to know.
pub async fn passages(
    tx: &mut ClientTx,
    bases: &[BaseNo],
    question: &Question,
    limit: usize,
) -> Result<Vec<Passage>> {
    if bases.is_empty() || question.terms.is_empty() && question.vector.is_none() {
        return Ok(Vec::new());
    }
    tx.plan_by_values().await?;
    let limit = limit.min(PASSAGES_MAX);
    let candidates = limit.max(CANDIDATES);
    let weights = weights(question);
    let stats = reads::stats(tx, bases).await?;
    let lexical = legs::lexical(tx, bases, &question.terms, stats, candidates).await?;
    let mut vector = match &question.vector {
        Some(vector) => legs::vector(tx, bases, vector, stats, candidates).await?,
        None => Vec::new(),
    };
    keep_versions(&lexical, &mut vector);
    let mut fused = fusion::fuse(&lexical, &vector, weights);
    fused.retain(is_near);
    fused.truncate(limit);
    read(tx, &fused, weights).await
}

/// The legs look one after the other, and a document may switch to its next version between the two.
/// What the first leg saw stays whole: of a document that it found in one version, the other version
/// is left out.
fn keep_versions(first: &[(Place, f32)], second: &mut Vec<(Place, f32)>) {
    let seen: HashMap<_, _> = first.iter().map(|(place, _)| place.version()).collect();
    second.retain(|(place, _)| {
        let (document, version) = place.version();
        seen.get(&document).is_none_or(|seen| *seen == version)
    });
}

fn weights(question: &Question) -> Weights {
    let understood = question.vector.as_ref().map(|_| question.language);
    Weights::default().for_question(question.language, understood.as_slice())
}

fn is_near(scored: &Scored<Place>) -> bool {
    scored.lexical.is_some() || scored.vector.is_some_and(|cosine| cosine >= SIMILARITY_MIN)
}

/// Fetches what was found. A document that went since the legs looked is left out.
async fn read(
    tx: &mut ClientTx,
    fused: &[Scored<Place>],
    weights: Weights,
) -> Result<Vec<Passage>> {
    if fused.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<Place> = fused.iter().map(|scored| scored.id).collect();
    let mut rows = reads::chunks(tx, &places).await?;
    let mut passages = Vec::with_capacity(rows.len());
    for scored in fused {
        if let Some(row) = rows.remove(&scored.id) {
            passages.push(row.passage(scored, weights));
        }
    }
    Ok(passages)
}
