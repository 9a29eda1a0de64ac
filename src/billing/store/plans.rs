//! Statements over plans.

use crate::{
    billing::plan::Plan,
    db::{self, ClientTx},
    error::Result,
    ids::PlanId,
};

pub async fn plan(tx: &mut ClientTx, id: PlanId) -> Result<Option<Plan>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select plan_id, name, kind, credits, price_minor, currency, uses, pass_unit, pass_count,
           enabled, replaces, created_at
         from plan
         where client_no = $1 and plan_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn plans(tx: &mut ClientTx, all: bool, rows: i64) -> Result<Vec<Plan>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select plan_id, name, kind, credits, price_minor, currency, uses, pass_unit, pass_count,
           enabled, replaces, created_at
         from plan
         where client_no = $1 and (enabled or $2)
         order by enabled desc, plan_id desc
         limit $3",
    )
    .bind(client)
    .bind(all)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn count(tx: &mut ClientTx) -> Result<i64> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select count(*) from plan where client_no = $1 and enabled")
            .bind(client)
            .fetch_one(tx.conn())
            .await?,
    )
}

pub async fn add(tx: &mut ClientTx, plan: &Plan) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into plan (client_no, plan_id, name, kind, credits, price_minor, currency, uses,
           pass_unit, pass_count, enabled, replaces, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(client)
    .bind(plan.plan_id)
    .bind(&plan.name)
    .bind(plan.kind)
    .bind(plan.credits)
    .bind(plan.price_minor)
    .bind(&plan.currency)
    .bind(plan.uses)
    .bind(plan.pass_unit)
    .bind(plan.pass_count)
    .bind(plan.enabled)
    .bind(plan.replaces)
    .bind(plan.created_at)
    .execute(tx.conn())
    .await
    .map_err(db::taken("plan_name_key", "name"))?;
    Ok(())
}

/// Whether another plan stands in the place of this one, whose row is locked.
pub async fn is_replaced(tx: &mut ClientTx, id: PlanId) -> Result<bool> {
    let client = tx.client();
    let found = sqlx::query_scalar(
        "select exists (select from plan where client_no = $1 and replaces = $2)",
    );
    Ok(found.bind(client).bind(id).fetch_one(tx.conn()).await?)
}

/// False when there is no such plan.
pub async fn enable(tx: &mut ClientTx, id: PlanId, enabled: bool) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query("update plan set enabled = $3 where client_no = $1 and plan_id = $2")
        .bind(client)
        .bind(id)
        .bind(enabled)
        .execute(tx.conn())
        .await
        .map_err(db::taken("plan_name_key", "name"))?;
    Ok(done.rows_affected() == 1)
}
