//! Stores what goes out of an answer, every so often and beside its writing: while the database is
//! away the answer goes on, and what it says waits in memory.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    event::Event,
    live::Answer,
    store,
    turn::{self, Chat, LEASE_SECONDS, Outcome, Turn},
};
use crate::error::{Error, Result};

/// Milliseconds after which events that went out are on disk.
const STORE_MS: u64 = 250;
/// Seconds between attempts to store the end of an answer while the database is away.
const FINISH_AGAIN_SECONDS: u64 = 1;
/// Attempts to store the end of an answer; past them the search for orphans finds it.
const FINISH_ATTEMPTS: u32 = 60;
/// Attempts after the database refused it, as it does when two wait for each other.
const REFUSED_ATTEMPTS: u32 = 5;
/// Milliseconds for the last events and for the end once the server is being stopped: together less
/// than the server waits for its readers, who are to be told.
const STORE_STOPPING_MS: u64 = 1_000;
const FINISH_STOPPING_MS: u64 = 1_500;

/// Stores one answer.
pub struct Keeper<'a> {
    chat: &'a Chat,
    turn: &'a Turn,
    answer: &'a Answer,
    /// Number of the last event that is stored.
    stored: u32,
    /// When the database last heard that the writer lives.
    leased: Instant,
}

/// What became of the end of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is stored.
    Stored,
    /// The answer was removed meanwhile; what it used is booked.
    Removed,
    /// The writer was taken for dead, and another end is stored.
    Orphaned,
}

impl<'a> Keeper<'a> {
    /// For an answer of which nothing is stored.
    pub fn new(chat: &'a Chat, turn: &'a Turn) -> Self {
        Self {
            chat,
            turn,
            answer: &turn.answer,
            stored: 0,
            leased: Instant::now(),
        }
    }

    /// Stores until `written` fires: every so often, and when there is `much`.
    pub async fn run(&mut self, much: &Notify, written: &CancellationToken) {
        if self.turn.loose.is_some() {
            // kept nowhere
            return;
        }
        let every = Duration::from_millis(STORE_MS);
        // a short answer is stored once, whole
        let mut tick = interval_at(Instant::now() + every, every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = written.cancelled() => return,
                _ = tick.tick() => {}
                () = much.notified() => {}
            }
            let late = stopped_for(self.chat, STORE_STOPPING_MS);
            tokio::select! {
                biased;
                () = self.store() => {}
                () = late => return,
            }
        }
    }

    /// Stores what went out, and says that the writer lives.
    async fn store(&mut self) {
        let (frames, last) = self.answer.sent_behind(self.stored);
        let lease_due = self.leased.elapsed() > Duration::from_secs(LEASE_SECONDS) / 3;
        if frames.is_empty() && !lease_due {
            return;
        }
        match self.try_store(&frames, last).await {
            Ok(()) => {
                self.stored = last;
                self.leased = Instant::now();
            }
            Err(error) => {
                tracing::warn!(error = error.causes(), answer = %self.turn.id, "events are not stored yet");
            }
        }
    }

    async fn try_store(&self, frames: &Bytes, last: u32) -> Result<()> {
        let app = &self.chat.app;
        let mut tx = app.db.client(self.turn.client).await?;
        // losing the last quarter of a second in a power cut is what resuming is made for
        sqlx::query("set local synchronous_commit = off")
            .execute(tx.conn())
            .await?;
        if !frames.is_empty() {
            store::add_frames(&mut tx, self.turn.id, self.stored + 1, last, frames).await?;
        }
        let until = app.clock.now() + Duration::from_secs(LEASE_SECONDS);
        let ours = store::extend_lease(&mut tx, self.turn.id, self.chat.runner, until).await?;
        tx.commit().await?;
        if !ours {
            // stopped by another process, removed, or taken for dead: nobody waits for the rest
            self.answer.stop.cancel();
        }
        Ok(())
    }

    /// Stores the end: what is not stored yet, and these events.
    pub async fn finish(&self, outcome: &mut Outcome, closing: &[Event]) -> Result<Kept> {
        let (unstored, sent) = self.answer.sent_behind(self.stored);
        let frames = self.answer.frames(closing).concat();
        let last = sent + closing.len() as u32;
        outcome.frames = self.turn.loose.is_none().then(|| {
            let bytes = [&unstored[..], &frames].concat();
            (self.stored + 1, last, bytes.into())
        });
        tokio::select! {
            biased;
            kept = self.finish_patiently(outcome) => kept,
            () = stopped_for(self.chat, FINISH_STOPPING_MS) => Err(Error::Unavailable(anyhow::anyhow!(
                "the server ends while its database is away"
            ))),
        }
    }

    async fn finish_patiently(&self, outcome: &Outcome) -> Result<Kept> {
        let mut attempt = 1;
        loop {
            match self.try_finish(outcome).await {
                Err(error) if attempt < attempts(&error) => {
                    tracing::warn!(
                        error = error.causes(),
                        attempt,
                        "the end of an answer waits for the database"
                    );
                    attempt += 1;
                    sleep(Duration::from_secs(FINISH_AGAIN_SECONDS)).await;
                }
                other => return other,
            }
        }
    }

    async fn try_finish(&self, outcome: &Outcome) -> Result<Kept> {
        let app = &self.chat.app;
        let mut tx = app.db.client(self.turn.client).await?;
        let was_running = turn::finish(&mut tx, outcome, app.clock.now()).await?;
        let kept = if was_running {
            Kept::Stored
        } else {
            match store::message(&mut tx, outcome.user, outcome.message).await? {
                None => Kept::Removed,
                // by an attempt whose commit was done when the word of it got lost
                Some(ended) if ended.state == outcome.state && ended.content == outcome.text => {
                    Kept::Stored
                }
                Some(_) => Kept::Orphaned,
            }
        };
        tx.commit().await?;
        Ok(kept)
    }
}

/// How often the end of an answer is tried to be stored when that fails so.
fn attempts(error: &Error) -> u32 {
    match error {
        Error::Unavailable(_) => FINISH_ATTEMPTS,
        Error::Internal(_) => REFUSED_ATTEMPTS,
        _ => 1,
    }
}

/// Fires when the server has been told to end for so long.
async fn stopped_for(chat: &Chat, ms: u64) {
    chat.app.tasks.stopping().cancelled().await;
    sleep(Duration::from_millis(ms)).await;
}
