//! Statements about clients.

use time::OffsetDateTime;

use crate::{
    db::{ClientTx, GateTx, SystemTx, taken},
    error::Result,
    identity::{
        client::{Client, NewClient},
        door::Allows,
    },
    ids::ClientNo,
};

const CLIENT_BY_ID: &str =
    "select client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may, reentry_url, created_at
     from client where client_id = $1";

pub async fn add_client(
    tx: &mut SystemTx,
    client_id: &str,
    new: &NewClient,
    now: OffsetDateTime,
) -> Result<Client> {
    sqlx::query_as(
        "insert into client (client_id, name, description, enabled, v1_tokens, token_realm, members_may, time_zone, created_at)
         values ($1, $2, $3, true, $4, $5, $6, 'UTC', $7)
         returning client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may, reentry_url, created_at",
    )
    .bind(client_id)
    .bind(&new.name)
    .bind(&new.description)
    .bind(new.v1_tokens)
    .bind(new.token_realm)
    .bind(new.members_may)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(taken("client_id_key", "client id"))
}

pub async fn clients(tx: &mut SystemTx) -> Result<Vec<Client>> {
    Ok(sqlx::query_as(
        "select client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may, reentry_url, created_at
         from client order by client_id",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn client_by_id(tx: &mut SystemTx, client_id: &str) -> Result<Option<Client>> {
    Ok(sqlx::query_as(CLIENT_BY_ID)
        .bind(client_id)
        .fetch_optional(tx.conn())
        .await?)
}

pub async fn client_at_gate(tx: &mut GateTx, client_id: &str) -> Result<Option<Client>> {
    Ok(sqlx::query_as(CLIENT_BY_ID)
        .bind(client_id)
        .fetch_optional(tx.conn())
        .await?)
}

pub async fn allows_at_gate(tx: &mut GateTx, client: ClientNo) -> Result<Allows> {
    Ok(sqlx::query_as(
        "select origins, requests_per_minute, user_requests_per_minute from client where client_no = $1",
    )
    .bind(client)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn origins_at_gate(tx: &mut GateTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "select distinct unnest(origins) from client where enabled and origins <> '{}'",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Clients that list origins, and how many these are.
pub async fn origins_counted(tx: &mut SystemTx) -> Result<(i64, i64)> {
    Ok(sqlx::query_as(
        "select count(*), coalesce(sum(cardinality(origins)), 0)::bigint
         from client where enabled and origins <> '{}'",
    )
    .fetch_one(tx.conn())
    .await?)
}

pub async fn set_client_enabled(tx: &mut ClientTx, enabled: bool) -> Result<()> {
    let client = tx.client();
    sqlx::query("update client set enabled = $2 where client_no = $1")
        .bind(client)
        .bind(enabled)
        .execute(tx.conn())
        .await?;
    Ok(())
}
