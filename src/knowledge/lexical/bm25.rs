//! BM25 over packed postings, with the formula and constants of Lucene and tantivy.

use super::postings::{self, Corrupt};

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// What is known of all chunks that are searched together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many chunks there are.
    pub chunks: u64,
    /// Their terms, repetitions counted.
    pub terms_total: u64,
}

/// A packed block of a query term's postings; `V` names the document version.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a, V> {
    /// Place of the term among the query's terms.
    pub term: usize,
    /// How much the term says, against the others: what its part of the score is multiplied by.
    pub weight: f32,
    /// Where the chunks are.
    pub version: V,
    /// What [`postings::pack`] wrote.
    pub packed: &'a [u8],
}

/// A chunk that contains a query term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<V> {
    /// The document version it belongs to.
    pub version: V,
    /// Its place therein.
    pub ordinal: u32,
    /// Higher is better; always above 0 with weights above 0.
    pub score: f32,
}

/// The `limit` best chunks, best first; equal scores in the order of version and ordinal. The
/// order of `rows` does not matter.
pub fn top<V: Copy + Ord>(
    mut rows: Vec<Row<'_, V>>,
    stats: Stats,
    limit: usize,
) -> Result<Vec<Hit<V>>, Corrupt> {
    let idf = inverse_frequencies(&rows, stats.chunks)?;
    let length_mean = stats.terms_total.max(1) as f32 / stats.chunks.max(1) as f32;
    rows.sort_by_key(|row| (row.version, row.term));
    let mut hits = Vec::new();
    let mut scores = Vec::new();
    for same_version in rows.chunk_by(|a, b| a.version == b.version) {
        add_up(same_version, &idf, length_mean, &mut scores)?;
        collect(same_version[0].version, &mut scores, &mut hits);
    }
    Ok(best(hits, limit))
}

/// The weight of each term: `ln(1 + (N - n + 0.5) / (n + 0.5))`.
fn inverse_frequencies<V>(rows: &[Row<'_, V>], chunks: u64) -> Result<Vec<f32>, Corrupt> {
    let terms = rows.iter().map(|row| row.term + 1).max().unwrap_or(0);
    let mut found = vec![0_u64; terms];
    for row in rows {
        found[row.term] += u64::from(postings::read(row.packed)?.left());
    }
    let weight = |&with: &u64| {
        let without = chunks.saturating_sub(with);
        (1.0 + (without as f32 + 0.5) / (with as f32 + 0.5)).ln()
    };
    Ok(found.iter().map(weight).collect())
}

/// Sums the terms of one version's chunks; `scores` is indexed by ordinal and comes in empty.
fn add_up<V>(
    rows: &[Row<'_, V>],
    idf: &[f32],
    length_mean: f32,
    scores: &mut Vec<f32>,
) -> Result<(), Corrupt> {
    for row in rows {
        for posting in postings::read(row.packed)? {
            let posting = posting?;
            let ordinal = posting.ordinal as usize;
            if scores.len() <= ordinal {
                scores.resize(ordinal + 1, 0.0);
            }
            let frequency = posting.frequency as f32;
            let length = posting.chunk_terms as f32 / length_mean;
            let saturated = frequency / (frequency + K1 * (1.0 - B + B * length));
            scores[ordinal] += row.weight * idf[row.term] * (K1 + 1.0) * saturated;
        }
    }
    Ok(())
}

fn collect<V: Copy>(version: V, scores: &mut Vec<f32>, hits: &mut Vec<Hit<V>>) {
    for (ordinal, score) in (0..).zip(scores.drain(..)) {
        if score > 0.0 {
            hits.push(Hit {
                version,
                ordinal,
                score,
            });
        }
    }
}

fn best<V: Ord>(mut hits: Vec<Hit<V>>, limit: usize) -> Vec<Hit<V>> {
    let order = |a: &Hit<V>, b: &Hit<V>| {
        let place = |hit: &Hit<V>| hit.ordinal;
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.version.cmp(&b.version))
            .then(place(a).cmp(&place(b)))
    };
    if limit < hits.len() {
        hits.select_nth_unstable_by(limit, order);
        hits.truncate(limit);
    }
    hits.sort_unstable_by(order);
    hits
}
