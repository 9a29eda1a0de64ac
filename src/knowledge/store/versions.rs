//! Statements of the versions of documents.

use sqlx::types::Json;
use time::OffsetDateTime;

use super::{NewRow, count};
use crate::{
    db::ClientTx,
    error::Result,
    ids::{DocumentId, DocumentNo},
    knowledge::{
        custom::CustomChunk,
        document::PageError,
        version::{DocumentVersion, VersionState},
    },
};

/// Adds a version behind all others, and says which it is.
pub async fn add_version(
    tx: &mut ClientTx,
    document: DocumentNo,
    new: &NewRow<'_>,
    now: OffsetDateTime,
) -> Result<i32> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "insert into document_version (client_no, document_no, version, state, file_name, media_type, source_url,
           blob_hash, bytes, page_errors, chunks, chunk_chars, custom_chunks, cited, created_at)
         select $1, $2, coalesce(max(version), 0) + 1, 'building', $3, $4, $5, $6, $7, '[]', 0, $8, $10, false, $9
         from document_version where client_no = $1 and document_no = $2
         returning version",
    )
    .bind(client)
    .bind(document)
    .bind(new.name)
    .bind(new.media_type)
    .bind(new.source_url)
    .bind(new.hash)
    .bind(new.bytes)
    .bind(new.chunk_chars)
    .bind(now)
    .bind(new.custom.map(Json))
    .fetch_one(tx.conn())
    .await?)
}

/// The chunks of a version as its sender cut them.
pub async fn custom_chunks(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
) -> Result<Option<Vec<CustomChunk>>> {
    let client = tx.client();
    let found: Option<Option<Json<Vec<CustomChunk>>>> = sqlx::query_scalar(
        "select custom_chunks from document_version
         where client_no = $1 and document_no = $2 and version = $3",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.flatten().map(|chunks| chunks.0))
}

/// The newest first.
pub async fn versions(tx: &mut ClientTx, document: DocumentNo) -> Result<Vec<DocumentVersion>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select version, state, reason, file_name, media_type, source_url, blob_hash, bytes, pages, page_errors,
           chunks, chunk_chars, custom_chunks is not null as custom, created_at
         from document_version where client_no = $1 and document_no = $2 order by version desc",
    )
    .bind(client)
    .bind(document)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn set_version_state(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    state: VersionState,
    reason: Option<&str>,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document_version set state = $4, reason = $5
         where client_no = $1 and document_no = $2 and version = $3",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(state)
    .bind(reason)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes a version the current one, in place of any other.
pub async fn set_current(
    tx: &mut ClientTx,
    document: DocumentNo,
    version: i32,
    pages: Option<usize>,
    page_errors: Vec<PageError>,
    chunks: usize,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document_version set state = 'retired'
         where client_no = $1 and document_no = $2 and state = 'current'",
    )
    .bind(client)
    .bind(document)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update document_version set state = 'current', reason = null, pages = $4, page_errors = $5, chunks = $6
         where client_no = $1 and document_no = $2 and version = $3",
    )
    .bind(client)
    .bind(document)
    .bind(version)
    .bind(pages.map(count).transpose()?)
    .bind(Json(page_errors))
    .bind(count(chunks)?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes old versions but so many, and of those that are cited so many more.
pub async fn prune_versions(
    tx: &mut ClientTx,
    document: DocumentNo,
    kept: i64,
    cited_kept: i64,
) -> Result<Vec<i32>> {
    let client = tx.client();
    let gone: Vec<i32> = sqlx::query_scalar(
        "delete from document_version where client_no = $1 and document_no = $2 and version in (
           select version from (
             select version, cited,
               row_number() over (order by version desc) as age,
               row_number() over (partition by cited order by version desc) as age_alike
             from document_version
             where client_no = $1 and document_no = $2 and state in ('retired', 'failed')) old
           where age > $3 and (not cited or age_alike > $4))
         returning version",
    )
    .bind(client)
    .bind(document)
    .bind(kept)
    .bind(cited_kept)
    .fetch_all(tx.conn())
    .await?;
    for statement in [
        "delete from chunk where client_no = $1 and document_no = $2 and version = any($3)",
        "delete from document_text where client_no = $1 and document_no = $2 and version = any($3)",
    ] {
        sqlx::query(statement)
            .bind(client)
            .bind(document)
            .bind(&gone)
            .execute(tx.conn())
            .await?;
    }
    Ok(gone)
}

pub async fn set_cited(
    tx: &mut ClientTx,
    documents: &[DocumentId],
    versions: &[i32],
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update document_version v set cited = true
         from unnest($2::uuid[], $3::int[]) as cited (document_id, version)
         join document d on d.client_no = $1 and d.document_id = cited.document_id
         where v.client_no = $1 and v.document_no = d.document_no and v.version = cited.version
         and not v.cited",
    )
    .bind(client)
    .bind(documents)
    .bind(versions)
    .execute(tx.conn())
    .await?;
    Ok(())
}
