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
pub struct Live(Arc<Mutex<HashMap<(ClientNo, MessageId), Arc<Answer>>>>);

/// One answer being written: everything sent so far, for those who come late.
#[derive(Debug)]
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
    /// Opens the log of a new answer.
    pub fn begin(&self, client: ClientNo, message: MessageId) -> Arc<Answer> {
        let answer = Arc::new(Answer {
            log: Mutex::default(),
            changed: watch::Sender::new(()),
            stop: CancellationToken::new(),
        });
        lock(&self.0).insert((client, message), answer.clone());
        answer
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
    /// Sends an event to all who read along; returns its frame, to be stored.
    pub fn send(&self, event: &Event) -> Bytes {
        let frame = {
            let mut log = lock(&self.log);
            let seq = u32::try_from(log.frames.len()).unwrap_or(u32::MAX).saturating_add(1);
            let frame = event.frame(seq);
            log.frames.push(frame.clone());
            frame
        };
        self.changed.send_replace(());
        frame
    }

    /// How many events were sent.
    pub fn sent(&self) -> u32 {
        u32::try_from(lock(&self.log).frames.len()).unwrap_or(u32::MAX)
    }

    /// The bytes of the events behind number `after`, those that are still to come included.
    pub fn read(self: Arc<Self>, after: u32) -> impl Stream<Item = Bytes> + Send + 'static {
        let changed = self.changed.subscribe();
        stream::unfold((self, changed, after as usize), |(answer, mut changed, at)| async move {
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
        })
    }

    fn behind(&self, at: usize) -> (Bytes, usize, bool) {
        let log = lock(&self.log);
        let frames = log.frames.get(at..).unwrap_or_default();
        let piece = match frames {
            [one] => one.clone(),
            many => many.iter().fold(BytesMut::new(), |mut all, frame| {
                all.extend_from_slice(frame);
                all
            }).freeze(),
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
        let answer = live.begin(ClientNo(1), id);
        let early = answer.clone().read(0);
        let mut sent = Vec::new();
        for n in 0..100 {
            sent.extend_from_slice(&answer.send(&Event::delta(format!("{n} "))));
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
