//! Statements over what arrived on chains, as the reconciliation reads them.

use std::ops::RangeInclusive;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::FactRow;
use crate::{
    billing::chain::Arrival,
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::ClientNo,
};

/// Addresses of orders, of all clients, that were watched at this time or later, behind those of this
/// client's order.
pub async fn addresses(
    tx: &mut SystemTx,
    since: OffsetDateTime,
    (client, order): (ClientNo, Uuid),
    rows: i64,
) -> Result<Vec<(String, ClientNo, Uuid)>> {
    Ok(sqlx::query_as(
        "select address, client_no, order_id from chain_address
         where watched_until >= $1 and (client_no, order_id) > ($2, $3)
         order by client_no, order_id
         limit $4",
    )
    .bind(since)
    .bind(client)
    .bind(order)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// The block behind those that were read for this day; else so many before the end of those that were
/// read for days before it; never one before the first in which something can have arrived.
pub async fn first_block(
    tx: &mut SystemTx,
    chain: &str,
    day: Date,
    overlap: i64,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "select coalesce((select top + 1 from outside_block where chain = $1 and day = $2),
           greatest((select max(top) + 1 - $3 from outside_block where chain = $1 and day < $2),
             least((select min(block_no) from chain_arrival where chain = $1),
               (select min(since_block) from chain_address where chain = $1))))",
    )
    .bind(chain)
    .bind(day)
    .bind(overlap)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn put_top(tx: &mut SystemTx, chain: &str, day: Date, top: i64) -> Result<()> {
    sqlx::query(
        "insert into outside_block (chain, day, top) values ($1, $2, $3)
         on conflict on constraint outside_block_pkey do update set top = greatest(outside_block.top, $3)",
    )
    .bind(chain)
    .bind(day)
    .bind(top)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The block of what arrived, by which it is found again.
pub async fn put_block(
    tx: &mut SystemTx,
    client: ClientNo,
    reference: &str,
    block: u64,
) -> Result<()> {
    sqlx::query(
        "update outside_fact set block_no = $3
         where client_no = $1 and provider = 'chain' and area = 'arrival' and reference = $2
           and block_no is distinct from $3",
    )
    .bind(client)
    .bind(reference)
    .bind(i64::try_from(block).map_err(Error::internal)?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes away what arrived for these orders in these blocks of a chain by an earlier reading, and is not
/// among what the chain says now.
pub async fn forget(
    tx: &mut SystemTx,
    chain: &str,
    blocks: &RangeInclusive<u64>,
    (orders, said): (&[Uuid], &[String]),
) -> Result<()> {
    sqlx::query(
        "delete from outside_fact
         where block_no between $1 and $2 and split_part(reference, ' ', 1) = $3 and order_id = any($4)
           and reference <> all($5)",
    )
    .bind(i64::try_from(*blocks.start()).map_err(Error::internal)?)
    .bind(i64::try_from(*blocks.end()).map_err(Error::internal)?)
    .bind(chain)
    .bind(orders)
    .bind(said)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The time of a block, as it was written down here.
pub async fn time_of(
    tx: &mut SystemTx,
    client: ClientNo,
    chain: &str,
    arrival: &Arrival,
) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar(
        "select block_at from chain_arrival
         where client_no = $1 and chain = $2 and block_hash = $3
         limit 1",
    )
    .bind(client)
    .bind(chain)
    .bind(arrival.block_hash.as_str())
    .fetch_optional(tx.conn())
    .await?)
}

/// What arrived in blocks that were read until this day.
pub async fn ours(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
    day: Date,
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'arrival' area, 'chain' provider, chain || ' ' || block_hash || ' ' || tx_hash || ' ' || log_no reference,
           order_id, amount::text amount, asset currency,
           case state when 'confirmed' then 'stands' when 'seen' then 'open' else 'undone' end stage,
           null::text known_as, block_at at
         from chain_arrival
         where client_no = $1 and block_at >= $2 and block_at < $3
           and block_no <= (select max(top) from outside_block
             where outside_block.chain = chain_arrival.chain and outside_block.day <= $4)",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .bind(day)
    .fetch_all(tx.conn())
    .await?)
}

/// What the orders paid on a chain have to show for it: the arrivals that count, added up.
pub async fn paid(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'payment' area, 'chain' provider, address reference, order_id,
           coalesce((select sum(arrival.amount - arrival.left_over) from chain_arrival arrival
             where arrival.client_no = $1 and arrival.order_id = chain_address.order_id
               and arrival.state = 'confirmed' and arrival.verdict in ('counted', 'over')), 0)::text amount,
           payment.currency, 'stands' stage, null::text known_as, at
         from chain_address
         join payment using (client_no, order_id)
         where client_no = $1 and chain_address.state = 'paid' and payment.provider = 'chain'
           and payment.reference = address and at >= $2 and at < $3",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Orders without a payment, though by our books and by the chain all of it arrived in time.
pub async fn unpaid(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'payment' area, 'chain' provider, address reference, chain_address.order_id,
           chain_address.amount::text amount, lower(symbol) currency, 'stands' stage, null::text known_as,
           max(block_at) at
         from chain_address
         join chain_arrival arrival on arrival.client_no = $1 and arrival.order_id = chain_address.order_id
         join outside_fact fact on fact.client_no = $1 and fact.provider = 'chain' and fact.area = 'arrival'
           and fact.order_id = arrival.order_id and fact.amount = arrival.amount
           and fact.reference = arrival.chain || ' ' || block_hash || ' ' || tx_hash || ' ' || log_no
         where chain_address.client_no = $1 and chain_address.state <> 'refused'
           and not exists (select from payment where payment.client_no = $1
             and payment.order_id = chain_address.order_id and payment.provider = 'chain')
           and arrival.state = 'confirmed' and arrival.asset = chain_address.asset and block_at <= deadline
           and resolved_at is null and block_at >= $2 and block_at < $3
         group by chain_address.client_no, chain_address.order_id
         having sum(arrival.amount) >= chain_address.amount",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}
