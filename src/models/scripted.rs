//! A chat model that follows a script, for tests of what surrounds a model.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use tokio::sync::{Semaphore, watch};

use super::{ChatEvent, ChatModel, ChatRequest, ChatStream, TokenUsage};
use crate::error::{Error, Result};

const CONTEXT_TOKENS: u32 = 8_192;
/// Requests kept for [`Scripted::requests`]; older ones are forgotten.
const REQUESTS_KEPT_MAX: usize = 64;

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Say a piece of the answer.
    Say(String),
    /// Wait for the clock.
    Pause(Duration),
    /// Wait for [`Scripted::open_gate`]: a test goes on exactly when it wants to.
    Gate,
    /// Report a count.
    Usage(TokenUsage),
    /// End the answer before it is complete, with this word for it.
    Cut(String),
    /// Break: `Upstream` before the first piece when it is the first step, in the middle otherwise.
    Fail,
    /// Be silent until the answer is dropped.
    Hang,
}

/// What is answered to one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(pub Vec<Step>);

impl Script {
    /// Says `answer` in pieces of `piece_chars` characters (at least 1) with a `pause` before each.
    pub fn saying(answer: &str, piece_chars: usize, pause: Duration) -> Self {
        let chars: Vec<char> = answer.chars().collect();
        let pieces = chars
            .chunks(piece_chars.max(1))
            .map(|piece| piece.iter().collect());
        let wait = (!pause.is_zero()).then_some(Step::Pause(pause));
        Self(
            pieces
                .flat_map(|piece| wait.clone().into_iter().chain([Step::Say(piece)]))
                .collect(),
        )
    }

    /// The same, and one more step at the end.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

/// The model: it takes the next script of its queue for each question, and its own when there is
/// none.
pub struct Scripted {
    name: String,
    own: Script,
    next: Mutex<VecDeque<Script>>,
    requests: Mutex<VecDeque<ChatRequest>>,
    gate: Arc<Semaphore>,
    dropped: watch::Sender<usize>,
}

impl Scripted {
    /// A model that follows `own` at every question.
    pub fn new(name: impl Into<String>, own: Script) -> Self {
        Self {
            name: name.into(),
            own,
            next: Mutex::default(),
            requests: Mutex::default(),
            gate: Arc::new(Semaphore::new(0)),
            dropped: watch::Sender::new(0),
        }
    }

    /// Adds a script for one of the next questions.
    pub fn push(&self, script: Script) {
        locked(&self.next).push_back(script);
    }

    /// Lets `count` gates pass, those not yet reached included.
    pub fn open_gate(&self, count: usize) {
        self.gate.add_permits(count);
    }

    /// What was asked, oldest first.
    pub fn requests(&self) -> Vec<ChatRequest> {
        locked(&self.requests).iter().cloned().collect()
    }

    /// Waits until `count` answers in all were dropped before they ended.
    pub async fn dropped(&self, count: usize) {
        let mut dropped = self.dropped.subscribe();
        // the sender lives as long as self, so the wait cannot fail
        let _ = dropped.wait_for(|&seen| seen >= count).await;
    }

    fn begin(&self, request: ChatRequest) -> Result<ChatStream> {
        let mut requests = locked(&self.requests);
        if requests.len() == REQUESTS_KEPT_MAX {
            requests.pop_front();
        }
        requests.push_back(request);
        drop(requests);
        let script = locked(&self.next)
            .pop_front()
            .unwrap_or_else(|| self.own.clone());
        if script.0.first() == Some(&Step::Fail) {
            return Err(failure());
        }
        let play = Play {
            left: script.0.into(),
            gate: self.gate.clone(),
            dropped: self.dropped.clone(),
            over: false,
        };
        let events = stream::unfold(play, |mut play| async move {
            play.event().await.map(|event| (event, play))
        });
        Ok(events.boxed())
    }
}

impl ChatModel for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn context_tokens(&self) -> u32 {
        CONTEXT_TOKENS
    }

    fn answer(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream>> {
        async { self.begin(request) }.boxed()
    }
}

/// One answer under way.
struct Play {
    left: VecDeque<Step>,
    gate: Arc<Semaphore>,
    dropped: watch::Sender<usize>,
    over: bool,
}

impl Play {
    async fn event(&mut self) -> Option<Result<ChatEvent>> {
        while let Some(step) = self.left.pop_front() {
            match step {
                Step::Say(text) => return Some(Ok(ChatEvent::Delta(text))),
                Step::Usage(usage) => return Some(Ok(ChatEvent::Usage(usage))),
                Step::Cut(word) => return Some(Ok(ChatEvent::Cut(word))),
                Step::Pause(time) => tokio::time::sleep(time).await,
                // closed never: then the gate stands open
                Step::Gate => self.gate.acquire().await.ok()?.forget(),
                Step::Hang => std::future::pending().await,
                Step::Fail => {
                    self.left.clear();
                    return Some(Err(failure()));
                }
            }
        }
        self.over = true;
        None
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        if !self.over {
            self.dropped.send_modify(|count| *count += 1);
        }
    }
}

fn failure() -> Error {
    Error::Upstream(anyhow!("the script says that the vendor fails here"))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
