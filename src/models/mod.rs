//! Models: one trait per kind, several vendors behind each.

mod extractive;
mod http;
mod minilm;
mod openai;
mod questions;
mod registry;
mod scripted;
pub mod tokens;
mod vector;

use std::sync::Arc;

use futures_util::{future::BoxFuture, stream::BoxStream};

use crate::error::Result;

pub use self::{
    extractive::Extractive,
    http::http_client,
    minilm::MiniLm,
    openai::{AzureDeployment, EmbeddingShape, OpenAiChat, OpenAiEmbedder, OpenAiTarget},
    registry::{ChatEntry, Models},
    scripted::{Script, Scripted, Step},
};

/// Who speaks in a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions of the operator.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One message of a prompt.
#[derive(Clone, Debug)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What a chat model is asked.
#[derive(Clone, Debug)]
pub struct ChatRequest {
    /// The prompt, oldest first; passages are already written into it.
    pub messages: Vec<ChatMessage>,
    /// The bare question, for models that answer without a prompt.
    pub question: String,
    /// The passages, in the order of their numbers, which start at 1.
    pub passages: Vec<Excerpt>,
    /// What a model says that finds no answer in the passages by itself.
    pub no_answer: String,
    /// Upper limit of the answer, in tokens.
    pub output_tokens_max: u32,
    /// Sampling temperature; `None` leaves it to the vendor.
    pub temperature: Option<f32>,
}

/// A passage as a model reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The headings above it, the highest first, with ` > ` between them; then the head of a table
    /// that began before it, with ` | ` between its cells.
    pub context: String,
    /// Its text.
    pub text: String,
}

/// What a chat model says while it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// The next piece of the answer.
    Delta(String),
    /// What the vendor counted; at most once, at the end.
    Usage(TokenUsage),
    /// The vendor ended the answer before it was complete (length, filter), with its word for it.
    Cut(String),
}

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Tokens read.
    pub input: u32,
    /// How many of them the vendor had read before, which costs less.
    pub cached: u32,
    /// Tokens written.
    pub output: u32,
}

/// An answer on its way. Dropping it ends the call to the vendor.
pub type ChatStream = BoxStream<'static, Result<ChatEvent>>;

/// A model that answers.
pub trait ChatModel: Send + Sync {
    /// The name under which `config.ini` knows it.
    fn name(&self) -> &str;
    /// Whether it has nothing to say without passages.
    fn needs_passages(&self) -> bool {
        false
    }
    /// Room for prompt and answer together, in tokens.
    fn context_tokens(&self) -> u32;
    /// Starts an answer. Fails with `Upstream`, `Throttled` or `Unavailable` before the first piece.
    fn answer(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream>>;
}

/// A language that a text can be in, as far as search cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Written with Chinese characters.
    Chinese,
    /// Written with Latin letters.
    English,
}

/// A model that turns texts into vectors of length 1.
pub trait Embedder: Send + Sync {
    /// Names model and version: vectors of different ids are never compared.
    fn id(&self) -> &str;
    /// Length of the vectors.
    fn dimensions(&self) -> usize;
    /// Languages whose questions it understands.
    fn languages(&self) -> &[Language];
    /// Vectors of the texts, in their order. An input too long for the model is cut by it.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>>>;
}

/// A chat model, shared.
pub type SharedChatModel = Arc<dyn ChatModel>;
/// An embedder, shared.
pub type SharedEmbedder = Arc<dyn Embedder>;
