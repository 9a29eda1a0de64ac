//! Adds the books up anew, from the first transfer on, and says what does not agree.

use crate::{db::SystemTx, error::Result, ids::ClientNo};

/// Findings named at most: one is enough to stop, some help to see why.
const FINDINGS_MAX: i64 = 1_000;

/// What was added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Totals {
    /// Accounts of all clients.
    pub accounts: i64,
    /// Transfers between them.
    pub transfers: i64,
    /// Holds that are open.
    pub open_holds: i64,
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Finding {
    /// Whose books.
    pub client_no: ClientNo,
    /// Which account.
    pub account_no: i64,
    /// What is wrong with it.
    pub what: String,
    /// Micro-credits as they are.
    pub is: i64,
    /// Micro-credits as they should be.
    pub should_be: i64,
}

/// Sums of all transfers of an account, by kind of account: the trial balance of a client.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Balance {
    /// The client's public name.
    pub client_id: String,
    /// The kind of account.
    pub kind: String,
    /// Micro-credits taken from such accounts.
    pub debits: i64,
    /// Micro-credits given to them.
    pub credits: i64,
}

/// Adds everything up.
pub async fn books(tx: &mut SystemTx) -> Result<(Totals, Vec<Finding>)> {
    let totals = sqlx::query_as(
        "select (select count(*) from account) accounts,
           (select count(*) from transfer) transfers,
           (select count(*) from hold where state = 'open') open_holds",
    )
    .fetch_one(tx.conn())
    .await?;
    let mut findings = balances(tx).await?;
    findings.extend(steps(tx).await?);
    findings.extend(holds(tx).await?);
    Ok((totals, findings))
}

/// The trial balance of every client.
pub async fn trial_balance(tx: &mut SystemTx) -> Result<Vec<Balance>> {
    Ok(sqlx::query_as(
        "select client_id, kind, sum(debits)::bigint debits, sum(credits)::bigint credits
         from (
           select client_no, debit_no account_no, amount debits, 0 credits from transfer
           union all
           select client_no, credit_no, 0, amount from transfer
         ) leg
         join account using (client_no, account_no)
         join client using (client_no)
         group by client_id, kind
         order by client_id, kind",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// A balance that is kept is what all transfers lead to.
async fn balances(tx: &mut SystemTx) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(
        "select client_no, account_no, 'balance' what, balance is, coalesce(sum(leg.amount), 0)::bigint should_be
         from account
         left join (
           select client_no, debit_no account_no, -amount amount from transfer
           union all
           select client_no, credit_no, amount from transfer
         ) leg using (client_no, account_no)
         where balance is not null
         group by client_no, account_no, balance
         having balance <> coalesce(sum(leg.amount), 0)
         order by client_no, account_no
         limit $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(tx.conn())
    .await?)
}

/// The balance that each transfer says it led to is the one before it and its amount.
async fn steps(tx: &mut SystemTx) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(
        "select client_no, account_no, 'balance after transfer ' || no what, after is, should_be
         from (
           select client_no, account_no, no, after,
             (lag(after, 1, 0::bigint) over (partition by client_no, account_no order by no)) + amount should_be
           from (
             select client_no, debit_no account_no, no, -amount amount, debit_after after from transfer
             union all
             select client_no, credit_no, no, amount, credit_after from transfer
           ) leg
           where after is not null
         ) step
         where after <> should_be
         order by client_no, account_no, no
         limit $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(tx.conn())
    .await?)
}

/// What is set aside is what the open holds say.
async fn holds(tx: &mut SystemTx) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(
        "select account.client_no, account_no, 'open holds' what, balance is, coalesce(sum(amount), 0)::bigint should_be
         from account
         left join hold on hold.client_no = account.client_no and held_no = account_no and hold.state = 'open'
         where kind = 'held'
         group by account.client_no, account_no, balance
         having balance <> coalesce(sum(amount), 0)
         order by account.client_no, account_no
         limit $1",
    )
    .bind(FINDINGS_MAX)
    .fetch_all(tx.conn())
    .await?)
}
