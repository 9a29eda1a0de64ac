//! Statements over requests to Stripe and events of it.

use time::OffsetDateTime;

use super::call::{Call, Ended, What};
use crate::{
    db::{self, ClientTx, SystemTx},
    error::Result,
    ids::{CallId, ClientNo, OrderId},
};

pub async fn freeze(tx: &mut ClientTx, call: &Call) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into payment_call (client_no, call_id, order_id, what, path, body, version, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8)",
    )
    .bind(client)
    .bind(call.call_id)
    .bind(call.order_id)
    .bind(call.what)
    .bind(&call.path)
    .bind(&call.body)
    .bind(&call.version)
    .bind(call.created_at)
    .execute(tx.conn())
    .await
    .map_err(db::taken("payment_call_pkey", "request to Stripe"))?;
    Ok(())
}

/// What was asked for an order, the latest first.
pub async fn calls(tx: &mut ClientTx, order: OrderId, what: What) -> Result<Vec<Call>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select call_id, order_id, what, path, body, version, state, created_at from payment_call
         where client_no = $1 and order_id = $2 and what = $3
         order by created_at desc
         limit 1000",
    )
    .bind(client)
    .bind(order)
    .bind(what)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn end(tx: &mut ClientTx, id: CallId, state: Ended, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update payment_call set state = $3, ended_at = $4
         where client_no = $1 and call_id = $2 and state = 'waiting'",
    )
    .bind(client)
    .bind(id)
    .bind(state)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes an event down; false when it is known.
pub async fn add_event(
    tx: &mut ClientTx,
    (id, kind, object): (&str, &str, Option<&str>),
    order: OrderId,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let added = sqlx::query(
        "insert into payment_event (client_no, provider, event_id, kind, object_id, order_id, body_hash, received_at)
         values ($1, 'stripe', $2, $3, $4, $5, $6, $7)
         on conflict (client_no, provider, event_id) do nothing",
    )
    .bind(client)
    .bind(id)
    .bind(kind)
    .bind(object)
    .bind(order)
    .bind(hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Writes an event down that is about no order of ours; false when it is known.
pub async fn add_stray(
    tx: &mut SystemTx,
    (id, kind, object): (&str, &str, Option<&str>),
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let added = sqlx::query(
        "insert into stray_event (provider, event_id, kind, object_id, body_hash, received_at)
         values ('stripe', $1, $2, $3, $4, $5)
         on conflict (provider, event_id) do nothing",
    )
    .bind(id)
    .bind(kind)
    .bind(object)
    .bind(hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Forgets what was received before this time, the oldest first.
pub async fn sweep_strays(tx: &mut SystemTx, before: OffsetDateTime, rows: i64) -> Result<u64> {
    let swept = sqlx::query(
        "delete from stray_event
         where (provider, event_id) in (
           select provider, event_id from stray_event
           where received_at < $1
           order by received_at
           limit $2)",
    )
    .bind(before)
    .bind(rows)
    .execute(tx.conn())
    .await?;
    Ok(swept.rows_affected())
}

/// The client of this public name, if it has this order.
pub async fn client_of_order(
    tx: &mut SystemTx,
    client_id: &str,
    order: OrderId,
) -> Result<Option<ClientNo>> {
    Ok(sqlx::query_scalar(
        "select client_no from client
         join payment_order using (client_no)
         where client_id = $1 and order_id = $2",
    )
    .bind(client_id)
    .bind(order)
    .fetch_optional(tx.conn())
    .await?)
}

/// The order that was paid by this payment.
pub async fn order_of_payment(
    tx: &mut SystemTx,
    reference: &str,
) -> Result<Option<(ClientNo, OrderId)>> {
    Ok(sqlx::query_as(
        "select client_no, order_id from payment
         where provider = 'stripe' and reference = $1
         limit 1",
    )
    .bind(reference)
    .fetch_optional(tx.conn())
    .await?)
}
