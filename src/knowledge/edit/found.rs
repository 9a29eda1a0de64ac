//! What a chunk is found by: made outside of the transaction, put in place inside of it.

use super::StoredChunk;
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    ids::ClientNo,
    knowledge::{
        chunk::{Chunk, TextHash},
        lexical::words::{self, Term},
        search::{self, Found},
    },
};

pub fn hash(context: &str, text: &str) -> TextHash {
    searched(context, text).searched_hash()
}

/// A chunk is searched together with the headings above it.
pub fn searched(context: &str, text: &str) -> Chunk {
    Chunk {
        ordinal: 0,
        start: 0,
        end: 0,
        text: text.to_owned(),
        context: context.to_owned(),
        page: None,
        metadata: None,
    }
}

/// The embedder and what it made of a text.
pub type Embedded = (String, Vec<f32>);

/// The vector of a chunk that is to be found.
pub async fn vector(app: &App, client: ClientNo, after: &StoredChunk) -> Result<Option<Embedded>> {
    if !after.enabled {
        return Ok(None);
    }
    let hash = after.searched().searched_hash();
    embedded(app, client, hash, &after.context, &after.text).await
}

/// The vector of a text, out of what the client has or made anew.
pub async fn embedded(
    app: &App,
    client: ClientNo,
    hash: TextHash,
    context: &str,
    text: &str,
) -> Result<Option<Embedded>> {
    let Some(embedder) = app.models.embedder() else {
        return Ok(None);
    };
    let mut tx = app.db.client(client).await?;
    let known = search::vectors_of_texts(&mut tx, embedder.id(), &[hash]).await?;
    drop(tx);
    let vector = match known.into_values().next() {
        Some(vector) => vector,
        None => {
            let text = searched(context, text).searched_text();
            let made = embedder.embed(vec![text]).await?.into_iter().next();
            made.ok_or_else(|| Error::Upstream(anyhow::anyhow!("no vector for a chunk")))?
        }
    };
    Ok(Some((embedder.id().to_owned(), vector)))
}

pub async fn index(
    tx: &mut ClientTx,
    before: Option<&StoredChunk>,
    after: Option<&StoredChunk>,
    vector: Option<&Embedded>,
) -> Result<()> {
    let Some(chunk) = before.or(after) else {
        return Ok(());
    };
    let terms = |chunk: &StoredChunk| words::terms(&chunk.searched().searched_text());
    let before: Option<Vec<Term>> = before.filter(|chunk| chunk.enabled).map(terms);
    let after: Option<Vec<Term>> = after.filter(|chunk| chunk.enabled).map(terms);
    let after = after.as_deref().map(|terms| Found {
        terms,
        vector: vector.map(|(embedder, vector)| (embedder.as_str(), vector.as_slice())),
    });
    search::replace_chunk(tx, chunk.version(), chunk.ordinal, before.as_deref(), after).await
}
