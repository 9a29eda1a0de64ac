//! Statements of `quota`: one function, one statement, no decisions.

use time::OffsetDateTime;

use super::Claims;
use crate::{db::SystemTx, error::Result};

/// What a bucket gave: its name, what was granted, what is left in it.
pub type Grant = (String, i64, f64);

/// Fills the buckets by the time that went by, takes what is owed and as much of what is wanted as
/// there is. They are locked in the order of their names, so that processes do not lock each other
/// out. A bucket filled more than a minute ahead of our clock is filled anew from now on.
pub async fn settle(tx: &mut SystemTx, claims: &Claims, now: OffsetDateTime) -> Result<Vec<Grant>> {
    Ok(sqlx::query_as(
        "with held as (select bucket, tokens, filled_at from rate_bucket
           where bucket = any($1)
           order by bucket
           for update
         ), level as (select c.bucket, c.wanted, held.filled_at,
             least(c.size, held.tokens + c.per_second
               * greatest(0, extract(epoch from $6 - held.filled_at)::double precision)) - c.owed as tokens
           from held
           join unnest($1::text[], $2::double precision[], $3::double precision[], $4::double precision[],
             $5::double precision[]) as c (bucket, size, per_second, owed, wanted)
           using (bucket)
         ), given as (select bucket, tokens, filled_at, greatest(0, least(wanted, floor(tokens))) as granted from level
         )
         update rate_bucket b
         set tokens = given.tokens - given.granted,
           filled_at = case
             when given.filled_at <= $6 + interval '1 minute' then greatest(given.filled_at, $6)
             else $6
           end
         from given
         where b.bucket = given.bucket
         returning b.bucket, given.granted::bigint, b.tokens",
    )
    .bind(&claims.buckets)
    .bind(&claims.sizes)
    .bind(&claims.per_second)
    .bind(&claims.owed)
    .bind(&claims.wanted)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Makes the buckets that are not there yet, full.
pub async fn add(
    tx: &mut SystemTx,
    buckets: &[String],
    sizes: &[f64],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into rate_bucket (bucket, tokens, filled_at)
         select bucket, size, $3 from unnest($1::text[], $2::double precision[]) as new (bucket, size)
         order by bucket
         on conflict do nothing",
    )
    .bind(buckets)
    .bind(sizes)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the buckets that nobody asked since.
pub async fn sweep(tx: &mut SystemTx, before: OffsetDateTime) -> Result<()> {
    sqlx::query("delete from rate_bucket where filled_at < $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(())
}
