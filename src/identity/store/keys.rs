//! Statements about the key pairs of clients, and what seals them.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    db::{ClientTx, GateTx, SystemTx},
    error::{Error, Result},
    ids::{ClientNo, KeyId},
    vault::SEAL_LOCK,
};

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
