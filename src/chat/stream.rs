//! Reads an answer: along with its writer when that is this process, else out of the database.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream, stream::BoxStream};

use super::{
    event::{Done, End, Event, Failed, Reset},
    store::{self, MessageRow, Speaker, State},
    turn::Chat,
};
use crate::{
    error::{Error, Result},
    ids::{ClientNo, MessageId, UserId},
};

/// Milliseconds between two looks at an answer that another process writes.
const LOOK_MS: u64 = 250;

impl Chat {
    /// The user's message of this id.
    pub async fn message(
        &self,
        client: ClientNo,
        user: UserId,
        id: MessageId,
    ) -> Result<MessageRow> {
        let mut tx = self.app.db.client(client).await?;
        store::message(&mut tx, user, id)
            .await?
            .ok_or(Error::NotFound("message"))
    }

    /// The events of an answer behind number `after`, to its end.
    ///
    /// # Errors
    /// `NotFound` for a message that is not an answer of the user's.
    pub async fn resume(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        id: MessageId,
        after: u32,
    ) -> Result<BoxStream<'static, Bytes>> {
        let message = self.message(client, user, id).await?;
        if message.role != Speaker::Assistant {
            return Err(Error::NotFound("answer"));
        }
        if let Some(answer) = self.live.find(client, id) {
            return Ok(answer.read(after).boxed());
        }
        Ok(self.clone().stored(client, user, id, after).boxed())
    }

    /// The events of an answer to a question that the user just asked.
    ///
    /// # Errors
    /// Those of [`Chat::resume`].
    pub async fn follow(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        id: MessageId,
    ) -> Result<BoxStream<'static, Bytes>> {
        // whose it is need not be looked up again
        match self.live.find(client, id) {
            Some(answer) => Ok(answer.read(0).boxed()),
            None => self.resume(client, user, id, 0).await,
        }
    }

    /// Waits until an answer has ended and returns it.
    pub async fn ended(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        id: MessageId,
    ) -> Result<MessageRow> {
        loop {
            let mut events = self.follow(client, user, id).await?;
            while events.next().await.is_some() {}
            let message = self.message(client, user, id).await?;
            // a stream that breaks off is read again, like any other reader would
            if message.state != State::Running {
                return Ok(message);
            }
        }
    }

    fn stored(
        self: Arc<Self>,
        client: ClientNo,
        user: UserId,
        id: MessageId,
        after: u32,
    ) -> impl Stream<Item = Bytes> + Send + 'static {
        // who reads along with another process does not hold up a shutdown
        let stopping = self.app.tasks.stopping().cancelled_owned();
        stream::unfold(
            (self, after, false),
            move |(chat, after, ended)| async move {
                if ended {
                    return None;
                }
                loop {
                    match chat.look(client, user, id, after).await {
                        Ok(Look { bytes, last, ended }) if ended || !bytes.is_empty() => {
                            return Some((bytes, (chat, last, ended)));
                        }
                        Ok(_) => tokio::time::sleep(Duration::from_millis(LOOK_MS)).await,
                        // deleted meanwhile, or the database went away: the reader asks again
                        Err(_) => return None,
                    }
                }
            },
        )
        .filter(|bytes| std::future::ready(!bytes.is_empty()))
        .take_until(stopping)
    }

    async fn look(
        &self,
        client: ClientNo,
        user: UserId,
        id: MessageId,
        after: u32,
    ) -> Result<Look> {
        let mut tx = self.app.db.client(client).await?;
        let message = store::message(&mut tx, user, id)
            .await?
            .ok_or(Error::NotFound("message"))?;
        let rows = store::frames(&mut tx, id, after).await?;
        let ended = message.state != State::Running;
        let Some(last) = rows.last().map(|(_, last, _)| last.unsigned_abs()) else {
            // nothing behind it: all is seen, or the events are forgotten
            let forgotten = ended && !store::has_frames(&mut tx, id).await?;
            let bytes = if forgotten {
                whole(&message, after)
            } else {
                Bytes::new()
            };
            return Ok(Look {
                bytes,
                last: after,
                ended,
            });
        };
        Ok(Look {
            bytes: behind(&rows, after),
            last,
            ended,
        })
    }
}

struct Look {
    bytes: Bytes,
    last: u32,
    ended: bool,
}

/// Stored frames, without the events up to number `after`.
fn behind(rows: &[(i32, i32, Vec<u8>)], after: u32) -> Bytes {
    let mut all = Vec::new();
    for (first, _, bytes) in rows {
        let skip = (i64::from(after) - i64::from(*first) + 1).max(0);
        let mut rest = bytes.as_slice();
        for _ in 0..skip {
            // an event ends with an empty line, and has none inside
            let end = rest
                .windows(2)
                .position(|pair| pair == b"\n\n")
                .map_or(rest.len(), |at| at + 2);
            rest = &rest[end..];
        }
        all.extend_from_slice(rest);
    }
    Bytes::from(all)
}

/// An answer whose events are gone, as one text.
fn whole(message: &MessageRow, after: u32) -> Bytes {
    let reset = Event::Reset(Reset {
        text: message.content.clone(),
    });
    let end = match (&message.error_code, message.state) {
        (Some(code), _) => Event::Error(Failed {
            code: *code,
            detail: message.error_detail.clone().unwrap_or_default(),
        }),
        (None, State::Stopped) => Event::Done(Done {
            state: End::Stopped,
        }),
        (None, _) => Event::Done(Done { state: End::Done }),
    };
    let frames = [
        reset.frame(after.saturating_add(1)),
        end.frame(after.saturating_add(2)),
    ];
    Bytes::from(frames.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_what_it_has_not_seen() {
        let frame = |n: u32| Event::delta(format!("{n}\n\n")).frame(n);
        let rows: Vec<(i32, i32, Vec<u8>)> = vec![
            (1, 2, [frame(1), frame(2)].concat()),
            (3, 5, [frame(3), frame(4), frame(5)].concat()),
        ];
        for after in 0..=6 {
            let expected: Vec<u8> = (after + 1..=5).map(frame).collect::<Vec<_>>().concat();
            assert_eq!(behind(&rows, after), expected, "after {after}");
        }
    }
}
