//! Models against a vendor that misbehaves, and those that are built in.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot go on ends the test"
)]

mod chat;
mod embed;
mod faults;
mod minilm;
mod scripted;
mod secrets;

use std::time::Duration;

use concierge::{
    error::{Error, Result},
    models::{
        ChatEvent, ChatMessage, ChatModel, ChatRequest, ChatStream, OpenAiChat, OpenAiTarget, Role,
        TokenUsage,
    },
};
use futures_util::StreamExt as _;

use crate::vendor::Vendor;

const KEY: &str = "sk-test-5f1c9e";

fn target(vendor: &Vendor) -> OpenAiTarget {
    OpenAiTarget {
        name: "small".to_owned(),
        base_url: vendor.base_url(),
        api_key: Some(KEY.to_owned().into()),
        model: "mock-1".to_owned(),
        azure: None,
        idle_max: Duration::from_secs(20),
    }
}

fn chat(vendor: &Vendor) -> OpenAiChat {
    OpenAiChat::new(&target(vendor), 8_192).unwrap()
}

fn question() -> ChatRequest {
    ChatRequest {
        messages: vec![
            ChatMessage {
                role: Role::System,
                content: "Cite.".to_owned(),
            },
            ChatMessage {
                role: Role::User,
                content: "电池保修多久？".to_owned(),
            },
        ],
        question: "电池保修多久？".to_owned(),
        passages: Vec::new(),
        no_answer: String::new(),
        output_tokens_max: 321,
        temperature: Some(0.5),
    }
}

/// What a listener got, and how it ended.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    usage: Option<TokenUsage>,
    cut: Option<String>,
    error: Option<Error>,
}

impl Heard {
    async fn from(answer: Result<ChatStream>) -> Self {
        let mut heard = Self::default();
        let mut events = match answer {
            Ok(events) => events,
            Err(error) => {
                return Self {
                    error: Some(error),
                    ..heard
                };
            }
        };
        while let Some(event) = events.next().await {
            assert!(heard.error.is_none(), "an event after the error");
            match event {
                Ok(ChatEvent::Delta(text)) => {
                    assert!(
                        heard.usage.is_none() && heard.cut.is_none(),
                        "text after the end"
                    );
                    heard.text.push_str(&text);
                }
                Ok(ChatEvent::Usage(usage)) => assert_eq!(heard.usage.replace(usage), None),
                Ok(ChatEvent::Cut(word)) => assert_eq!(heard.cut.replace(word), None),
                Err(error) => heard.error = Some(error),
            }
        }
        heard
    }

    /// The word of the error and its causes, as a log would show them.
    fn failure(&self) -> String {
        self.error.as_ref().map_or_else(String::new, failure)
    }
}

fn failure(error: &Error) -> String {
    match error {
        Error::Upstream(cause) => format!("upstream: {cause:#}"),
        Error::Throttled(time) => format!("throttled: {}", time.as_secs()),
        other => format!("{}: {other}", other.code()),
    }
}

async fn ask(vendor: &Vendor) -> Heard {
    let chat = chat(vendor);
    Heard::from(chat.answer(question()).await).await
}
