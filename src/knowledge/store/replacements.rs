//! Statements of documents that wait to take the place of others.

use time::OffsetDateTime;

use crate::{
    db::{ClientTx, taken},
    error::Result,
    ids::{BaseNo, DocumentId, DocumentNo, ReplacementId},
    knowledge::document::State,
};

/// A document that waits with others.
#[derive(sqlx::FromRow)]
pub struct Waiting {
    pub document_id: DocumentId,
    pub document_no: DocumentNo,
    pub state: State,
    pub chunks: i32,
}

/// What a document waits with, and where.
pub async fn replacement_of(
    tx: &mut ClientTx,
    id: DocumentId,
) -> Result<Option<(ReplacementId, BaseNo)>> {
    let client = tx.client();
    let found: Option<(Option<ReplacementId>, BaseNo)> = sqlx::query_as(
        "select replacement_id, base_no from document where client_no = $1 and document_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.and_then(|(replacement, base)| Some((replacement?, base))))
}

/// All that wait together, in the order in which they came.
pub async fn waiting(
    tx: &mut ClientTx,
    base: BaseNo,
    replacement: ReplacementId,
) -> Result<Vec<Waiting>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select document_id, document_no, state, chunks from document
         where client_no = $1 and base_no = $2 and replacement_id = $3
         order by document_no",
    )
    .bind(client)
    .bind(base)
    .bind(replacement)
    .fetch_all(tx.conn())
    .await?)
}

/// A document that is to replace others, or does.
#[derive(sqlx::FromRow)]
pub struct Replacing {
    pub name: String,
    pub state: State,
    pub reason: Option<String>,
    pub waits: bool,
}

pub async fn replacing(tx: &mut ClientTx, documents: &[DocumentId]) -> Result<Vec<Replacing>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select name, state, reason, replacement_id is not null waits from document
         where client_no = $1 and document_id = any($2)",
    )
    .bind(client)
    .bind(documents)
    .fetch_all(tx.conn())
    .await?)
}

/// All documents of a base that came before this one, whether or not they are found.
pub async fn documents_before(
    tx: &mut ClientTx,
    base: BaseNo,
    first: DocumentNo,
) -> Result<Vec<(DocumentId, DocumentNo)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select document_id, document_no from document
         where client_no = $1 and base_no = $2 and document_no < $3",
    )
    .bind(client)
    .bind(base)
    .bind(first)
    .fetch_all(tx.conn())
    .await?)
}

/// Those that waited together wait no more.
pub async fn end_waiting(
    tx: &mut ClientTx,
    base: BaseNo,
    replacement: ReplacementId,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document set replacement_id = null, enabled = true, updated_at = $4
         where client_no = $1 and base_no = $2 and replacement_id = $3",
    )
    .bind(client)
    .bind(base)
    .bind(replacement)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(taken(
        "document_name_key",
        "name of a document in this knowledge base",
    ))?;
    Ok(())
}
