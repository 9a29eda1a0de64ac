//! Statements of `admin`: one function, one statement, no decisions.

mod events;
pub mod looks;
mod operators;
mod sessions;

use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::{
    events::{add_event, events},
    operators::{
        add, add_link, admins, burn_link, change, credentials, end_links, forget_credentials, link,
        operator, operators, set_credentials, set_password, use_code,
    },
    sessions::{add_session, end_session, end_sessions, forget_sessions, session, touch},
};
use crate::{db::AdminTx, error::Result, ids::OperatorId, vault::SEAL_LOCK};

/// By these numbers processes agree who changes operators, and who counts tries.
const OPERATORS_LOCK: i64 = 0x6f70_6572_6101;
const TRIES_LOCK: i64 = OPERATORS_LOCK + 1;

/// Tries that failed and count.
#[derive(sqlx::FromRow)]
pub struct Tries {
    pub of_both: i64,
    pub of_address: i64,
    pub of_name: i64,
    pub known_place: bool,
    pub oldest: Option<OffsetDateTime>,
}

/// Until the commit nobody else changes what operators may do.
pub async fn lock(tx: &mut AdminTx) -> Result<()> {
    advisory_lock(tx, OPERATORS_LOCK).await
}

/// Until the commit nobody else counts tries.
pub async fn lock_tries(tx: &mut AdminTx) -> Result<()> {
    advisory_lock(tx, TRIES_LOCK).await
}

async fn advisory_lock(tx: &mut AdminTx, number: i64) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(number)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Until the commit nobody can say that all is sealed by a newer key.
pub async fn lock_seals_shared(tx: &mut AdminTx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock_shared($1)")
        .bind(SEAL_LOCK)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// With it goes what lies back longest, beyond twenty.
pub async fn remember_place(
    tx: &mut AdminTx,
    operator: OperatorId,
    address: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into operator_place (operator_id, address, seen_at) values ($1, $2, $3)
         on conflict (operator_id, address) do update set seen_at = excluded.seen_at",
    )
    .bind(operator)
    .bind(address)
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "delete from operator_place where operator_id = $1 and address in
           (select address from operator_place where operator_id = $1
            order by seen_at desc offset 20)",
    )
    .bind(operator)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn forget_tries(tx: &mut AdminTx, before: OffsetDateTime) -> Result<()> {
    sqlx::query("delete from operator_try where at < $1")
        .bind(before)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn count_tries(tx: &mut AdminTx, name: &str, address: &str) -> Result<Tries> {
    Ok(sqlx::query_as(
        "select count(*) filter (where name = $1 and address = $2) as of_both,
           count(*) filter (where address = $2) as of_address,
           count(*) filter (where name = $1 and $1 <> '') as of_name,
           min(at) as oldest,
           exists (select from operator_place p join operator o on o.operator_id = p.operator_id
             where o.name = $1 and p.address = $2) as known_place
         from operator_try where name = $1 or address = $2",
    )
    .bind(name)
    .bind(address)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn add_try(
    tx: &mut AdminTx,
    id: Uuid,
    name: &str,
    address: &str,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query("insert into operator_try (try_id, name, address, at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(name)
        .bind(address)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn forget_try(tx: &mut AdminTx, id: Uuid) -> Result<()> {
    sqlx::query("delete from operator_try where try_id = $1")
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn forget_tries_of(tx: &mut AdminTx, name: &str, address: &str) -> Result<()> {
    sqlx::query("delete from operator_try where name = $1 and address = $2")
        .bind(name)
        .bind(address)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn sealed_by_others(
    tx: &mut AdminTx,
    master_key: &[u8],
    rows_max: u16,
) -> Result<Vec<(OperatorId, Vec<u8>)>> {
    Ok(sqlx::query_as(
        "with sealed as materialized (
           select operator_id, totp_sealed from operator where totp_sealed is not null
           union select operator_id, totp_sealed from operator_link)
         select operator_id, totp_sealed from sealed
         where substring(totp_sealed from 1 for 4) <> $1 limit $2",
    )
    .bind(master_key)
    .bind(i64::from(rows_max))
    .fetch_all(tx.conn())
    .await?)
}

pub async fn set_sealed(tx: &mut AdminTx, before: &[u8], sealed: &[u8]) -> Result<()> {
    sqlx::query("update operator set totp_sealed = $2 where totp_sealed = $1")
        .bind(before)
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn set_sealed_in_link(tx: &mut AdminTx, before: &[u8], sealed: &[u8]) -> Result<()> {
    sqlx::query("update operator_link set totp_sealed = $2 where totp_sealed = $1")
        .bind(before)
        .bind(sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn count_sealed(tx: &mut AdminTx) -> Result<Vec<(Vec<u8>, i64)>> {
    let rows = sqlx::query(
        "with sealed as materialized (
           select totp_sealed from operator where totp_sealed is not null
           union all select totp_sealed from operator_link)
         select substring(totp_sealed from 1 for 4) as master_key, count(*) as count
         from sealed group by master_key order by master_key",
    )
    .fetch_all(tx.conn())
    .await?;
    let pair =
        |row: &sqlx::postgres::PgRow| Ok((row.try_get("master_key")?, row.try_get("count")?));
    rows.iter().map(pair).collect()
}
