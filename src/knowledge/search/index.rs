//! Puts document versions into the search and takes them out, within the commit that makes them
//! current or ends them.

use pgvector::HalfVector;

use super::writes;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::{BaseNo, DocumentNo},
    knowledge::lexical::postings::{self, Inverted, VERSION_CHUNKS_MAX},
};

/// Length of the longest vectors: a stored one has to fit into one page of the database.
pub const DIMENSIONS_MAX: usize = 3_900;

/// Rows of one insert: some hundred kilobytes.
const POSTING_BATCH_ROWS: usize = 5_000;
const VECTOR_BATCH_ROWS: usize = 500;

/// A version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Where it is searched.
    pub base: BaseNo,
    /// The document.
    pub document: DocumentNo,
    /// Its number, counted from 1.
    pub number: i32,
}

impl Version {
    /// Where it is kept when it is not to be found: under a base that no question names.
    #[must_use]
    pub fn parked_unless(self, enabled: bool) -> Self {
        let base = if enabled {
            self.base
        } else {
            parked(self.base)
        };
        Self { base, ..self }
    }
}

/// Numbers of bases are positive.
fn parked(base: BaseNo) -> BaseNo {
    BaseNo(-base.0.abs())
}

/// The vectors of a version's chunks, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Vectors<'a> {
    /// Who made them: [`crate::models::Embedder::id`].
    pub embedder: &'a str,
    /// One for each chunk.
    pub of_chunks: &'a [Vec<f32>],
}

/// Makes this version of the document the one that is searched, in place of any other. Its words were
/// cut outside the transaction.
///
/// # Errors
/// `TooLarge` above [`VERSION_CHUNKS_MAX`] chunks; `Internal` when the vectors do not fit them.
pub async fn index_version(
    tx: &mut ClientTx,
    version: Version,
    words: &Inverted,
    vectors: Option<Vectors<'_>>,
) -> Result<()> {
    check(words.chunks, vectors)?;
    let chunks = words.chunks as i64;
    let terms_total = words.terms_total.cast_signed();
    let before = take_out(tx, version.document).await?;
    writes::put_indexed(tx, version, chunks as i32, terms_total).await?;
    put_postings(tx, version, words).await?;
    if let Some(vectors) = vectors {
        put_vectors(tx, version, vectors).await?;
    }
    let (_, chunks_before, terms_before) = before.unwrap_or((version.base, 0, 0));
    // last, because the row is locked from here until the commit, and the base has only one
    let more_chunks = chunks - i64::from(chunks_before);
    count(tx, version.base, more_chunks, terms_total - terms_before).await
}

/// Takes a document out of what is found, or puts it back. Its words and vectors stay, so that this
/// is one commit whichever way.
pub async fn set_enabled(
    tx: &mut ClientTx,
    base: BaseNo,
    document: DocumentNo,
    enabled: bool,
) -> Result<()> {
    let to = if enabled { base } else { parked(base) };
    let Some((chunks, terms_total)) = writes::move_indexed(tx, document, to).await? else {
        return Ok(());
    };
    writes::move_rows(tx, document, to).await?;
    let sign = if enabled { 1 } else { -1 };
    writes::add_to_stats(tx, base, sign * i64::from(chunks), sign * terms_total).await
}

/// Takes a document out of the search. To be done before its row is deleted, in the same commit.
/// Nothing happens if it is not in it.
pub async fn drop_document(tx: &mut ClientTx, document: DocumentNo) -> Result<()> {
    if let Some((base, chunks, terms_total)) = take_out(tx, document).await? {
        count(tx, base, -i64::from(chunks), -terms_total).await?;
    }
    Ok(())
}

/// Takes all documents of a base out of the search. To be done before the base's row is deleted,
/// in the same commit.
pub async fn drop_base(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    for base in [base, parked(base)] {
        writes::delete_base(tx, base).await?;
    }
    Ok(())
}

/// What is parked is not counted: the base is as if it were not there.
pub(super) async fn count(
    tx: &mut ClientTx,
    base: BaseNo,
    chunks: i64,
    terms_total: i64,
) -> Result<()> {
    if base.0 < 0 {
        return Ok(());
    }
    writes::add_to_stats(tx, base, chunks, terms_total).await
}

fn check(chunks: usize, vectors: Option<Vectors<'_>>) -> Result<()> {
    if chunks > VERSION_CHUNKS_MAX as usize {
        return Err(Error::TooLarge(format!(
            "The document is too long: it has {chunks} pieces, at most {VERSION_CHUNKS_MAX} can be searched."
        )));
    }
    let Some(vectors) = vectors else {
        return Ok(());
    };
    let fits = |vector: &Vec<f32>| (1..=DIMENSIONS_MAX).contains(&vector.len());
    if vectors.of_chunks.len() != chunks || !vectors.of_chunks.iter().all(fits) {
        return Err(Error::Internal(anyhow::anyhow!(
            "{chunks} chunks got {} vectors of {}, each of 1 to {DIMENSIONS_MAX} numbers expected",
            vectors.of_chunks.len(),
            vectors.embedder,
        )));
    }
    Ok(())
}

async fn take_out(tx: &mut ClientTx, document: DocumentNo) -> Result<Option<(BaseNo, i32, i64)>> {
    let before = writes::take_indexed(tx, document).await?;
    if before.is_some() {
        writes::delete_postings(tx, document).await?;
        writes::delete_vectors(tx, document).await?;
    }
    Ok(before)
}

async fn put_postings(tx: &mut ClientTx, version: Version, words: &Inverted) -> Result<()> {
    let mut batch = writes::Blocks::default();
    for (term, postings) in &words.postings {
        for block in postings::blocks(postings) {
            batch.push(term.as_str(), block);
        }
        if batch.rows() >= POSTING_BATCH_ROWS {
            writes::put_blocks(tx, version, std::mem::take(&mut batch)).await?;
        }
    }
    writes::put_blocks(tx, version, batch).await
}

async fn put_vectors(tx: &mut ClientTx, version: Version, vectors: Vectors<'_>) -> Result<()> {
    let ordinals: Vec<i32> = (0..).take(vectors.of_chunks.len()).collect();
    let batches = vectors.of_chunks.chunks(VECTOR_BATCH_ROWS);
    for (ordinals, batch) in ordinals.chunks(VECTOR_BATCH_ROWS).zip(batches) {
        let halves = batch
            .iter()
            .map(|vector| HalfVector::from_f32_slice(vector));
        let halves: Vec<HalfVector> = halves.collect();
        writes::put_vectors(tx, version, vectors.embedder, ordinals, &halves).await?;
    }
    Ok(())
}
