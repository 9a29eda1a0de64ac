//! Statements over orders, payments for them and what went back.

use time::OffsetDateTime;

use super::{NewOrder, Order, Payment, Reversal, Stage, State, Units};
use crate::{
    billing::store::behind,
    db::{self, ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    ids::{ClientNo, OrderId, PaymentId, UserId},
};

pub async fn add(
    tx: &mut ClientTx,
    id: OrderId,
    new: &NewOrder<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into payment_order (client_no, order_id, owner_id, buyer_id, plan_id, title, goods, credits,
           provider, amount, currency, decimals, state, key, created_at, expires_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::numeric, $11, $12, 'created', $13, $14, $15, $14)",
    )
    .bind(client)
    .bind(id)
    .bind(new.owner.id())
    .bind(new.buyer)
    .bind(new.plan_id)
    .bind(new.title)
    .bind(new.goods)
    .bind(new.credits)
    .bind(new.provider)
    .bind(new.amount.to_string())
    .bind(&new.currency)
    .bind(new.decimals)
    .bind(new.key)
    .bind(now)
    .bind(new.expires_at)
    .execute(tx.conn())
    .await
    .map_err(db::taken("payment_order_once", "Idempotency-Key"))?;
    Ok(())
}

pub async fn of_key(tx: &mut ClientTx, buyer: UserId, key: &str) -> Result<Option<Order>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select order_id, owner_id, buyer_id, plan_id, title, goods, credits, provider, amount::text amount,
           currency, decimals, state, refunded::text refunded, disputed::text disputed, taken_back, lost, back_due, revoked, steps,
           provider_ref, pay_url, created_at, expires_at, paid_at, fulfilled_at
         from payment_order
         where client_no = $1 and buyer_id = $2 and key = $3",
    )
    .bind(client)
    .bind(buyer)
    .bind(key)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn order(tx: &mut ClientTx, id: OrderId) -> Result<Option<Order>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select order_id, owner_id, buyer_id, plan_id, title, goods, credits, provider, amount::text amount,
           currency, decimals, state, refunded::text refunded, disputed::text disputed, taken_back, lost, back_due, revoked, steps,
           provider_ref, pay_url, created_at, expires_at, paid_at, fulfilled_at
         from payment_order
         where client_no = $1 and order_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The order, which nobody else moves until the transaction ends.
pub async fn lock(tx: &mut ClientTx, id: OrderId) -> Result<Option<Order>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select order_id, owner_id, buyer_id, plan_id, title, goods, credits, provider, amount::text amount,
           currency, decimals, state, refunded::text refunded, disputed::text disputed, taken_back, lost, back_due, revoked, steps,
           provider_ref, pay_url, created_at, expires_at, paid_at, fulfilled_at
         from payment_order
         where client_no = $1 and order_id = $2
         for update",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Orders of one owner, the latest first.
pub async fn of_owner(tx: &mut ClientTx, owner: UserId, window: &Window) -> Result<Vec<Order>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select order_id, owner_id, buyer_id, plan_id, title, goods, credits, provider, amount::text amount,
           currency, decimals, state, refunded::text refunded, disputed::text disputed, taken_back, lost, back_due, revoked, steps,
           provider_ref, pay_url, created_at, expires_at, paid_at, fulfilled_at
         from payment_order
         where client_no = $1 and owner_id = $2
           and (created_at, order_id) < ($3, $4)
         order by created_at desc, order_id desc
         limit $5",
    )
    .bind(client)
    .bind(owner)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Orders of the client and its users, the latest first.
pub async fn all(tx: &mut ClientTx, state: Option<State>, window: &Window) -> Result<Vec<Order>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select order_id, owner_id, buyer_id, plan_id, title, goods, credits, provider, amount::text amount,
           currency, decimals, state, refunded::text refunded, disputed::text disputed, taken_back, lost, back_due, revoked, steps,
           provider_ref, pay_url, created_at, expires_at, paid_at, fulfilled_at
         from payment_order
         where client_no = $1 and ($2::text is null or state = $2)
           and (created_at, order_id) < ($3, $4)
         order by created_at desc, order_id desc
         limit $5",
    )
    .bind(client)
    .bind(state)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Writes down where an order stands.
pub async fn save(tx: &mut ClientTx, order: &Order, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update payment_order set state = $3, refunded = $4::text::numeric, disputed = $5::text::numeric,
           taken_back = $6, lost = $7, revoked = $8, steps = $9, provider_ref = $10, pay_url = $11,
           paid_at = $12, fulfilled_at = $13, back_due = $14, changed_at = $15
         where client_no = $1 and order_id = $2",
    )
    .bind(client)
    .bind(order.order_id)
    .bind(order.state)
    .bind(order.refunded.to_string())
    .bind(order.disputed.to_string())
    .bind(order.taken_back)
    .bind(order.lost)
    .bind(order.revoked)
    .bind(order.steps)
    .bind(&order.provider_ref)
    .bind(&order.pay_url)
    .bind(order.paid_at)
    .bind(order.fulfilled_at)
    .bind(order.back_due)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("payment_order_ref", "reference of a provider"))?;
    Ok(())
}

/// The order that a payment was for.
pub async fn order_of(tx: &mut ClientTx, payment: &Payment<'_>) -> Result<Option<OrderId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select order_id from payment
         where client_no = $1 and provider = $2 and reference = $3",
    )
    .bind(client)
    .bind(payment.provider)
    .bind(payment.reference)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn add_payment(
    tx: &mut ClientTx,
    order: OrderId,
    payment: &Payment<'_>,
    good: bool,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into payment (client_no, payment_id, order_id, provider, reference, amount, currency, state, at)
         values ($1, $2, $3, $4, $5, $6::text::numeric, $7, case when $8 then 'good' else 'queued' end, $9)",
    )
    .bind(client)
    .bind(PaymentId::new(now))
    .bind(order)
    .bind(payment.provider)
    .bind(payment.reference)
    .bind(payment.amount.to_string())
    .bind(payment.currency)
    .bind(good)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("payment_once", "reference of a payment"))?;
    Ok(())
}

/// A payment that waited for somebody to look at it counts as the order's.
pub async fn accept_payment(tx: &mut ClientTx, order: OrderId, reference: &str) -> Result<bool> {
    let client = tx.client();
    let accepted = sqlx::query(
        "update payment set state = 'good'
         where client_no = $1 and order_id = $2 and reference = $3 and state = 'queued'",
    )
    .bind(client)
    .bind(order)
    .bind(reference)
    .execute(tx.conn())
    .await?;
    Ok(accepted.rows_affected() == 1)
}

/// The reference of the payment that an order was paid by.
pub async fn good_payment(tx: &mut ClientTx, order: OrderId) -> Result<Option<String>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select reference from payment
         where client_no = $1 and order_id = $2 and state = 'good'
         order by at
         limit 1",
    )
    .bind(client)
    .bind(order)
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes down how far money went back, and of which payment. A stage behind the one that is known
/// changes nothing: events come in any order. False when nothing changed.
pub async fn put_reversal(
    tx: &mut ClientTx,
    order: OrderId,
    reversal: &Reversal<'_>,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let put = sqlx::query(
        "insert into payment_reversal as known (client_no, provider, reference, order_id, kind, amount, currency,
           stage, payment, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6::text::numeric, $7, $8, $9, $10, $10)
         on conflict (client_no, provider, reference) do update
         set stage = case when array_position($11, known.stage) < array_position($11, excluded.stage)
             then excluded.stage else known.stage end,
           payment = coalesce(known.payment, excluded.payment), changed_at = excluded.changed_at
         where known.order_id = excluded.order_id
           and (array_position($11, known.stage) < array_position($11, excluded.stage)
             or known.payment is null and excluded.payment is not null)",
    )
    .bind(client)
    .bind(reversal.provider)
    .bind(reversal.reference)
    .bind(order)
    .bind(reversal.kind)
    .bind(reversal.amount.to_string())
    .bind(reversal.currency)
    .bind(reversal.stage)
    .bind(reversal.payment)
    .bind(now)
    .bind(["notice", "open", "stands", "undone"])
    .execute(tx.conn())
    .await?;
    Ok(put.rows_affected() == 1)
}

/// Units of an order that went back, by refund and by dispute, as far as they still are. What went back
/// of a payment that never counted takes nothing away.
pub async fn gone_back(tx: &mut ClientTx, order: OrderId) -> Result<(Units, Units)> {
    let client = tx.client();
    let (refunded, disputed): (String, String) = sqlx::query_as(
        "select coalesce(sum(amount) filter (where kind = 'refund'), 0)::text,
           coalesce(sum(amount) filter (where kind = 'dispute'), 0)::text
         from payment_reversal back
         where client_no = $1 and order_id = $2 and stage in ($3, $4)
           and not exists (select from payment where payment.client_no = $1 and payment.provider = back.provider
             and payment.reference = back.payment and payment.state = 'queued')",
    )
    .bind(client)
    .bind(order)
    .bind(Stage::Open)
    .bind(Stage::Stands)
    .fetch_one(tx.conn())
    .await?;
    let units = |text: String| Units::try_from(text).map_err(crate::error::Error::internal);
    Ok((units(refunded)?, units(disputed)?))
}

/// Orders of all clients of which credits are still to be taken back.
pub async fn behind_with(tx: &mut SystemTx, rows: i64) -> Result<Vec<(ClientNo, OrderId)>> {
    Ok(sqlx::query_as(
        "select client_no, order_id from payment_order
         where back_due is not null
         order by back_due
         limit $1",
    )
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// Orders of all clients that nobody paid in time.
pub async fn overdue(
    tx: &mut SystemTx,
    now: OffsetDateTime,
    rows: i64,
) -> Result<Vec<(ClientNo, OrderId)>> {
    Ok(sqlx::query_as(
        "select client_no, order_id from payment_order
         where state in ('created', 'pending') and expires_at < $1
         order by expires_at
         limit $2",
    )
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}
