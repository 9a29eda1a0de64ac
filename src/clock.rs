//! The time of day, handed in so that tests can move it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;

/// Tells the time in UTC, cut to microseconds, which is what PostgreSQL keeps.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_us: Arc<AtomicI64>,
}

impl Clock {
    /// Now, in UTC, whole microseconds.
    pub fn now(&self) -> OffsetDateTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that asks the system"
        )]
        let system = OffsetDateTime::now_utc();
        let ahead = time::Duration::microseconds(self.ahead_us.load(Ordering::Relaxed));
        let now = system + ahead;
        now.replace_nanosecond(now.microsecond() * 1_000)
            .unwrap_or(now)
    }

    /// Moves this clock, and every clone of it, forward.
    pub fn forward(&self, by: Duration) {
        let by_us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_us.fetch_add(by_us, Ordering::Relaxed);
    }

    /// Moves this clock, and every clone of it, back, as one that was wrong and is set right.
    pub fn back(&self, by: Duration) {
        let by_us = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_us.fetch_sub(by_us, Ordering::Relaxed);
    }
}
