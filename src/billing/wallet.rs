//! A wallet: what its owner can still spend, and what is set aside of it.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::Micros,
    ledger::{self, Account, Book, Kind, Order, Posted},
    store,
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{TransferId, UserId},
};

/// Whose wallet it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The client's, which pays for all of its users.
    Client,
    /// One user's.
    User(UserId),
}

/// A wallet as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Wallet {
    /// To spend, in micro-credits.
    pub balance: i64,
    /// Set aside for answers being written, in micro-credits.
    pub held: i64,
}

/// A line of a statement: a transfer as the wallet sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    /// The transfer.
    pub transfer_id: TransferId,
    /// Its place in the order in which transfers were made.
    pub no: i64,
    /// When it was made.
    pub at: OffsetDateTime,
    /// What for.
    pub kind: Kind,
    /// Micro-credits that came in; negative when they went out.
    pub amount: i64,
    /// Micro-credits to spend after it.
    pub balance: i64,
    /// The answer or order that it is about.
    pub subject: Option<Uuid>,
    /// A word about it.
    pub note: String,
}

impl Owner {
    /// As it stands in the tables: the client's own is the nil id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Client => Uuid::nil(),
            Self::User(id) => id.0,
        }
    }

    /// Read from the tables.
    pub fn of(id: Uuid) -> Self {
        if id.is_nil() {
            Self::Client
        } else {
            Self::User(UserId(id))
        }
    }
}

/// A movement of credits between a wallet and a book of the client.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// How much.
    pub amount: Micros,
    /// Names the deed, at most 200 bytes: asked for again with the same key, it is done once.
    pub key: &'a str,
    /// The answer, order or plan that it is about.
    pub subject: Option<Uuid>,
    /// A word for people who read the statement, at most 500 characters.
    pub note: &'a str,
}

/// What a wallet holds; nothing when there is none yet.
pub async fn find(tx: &mut ClientTx, owner: Owner) -> Result<Wallet> {
    Ok(store::wallet(tx, owner.id()).await?.unwrap_or_default())
}

/// The latest lines of a wallet's statement.
pub async fn statement(tx: &mut ClientTx, owner: Owner, window: &Window) -> Result<Vec<Line>> {
    store::lines(tx, owner.id(), window).await
}

/// Adds credits that came out of a book: paid in (`TopUp`) or given (`Grant`). Asked for again with
/// the same key, they are added once.
///
/// # Errors
/// `Taken` when the key was used for something else.
pub async fn add(
    tx: &mut ClientTx,
    owner: Owner,
    (kind, from): (Kind, Book),
    entry: &Entry<'_>,
    now: OffsetDateTime,
) -> Result<Posted> {
    let wallet_no = lock(tx, owner, now).await?;
    let debit = Account::Summed(store::book(tx, from, now).await?);
    let credit = Account::Kept(wallet_no);
    ledger::post(tx, &entry.order(kind, debit, credit), now).await
}

/// Takes credits into a book, all or nothing: a purchase, a fee. Asked for again with the same key,
/// they are taken once.
///
/// # Errors
/// `OutOfCredit` when the wallet holds less; `Taken` when the key was used for something else.
pub async fn spend(
    tx: &mut ClientTx,
    owner: Owner,
    (kind, into): (Kind, Book),
    entry: &Entry<'_>,
    now: OffsetDateTime,
) -> Result<Posted> {
    let wallet_no = lock(tx, owner, now).await?;
    let debit = Account::Kept(wallet_no);
    let credit = Account::Summed(store::book(tx, into, now).await?);
    ledger::post(tx, &entry.order(kind, debit, credit), now).await
}

/// Takes a payment back that its payer got back: what the wallet still holds is taken, what was
/// spent meanwhile is booked as a loss, so that no balance falls below zero and the provider's book
/// shows the whole amount. Returns what the wallet gave. Asked for again with the same key, it is
/// done once.
///
/// # Errors
/// `Taken` when the key was used for something else.
pub async fn take_back(
    tx: &mut ClientTx,
    owner: Owner,
    into: Book,
    entry: &Entry<'_>,
    now: OffsetDateTime,
) -> Result<Option<Micros>> {
    let wallet_no = lock(tx, owner, now).await?;
    let keys = [
        format!("{} refund", entry.key),
        format!("{} loss", entry.key),
    ];
    let before = [
        store::made(tx, &keys[0]).await?,
        store::made(tx, &keys[1]).await?,
    ];
    if before.iter().any(Option::is_some) {
        let [taken, lost] = before.map(|made| made.map(|(_, _, amount)| amount));
        let sum: i64 = [taken, lost].into_iter().flatten().map(Micros::get).sum();
        return if sum == entry.amount.get() {
            Ok(taken)
        } else {
            Err(Error::Taken("key of a transfer"))
        };
    }
    let there = store::balance(tx, wallet_no).await?;
    let taken = Micros::new(there.min(entry.amount.get())).ok();
    let lost = match taken {
        None => Some(entry.amount),
        Some(taken) => entry.amount.minus(taken),
    };
    let provider = Account::Summed(store::book(tx, into, now).await?);
    let loss = Account::Summed(store::book(tx, Book::Loss, now).await?);
    let wallet = Account::Kept(wallet_no);
    let parts = [(Kind::Refund, wallet, taken), (Kind::Loss, loss, lost)];
    for ((kind, from, amount), key) in parts.into_iter().zip(&keys) {
        if let Some(amount) = amount {
            let part = Entry {
                amount,
                key,
                ..*entry
            };
            ledger::post(tx, &part.order(kind, from, provider), now).await?;
        }
    }
    Ok(taken)
}

impl<'a> Entry<'a> {
    fn order(&self, kind: Kind, debit: Account, credit: Account) -> Order<'a> {
        Order {
            kind,
            debit,
            credit,
            amount: self.amount,
            key: self.key,
            subject: self.subject,
            note: self.note,
        }
    }
}

/// The wallet, made when it is not there yet, locked until the transaction ends: whoever moves its
/// credits does so one after the other. The number of its account.
pub async fn lock(tx: &mut ClientTx, owner: Owner, now: OffsetDateTime) -> Result<i64> {
    store::lock_wallet(tx, owner.id(), now).await
}
