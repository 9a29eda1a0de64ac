//! Statements of `identity`: one function, one statement, no decisions.

mod clients;
pub mod keyring;
mod keys;
pub mod profile;
mod users;

use sqlx::Row;
use time::OffsetDateTime;

pub use self::{
    clients::{
        add_client, allows_at_gate, client_at_gate, client_by_id, clients, origins_at_gate,
        origins_counted, set_client_enabled,
    },
    keys::{
        active_keys, add_key, count_sealed, lock_rotation, lock_seals, lock_seals_shared,
        newest_public_key, retire_keys, sealed_by_others, set_sealed,
    },
    users::{add_user, set_user_enabled, set_user_role, user_by_name, user_created_at},
};
use super::{api_key::ApiKey, user::User};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::{ApiKeyId, UserId},
};

/// Whether the token was not burnt before.
pub async fn burn(tx: &mut ClientTx, token_hash: &[u8], now: OffsetDateTime) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "insert into burnt_token (client_no, token_hash, burnt_at) values ($1, $2, $3)
         on conflict do nothing",
    )
    .bind(client)
    .bind(token_hash)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn remove_old_burnt(tx: &mut SystemTx, before: OffsetDateTime) -> Result<()> {
    sqlx::query("delete from burnt_token where burnt_at < $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn add_session(
    tx: &mut ClientTx,
    secret_hash: &[u8],
    user: UserId,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into login_session (client_no, secret_hash, user_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(client)
    .bind(secret_hash)
    .bind(user)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn session_user(
    tx: &mut ClientTx,
    secret_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<(User, OffsetDateTime)>> {
    let client = tx.client();
    let row = sqlx::query(
        "select u.user_id, u.realm, u.external_id, u.username, u.role, u.enabled, s.expires_at
         from login_session s
         join app_user u on u.client_no = s.client_no and u.user_id = s.user_id
         where s.client_no = $1 and s.secret_hash = $2 and s.expires_at > $3",
    )
    .bind(client)
    .bind(secret_hash)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((
        sqlx::FromRow::from_row(&row)?,
        row.try_get("expires_at")?,
    )))
}

pub async fn remove_ended_sessions(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    sqlx::query("delete from login_session where expires_at <= $1")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn add_api_key(
    tx: &mut ClientTx,
    id: ApiKeyId,
    name: &str,
    secret_hash: &[u8],
    scopes: &[&str],
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into api_key (client_no, api_key_id, name, secret_hash, scopes, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(client)
    .bind(id)
    .bind(name)
    .bind(secret_hash)
    .bind(scopes)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn api_key(tx: &mut ClientTx, secret_hash: &[u8]) -> Result<Option<ApiKey>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select api_key_id, scopes from api_key
         where client_no = $1 and secret_hash = $2 and revoked_at is null",
    )
    .bind(client)
    .bind(secret_hash)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn revoke_api_key(tx: &mut ClientTx, id: ApiKeyId, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "update api_key set revoked_at = $3
         where client_no = $1 and api_key_id = $2 and revoked_at is null",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    one_row(done.rows_affected(), "API key")
}

fn one_row(rows: u64, what: &'static str) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(Error::NotFound(what))
    }
}
