//! Proves credentials, remembers the outcome, and forgets it within a second of a change.

mod known;
mod prove;
mod watch;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::Duration;

use moka::future::Cache;
use time::OffsetDateTime;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;

use self::known::{Known, Listed};
use super::{
    Who,
    api_key::hash,
    door::Shares,
    key::Decryptor,
    origin::Origins,
    token::{TOKEN_BYTES_MAX, Window},
    usage::{self, Used, Uses},
};
use crate::{
    app::App,
    clock::Clock,
    db::Db,
    error::{Error, Result},
    quota::Quota,
    vault::Vault,
};

/// Credentials remembered, good and bad together.
const REMEMBERED_MAX: u64 = 100_000;
/// Clients remembered with their keys.
const CLIENTS_MAX: u64 = 10_000;
/// Seconds that anything is remembered: the second line of defence behind the notification.
const REMEMBER_SECONDS: u64 = 60;
/// Callers without a credential, as a user of the client to which they are bound.
pub const ANYBODY: &str = "anybody";

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

    /// Whether changes are heard, and so outcomes remembered.
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::SeqCst)
    }

    /// Changes heard so far, and times when some may have been missed.
    pub fn changes_heard(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
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
}

/// Under which an outcome is remembered: one name for each kind. The same text may hold where one
/// kind stands and fail where another does, and the name of a binding is no secret.
fn remembered_as(kind: Credential, text: &str) -> [u8; 32] {
    let mut key = hash(text);
    key[0] ^= kind as u8;
    key
}
