//! Statements over what is metered, and over what was used up of quotas and budgets.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::{
        Owner,
        meter::{Estimate, Open, Opened, Source, Used, What},
        plan::Offer,
        price::{Amounts, Rates},
        settings::Billing,
    },
    db::{self, ClientTx, SystemTx},
    error::Result,
    ids::{EntitlementId, PriceId, UserId},
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
    pub price_id: Option<PriceId>,
    #[sqlx(flatten)]
    pub rates: Rates,
    pub day: Date,
    pub month: Date,
    pub day_ends: OffsetDateTime,
    pub month_ends: OffsetDateTime,
}

/// What a user has used up.
#[derive(Debug, Default)]
pub struct Spent {
    pub free_uses: i32,
    pub day: i64,
    pub month: i64,
}

/// A sum of a user.
#[derive(Debug, sqlx::FromRow)]
pub struct Tally {
    pub period: Period,
    pub uses: i32,
    pub free_uses: i32,
    pub credits: i64,
}

/// A meter that is open, locked.
#[derive(Debug, sqlx::FromRow)]
pub struct Locked {
    pub owner_id: Uuid,
    pub kind: What,
    pub source: Source,
    pub entitlement_id: Option<EntitlementId>,
    pub held: i64,
    pub day: Date,
    pub month: Date,
    #[sqlx(flatten)]
    pub rates: Rates,
}

/// What a user gets back.
#[derive(Debug)]
pub struct Back {
    pub uses: i32,
    pub free_uses: i32,
    pub credits: i64,
}

/// None where nobody pays.
pub async fn terms(tx: &mut ClientTx, model: &str, now: OffsetDateTime) -> Result<Option<Terms>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select payer, free_uses_per_day, budget_per_month, user_credits_per_day,
           user_credits_per_month, user_uses_per_day, user_uses_per_month,
           price_id, input, cached_input, output, embedding, page, image,
           local.day::date as day, local.month::date as month,
           (local.day + interval '1 day') at time zone time_zone as day_ends,
           (local.month + interval '1 month') at time zone time_zone as month_ends
         from billing_settings s
         join client on client.client_no = $1
         cross join lateral (select date_trunc('day', $3::timestamptz at time zone time_zone) as day,
           date_trunc('month', $3::timestamptz at time zone time_zone) as month) local
         left join lateral (
           select * from price
           where price.client_no = $1 and model = $2 and valid_from <= $3
           order by valid_from desc
           limit 1) price on true
         where s.client_no = $1 and payer <> 'off'",
    )
    .bind(client)
    .bind(model)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Counts so many uses of a user, today and this month, and locks both sums. One that would pass its
/// limit does not come back.
pub async fn count(
    tx: &mut ClientTx,
    user: UserId,
    uses: i32,
    terms: &Terms,
) -> Result<Vec<Tally>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
         select $1, $2, period, begins, $5, 0, 0
         from (values ('day', $3::date, $6::int), ('month', $4, $7)) of_user (period, begins, uses_max)
         where $5 <= uses_max
         on conflict (client_no, owner_id, period, begins) do update set uses = tally.uses + $5
         where $5 = 0 or tally.uses + $5 <= case tally.period when 'day' then $6 else $7 end
         returning period, uses, free_uses, credits",
    )
    .bind(client)
    .bind(user)
    .bind(terms.day)
    .bind(terms.month)
    .bind(uses)
    .bind(terms.billing.user_uses_per_day.unwrap_or(i32::MAX))
    .bind(terms.billing.user_uses_per_month.unwrap_or(i32::MAX))
    .fetch_all(tx.conn())
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

/// Takes a free use of today, whose sum is locked.
pub async fn take_free_use(tx: &mut ClientTx, user: UserId, terms: &Terms) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update tally set free_uses = free_uses + 1
         where client_no = $1 and owner_id = $2 and period = 'day' and begins = $3",
    )
    .bind(client)
    .bind(user)
    .bind(terms.day)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is used up first: a pass, else the oldest pack.
pub async fn entitlement(
    tx: &mut ClientTx,
    owner: Owner,
    now: OffsetDateTime,
) -> Result<Option<(EntitlementId, Offer)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select entitlement_id, kind from entitlement
         where client_no = $1 and owner_id = $2 and revoked_at is null and starts_at <= $3
           and (ends_at is null or ends_at > $3) and (uses is null or used < uses)
         order by (kind = 'uses'), created_at, entitlement_id
         limit 1",
    )
    .bind(client)
    .bind(owner.id())
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Takes a use out of a pack, whose owner's wallet is locked.
pub async fn take_use(tx: &mut ClientTx, id: EntitlementId) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update entitlement set used = used + 1 where client_no = $1 and entitlement_id = $2",
    )
    .bind(client)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn give_use_back(tx: &mut ClientTx, id: EntitlementId) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update entitlement set used = used - 1 where client_no = $1 and entitlement_id = $2",
    )
    .bind(client)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the client used this month; the sum is locked.
pub async fn lock_month(tx: &mut ClientTx, terms: &Terms) -> Result<i64> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
         values ($1, $2, 'month', $3, 0, 0, 0)
         on conflict (client_no, owner_id, period, begins) do update set credits = tally.credits
         returning credits",
    )
    .bind(client)
    .bind(Uuid::nil())
    .bind(terms.month)
    .fetch_one(tx.conn())
    .await?)
}

/// Gives a user back what was counted and not used; the day is locked before the month, as by
/// [`count`].
pub async fn give_back(tx: &mut ClientTx, user: UserId, open: &Locked, back: &Back) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with own as (select period, begins from tally
           where client_no = $1 and owner_id = $2
             and (period = 'day' and begins = $3 or period = 'month' and begins = $4)
           order by period
           for update
         )
         update tally set uses = greatest(uses - $5, 0), credits = greatest(credits - $7, 0),
           free_uses = case tally.period when 'day' then greatest(free_uses - $6, 0) else 0 end
         from own
         where client_no = $1 and owner_id = $2 and tally.period = own.period and tally.begins = own.begins",
    )
    .bind(client)
    .bind(user)
    .bind(open.day)
    .bind(open.month)
    .bind(back.uses)
    .bind(back.free_uses)
    .bind(back.credits)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds what is set aside to what the user used, and to what the client did where that is kept.
pub async fn add(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    terms: &Terms,
    (opened, entitlement): (&Opened, Option<EntitlementId>),
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with spent as (update tally set credits = credits + $8
           where $8 > 0 and client_no = $1
             and (owner_id = $3 and period = 'day' and begins = $9
               or owner_id = $3 and period = 'month' and begins = $10
               or owner_id = $13 and period = 'month' and begins = $10)
         )
         insert into meter (client_no, meter_id, owner_id, kind, price_id, source, entitlement_id, state,
           held, charged, day, month, opened_at, subject)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, 0, $9, $10, $11, $12)",
    )
    .bind(client)
    .bind(estimate.id)
    .bind(estimate.who.id())
    .bind(estimate.what)
    .bind(terms.price_id)
    .bind(opened.source)
    .bind(entitlement)
    .bind(opened.held)
    .bind(terms.day)
    .bind(terms.month)
    .bind(now)
    .bind(estimate.subject)
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await
    .map_err(db::taken("meter_pkey", "id of a meter"))?;
    Ok(())
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

/// The open meter of this answer or document; whoever ends it does so alone.
pub async fn lock_open(tx: &mut ClientTx, id: Uuid) -> Result<Option<Locked>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select owner_id, kind, source, entitlement_id, held, day, month,
           input, cached_input, output, embedding, page, image
         from meter
         join price on price.client_no = $1 and price.price_id = meter.price_id
         where meter.client_no = $1 and meter_id = $2 and state = 'open'
         for update of meter",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn end(
    tx: &mut ClientTx,
    id: Uuid,
    used: &Used,
    charged: i64,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let Amounts {
        input,
        cached,
        output,
        embedding,
        pages,
        images,
    } = used.amounts;
    sqlx::query(
        "update meter set state = case when $3 then 'settled' else 'released' end, charged = $4,
           input_tokens = $5, cached_tokens = $6, output_tokens = $7, embedding_tokens = $8, pages = $9,
           images = $10, ended_at = $11
         where client_no = $1 and meter_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(used.delivered)
    .bind(charged)
    .bind(i64::from(input))
    .bind(i64::from(cached))
    .bind(i64::from(output))
    .bind(i64::from(embedding))
    .bind(i64::from(pages))
    .bind(i64::from(images))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
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
