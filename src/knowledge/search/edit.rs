//! Puts a changed chunk into the search in place of what was there, within the commit that changes it.

use std::collections::{BTreeMap, BTreeSet};

use pgvector::HalfVector;

use super::{Version, index, writes};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    knowledge::lexical::{
        postings::{self, Posting},
        words::Term,
    },
};

/// What a chunk is found by from now on.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// Its words, repetitions included.
    pub terms: &'a [Term],
    /// The embedder and the vector, where there is one.
    pub vector: Option<(&'a str, &'a [f32])>,
}

/// Replaces what a chunk is found by. `before` are the words it was found by, empty if it was not;
/// `after` is `None` for a chunk that is not to be found any more.
pub async fn replace_chunk(
    tx: &mut ClientTx,
    version: Version,
    ordinal: i32,
    before: Option<&[Term]>,
    after: Option<Found<'_>>,
) -> Result<()> {
    let terms_after = after.as_ref().map_or(&[][..], |found| found.terms);
    let all = before.unwrap_or_default().iter().chain(terms_after);
    let all: BTreeSet<&str> = all.map(Term::as_str).collect();
    let mut postings = taken(tx, version, &all).await?;
    let ordinal_no = ordinal.unsigned_abs();
    let mut length_before = 0;
    for of_term in postings.values_mut() {
        if let Ok(at) = of_term.binary_search_by_key(&ordinal_no, |posting| posting.ordinal) {
            length_before = of_term.remove(at).chunk_terms;
        }
    }
    insert(&mut postings, ordinal_no, terms_after);
    put(tx, version, &postings).await?;
    writes::delete_vector(tx, version, ordinal).await?;
    if let Some((embedder, vector)) = after.as_ref().and_then(|found| found.vector) {
        let half = HalfVector::from_f32_slice(vector);
        writes::put_vectors(tx, version, embedder, &[ordinal], &[half]).await?;
    }
    let chunks = i64::from(after.is_some()) - i64::from(before.is_some());
    let terms_total = terms_after.len() as i64 - i64::from(length_before);
    writes::add_to_indexed(tx, version.document, chunks as i32, terms_total).await?;
    index::count(tx, version.base, chunks, terms_total).await
}

/// The postings of some terms in a version, out of the table.
async fn taken(
    tx: &mut ClientTx,
    version: Version,
    terms: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<Posting>>> {
    let terms: Vec<&str> = terms.iter().copied().collect();
    let mut found: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
    for (term, packed) in writes::take_blocks(tx, version, &terms).await? {
        let block = postings::unpack(&packed).map_err(Error::internal)?;
        found.entry(term).or_default().extend(block);
    }
    for postings in found.values_mut() {
        postings.sort_unstable_by_key(|posting| posting.ordinal);
    }
    Ok(found)
}

fn insert(postings: &mut BTreeMap<String, Vec<Posting>>, ordinal: u32, terms: &[Term]) {
    let chunk_terms = u32::try_from(terms.len()).unwrap_or(u32::MAX);
    let mut frequencies: BTreeMap<&str, u32> = BTreeMap::new();
    for term in terms {
        *frequencies.entry(term.as_str()).or_default() += 1;
    }
    for (term, frequency) in frequencies {
        let of_term = postings.entry(term.to_owned()).or_default();
        let at = of_term.partition_point(|posting| posting.ordinal < ordinal);
        of_term.insert(
            at,
            Posting {
                ordinal,
                frequency,
                chunk_terms,
            },
        );
    }
}

async fn put(
    tx: &mut ClientTx,
    version: Version,
    postings: &BTreeMap<String, Vec<Posting>>,
) -> Result<()> {
    let mut batch = writes::Blocks::default();
    for (term, postings) in postings {
        for block in postings::blocks(postings) {
            batch.push(term, block);
        }
    }
    writes::put_blocks(tx, version, batch).await
}
