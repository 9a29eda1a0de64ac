//! Statements over the addresses of orders and what arrived there, of one client.

mod watching;

use time::OffsetDateTime;

pub use self::watching::{
    add_arrival, add_watch, blocks, end_look, fail_look, is_ours, lease, open, put_blocks, states,
    turn_arrival, unsettled, watched,
};
use super::{
    deposit::{Arrived, Deposit, Reach},
    units::Units,
    weigh::{State, Verdict},
};
use crate::{
    db::{self, ClientTx},
    error::{Error, Result},
    http::paging::Window,
    ids::{ArrivalId, OrderId, UserId},
};

/// A number for an address, which nobody had and nobody gets again.
pub async fn next_number(tx: &mut ClientTx) -> Result<i32> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "insert into chain_index (client_no, next) values ($1, 1)
         on conflict (client_no) do update set next = chain_index.next + 1
         returning next - 1",
    )
    .bind(client)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn add_deposit(
    tx: &mut ClientTx,
    deposit: &Deposit,
    (number, since_block): (i32, i64),
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into chain_address (client_no, order_id, address_no, address, chain, chain_id, asset, symbol,
           decimals, amount, confirmations, deadline, watched_until, state, undone, created_at, since_block)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::numeric, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(client)
    .bind(deposit.order_id)
    .bind(number)
    .bind(&deposit.address)
    .bind(&deposit.chain)
    .bind(deposit.chain_id)
    .bind(&deposit.asset)
    .bind(&deposit.symbol)
    .bind(deposit.decimals)
    .bind(deposit.amount.to_string())
    .bind(deposit.confirmations)
    .bind(deposit.deadline)
    .bind(deposit.watched_until)
    .bind(deposit.state)
    .bind(deposit.undone)
    .bind(now)
    .bind(since_block)
    .execute(tx.conn())
    .await
    .map_err(db::taken("chain_address_pkey", "order"))?;
    Ok(())
}

pub async fn deposit(tx: &mut ClientTx, id: OrderId) -> Result<Option<Deposit>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select order_id, address, chain, chain_id, asset, symbol, decimals, amount::text amount, confirmations,
           deadline, watched_until, state, undone
         from chain_address where client_no = $1 and order_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn lock_deposit(tx: &mut ClientTx, id: OrderId) -> Result<Deposit> {
    let client = tx.client();
    let deposit: Option<Deposit> = sqlx::query_as(
        "select order_id, address, chain, chain_id, asset, symbol, decimals, amount::text amount, confirmations,
           deadline, watched_until, state, undone
         from chain_address where client_no = $1 and order_id = $2
         for update",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    deposit.ok_or(Error::NotFound("address of an order"))
}

/// What arrived for an order, in the order of the chain.
pub async fn arrivals(tx: &mut ClientTx, id: OrderId, rows: i64) -> Result<Vec<Arrived>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select arrival_id, order_id, chain, block_no, block_hash, block_at, tx_hash, log_no, asset, payer,
           amount::text amount, state, verdict, left_over::text left_over, resolution
         from chain_arrival where client_no = $1 and order_id = $2
         order by block_at, block_no, log_no, tx_hash, arrival_id
         limit $3",
    )
    .bind(client)
    .bind(id)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// What was weighed. What has changed since it was read is weighed again, and what a person resolved
/// stays what it was.
pub async fn put_verdicts(
    tx: &mut ClientTx,
    arrived: &[Arrived],
    verdicts: &[(Verdict, Units)],
) -> Result<()> {
    let client = tx.client();
    let ids: Vec<ArrivalId> = arrived.iter().map(|one| one.arrival_id).collect();
    let states: Vec<State> = arrived.iter().map(|one| one.state).collect();
    let resolved: Vec<bool> = arrived.iter().map(|one| one.resolution.is_some()).collect();
    let left: Vec<String> = verdicts.iter().map(|(_, left)| left.to_string()).collect();
    let verdicts: Vec<Verdict> = verdicts.iter().map(|(verdict, _)| *verdict).collect();
    sqlx::query(
        "update chain_arrival
         set verdict = case when resolved_at is null then weighed.verdict else chain_arrival.verdict end,
           left_over = case when resolved_at is null then weighed.left_over::numeric else chain_arrival.left_over end,
           settled = chain_arrival.state = weighed.state and (resolved_at is not null) = weighed.resolved
         from unnest($2::uuid[], $3::text[], $4::bool[], $5::text[], $6::text[])
           weighed (arrival_id, state, resolved, verdict, left_over)
         where client_no = $1 and chain_arrival.arrival_id = weighed.arrival_id",
    )
    .bind(client)
    .bind(ids)
    .bind(states)
    .bind(resolved)
    .bind(verdicts)
    .bind(left)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Nobody asks for what is left out any more.
pub async fn settle_rest(tx: &mut ClientTx, id: OrderId) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chain_arrival set settled = true
         where client_no = $1 and order_id = $2 and not settled",
    )
    .bind(client)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Orders of a buyer that wait for a payment, or have ended, are watched on, and got nothing.
pub async fn waiting(tx: &mut ClientTx, buyer: UserId, now: OffsetDateTime) -> Result<i64> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select count(*) from payment_order
         join chain_address using (client_no, order_id)
         where client_no = $1 and buyer_id = $2 and payment_order.provider = 'chain'
           and (chain_address.state = 'open' or chain_address.state = 'short' and watched_until > $3
             and not exists (select from chain_arrival
               where chain_arrival.client_no = $1 and chain_arrival.order_id = chain_address.order_id))",
    )
    .bind(client)
    .bind(buyer)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn put_standing(tx: &mut ClientTx, deposit: &Deposit) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chain_address set state = $3, undone = $4 where client_no = $1 and order_id = $2",
    )
    .bind(client)
    .bind(deposit.order_id)
    .bind(deposit.state)
    .bind(deposit.undone)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn reach(tx: &mut ClientTx, name: &str) -> Result<Option<Reach>> {
    Ok(sqlx::query_as(
        "select name, scanned, top, looked_at, failed_at, failure from chain_watch where name = $1",
    )
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

/// Arrivals of which something is left, the latest first.
pub async fn left(tx: &mut ClientTx, resolved: bool, window: &Window) -> Result<Vec<Arrived>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select arrival_id, order_id, chain, block_no, block_hash, block_at, tx_hash, log_no, asset, payer,
           amount::text amount, state, verdict, left_over::text left_over, resolution
         from chain_arrival
         where client_no = $1 and (resolved_at is not null) = $2
           and verdict in ('again', 'late', 'over', 'refused', 'short', 'wrong_chain', 'wrong_token')
           and ($3::uuid is null or arrival_id < $3)
         order by arrival_id desc
         limit $4",
    )
    .bind(client)
    .bind(resolved)
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Whether it was open until now; none when nothing is left of such an arrival.
pub async fn resolve(
    tx: &mut ClientTx,
    id: ArrivalId,
    resolution: &str,
    now: OffsetDateTime,
) -> Result<Option<bool>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "with known as (select arrival_id, resolved_at from chain_arrival
           where client_no = $1 and arrival_id = $2 and left_over > 0
           for update
         ), done as (update chain_arrival set resolved_at = $3, resolution = $4
           where client_no = $1 and arrival_id = (select arrival_id from known where resolved_at is null)
         )
         select resolved_at is null from known",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .bind(resolution)
    .fetch_optional(tx.conn())
    .await?)
}
