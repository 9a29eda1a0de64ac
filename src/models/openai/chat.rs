//! Chat completions, and what a vendor turns out not to understand.

use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use super::{
    OpenAiTarget,
    answer::Answer,
    link::{EVENT_STREAM, Link},
    refusal::Refusal,
    wire::{Ask, StreamOptions},
};
use crate::{
    error::{Error, Result},
    models::{ChatEvent, ChatModel, ChatRequest, ChatStream},
};

/// A chat model behind an OpenAI-compatible address.
pub struct OpenAiChat {
    name: String,
    model: String,
    context_tokens: u32,
    link: Link,
    habits: AtomicU8,
}

impl OpenAiChat {
    /// The model at `target`, with room for `context_tokens` of prompt and answer together.
    ///
    /// # Errors
    /// `Invalid` when address or key cannot be used.
    pub fn new(target: &OpenAiTarget, context_tokens: u32) -> Result<Self> {
        Ok(Self {
            name: target.name.clone(),
            model: target.model.clone(),
            context_tokens,
            link: Link::new(target, &["chat", "completions"], EVENT_STREAM)?,
            habits: AtomicU8::new(0),
        })
    }

    async fn start(&self, request: ChatRequest) -> Result<ChatStream> {
        loop {
            let habits = Habits(self.habits.load(Ordering::Relaxed));
            let body = serde_json::to_vec(&self.ask(&request, habits)).map_err(Error::internal)?;
            let refusal = match self.link.post(body.into()).await {
                Ok(response) => return Answer::read(response, self.link.speaker().clone()).await,
                Err(refusal) => refusal,
            };
            if let Some(word) = refusal.filter() {
                return Ok(stream::iter([Ok(ChatEvent::Cut(word.to_owned()))]).boxed());
            }
            // every turn of the loop leaves out one more thing, and there are three
            match habits.learn(&refusal) {
                Some(habit) => self.habits.fetch_or(habit, Ordering::Relaxed),
                None => return Err(refusal.into_error(self.link.speaker())),
            };
        }
    }

    fn ask<'a>(&'a self, request: &'a ChatRequest, habits: Habits) -> Ask<'a> {
        let limit = Some(request.output_tokens_max);
        let renamed = habits.has(COMPLETION_TOKENS);
        Ask {
            model: &self.model,
            messages: request.messages.iter().map(Into::into).collect(),
            stream: true,
            stream_options: (!habits.has(NO_USAGE)).then_some(StreamOptions {
                include_usage: true,
            }),
            max_tokens: limit.filter(|_| !renamed),
            max_completion_tokens: limit.filter(|_| renamed),
            temperature: request.temperature.filter(|_| !habits.has(NO_TEMPERATURE)),
        }
    }
}

impl ChatModel for OpenAiChat {
    fn name(&self) -> &str {
        &self.name
    }

    fn context_tokens(&self) -> u32 {
        self.context_tokens
    }

    fn answer(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream>> {
        self.start(request).boxed()
    }
}

const NO_USAGE: u8 = 1;
const COMPLETION_TOKENS: u8 = 2;
const NO_TEMPERATURE: u8 = 4;

/// What a vendor has refused and is no longer asked for.
#[derive(Clone, Copy)]
struct Habits(u8);

impl Habits {
    fn has(self, habit: u8) -> bool {
        self.0 & habit != 0
    }

    /// What to leave out from now on, if the refusal is about something that was not left out.
    fn learn(self, refusal: &Refusal) -> Option<u8> {
        let complaints = [
            (NO_USAGE, &["stream_options"][..]),
            (COMPLETION_TOKENS, &["max_completion_tokens"]),
            (NO_TEMPERATURE, &["temperature", "not support"]),
            (NO_TEMPERATURE, &["temperature", "unsupported"]),
        ];
        let fresh = complaints
            .into_iter()
            .filter(|(habit, _)| !self.has(*habit));
        fresh
            .into_iter()
            .find(|(_, words)| refusal.complains_of(words))
            .map(|(habit, _)| habit)
    }
}
