//! The shapes of the OpenAI API, as far as they are used; what is read is read leniently.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::models::{ChatMessage, Role, TokenUsage};

/// The body of `POST /chat/completions`.
#[derive(Serialize)]
pub struct Ask<'a> {
    pub model: &'a str,
    pub messages: Vec<Said<'a>>,
    pub stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<StreamOptions>,
    /// The limit of the answer under its first name, which most vendors know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// The same limit under the name that OpenAI's reasoning models insist on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
}

#[derive(Serialize)]
pub struct StreamOptions {
    pub include_usage: bool,
}

#[derive(Serialize)]
pub struct Said<'a> {
    role: &'static str,
    content: &'a str,
}

impl<'a> From<&'a ChatMessage> for Said<'a> {
    fn from(message: &'a ChatMessage) -> Self {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        Self {
            role,
            content: &message.content,
        }
    }
}

/// One frame of an answer, or a whole answer from a vendor that does not stream.
#[derive(Deserialize)]
pub struct Frame {
    pub choices: Option<Vec<Choice>>,
    pub usage: Option<Value>,
    pub error: Option<Value>,
}

#[derive(Deserialize)]
pub struct Choice {
    pub index: Option<u32>,
    /// A piece, in a stream.
    pub delta: Option<Piece>,
    /// Everything, outside of a stream.
    pub message: Option<Piece>,
    pub finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub struct Piece {
    pub content: Option<String>,
}

/// The vendor's count, when it holds both numbers.
pub fn usage(value: &Value) -> Option<TokenUsage> {
    let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
    let count = |key: &str| number(value.get(key)?);
    let cached = value.pointer("/prompt_tokens_details/cached_tokens");
    let input = count("prompt_tokens")?;
    Some(TokenUsage {
        input,
        cached: cached.and_then(number).unwrap_or(0).min(input),
        output: count("completion_tokens")?,
    })
}

/// The body of `POST /embeddings`.
#[derive(Serialize)]
pub struct EmbedAsk<'a> {
    pub model: &'a str,
    pub input: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<usize>,
}

/// Its answer.
#[derive(Deserialize)]
pub struct Embedded {
    pub data: Vec<Embedding>,
}

#[derive(Deserialize)]
pub struct Embedding {
    pub index: Option<usize>,
    pub embedding: Vec<f32>,
}
