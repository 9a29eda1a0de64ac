//! Statements over fees.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    billing::{
        fee::{Fee, Sum},
        subscription::Subscription,
    },
    db::{ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    ids::{PlanId, SubscriptionId},
};

/// False when this owner has paid for this period of the plan before. One that stayed unpaid, by a
/// subscription that ended since, is due again.
pub async fn add(
    tx: &mut ClientTx,
    subscription: &Subscription,
    fee: &Fee,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "insert into fee (client_no, owner_id, plan_id, period, subscription_id, amount, state, tries, due_at, made_at)
         values ($1, $2, $3, $4, $5, $6, 'unpaid', 0, $7, $8)
         on conflict on constraint fee_pkey do update
         set subscription_id = excluded.subscription_id, amount = excluded.amount, due_at = excluded.due_at
         where fee.state = 'unpaid'",
    )
    .bind(client)
    .bind(subscription.owner_id)
    .bind(fee.plan_id)
    .bind(fee.period)
    .bind(subscription.subscription_id)
    .bind(fee.amount)
    .bind(fee.due_at)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Tried, and paid if there is a time at which it was.
pub async fn tried(
    tx: &mut ClientTx,
    (owner, plan, period): (Uuid, PlanId, Date),
    paid_at: Option<OffsetDateTime>,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update fee set tries = tries + 1, paid_at = $5,
           state = case when $5::timestamptz is null then 'unpaid' else 'paid' end
         where client_no = $1 and owner_id = $2 and plan_id = $3 and period = $4 and state = 'unpaid'",
    )
    .bind(client)
    .bind(owner)
    .bind(plan)
    .bind(period)
    .bind(paid_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn unpaid(tx: &mut ClientTx, id: SubscriptionId) -> Result<Vec<Fee>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select period, plan_id, amount, state, tries, due_at, paid_at from fee
         where client_no = $1 and subscription_id = $2 and state = 'unpaid'
         order by period",
    )
    .bind(client)
    .bind(id)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn list(tx: &mut ClientTx, id: SubscriptionId, window: &Window) -> Result<Vec<Fee>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select period, plan_id, amount, state, tries, due_at, paid_at from fee
         where client_no = $1 and subscription_id = $2 and ($3::timestamptz is null or due_at < $3)
         order by due_at desc
         limit $4",
    )
    .bind(client)
    .bind(id)
    .bind(window.after.map(|place| place.at))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn sums(tx: &mut SystemTx, from: Date, until: Date) -> Result<Vec<Sum>> {
    Ok(sqlx::query_as(
        "select client_no, client_id,
           count(*) filter (where state = 'paid') paid,
           coalesce(sum(amount) filter (where state = 'paid'), 0)::bigint paid_micros,
           count(*) filter (where state = 'unpaid') unpaid,
           coalesce(sum(amount) filter (where state = 'unpaid'), 0)::bigint unpaid_micros
         from fee
         join client using (client_no)
         where period between $1 and $2
         group by client_no, client_id
         order by client_id",
    )
    .bind(from)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}
