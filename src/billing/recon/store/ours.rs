//! Statements over our own books, as the reconciliation reads them: once a day.

use time::OffsetDateTime;

use super::FactRow;
use crate::{billing::recon::shape::Goods, db::ClientTx, error::Result};

/// Payments of the time, and those that are named.
pub async fn payments(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
    named: &[String],
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'payment' area, payment.provider, reference, order_id, payment.amount::text amount, payment.currency,
           'stands' stage, at,
           case when payment.state = 'good' and at > expires_at then 'late'
             when payment.state = 'good' then null
             when payment.amount <> payment_order.amount or payment.currency <> payment_order.currency then 'amount_differs'
             when exists (select from payment good where good.client_no = $1 and good.order_id = payment.order_id
               and good.state = 'good') then 'duplicate'
             when at > expires_at then 'late' end known_as
         from payment
         join payment_order using (client_no, order_id)
         where client_no = $1 and (at >= $2 and at < $3 or reference = any($4))
           and (payment.provider <> 'chain' or payment_order.state <> 'refunded')",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .bind(named)
    .fetch_all(tx.conn())
    .await?)
}

/// What went back in the time, and what is named.
pub async fn reversals(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
    named: &[String],
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select kind area, provider, reference, order_id, amount::text amount, currency, stage, null::text known_as,
           created_at at
         from payment_reversal
         where client_no = $1 and (created_at >= $2 and created_at < $3 or reference = any($4))",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .bind(named)
    .fetch_all(tx.conn())
    .await?)
}

/// Orders that changed in the time, each with what the ledger says of it: one statement, so that
/// nothing moves between the two.
pub async fn orders(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<Goods>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        r#"select order_id "order", provider, credits, revoked is_revoked, changed_at at,
           state in ('paid', 'fulfilled', 'refunded', 'disputed') is_paid, fulfilled_at is not null is_given,
           refunded > 0 is_refunded, disputed > 0 is_disputed, refunded + disputed >= amount is_gone,
           taken_back + lost went_back,
           case when credits is null then 0
             when back_due is not null then taken_back + lost
             when refunded + disputed >= amount then credits
             else div(credits * (refunded + disputed), amount)::bigint end due_back,
           exists (select from payment_exception exception where exception.client_no = $1
             and exception.order_id = o.order_id and exception.state <> 'fulfilled') waits,
           exists (select from entitlement where entitlement.client_no = $1 and revoked_at is null
             and key = 'order ' || o.order_id) is_entitled,
           booked.came_in, booked.went_out
         from payment_order o
         cross join lateral (
           select coalesce(sum(amount) filter (where debit.kind in ('stripe', 'chain')), 0)::bigint came_in,
             coalesce(sum(amount) filter (where credit.kind in ('stripe', 'chain')), 0)::bigint went_out
           from transfer
           join account debit on debit.client_no = $1 and debit.account_no = debit_no
           join account credit on credit.client_no = $1 and credit.account_no = credit_no
           where transfer.client_no = $1 and subject = o.order_id and transfer.kind in ('top_up', 'refund', 'loss')
         ) booked
         where o.client_no = $1 and (changed_at >= $2 and changed_at < $3 or o.order_id in (
           select subject from transfer where client_no = $1 and at >= $2 and at < $3
             and kind in ('top_up', 'refund', 'loss')))"#,
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Transfers from and to a provider's book that no order stands behind.
pub async fn strays(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'ledger' area, 'ledger' provider, key reference, subject order_id, amount::text amount,
           'micro-credits' currency, 'stands' stage, null::text known_as, at
         from transfer
         join account debit on debit.client_no = $1 and debit.account_no = debit_no
         join account credit on credit.client_no = $1 and credit.account_no = credit_no
         where transfer.client_no = $1 and at >= $2 and at < $3
           and transfer.kind in ('top_up', 'refund', 'loss')
           and (debit.kind in ('stripe', 'chain') or credit.kind in ('stripe', 'chain'))
           and not exists (select from payment_order where payment_order.client_no = $1 and order_id = subject)",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Fees that were paid.
pub async fn fees(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'fee' area, 'ledger' provider,
           'fee ' || owner_id || ' ' || plan_id || ' ' || to_char(period, 'YYYY-MM-DD') reference,
           null::uuid order_id, amount::text amount, 'micro-credits' currency, 'stands' stage, null::text known_as,
           paid_at at
         from fee
         where client_no = $1 and paid_at >= $2 and paid_at < $3",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Transfers of fees.
pub async fn fee_transfers(
    tx: &mut ClientTx,
    (since, until): (OffsetDateTime, OffsetDateTime),
) -> Result<Vec<FactRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select 'fee' area, 'ledger' provider, key reference, null::uuid order_id, amount::text amount,
           'micro-credits' currency, 'stands' stage, null::text known_as, at
         from transfer
         where client_no = $1 and at >= $2 and at < $3 and kind = 'fee'",
    )
    .bind(client)
    .bind(since)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}
