//! Statements over closed days, and what they are made of.

use time::{Date, OffsetDateTime, macros::date};

use crate::{
    billing::recon::close::Day,
    db::{ClientTx, SystemTx},
    error::Result,
    ids::ClientNo,
};

pub async fn last(tx: &mut ClientTx) -> Result<Option<Day>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select day, last_no, lines, open, trial, transfers, before, hash, closed_at from book_day
         where client_no = $1
         order by day desc
         limit 1",
    )
    .bind(client)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn list(tx: &mut ClientTx, after: Option<Date>, rows: i64) -> Result<Vec<Day>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select day, last_no, lines, open, trial, transfers, before, hash, closed_at from book_day
         where client_no = $1 and day > $2
         order by day
         limit $3",
    )
    .bind(client)
    .bind(after.unwrap_or(date!(1900 - 01 - 01)))
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn add(tx: &mut ClientTx, day: &Day) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into book_day (client_no, day, last_no, lines, open, trial, transfers, before, hash, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(client)
    .bind(day.day)
    .bind(day.last_no)
    .bind(day.lines)
    .bind(day.open)
    .bind(&day.trial)
    .bind(&day.transfers)
    .bind(&day.before)
    .bind(&day.hash)
    .bind(day.closed_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first thing that ever happened to money.
pub async fn first_moment(tx: &mut ClientTx) -> Result<Option<OffsetDateTime>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select least(
           (select at from transfer where client_no = $1 order by no limit 1),
           (select created_at from payment_order where client_no = $1 order by created_at limit 1))",
    )
    .bind(client)
    .fetch_one(tx.conn())
    .await?)
}

/// The number of the last transfer before this time.
pub async fn last_no(tx: &mut ClientTx, until: OffsetDateTime) -> Result<Option<i64>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select no from transfer where client_no = $1 and at < $2 order by no desc limit 1",
    )
    .bind(client)
    .bind(until)
    .fetch_optional(tx.conn())
    .await?)
}

/// What moved in accounts of each kind by the transfers behind one number up to another.
pub async fn moved(
    tx: &mut ClientTx,
    after: i64,
    until: i64,
) -> Result<Vec<(String, String, String)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select kind, sum(debits)::text, sum(credits)::text
         from (
           select debit_no account_no, amount debits, 0::bigint credits from transfer
           where client_no = $1 and no > $2 and no <= $3
           union all
           select credit_no, 0, amount from transfer where client_no = $1 and no > $2 and no <= $3
         ) leg
         join account on client_no = $1 and account.account_no = leg.account_no
         group by kind
         order by kind",
    )
    .bind(client)
    .bind(after)
    .bind(until)
    .fetch_all(tx.conn())
    .await?)
}

/// Hashes of the transfers behind one number up to another, one behind the other in their order, with
/// the number of the last; none when there are no more. Each is over all that its row says and whose
/// the two accounts are; lengths and places keep two rows from being written the same.
pub async fn digests(
    tx: &mut ClientTx,
    (after, until): (i64, i64),
    rows: i64,
) -> Result<Option<(i64, Vec<u8>)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select max(no), string_agg(sha256(convert_to(concat_ws(' ', no, transfer_id, page.kind,
             debit_no, debit.kind, debit.owner_id, credit_no, credit.kind, credit.owner_id, amount,
             coalesce(debit_after::text, '-'), coalesce(credit_after::text, '-'), coalesce(subject::text, '-'),
             (extract(epoch from at) * 1000000)::bigint, octet_length(key), key, note), 'UTF8')), '' order by no)
         from (select * from transfer
           where client_no = $1 and no > $2 and no <= $3
           order by no
           limit $4) page
         join account debit on debit.client_no = $1 and debit.account_no = debit_no
         join account credit on credit.client_no = $1 and credit.account_no = credit_no
         having count(*) > 0",
    )
    .bind(client)
    .bind(after)
    .bind(until)
    .bind(rows)
    .fetch_optional(tx.conn())
    .await?)
}

/// Clients that have books.
pub async fn clients(tx: &mut SystemTx, after: i32, rows: i64) -> Result<Vec<(ClientNo, String)>> {
    Ok(sqlx::query_as(
        "select client_no, client_id from client
         where client_no > $1
           and (exists (select from account where account.client_no = client.client_no)
             or exists (select from payment_order where payment_order.client_no = client.client_no))
         order by client_no
         limit $2",
    )
    .bind(after)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}
