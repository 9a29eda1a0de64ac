//! Embeddings of a vendor: in batches, in order, checked, at length 1.

use std::collections::HashMap;

use anyhow::{Context as _, bail, ensure};
use futures_util::{FutureExt as _, future::BoxFuture};
use reqwest::Response;

use super::{
    OpenAiTarget,
    link::Link,
    wire::{EmbedAsk, Embedded},
};
use crate::{
    error::{Error, Result},
    models::{Embedder, Language, tokens, vector},
};

/// What a vendor may send for one batch: 2,048 vectors of 3,072 numbers are about 80 MiB as text.
const RESPONSE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// What an embedding model takes and gives.
#[derive(Clone, Debug)]
pub struct EmbeddingShape {
    /// Length of the vectors.
    pub dimensions: usize,
    /// Ask the vendor for that length, which only models with a choice of lengths understand.
    pub ask_dimensions: bool,
    /// Texts in one request.
    pub inputs_per_request: usize,
    /// Length at which a text is cut, in tokens by our own estimate.
    pub input_tokens_max: u32,
    /// Languages the model understands.
    pub languages: Vec<Language>,
}

/// An embedding model behind an OpenAI-compatible address.
pub struct OpenAiEmbedder {
    id: String,
    model: String,
    shape: EmbeddingShape,
    link: Link,
}

impl OpenAiEmbedder {
    /// The model at `target`. Its id is the vendor's name for it and the length of the vectors, so
    /// that the same model at another address goes on with the same vectors.
    ///
    /// # Errors
    /// `Invalid` when address or key cannot be used or a number of the shape is 0.
    pub fn new(target: &OpenAiTarget, shape: EmbeddingShape) -> Result<Self> {
        if shape.dimensions == 0 || shape.inputs_per_request == 0 || shape.input_tokens_max == 0 {
            return Err(Error::invalid(format!(
                "The model {:?} needs dimensions, inputs_per_request and input_tokens_max of at least 1.",
                target.name
            )));
        }
        Ok(Self {
            id: format!("{}/{}", target.model, shape.dimensions),
            model: target.model.clone(),
            shape,
            link: Link::new(target, &["embeddings"], "application/json")?,
        })
    }

    async fn run(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let inputs: Vec<&str> = texts.iter().map(|text| self.input(text)).collect();
        let mut vectors = Vec::with_capacity(inputs.len());
        for batch in inputs.chunks(self.shape.inputs_per_request) {
            vectors.append(&mut self.batch(batch).await?);
        }
        Ok(vectors)
    }

    /// Vendors refuse empty texts and texts that are too long.
    fn input<'a>(&self, text: &'a str) -> &'a str {
        if text.trim().is_empty() {
            " "
        } else {
            tokens::cut(text, self.shape.input_tokens_max)
        }
    }

    async fn batch(&self, input: &[&str]) -> Result<Vec<Vec<f32>>> {
        let dimensions = self.shape.ask_dimensions.then_some(self.shape.dimensions);
        let ask = EmbedAsk {
            model: &self.model,
            input,
            dimensions,
        };
        let body = serde_json::to_vec(&ask).map_err(Error::internal)?;
        let speaker = self.link.speaker();
        match self.link.post(body.into()).await {
            Ok(response) => {
                let read = read(response, input.len(), self.shape.dimensions).await;
                read.map_err(|cause| speaker.failed(cause))
            }
            Err(refusal) => Err(refusal.into_error(speaker)),
        }
    }
}

impl Embedder for OpenAiEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> usize {
        self.shape.dimensions
    }

    fn languages(&self) -> &[Language] {
        &self.shape.languages
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>>> {
        self.run(texts).boxed()
    }
}

async fn read(
    mut response: Response,
    count: usize,
    dimensions: usize,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let mut body = Vec::new();
    while let Some(bytes) = response
        .chunk()
        .await
        .map_err(reqwest::Error::without_url)?
    {
        body.extend_from_slice(&bytes);
        ensure!(
            body.len() <= RESPONSE_BYTES_MAX,
            "the response is longer than {RESPONSE_BYTES_MAX} bytes"
        );
    }
    let embedded: Embedded =
        serde_json::from_slice(&body).context("the response holds no embeddings")?;
    in_order(embedded, count)?
        .into_iter()
        .map(|vector| checked(vector, dimensions))
        .collect()
}

/// The vectors by their index, which need not be the order in which they come.
fn in_order(embedded: Embedded, count: usize) -> anyhow::Result<Vec<Vec<f32>>> {
    let came = embedded.data.len();
    ensure!(
        came == count,
        "{count} texts were sent and {came} vectors came"
    );
    let numbered = embedded.data.into_iter().enumerate();
    let mut by_index: HashMap<usize, Vec<f32>> = numbered
        .map(|(at, entry)| (entry.index.unwrap_or(at), entry.embedding))
        .collect();
    (0..count)
        .map(|index| {
            by_index
                .remove(&index)
                .with_context(|| format!("no vector {index} came"))
        })
        .collect()
}

fn checked(vector: Vec<f32>, dimensions: usize) -> anyhow::Result<Vec<f32>> {
    if vector.len() != dimensions {
        bail!(
            "a vector has {} numbers, {dimensions} were expected",
            vector.len()
        );
    }
    vector::normal(vector).context("a vector has no direction: all zeros, or not numbers")
}
