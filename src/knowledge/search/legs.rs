//! The two ways a chunk is found: by its words and by its meaning.

use std::collections::HashMap;

use super::{
    QuestionVector,
    reads::{self, Place},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::BaseNo,
    knowledge::lexical::{
        bm25::{self, Row, Stats},
        words::QueryTerm,
    },
};

/// Up to so many chunks in the bases asked, comparing the question with each of them is the best
/// there is: nothing is missed, and it takes milliseconds (0.3 microseconds a chunk at 384
/// dimensions).
pub const EXACT_CHUNKS_MAX: u64 = 20_000;

/// The best chunks by BM25. Bases that are searched together are weighed as one.
pub async fn lexical(
    tx: &mut ClientTx,
    bases: &[BaseNo],
    terms: &[QueryTerm],
    stats: Stats,
    limit: usize,
) -> Result<Vec<(Place, f32)>> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let words: Vec<&str> = terms.iter().map(|asked| asked.term.as_str()).collect();
    let blocks = reads::postings(tx, bases, &words).await?;
    let places: HashMap<&str, usize> = words.into_iter().zip(0..).collect();
    let rows = blocks.iter().filter_map(|block| {
        let &term = places.get(block.term.as_str())?;
        Some(Row {
            term,
            weight: terms[term].weight,
            version: (block.document, block.version),
            packed: &block.packed,
        })
    });
    let hits = bm25::top(rows.collect(), stats, limit).map_err(Error::internal)?;
    let place = |hit: &bm25::Hit<_>| Place::new(hit.version, hit.ordinal);
    Ok(hits.iter().map(|hit| (place(hit), hit.score)).collect())
}

/// The nearest chunks by cosine similarity.
pub async fn vector(
    tx: &mut ClientTx,
    bases: &[BaseNo],
    question: &QuestionVector,
    stats: Stats,
    limit: usize,
) -> Result<Vec<(Place, f32)>> {
    if stats.chunks > EXACT_CHUNKS_MAX {
        // the place where a base with an index of its own leaves for that index; without one the
        // exact scan is slow but right
        tracing::debug!(chunks = stats.chunks, "an exact scan of a large base");
    }
    reads::nearest_exact(tx, bases, question, limit).await
}
