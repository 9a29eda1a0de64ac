//! Statements of `admin`: one function, one statement, no decisions.

pub mod looks;

use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    By, Role,
    audit::{Act, Event, Wanted},
    operator::Operator,
    session::SignedIn,
    sign_in::Credentials,
};
use crate::{
    db::{AdminTx, taken},
    error::Result,
    http::paging::Window,
    ids::{EventId, OperatorId},
    vault::SEAL_LOCK,
};

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

pub async fn add_event(
    tx: &mut AdminTx,
    id: EventId,
    by: &By,
    act: &Act<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query(
        "insert into operator_event (event_id, at, operator_id, operator, act, client_id, subject, detail, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(now)
    .bind(by.operator)
    .bind(&by.name)
    .bind(act.what)
    .bind(act.client_id)
    .bind(&act.subject)
    .bind(&act.detail)
    .bind(&by.address)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn events(tx: &mut AdminTx, wanted: &Wanted, window: &Window) -> Result<Vec<Event>> {
    let after = window.after;
    Ok(sqlx::query_as(
        "select event_id, at, operator_id, operator, act, client_id, subject, detail, address
         from operator_event
         where ($1::text is null or client_id = $1)
         and ($2::text is null or operator = $2)
         and ($3::text is null or act = $3)
         and ($4::timestamptz is null or (at, event_id) < ($4, $5))
         order by at desc, event_id desc limit $6",
    )
    .bind(&wanted.client_id)
    .bind(&wanted.operator)
    .bind(&wanted.act)
    .bind(after.map(|place| place.at))
    .bind(after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
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
