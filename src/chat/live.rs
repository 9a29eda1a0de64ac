//! Answers being written by this process, and those who read along.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::event::Event;
use crate::ids::{ClientNo, MessageId};

/// All answers being written by this process.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<Answers>>);

type Answers = HashMap<(ClientNo, MessageId), Arc<Answer>>;

/// One answer being written: everything sent so far, for those who come late.
#[derive(Debug, Default)]
pub struct Answer {
    log: Mutex<Log>,
    changed: watch::Sender<()>,
    /// Fires when somebody wants it to end.
    pub stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Log {
    frames: Vec<Bytes>,
    ended: bool,
}

impl Live {
    /// Makes a new answer findable.
    pub fn begin(&self, client: ClientNo, message: MessageId, answer: Arc<Answer>) {
        lock(&self.0).insert((client, message), answer);
    }

    /// The answer, when this process is writing it.
    pub fn find(&self, client: ClientNo, message: MessageId) -> Option<Arc<Answer>> {
        lock(&self.0).get(&(client, message)).cloned()
    }

    /// Forgets an answer; those who read along still get all of it.
    pub fn end(&self, client: ClientNo, message: MessageId) {
        if let Some(answer) = lock(&self.0).remove(&(client, message)) {
            lock(&answer.log).ended = true;
            answer.changed.send_replace(());
        }
    }

    /// How many are being written.
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Whether none is being written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Answer {
    /// The frames of the next events, not sent yet. An answer has one writer, so they stay the next.
    pub fn frames(&self, events: &[Event]) -> Vec<Bytes> {
        let sent = self.sent();
        events
            .iter()
            .zip(1..)
            .map(|(event, n)| event.frame(sent + n))
            .collect()
    }

    /// Sends frames to all who read along.
    pub fn send(&self, frames: &[Bytes]) {
        lock(&self.log).frames.extend_from_slice(frames);
        self.changed.send_replace(());
    }

    /// How many events were sent.
    fn sent(&self) -> u32 {
        u32::try_from(lock(&self.log).frames.len()).unwrap_or(u32::MAX)
    }

    /// The bytes of the events sent behind number `after`, and the number of the last.
    pub fn sent_behind(&self, after: u32) -> (Bytes, u32) {
        let (bytes, last, _) = self.behind(after as usize);
        (bytes, u32::try_from(last).unwrap_or(u32::MAX))
    }

    /// The bytes of the events behind number `after`, those that are still to come included.
    pub fn read(self: Arc<Self>, after: u32) -> impl Stream<Item = Bytes> + Send + 'static {
        let changed = self.changed.subscribe();
        stream::unfold(
            (self, changed, after as usize),
            |(answer, mut changed, at)| async move {
                loop {
                    changed.mark_unchanged();
                    let (piece, next, ended) = answer.behind(at);
                    if !piece.is_empty() {
                        return Some((piece, (answer, changed, next)));
                    }
                    if ended || changed.changed().await.is_err() {
                        return None;
                    }
                }
            },
        )
    }

    fn behind(&self, at: usize) -> (Bytes, usize, bool) {
        let log = lock(&self.log);
        let frames = log.frames.get(at..).unwrap_or_default();
        let piece = match frames {
            [one] => one.clone(),
            many => many
                .iter()
                .fold(BytesMut::new(), |mut all, frame| {
                    all.extend_from_slice(frame);
                    all
                })
                .freeze(),
        };
        (piece, at.max(log.frames.len()), log.ended)
    }
}

/// A panic elsewhere leaves these maps whole: every change to them is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn early_and_late_readers_get_the_same_bytes() {
        let live = Live::default();
        let id = MessageId(uuid::Uuid::from_u128(1));
        let answer = Arc::new(Answer::default());
        live.begin(ClientNo(1), id, answer.clone());
        let early = answer.clone().read(0);
        let mut sent = Vec::new();
        for n in 0..100 {
            let frames = answer.frames(&[Event::delta(format!("{n} "))]);
            answer.send(&frames);
            sent.extend_from_slice(&frames.concat());
        }
        let middle = answer.clone().read(40);
        live.end(ClientNo(1), id);
        let late = answer.read(0);
        let all = |pieces: Vec<Bytes>| pieces.concat();
        assert_eq!(all(early.collect().await), sent);
        assert_eq!(all(late.collect().await), sent);
        assert!(sent.ends_with(&all(middle.collect().await)));
        assert!(live.find(ClientNo(1), id).is_none() && live.is_empty());
    }
}
