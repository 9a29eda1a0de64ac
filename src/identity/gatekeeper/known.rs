//! Clients as the gatekeeper knows them, and whose pages may ask.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use time::OffsetDateTime;

use super::{Gatekeeper, REMEMBER_SECONDS};
use crate::{
    error::{Error, Result},
    identity::{
        Party, Who,
        client::{self, Client},
        door::Allows,
        key::{self, ActiveKey},
        origin::Origins,
        store,
    },
    ids::ClientNo,
};

/// Seconds that a request waits for another one to read the origins of all clients.
const LISTED_SECONDS_MAX: u64 = 5;

/// A client with its keys and what it allows, as of a generation.
pub(super) struct Known {
    pub(super) client: Client,
    pub(super) requests_per_minute: Option<i32>,
    pub(super) user_requests_per_minute: Option<i32>,
    pub(super) origins: Arc<Origins>,
    pub(super) keys: Vec<ActiveKey>,
    generation: u64,
}

/// The origins of all clients, as of a generation and a moment.
pub(super) struct Listed {
    origins: Origins,
    generation: u64,
    read_at: std::time::Instant,
}

impl Gatekeeper {
    /// The origins of a client, if there is one that is enabled.
    pub async fn origins_of(&self, client_id: &str) -> Result<Option<Arc<Origins>>> {
        if client::check_id(client_id).is_err() {
            return Ok(None);
        }
        let known = self.known(client_id).await?;
        Ok(known.map(|known| known.origins.clone()))
    }

    /// The number of a client, if there is one that is enabled.
    pub async fn number_of(&self, client_id: &str) -> Result<Option<ClientNo>> {
        if client::check_id(client_id).is_err() {
            return Ok(None);
        }
        let known = self.known(client_id).await?;
        Ok(known.map(|known| known.client.client_no))
    }

    /// Whether any client that is enabled lists this origin: what is known of a caller who has not
    /// said yet who it is.
    pub async fn is_listed(&self, origin: &str) -> Result<bool> {
        // one reads for all who wait; while the database is away each of them would, one by one
        let wait = Duration::from_secs(LISTED_SECONDS_MAX);
        let mut listed = tokio::time::timeout(wait, self.listed.lock())
            .await
            .map_err(|_| anyhow::anyhow!("the origins of clients are not read in time"))
            .map_err(Error::Unavailable)?;
        let generation = self.generation.load(Ordering::SeqCst);
        let remember = Duration::from_secs(REMEMBER_SECONDS);
        let fresh = listed.as_ref().filter(|listed| {
            self.is_listening()
                && listed.generation == generation
                && listed.read_at.elapsed() < remember
        });
        if let Some(fresh) = fresh {
            return Ok(fresh.origins.lists(origin));
        }
        let mut tx = self.db.gate().await?;
        let origins = Origins::of(store::origins_at_gate(&mut tx).await?);
        let lists = origins.lists(origin);
        *listed = Some(Listed {
            origins,
            generation,
            read_at: std::time::Instant::now(),
        });
        Ok(lists)
    }

    /// The client, when it exists and is enabled.
    pub(super) async fn known(&self, client_id: &str) -> Result<Option<Arc<Known>>> {
        let generation = self.generation.load(Ordering::SeqCst);
        if self.is_listening()
            && let Some(known) = self.clients.get(client_id).await
            && known
                .as_ref()
                .is_none_or(|known| known.generation == generation)
        {
            return Ok(known);
        }
        let known = self.load(client_id, generation).await?.map(Arc::new);
        if self.is_listening() && self.generation.load(Ordering::SeqCst) == generation {
            self.clients
                .insert(client_id.to_owned(), known.clone())
                .await;
        }
        Ok(known)
    }

    async fn load(&self, client_id: &str, generation: u64) -> Result<Option<Known>> {
        let mut tx = self.db.gate().await?;
        let Some(client) = store::client_at_gate(&mut tx, client_id).await? else {
            return Ok(None);
        };
        if !client.enabled {
            return Ok(None);
        }
        let (no, now) = (client.client_no, self.clock.now());
        let keys = key::active(&mut tx, &self.vault, no, self.small_keys, now).await?;
        let allows: Allows = store::allows_at_gate(&mut tx, no).await?;
        Ok(Some(Known {
            client,
            requests_per_minute: allows.requests_per_minute,
            user_requests_per_minute: allows.user_requests_per_minute,
            origins: Arc::new(Origins::of(allows.origins)),
            keys,
            generation,
        }))
    }
}

impl Known {
    pub(super) fn who(&self, party: Party, until: OffsetDateTime) -> Who {
        Who {
            client: self.client.client_no,
            client_id: self.client.client_id.as_str().into(),
            members_may: self.client.members_may,
            reentry_url: self.client.reentry_url.as_deref().map(Into::into),
            party,
            until,
        }
    }
}
