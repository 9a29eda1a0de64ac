//! The built-in model: it answers with sentences of the passages, and invents nothing.

mod choose;
mod sentence;
mod terms;

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use super::{ChatEvent, ChatModel, ChatRequest, ChatStream, Language, tokens};
use crate::error::Result;

/// It reads passages only, so the limit is only what the caller may count with.
const CONTEXT_TOKENS: u32 = 32_768;
/// Characters of one delta: small, so that a page shows it as it shows other models.
const DELTA_CHARS: usize = 6;

/// Answers with the sentences that have most in common with the question. It needs no network and
/// no weights, takes milliseconds, and can only quote: it neither sums up nor concludes.
pub struct Extractive {
    name: String,
}

impl Extractive {
    /// The model under the name that `config.ini` gives it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl ChatModel for Extractive {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs_passages(&self) -> bool {
        true
    }

    fn context_tokens(&self) -> u32 {
        CONTEXT_TOKENS
    }

    fn answer(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream>> {
        let whole = reply(&request.question, &request.passages);
        let kept = tokens::cut(&whole, request.output_tokens_max);
        let mut events = deltas(kept);
        if kept.len() < whole.len() {
            events.push(ChatEvent::Cut("length".to_owned()));
        }
        async { Ok(stream::iter(events.into_iter().map(Ok)).boxed()) }.boxed()
    }
}

/// The whole answer; empty when there are no passages.
fn reply(question: &str, passages: &[String]) -> String {
    let chosen = choose::sentences(question, passages);
    let (found, sentences) = match chosen {
        Some(sentences) => (true, sentences),
        None => (false, choose::opening(passages)),
    };
    if sentences.is_empty() {
        return String::new();
    }
    let mut text = framing(terms::language(question), found).to_owned();
    for (at, sentence) in sentences.iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        text.push_str(&format!(
            "{gap}{} [{}]",
            sentence.said(),
            sentence.passage + 1
        ));
    }
    text
}

fn framing(language: Language, found: bool) -> &'static str {
    match (language, found) {
        (Language::Chinese, true) => "资料中写道：",
        (Language::English, true) => "The documents say: ",
        (Language::Chinese, false) => "资料中没有哪句话直接回答这个问题，最接近的一段是：",
        (Language::English, false) => {
            "No sentence of the documents answers this directly. The closest passage begins: "
        }
    }
}

fn deltas(text: &str) -> Vec<ChatEvent> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(DELTA_CHARS)
        .map(|piece| ChatEvent::Delta(piece.iter().collect()))
        .collect()
}

#[cfg(test)]
mod tests;
