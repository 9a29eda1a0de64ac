//! Statements about the keys of a client as the operator sees them.

use time::OffsetDateTime;

use crate::{
    db::{ClientTx, GateTx},
    error::Result,
    identity::{api_key::Listed, keyring::KeyPair},
    ids::{ApiKeyId, ClientNo, KeyId, UserId},
};

/// A private key as it lies in the database, whatever became of it.
#[derive(sqlx::FromRow)]
pub struct SealedKey {
    pub key_id: KeyId,
    pub private_sealed: Vec<u8>,
    pub bits: i32,
    pub retires_at: Option<OffsetDateTime>,
    pub killed_at: Option<OffsetDateTime>,
}

pub async fn sealed_keys(tx: &mut GateTx, client: ClientNo) -> Result<Vec<SealedKey>> {
    Ok(sqlx::query_as(
        "select key_id, private_sealed, bits, retires_at, killed_at from client_key
         where client_no = $1 order by created_at desc, key_id desc limit 20",
    )
    .bind(client)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn key_used(tx: &mut ClientTx, id: KeyId, at: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update client_key set last_used_at = $3
         where client_no = $1 and key_id = $2 and (last_used_at is null or last_used_at < $3)",
    )
    .bind(client)
    .bind(id)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn api_key_used(tx: &mut ClientTx, id: ApiKeyId, at: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update api_key set last_used_at = $3
         where client_no = $1 and api_key_id = $2 and (last_used_at is null or last_used_at < $3)",
    )
    .bind(client)
    .bind(id)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn user_seen(tx: &mut ClientTx, id: UserId, at: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update app_user set last_seen_at = $3
         where client_no = $1 and user_id = $2 and (last_seen_at is null or last_seen_at < $3)",
    )
    .bind(client)
    .bind(id)
    .bind(at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a token of this hash was burnt.
pub async fn is_burnt(tx: &mut ClientTx, token_hash: &[u8]) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from burnt_token where client_no = $1 and token_hash = $2)",
    )
    .bind(client)
    .bind(token_hash)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn keys(tx: &mut ClientTx) -> Result<Vec<KeyPair>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select key_id, public_pem, bits, created_at, retires_at, killed_at, last_used_at
         from client_key where client_no = $1
         order by created_at desc, key_id desc limit 200",
    )
    .bind(client)
    .fetch_all(tx.conn())
    .await?)
}

/// Until the commit nobody else changes the keys of the client.
pub async fn lock(tx: &mut ClientTx) -> Result<()> {
    let client = tx.client();
    sqlx::query("select from client where client_no = $1 for no key update")
        .bind(client)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn retire(tx: &mut ClientTx, id: KeyId, retires_at: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query("update client_key set retires_at = $3 where client_no = $1 and key_id = $2")
        .bind(client)
        .bind(id)
        .bind(retires_at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn kill(tx: &mut ClientTx, id: KeyId, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update client_key set killed_at = $3
         where client_no = $1 and key_id = $2 and killed_at is null",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn api_keys(tx: &mut ClientTx) -> Result<Vec<Listed>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select api_key_id, name, scopes, created_at, revoked_at, last_used_at
         from api_key where client_no = $1
         order by created_at desc, api_key_id desc limit 200",
    )
    .bind(client)
    .fetch_all(tx.conn())
    .await?)
}
