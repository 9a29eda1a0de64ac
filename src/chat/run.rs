//! Writes an answer: the vendor's stream becomes events, at once for readers, every so often on disk.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    citation,
    event::{CountedBy, Event, Start},
    live::Answer,
    marker::Markers,
    store::{self, State},
    turn::{self, Chat, LEASE_SECONDS, Outcome, Turn},
};
use crate::{
    error::{Code, Error, Result},
    ids::{ClientNo, MessageId},
    models::{ChatEvent, TokenUsage, tokens},
};

/// Milliseconds after which events that went out are on disk.
const STORE_MS: u64 = 250;
/// Bytes of events that are not stored, at most.
const STORE_BYTES: usize = 4_096;
/// Bytes of one answer at most: far more than any model writes.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Seconds between attempts to store the end of an answer while the database is away.
const FINISH_AGAIN_SECONDS: u64 = 1;
/// Attempts to store the end of an answer; past them the next start finds it.
const FINISH_ATTEMPTS: u32 = 60;

impl Chat {
    /// Starts writing the answer, on a task of its own: readers come and go.
    pub fn start(self: &Arc<Self>, turn: Box<Turn>) -> MessageId {
        let (chat, id) = (self.clone(), turn.id);
        self.app.tasks.spawn(async move {
            chat.app.metrics.turns_running.inc();
            let mut writer = Writer::new(&chat, &turn);
            let written = writer.write().await;
            let stored = writer.finish(written).await;
            chat.live.end(turn.client, turn.id);
            chat.app.metrics.turns_running.dec();
            if let Err(error) = stored {
                tracing::error!(?error, answer = %turn.id, "the end of an answer could not be stored");
            }
        });
        id
    }

    /// Ends an answer that this process writes.
    pub fn stop(&self, client: ClientNo, id: MessageId) {
        if let Some(answer) = self.live.find(client, id) {
            answer.stop.cancel();
        }
    }
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
    unstored: BytesMut,
    stored_seq: u32,
    leased: Instant,
}

impl<'a> Writer<'a> {
    fn new(chat: &'a Chat, turn: &'a Turn) -> Self {
        Self {
            chat,
            turn,
            answer: &turn.answer,
            markers: Markers::new(turn.passages.len()),
            text: String::new(),
            unstored: BytesMut::new(),
            stored_seq: 0,
            leased: Instant::now(),
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
        if let Some(text) = self.turn.instead {
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
        let mut tick = interval(Duration::from_millis(STORE_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let asked = self.turn.model.answer(self.turn.request.clone());
        tokio::pin!(asked);
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
                _ = tick.tick() => self.store().await,
                got = next => match got {
                    Got::Stream(Ok(begun)) => stream = Some(begun),
                    Got::Event(Some(Ok(ChatEvent::Delta(piece)))) => {
                        self.piece(&piece);
                        if self.text.len() > ANSWER_BYTES_MAX {
                            return failed(usage, &Error::Upstream(anyhow::anyhow!("the answer does not end")));
                        }
                        if self.unstored.len() > STORE_BYTES {
                            self.store().await;
                        }
                    }
                    Got::Event(Some(Ok(ChatEvent::Usage(counted)))) => usage = Some((counted, CountedBy::Vendor)),
                    Got::Event(Some(Ok(ChatEvent::Cut(why)))) => {
                        tracing::info!(why, answer = %self.turn.id, "the vendor cut an answer");
                    }
                    Got::Event(None) => return Written { state: State::Done, usage, error: None },
                    Got::Event(Some(Err(error))) | Got::Stream(Err(error)) => {
                        tracing::warn!(?error, answer = %self.turn.id, "a vendor failed");
                        return failed(usage, &error);
                    }
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
        for frame in frames {
            self.unstored.extend_from_slice(&frame);
        }
    }

    /// Stores what went out, and says that the writer lives. When the database is away the answer
    /// goes on, and the next tick tries again.
    async fn store(&mut self) {
        let lease_due = self.leased.elapsed() > Duration::from_secs(LEASE_SECONDS) / 3;
        if self.unstored.is_empty() && !lease_due {
            return;
        }
        match self.try_store().await {
            Ok(seq) => {
                self.stored_seq = seq;
                self.unstored.clear();
                self.leased = Instant::now();
            }
            Err(error) => {
                tracing::warn!(%error, answer = %self.turn.id, "events are not stored yet")
            }
        }
    }

    async fn try_store(&self) -> Result<u32> {
        let app = &self.chat.app;
        let seq = self.answer.sent();
        let mut tx = app.db.client(self.turn.client).await?;
        // losing the last quarter of a second in a power cut is what resuming is made for
        sqlx::query("set local synchronous_commit = off")
            .execute(tx.conn())
            .await?;
        if !self.unstored.is_empty() {
            let bytes = Bytes::copy_from_slice(&self.unstored);
            store::add_frames(&mut tx, self.turn.id, self.stored_seq + 1, seq, &bytes).await?;
        }
        let until = app.clock.now() + Duration::from_secs(LEASE_SECONDS);
        let ours = store::extend_lease(&mut tx, self.turn.id, self.chat.runner, until).await?;
        tx.commit().await?;
        if !ours {
            // deleted, or taken for dead: nobody waits for the rest
            self.answer.stop.cancel();
        }
        Ok(seq)
    }

    async fn finish(mut self, written: Written) -> Result<()> {
        let mut outcome = self.outcome(written);
        let checked = citation::check(&outcome.text, &self.turn.passages);
        outcome.text = checked.text;
        outcome.citations = checked.citations;
        let frames = self
            .answer
            .frames(&turn::closing(&outcome, checked.changed));
        for frame in &frames {
            self.unstored.extend_from_slice(frame);
        }
        let last = self.answer.sent() + frames.len() as u32;
        outcome.frames = Some((self.stored_seq + 1, last, self.unstored.split().freeze()));
        let stored = self.keep(&outcome).await;
        match &stored {
            Ok(()) => self.answer.send(&frames),
            Err(error) => {
                let failed = super::event::Failed {
                    code: error.kind(),
                    detail: error.to_string(),
                };
                let frames = self.answer.frames(&[Event::Error(failed)]);
                self.answer.send(&frames);
            }
        }
        self.chat
            .app
            .metrics
            .turns
            .with_label_values(&[word(outcome.state)])
            .inc();
        stored
    }

    async fn keep(&self, outcome: &Outcome) -> Result<()> {
        let mut attempt = 1;
        loop {
            match self.try_keep(outcome).await {
                Err(Error::Unavailable(cause)) if attempt < FINISH_ATTEMPTS => {
                    tracing::warn!(
                        ?cause,
                        attempt,
                        "the end of an answer waits for the database"
                    );
                    attempt += 1;
                    tokio::time::sleep(Duration::from_secs(FINISH_AGAIN_SECONDS)).await;
                }
                other => return other,
            }
        }
    }

    async fn try_keep(&self, outcome: &Outcome) -> Result<()> {
        let app = &self.chat.app;
        let mut tx = app.db.client(self.turn.client).await?;
        turn::finish(&mut tx, outcome, app.clock.now()).await?;
        tx.commit().await
    }

    fn outcome(&self, written: Written) -> Outcome {
        let (usage, counted_by) = written
            .usage
            .unwrap_or_else(|| (self.estimate(), CountedBy::Server));
        Outcome {
            message: self.turn.id,
            user: self.turn.user,
            model: self.turn.model.name().to_owned(),
            text: self.text.clone(),
            state: written.state,
            citations: Vec::new(),
            error: written.error,
            usage,
            counted_by,
            frames: None,
        }
    }
}

impl Writer<'_> {
    fn estimate(&self) -> TokenUsage {
        TokenUsage {
            input: tokens::count_prompt(&self.turn.request.messages),
            output: tokens::count(&self.text),
        }
    }
}

enum Got<S, E> {
    Stream(S),
    Event(E),
}

fn failed(usage: Option<(TokenUsage, CountedBy)>, error: &Error) -> Written {
    Written {
        state: State::Failed,
        usage,
        error: Some((error.kind(), error.to_string())),
    }
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
