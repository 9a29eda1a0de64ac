//! The job that makes a document searchable: read, cut, embed, and switch in one commit.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use time::OffsetDateTime;

use super::{
    chunk::{self, Chunk, ChunkLimits, TextHash},
    document::{Document, State},
    extract::{self, Extracted, Source},
    lexical::{postings::Inverted, words},
    search, store,
};
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, DocumentId},
    models::SharedEmbedder,
};

/// Chunks embedded between two signs of life.
const EMBED_BATCH: usize = 32;
/// Rows of one insert.
const CHUNK_BATCH_ROWS: usize = 1_000;

/// What ingestion needs besides the app.
#[derive(Clone)]
pub struct Reading {
    /// How much one document may take.
    pub limits: extract::Limits,
    /// The program that reads documents.
    pub worker: extract::pdf::Worker,
    /// Chunks that a base may hold.
    pub base_chunks_max: i64,
}

/// Makes a document searchable. Running twice changes nothing; a document that is gone is no error.
///
/// # Errors
/// What may pass (`Unavailable`, `Upstream`, `Internal`): to be tried again. What lies in the
/// document is no error here: it becomes the document's reason.
pub async fn run(app: &App, reading: &Reading, client: ClientNo, id: DocumentId) -> Result<()> {
    match ingest(app, reading, client, id).await {
        Err(error @ (Error::Invalid(_) | Error::TooLarge(_) | Error::Unsupported(_))) => {
            let mut tx = app.db.client(client).await?;
            give_up(&mut tx, id, &error.to_string(), app.clock.now()).await?;
            tx.commit().await
        }
        other => other,
    }
}

/// Says in the document that it could not be read, and why; unless another worker read it.
pub async fn give_up(
    tx: &mut ClientTx,
    id: DocumentId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let unread = locked(tx, id).await?.filter(Document::is_unread);
    if unread.is_some() {
        store::set_state(tx, id, State::Failed, Some(reason), now).await?;
    }
    Ok(())
}

/// The document, locked until the commit: a removal comes before, and nothing is added, or after,
/// and all goes.
async fn locked(tx: &mut ClientTx, id: DocumentId) -> Result<Option<Document>> {
    if !store::lock_document(tx, id).await? {
        return Ok(None);
    }
    store::document_for_ingest(tx, id).await
}

async fn ingest(app: &App, reading: &Reading, client: ClientNo, id: DocumentId) -> Result<()> {
    let mut tx = app.db.client(client).await?;
    // locked: what another worker has just made ready must not begin anew
    let Some(document) = locked(&mut tx, id).await?.filter(Document::is_unread) else {
        return Ok(());
    };
    store::set_state(&mut tx, id, State::Extracting, None, app.clock.now()).await?;
    tx.commit().await?;
    let Some(hash) = &document.blob_hash else {
        return Err(Error::invalid("The document has no bytes."));
    };
    let bytes = tokio::fs::read(app.blobs.path(client, hash)).await?;
    let head = &bytes[..bytes.len().min(extract::HEAD_BYTES)];
    let kind = extract::kind(&document.name, Some(&document.media_type), head)?;
    let source = Source {
        kind,
        charset: charset(&document.media_type),
        bytes,
    };
    let extracted = extract::extract(source, &reading.limits, &reading.worker).await?;
    let (extracted, chunks) = cut(extracted).await?;
    let embedder = app.models.embedder();
    let vectors = match &embedder {
        Some(embedder) => Some(embed(app, client, id, embedder, &chunks).await?),
        None => None,
    };
    let ready = Ready {
        extracted,
        chunks,
        embedder,
        vectors,
    };
    switch(app, reading, client, id, ready).await
}

struct Ready {
    extracted: Extracted,
    chunks: Arc<Vec<Chunk>>,
    embedder: Option<SharedEmbedder>,
    vectors: Option<Vec<Vec<f32>>>,
}

async fn cut(extracted: Extracted) -> Result<(Extracted, Arc<Vec<Chunk>>)> {
    let work = move || {
        let chunks = chunk::split(&extracted, &ChunkLimits::default());
        (extracted, Arc::new(chunks))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

/// The vectors of the chunks. What this client has a vector of, in any document, is not embedded
/// again.
async fn embed(
    app: &App,
    client: ClientNo,
    id: DocumentId,
    embedder: &SharedEmbedder,
    chunks: &[Chunk],
) -> Result<Vec<Vec<f32>>> {
    let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(chunks.len());
    // where the vector of a text stands that came before in this document
    let mut places: HashMap<TextHash, usize> = HashMap::new();
    for batch in chunks.chunks(EMBED_BATCH) {
        let hashes: Vec<TextHash> = batch.iter().map(Chunk::searched_hash).collect();
        let mut tx = app.db.client(client).await?;
        store::set_progress(&mut tx, id, vectors.len(), chunks.len(), app.clock.now()).await?;
        let mut known = search::vectors_of_texts(&mut tx, embedder.id(), &hashes).await?;
        tx.commit().await?;
        let mut unknown = batch.iter().zip(&hashes).collect::<Vec<_>>();
        let mut once = HashSet::new();
        unknown.retain(|(_, hash)| {
            !known.contains_key(*hash) && !places.contains_key(*hash) && once.insert(*hash)
        });
        if !unknown.is_empty() {
            let texts = unknown.iter().map(|(chunk, _)| chunk.searched_text());
            let fresh = embedder.embed(texts.collect()).await?;
            app.metrics.chunks_embedded.inc_by(fresh.len() as u64);
            known.extend(unknown.iter().map(|(_, hash)| **hash).zip(fresh));
        }
        for hash in hashes {
            let vector = match places.get(&hash) {
                Some(&place) => vectors[place].clone(),
                None => known.remove(&hash).unwrap_or_default(),
            };
            places.entry(hash).or_insert(vectors.len());
            vectors.push(vector);
        }
    }
    Ok(vectors)
}

/// Makes the new version the one that is searched, all at once.
async fn switch(
    app: &App,
    reading: &Reading,
    client: ClientNo,
    id: DocumentId,
    ready: Ready,
) -> Result<()> {
    let chunks = ready.chunks.clone();
    let words = tokio::task::spawn_blocking(move || {
        let terms = |chunk: &Chunk| words::terms(&chunk.searched_text());
        chunks.iter().map(terms).collect::<Inverted>()
    });
    let words = words.await.map_err(Error::internal)?;
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    // also when a worker that was taken for dead has done it already
    let Some(document) = locked(&mut tx, id).await?.filter(Document::is_unread) else {
        return Ok(());
    };
    check_room(&mut tx, reading, document.base_no, ready.chunks.len()).await?;
    let version = search::Version {
        base: document.base_no,
        document: document.document_no,
        number: document.version + 1,
    };
    store::add_text(&mut tx, &version, &ready.extracted.text).await?;
    for batch in ready.chunks.chunks(CHUNK_BATCH_ROWS) {
        store::add_chunks(&mut tx, &version, batch, now).await?;
    }
    let vectors = ready.vectors.as_deref().zip(ready.embedder.as_ref());
    let vectors = vectors.map(|(of_chunks, embedder)| search::Vectors {
        embedder: embedder.id(),
        of_chunks,
    });
    search::index_version(&mut tx, version, &words, vectors).await?;
    let pages = Some(ready.extracted.pages.len()).filter(|pages| *pages > 0);
    store::set_ready(
        &mut tx,
        id,
        &version,
        pages,
        &ready.extracted.page_errors,
        ready.chunks.len(),
        now,
    )
    .await?;
    tx.commit().await
}

async fn check_room(
    tx: &mut ClientTx,
    reading: &Reading,
    base: crate::ids::BaseNo,
    more: usize,
) -> Result<()> {
    // what is counted stays so until the commit that adds to it
    store::lock_base(tx, base).await?;
    let held = store::chunks_of_base(tx, base).await?;
    if held + more as i64 > reading.base_chunks_max {
        return Err(Error::TooLarge(format!(
            "The knowledge base holds {held} chunks, this document has {more}, and {} fit.",
            reading.base_chunks_max
        )));
    }
    Ok(())
}

fn charset(media_type: &str) -> Option<String> {
    let (_, parameters) = media_type.split_once(';')?;
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Some(value.trim().trim_matches('"').to_owned())
}
