//! Statements of bases, documents and chunks: one function, one statement, no decisions.

use sqlx::types::Json;
use time::OffsetDateTime;

use super::{
    base::{Base, Change, CountedBase, NewBase},
    chunk::{Chunk, TextHash},
    document::{Document, PageError, State},
    extract,
    search::Version,
};
use crate::{
    db::{ClientTx, constraint, taken},
    error::{Error, Result},
    http::paging::Window,
    ids::{BaseId, BaseNo, ChunkId, DocumentId, DocumentNo, UserId},
};

pub async fn add_base(
    tx: &mut ClientTx,
    id: BaseId,
    owner: Option<UserId>,
    new: &NewBase,
    now: OffsetDateTime,
) -> Result<Base> {
    let client = tx.client();
    sqlx::query_as(
        "insert into base (client_no, base_id, owner_id, name, title, description, no_answer, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning base_id, base_no, owner_id, name, title, description, no_answer, created_at",
    )
    .bind(client)
    .bind(id)
    .bind(owner)
    .bind(&new.name)
    .bind(&new.title)
    .bind(&new.description)
    .bind(new.no_answer)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(taken("base_name_key", "name of a knowledge base"))
}

pub async fn base(
    tx: &mut ClientTx,
    user: Option<UserId>,
    id: BaseId,
) -> Result<Option<CountedBase>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select b.base_id, b.base_no, b.owner_id, b.name, b.title, b.description, b.no_answer, b.created_at,
           (select count(*) from document d where d.client_no = b.client_no and d.base_no = b.base_no) documents,
           coalesce(s.chunks, 0) chunks
         from base b
         left join base_stats s on s.client_no = b.client_no and s.base_no = b.base_no
         where b.client_no = $1 and b.base_id = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn bases(
    tx: &mut ClientTx,
    user: Option<UserId>,
    window: &Window,
) -> Result<Vec<CountedBase>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select b.base_id, b.base_no, b.owner_id, b.name, b.title, b.description, b.no_answer, b.created_at,
           (select count(*) from document d where d.client_no = b.client_no and d.base_no = b.base_no) documents,
           coalesce((select s.chunks from base_stats s where s.client_no = b.client_no and s.base_no = b.base_no), 0) chunks
         from base b
         where b.client_no = $1 and (b.owner_id is null or b.owner_id = $2)
         and ($3::timestamptz is null or (b.created_at, b.base_id) > ($3, $4))
         order by b.created_at, b.base_id limit $5",
    )
    .bind(client)
    .bind(user)
    .bind(window.after.map(|place| place.at))
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn readable_bases(tx: &mut ClientTx, user: UserId) -> Result<Vec<Base>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select base_id, base_no, owner_id, name, title, description, no_answer, created_at from base
         where client_no = $1 and (owner_id is null or owner_id = $2)
         order by created_at, base_id",
    )
    .bind(client)
    .bind(user)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn shared_base(tx: &mut ClientTx, name: &str) -> Result<Option<Base>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select base_id, base_no, owner_id, name, title, description, no_answer, created_at from base
         where client_no = $1 and owner_id is null and name = $2",
    )
    .bind(client)
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn change_base(tx: &mut ClientTx, id: BaseId, change: &Change) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update base set title = coalesce($3, title), description = coalesce($4, description),
           no_answer = coalesce($5, no_answer)
         where client_no = $1 and base_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(&change.title)
    .bind(&change.description)
    .bind(change.no_answer)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn lock_documents(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "select document_id from document where client_no = $1 and base_no = $2 order by document_no for update",
    )
    .bind(client)
    .bind(base)
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

pub async fn remove_base(tx: &mut ClientTx, id: BaseId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from base where client_no = $1 and base_id = $2")
        .bind(client)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The row of a document that is being taken in.
pub struct NewRow<'a> {
    pub id: DocumentId,
    pub base: BaseNo,
    pub name: &'a str,
    pub media_type: &'a str,
    pub source_url: Option<&'a str>,
    pub hash: &'a [u8],
    pub bytes: i64,
}

pub async fn add_document(tx: &mut ClientTx, new: &NewRow<'_>, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into document (client_no, document_id, base_no, name, media_type, source_url, blob_hash, bytes,
           state, page_errors, chunks, version, progress_done, progress_total, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'uploaded', '[]', 0, 0, 0, 0, $9, $9)",
    )
    .bind(client)
    .bind(new.id)
    .bind(new.base)
    .bind(new.name)
    .bind(new.media_type)
    .bind(new.source_url)
    .bind(new.hash)
    .bind(new.bytes)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(|error| match constraint(&error) {
        Some("document_name_key") => Error::Taken("name of a document in this knowledge base"),
        // removed since it was looked at
        Some("document_base") => Error::NotFound("knowledge base"),
        _ => error.into(),
    })?;
    Ok(())
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
           d.progress_total, d.created_at
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
           d.progress_total, d.created_at
         from document d
         join base b on b.client_no = d.client_no and b.base_no = d.base_no
         where d.client_no = $1 and d.document_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn documents(tx: &mut ClientTx, base: BaseNo, window: &Window) -> Result<Vec<Document>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select d.document_id, d.document_no, b.base_id, d.base_no, d.name, d.media_type, d.source_url, d.blob_hash,
           d.bytes, d.state, d.reason, d.pages, d.page_errors, d.chunks, d.version, d.progress_done,
           d.progress_total, d.created_at
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

pub async fn set_ready(
    tx: &mut ClientTx,
    id: DocumentId,
    version: &Version,
    pages: Option<usize>,
    page_errors: &[extract::PageError],
    chunks: usize,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let errors = page_errors.iter().map(|error| PageError {
        page: error.page,
        detail: error.detail.clone(),
    });
    sqlx::query(
        "update document set state = 'ready', reason = null, version = $3, pages = $4, page_errors = $5,
           chunks = $6, updated_at = $7
         where client_no = $1 and document_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(version.number)
    .bind(pages.map(count).transpose()?)
    .bind(Json(errors.collect::<Vec<_>>()))
    .bind(count(chunks)?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets documents enter a base one after the other, until the end of the transaction.
pub async fn lock_base(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    let client = tx.client();
    sqlx::query("select base_id from base where client_no = $1 and base_no = $2 for no key update")
        .bind(client)
        .bind(base)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn chunks_of_base(tx: &mut ClientTx, base: BaseNo) -> Result<i64> {
    let client = tx.client();
    let chunks: Option<i64> =
        sqlx::query_scalar("select chunks from base_stats where client_no = $1 and base_no = $2")
            .bind(client)
            .bind(base)
            .fetch_optional(tx.conn())
            .await?;
    Ok(chunks.unwrap_or(0))
}

pub async fn add_text(tx: &mut ClientTx, version: &Version, text: &str) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into document_text (client_no, document_no, version, chars, text) values ($1, $2, $3, $4, $5)",
    )
    .bind(client)
    .bind(version.document)
    .bind(version.number)
    .bind(count(text.chars().count())?)
    .bind(text)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A piece of the text of a version, with the length of the whole, in code points.
pub async fn text(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    start: i32,
    length: i32,
) -> Result<Option<(i32, String)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select chars, substr(text, $4 + 1, $5) from document_text
         where client_no = $1 and document_no = $2 and version = $3",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(start)
    .bind(length)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn add_chunks(
    tx: &mut ClientTx,
    version: &Version,
    chunks: &[Chunk],
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let number = |value: u32| value as i32;
    let ids: Vec<uuid::Uuid> = chunks.iter().map(|_| ChunkId::new(now).0).collect();
    let ordinals: Vec<i32> = chunks.iter().map(|chunk| number(chunk.ordinal)).collect();
    let starts: Vec<i32> = chunks.iter().map(|chunk| number(chunk.start)).collect();
    let ends: Vec<i32> = chunks.iter().map(|chunk| number(chunk.end)).collect();
    let pages: Vec<Option<i32>> = chunks.iter().map(|chunk| chunk.page.map(number)).collect();
    let contexts: Vec<&str> = chunks.iter().map(|chunk| chunk.context.as_str()).collect();
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    let hashes: Vec<TextHash> = chunks.iter().map(Chunk::searched_hash).collect();
    sqlx::query(
        "insert into chunk (client_no, base_no, document_no, version, chunk_id, ordinal, start_cp, end_cp, page, context, text, text_hash)
         select $1, $2, $3, $4, id, ordinal, start_cp, end_cp, page, context, text, text_hash
         from unnest($5::uuid[], $6::int[], $7::int[], $8::int[], $9::int[], $10::text[], $11::text[], $12::bytea[])
           as rows (id, ordinal, start_cp, end_cp, page, context, text, text_hash)",
    )
    .bind(client)
    .bind(version.base)
    .bind(version.document)
    .bind(version.number)
    .bind(ids)
    .bind(ordinals)
    .bind(starts)
    .bind(ends)
    .bind(pages)
    .bind(contexts)
    .bind(texts)
    .bind(hashes)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A chunk as it is listed.
#[derive(Debug, sqlx::FromRow)]
pub struct ChunkRow {
    pub chunk_id: ChunkId,
    pub ordinal: i32,
    pub start_cp: i32,
    pub end_cp: i32,
    pub page: Option<i32>,
    pub context: String,
    pub text: String,
}

pub async fn chunks(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    after: i32,
    rows: i64,
) -> Result<Vec<ChunkRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select chunk_id, ordinal, start_cp, end_cp, page, context, text from chunk
         where client_no = $1 and document_no = $2 and version = $3 and ordinal > $4
         order by ordinal limit $5",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(after)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

fn count(number: usize) -> Result<i32> {
    i32::try_from(number).map_err(Error::internal)
}
