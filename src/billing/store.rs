//! Statements over accounts and transfers.

pub mod entitlements;
pub mod fees;
pub mod meters;
pub mod notices;
pub mod plans;
pub mod prices;
pub mod rollup;
pub mod settings;
pub mod subscriptions;
pub mod usage;

use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    amount::Micros,
    ledger::{Book, Order},
    wallet::{Line, Wallet},
};
use crate::{
    db::{self, ClientTx},
    error::Result,
    http::paging::{Place, Window},
    ids::TransferId,
};

/// Where a page begins; the first one behind all there can be, so that every page goes by the index.
pub fn behind(window: &Window) -> Place {
    window.after.unwrap_or(Place {
        at: datetime!(9999-01-01 0:00 UTC),
        id: Uuid::max(),
    })
}

pub async fn wallet(tx: &mut ClientTx, owner: Uuid) -> Result<Option<Wallet>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select wallet.balance, held.balance held from account wallet
         join account held on held.client_no = $1 and held.kind = 'held'
           and held.owner_id = $2
         where wallet.client_no = $1 and wallet.kind = 'wallet'
           and wallet.owner_id = $2",
    )
    .bind(client)
    .bind(owner)
    .fetch_optional(tx.conn())
    .await?)
}

/// Every verb that moves credits of a wallet begins here: the wallet's row is the lock.
pub async fn lock_wallet(tx: &mut ClientTx, owner: Uuid, now: OffsetDateTime) -> Result<i64> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select wallet_no from wallet_lock($1, $2, $3)")
            .bind(client)
            .bind(owner)
            .bind(now)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// The number of a client's own account, made on first use.
pub async fn book(tx: &mut ClientTx, book: Book, now: OffsetDateTime) -> Result<i64> {
    let client = tx.client();
    let find =
        "select account_no from account where client_no = $1 and owner_id = $3 and kind = $2";
    let found = sqlx::query_scalar(find)
        .bind(client)
        .bind(book)
        .bind(Uuid::nil());
    if let Some(no) = found.fetch_optional(tx.conn()).await? {
        return Ok(no);
    }
    sqlx::query(
        "insert into account (client_no, kind, owner_id, created_at) values ($1, $2, $4, $3)
         on conflict on constraint account_once do nothing",
    )
    .bind(client)
    .bind(book)
    .bind(now)
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await?;
    let found = sqlx::query_scalar(find)
        .bind(client)
        .bind(book)
        .bind(Uuid::nil());
    Ok(found.fetch_one(tx.conn()).await?)
}

pub async fn balance(tx: &mut ClientTx, account: i64) -> Result<i64> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select balance from account where client_no = $1 and account_no = $2")
            .bind(client)
            .bind(account)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Takes from an account; the balance after it, or none when there is less.
pub async fn take(tx: &mut ClientTx, account: i64, amount: Micros) -> Result<Option<i64>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "update account set balance = balance - $3
         where client_no = $1 and account_no = $2 and balance >= $3
         returning balance",
    )
    .bind(client)
    .bind(account)
    .bind(amount)
    .fetch_optional(tx.conn())
    .await?)
}

/// Gives to an account; the balance after it.
pub async fn give(tx: &mut ClientTx, account: i64, amount: Micros) -> Result<i64> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "update account set balance = balance + $3
         where client_no = $1 and account_no = $2
         returning balance",
    )
    .bind(client)
    .bind(account)
    .bind(amount)
    .fetch_one(tx.conn())
    .await?)
}

/// The transfer of this key: from, to, how much.
pub async fn made(tx: &mut ClientTx, key: &str) -> Result<Option<(i64, i64, Micros)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select debit_no, credit_no, amount from transfer where client_no = $1 and key = $2",
    )
    .bind(client)
    .bind(key)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn add_transfer(
    tx: &mut ClientTx,
    order: &Order<'_>,
    [debit_after, credit_after]: [Option<i64>; 2],
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
           debit_after, credit_after, key, subject, note, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(client)
    .bind(TransferId::new(now))
    .bind(order.kind)
    .bind(order.debit.no())
    .bind(order.credit.no())
    .bind(order.amount)
    .bind(debit_after)
    .bind(credit_after)
    .bind(order.key)
    .bind(order.subject)
    .bind(order.note)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(db::taken("transfer_once", "key of a transfer"))?;
    Ok(())
}

/// Lines of a wallet's statement, the latest first. A wallet is either side of a transfer: each side
/// is read by its own index.
pub async fn lines(tx: &mut ClientTx, owner: Uuid, window: &Window) -> Result<Vec<Line>> {
    let client = tx.client();
    let after = window.after.map(|place| place.id.as_u128() as i64);
    Ok(sqlx::query_as(
        "with wallet as (select account_no from account
           where client_no = $1 and kind = 'wallet' and owner_id = $2
         )
         (select transfer_id, no, at, transfer.kind, -amount amount, debit_after balance, subject, note
          from transfer
          where client_no = $1 and debit_no = (select account_no from wallet)
            and ($3::bigint is null or no < $3)
          order by no desc
          limit $4)
         union all
         (select transfer_id, no, at, transfer.kind, amount, credit_after balance, subject, note
          from transfer
          where client_no = $1 and credit_no = (select account_no from wallet)
            and ($3::bigint is null or no < $3)
          order by no desc
          limit $4)
         order by no desc
         limit $4",
    )
    .bind(client)
    .bind(owner)
    .bind(after)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}
