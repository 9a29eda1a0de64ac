//! From the bytes of a version to its text and chunks: cut here, or as its sender did.

use std::sync::Arc;

use super::Reading;
use crate::{
    app::App,
    error::{Error, Result},
    ids::{ClientNo, DocumentId},
    knowledge::{
        chunk::{self, Chunk, ChunkLimits},
        custom,
        extract::{self, Extracted, Source},
        store,
        version::DocumentVersion,
    },
};

/// The text of a version, and its chunks.
pub async fn chunks(
    app: &App,
    reading: &Reading,
    client: ClientNo,
    id: DocumentId,
    build: &DocumentVersion,
) -> Result<(Extracted, Arc<Vec<Chunk>>)> {
    if build.custom {
        return cut_by_sender(app, client, id, build.version).await;
    }
    let extracted = read(app, reading, client, build).await?;
    cut(extracted, limits(build.chunk_chars)).await
}

async fn read(
    app: &App,
    reading: &Reading,
    client: ClientNo,
    build: &DocumentVersion,
) -> Result<Extracted> {
    let bytes = tokio::fs::read(app.blobs.path(client, &build.blob_hash)).await?;
    let head = &bytes[..bytes.len().min(extract::HEAD_BYTES)];
    let kind = extract::kind(&build.file_name, Some(&build.media_type), head)?;
    let source = Source {
        kind,
        charset: charset(&build.media_type),
        bytes,
    };
    extract::extract(source, &reading.limits, &reading.worker).await
}

/// The chunks of a version as they came with it.
async fn cut_by_sender(
    app: &App,
    client: ClientNo,
    id: DocumentId,
    version: i32,
) -> Result<(Extracted, Arc<Vec<Chunk>>)> {
    let mut tx = app.db.client(client).await?;
    let Some(document) = store::document_for_ingest(&mut tx, id).await? else {
        // removed meanwhile: nothing of it will be kept
        return Ok((Extracted::default(), Arc::default()));
    };
    let chunks = store::custom_chunks(&mut tx, document.document_no, version).await?;
    drop(tx);
    let (extracted, chunks) = custom::laid_out(chunks.unwrap_or_default());
    Ok((extracted, Arc::new(chunks)))
}

/// How chunks are cut whose length was asked for: a fifth and a bit longer where a sentence would be
/// cut otherwise.
fn limits(chunk_chars: Option<i32>) -> ChunkLimits {
    let shipped = ChunkLimits::default();
    let Some(target) = chunk_chars.and_then(|chars| u32::try_from(chars).ok()) else {
        return shipped;
    };
    let columns_max = target * shipped.columns_max / shipped.columns_target;
    ChunkLimits {
        columns_target: target,
        columns_max,
        ..shipped
    }
}

async fn cut(extracted: Extracted, limits: ChunkLimits) -> Result<(Extracted, Arc<Vec<Chunk>>)> {
    let work = move || {
        let chunks = chunk::split(&extracted, &limits);
        (extracted, Arc::new(chunks))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

fn charset(media_type: &str) -> Option<String> {
    let (_, parameters) = media_type.split_once(';')?;
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Some(value.trim().trim_matches('"').to_owned())
}
