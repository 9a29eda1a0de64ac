//! Statements about sessions of operators.

use time::OffsetDateTime;

use crate::{admin::session::SignedIn, db::AdminTx, error::Result, ids::OperatorId};

pub async fn add_session(
    tx: &mut AdminTx,
    secret_hash: &[u8],
    operator: OperatorId,
    address: &str,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into operator_session (secret_hash, operator_id, address, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $4, $5)",
    )
    .bind(secret_hash)
    .bind(operator)
    .bind(address)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn session(
    tx: &mut AdminTx,
    secret_hash: &[u8],
    now: OffsetDateTime,
    seen_after: OffsetDateTime,
) -> Result<Option<SignedIn>> {
    Ok(sqlx::query_as(
        "select o.operator_id, o.name, o.role, s.seen_at, s.expires_at
         from operator_session s join operator o on o.operator_id = s.operator_id
         where s.secret_hash = $1 and s.expires_at > $2 and s.seen_at > $3 and o.enabled",
    )
    .bind(secret_hash)
    .bind(now)
    .bind(seen_after)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn touch(tx: &mut AdminTx, secret_hash: &[u8], now: OffsetDateTime) -> Result<()> {
    sqlx::query("update operator_session set seen_at = $2 where secret_hash = $1")
        .bind(secret_hash)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn end_session(tx: &mut AdminTx, secret_hash: &[u8]) -> Result<()> {
    sqlx::query("delete from operator_session where secret_hash = $1")
        .bind(secret_hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// All of an operator but this one.
pub async fn end_sessions(tx: &mut AdminTx, operator: OperatorId, but: &[u8]) -> Result<()> {
    sqlx::query("delete from operator_session where operator_id = $1 and secret_hash <> $2")
        .bind(operator)
        .bind(but)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn forget_sessions(
    tx: &mut AdminTx,
    now: OffsetDateTime,
    seen_before: OffsetDateTime,
) -> Result<()> {
    sqlx::query("delete from operator_session where expires_at <= $1 or seen_at <= $2")
        .bind(now)
        .bind(seen_before)
        .execute(tx.conn())
        .await?;
    Ok(())
}
