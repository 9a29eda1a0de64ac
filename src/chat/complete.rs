//! Answers without a conversation: asked, streamed, booked, and kept nowhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};

use super::{live::Answer, open::Asking, otherwise::Otherwise, settings::Settings, turn::Chat};
use crate::{
    error::{Error, Result},
    ids::{ClientNo, MessageId, SessionId, UserId},
    knowledge::search::Passage,
};

/// A question without a conversation.
#[derive(Clone, Debug, Default)]
pub struct Complete {
    /// What is asked.
    pub content: String,
    /// How. No base is asked unless some are named.
    pub otherwise: Otherwise,
    /// What was found elsewhere: the model may refer to it by number, but nothing is cited from it.
    pub found: Vec<Passage>,
}

/// An answer that is being written for one reader, and ends when the reader goes.
pub struct Completion {
    /// Its id, under which it is booked.
    pub id: MessageId,
    answer: Arc<Answer>,
    left: Left,
}

/// Nobody can come back for an answer that is kept nowhere.
struct Left(Arc<Answer>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.stop.cancel();
    }
}

impl Completion {
    /// Its events, as they come.
    pub fn events(self) -> BoxStream<'static, Bytes> {
        let left = self.left;
        let events = self.answer.read(0).map(move |bytes| {
            // it goes when the stream does
            let _held = &left;
            bytes
        });
        events.boxed()
    }
}

/// How many answers without a conversation this process is writing, by user.
#[derive(Clone, Debug, Default)]
pub struct Loose(Arc<Mutex<HashMap<(ClientNo, UserId), i64>>>);

/// One of them, as long as it lives.
pub(super) struct Place {
    loose: Loose,
    of: (ClientNo, UserId),
}

impl Loose {
    fn take(&self, client: ClientNo, user: UserId, most: i64) -> Result<Place> {
        let of = (client, user);
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = running.entry(of).or_default();
        if *own >= most {
            return Err(Error::Throttled(Duration::from_secs(2)));
        }
        *own += 1;
        Ok(Place {
            loose: self.clone(),
            of,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.loose.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = running.get_mut(&self.of) {
            *own -= 1;
            if *own <= 0 {
                running.remove(&self.of);
            }
        }
    }
}

impl Chat {
    /// Has a question answered outside of any conversation. Whoever goes away while it is opened
    /// leaves either nothing or an answer that is stopped.
    ///
    /// # Errors
    /// `Invalid` for an empty or over-long question or settings out of bounds, `Throttled` when the
    /// user has too many of these running, and those of [`meter::open`](crate::billing::meter::open)
    /// for what cannot be paid for.
    pub async fn complete(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        ask: Complete,
    ) -> Result<Completion> {
        let chat = self.clone();
        let opening = async move { chat.open_loose(client, user, ask).await };
        self.app.tasks.apart(opening).await
    }

    async fn open_loose(
        self: &Arc<Self>,
        client: ClientNo,
        user: UserId,
        ask: Complete,
    ) -> Result<Completion> {
        let content = self.question(&ask.content)?;
        let place = self
            .loose
            .take(client, user, self.limits.running_per_user)?;
        let bases = ask.otherwise.bases.clone().unwrap_or_default();
        let question = self.read(client, &content, bases.is_empty()).await?;
        let now = self.app.clock.now();
        let id = MessageId::new(now);
        let mut tx = self.app.db.client(client).await?;
        let usual = Settings::default();
        let settings = ask
            .otherwise
            .settings(usual, &mut tx, &self.app.models)
            .await?;
        let asking = Asking {
            client,
            user,
            // of no conversation
            session: SessionId(id.0),
            base_ids: Some(bases),
            settings,
            earlier: Some(ask.otherwise.earlier().unwrap_or_default()),
            found: ask.found,
            parent_no: None,
            content: &content,
            question: &question,
        };
        let material = self.gather(&mut tx, &asking).await?;
        let mut turn = asking.turn(id, id, material);
        turn.loose = Some(place);
        turn.set_aside(&mut tx, now).await?;
        tx.commit().await?;
        let answer = turn.answer.clone();
        self.live.begin(client, id, answer.clone());
        self.start(Box::new(turn));
        Ok(Completion {
            id,
            left: Left(answer.clone()),
            answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_has_only_so_many_places() {
        let (loose, user) = (Loose::default(), UserId(Uuid::from_u128(1)));
        let take = || loose.take(ClientNo(1), user, 2);
        let (one, two) = (take().unwrap(), take().unwrap());
        assert!(matches!(take(), Err(Error::Throttled(_))));
        assert!(loose.take(ClientNo(2), user, 2).is_ok());
        drop(one);
        let three = take().unwrap();
        drop((two, three));
        assert!(loose.0.lock().unwrap().is_empty());
    }
}
