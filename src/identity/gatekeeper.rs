//! Proves credentials, remembers the outcome, and forgets it within a second of a change.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::Duration;

use moka::future::Cache;
use time::OffsetDateTime;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    Party, Realm, Who, api_key,
    api_key::hash,
    client::{self, Client},
    door::{Allows, Shares},
    key::{self, ActiveKey, Decryptor},
    origin::Origins,
    session, store,
    token::{self, Claims, Envelope, Flaw, TOKEN_BYTES_MAX, Window},
    usage::{self, Used, Uses},
    user,
};
use crate::{
    app::App,
    clock::Clock,
    db::Db,
    error::{Error, Result},
    ids::{ClientNo, KeyId},
    quota::Quota,
    vault::Vault,
};

/// Credentials remembered, good and bad together.
const REMEMBERED_MAX: u64 = 100_000;
/// Clients remembered with their keys.
const CLIENTS_MAX: u64 = 10_000;
/// Seconds that anything is remembered: the second line of defence behind the notification.
const REMEMBER_SECONDS: u64 = 60;
/// Seconds between attempts to listen again.
const LISTEN_AGAIN_SECONDS: u64 = 1;
/// Callers without a credential, as a user of the client to which they are bound.
pub const ANYBODY: &str = "anybody";
/// Seconds that a request waits for another one to read the origins of all clients.
const LISTED_SECONDS_MAX: u64 = 5;

/// What a credential proved.
#[derive(Debug)]
pub struct Proof {
    /// Who it is.
    pub who: Who,
    /// How much the caller may ask.
    pub shares: Shares,
    /// The origins whose pages may use it.
    pub origins: Arc<Origins>,
    /// For a token that opens one session and does nothing else: until when it does.
    pub exchange_once_until: Option<OffsetDateTime>,
    used: Used,
}

/// The kinds of credential, by where they stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A v1 token.
    Token,
    /// The bearer of a session, or an API key.
    Bearer,
    /// None at all: the text is the id of a client to which the operator bound callers without one.
    Bound,
}

/// What came of a credential.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It counts.
    Holds(Arc<Proof>),
    /// It counted: whoever made it had the key, so being told that is no news.
    Expired,
    /// It does not, and never did as far as we say.
    Fails,
}

/// Proves credentials. One per process.
pub struct Gatekeeper {
    db: Db,
    clock: Clock,
    vault: Arc<Vault>,
    quota: Arc<Quota>,
    window: Window,
    exchange: time::Duration,
    small_keys: bool,
    dummy: Arc<Decryptor>,
    seen: moka::sync::Cache<[u8; 32], Arc<Seen>>,
    clients: Cache<String, Option<Arc<Known>>>,
    listed: tokio::sync::Mutex<Option<Listed>>,
    generation: AtomicU64,
    listening: AtomicBool,
    rsa_slots: Semaphore,
    rsa_operations: Arc<AtomicU64>,
    uses: Uses,
}

/// What the check of a token goes by.
pub(super) struct Rules<'a> {
    pub db: &'a Db,
    pub vault: &'a Vault,
    pub window: Window,
    pub exchange: time::Duration,
    pub small_keys: bool,
    pub now: OffsetDateTime,
}

/// A credential that was brought, and what came of it: callers who bring the same one at the same
/// time wait for one outcome.
struct Seen {
    generation: u64,
    outcome: OnceCell<Result<Verdict, String>>,
}

/// The origins of all clients, as of a generation and a moment.
struct Listed {
    origins: Origins,
    generation: u64,
    read_at: std::time::Instant,
}

/// A token that a key opened.
struct Opened {
    claims: Claims,
    retires_at: Option<OffsetDateTime>,
    key: KeyId,
}

struct Known {
    client: Client,
    requests_per_minute: Option<i32>,
    user_requests_per_minute: Option<i32>,
    origins: Arc<Origins>,
    keys: Vec<ActiveKey>,
    generation: u64,
}

impl Gatekeeper {
    /// Makes the dummy key too: takes a moment.
    pub fn new(app: &App, quota: Arc<Quota>) -> Result<Self> {
        let config = &app.config;
        let minutes = |key| {
            config
                .number("identity", key, 0..=600)
                .map(|n| time::Duration::minutes(n as i64))
        };
        let hours = config.number("identity", "token_hours", 1..=720)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let remember = Duration::from_secs(REMEMBER_SECONDS);
        Ok(Self {
            window: Window {
                age_max: time::Duration::hours(hours as i64),
                ahead_max: minutes("token_ahead_minutes")?,
            },
            exchange: minutes("exchange_minutes")?,
            small_keys: config.flag("identity", "small_keys")?,
            dummy: Arc::new(Decryptor::dummy(2_048)?),
            seen: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(remember)
                .build(),
            clients: Cache::builder()
                .max_capacity(CLIENTS_MAX)
                .time_to_live(remember)
                .build(),
            generation: AtomicU64::new(0),
            listening: AtomicBool::new(false),
            rsa_slots: Semaphore::new(cores),
            rsa_operations: Arc::default(),
            listed: tokio::sync::Mutex::default(),
            db: app.db.clone(),
            clock: app.clock.clone(),
            vault: app.vault.clone(),
            quota,
            uses: Uses::default(),
        })
    }

    /// Who the credential proves the caller to be.
    ///
    /// # Errors
    /// `Unauthenticated`, with one text for every reason; `Unavailable` when the database is away.
    pub async fn prove(&self, kind: Credential, text: &str) -> Result<Arc<Proof>> {
        match self.judge(kind, text).await? {
            Verdict::Holds(proof) => Ok(proof),
            Verdict::Expired | Verdict::Fails => Err(Error::Unauthenticated),
        }
    }

    /// The same, for contracts that tell a token that has expired from one that never counted.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn judge(&self, kind: Credential, text: &str) -> Result<Verdict> {
        if text.len() > TOKEN_BYTES_MAX {
            return Ok(Verdict::Fails);
        }
        let verdict = self.remembered(kind, text).await?;
        let now = self.clock.now();
        match &verdict {
            Verdict::Holds(proof) if proof.who.until <= now => return Ok(Verdict::Expired),
            Verdict::Holds(proof) => self.uses.note(&proof.used, now),
            Verdict::Expired | Verdict::Fails => {}
        }
        Ok(verdict)
    }

    /// RSA operations so far: each first sight of a v1 token costs exactly one (two while an old
    /// key of the client overlaps a new one).
    pub fn rsa_operations(&self) -> u64 {
        self.rsa_operations.load(Ordering::Relaxed)
    }

    /// Writes down once a minute what was used since, until told to stop, and once more then.
    pub async fn write_uses(&self, stop: CancellationToken) {
        usage::write(&self.uses, &self.db, stop).await;
    }

    /// Writes down what was used since the last time.
    pub async fn write_uses_now(&self) -> Result<()> {
        usage::write_once(&self.uses, &self.db).await
    }

    /// What the check of a token goes by, for the debugger.
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            db: &self.db,
            vault: &self.vault,
            window: self.window,
            exchange: self.exchange,
            small_keys: self.small_keys,
            now: self.clock.now(),
        }
    }

    /// Listens for changes of clients, keys, users and sessions until told to stop.
    pub async fn watch(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                result = self.watch_once() => {
                    self.listening.store(false, Ordering::SeqCst);
                    self.forget();
                    if let Err(error) = result {
                        tracing::warn!(error = error.causes(), "identity changes are not heard, remembering nothing");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(Duration::from_secs(LISTEN_AGAIN_SECONDS)) => {}
            }
        }
        self.listening.store(false, Ordering::SeqCst);
    }

    /// Whether changes are heard, and so outcomes remembered.
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::SeqCst)
    }

    /// Changes heard so far, and times when some may have been missed.
    pub fn changes_heard(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

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

    async fn watch_once(&self) -> Result<()> {
        let mut listener = self.db.listen("identity_changed").await?;
        self.forget();
        self.listening.store(true, Ordering::SeqCst);
        while listener.try_recv().await?.is_some() {
            self.forget();
        }
        Ok(())
    }

    fn forget(&self) {
        // first the number, then the entries: an outcome computed from what was read before the
        // change carries the old number and does not count
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.seen.invalidate_all();
        self.clients.invalidate_all();
    }

    async fn remembered(&self, kind: Credential, text: &str) -> Result<Verdict> {
        if !self.is_listening() {
            return Box::pin(self.compute(kind, text)).await;
        }
        let key = remembered_as(kind, text);
        if let Some(seen) = self.seen.get(&key)
            && seen.generation == self.generation.load(Ordering::SeqCst)
            && let Some(Ok(verdict)) = seen.outcome.get()
        {
            return Ok(verdict.clone());
        }
        // boxed, or every request would carry the state of the long way
        Box::pin(self.first_sight(key, kind, text)).await
    }

    async fn first_sight(&self, key: [u8; 32], kind: Credential, text: &str) -> Result<Verdict> {
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some(seen) = self.seen.get(&key)
            && seen.generation != generation
        {
            self.seen.invalidate(&key);
        }
        let seen = self.seen.get_with(key, || {
            Arc::new(Seen {
                generation,
                outcome: OnceCell::new(),
            })
        });
        let compute = async {
            let outcome = self.compute(kind, text).await;
            if outcome.is_err() {
                // for all who wait now, and for nobody who comes later
                self.seen.invalidate(&key);
            }
            outcome.map_err(|error| format!("{error:?}"))
        };
        let outcome = seen.outcome.get_or_init(|| compute).await;
        outcome
            .clone()
            .map_err(|error| Error::Unavailable(anyhow::anyhow!(error)))
    }

    async fn compute(&self, kind: Credential, text: &str) -> Result<Verdict> {
        let proof = match (kind, text.split_at_checked(3)) {
            (Credential::Token, _) => return self.prove_token(text).await,
            (Credential::Bound, _) => self.prove_bound(text).await?,
            (Credential::Bearer, Some(("cs_", rest))) => self.prove_session(rest).await?,
            (Credential::Bearer, Some(("ck_", rest))) => self.prove_api_key(rest).await?,
            (Credential::Bearer, _) => None,
        };
        Ok(proof.map_or(Verdict::Fails, |proof| Verdict::Holds(Arc::new(proof))))
    }

    async fn prove_token(&self, text: &str) -> Result<Verdict> {
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
        let once = known.client.v1_tokens == super::V1Tokens::ExchangeOnce;
        let used = Used::new(known.client.client_no, user.user_id, Some(key));
        Ok(Verdict::Holds(Arc::new(Proof {
            exchange_once_until: once.then(|| issued + self.exchange),
            ..self.proof(&known, Party::User(Arc::new(user)), until, used)
        })))
    }

    /// All callers without a credential are one user of the client to which they are bound.
    async fn prove_bound(&self, client_id: &str) -> Result<Option<Proof>> {
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

    async fn prove_session(&self, rest: &str) -> Result<Option<Proof>> {
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

    async fn prove_api_key(&self, rest: &str) -> Result<Option<Proof>> {
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

    /// The client, when it exists and is enabled.
    async fn known(&self, client_id: &str) -> Result<Option<Arc<Known>>> {
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

/// Under which an outcome is remembered: one name for each kind. The same text may hold where one
/// kind stands and fail where another does, and the name of a binding is no secret.
fn remembered_as(kind: Credential, text: &str) -> [u8; 32] {
    let mut key = hash(text);
    key[0] ^= kind as u8;
    key
}

impl Known {
    fn who(&self, party: Party, until: OffsetDateTime) -> Who {
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
