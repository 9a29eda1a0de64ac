//! What was last used when: remembered as requests come, written a minute later, off their way.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::store::keyring as store;
use crate::{
    db::Db,
    error::{CanFail, Result},
    ids::{ApiKeyId, ClientNo, KeyId, UserId},
};

/// Seconds between two times that uses are written.
const WRITE_SECONDS: u64 = 60;
/// Things whose use waits to be written at most; what comes beyond is noted a minute later.
const WAITING_MAX: usize = 20_000;

/// What a credential makes use of.
#[derive(Debug)]
pub struct Used {
    client: ClientNo,
    user: Option<UserId>,
    key: Option<KeyId>,
    api_key: Option<ApiKeyId>,
    /// The minute that was noted last: most requests find theirs here, and go on.
    minute: AtomicI64,
}

/// Uses that wait to be written.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<(ClientNo, Thing), OffsetDateTime>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Thing {
    User(UserId),
    Key(KeyId),
    ApiKey(ApiKeyId),
}

impl Used {
    /// A user, by a token of this key or by a session.
    pub fn new(client: ClientNo, user: UserId, key: Option<KeyId>) -> Self {
        Self {
            client,
            user: Some(user),
            key,
            api_key: None,
            minute: AtomicI64::new(0),
        }
    }

    /// A program.
    pub fn by_program(client: ClientNo, api_key: ApiKeyId) -> Self {
        Self {
            client,
            user: None,
            key: None,
            api_key: Some(api_key),
            minute: AtomicI64::new(0),
        }
    }
}

impl Uses {
    /// Notes a use, once a minute.
    pub fn note(&self, used: &Used, now: OffsetDateTime) {
        let minute = now.unix_timestamp() / 60;
        // read first: requests that write the same place wait for each other
        if used.minute.load(Ordering::Relaxed) == minute
            || used.minute.swap(minute, Ordering::Relaxed) == minute
        {
            return;
        }
        let things = [
            used.user.map(Thing::User),
            used.key.map(Thing::Key),
            used.api_key.map(Thing::ApiKey),
        ];
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for thing in things.into_iter().flatten() {
            let room = waiting.len() < WAITING_MAX;
            match waiting.entry((used.client, thing)) {
                Entry::Occupied(mut entry) => drop(entry.insert(now)),
                Entry::Vacant(entry) if room => drop(entry.insert(now)),
                // noted again with the next request
                Entry::Vacant(_) => used.minute.store(0, Ordering::Relaxed),
            }
        }
    }

    fn take(&self) -> HashMap<(ClientNo, Thing), OffsetDateTime> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes once a minute until told to stop, and once more then.
pub async fn write(uses: &Uses, db: &Db, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(WRITE_SECONDS)) => {}
        }
        write_once(uses, db)
            .await
            .can_fail("what was used is shown, and nothing is decided by it");
    }
}

/// Writes what waits, a transaction for each client.
pub async fn write_once(uses: &Uses, db: &Db) -> Result<()> {
    let mut by_client: HashMap<ClientNo, Vec<(Thing, OffsetDateTime)>> = HashMap::new();
    for ((client, thing), at) in uses.take() {
        by_client.entry(client).or_default().push((thing, at));
    }
    for (client, mut things) in by_client {
        // the same order everywhere, so that processes do not wait for each other in a circle
        things.sort_by_key(|(thing, _)| thing.order());
        let mut tx = db.client(client).await?;
        for (thing, at) in things {
            match thing {
                Thing::User(id) => store::user_seen(&mut tx, id, at).await?,
                Thing::Key(id) => store::key_used(&mut tx, id, at).await?,
                Thing::ApiKey(id) => store::api_key_used(&mut tx, id, at).await?,
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

impl Thing {
    fn order(self) -> (u8, uuid::Uuid) {
        match self {
            Self::User(id) => (0, id.0),
            Self::Key(id) => (1, id.0),
            Self::ApiKey(id) => (2, id.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let now = OffsetDateTime::from_unix_timestamp(1_700_000_040).unwrap();
        let (uses, user, key) = (Uses::default(), UserId::new(now), KeyId::new(now));
        let used = Used::new(ClientNo(1), user, Some(key));
        uses.note(&used, now);
        assert_eq!(uses.take().len(), 2);
        uses.note(&used, now + Duration::from_secs(10));
        assert!(uses.take().is_empty());
        let later = now + Duration::from_secs(60);
        uses.note(&used, later);
        assert_eq!(uses.take()[&(ClientNo(1), Thing::Key(key))], later);
    }
}
