//! Statements over who pays at a client.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{billing::settings::Billing, db::ClientTx, error::Result};

pub async fn settings(tx: &mut ClientTx) -> Result<Option<Billing>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select payer, free_uses_per_day, budget_per_month, user_credits_per_day,
           user_credits_per_month, user_uses_per_day, user_uses_per_month
         from billing_settings
         where client_no = $1",
    )
    .bind(client)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn set(tx: &mut ClientTx, billing: &Billing, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into billing_settings (client_no, payer, free_uses_per_day, budget_per_month,
           user_credits_per_day, user_credits_per_month, user_uses_per_day, user_uses_per_month, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (client_no) do update
         set payer = $2, free_uses_per_day = $3, budget_per_month = $4, user_credits_per_day = $5,
           user_credits_per_month = $6, user_uses_per_day = $7, user_uses_per_month = $8, changed_at = $9",
    )
    .bind(client)
    .bind(billing.payer)
    .bind(billing.free_uses_per_day)
    .bind(billing.budget_per_month)
    .bind(billing.user_credits_per_day)
    .bind(billing.user_credits_per_month)
    .bind(billing.user_uses_per_day)
    .bind(billing.user_uses_per_month)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the client used this month, out of the meter: while there was no budget nobody kept the sum.
pub async fn add_month_up(tx: &mut ClientTx, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with this as (select date_trunc('month', $2::timestamptz at time zone time_zone)::date as month
           from client where client_no = $1)
         insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
         select $1, $3, 'month', this.month, 0, 0, coalesce((
           select sum(case state when 'open' then held else charged end)::bigint from meter
           where client_no = $1 and meter.month = this.month), 0)
         from this
         on conflict (client_no, owner_id, period, begins) do update set credits = excluded.credits",
    )
    .bind(client)
    .bind(now)
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await?;
    Ok(())
}
