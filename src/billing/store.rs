//! Statements over accounts, transfers and holds.

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

use time::{Date, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    amount::Micros,
    hold::Parts,
    ledger::{Book, Order},
    wallet::{Line, Locked, Wallet},
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
pub async fn lock_wallet(tx: &mut ClientTx, owner: Uuid) -> Result<Option<Locked>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select wallet.account_no wallet_no, held.account_no held_no, wallet.balance from account wallet
         join account held on held.client_no = $1 and held.kind = 'held'
           and held.owner_id = $2
         where wallet.client_no = $1 and wallet.kind = 'wallet'
           and wallet.owner_id = $2
         for update of wallet",
    )
    .bind(client)
    .bind(owner)
    .fetch_optional(tx.conn())
    .await?)
}

/// A wallet, and what its credits go to when they are spent: whoever settles finds it there.
pub async fn add_wallet(tx: &mut ClientTx, owner: Uuid, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into account (client_no, kind, owner_id, balance, created_at)
         values ($1, 'wallet', $2, 0, $3), ($1, 'held', $2, 0, $3), ($1, 'revenue', $4, null, $3)
         on conflict on constraint account_once do nothing",
    )
    .bind(client)
    .bind(owner)
    .bind(now)
    .bind(Uuid::nil())
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// Sets credits aside and writes it down, in one statement, since every answer waits for it; false
/// when the wallet holds less.
pub async fn open(
    tx: &mut ClientTx,
    locked: &Locked,
    (id, amount): (Uuid, Micros),
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "with wallet as (update account set balance = balance - $5
           where client_no = $1 and account_no = $3 and balance >= $5
           returning balance),
         held as (update account set balance = account.balance + $5
           from wallet where client_no = $1 and account_no = $4
           returning account.balance),
         opened as (insert into hold (client_no, hold_id, wallet_no, held_no, amount, state, created_at)
           select $1, $2, $3, $4, $5, 'open', $6 from held
           returning hold_id)
         insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
           debit_after, credit_after, key, subject, note, at)
         select $1, $7, 'hold', $3, $4, $5, wallet.balance, held.balance, 'hold ' || hold_id, hold_id, '', $6
         from wallet, held, opened",
    )
    .bind(client)
    .bind(id)
    .bind(locked.wallet_no)
    .bind(locked.held_no)
    .bind(amount)
    .bind(now)
    .bind(TransferId::new(now))
    .execute(tx.conn())
    .await
    .map_err(db::taken("hold_pkey", "hold"))?;
    Ok(done.rows_affected() == 1)
}

/// Ends a hold: what is charged goes to the client's revenue and then the rest to the wallet and to
/// the client's budget of that month, in one statement whose first lock is the wallet's and whose last
/// is the budget's, as everywhere.
/// False when it was ended before, or is not of this amount.
pub async fn settle(
    tx: &mut ClientTx,
    id: Uuid,
    parts: &Parts,
    month: Date,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let ended: i64 = sqlx::query_scalar(
        "with ended as (update hold set state = case when $3::bigint > 0 then 'settled' else 'released' end, ended_at = $6
           where client_no = $1 and hold_id = $2 and state = 'open' and amount = $3::bigint + $4::bigint
           returning wallet_no, held_no, amount),
         wallet as (update account set balance = account.balance + $4::bigint
           from ended where client_no = $1 and account_no = ended.wallet_no
           returning account.balance),
         held as (update account set balance = account.balance - ended.amount
           from ended, wallet where client_no = $1 and account_no = ended.held_no
           returning account.balance),
         budget as (update tally set credits = greatest(tally.credits - $4::bigint, 0)
           from held where $4::bigint > 0 and client_no = $1 and owner_id = $5 and period = 'month' and begins = $9
         ),
         charge as (insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
             debit_after, credit_after, key, subject, note, at)
           select $1, $7, 'charge', held_no,
             (select account_no from account where client_no = $1 and owner_id = $5 and kind = 'revenue'), $3::bigint, held.balance + $4::bigint, null, 'charge ' || $2::uuid, $2, '', $6
           from ended, held where $3::bigint > 0
           returning no),
         release as (insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
             debit_after, credit_after, key, subject, note, at)
           select $1, $8, 'release', held_no, wallet_no, $4::bigint, held.balance, wallet.balance,
             'release ' || $2::uuid, $2, '', $6
           from (select count(*) from charge) charged, ended, held, wallet where $4::bigint > 0
           returning no)
         select (select count(*) from ended) + 0 * (select count(*) from release)",
    )
    .bind(client)
    .bind(id)
    .bind(parts.charged)
    .bind(parts.rest)
    .bind(Uuid::nil())
    .bind(now)
    .bind(TransferId::new(now))
    .bind(TransferId::new(now))
    .bind(month)
    .fetch_one(tx.conn())
    .await?;
    Ok(ended == 1)
}
