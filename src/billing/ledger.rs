//! The one way money moves: a transfer, made once, with the balances it leads to.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::{Micros, credits},
    store,
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
};

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "TransferKind", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// Paid in.
    TopUp,
    /// Given for free.
    Grant,
    /// Set aside for an answer.
    Hold,
    /// Spent.
    Charge,
    /// Set aside, and not needed.
    Release,
    /// Spent at once on something that is not an answer: a pack of uses, a pass.
    Purchase,
    /// What a plan costs for a period.
    Fee,
    /// A payment that went back to where it came from.
    Refund,
    /// A payment that went back after it was spent.
    Loss,
}

/// Accounts of a client that belong to no wallet. They keep no balance: theirs is a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Book {
    /// Money that came in some other way, such as by bank.
    Clearing,
    /// Money that came in through Stripe.
    Stripe,
    /// Money that came in on a chain.
    Chain,
    /// What was given for free.
    Promotion,
    /// What was spent.
    Revenue,
    /// What was paid back to a payer who had spent it.
    Loss,
}

/// An account of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It keeps a balance that never falls below zero: a wallet, or what is set aside of it.
    Kept(i64),
    /// It keeps none: nobody waits for anybody to write to it.
    Summed(i64),
}

/// A transfer that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What for.
    pub kind: Kind,
    /// The account it is taken from.
    pub debit: Account,
    /// The account it goes to.
    pub credit: Account,
    /// How much.
    pub amount: Micros,
    /// Names the deed: asked for again with the same key, it is done once.
    pub key: &'a str,
    /// The answer or order that it is about.
    pub subject: Option<Uuid>,
    /// A word for people who read the statement.
    pub note: &'a str,
}

/// Whether a transfer was made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Now.
    Now,
    /// Before: the key is known, and it was the same transfer.
    Before,
}

impl Account {
    /// Its number.
    pub fn no(self) -> i64 {
        match self {
            Self::Kept(no) | Self::Summed(no) => no,
        }
    }
}

/// Makes a transfer, unless it was made before. Whoever moves what a wallet holds or has set aside
/// has locked that wallet (see [`super::wallet`]), so that no two of them wait for each other.
///
/// # Errors
/// `OutOfCredit` when an account that keeps a balance has less than is taken from it; `Taken` when
/// the key was used for another transfer.
pub async fn post(tx: &mut ClientTx, order: &Order<'_>, now: OffsetDateTime) -> Result<Posted> {
    if let Some(made) = store::made(tx, order.key).await? {
        let same = made == (order.debit.no(), order.credit.no(), order.amount);
        return same
            .then_some(Posted::Before)
            .ok_or(Error::Taken("key of a transfer"));
    }
    let debit_after = match order.debit {
        Account::Summed(_) => None,
        Account::Kept(no) => match store::take(tx, no, order.amount).await? {
            None => return Err(out_of_credit(store::balance(tx, no).await?, order.amount)),
            after => after,
        },
    };
    let credit_after = match order.credit {
        Account::Summed(_) => None,
        Account::Kept(no) => Some(store::give(tx, no, order.amount).await?),
    };
    store::add_transfer(tx, order, [debit_after, credit_after], now).await?;
    Ok(Posted::Now)
}

/// Says how much is missing.
fn out_of_credit(there: i64, needed: Micros) -> Error {
    Error::OutOfCredit(format!(
        "The balance is too low: {needed} credits are needed, {} are there.",
        credits(there)
    ))
}
