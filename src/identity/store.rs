//! Statements of `identity`: one function, one statement, no decisions.

pub mod keyring;
pub mod profile;

use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

use super::{
    api_key::ApiKey,
    client::{Client, NewClient},
    door::Allows,
    user::{Realm, Role, User},
};
use crate::{
    db::{ClientTx, GateTx, SystemTx, taken},
    error::{Error, Result},
    ids::{ApiKeyId, ClientNo, KeyId, UserId},
    vault::SEAL_LOCK,
};

const CLIENT_BY_ID: &str =
    "select client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may, reentry_url, created_at
     from client where client_id = $1";

/// A private key as it lies in the database.
#[derive(sqlx::FromRow)]
pub struct KeyRow {
    pub key_id: KeyId,
    pub private_sealed: Vec<u8>,
    pub bits: i32,
    pub retires_at: Option<OffsetDateTime>,
}

/// A private key and whose it is.
#[derive(sqlx::FromRow)]
pub struct SealedRow {
    pub client_no: ClientNo,
    pub key_id: KeyId,
    pub private_sealed: Vec<u8>,
}

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

pub async fn add_key(
    conn: &mut PgConnection,
    client: ClientNo,
    key_id: KeyId,
    public_pem: &str,
    private_sealed: &[u8],
    bits: usize,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into client_key (client_no, key_id, public_pem, private_sealed, bits, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(client)
    .bind(key_id)
    .bind(public_pem)
    .bind(private_sealed)
    .bind(i32::try_from(bits).map_err(Error::internal)?)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn active_keys(
    tx: &mut GateTx,
    client: ClientNo,
    now: OffsetDateTime,
) -> Result<Vec<KeyRow>> {
    Ok(sqlx::query_as(
        "select key_id, private_sealed, bits, retires_at from client_key
         where client_no = $1 and killed_at is null and (retires_at is null or retires_at > $2)
         order by created_at desc, key_id desc",
    )
    .bind(client)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Until the commit nobody can say that all is sealed by a newer key.
pub async fn lock_seals_shared(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock_shared($1)")
        .bind(SEAL_LOCK)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn lock_seals(tx: &mut SystemTx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(SEAL_LOCK)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn lock_rotation(tx: &mut SystemTx) -> Result<bool> {
    Ok(sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(SEAL_LOCK + 1)
        .fetch_one(tx.conn())
        .await?)
}

pub async fn sealed_by_others(
    tx: &mut SystemTx,
    master_key: &[u8],
    rows_max: u16,
) -> Result<Vec<SealedRow>> {
    Ok(sqlx::query_as(
        "select client_no, key_id, private_sealed from client_key
         where substring(private_sealed from 1 for 4) <> $1
         order by client_no, key_id limit $2 for update",
    )
    .bind(master_key)
    .bind(i64::from(rows_max))
    .fetch_all(tx.conn())
    .await?)
}

pub async fn set_sealed(
    tx: &mut SystemTx,
    client: ClientNo,
    key_id: KeyId,
    private_sealed: &[u8],
) -> Result<()> {
    sqlx::query("update client_key set private_sealed = $3 where client_no = $1 and key_id = $2")
        .bind(client)
        .bind(key_id)
        .bind(private_sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn count_sealed(tx: &mut SystemTx) -> Result<Vec<(Vec<u8>, i64)>> {
    Ok(sqlx::query_as(
        "select substring(private_sealed from 1 for 4) as master_key, count(*)
         from client_key group by master_key order by master_key",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn retire_keys(tx: &mut ClientTx, retires_at: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update client_key set retires_at = $2
         where client_no = $1 and (retires_at is null or retires_at > $2)",
    )
    .bind(client)
    .bind(retires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn newest_public_key(tx: &mut ClientTx) -> Result<Option<String>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select public_pem from client_key where client_no = $1 and killed_at is null
         order by created_at desc, key_id desc limit 1",
    )
    .bind(client)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn user_by_name(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
) -> Result<Option<User>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select user_id, realm, external_id, username, role, enabled from app_user
         where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn user_created_at(tx: &mut ClientTx, user: UserId) -> Result<Option<OffsetDateTime>> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select created_at from app_user where client_no = $1 and user_id = $2")
            .bind(client)
            .bind(user)
            .fetch_optional(tx.conn())
            .await?,
    )
}

pub async fn add_user(
    tx: &mut ClientTx,
    user_id: UserId,
    realm: Realm,
    external_id: &str,
    username: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into app_user (client_no, user_id, realm, external_id, username, role, enabled, created_at)
         values ($1, $2, $3, $4, $5, 'member', true, $6)
         on conflict (client_no, realm, external_id) do nothing",
    )
    .bind(client)
    .bind(user_id)
    .bind(realm)
    .bind(external_id)
    .bind(username)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn set_user_enabled(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    enabled: bool,
) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "update app_user set enabled = $4 where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .bind(enabled)
    .execute(tx.conn())
    .await?;
    one_row(done.rows_affected(), "user")
}

pub async fn set_user_role(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    role: Role,
) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "update app_user set role = $4 where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .bind(role)
    .execute(tx.conn())
    .await?;
    one_row(done.rows_affected(), "user")
}

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
