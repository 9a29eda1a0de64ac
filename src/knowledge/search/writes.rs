//! The statements that write.

use pgvector::HalfVector;

use super::Version;
use crate::{
    db::ClientTx,
    error::Result,
    ids::{BaseNo, DocumentNo},
    knowledge::lexical::postings::Block,
};

/// Blocks on their way into the table, column by column.
#[derive(Debug, Default)]
pub struct Blocks<'a> {
    terms: Vec<&'a str>,
    firsts: Vec<i32>,
    packed: Vec<Vec<u8>>,
}

impl<'a> Blocks<'a> {
    pub fn push(&mut self, term: &'a str, block: Block) {
        self.terms.push(term);
        self.firsts.push(block.first.cast_signed());
        self.packed.push(block.packed);
    }

    pub fn rows(&self) -> usize {
        self.terms.len()
    }
}

/// Takes a document out of the list of what is indexed, and says what it had there.
pub async fn take_indexed(
    tx: &mut ClientTx,
    document: DocumentNo,
) -> Result<Option<(BaseNo, i32, i64)>> {
    Ok(sqlx::query_as(
        "delete from document_index where client_no = $1 and document_no = $2
         returning base_no, chunks, terms_total",
    )
    .bind(tx.client())
    .bind(document)
    .fetch_optional(tx.conn())
    .await?)
}

/// Puts a document version on the list.
pub async fn put_indexed(
    tx: &mut ClientTx,
    version: Version,
    chunks: i32,
    terms_total: i64,
) -> Result<()> {
    sqlx::query(
        "insert into document_index (client_no, document_no, base_no, version, chunks, terms_total)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tx.client())
    .bind(version.document)
    .bind(version.base)
    .bind(version.number)
    .bind(chunks)
    .bind(terms_total)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says under which base a document is kept from now on, and what it has there; `None` if it is there
/// already or nowhere.
pub async fn move_indexed(
    tx: &mut ClientTx,
    document: DocumentNo,
    to: BaseNo,
) -> Result<Option<(i32, i64)>> {
    Ok(sqlx::query_as(
        "update document_index set base_no = $3 where client_no = $1 and document_no = $2 and base_no <> $3
         returning chunks, terms_total",
    )
    .bind(tx.client())
    .bind(document)
    .bind(to)
    .fetch_optional(tx.conn())
    .await?)
}

/// Moves the words and vectors of a document to another base.
pub async fn move_rows(tx: &mut ClientTx, document: DocumentNo, to: BaseNo) -> Result<()> {
    let client = tx.client();
    for statement in [
        "update posting set base_no = $3 where client_no = $1 and document_no = $2",
        "update chunk_vector set base_no = $3 where client_no = $1 and document_no = $2",
    ] {
        sqlx::query(statement)
            .bind(client)
            .bind(document)
            .bind(to)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Changes what a document has in the search.
pub async fn add_to_indexed(
    tx: &mut ClientTx,
    document: DocumentNo,
    chunks: i32,
    terms_total: i64,
) -> Result<()> {
    sqlx::query(
        "update document_index set chunks = chunks + $3, terms_total = terms_total + $4
         where client_no = $1 and document_no = $2",
    )
    .bind(tx.client())
    .bind(document)
    .bind(chunks)
    .bind(terms_total)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes all blocks of some terms of a version out of the table.
pub async fn take_blocks(
    tx: &mut ClientTx,
    version: Version,
    terms: &[&str],
) -> Result<Vec<(String, Vec<u8>)>> {
    Ok(sqlx::query_as(
        "delete from posting where client_no = $1 and base_no = $2 and term = any($3)
           and document_no = $4 and version = $5
         returning term, packed",
    )
    .bind(tx.client())
    .bind(version.base)
    .bind(terms)
    .bind(version.document)
    .bind(version.number)
    .fetch_all(tx.conn())
    .await?)
}

/// Removes the vectors of a chunk, whoever made them.
pub async fn delete_vector(tx: &mut ClientTx, version: Version, ordinal: i32) -> Result<()> {
    sqlx::query(
        "delete from chunk_vector
         where client_no = $1 and document_no = $2 and version = $3 and ordinal = $4",
    )
    .bind(tx.client())
    .bind(version.document)
    .bind(version.number)
    .bind(ordinal)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes all blocks of a document.
pub async fn delete_postings(tx: &mut ClientTx, document: DocumentNo) -> Result<()> {
    sqlx::query("delete from posting where client_no = $1 and document_no = $2")
        .bind(tx.client())
        .bind(document)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes all vectors of a document.
pub async fn delete_vectors(tx: &mut ClientTx, document: DocumentNo) -> Result<()> {
    sqlx::query("delete from chunk_vector where client_no = $1 and document_no = $2")
        .bind(tx.client())
        .bind(document)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Changes what a base contains.
pub async fn add_to_stats(
    tx: &mut ClientTx,
    base: BaseNo,
    chunks: i64,
    terms_total: i64,
) -> Result<()> {
    sqlx::query(
        "insert into base_stats (client_no, base_no, chunks, terms_total) values ($1, $2, 0, 0)
         on conflict do nothing",
    )
    .bind(tx.client())
    .bind(base)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update base_stats set chunks = chunks + $3, terms_total = terms_total + $4
         where client_no = $1 and base_no = $2",
    )
    .bind(tx.client())
    .bind(base)
    .bind(chunks)
    .bind(terms_total)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes blocks of a document version.
pub async fn put_blocks(tx: &mut ClientTx, version: Version, blocks: Blocks<'_>) -> Result<()> {
    sqlx::query(
        "insert into posting
           (client_no, base_no, document_no, version, term, first_ordinal, packed)
         select $1, $2, $3, $4, term, first_ordinal, packed
         from unnest($5::text[], $6::int[], $7::bytea[]) as row (term, first_ordinal, packed)",
    )
    .bind(tx.client())
    .bind(version.base)
    .bind(version.document)
    .bind(version.number)
    .bind(blocks.terms)
    .bind(blocks.firsts)
    .bind(blocks.packed)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes vectors of a document version.
pub async fn put_vectors(
    tx: &mut ClientTx,
    version: Version,
    embedder: &str,
    ordinals: &[i32],
    vectors: &[HalfVector],
) -> Result<()> {
    sqlx::query(
        "insert into chunk_vector
           (client_no, base_no, document_no, version, embedder, ordinal, embedding)
         select $1, $2, $3, $4, $5, ordinal, embedding
         from unnest($6::int[], $7::halfvec[]) as row (ordinal, embedding)",
    )
    .bind(tx.client())
    .bind(version.base)
    .bind(version.document)
    .bind(version.number)
    .bind(embedder)
    .bind(ordinals)
    .bind(vectors)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes all that is searched of a base.
pub async fn delete_base(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    let client = tx.client();
    for statement in [
        "delete from posting where client_no = $1 and base_no = $2",
        "delete from chunk_vector where client_no = $1 and base_no = $2",
        "delete from document_index where client_no = $1 and base_no = $2",
        "delete from base_stats where client_no = $1 and base_no = $2",
    ] {
        sqlx::query(statement)
            .bind(client)
            .bind(base)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
