//! Statements of the text of a version and of its chunks.

use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;

use super::count;
use crate::{
    db::ClientTx,
    error::Result,
    ids::{ChunkId, DocumentNo, UserId},
    knowledge::{
        chunk::{Chunk, TextHash},
        edit::StoredChunk,
        search::Version,
    },
};

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
    let metadata = chunks.iter().map(|chunk| chunk.metadata.as_ref().map(Json));
    let metadata: Vec<Option<Json<&Value>>> = metadata.collect();
    sqlx::query(
        "insert into chunk (client_no, base_no, document_no, version, chunk_id, ordinal, start_cp, end_cp, page, context, text,
           text_hash, metadata)
         select $1, $2, $3, $4, id, ordinal, start_cp, end_cp, page, context, text, text_hash, metadata
         from unnest($5::uuid[], $6::int[], $7::int[], $8::int[], $9::int[], $10::text[], $11::text[], $12::bytea[],
             $13::jsonb[])
           as rows (id, ordinal, start_cp, end_cp, page, context, text, text_hash, metadata)",
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
    .bind(metadata)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The chunks of a version, those after a place first.
pub async fn chunks(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    after: i32,
    rows: i64,
) -> Result<Vec<StoredChunk>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select c.chunk_id, d.document_id, c.document_no, b.base_id, c.base_no, c.version, d.version as searched_version,
           d.enabled as document_enabled, c.ordinal, c.start_cp, c.end_cp, c.page, c.context, c.text, c.metadata, c.enabled,
           c.origin, c.revision
         from chunk c
         join document d on d.client_no = c.client_no and d.document_no = c.document_no
         join base b on b.client_no = c.client_no and b.base_no = c.base_no
         where c.client_no = $1 and c.document_no = $2 and c.version = $3 and c.ordinal > $4
         order by c.ordinal limit $5",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(after)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn chunk(
    tx: &mut ClientTx,
    user: Option<UserId>,
    id: ChunkId,
) -> Result<Option<StoredChunk>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select c.chunk_id, d.document_id, c.document_no, b.base_id, c.base_no, c.version, d.version as searched_version,
           d.enabled as document_enabled, c.ordinal, c.start_cp, c.end_cp, c.page, c.context, c.text, c.metadata, c.enabled,
           c.origin, c.revision
         from chunk c
         join document d on d.client_no = c.client_no and d.document_no = c.document_no
         join base b on b.client_no = c.client_no and b.base_no = c.base_no
         where c.client_no = $1 and c.chunk_id = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes a chunk as it is to be, and counts its revision up.
pub async fn change_chunk(tx: &mut ClientTx, chunk: &StoredChunk, hash: &TextHash) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chunk set text = $3, context = $4, enabled = $5, origin = $6, text_hash = $7, revision = revision + 1
         where client_no = $1 and chunk_id = $2",
    )
    .bind(client)
    .bind(chunk.chunk_id)
    .bind(&chunk.text)
    .bind(&chunk.context)
    .bind(chunk.enabled)
    .bind(chunk.origin)
    .bind(hash.as_slice())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a chunk behind all others of a version. It stands at the end of the text, where nothing is.
pub async fn add_chunk(
    tx: &mut ClientTx,
    version: &Version,
    id: ChunkId,
    text: (&str, &str),
    hash: &TextHash,
) -> Result<()> {
    let client = tx.client();
    let (context, text) = text;
    sqlx::query(
        "insert into chunk (client_no, base_no, document_no, version, chunk_id, ordinal, start_cp, end_cp, context,
           text, text_hash, origin)
         select $1, $2, $3, $4, $5,
           (select coalesce(max(ordinal), -1) + 1 from chunk
            where client_no = $1 and document_no = $3 and version = $4),
           t.chars, t.chars, $6, $7, $8, 'added'
         from document_text t where t.client_no = $1 and t.document_no = $3 and t.version = $4",
    )
    .bind(client)
    .bind(version.base)
    .bind(version.document)
    .bind(version.number)
    .bind(id)
    .bind(context)
    .bind(text)
    .bind(hash.as_slice())
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn remove_chunk(tx: &mut ClientTx, id: ChunkId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from chunk where client_no = $1 and chunk_id = $2")
        .bind(client)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
