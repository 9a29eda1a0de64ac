//! Statements over days that are to be read, and over who reads them.

use std::time::Duration;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{db::SystemTx, error::Result};

/// This day and so many behind it.
pub async fn wish(tx: &mut SystemTx, provider: &str, first: Date, days: i32) -> Result<()> {
    sqlx::query(
        "insert into outside_wish (provider, day)
         select $1, $2::date + n from generate_series(0, $3::int) n
         on conflict do nothing",
    )
    .bind(provider)
    .bind(first)
    .bind(days)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn failure(tx: &mut SystemTx, provider: &str, day: Date) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar("select failure from outside_wish where provider = $1 and day = $2")
            .bind(provider)
            .bind(day)
            .fetch_optional(tx.conn())
            .await?
            .flatten(),
    )
}

/// The day to be read; none when there is none, or another server is at it. A lease that lasts twice as
/// long as any is of a clock that was ahead. What failed within the time of rest, by whoever's clock, is
/// not to be read.
pub async fn lease(
    tx: &mut SystemTx,
    provider: &str,
    lease: Uuid,
    (now, until): (OffsetDateTime, OffsetDateTime),
    rest: Duration,
) -> Result<Option<Date>> {
    let day: Option<Option<Date>> = sqlx::query_scalar(
        "update outside_turn set lease_id = $2, leased_until = $3
         where provider = $1 and (leased_until is null or leased_until < $4 or leased_until > $5)
           and exists (select from outside_wish where outside_wish.provider = $1
             and (failed_at between $6 and $7) is not true)
         returning (select day from outside_wish where outside_wish.provider = $1
           and (failed_at between $6 and $7) is not true
           order by failed_at nulls first, day limit 1)",
    )
    .bind(provider)
    .bind(lease)
    .bind(until)
    .bind(now)
    .bind(until + (until - now))
    .bind(now - rest)
    .bind(now + rest)
    .fetch_optional(tx.conn())
    .await?;
    Ok(day.flatten())
}

pub async fn extend(
    tx: &mut SystemTx,
    provider: &str,
    lease: Uuid,
    until: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query(
        "update outside_turn set leased_until = $3 where provider = $1 and lease_id = $2",
    )
    .bind(provider)
    .bind(lease)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn fulfil(tx: &mut SystemTx, provider: &str, day: Date) -> Result<()> {
    sqlx::query("delete from outside_wish where provider = $1 and day = $2")
        .bind(provider)
        .bind(day)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn fail(
    tx: &mut SystemTx,
    provider: &str,
    day: Date,
    (why, now): (&str, OffsetDateTime),
) -> Result<()> {
    sqlx::query(
        "update outside_wish set failed_at = $3, failure = $4 where provider = $1 and day = $2",
    )
    .bind(provider)
    .bind(day)
    .bind(now)
    .bind(why)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn release(tx: &mut SystemTx, provider: &str, lease: Uuid) -> Result<()> {
    sqlx::query(
        "update outside_turn set lease_id = null, leased_until = null
         where provider = $1 and lease_id = $2",
    )
    .bind(provider)
    .bind(lease)
    .execute(tx.conn())
    .await?;
    Ok(())
}
