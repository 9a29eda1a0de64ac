//! Whose turn it is to read a provider, and which days clients wait for.

use std::time::Duration;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::store::turn as store;
use crate::{
    db::SystemTx,
    error::{Error, Result},
};

/// Seconds for which a provider is in one server's hands; it extends them while it reads. Servers whose
/// clocks are further apart would take it from each other.
pub const LEASE_SECONDS: u64 = 300;
/// Seconds for which a day rests that could not be read.
pub const REST_SECONDS: u64 = 600;
/// Characters of a reason that are kept.
const FAILURE_CHARS_MAX: usize = 500;

/// A day of a provider, in one server's hands.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The day that is to be read.
    pub day: Date,
    provider: &'static str,
    lease: Uuid,
}

/// Asks for these days to be read; why the last try at the first of them failed, if it did.
pub async fn wish(
    tx: &mut SystemTx,
    provider: &'static str,
    (first, last): (Date, Date),
) -> Result<Option<String>> {
    let days = i32::try_from((last - first).whole_days()).unwrap_or(0);
    store::wish(tx, provider, first, days).await?;
    store::failure(tx, provider, first).await
}

/// Takes a provider of which a day is to be read, unless somebody else has it: those first that did not
/// fail, the oldest of them first; one that failed rests.
pub async fn begin(
    tx: &mut SystemTx,
    provider: &'static str,
    now: OffsetDateTime,
) -> Result<Option<Turn>> {
    let lease = Uuid::new_v4();
    let until = now + Duration::from_secs(LEASE_SECONDS);
    let rest = Duration::from_secs(REST_SECONDS);
    let day = store::lease(tx, provider, lease, (now, until), rest).await?;
    Ok(day.map(|day| Turn {
        day,
        provider,
        lease,
    }))
}

/// Holds a provider for longer; false when it is not ours any more.
pub async fn extend(tx: &mut SystemTx, turn: &Turn, now: OffsetDateTime) -> Result<bool> {
    let until = now + Duration::from_secs(LEASE_SECONDS);
    store::extend(tx, turn.provider, turn.lease, until).await
}

/// Lets a provider go: the day was read, or is to be read again.
pub async fn end(
    tx: &mut SystemTx,
    turn: &Turn,
    failed: Option<&Error>,
    now: OffsetDateTime,
) -> Result<()> {
    match failed {
        None => store::fulfil(tx, turn.provider, turn.day).await?,
        Some(error) => {
            let causes = error.causes();
            let why: String = causes.chars().take(FAILURE_CHARS_MAX).collect();
            store::fail(tx, turn.provider, turn.day, (&why, now)).await?;
        }
    }
    store::release(tx, turn.provider, turn.lease).await
}
