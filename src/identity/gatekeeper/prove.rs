//! What each kind of credential proves.

use std::sync::{Arc, atomic::Ordering};

use time::OffsetDateTime;

use super::{ANYBODY, Gatekeeper, Proof, Verdict, known::Known};
use crate::{
    error::{Error, Result},
    identity::{
        Party, Realm, V1Tokens, api_key,
        door::Shares,
        session,
        token::{self, Claims, Envelope, Flaw},
        usage::Used,
        user,
    },
    ids::KeyId,
};

/// A token that a key opened.
struct Opened {
    claims: Claims,
    retires_at: Option<OffsetDateTime>,
    key: KeyId,
}

impl Gatekeeper {
    pub(super) async fn prove_token(&self, text: &str) -> Result<Verdict> {
        let now = self.clock.now();
        let envelope = Envelope::open(text).ok();
        let known = match &envelope {
            Some(envelope) => self.known(&envelope.client_id).await?,
            None => None,
        };
        let Some(opened) = self.decrypt(envelope, known.clone(), now).await? else {
            return Ok(Verdict::Fails);
        };
        let Opened {
            claims,
            retires_at,
            key,
        } = opened;
        let (known, end) = match (known, claims.until(self.window, now)) {
            (Some(known), Ok(end)) => (known, end),
            (Some(_), Err(Flaw::TooOld(_))) => return Ok(Verdict::Expired),
            _ => return Ok(Verdict::Fails),
        };
        let mut tx = self.db.client(known.client.client_no).await?;
        let realm = known.client.token_realm;
        let user =
            user::at_first_sight(&mut tx, realm, &claims.user_id, &claims.username, now).await?;
        tx.commit().await?;
        if !user.enabled {
            return Ok(Verdict::Fails);
        }
        let issued = end - self.window.age_max;
        let until = retires_at.map_or(end, |retires_at| end.min(retires_at));
        let once = known.client.v1_tokens == V1Tokens::ExchangeOnce;
        let used = Used::new(known.client.client_no, user.user_id, Some(key));
        Ok(Verdict::Holds(Arc::new(Proof {
            exchange_once_until: once.then(|| issued + self.exchange),
            ..self.proof(&known, Party::User(Arc::new(user)), until, used)
        })))
    }

    /// All callers without a credential are one user of the client to which they are bound.
    pub(super) async fn prove_bound(&self, client_id: &str) -> Result<Option<Proof>> {
        let Some(known) = self.known(client_id).await? else {
            return Ok(None);
        };
        let (client, now) = (known.client.client_no, self.clock.now());
        let mut tx = self.db.client(client).await?;
        let user = user::at_first_sight(&mut tx, Realm::Dialect, ANYBODY, ANYBODY, now).await?;
        tx.commit().await?;
        if !user.enabled {
            return Ok(None);
        }
        let used = Used::new(client, user.user_id, None);
        let until = now + time::Duration::days(1);
        Ok(Some(self.proof(
            &known,
            Party::User(Arc::new(user)),
            until,
            used,
        )))
    }

    /// What is in the token, and the key that opened it.
    async fn decrypt(
        &self,
        envelope: Option<Envelope>,
        known: Option<Arc<Known>>,
        now: OffsetDateTime,
    ) -> Result<Option<Opened>> {
        let _slot = self.rsa_slots.acquire().await.map_err(Error::internal)?;
        let (dummy, operations) = (self.dummy.clone(), self.rsa_operations.clone());
        let work = move || {
            let keys = known.as_deref().map_or(&[][..], |known| &known.keys);
            let mut active = keys
                .iter()
                .filter(|key| key.retires_at.is_none_or(|end| end > now))
                .peekable();
            let (Some(envelope), true) = (&envelope, active.peek().is_some()) else {
                operations.fetch_add(1, Ordering::Relaxed);
                token::spend(envelope.as_ref(), &dummy);
                return None;
            };
            active.find_map(|key| {
                operations.fetch_add(1, Ordering::Relaxed);
                Some(Opened {
                    claims: envelope.claims(&key.decryptor).ok()?,
                    retires_at: key.retires_at,
                    key: key.key_id,
                })
            })
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)
    }

    pub(super) async fn prove_session(&self, rest: &str) -> Result<Option<Proof>> {
        let Some((known, secret)) = self.named(rest).await? else {
            return Ok(None);
        };
        let mut tx = self.db.client(known.client.client_no).await?;
        let found = session::find(&mut tx, secret, self.clock.now()).await?;
        let Some((user, until)) = found.filter(|(user, _)| user.enabled) else {
            return Ok(None);
        };
        let used = Used::new(known.client.client_no, user.user_id, None);
        Ok(Some(self.proof(
            &known,
            Party::User(Arc::new(user)),
            until,
            used,
        )))
    }

    pub(super) async fn prove_api_key(&self, rest: &str) -> Result<Option<Proof>> {
        let Some((known, secret)) = self.named(rest).await? else {
            return Ok(None);
        };
        let mut tx = self.db.client(known.client.client_no).await?;
        let Some(key) = api_key::find(&mut tx, secret).await? else {
            return Ok(None);
        };
        let party = Party::Machine(key.api_key_id, key.scopes().into());
        // an API key has no end of its own; whoever revokes it is heard
        let until = self.clock.now() + time::Duration::days(1);
        let used = Used::by_program(known.client.client_no, key.api_key_id);
        Ok(Some(self.proof(&known, party, until, used)))
    }

    /// What follows from a credential that holds.
    fn proof(&self, known: &Known, party: Party, until: OffsetDateTime, used: Used) -> Proof {
        let client = known.client.client_no;
        let user = match &party {
            Party::User(user) => {
                let own = known.user_requests_per_minute;
                self.quota.user(client, user.user_id, own)
            }
            Party::Machine(..) => None,
        };
        Proof {
            who: known.who(party, until),
            shares: Shares {
                user,
                client: self.quota.client(client, known.requests_per_minute),
            },
            origins: known.origins.clone(),
            exchange_once_until: None,
            used,
        }
    }

    /// The client that `{client}_{secret}` names, and the secret.
    async fn named<'a>(&self, rest: &'a str) -> Result<Option<(Arc<Known>, &'a str)>> {
        let Some((client_id, secret)) = rest.rsplit_once('_') else {
            return Ok(None);
        };
        Ok(self.known(client_id).await?.map(|known| (known, secret)))
    }
}
