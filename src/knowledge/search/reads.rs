//! The statements that read. Each names the client and starts at an index.

use std::collections::HashMap;

use pgvector::HalfVector;
use sqlx::FromRow;

use super::{Explain, Passage, QuestionVector};
use crate::{
    db::ClientTx,
    error::Result,
    ids::{BaseNo, ChunkId, DocumentId, DocumentNo},
    knowledge::{
        chunk::TextHash,
        lexical::{
            bm25::Stats,
            fusion::{Scored, Weights},
        },
    },
};

/// All blocks of some terms in some bases.
pub const POSTINGS: &str = "select term, document_no, version, packed from posting
     where client_no = $1 and base_no = any($2) and term = any($3)";

/// The chunks of some bases by their distance to a vector.
pub const NEAREST_EXACT: &str =
    "select document_no, version, ordinal, embedding <=> $4 as distance from chunk_vector
     where client_no = $1 and base_no = any($2) and embedder = $3
     order by distance, document_no, ordinal limit $5";

/// The chunks at some places, with their documents.
pub const CHUNKS: &str =
    "select c.document_no, c.version, c.ordinal, c.chunk_id, d.document_id, d.name,
            c.start_cp, c.end_cp, c.page, c.context, c.text, c.metadata
     from unnest($2::bigint[], $3::int[], $4::int[]) as found (document_no, version, ordinal)
     join chunk c on c.client_no = $1 and c.document_no = found.document_no
       and c.version = found.version and c.ordinal = found.ordinal
     join document d on d.client_no = $1 and d.document_no = found.document_no";

/// A vector for each of some texts that has one.
pub const VECTORS_OF_TEXTS: &str = "select wanted.hash, known.embedding
     from unnest($3::bytea[]) as wanted (hash)
     cross join lateral (
       select v.embedding from chunk c
       join chunk_vector v on v.client_no = $1 and v.base_no = c.base_no and v.embedder = $2
         and v.document_no = c.document_no and v.version = c.version and v.ordinal = c.ordinal
       where c.client_no = $1 and c.text_hash = wanted.hash
       limit 1) as known";

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    document: DocumentNo,
    version: i32,
    ordinal: i32,
}

impl Place {
    /// Ordinals are far below the range of `int`.
    pub fn new((document, version): (DocumentNo, i32), ordinal: u32) -> Self {
        Self {
            document,
            version,
            ordinal: ordinal.cast_signed(),
        }
    }

    /// The document, and which of its versions.
    pub fn version(&self) -> (DocumentNo, i32) {
        (self.document, self.version)
    }
}

/// A stored block of postings.
#[derive(Debug, FromRow)]
pub struct TermBlock {
    pub term: String,
    #[sqlx(rename = "document_no")]
    pub document: DocumentNo,
    pub version: i32,
    pub packed: Vec<u8>,
}

/// A chunk with what a citation needs of its document.
#[derive(Debug, FromRow)]
pub struct ChunkRow {
    document_no: DocumentNo,
    version: i32,
    ordinal: i32,
    chunk_id: ChunkId,
    document_id: DocumentId,
    name: String,
    start_cp: i32,
    end_cp: i32,
    page: Option<i32>,
    context: String,
    text: String,
    metadata: Option<serde_json::Value>,
}

impl ChunkRow {
    fn place(&self) -> Place {
        Place {
            document: self.document_no,
            version: self.version,
            ordinal: self.ordinal,
        }
    }

    pub fn passage(self, scored: &Scored<Place>, weights: Weights) -> Passage {
        Passage {
            chunk: self.chunk_id,
            document: self.document_id,
            document_name: self.name,
            version: self.version,
            span: self.start_cp..self.end_cp,
            page: self.page,
            context: self.context,
            text: self.text,
            metadata: self.metadata,
            score: scored.score,
            explain: Explain {
                lexical: scored.lexical,
                vector: scored.vector,
                weights,
            },
        }
    }
}

/// What the bases contain together.
pub async fn stats(tx: &mut ClientTx, bases: &[BaseNo]) -> Result<Stats> {
    let (chunks, terms_total): (i64, i64) = sqlx::query_as(
        "select coalesce(sum(chunks), 0)::bigint, coalesce(sum(terms_total), 0)::bigint
         from base_stats where client_no = $1 and base_no = any($2)",
    )
    .bind(tx.client())
    .bind(bases)
    .fetch_one(tx.conn())
    .await?;
    Ok(Stats {
        chunks: chunks.unsigned_abs(),
        terms_total: terms_total.unsigned_abs(),
    })
}

/// All blocks of these terms.
pub async fn postings(
    tx: &mut ClientTx,
    bases: &[BaseNo],
    terms: &[&str],
) -> Result<Vec<TermBlock>> {
    Ok(sqlx::query_as(POSTINGS)
        .bind(tx.client())
        .bind(bases)
        .bind(terms)
        .fetch_all(tx.conn())
        .await?)
}

/// The chunks nearest to the question, out of all there are, with their cosine similarity.
pub async fn nearest_exact(
    tx: &mut ClientTx,
    bases: &[BaseNo],
    question: &QuestionVector,
    limit: usize,
) -> Result<Vec<(Place, f32)>> {
    let rows: Vec<(DocumentNo, i32, i32, f64)> = sqlx::query_as(NEAREST_EXACT)
        .bind(tx.client())
        .bind(bases)
        .bind(&question.embedder)
        .bind(HalfVector::from_f32_slice(&question.values))
        .bind(limit as i64)
        .fetch_all(tx.conn())
        .await?;
    let found = |(document, version, ordinal, distance)| {
        let place = Place {
            document,
            version,
            ordinal,
        };
        (place, (1.0_f64 - distance) as f32)
    };
    Ok(rows.into_iter().map(found).collect())
}

/// The chunks at these places, as far as they are there.
pub async fn chunks(tx: &mut ClientTx, places: &[Place]) -> Result<HashMap<Place, ChunkRow>> {
    let documents: Vec<DocumentNo> = places.iter().map(|place| place.document).collect();
    let versions: Vec<i32> = places.iter().map(|place| place.version).collect();
    let ordinals: Vec<i32> = places.iter().map(|place| place.ordinal).collect();
    let rows: Vec<ChunkRow> = sqlx::query_as(CHUNKS)
        .bind(tx.client())
        .bind(documents)
        .bind(versions)
        .bind(ordinals)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.place(), row)).collect())
}

/// The vectors that one embedder made of these texts before, as far as the client has them.
pub async fn vectors_of_texts(
    tx: &mut ClientTx,
    embedder: &str,
    hashes: &[TextHash],
) -> Result<HashMap<TextHash, Vec<f32>>> {
    tx.plan_by_values().await?;
    let rows: Vec<(TextHash, HalfVector)> = sqlx::query_as(VECTORS_OF_TEXTS)
        .bind(tx.client())
        .bind(embedder)
        .bind(hashes)
        .fetch_all(tx.conn())
        .await?;
    let full = |(hash, vector): (TextHash, HalfVector)| {
        let numbers = vector.as_slice().iter().map(|number| number.to_f32());
        (hash, numbers.collect())
    };
    Ok(rows.into_iter().map(full).collect())
}
