//! MiniLM, the built-in embedder: English only, run by ONNX Runtime inside this process.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, anyhow, ensure};
use futures_util::{FutureExt as _, future::BoxFuture};
use ort::{
    environment::Environment,
    ep,
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};
use tokenizers::{Encoding, Tokenizer, TruncationParams};
use tokio::sync::{Mutex, OnceCell, Semaphore};

use super::{Embedder, Language, tokens, vector};
use crate::error::{Error, Result};

const DIMENSIONS: usize = 384;
/// What the model was trained for; a longer text is cut here.
const INPUT_TOKENS_MAX: usize = 256;
/// Texts are cut here before they are read: no 256 tokens are longer.
const INPUT_CHARS_MAX: usize = 8_192;
/// Tokens of texts run together, padding included. A CPU gains a fifth on texts of a dozen tokens
/// and nothing on longer ones, for which more together only take more memory and make other
/// callers wait (8 texts of 256 tokens: 30 % slower than one by one, and 250 MB more).
const BATCH_TOKENS_MAX: u32 = 64;
/// Calls that may wait for the model; one more is told to come back.
const CALLS_MAX: usize = 64;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The names of the changes that make other vectors: weights and cut.
const ID: &str = "minilm-l6-v2/fp32-256";

/// The model, loaded when it is first used. Calls take turns batch by batch, in the order in which
/// they come, so a single question waits for one batch and not for a whole document.
pub struct MiniLm {
    files: Files,
    threads: usize,
    model: OnceCell<Arc<Mutex<Loaded>>>,
    places: Semaphore,
}

#[derive(Clone)]
struct Files {
    library: PathBuf,
    weights: PathBuf,
    tokenizer: PathBuf,
}

impl MiniLm {
    /// The model out of `runtime_dir`, to run on `threads` threads. Only looks whether the files
    /// are there; the model takes about 170 MB of memory once it is used.
    ///
    /// # Errors
    /// `Invalid` when a file is missing; the text names it.
    pub fn open(runtime_dir: &Path, threads: usize) -> Result<Self> {
        let library = format!("libonnxruntime{}", std::env::consts::DLL_SUFFIX);
        Ok(Self {
            files: Files {
                library: present(runtime_dir, &["onnxruntime", &library])?,
                weights: present(runtime_dir, &["minilm", "model.onnx"])?,
                tokenizer: present(runtime_dir, &["minilm", "tokenizer.json"])?,
            },
            threads: threads.max(1),
            model: OnceCell::new(),
            places: Semaphore::new(CALLS_MAX),
        })
    }

    async fn run(&self, mut texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| Error::Throttled(RETRY_AFTER))?;
        let model = self.model.get_or_try_init(|| self.load()).await?;
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in batches(&texts) {
            let inputs: Vec<String> = batch
                .iter()
                .map(|&index| std::mem::take(&mut texts[index]))
                .collect();
            let mut model = model.clone().lock_owned().await;
            let embedded = blocking(move || model.embed(&inputs)).await?;
            for (&index, vector) in batch.iter().zip(embedded) {
                vectors[index] = vector;
            }
        }
        Ok(vectors)
    }

    async fn load(&self) -> Result<Arc<Mutex<Loaded>>> {
        let (files, threads) = (self.files.clone(), self.threads);
        let loaded = blocking(move || Loaded::new(&files, threads)).await?;
        Ok(Arc::new(Mutex::new(loaded)))
    }
}

impl Embedder for MiniLm {
    fn id(&self) -> &str {
        ID
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn languages(&self) -> &[Language] {
        &[Language::English]
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>>> {
        self.run(texts).boxed()
    }
}

fn present(runtime_dir: &Path, parts: &[&str]) -> Result<PathBuf> {
    let path = parts
        .iter()
        .fold(runtime_dir.to_path_buf(), |path, part| path.join(part));
    // the loader would look for a relative path beside the program first
    path.canonicalize().map_err(|_| {
        Error::invalid(format!(
            "The built-in embedding model needs the file {}, which is not there. Fetch the \
             runtime, or configure another embedding model.",
            path.display()
        ))
    })
}

/// Indexes of texts to run together, those of like length, since shorter ones are padded.
fn batches(texts: &[String]) -> Vec<Vec<usize>> {
    let mut sized: Vec<(u32, usize)> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| (tokens::count(beginning(text)), index))
        .collect();
    sized.sort_unstable();
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for (tokens, index) in sized {
        match batches.last_mut() {
            Some(batch) if tokens * (batch.len() as u32 + 1) <= BATCH_TOKENS_MAX => {
                batch.push(index)
            }
            _ => batches.push(vec![index]),
        }
    }
    batches
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?;
    done.context("built-in embedding model")
        .map_err(Error::Internal)
}

/// The model in memory.
struct Loaded {
    session: Session,
    tokenizer: Tokenizer,
}

impl Loaded {
    fn new(files: &Files, threads: usize) -> anyhow::Result<Self> {
        let mut tokenizer = Tokenizer::from_file(&files.tokenizer).map_err(reason)?;
        let truncation = TruncationParams {
            max_length: INPUT_TOKENS_MAX,
            ..Default::default()
        };
        // the file asks for a fixed length, which would make a short question cost a long one's time
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(reason)?
            .with_padding(None);
        Ok(Self {
            session: session(files, threads)?,
            tokenizer,
        })
    }

    fn embed(&mut self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        let encoded = texts
            .iter()
            .map(|text| {
                self.tokenizer
                    .encode_fast(beginning(text), true)
                    .map_err(reason)
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let width = encoded.iter().map(Encoding::len).max().unwrap_or_default();
        let shape = [texts.len(), width];
        let ids = padded(&encoded, width, Encoding::get_ids);
        let mask = padded(&encoded, width, Encoding::get_attention_mask);
        let kinds = vec![0_i64; ids.len()];
        let outputs = self.session.run(ort::inputs![
            "input_ids" => TensorRef::from_array_view((shape, ids.as_slice()))?,
            "attention_mask" => TensorRef::from_array_view((shape, mask.as_slice()))?,
            "token_type_ids" => TensorRef::from_array_view((shape, kinds.as_slice()))?,
        ])?;
        let (_, numbers) = outputs["sentence_embedding"].try_extract_tensor::<f32>()?;
        ensure!(
            numbers.len() == texts.len() * DIMENSIONS,
            "{} numbers came",
            numbers.len()
        );
        let normal = |vector: &[f32]| vector::normal(vector.to_vec()).context("a zero vector came");
        numbers.chunks_exact(DIMENSIONS).map(normal).collect()
    }
}

fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(INPUT_CHARS_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

/// One row a text, filled up with zeros to the longest.
fn padded(encoded: &[Encoding], width: usize, field: fn(&Encoding) -> &[u32]) -> Vec<i64> {
    let mut rows = Vec::with_capacity(encoded.len() * width);
    for (row, text) in encoded.iter().enumerate() {
        rows.extend(field(text).iter().map(|&number| i64::from(number)));
        rows.resize((row + 1) * width, 0);
    }
    rows
}

fn session(files: &Files, threads: usize) -> anyhow::Result<Session> {
    // the arena keeps the largest batch it ever saw
    let cpu = ep::CPU::default().with_arena_allocator(false).build();
    Session::builder(&environment(&files.library)?)?
        .with_execution_providers([cpu])
        .map_err(reason)?
        .with_memory_pattern(false)
        .map_err(reason)?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(reason)?
        .with_intra_threads(threads)
        .map_err(reason)?
        .with_inter_threads(1)
        .map_err(reason)?
        // waiting threads must not burn the processor that answers requests
        .with_intra_op_spinning(false)
        .map_err(reason)?
        .commit_from_file(&files.weights)
        .with_context(|| format!("load {}", files.weights.display()))
}

/// ONNX Runtime allows one environment per process, and it must outlive every session.
fn environment(library: &Path) -> anyhow::Result<Environment> {
    static ENVIRONMENT: StdMutex<Option<Environment>> = StdMutex::new(None);
    let mut environment = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*environment {
        return Ok(environment.clone());
    }
    let built = ort::init_from(library)
        .map_err(reason)?
        .with_telemetry(false)
        .build()?;
    Ok(environment.insert(built).clone())
}

/// The text of an error that cannot travel between threads.
fn reason(error: impl Display) -> anyhow::Error {
    anyhow!("{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_run_together_and_long_ones_alone() {
        let words = |count: usize| "word ".repeat(count);
        let sizes = [200, 10, 40, 10, 10, 90, 10, 10, 10];
        let texts: Vec<String> = sizes.into_iter().map(words).collect();
        let batched = batches(&texts);
        assert_eq!(batched, [vec![1, 3, 4, 6, 7, 8], vec![2], vec![5], vec![0]]);
        assert!(batches(&[]).is_empty());
    }
}
