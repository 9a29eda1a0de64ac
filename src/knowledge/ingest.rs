//! The job that makes a document searchable: read, cut, embed, and switch in one commit.

mod cutting;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    base,
    chunk::{Chunk, TextHash},
    document::{Document, PageError, State},
    extract::{self, Extracted},
    lexical::{postings::Inverted, words},
    metered, replacement, search, store,
    version::{self, DocumentVersion, Read},
};
use crate::{
    app::App,
    billing::{Amounts, meter},
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, DocumentId},
    models::{SharedEmbedder, tokens},
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

/// Makes the newest version of a document searchable. Running twice changes nothing; a document that is
/// gone is no error.
///
/// # Errors
/// What may pass (`Unavailable`, `Upstream`, `Internal`): to be tried again. What lies in the
/// document is no error here: it becomes the version's reason.
pub async fn run(app: &App, reading: &Reading, client: ClientNo, id: DocumentId) -> Result<()> {
    if let Some((document, build)) = begin(app, client, id).await? {
        read_version(app, reading, client, &document, build).await?;
    }
    // also when it was read before: whoever read it may have died just after
    replacement::settle(app, client, id, reading.base_chunks_max).await
}

async fn read_version(
    app: &App,
    reading: &Reading,
    client: ClientNo,
    document: &Document,
    build: DocumentVersion,
) -> Result<()> {
    let id = document.document_id;
    let number = build.version;
    match ingest(app, reading, client, document, build).await {
        Err(
            error @ (Error::Invalid(_)
            | Error::TooLarge(_)
            | Error::Unsupported(_)
            | Error::OutOfCredit(_)
            | Error::OverQuota(..)
            | Error::Conflict(_)),
        ) => {
            let mut tx = app.db.client(client).await?;
            let failed = locked(&mut tx, id, Some(number)).await?;
            fail(&mut tx, failed, &error.to_string(), app.clock.now()).await?;
            tx.commit().await
        }
        other => other,
    }
}

/// Says of a document that its newest version could not be read, and why; unless another worker read
/// it.
pub async fn give_up(
    tx: &mut ClientTx,
    id: DocumentId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let failed = locked(tx, id, None).await?;
    fail(tx, failed, reason, now).await
}

async fn fail(
    tx: &mut ClientTx,
    failed: Option<(Document, DocumentVersion)>,
    reason: &str,
    now: OffsetDateTime,
) -> Result<()> {
    match failed {
        Some((document, build)) => {
            version::set_failed(tx, &document, build.version, reason, now).await?;
            metered::release(tx, document.document_id, now)
                .await
                .map(drop)
        }
        None => Ok(()),
    }
}

/// The version to read.
async fn begin(
    app: &App,
    client: ClientNo,
    id: DocumentId,
) -> Result<Option<(Document, DocumentVersion)>> {
    let mut tx = app.db.client(client).await?;
    // locked: what another worker has just made ready must not begin anew
    let Some(found) = locked(&mut tx, id, None).await? else {
        return Ok(None);
    };
    store::set_state(&mut tx, id, State::Extracting, None, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(found))
}

/// The document with its version that is not read yet, locked until the commit: a removal comes
/// before, and nothing is added, or after, and all goes. None when it is another version than the one
/// that is meant.
async fn locked(
    tx: &mut ClientTx,
    id: DocumentId,
    meant: Option<i32>,
) -> Result<Option<(Document, DocumentVersion)>> {
    if !store::lock_document(tx, id).await? {
        return Ok(None);
    }
    let Some(document) = store::document_for_ingest(tx, id).await? else {
        return Ok(None);
    };
    let build = version::building(tx, document.document_no).await?;
    let build = build.filter(|build| meant.is_none_or(|meant| meant == build.version));
    Ok(build.map(|build| (document, build)))
}

async fn ingest(
    app: &App,
    reading: &Reading,
    client: ClientNo,
    document: &Document,
    build: DocumentVersion,
) -> Result<()> {
    let id = document.document_id;
    let (extracted, chunks) = cutting::chunks(app, reading, client, id, &build).await?;
    let embedder = app.models.embedder();
    let mut used = metered::amounts(&extracted, &chunks, embedder.is_some());
    let meter = metered::set_aside(app, client, document, used).await?;
    used.embedding = 0;
    let vectors = match &embedder {
        Some(embedder) => {
            Some(embed(app, client, id, embedder, &chunks, &mut used.embedding).await?)
        }
        None => None,
    };
    let ready = Ready {
        version: build.version,
        extracted,
        chunks,
        embedder,
        vectors,
        meter,
        used,
    };
    switch(app, reading, client, id, ready).await
}

struct Ready {
    version: i32,
    extracted: Extracted,
    chunks: Arc<Vec<Chunk>>,
    embedder: Option<SharedEmbedder>,
    vectors: Option<Vec<Vec<f32>>>,
    meter: Option<Uuid>,
    used: Amounts,
}

/// The vectors of the chunks. What this client has a vector of, in any document, is not embedded
/// again.
async fn embed(
    app: &App,
    client: ClientNo,
    id: DocumentId,
    embedder: &SharedEmbedder,
    chunks: &[Chunk],
    tokens_embedded: &mut u32,
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
            let texts: Vec<String> = texts.collect();
            let counts = texts.iter().map(|text| tokens::count(text));
            *tokens_embedded = counts.fold(*tokens_embedded, u32::saturating_add);
            let fresh = embedder.embed(texts).await?;
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
    // also when a worker that was taken for dead has done it already, or newer bytes came meanwhile
    let Some((document, _)) = locked(&mut tx, id, Some(ready.version)).await? else {
        if let Some(meter) = ready.meter {
            meter::release(&mut tx, meter, now).await?;
        }
        return tx.commit().await;
    };
    if document.enabled {
        // its present version goes when this one comes
        let replaced = if document.version > 0 {
            document.chunks
        } else {
            0
        };
        let more = ready.chunks.len() as i64 - i64::from(replaced);
        base::check_room(&mut tx, document.base_no, more, reading.base_chunks_max).await?;
    }
    let version = search::Version {
        base: document.base_no,
        document: document.document_no,
        number: ready.version,
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
    let searched = version.parked_unless(document.enabled);
    search::index_version(&mut tx, searched, &words, vectors).await?;
    let read = found(&ready);
    version::set_current(&mut tx, version.document, version.number, read, now).await?;
    metered::settle(&mut tx, ready.meter, ready.used, now).await?;
    tx.commit().await
}

fn found(ready: &Ready) -> Read {
    let errors = ready.extracted.page_errors.iter().map(|error| PageError {
        page: error.page,
        detail: error.detail.clone(),
    });
    Read {
        pages: Some(ready.extracted.pages.len()).filter(|pages| *pages > 0),
        page_errors: errors.collect(),
        chunks: ready.chunks.len(),
    }
}
