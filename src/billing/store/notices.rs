//! Statements over notices.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    billing::{
        Micros,
        notice::{Begun, Kind, Notice},
        order::Order,
        store::behind,
    },
    db::{ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    ids::NoticeId,
};

/// Wallets that never held anything are not low: they are unused.
pub async fn begin_low(tx: &mut SystemTx, now: OffsetDateTime, rows: i64) -> Result<Vec<Begun>> {
    Ok(sqlx::query_as(
        "insert into notice (client_no, notice_id, owner_id, kind, amount, threshold, begun_at)
         select client_no, gen_random_uuid(), owner_id, 'low_balance', balance, threshold, $1
         from account
         join low_balance using (client_no)
         where kind = 'wallet' and balance < threshold
           and exists (select from transfer where transfer.client_no = account.client_no and credit_no = account_no)
           and not exists (select from notice where notice.client_no = account.client_no
             and notice.owner_id = account.owner_id and notice.kind = 'low_balance' and ended_at is null)
         order by client_no, owner_id
         limit $2
         on conflict (client_no, owner_id, kind) where ended_at is null do nothing
         returning client_no, owner_id, kind, amount",
    )
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn end_low(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "update notice set ended_at = $1
         where kind = 'low_balance' and ended_at is null
           and not exists (select from account join low_balance using (client_no)
             where account.client_no = notice.client_no and account.owner_id = notice.owner_id
               and account.kind = 'wallet' and balance < low_balance.threshold)",
    )
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn begin_unpaid(tx: &mut SystemTx, now: OffsetDateTime, rows: i64) -> Result<Vec<Begun>> {
    Ok(sqlx::query_as(
        "insert into notice (client_no, notice_id, owner_id, kind, amount, threshold, begun_at)
         select fee.client_no, gen_random_uuid(), fee.owner_id, 'fee_unpaid',
           coalesce((select balance from account where account.client_no = fee.client_no
             and account.owner_id = fee.owner_id and account.kind = 'wallet'), 0), sum(fee.amount), $1
         from fee
         join subscription using (client_no, subscription_id)
         where state = 'unpaid' and ended_at is null
           and not exists (select from notice where notice.client_no = fee.client_no
             and notice.owner_id = fee.owner_id and notice.kind = 'fee_unpaid' and notice.ended_at is null)
         group by fee.client_no, fee.owner_id
         order by fee.client_no, fee.owner_id
         limit $2
         on conflict (client_no, owner_id, kind) where ended_at is null do nothing
         returning client_no, owner_id, kind, amount",
    )
    .bind(now)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn end_unpaid(tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "update notice set ended_at = $1
         where kind = 'fee_unpaid' and ended_at is null
           and not exists (select from fee join subscription using (client_no, subscription_id)
             where fee.client_no = notice.client_no and fee.owner_id = notice.owner_id
               and state = 'unpaid' and subscription.ended_at is null)",
    )
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn add_ended(
    tx: &mut ClientTx,
    order: &Order,
    kind: Kind,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into notice (client_no, notice_id, owner_id, kind, order_id, begun_at, ended_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(client)
    .bind(NoticeId::new(now))
    .bind(order.owner().id())
    .bind(kind)
    .bind(order.order_id)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn list(
    tx: &mut ClientTx,
    owner: Option<Uuid>,
    kind: Option<Kind>,
    window: &Window,
) -> Result<Vec<Notice>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select notice_id, owner_id, kind, amount, threshold, order_id, begun_at, ended_at from notice
         where client_no = $1 and ($2::uuid is null or owner_id = $2)
           and ($3::text is null or kind = $3)
           and (begun_at, notice_id) < ($4, $5)
         order by begun_at desc, notice_id desc
         limit $6",
    )
    .bind(client)
    .bind(owner)
    .bind(kind)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn threshold(tx: &mut ClientTx) -> Result<Option<Micros>> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select threshold from low_balance where client_no = $1")
            .bind(client)
            .fetch_optional(tx.conn())
            .await?,
    )
}

pub async fn put_threshold(
    tx: &mut ClientTx,
    threshold: Micros,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into low_balance (client_no, threshold, changed_at) values ($1, $2, $3)
         on conflict on constraint low_balance_pkey do update set threshold = $2, changed_at = $3",
    )
    .bind(client)
    .bind(threshold)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn remove_threshold(tx: &mut ClientTx) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from low_balance where client_no = $1")
        .bind(client)
        .execute(tx.conn())
        .await?;
    Ok(())
}
