//! Statements over subscriptions.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::{store::behind, subscription::Subscription},
    db::{self, ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    ids::{ClientNo, PlanId, SubscriptionId},
};

pub async fn add(
    tx: &mut ClientTx,
    id: SubscriptionId,
    (owner, plan, first_day): (Uuid, PlanId, Date),
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into subscription (client_no, subscription_id, owner_id, plan_id, first_day, next_no, due_at, started_at)
         values ($1, $2, $3, $4, $5, 0, $6, $6)",
    )
    .bind(client)
    .bind(id)
    .bind(owner)
    .bind(plan)
    .bind(first_day)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("subscription_once", "subscription to this plan"))?;
    Ok(())
}

pub async fn find(tx: &mut ClientTx, id: SubscriptionId) -> Result<Option<Subscription>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select subscription_id, owner_id, plan_id, name, credits, first_day, next_no, due_at, problem,
           started_at, ended_at
         from subscription
         join plan using (client_no, plan_id)
         where client_no = $1 and subscription_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn is_any(tx: &mut ClientTx, owner: Uuid) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from subscription
         where client_no = $1 and owner_id = $2 and ended_at is null)",
    )
    .bind(client)
    .bind(owner)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn list(tx: &mut ClientTx, window: &Window) -> Result<Vec<Subscription>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select subscription_id, owner_id, plan_id, name, credits, first_day, next_no, due_at, problem,
           started_at, ended_at
         from subscription
         join plan using (client_no, plan_id)
         where client_no = $1 and (started_at, subscription_id) < ($2, $3)
         order by started_at desc, subscription_id desc
         limit $4",
    )
    .bind(client)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn end(tx: &mut ClientTx, id: SubscriptionId, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update subscription set ended_at = $3
         where client_no = $1 and subscription_id = $2 and ended_at is null",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn due(
    tx: &mut SystemTx,
    by: OffsetDateTime,
    after: Option<(ClientNo, SubscriptionId)>,
    rows: i64,
) -> Result<Vec<(ClientNo, SubscriptionId)>> {
    Ok(sqlx::query_as(
        "select client_no, subscription_id from subscription
         where ended_at is null and due_at <= $1
           and ($2::int is null or (client_no, subscription_id) > ($2, $3))
         order by client_no, subscription_id
         limit $4",
    )
    .bind(by)
    .bind(after.map(|(client, _)| client))
    .bind(after.map(|(_, id)| id))
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn due_clients(
    tx: &mut SystemTx,
    by: OffsetDateTime,
    rows: i64,
) -> Result<Vec<ClientNo>> {
    Ok(sqlx::query_scalar(
        "select client_no from subscription
         where ended_at is null and due_at <= $1
         group by client_no
         order by min(due_at), client_no
         limit $2",
    )
    .bind(by)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn due_here(
    tx: &mut ClientTx,
    by: OffsetDateTime,
    rows: i64,
) -> Result<Vec<SubscriptionId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select subscription_id from subscription
         where client_no = $1 and ended_at is null and due_at <= $2
         order by due_at, subscription_id
         limit $3",
    )
    .bind(client)
    .bind(by)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// Billed up to a period; what was in the way is not any more.
pub async fn step(
    tx: &mut ClientTx,
    id: SubscriptionId,
    next_no: i32,
    due_at: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update subscription set next_no = $3, due_at = $4, problem = null
         where client_no = $1 and subscription_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(next_no)
    .bind(due_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn put_off(
    tx: &mut ClientTx,
    id: SubscriptionId,
    problem: &str,
    until: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update subscription set problem = $3, due_at = $4
         where client_no = $1 and subscription_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(problem)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn time_zone(tx: &mut ClientTx) -> Result<String> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select time_zone from client where client_no = $1")
            .bind(client)
            .fetch_one(tx.conn())
            .await?,
    )
}
