//! The built-in model: it answers with sentences, entries and rows of the passages, or says that
//! they hold nothing; it invents nothing.

mod asked;
mod choose;
mod piece;
mod sentence;
mod stop;
mod table;
mod terms;

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use self::piece::Piece;
use super::{ChatEvent, ChatModel, ChatRequest, ChatStream, Excerpt, Language, tokens};
use crate::error::Result;

/// It reads passages only, so the limit is only what the caller may count with.
const CONTEXT_TOKENS: u32 = 32_768;
/// Characters of one delta: small, so that a page shows it as it shows other models.
const DELTA_CHARS: usize = 6;

/// Answers with what has most in common with the question, if that is enough. It needs no network and
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
        let whole = reply(&request.question, &request.passages, &request.no_answer);
        let kept = tokens::cut(&whole, request.output_tokens_max);
        let mut events = deltas(kept);
        if kept.len() < whole.len() {
            events.push(ChatEvent::Cut("length".to_owned()));
        }
        async { Ok(stream::iter(events.into_iter().map(Ok)).boxed()) }.boxed()
    }
}

/// The whole answer; empty when there are no passages.
fn reply(question: &str, passages: &[Excerpt], no_answer: &str) -> String {
    let language = terms::language(question);
    if passages.is_empty() {
        return String::new();
    }
    match &choose::pieces(question, passages)[..] {
        [] => no_answer.to_owned(),
        [only] => format!("{}\n\n{}", framing(language), cited(only)),
        several => {
            let entries = several.iter().map(|piece| format!("- {}", cited(piece)));
            let entries: Vec<String> = entries.collect();
            format!("{}\n\n{}", framing(language), entries.join("\n"))
        }
    }
}

fn cited(piece: &Piece) -> String {
    format!("{} [{}]", piece.text, piece.passage + 1)
}

fn framing(language: Language) -> &'static str {
    match language {
        Language::Chinese => "资料中写道：",
        Language::English => "The documents say:",
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
