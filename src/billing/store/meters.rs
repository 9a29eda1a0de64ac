//! Statements over what is metered, and over what was used up of quotas and budgets.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::{
        meter::{Estimate, Open, Settled, Source, Used},
        price::Amounts,
        settings::Billing,
    },
    db::{self, ClientTx, SystemTx},
    error::Result,
    ids::TransferId,
};

/// What a sum is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Period {
    Day,
    Month,
}

/// What counts at a client now.
#[derive(Debug, sqlx::FromRow)]
pub struct Terms {
    #[sqlx(flatten)]
    pub billing: Billing,
    pub day: Date,
    pub month: Date,
    pub day_ends: OffsetDateTime,
    pub month_ends: OffsetDateTime,
}

/// A sum of a user.
#[derive(Debug, sqlx::FromRow)]
pub struct Tally {
    pub period: Period,
    pub uses: i32,
    pub free_uses: i32,
    pub credits: i64,
}

/// What became of a wish to set something aside. Credits are micro-credits.
#[derive(Debug, sqlx::FromRow)]
pub struct Verdict {
    pub verdict: Word,
    pub source: Option<Source>,
    pub held: Option<i64>,
    pub output_max: Option<i64>,
    pub needed: Option<i64>,
    pub there: Option<i64>,
    pub payer: Option<Uuid>,
    pub ends_at: Option<OffsetDateTime>,
}

/// Set aside, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Word {
    Opened,
    /// Nobody pays.
    Off,
    Unpriced,
    /// The user's quota of today.
    Day,
    /// The user's quota of this month.
    Month,
    Budget,
    Balance,
}

/// None where nobody pays.
pub async fn terms(tx: &mut ClientTx, now: OffsetDateTime) -> Result<Option<Terms>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select payer, free_uses_per_day, budget_per_month, user_credits_per_day,
           user_credits_per_month, user_uses_per_day, user_uses_per_month,
           local.day::date as day, local.month::date as month,
           (local.day + interval '1 day') at time zone time_zone as day_ends,
           (local.month + interval '1 month') at time zone time_zone as month_ends
         from billing_settings s
         join client on client.client_no = $1
         cross join lateral (select date_trunc('day', $2::timestamptz at time zone time_zone) as day,
           date_trunc('month', $2::timestamptz at time zone time_zone) as month) local
         where s.client_no = $1 and payer <> 'off'",
    )
    .bind(client)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// What a user has used up, as it is.
pub async fn tallies(tx: &mut ClientTx, owner: Uuid, terms: &Terms) -> Result<Vec<Tally>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select period, uses, free_uses, credits from tally
         where client_no = $1 and owner_id = $2
           and (period = 'day' and begins = $3 or period = 'month' and begins = $4)",
    )
    .bind(client)
    .bind(owner)
    .bind(terms.day)
    .bind(terms.month)
    .fetch_all(tx.conn())
    .await?)
}

/// Sets aside what is going to be used, in one call, since every answer waits for it.
pub async fn open(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    now: OffsetDateTime,
) -> Result<Verdict> {
    let client = tx.client();
    let certain = &estimate.certain;
    sqlx::query_as(
        "select verdict, source, held, output_max, needed, there, payer, ends_at
         from meter_open($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(client)
    .bind(estimate.id)
    .bind(estimate.subject)
    .bind(estimate.who.id())
    .bind(estimate.what)
    .bind(estimate.model)
    .bind(i64::from(certain.input))
    .bind(i64::from(certain.cached))
    .bind(i64::from(certain.embedding))
    .bind(i64::from(certain.pages))
    .bind(i64::from(certain.images))
    .bind(i64::from(estimate.output_tokens_max))
    .bind(TransferId::new(now))
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(db::taken("meter_pkey", "id of a meter"))
}

/// Charges what was used and gives the rest back, in one call.
pub async fn settle(
    tx: &mut ClientTx,
    id: Uuid,
    used: &Used,
    now: OffsetDateTime,
) -> Result<Option<Settled>> {
    let client = tx.client();
    let Amounts {
        input,
        cached,
        output,
        embedding,
        pages,
        images,
    } = used.amounts;
    Ok(sqlx::query_as(
        "select source, charged
         from meter_settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         where source is not null",
    )
    .bind(client)
    .bind(id)
    .bind(used.delivered)
    .bind(i64::from(input))
    .bind(i64::from(cached))
    .bind(i64::from(output))
    .bind(i64::from(embedding))
    .bind(i64::from(pages))
    .bind(i64::from(images))
    .bind(TransferId::new(now))
    .bind(TransferId::new(now))
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn is_known(tx: &mut ClientTx, id: Uuid) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from meter where client_no = $1 and meter_id = $2)",
    )
    .bind(client)
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn open_of(tx: &mut ClientTx, subject: Uuid) -> Result<Vec<Uuid>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select meter_id from meter where client_no = $1 and subject = $2 and state = 'open'
         order by meter_id",
    )
    .bind(client)
    .bind(subject)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn open_since(tx: &mut SystemTx, before: OffsetDateTime, rows: i64) -> Result<Vec<Open>> {
    Ok(sqlx::query_as(
        "select client_no, meter_id, kind, subject from meter
         where state = 'open' and opened_at < $1
         order by opened_at
         limit $2",
    )
    .bind(before)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}
