//! Statements over packs of uses and passes.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    billing::{Entitlement, Owner, Plan},
    db::{self, ClientTx},
    error::Result,
    ids::EntitlementId,
};

/// What is to be given.
pub struct New<'a> {
    pub id: EntitlementId,
    pub owner: Owner,
    pub plan: &'a Plan,
    pub key: &'a str,
}

pub async fn of_key(tx: &mut ClientTx, key: &str) -> Result<Option<Entitlement>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select entitlement_id, owner_id, plan_id, name, entitlement.kind, entitlement.uses, used,
           starts_at, ends_at, revoked_at, entitlement.created_at
         from entitlement
         join plan using (client_no, plan_id)
         where client_no = $1 and key = $2",
    )
    .bind(client)
    .bind(key)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those that count now or later.
pub async fn usable(
    tx: &mut ClientTx,
    owner: Uuid,
    now: OffsetDateTime,
    rows: i64,
) -> Result<Vec<Entitlement>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select entitlement_id, owner_id, plan_id, name, entitlement.kind, entitlement.uses, used,
           starts_at, ends_at, revoked_at, entitlement.created_at
         from entitlement
         join plan using (client_no, plan_id)
         where client_no = $1 and owner_id = $2 and revoked_at is null
           and (entitlement.uses is null or used < entitlement.uses)
           and (ends_at is null or ends_at > $3)
         order by entitlement.created_at, entitlement_id
         limit $4",
    )
    .bind(client)
    .bind(owner)
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn add_pack(
    tx: &mut ClientTx,
    new: &New<'_>,
    uses: i32,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into entitlement (client_no, entitlement_id, owner_id, plan_id, kind, key, uses, used,
           starts_at, created_at)
         values ($1, $2, $3, $4, 'uses', $5, $6, 0, $7, $7)",
    )
    .bind(client)
    .bind(new.id)
    .bind(new.owner.id())
    .bind(new.plan.plan_id)
    .bind(new.key)
    .bind(uses)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("entitlement_once", "key of an entitlement"))?;
    Ok(())
}

/// A pass that begins now, or when the last one of its owner ends; it lasts so many months and days
/// of the client's calendar.
pub async fn add_pass(
    tx: &mut ClientTx,
    new: &New<'_>,
    (months, days): (i32, i32),
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with last as (select max(ends_at) ends_at from entitlement
           where client_no = $1 and owner_id = $3 and kind = 'pass'
             and revoked_at is null and ends_at > $8
         ), first as (select coalesce(last.ends_at, $8) at, time_zone from last, client
           where client_no = $1
         )
         insert into entitlement (client_no, entitlement_id, owner_id, plan_id, kind, key, used,
           starts_at, ends_at, created_at)
         select $1, $2, $3, $4, 'pass', $5, 0, at,
           (at at time zone time_zone + make_interval(months => $6, days => $7)) at time zone time_zone, $8
         from first",
    )
    .bind(client)
    .bind(new.id)
    .bind(new.owner.id())
    .bind(new.plan.plan_id)
    .bind(new.key)
    .bind(months)
    .bind(days)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("entitlement_once", "key of an entitlement"))?;
    Ok(())
}

/// False when it was taken back before. The passes behind it come so much earlier as was left of it:
/// nobody waits for the end of what he does not have.
pub async fn revoke(tx: &mut ClientTx, id: EntitlementId, now: OffsetDateTime) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "with gone as (update entitlement set revoked_at = $3
           where client_no = $1 and entitlement_id = $2 and revoked_at is null
           returning owner_id, ends_at, ends_at - greatest(starts_at, $3) rest
         ), earlier as (update entitlement
           set starts_at = entitlement.starts_at - rest, ends_at = entitlement.ends_at - rest
           from gone
           where client_no = $1 and entitlement.owner_id = gone.owner_id and kind = 'pass'
             and revoked_at is null and gone.ends_at > $3 and starts_at >= gone.ends_at
         )
         select exists (select from gone)",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

/// What had not ended when it was taken back has as much before it as it had then, behind the other
/// passes of its owner: two at once would be one for nothing.
pub async fn restore(tx: &mut ClientTx, id: EntitlementId, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with given as (select owner_id from entitlement where client_no = $1 and entitlement_id = $2
         ), last as (select coalesce(max(ends_at), $3) at from entitlement join given using (owner_id)
           where client_no = $1 and kind = 'pass' and revoked_at is null and ends_at > $3
         )
         update entitlement set revoked_at = null,
           starts_at = case when ends_at > revoked_at and (starts_at > revoked_at or last.at > $3)
             then last.at else starts_at end,
           ends_at = case when ends_at > revoked_at
             then last.at + (ends_at - greatest(starts_at, revoked_at)) else ends_at end
         from last
         where client_no = $1 and entitlement_id = $2 and revoked_at is not null",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
