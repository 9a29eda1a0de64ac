//! Statements over what moved the balance at Stripe.

use time::OffsetDateTime;
use uuid::Uuid;

use super::FactRow;
use crate::{
    billing::recon::{
        balance::Moved,
        follow::{Followed, Transaction},
        shape::Area,
    },
    db::{ClientTx, SystemTx},
    error::Result,
    ids::ClientNo,
};

/// Keeps transactions of what is followed, as they are now.
pub async fn put(tx: &mut SystemTx, rows: &[Transaction], now: OffsetDateTime) -> Result<()> {
    let text = |of: fn(&Transaction) -> &str| -> Vec<&str> { rows.iter().map(of).collect() };
    let number = |of: fn(&Transaction) -> i64| -> Vec<i64> { rows.iter().map(of).collect() };
    let clients: Vec<i32> = rows.iter().map(|row| row.of.client.0).collect();
    let areas: Vec<Area> = rows.iter().map(|row| row.of.area).collect();
    let orders: Vec<Option<Uuid>> = rows.iter().map(|row| row.of.order).collect();
    let times: Vec<OffsetDateTime> = rows.iter().map(|row| row.at).collect();
    sqlx::query(
        "insert into outside_balance (client_no, txn, area, reference, source, order_id, amount, fee, currency, at,
           read_at)
         select client_no, txn, area, reference, source, order_id, amount, fee, currency, at, $11
         from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::bigint[], $8::bigint[],
           $9::text[], $10::timestamptz[])
           as row (client_no, txn, area, reference, source, order_id, amount, fee, currency, at)
         on conflict on constraint outside_balance_pkey do update
         set amount = excluded.amount, fee = excluded.fee, currency = excluded.currency, at = excluded.at,
           read_at = excluded.read_at
         where outside_balance.read_at <= excluded.read_at",
    )
    .bind(clients)
    .bind(text(|row| &row.txn))
    .bind(areas)
    .bind(text(|row| &row.of.reference))
    .bind(text(|row| &row.source))
    .bind(orders)
    .bind(number(|row| row.amount))
    .bind(number(|row| row.fee))
    .bind(text(|row| &row.currency))
    .bind(times)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was found to be whose before, by what Stripe names.
pub async fn followed(tx: &mut SystemTx, sources: &[&str]) -> Result<Vec<(String, Followed)>> {
    let rows: Vec<(String, ClientNo, Area, String, Option<Uuid>)> = sqlx::query_as(
        "select distinct source, client_no, area, reference, order_id from outside_balance
         where source = any($1)",
    )
    .bind(sources)
    .fetch_all(tx.conn())
    .await?;
    let followed = rows
        .into_iter()
        .map(|(source, client, area, reference, order)| {
            let followed = Followed {
                client,
                area,
                reference,
                order,
            };
            (source, followed)
        });
    Ok(followed.collect())
}

/// The same as [`since`], for whoever reads for all clients.
pub async fn first_read(tx: &mut SystemTx) -> Result<Option<OffsetDateTime>> {
    Ok(
        sqlx::query_scalar("select min(balance_since) from outside_read where provider = 'stripe'")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Since when the balance was read; none when it never was.
pub async fn since(tx: &mut ClientTx) -> Result<Option<OffsetDateTime>> {
    Ok(
        sqlx::query_scalar("select min(balance_since) from outside_read where provider = 'stripe'")
            .fetch_one(tx.conn())
            .await?,
    )
}

/// All that moved the balance for what it moved for since this time. A sum of several currencies is
/// one of none; fees that are taken apart in another one are not counted.
pub async fn moved(tx: &mut ClientTx, since: OffsetDateTime) -> Result<Vec<Moved>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select area, reference, min(order_id::text)::uuid order_id, sum(amount)::bigint amount,
           coalesce(sum(fee) filter (where currency = moved_in), 0)::bigint fee,
           case when count(distinct currency) filter (where amount <> 0) <= 1 then min(moved_in) else 'several' end currency,
           max(at) at
         from (select *, coalesce(min(currency) filter (where amount <> 0) over thing, min(currency) over thing) moved_in
           from outside_balance
           where client_no = $1 and (area, reference) in (
             select area, reference from outside_balance where client_no = $1 and at >= $2)
           window thing as (partition by area, reference)) moved
         group by area, reference",
    )
    .bind(client)
    .bind(since)
    .fetch_all(tx.conn())
    .await?)
}

/// What Stripe kept in this time, by currency.
pub async fn fees(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<(String, i64)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select currency, sum(fee)::bigint from outside_balance
         where client_no = $1 and at >= $2 and at < $3 and fee <> 0
         group by currency
         order by currency",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// What we took in and sent back through Stripe in the time, and what is named, as of when it last
/// changed.
pub async fn taken(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
    named: &[String],
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'payment' area, provider, reference, order_id, amount::text amount, currency, 'stands' stage,
           null::text known_as, at
         from payment
         where client_no = $1 and provider = 'stripe' and (at >= $2 and at < $3 or reference = any($4))
         union all
         select kind, provider, reference, order_id, amount::text, currency, stage, null, changed_at
         from payment_reversal
         where client_no = $1 and provider = 'stripe'
           and (changed_at >= $2 and changed_at < $3 or reference = any($4))",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .bind(named)
    .fetch_all(tx.conn())
    .await?)
}
