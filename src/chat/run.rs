//! Writes an answer: the vendor's stream becomes events, at once for readers, every so often on disk.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    citation,
    event::{CountedBy, Event, Failed, Start},
    keep::{Keeper, Kept},
    live::Answer,
    marker::Markers,
    store::State,
    turn::{self, Chat, Outcome, Turn},
};
use crate::{
    error::{Code, Error, Result},
    ids::MessageId,
    models::{ChatEvent, TokenUsage, tokens},
};

/// Bytes that go out before they are stored out of turn.
const STORE_BYTES: usize = 4_096;
/// Bytes of one answer at most: far more than any model writes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Seconds of one answer at most: less than after which nobody is believed to write it any more and
/// what was set aside for it is given back.
pub const ANSWER_SECONDS_MAX: u64 = 45 * 60;

impl Chat {
    /// Starts writing the answer, on a task of its own: readers come and go.
    pub fn start(self: &Arc<Self>, turn: Box<Turn>) -> MessageId {
        let (chat, id) = (self.clone(), turn.id);
        self.app.tasks.spawn(async move {
            let _running = Running::begin(&chat, &turn);
            if let Err(error) = answer(&chat, &turn).await {
                tracing::error!(?error, answer = %turn.id, "the end of an answer could not be stored");
            }
        });
        id
    }
}

/// While it lives the answer counts as running here; a panic ends it too.
struct Running<'a> {
    chat: &'a Chat,
    turn: &'a Turn,
}

impl<'a> Running<'a> {
    fn begin(chat: &'a Chat, turn: &'a Turn) -> Self {
        chat.app.metrics.turns_running.inc();
        Self { chat, turn }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.chat.live.end(self.turn.client, self.turn.id);
        self.chat.app.metrics.turns_running.dec();
    }
}

/// Writes and stores at the same time; then the end is stored, and only then sent.
async fn answer(chat: &Chat, turn: &Turn) -> Result<()> {
    let (much, whole) = (Notify::new(), CancellationToken::new());
    let mut writer = Writer::new(chat, turn, &much);
    let mut keeper = Keeper::new(chat, turn);
    let writing = async {
        let written = writer.write().await;
        whole.cancel();
        written
    };
    let (written, ()) = tokio::join!(writing, keeper.run(&much, &whole));
    let (mut outcome, replaced) = writer.outcome(written);
    let closing = turn::closing(&outcome, replaced);
    let kept = keeper.finish(&mut outcome, &closing).await;
    match &kept {
        Ok(Kept::Stored | Kept::Removed) => turn.answer.send(&turn.answer.frames(&closing)),
        // whoever reads along comes back, and gets the end that is stored
        Ok(Kept::Orphaned) => {}
        Err(error) => {
            let failed = Failed {
                code: error.kind(),
                detail: error.to_string(),
            };
            turn.answer
                .send(&turn.answer.frames(&[Event::Error(failed)]));
        }
    }
    let word = word(outcome.state);
    chat.app.metrics.turns.with_label_values(&[word]).inc();
    kept.map(drop)
}

/// What came of the model.
struct Written {
    state: State,
    /// What it used, and whose count that is.
    usage: Option<(TokenUsage, CountedBy)>,
    error: Option<(Code, String)>,
}

struct Writer<'a> {
    chat: &'a Chat,
    turn: &'a Turn,
    answer: &'a Answer,
    markers: Markers,
    text: String,
    /// Told when much went out since it was last told.
    much: &'a Notify,
    sent_bytes: usize,
}

impl<'a> Writer<'a> {
    fn new(chat: &'a Chat, turn: &'a Turn, much: &'a Notify) -> Self {
        Self {
            chat,
            turn,
            answer: &turn.answer,
            markers: Markers::new(turn.passages.len()),
            text: String::new(),
            much,
            sent_bytes: 0,
        }
    }

    async fn write(&mut self) -> Written {
        self.send(&[
            Event::Start(Start {
                session_id: self.turn.session,
                question_id: self.turn.question,
                message_id: self.turn.id,
                model: self.turn.model.name().to_owned(),
            }),
            Event::passages(&self.turn.passages),
        ]);
        if let Some(text) = &self.turn.instead {
            self.piece(text);
            return Written {
                state: State::Done,
                usage: Some((TokenUsage::default(), CountedBy::Server)),
                error: None,
            };
        }
        let written = self.ask().await;
        let rest = std::mem::take(&mut self.markers).finish();
        self.show(rest);
        written
    }

    async fn ask(&mut self) -> Written {
        let stopping = self.chat.app.tasks.stopping();
        let mut usage = None;
        let asked = self.turn.model.answer(self.turn.request.clone());
        let late = sleep(Duration::from_secs(ANSWER_SECONDS_MAX));
        tokio::pin!(asked, late);
        let mut stream = None;
        loop {
            let next = async {
                match &mut stream {
                    None => Got::Stream(asked.as_mut().await),
                    Some(stream) => Got::Event(futures_util::StreamExt::next(stream).await),
                }
            };
            tokio::select! {
                biased;
                () = self.answer.stop.cancelled() => return Written { state: State::Stopped, usage, error: None },
                () = stopping.cancelled() => return interrupted(usage),
                () = &mut late => return self.failed(usage, &Error::Upstream(anyhow::anyhow!("the answer takes too long"))),
                got = next => match got {
                    Got::Stream(Ok(begun)) => stream = Some(begun),
                    // nothing was read and nothing was written
                    Got::Stream(Err(error)) => return self.failed(Some((TokenUsage::default(), CountedBy::Server)), &error),
                    Got::Event(Some(Ok(ChatEvent::Delta(piece)))) => {
                        self.piece(&piece);
                        if self.text.len() > ANSWER_BYTES_MAX {
                            return self.failed(usage, &Error::Upstream(anyhow::anyhow!("the answer does not end")));
                        }
                    }
                    Got::Event(Some(Ok(ChatEvent::Usage(counted)))) => usage = Some((counted, CountedBy::Vendor)),
                    Got::Event(Some(Ok(ChatEvent::Cut(why)))) => {
                        tracing::info!(why, answer = %self.turn.id, "the vendor cut an answer");
                    }
                    Got::Event(Some(Err(error))) => return self.failed(usage, &error),
                    Got::Event(None) => return Written { state: State::Done, usage, error: None },
                },
            }
        }
    }

    fn piece(&mut self, piece: &str) {
        let shown = self.markers.push(piece);
        self.show(shown);
    }

    fn show(&mut self, text: String) {
        if !text.is_empty() {
            self.text.push_str(&text);
            self.send(&[Event::delta(text)]);
        }
    }

    fn send(&mut self, events: &[Event]) {
        let frames = self.answer.frames(events);
        self.answer.send(&frames);
        self.sent_bytes += frames.iter().map(bytes::Bytes::len).sum::<usize>();
        if self.sent_bytes > STORE_BYTES {
            self.sent_bytes = 0;
            self.much.notify_one();
        }
    }

    fn failed(&self, usage: Option<(TokenUsage, CountedBy)>, error: &Error) -> Written {
        tracing::warn!(?error, answer = %self.turn.id, "a vendor failed");
        Written {
            state: State::Failed,
            usage,
            error: Some((error.kind(), error.to_string())),
        }
    }

    /// What is kept, and whether it differs from what was shown.
    fn outcome(&self, written: Written) -> (Outcome, bool) {
        let checked = citation::check(&self.text, &self.turn.passages);
        let (usage, counted_by) = written
            .usage
            .unwrap_or_else(|| (self.estimate(), CountedBy::Server));
        let outcome = Outcome {
            message: self.turn.id,
            user: self.turn.user,
            model: self.turn.model.name().to_owned(),
            text: checked.text,
            state: written.state,
            citations: if self.turn.cites {
                checked.citations
            } else {
                Vec::new()
            },
            error: written.error,
            usage,
            counted_by,
            untitled: (self.turn.makes_title && written.state == State::Done)
                .then_some(self.turn.session),
            frames: None,
        };
        (outcome, checked.changed)
    }

    fn estimate(&self) -> TokenUsage {
        TokenUsage {
            input: tokens::count_prompt(&self.turn.request.messages),
            cached: 0,
            output: tokens::count(&self.text),
        }
    }
}

enum Got<S, E> {
    Stream(S),
    Event(E),
}

fn interrupted(usage: Option<(TokenUsage, CountedBy)>) -> Written {
    Written {
        state: State::Failed,
        usage,
        error: Some((Code::Interrupted, turn::INTERRUPTED.into())),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Done => "done",
        State::Stopped => "stopped",
        State::Failed => "failed",
    }
}
