//! Usage by the hour, added up from the rows of single answers: done again, it comes to the same.

use time::{Duration, OffsetDateTime};

use super::{amount::credits, store::rollup as store};
use crate::{
    db::{ClientTx, SystemTx},
    error::Result,
};

/// Hours added up anew each time: an answer is written down a little after the time it bears.
const FRESH_HOURS: i64 = 3;
/// Days added up anew once a day, for what came later than that.
const LATE_DAYS: i64 = 35;

/// What was used in a day by a model.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Used {
    /// The day, of UTC.
    pub day: time::Date,
    /// The model.
    pub model: String,
    /// Answers.
    pub answers: i64,
    /// Tokens of questions, with all that was sent along.
    pub input_tokens: i64,
    /// Of these, those that the vendor had in its cache.
    pub cached_tokens: i64,
    /// Tokens of answers.
    pub output_tokens: i64,
    /// Micro-credits that were charged.
    pub charged: i64,
}

impl Used {
    /// What was charged, in credits.
    pub fn credits(&self) -> String {
        credits(self.charged)
    }
}

/// Adds the last hours up; how many rows changed.
pub async fn fresh(tx: &mut SystemTx, now: OffsetDateTime) -> Result<u64> {
    store::add_up(tx, now - Duration::hours(FRESH_HOURS), now).await
}

/// Adds the last weeks up; how many rows changed, because something came late.
pub async fn late(tx: &mut SystemTx, now: OffsetDateTime) -> Result<u64> {
    store::add_up(tx, now - Duration::days(LATE_DAYS), now).await
}

/// What was used in a time, by day and model.
pub async fn used(
    tx: &mut ClientTx,
    (from, until): (OffsetDateTime, OffsetDateTime),
    rows: i64,
) -> Result<Vec<Used>> {
    store::used(tx, from, until, rows).await
}
