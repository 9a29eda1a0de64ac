//! Statements over what providers say.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::recon::shape::{Area, Fact},
    db::{ClientTx, SystemTx},
    error::Result,
    ids::ClientNo,
};

pub async fn put(
    tx: &mut SystemTx,
    (client, order): (ClientNo, Option<Uuid>),
    (fact, payment): (&Fact, Option<&str>),
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into outside_fact (client_no, provider, area, reference, order_id, amount, currency, stage, at,
           read_at, payment)
         values ($1, $2, $3, $4, $5, $6::text::numeric, $7, $8, $9, $10, $11)
         on conflict on constraint outside_fact_pkey do update
         set order_id = excluded.order_id, amount = excluded.amount, currency = excluded.currency,
           stage = excluded.stage, at = excluded.at, read_at = excluded.read_at, payment = excluded.payment
         where outside_fact.read_at <= excluded.read_at",
    )
    .bind(client)
    .bind(&fact.provider)
    .bind(fact.area)
    .bind(&fact.reference)
    .bind(order)
    .bind(&fact.amount)
    .bind(&fact.currency)
    .bind(fact.stage)
    .bind(fact.at)
    .bind(now)
    .bind(payment)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The payment that something at Stripe is of.
pub async fn payment_of(tx: &mut ClientTx, area: Area, reference: &str) -> Result<Option<String>> {
    let client = tx.client();
    let payment: Option<Option<String>> = sqlx::query_scalar(
        "select payment from outside_fact
         where client_no = $1 and provider = 'stripe' and area = $2 and reference = $3",
    )
    .bind(client)
    .bind(area)
    .bind(reference)
    .fetch_optional(tx.conn())
    .await?;
    Ok(payment.flatten())
}

pub async fn put_stray(tx: &mut SystemTx, fact: &Fact, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "insert into outside_stray (provider, area, reference, amount, currency, at, read_at)
         values ($1, $2, $3, $4::text::numeric, $5, $6, $7)
         on conflict on constraint outside_stray_pkey do update set read_at = excluded.read_at",
    )
    .bind(&fact.provider)
    .bind(fact.area)
    .bind(&fact.reference)
    .bind(&fact.amount)
    .bind(&fact.currency)
    .bind(fact.at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn put_read(
    tx: &mut SystemTx,
    provider: &str,
    day: Date,
    facts: usize,
    (now, balance_since): (OffsetDateTime, Option<OffsetDateTime>),
) -> Result<()> {
    sqlx::query(
        "insert into outside_read (provider, day, facts, read_at, balance_since) values ($1, $2, $3, $4, $5)
         on conflict on constraint outside_read_pkey do update set facts = $3, read_at = $4, balance_since = $5",
    )
    .bind(provider)
    .bind(day)
    .bind(i32::try_from(facts).unwrap_or(i32::MAX))
    .bind(now)
    .bind(balance_since)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the day was read to its end: after it was over, and of Stripe with its balance.
pub async fn is_read(tx: &mut SystemTx, provider: &str, day: Date) -> Result<bool> {
    let over = (day + time::Duration::days(1)).midnight().assume_utc();
    Ok(sqlx::query_scalar(
        "select exists (select from outside_read where provider = $1 and day = $2 and read_at >= $3
           and (provider <> 'stripe' or balance_since is not null))",
    )
    .bind(provider)
    .bind(day)
    .bind(over)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn used(tx: &mut ClientTx) -> Result<Vec<String>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select provider from (values
           ('stripe', (select order_id from payment_order where client_no = $1 order by order_id limit 1)),
           ('chain', (select order_id from chain_address where client_no = $1 order by order_id limit 1))
         ) known (provider, first_order)
         where first_order is not null",
    )
    .bind(client)
    .fetch_all(tx.conn())
    .await?)
}

/// Whether a provider was read for a day, for the client whose day it is.
pub async fn is_read_here(tx: &mut ClientTx, provider: &str, day: Date) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from outside_read where provider = $1 and day = $2)",
    )
    .bind(provider)
    .bind(day)
    .fetch_one(tx.conn())
    .await?)
}

/// Those of these orders that are there, each of the client by whose public name it is asked for.
pub async fn clients_of_orders(
    tx: &mut SystemTx,
    (clients, orders): (&[&str], &[Uuid]),
) -> Result<Vec<(Uuid, ClientNo, String)>> {
    Ok(sqlx::query_as(
        "select order_id, client_no, client_id
         from unnest($1::text[], $2::uuid[]) named (client_id, order_id)
         join client using (client_id)
         join payment_order using (client_no, order_id)",
    )
    .bind(clients)
    .bind(orders)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn orders_of_payments(
    tx: &mut SystemTx,
    references: &[String],
) -> Result<Vec<(String, ClientNo, Uuid)>> {
    Ok(sqlx::query_as(
        "select reference, client_no, order_id from payment
         where provider = 'stripe' and reference = any($1)",
    )
    .bind(references)
    .fetch_all(tx.conn())
    .await?)
}

/// What providers say of the time since, of one client.
pub async fn facts(
    tx: &mut ClientTx,
    since: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<super::FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select area, provider, reference, order_id, amount::text amount, currency, stage,
           null::text known_as, at
         from outside_fact
         where client_no = $1 and at >= $2 and at < $3",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}
