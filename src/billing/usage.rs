//! What was used and what it cost, by day and model.

use time::{Date, OffsetDateTime};

use super::store::usage as store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::UserId,
};

/// Days that are looked at in one go.
const DAYS_MAX: i64 = 93;
/// Days that are looked at unless said otherwise.
const DAYS_DEFAULT: i32 = 30;

/// Years whose days are looked at: what a client's calendar makes of them can be told.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2999;

/// What was used of a model on a day of the client's calendar.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageLine {
    /// The day.
    pub day: Date,
    /// The model, or `ingestion`.
    pub model: String,
    /// Answers, or documents read.
    pub count: i64,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// Tokens made into vectors.
    pub embedding_tokens: i64,
    /// Pages read.
    pub pages: i64,
    /// Micro-credits.
    pub charged: i64,
}

/// What a user used, or with none the whole client, the latest day first, from one day to
/// another, both included; the last 30 days unless they are said.
///
/// # Errors
/// `Invalid` for days that are no span, or too long a one.
pub async fn by_day(
    tx: &mut ClientTx,
    user: Option<UserId>,
    span: (Option<Date>, Option<Date>),
    now: OffsetDateTime,
) -> Result<Vec<UsageLine>> {
    if [span.0, span.1]
        .into_iter()
        .flatten()
        .any(|day| !YEARS.contains(&day.year()))
    {
        return Err(Error::invalid(
            "from and to are days from 2000-01-01 to 2999-12-31.",
        ));
    }
    let span = store::span(tx, span, DAYS_DEFAULT, now).await?;
    let days = (span.last - span.first).whole_days() + 1;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Error::invalid(format!(
            "from and to are 1 to {DAYS_MAX} days, both included, such as 2026-03-01 and 2026-03-31."
        )));
    }
    match user {
        Some(user) => store::of_user(tx, user, &span).await,
        None => store::of_client(tx, &span).await,
    }
}
