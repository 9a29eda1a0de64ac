//! Statements of documents.

use time::OffsetDateTime;

use super::count;
use crate::{
    db::{ClientTx, constraint, taken},
    error::{Error, Result},
    http::paging::Window,
    ids::{BaseNo, DocumentId, DocumentNo, ReplacementId, UserId},
    knowledge::{
        custom::CustomChunk,
        document::{Document, State},
    },
};

/// The row of a document that is being taken in.
pub struct NewRow<'a> {
    pub id: DocumentId,
    pub base: BaseNo,
    pub name: &'a str,
    pub media_type: &'a str,
    pub source_url: Option<&'a str>,
    pub hash: &'a [u8],
    pub bytes: i64,
    pub chunk_chars: Option<i32>,
    /// What it waits with, before it is found.
    pub replacement: Option<ReplacementId>,
    pub custom: Option<&'a [CustomChunk]>,
}

pub async fn add_document(
    tx: &mut ClientTx,
    new: &NewRow<'_>,
    now: OffsetDateTime,
) -> Result<DocumentNo> {
    let client = tx.client();
    sqlx::query_scalar(
        "insert into document (client_no, document_id, base_no, name, media_type, source_url, blob_hash, bytes,
           state, page_errors, chunks, version, progress_done, progress_total, replacement_id, enabled,
           created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'uploaded', '[]', 0, 0, 0, 0, $9, $9::uuid is null, $10, $10)
         returning document_no",
    )
    .bind(client)
    .bind(new.id)
    .bind(new.base)
    .bind(new.name)
    .bind(new.media_type)
    .bind(new.source_url)
    .bind(new.hash)
    .bind(new.bytes)
    .bind(new.replacement)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(|error| match constraint(&error) {
        Some("document_name_key" | "document_waiting_name_key") => Error::Taken("name of a document in this knowledge base"),
        // removed since it was looked at
        Some("document_base") => Error::NotFound("knowledge base"),
        _ => error.into(),
    })
}

pub async fn document(
    tx: &mut ClientTx,
    user: Option<UserId>,
    id: DocumentId,
) -> Result<Option<Document>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select d.document_id, d.document_no, b.base_id, d.base_no, d.name, d.media_type, d.source_url, d.blob_hash,
           d.bytes, d.state, d.reason, d.pages, d.page_errors, d.chunks, d.version, d.progress_done,
           d.progress_total, d.enabled, d.replacement_id, d.created_at
         from document d
         join base b on b.client_no = d.client_no and b.base_no = d.base_no
         where d.client_no = $1 and d.document_id = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn document_for_ingest(tx: &mut ClientTx, id: DocumentId) -> Result<Option<Document>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select d.document_id, d.document_no, b.base_id, d.base_no, d.name, d.media_type, d.source_url, d.blob_hash,
           d.bytes, d.state, d.reason, d.pages, d.page_errors, d.chunks, d.version, d.progress_done,
           d.progress_total, d.enabled, d.replacement_id, d.created_at
         from document d
         join base b on b.client_no = d.client_no and b.base_no = d.base_no
         where d.client_no = $1 and d.document_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The user whose base it is; none: the client's.
pub async fn owner_of_base(tx: &mut ClientTx, base: BaseNo) -> Result<Option<UserId>> {
    let client = tx.client();
    let found =
        sqlx::query_scalar("select owner_id from base where client_no = $1 and base_no = $2");
    let owner: Option<Option<UserId>> = found
        .bind(client)
        .bind(base)
        .fetch_optional(tx.conn())
        .await?;
    Ok(owner.flatten())
}

/// Whether a version of this document waits to be read, or is.
pub async fn is_being_read(tx: &mut ClientTx, id: DocumentId) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (
           select from document d
           join document_version v on v.client_no = $1 and v.document_no = d.document_no
           where d.client_no = $1 and d.document_id = $2 and v.state = 'building')",
    )
    .bind(client)
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn document_named(
    tx: &mut ClientTx,
    base: BaseNo,
    name: &str,
) -> Result<Option<DocumentId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select document_id from document
         where client_no = $1 and base_no = $2 and name = $3 and replacement_id is null",
    )
    .bind(client)
    .bind(base)
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn documents(tx: &mut ClientTx, base: BaseNo, window: &Window) -> Result<Vec<Document>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select d.document_id, d.document_no, b.base_id, d.base_no, d.name, d.media_type, d.source_url, d.blob_hash,
           d.bytes, d.state, d.reason, d.pages, d.page_errors, d.chunks, d.version, d.progress_done,
           d.progress_total, d.enabled, d.replacement_id, d.created_at
         from document d
         join base b on b.client_no = d.client_no and b.base_no = d.base_no
         where d.client_no = $1 and d.base_no = $2
         and ($3::timestamptz is null or (d.created_at, d.document_id) > ($3, $4))
         order by d.created_at, d.document_id limit $5",
    )
    .bind(client)
    .bind(base)
    .bind(window.after.map(|place| place.at))
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Locks the document until the end of the transaction; false when it is gone.
pub async fn lock_document(tx: &mut ClientTx, id: DocumentId) -> Result<bool> {
    let client = tx.client();
    let found: Option<DocumentNo> = sqlx::query_scalar(
        "select document_no from document where client_no = $1 and document_id = $2 for update",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

pub async fn remove_document(tx: &mut ClientTx, id: DocumentId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from document where client_no = $1 and document_id = $2")
        .bind(client)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn set_state(
    tx: &mut ClientTx,
    id: DocumentId,
    state: State,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document set state = $3, reason = $4, updated_at = $5, progress_done = 0, progress_total = 0
         where client_no = $1 and document_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(state)
    .bind(reason)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn set_progress(
    tx: &mut ClientTx,
    id: DocumentId,
    done: usize,
    total: usize,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document set state = 'embedding', progress_done = $3, progress_total = $4, updated_at = $5
         where client_no = $1 and document_id = $2 and state not in ('ready', 'failed')",
    )
    .bind(client)
    .bind(id)
    .bind(count(done)?)
    .bind(count(total)?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn change_document(
    tx: &mut ClientTx,
    id: DocumentId,
    name: Option<&str>,
    enabled: Option<bool>,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document set name = coalesce($3, name), enabled = coalesce($4, enabled), updated_at = $5
         where client_no = $1 and document_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(name)
    .bind(enabled)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(taken(
        "document_name_key",
        "name of a document in this knowledge base",
    ))?;
    Ok(())
}

/// Chunks were added to the current version, or removed.
pub async fn add_to_chunks(tx: &mut ClientTx, document: DocumentNo, more: i32) -> Result<()> {
    let client = tx.client();
    for statement in [
        "update document set chunks = chunks + $3 where client_no = $1 and document_no = $2",
        "update document_version set chunks = chunks + $3
         where client_no = $1 and document_no = $2 and state = 'current'",
    ] {
        sqlx::query(statement)
            .bind(client)
            .bind(document)
            .bind(more)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// The document is what this version is.
pub async fn set_ready(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document d set state = 'ready', reason = null, version = v.version, pages = v.pages,
           page_errors = v.page_errors, chunks = v.chunks, media_type = v.media_type,
           source_url = v.source_url, blob_hash = v.blob_hash, bytes = v.bytes, updated_at = $4
         from document_version v
         where d.client_no = $1 and d.document_no = $2
         and v.client_no = $1 and v.document_no = $2 and v.version = $3",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
