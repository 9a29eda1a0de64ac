//! What this process may still let in for one caller without asking the others.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    time::Duration,
};

use poem::http::HeaderValue;
use tokio::sync::Notify;

use crate::ids::{ClientNo, UserId};

/// A process takes this part of a bucket at a time, and so may let in that much too many.
const LEASE_PART: i64 = 10;
/// Milliseconds between two questions for a bucket that was found empty.
const DRY_MS_MIN: i64 = 250;
/// Longest milliseconds for which an empty bucket is believed to be empty: clocks may be set back.
const DRY_MS_MAX: i64 = 60_000;

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// All of a client.
    Client(ClientNo),
    /// Those of a user.
    User(ClientNo, UserId),
    /// Those of an address.
    Address(IpAddr),
}

/// A bucket that holds so many requests and fills evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Requests that may come at once.
    pub size: i64,
    /// Requests it fills by in a second.
    pub per_second: f64,
}

/// What a process knows of a bucket, and holds of it.
#[derive(Debug)]
pub struct Share {
    /// Whose it is.
    pub key: Key,
    /// How much there is.
    pub limit: Limit,
    /// The limit as answers tell it (draft-ietf-httpapi-ratelimit-headers).
    pub policy: HeaderValue,
    /// Requests that may go on without asking.
    left: AtomicI64,
    /// Requests let in that the shared bucket does not know of.
    owed: AtomicI64,
    /// What was left in the shared bucket when it was last asked, and when that was.
    shared: AtomicI64,
    shared_at_ms: AtomicI64,
    dry_until_ms: AtomicI64,
    used_at_ms: AtomicI64,
    /// It stands in the line of those that are to be settled.
    pub(super) asked: AtomicBool,
    /// Fires when it was.
    pub(super) settled: Notify,
}

/// The answer to a request.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// Go on; with `low` it is time to ask for more.
    Yes {
        /// Half of what was held is gone.
        low: bool,
    },
    /// Nobody has any left, for this long.
    Dry(Duration),
    /// This process has none left and has to ask.
    Ask,
}

/// What a share asks of its bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Let in already.
    pub owed: i64,
    /// Wanted besides.
    pub wanted: i64,
}

impl Key {
    /// The name of the bucket.
    pub fn bucket(&self) -> String {
        match self {
            Self::Client(client) => format!("c{}", client.0),
            Self::User(client, user) => format!("u{}:{user}", client.0),
            Self::Address(address) => format!("a{address}"),
        }
    }

    /// The name of the policy in answers.
    pub fn policy(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::User(..) => "user",
            Self::Address(_) => "address",
        }
    }
}

impl Limit {
    /// So many in a minute, which may also come at once. `None` for 0, which is no limit.
    pub fn per_minute(requests: i64) -> Option<Self> {
        (requests > 0).then(|| Self {
            size: requests,
            per_second: requests as f64 / 60.0,
        })
    }

    /// Seconds in which an empty bucket fills.
    pub fn window_seconds(&self) -> i64 {
        self.seconds_for(self.size)
    }

    fn seconds_for(&self, requests: i64) -> i64 {
        (requests as f64 / self.per_second).ceil() as i64
    }

    fn lease(&self) -> i64 {
        (self.size / LEASE_PART).max(1)
    }

    /// What a bucket has after this time, and what of it a share gets: the rule that the shared
    /// buckets follow in SQL, for a process that is alone.
    fn settle(&self, tokens: f64, seconds: f64, asked: Asked) -> (f64, i64) {
        let filled = (tokens + self.per_second * seconds.max(0.0)).min(self.size as f64);
        let level = filled - asked.owed as f64;
        let granted = (level.floor() as i64).clamp(0, asked.wanted);
        (level - granted as f64, granted)
    }
}

fn policy(key: Key, limit: Limit) -> HeaderValue {
    let (name, size) = (key.policy(), limit.size);
    let text = format!("\"{name}\";q={size};w={}", limit.window_seconds());
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

impl Share {
    /// A caller whom this process has not seen yet: a lease on credit, so that nobody waits for the
    /// database at the first request.
    pub fn new(key: Key, limit: Limit, now_ms: i64) -> Self {
        let lease = limit.lease();
        Self {
            key,
            limit,
            policy: policy(key, limit),
            left: AtomicI64::new(lease),
            owed: AtomicI64::new(lease),
            shared: AtomicI64::new(limit.size - lease),
            shared_at_ms: AtomicI64::new(now_ms),
            dry_until_ms: AtomicI64::new(0),
            used_at_ms: AtomicI64::new(now_ms),
            asked: AtomicBool::new(false),
            settled: Notify::new(),
        }
    }

    /// Lets a request in, if there is one left.
    pub fn take(&self, now_ms: i64) -> Taken {
        self.used_at_ms.store(now_ms, Relaxed);
        let before = self.left.fetch_sub(1, Relaxed);
        if before > 0 {
            let low = before <= (self.limit.lease() + 1) / 2;
            return Taken::Yes { low };
        }
        self.left.fetch_add(1, Relaxed);
        let dry_ms = self.dry_until_ms.load(Relaxed) - now_ms;
        if (1..=DRY_MS_MAX).contains(&dry_ms) {
            return Taken::Dry(self.wait(now_ms));
        }
        Taken::Ask
    }

    /// Whole seconds until a request has a chance.
    fn wait(&self, now_ms: i64) -> Duration {
        let dry_ms = self.dry_until_ms.load(Relaxed) - now_ms;
        let seconds = (dry_ms.clamp(1, DRY_MS_MAX) as u64).div_ceil(1_000);
        Duration::from_secs(seconds)
    }

    /// What it asks for now. What is owed is taken out, and put back by [`Self::granted_alone`] if
    /// nobody could be asked.
    pub fn asks(&self) -> Asked {
        let left = self.left.load(Relaxed).max(0);
        Asked {
            owed: self.owed.swap(0, Relaxed),
            wanted: (self.limit.lease() - left).max(0),
        }
    }

    /// The bucket was asked: so much is granted, so much is left in it.
    pub fn granted(&self, granted: i64, tokens: f64, now_ms: i64) {
        self.left.fetch_add(granted, Relaxed);
        self.shared.store(tokens.floor() as i64, Relaxed);
        self.shared_at_ms.store(now_ms, Relaxed);
        if granted == 0 {
            let dry_ms = ((1.0 - tokens) / self.limit.per_second * 1_000.0) as i64;
            let until = now_ms + dry_ms.clamp(DRY_MS_MIN, DRY_MS_MAX);
            self.dry_until_ms.store(until, Relaxed);
        }
    }

    /// Nobody could be asked: this process goes on by what it knows.
    pub fn granted_alone(&self, asked: Asked, now_ms: i64) {
        let seconds = (now_ms - self.shared_at_ms.load(Relaxed)) as f64 / 1_000.0;
        let known = self.shared.load(Relaxed) as f64;
        // the credit of the beginning is not in what is known
        let (tokens, granted) = self
            .limit
            .settle(known, seconds, Asked { owed: 0, ..asked });
        self.owed.fetch_add(asked.owed + granted, Relaxed);
        self.granted(granted, tokens, now_ms);
    }

    /// How many requests are left, as far as this process knows, and the seconds until all are back.
    pub fn remaining(&self, now_ms: i64) -> (i64, i64) {
        let ms = (now_ms - self.shared_at_ms.load(Relaxed)).max(0);
        let filled = (ms as f64 / 1_000.0 * self.limit.per_second) as i64;
        let shared = self.shared.load(Relaxed).max(0).saturating_add(filled);
        let left = self.left.load(Relaxed).max(0);
        let remaining = left.saturating_add(shared).min(self.limit.size);
        (
            remaining,
            self.limit.seconds_for(self.limit.size - remaining),
        )
    }

    /// When it was last asked.
    pub fn used_at_ms(&self) -> i64 {
        self.used_at_ms.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit {
        size: 100,
        per_second: 10.0,
    };

    fn share() -> Share {
        Share::new(Key::Client(ClientNo(1)), LIMIT, 0)
    }

    fn take_all(share: &Share, now_ms: i64) -> usize {
        (0..)
            .take_while(|_| matches!(share.take(now_ms), Taken::Yes { .. }))
            .count()
    }

    #[test]
    fn a_share_asks_when_half_of_its_lease_is_gone_and_stops_when_all_is() {
        let share = share();
        let lows: Vec<Taken> = (0..10).map(|_| share.take(0)).collect();
        let low_from = lows
            .iter()
            .position(|taken| *taken == Taken::Yes { low: true });
        assert_eq!(low_from, Some(5));
        assert_eq!(share.take(0), Taken::Ask);
        assert_eq!(
            share.asks(),
            Asked {
                owed: 10,
                wanted: 10
            }
        );
        assert_eq!(share.asks().owed, 0, "what is owed is told once");
    }

    #[test]
    fn what_is_granted_may_be_taken_and_nothing_more() {
        let share = share();
        assert_eq!(take_all(&share, 0), 10);
        share.granted(7, 20.0, 0);
        assert_eq!(share.remaining(0), (27, 8));
        assert_eq!(take_all(&share, 0), 7);
        share.granted(0, 0.5, 1_000);
        assert_eq!(share.take(1_001), Taken::Dry(Duration::from_secs(1)));
        assert_eq!(share.take(1_250), Taken::Ask, "not believed for longer");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_shut_anybody_out() {
        let share = share();
        assert_eq!(take_all(&share, 10_000_000), 10);
        share.granted(0, 0.0, 10_000_000);
        assert_eq!(share.take(1_000_000), Taken::Ask);
    }

    #[test]
    fn alone_a_process_counts_by_itself() {
        let share = share();
        let mut taken = take_all(&share, 0);
        for _ in 0..20 {
            share.granted_alone(share.asks(), 0);
            taken += take_all(&share, 0);
        }
        assert_eq!(taken, 100, "what is there at once");
        share.granted_alone(share.asks(), 1_000);
        assert_eq!(take_all(&share, 1_000), 10, "and what a second brings");
        assert_eq!(share.asks().owed, 110, "all is told once that is possible");
    }

    #[test]
    fn a_bucket_fills_to_its_brim_and_debts_are_paid_first() {
        let asked = Asked {
            owed: 5,
            wanted: 10,
        };
        assert_eq!(LIMIT.settle(100.0, 100.0, asked), (85.0, 10));
        assert_eq!(LIMIT.settle(0.0, 1.0, asked), (0.0, 5));
        assert_eq!(LIMIT.settle(0.0, 0.0, asked), (-5.0, 0));
        assert_eq!(LIMIT.settle(0.0, -9.0, asked), (-5.0, 0));
    }

    #[test]
    fn the_head_of_an_answer_never_promises_more_than_there_is() {
        let share = share();
        assert_eq!(share.remaining(0), (100, 0));
        assert_eq!(share.remaining(1_000_000), (100, 0));
        assert_eq!(take_all(&share, 0), 10);
        assert_eq!(share.remaining(0), (90, 1));
        assert_eq!(share.remaining(500), (95, 1));
    }

    #[test]
    fn small_limits_are_limits_too() {
        let limit = Limit::per_minute(1).unwrap();
        let share = Share::new(Key::Client(ClientNo(1)), limit, 0);
        assert_eq!(take_all(&share, 0), 1);
        assert_eq!(limit.window_seconds(), 60);
        assert_eq!(Limit::per_minute(0), None);
    }
}
