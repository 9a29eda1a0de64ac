//! Statements about operators and how they prove who they are.

use time::OffsetDateTime;

use crate::{
    admin::{Role, operator::Operator, sign_in::Credentials},
    db::{AdminTx, taken},
    error::Result,
    ids::OperatorId,
};

pub async fn add(
    tx: &mut AdminTx,
    id: OperatorId,
    name: &str,
    role: Role,
    now: OffsetDateTime,
) -> Result<Operator> {
    sqlx::query_as(
        "insert into operator (operator_id, name, role, enabled, created_at)
         values ($1, $2, $3, true, $4)
         returning operator_id, name, role, enabled, false as set_up, created_at",
    )
    .bind(id)
    .bind(name)
    .bind(role)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(taken("operator_name_key", "name"))
}

pub async fn operators(tx: &mut AdminTx) -> Result<Vec<Operator>> {
    Ok(sqlx::query_as(
        "select operator_id, name, role, enabled, password_hash is not null as set_up, created_at
         from operator order by name",
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn operator(tx: &mut AdminTx, id: OperatorId) -> Result<Option<Operator>> {
    Ok(sqlx::query_as(
        "select operator_id, name, role, enabled, password_hash is not null as set_up, created_at
         from operator where operator_id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn change(
    tx: &mut AdminTx,
    id: OperatorId,
    role: Role,
    enabled: bool,
) -> Result<Operator> {
    Ok(sqlx::query_as(
        "update operator set role = $2, enabled = $3 where operator_id = $1
         returning operator_id, name, role, enabled, password_hash is not null as set_up, created_at",
    )
    .bind(id)
    .bind(role)
    .bind(enabled)
    .fetch_one(tx.conn())
    .await?)
}

/// Those who are let in and may do everything.
pub async fn admins(tx: &mut AdminTx) -> Result<i64> {
    Ok(
        sqlx::query_scalar("select count(*) from operator where role = 'admin' and enabled")
            .fetch_one(tx.conn())
            .await?,
    )
}

pub async fn credentials(tx: &mut AdminTx, name: &str) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as(
        "select operator_id, name, role, password_hash, totp_sealed, totp_step
         from operator where name = $1 and enabled",
    )
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the code was not used before, and password and operator are still what was proved.
pub async fn use_code(tx: &mut AdminTx, proved: &Credentials, step: i64) -> Result<bool> {
    let done = sqlx::query(
        "update operator set totp_step = $2
         where operator_id = $1 and totp_step < $2 and enabled and password_hash = $3",
    )
    .bind(proved.operator_id)
    .bind(step)
    .bind(&proved.password_hash)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_credentials(
    tx: &mut AdminTx,
    offered: &Credentials,
    password_hash: &str,
    step: i64,
) -> Result<()> {
    sqlx::query(
        "update operator set password_hash = $2, totp_sealed = $3, totp_step = $4
         where operator_id = $1",
    )
    .bind(offered.operator_id)
    .bind(password_hash)
    .bind(&offered.totp_sealed)
    .bind(step)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn set_password(tx: &mut AdminTx, id: OperatorId, password_hash: &str) -> Result<()> {
    sqlx::query("update operator set password_hash = $2 where operator_id = $1")
        .bind(id)
        .bind(password_hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn forget_credentials(tx: &mut AdminTx, id: OperatorId) -> Result<()> {
    sqlx::query(
        "update operator set password_hash = null, totp_sealed = null, totp_step = 0
         where operator_id = $1",
    )
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn add_link(
    tx: &mut AdminTx,
    code_hash: &[u8],
    operator: OperatorId,
    totp_sealed: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into operator_link (code_hash, operator_id, totp_sealed, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(code_hash)
    .bind(operator)
    .bind(totp_sealed)
    .bind(now)
    .bind(expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose link it is, with the secret that it offers.
pub async fn link(
    tx: &mut AdminTx,
    code_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<Credentials>> {
    Ok(sqlx::query_as(
        "select o.operator_id, o.name, o.role, o.password_hash, l.totp_sealed, 0::bigint as totp_step
         from operator_link l join operator o on o.operator_id = l.operator_id
         where l.code_hash = $1 and l.expires_at > $2 and o.enabled",
    )
    .bind(code_hash)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether it was there.
pub async fn burn_link(tx: &mut AdminTx, code_hash: &[u8]) -> Result<bool> {
    let done = sqlx::query("delete from operator_link where code_hash = $1")
        .bind(code_hash)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn end_links(tx: &mut AdminTx, operator: OperatorId) -> Result<()> {
    sqlx::query("delete from operator_link where operator_id = $1")
        .bind(operator)
        .execute(tx.conn())
        .await?;
    Ok(())
}
