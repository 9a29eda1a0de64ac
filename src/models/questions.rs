//! Remembers the vectors of questions: a person asks again, and the same question is searched in
//! one base after the other.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::{FutureExt as _, future::BoxFuture};
use moka::sync::Cache;

use super::{Embedder, Language, SharedEmbedder};
use crate::{error::Result, ids::ClientNo};

/// Memory for what is remembered: some ten thousand questions at 384 numbers, two thousand at 2,048.
const REMEMBERED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Bytes that an entry takes besides its numbers.
const ENTRY_BYTES: u32 = 128;

/// By the hash of client, model and text. Clients share nothing: who is answered at once would
/// learn that another client asked the same.
pub type Remembered = Cache<[u8; 32], Arc<[f32]>>;

/// An empty memory.
pub fn remembered() -> Remembered {
    let bytes = |values: &Arc<[f32]>| u32::try_from(values.len() * 4).unwrap_or(u32::MAX);
    Cache::builder()
        .weigher(move |_, values| bytes(values).saturating_add(ENTRY_BYTES))
        .max_capacity(REMEMBERED_BYTES_MAX)
        .build()
}

/// An embedder that is asked only for what a client has not asked before.
pub struct Remembering {
    pub embedder: SharedEmbedder,
    pub client: ClientNo,
    pub seen: Remembered,
}

impl Remembering {
    fn key(&self, text: &str) -> [u8; 32] {
        let id = self.embedder.id();
        let mut hash = Context::new(&SHA256);
        hash.update(&self.client.0.to_be_bytes());
        // its length first: no id and text run into another id and text
        hash.update(&id.len().to_be_bytes());
        hash.update(id.as_bytes());
        hash.update(text.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(hash.finish().as_ref());
        key
    }

    async fn run(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let keys: Vec<[u8; 32]> = texts.iter().map(|text| self.key(text)).collect();
        let mut vectors: Vec<Option<Vec<f32>>> = keys
            .iter()
            .map(|key| self.seen.get(key).map(|values| values.to_vec()))
            .collect();
        let unknown = texts.into_iter().zip(&vectors);
        let unknown: Vec<String> = unknown
            .filter_map(|(text, known)| known.is_none().then_some(text))
            .collect();
        if !unknown.is_empty() {
            let fresh = self.embedder.embed(unknown).await?;
            let places = vectors.iter_mut().zip(&keys);
            let places = places.filter(|(place, _)| place.is_none());
            for ((place, key), values) in places.zip(fresh) {
                self.seen.insert(*key, values.as_slice().into());
                *place = Some(values);
            }
        }
        Ok(vectors.into_iter().flatten().collect())
    }
}

impl Embedder for Remembering {
    fn id(&self) -> &str {
        self.embedder.id()
    }

    fn dimensions(&self) -> usize {
        self.embedder.dimensions()
    }

    fn languages(&self) -> &[Language] {
        self.embedder.languages()
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>>> {
        self.run(texts).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Notes what it is asked; the vector of a text is its length.
    #[derive(Default)]
    struct Noting(Mutex<Vec<String>>);

    impl Embedder for Noting {
        fn id(&self) -> &str {
            "noting"
        }
        fn dimensions(&self) -> usize {
            1
        }
        fn languages(&self) -> &[Language] {
            &[]
        }
        fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>>> {
            let vectors = texts.iter().map(|text| vec![text.len() as f32]).collect();
            self.0.lock().unwrap().extend(texts);
            async move { Ok(vectors) }.boxed()
        }
    }

    #[tokio::test]
    async fn only_what_is_new_to_a_client_is_asked_for() {
        let (noting, seen) = (Arc::new(Noting::default()), remembered());
        let of = |client| Remembering {
            embedder: noting.clone(),
            client: ClientNo(client),
            seen: seen.clone(),
        };
        let ask = async |client, texts: &[&str]| {
            let texts = texts.iter().map(|&text| text.to_owned()).collect();
            of(client).embed(texts).await.unwrap().concat()
        };
        assert_eq!(ask(1, &["a", "bb"]).await, [1.0, 2.0]);
        assert_eq!(ask(1, &["bb", "ccc", "a"]).await, [2.0, 3.0, 1.0]);
        assert_eq!(ask(2, &["a"]).await, [1.0]);
        assert_eq!(*noting.0.lock().unwrap(), ["a", "bb", "ccc", "a"]);
    }

    #[test]
    fn the_memory_is_bounded() {
        let seen = remembered();
        let values: Arc<[f32]> = vec![0.0; 4_096].into();
        for n in 0..4_000_u16 {
            let mut key = [0; 32];
            key[..2].copy_from_slice(&n.to_be_bytes());
            seen.insert(key, values.clone());
        }
        seen.run_pending_tasks();
        assert!(seen.entry_count() > 0 && seen.weighted_size() <= REMEMBERED_BYTES_MAX);
    }
}
