//! Stores what goes out of an answer, every so often and beside its writing: while the database is
//! away the answer goes on, and what it says waits in memory.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval_at},
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
/// The same while the server is being stopped.
const FINISH_ATTEMPTS_STOPPING: u32 = 3;

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
            self.store().await;
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
                tracing::warn!(%error, answer = %self.turn.id, "events are not stored yet");
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
        outcome.frames = Some((
            self.stored + 1,
            last,
            [&unstored[..], &frames].concat().into(),
        ));
        let mut attempt = 1;
        loop {
            match self.try_finish(outcome).await {
                Err(Error::Unavailable(cause)) if attempt < self.attempts() => {
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

    fn attempts(&self) -> u32 {
        if self.chat.app.tasks.stopping().is_cancelled() {
            FINISH_ATTEMPTS_STOPPING
        } else {
            FINISH_ATTEMPTS
        }
    }

    async fn try_finish(&self, outcome: &Outcome) -> Result<Kept> {
        let app = &self.chat.app;
        let mut tx = app.db.client(self.turn.client).await?;
        let was_running = turn::finish(&mut tx, outcome, app.clock.now()).await?;
        let kept = if was_running {
            Kept::Stored
        } else if store::message(&mut tx, outcome.user, outcome.message)
            .await?
            .is_some()
        {
            Kept::Orphaned
        } else {
            Kept::Removed
        };
        tx.commit().await?;
        Ok(kept)
    }
}
