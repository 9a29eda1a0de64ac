//! How much callers may ask, over all processes: each takes a lease out of a bucket in the database,
//! and counts by itself until that is used up.

mod share;
mod store;
mod table;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio::time::timeout;

pub use self::share::{Key, Limit, Share};
use self::{
    share::{Asked, Taken},
    table::Table,
};
use crate::{
    app::{App, Tasks},
    clock::Clock,
    config::Config,
    db::{Db, SystemTx},
    error::{Error, Result},
    ids::{ClientNo, UserId},
};

/// Requests a minute beyond which a limit makes no sense.
const PER_MINUTE_MAX: u64 = 1_000_000_000;
/// Buckets asked in one statement.
const BATCH_MAX: usize = 500;
/// Milliseconds that the database gets to answer; then a process counts by itself, and asks again
/// after as long.
const ASK_MS_MAX: u64 = 1_000;
/// Times that a request waits for its bucket to be asked.
const ROUNDS_MAX: usize = 3;
/// Hours after their last use for which buckets are kept.
const BUCKET_HOURS: i64 = 1;

/// The limits, and what this process knows of who is within them.
pub struct Quota {
    db: Db,
    clock: Clock,
    tasks: Tasks,
    client: Option<Limit>,
    user: Option<Limit>,
    address: Option<Limit>,
    shares: Table,
    line: Mutex<Vec<Arc<Share>>>,
    settling: AtomicBool,
    away_until_ms: AtomicI64,
}

/// What buckets are asked for, a row each.
#[derive(Default)]
struct Claims {
    buckets: Vec<String>,
    sizes: Vec<f64>,
    per_second: Vec<f64>,
    owed: Vec<f64>,
    wanted: Vec<f64>,
}

impl Quota {
    /// Reads the limits of the server.
    pub fn new(app: &App) -> anyhow::Result<Self> {
        let config = &app.config;
        let client = config.number("limits", "client_requests_per_minute", 0..=PER_MINUTE_MAX)?;
        let user = config.number("limits", "user_requests_per_minute", 0..=PER_MINUTE_MAX)?;
        Ok(Self {
            client: Limit::per_minute(client as i64),
            user: Limit::per_minute(user as i64),
            address: of_addresses(config)?,
            db: app.db.clone(),
            clock: app.clock.clone(),
            tasks: app.tasks.clone(),
            shares: Table::default(),
            line: Mutex::default(),
            settling: AtomicBool::new(false),
            away_until_ms: AtomicI64::new(0),
        })
    }

    /// The share of a client that has this limit of its own; `None` when it has none.
    pub fn client(&self, client: ClientNo, own: Option<i32>) -> Option<Arc<Share>> {
        let limit = own.map_or(self.client, |own| Limit::per_minute(own.into()))?;
        Some(self.share(Key::Client(client), limit))
    }

    /// The share of a user, likewise.
    pub fn user(&self, client: ClientNo, user: UserId, own: Option<i32>) -> Option<Arc<Share>> {
        let limit = own.map_or(self.user, |own| Limit::per_minute(own.into()))?;
        Some(self.share(Key::User(client, user), limit))
    }

    /// The share of an address; a network of IPv6 that one line gets counts as one.
    pub fn address(&self, address: IpAddr) -> Option<Arc<Share>> {
        Some(self.share(Key::Address(network(address)), self.address?))
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// `Throttled` when there is none left.
    pub async fn take(self: &Arc<Self>, share: &Arc<Share>) -> Result<()> {
        match self.take_now(share) {
            Some(taken) => taken,
            // boxed, or every request would carry the state of the long way
            None => Box::pin(self.wait(share)).await,
        }
    }

    /// The same where nothing has to be waited for, else `None`.
    pub fn take_now(self: &Arc<Self>, share: &Arc<Share>) -> Option<Result<()>> {
        match share.take(self.now_ms()) {
            Taken::Yes { low } => {
                if low {
                    self.ask(share);
                }
                Some(Ok(()))
            }
            Taken::Dry(wait) => Some(Err(Error::Throttled(wait))),
            Taken::Ask => None,
        }
    }

    /// Milliseconds since 1970, by the server's clock.
    pub fn now_ms(&self) -> i64 {
        ms(self.clock.now())
    }

    fn share(&self, key: Key, limit: Limit) -> Arc<Share> {
        self.shares.share(key, limit, self.now_ms())
    }

    async fn wait(self: &Arc<Self>, share: &Arc<Share>) -> Result<()> {
        for _ in 0..ROUNDS_MAX {
            let settled = share.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            self.ask(share);
            // whoever settles answers within this time, alone if need be
            let settled = timeout(Duration::from_millis(2 * ASK_MS_MAX), settled).await;
            if let Some(taken) = self.take_now(share) {
                return taken;
            }
            if settled.is_err() {
                break;
            }
        }
        Err(Error::Throttled(Duration::from_secs(1)))
    }

    /// Puts the share in line, and has somebody settle those who stand there.
    fn ask(self: &Arc<Self>, share: &Arc<Share>) {
        if share.asked.swap(true, Ordering::AcqRel) {
            return;
        }
        self.line().push(share.clone());
        if !self.settling.swap(true, Ordering::AcqRel) {
            let quota = self.clone();
            self.tasks.spawn(async move { quota.settle_all().await });
        }
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Share>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn settle_all(&self) {
        loop {
            let batch: Vec<Arc<Share>> = {
                let mut line = self.line();
                let count = line.len().min(BATCH_MAX);
                line.drain(..count).collect()
            };
            if !batch.is_empty() {
                self.settle(&batch).await;
                continue;
            }
            self.settling.store(false, Ordering::Release);
            // somebody may have come between the look and the store, and seen us still at work
            if self.line().is_empty() || self.settling.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }

    /// Asks the buckets; when the database is away, each share goes on by what it knows.
    async fn settle(&self, batch: &[Arc<Share>]) {
        let asked: Vec<Asked> = batch.iter().map(|share| share.asks()).collect();
        let now = self.clock.now();
        let answered = match ms(now) < self.away_until_ms.load(Ordering::Relaxed) {
            true => None,
            false => self.ask_database(batch, &asked, now).await,
        };
        let now_ms = ms(now);
        for (share, asked) in batch.iter().zip(asked) {
            let bucket = share.key.bucket();
            let grant = answered
                .as_ref()
                .and_then(|grants| grants.iter().find(|grant| grant.0 == bucket));
            match grant {
                Some((_, granted, tokens)) => share.granted(*granted, *tokens, now_ms),
                None => share.granted_alone(asked, now_ms),
            }
            share.asked.store(false, Ordering::Release);
            share.settled.notify_waiters();
        }
    }

    async fn ask_database(
        &self,
        batch: &[Arc<Share>],
        asked: &[Asked],
        now: OffsetDateTime,
    ) -> Option<Vec<store::Grant>> {
        let claims = Claims::of(batch, asked);
        let asking = timeout(
            Duration::from_millis(ASK_MS_MAX),
            ask_buckets(&self.db, &claims, now),
        );
        let failed = match asking.await {
            Ok(Ok(grants)) => return Some(grants),
            Ok(Err(error)) => error.causes(),
            Err(_) => format!("no answer within {ASK_MS_MAX} ms"),
        };
        tracing::warn!(cause = failed, "limits are counted by this process alone");
        let until = ms(self.clock.now()) + ASK_MS_MAX as i64;
        self.away_until_ms.store(until, Ordering::Relaxed);
        None
    }
}

impl Claims {
    fn of(batch: &[Arc<Share>], asked: &[Asked]) -> Self {
        let mut claims = Self::default();
        for (share, asked) in batch.iter().zip(asked) {
            claims.buckets.push(share.key.bucket());
            claims.sizes.push(share.limit.size as f64);
            claims.per_second.push(share.limit.per_second);
            claims.owed.push(asked.owed as f64);
            claims.wanted.push(asked.wanted as f64);
        }
        claims
    }
}

async fn ask_buckets(db: &Db, claims: &Claims, now: OffsetDateTime) -> Result<Vec<store::Grant>> {
    let mut tx = db.system().await?;
    let mut grants = store::settle(&mut tx, claims, now).await?;
    if grants.len() < claims.buckets.len() {
        store::add(&mut tx, &claims.buckets, &claims.sizes, now).await?;
        let known: Vec<String> = grants.iter().map(|grant| grant.0.clone()).collect();
        grants.extend(store::settle(&mut tx, &claims.without(&known), now).await?);
    }
    tx.commit().await?;
    Ok(grants)
}

impl Claims {
    /// Those whose bucket is not among these.
    fn without(&self, known: &[String]) -> Self {
        let mut rest = Self::default();
        for (at, bucket) in self.buckets.iter().enumerate() {
            if !known.contains(bucket) {
                rest.buckets.push(bucket.clone());
                rest.sizes.push(self.sizes[at]);
                rest.per_second.push(self.per_second[at]);
                rest.owed.push(self.owed[at]);
                rest.wanted.push(self.wanted[at]);
            }
        }
        rest
    }
}

/// Removes the buckets of those who have long been quiet: they would be full.
pub async fn sweep(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    store::sweep(tx, now - time::Duration::hours(BUCKET_HOURS)).await
}

fn of_addresses(config: &Config) -> anyhow::Result<Option<Limit>> {
    let per_second = config.number("limits", "requests_per_second", 0..=1_000_000)?;
    let size = config.number("limits", "requests_burst", 1..=1_000_000)? as i64;
    Ok((per_second > 0).then_some(Limit {
        size,
        per_second: per_second as f64,
    }))
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}

fn ms(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ipv6_is_one_address() {
        for (address, counted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            let counts = network(address.parse().unwrap());
            assert_eq!(counts, counted.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
