//! Statements of the watch, which sees the addresses of all clients.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::super::{
    deposit::Reach,
    seen::Hash,
    watch::{New, News, Open, Watched},
    weigh::{State, Verdict},
};
use crate::{
    db::SystemTx,
    error::Result,
    ids::{ArrivalId, ClientNo, OrderId},
};

/// A chain by another name goes on where it was.
pub async fn add_watch(tx: &mut SystemTx, name: &str, chain_id: u64) -> Result<()> {
    sqlx::query(
        "insert into chain_watch (name, chain_id, scanned)
         select $1, $2, (select scanned from chain_watch where chain_id = $2 order by looked_at desc nulls last limit 1)
         on conflict do nothing",
    )
    .bind(name)
    .bind(chain_id.cast_signed())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a chain into this server's hands: how far it was read, and its number; none when another
/// server has it. A lease that lasts twice as long as any is of a clock that was ahead: it would keep
/// the chain from everybody until then.
pub async fn lease(
    tx: &mut SystemTx,
    name: &str,
    lease: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<(Option<i64>, i64)>> {
    Ok(sqlx::query_as(
        "update chain_watch set lease_id = $2, leased_until = $3
         where name = $1 and (leased_until is null or leased_until < $4 or leased_until > $5)
         returning scanned, chain_id",
    )
    .bind(name)
    .bind(lease)
    .bind(until)
    .bind(now)
    .bind(until + (until - now))
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the chain is still in these hands; if so, nobody else gets it until the transaction ends.
pub async fn is_ours(tx: &mut SystemTx, name: &str, lease: Uuid) -> Result<bool> {
    let ours: Option<i32> = sqlx::query_scalar(
        "select 1 from chain_watch where name = $1 and lease_id = $2 for update",
    )
    .bind(name)
    .bind(lease)
    .fetch_optional(tx.conn())
    .await?;
    Ok(ours.is_some())
}

/// Those first that wait for a payment, one of each client at a time, and of a client one of each buyer:
/// nobody crowds out another.
pub async fn watched(tx: &mut SystemTx, now: OffsetDateTime, rows: i64) -> Result<Vec<Watched>> {
    Ok(sqlx::query_as(
        "select client_no, order_id, address
         from (select client_no, order_id, address, is_over,
             row_number() over (partition by client_no, is_over order by place, watched_until desc, order_id) place
           from (select client_no, order_id, address, chain_address.state <> 'open' is_over, watched_until,
               row_number() over (partition by client_no, buyer_id, chain_address.state <> 'open'
                 order by watched_until desc, order_id) place
             from chain_address
             join payment_order using (client_no, order_id)
             where watched_until > $1) of_buyers) watched
         order by is_over, place, client_no
         limit $2",
    )
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// Arrivals from this block on that the chain may still take back, and those below that do not count
/// yet.
pub async fn open(tx: &mut SystemTx, chain: &str, from: i64, rows: i64) -> Result<Vec<Open>> {
    Ok(sqlx::query_as(
        "select client_no, arrival_id, block_no, block_hash, tx_hash, log_no, chain_arrival.asset, payer,
           address, chain_arrival.amount::text amount, chain_arrival.state
         from (select * from chain_arrival where chain = $1 and state <> 'reorged' and block_no >= $2
           union all
           select * from chain_arrival where chain = $1 and state = 'seen' and block_no < $2) chain_arrival
         join chain_address using (client_no, order_id)
         order by block_no
         limit $3",
    )
    .bind(chain)
    .bind(from)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn blocks(tx: &mut SystemTx, name: &str) -> Result<BTreeMap<u64, Hash>> {
    let rows: Vec<(i64, Hash)> =
        sqlx::query_as("select block_no, block_hash from chain_block where name = $1")
            .bind(name)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows
        .into_iter()
        .map(|(number, hash)| (number.unsigned_abs(), hash))
        .collect())
}

/// An arrival that was not known, or that the chain had taken back and has again, or that was written
/// down when the chain had another name.
pub async fn add_arrival(
    tx: &mut SystemTx,
    chain: &str,
    new: &New,
    now: OffsetDateTime,
) -> Result<()> {
    let arrival = &new.arrival;
    sqlx::query(
        "insert into chain_arrival as known (client_no, arrival_id, order_id, chain, block_no, block_hash, block_at,
           tx_hash, log_no, asset, payer, amount, state, verdict, left_over, settled, seen_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::numeric, $13, $14, 0, false, $15, $15)
         on conflict on constraint chain_arrival_once do update
         set chain = excluded.chain, state = excluded.state, settled = false, changed_at = excluded.changed_at
         where known.state = 'reorged' or known.chain <> excluded.chain",
    )
    .bind(new.client)
    .bind(ArrivalId::new(now))
    .bind(new.order)
    .bind(chain)
    .bind(arrival.block_no.cast_signed())
    .bind(&arrival.block_hash)
    .bind(new.at)
    .bind(&arrival.tx_hash)
    .bind(arrival.log_no)
    .bind(&arrival.asset)
    .bind(arrival.payer.to_string())
    .bind(arrival.amount.to_string())
    .bind(new.state)
    .bind(Verdict::Waiting)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn turn_arrival(
    tx: &mut SystemTx,
    client: ClientNo,
    id: ArrivalId,
    state: State,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "update chain_arrival set state = $3, settled = false, changed_at = $4
         where client_no = $1 and arrival_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(state)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers the latest blocks, and no others.
pub async fn put_blocks(tx: &mut SystemTx, name: &str, news: &News) -> Result<()> {
    sqlx::query("delete from chain_block where name = $1")
        .bind(name)
        .execute(tx.conn())
        .await?;
    let kept = news
        .headers
        .iter()
        .filter(|(number, _)| *number >= news.keep_from);
    let (numbers, hashes): (Vec<i64>, Vec<&str>) = kept
        .map(|(number, hash)| (number.cast_signed(), hash.as_str()))
        .unzip();
    sqlx::query(
        "insert into chain_block (name, block_no, block_hash)
         select $1, block_no, block_hash from unnest($2::bigint[], $3::text[]) seen (block_no, block_hash)",
    )
    .bind(name)
    .bind(numbers)
    .bind(hashes)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn end_look(
    tx: &mut SystemTx,
    name: &str,
    news: &News,
    (begun_at, now): (OffsetDateTime, OffsetDateTime),
) -> Result<()> {
    sqlx::query(
        "update chain_watch set scanned = $2, top = $3, looked_at = $4, failure = $5, failed_at = $6,
           lease_id = null, leased_until = null
         where name = $1",
    )
    .bind(name)
    .bind(news.scanned.cast_signed())
    .bind(news.top.cast_signed())
    .bind(begun_at)
    .bind(&news.waits_for)
    .bind(news.waits_for.as_ref().map(|_| now))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far was read stays as it was.
pub async fn fail_look(
    tx: &mut SystemTx,
    name: &str,
    lease: Uuid,
    failure: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "update chain_watch set failed_at = $4, failure = $3, lease_id = null, leased_until = null
         where name = $1 and lease_id = $2",
    )
    .bind(name)
    .bind(lease)
    .bind(failure)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Orders for which something changed, and those whose time is over with less than was asked for: one of
/// each client at a time, and of a client one of each buyer. Each with the moment up to which its chain
/// was read, none while it lags behind its top.
pub async fn unsettled(
    tx: &mut SystemTx,
    rows: i64,
) -> Result<Vec<(ClientNo, OrderId, Option<OffsetDateTime>)>> {
    Ok(sqlx::query_as(
        "with reach as (select chain_id, max(looked_at) until from chain_watch where scanned >= top group by chain_id),
           changed as (select client_no, order_id, false is_over from chain_arrival where not settled
             union all
             select client_no, order_id, true from chain_address join reach using (chain_id)
             where state = 'open' and deadline < until),
           due as (select client_no, order_id, min(is_over::int) is_over from changed group by client_no, order_id),
           of_buyers as (select due.*, chain_id, row_number() over (partition by client_no, buyer_id, is_over
               order by order_id) place
             from due
             join chain_address using (client_no, order_id)
             join payment_order using (client_no, order_id))
         select client_no, order_id, until
         from (select of_buyers.*, row_number() over (partition by client_no, is_over order by place, order_id) turn
           from of_buyers) due
         left join reach using (chain_id)
         order by turn, is_over, client_no
         limit $1",
    )
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// How far each chain was read.
pub async fn states(tx: &mut SystemTx) -> Result<Vec<Reach>> {
    Ok(sqlx::query_as(
        "select name, scanned, top, looked_at, failed_at, failure from chain_watch order by name",
    )
    .fetch_all(tx.conn())
    .await?)
}
