//! What is used is set aside before it is used, and settled when it was. Every answer, reading of a
//! document and picture goes through [`open`] and then, once, through [`settle`]: each is one call of
//! a function in the database (`meter_open`, `meter_settle`), which holds the rules of what is paid by
//! what and the order of locks.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::credits,
    price::Amounts,
    store::meters::{self as store, Verdict, Word},
    wallet::Owner,
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::ClientNo,
    models::{ChatRequest, TokenUsage, tokens},
};

/// Meters looked at in one go by whoever looks for those left behind.
const STALE_MAX: i64 = 1_000;

/// What is metered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum What {
    /// An answer: it takes a use, where there is one.
    Answer,
    /// The reading of a document.
    Ingestion,
    /// A picture.
    Image,
}

/// By what it is paid, in the order in which it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[oai(rename = "PaidBy", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Source {
    /// A free use of the day.
    Allowance,
    /// A pass.
    Pass,
    /// A use out of a pack.
    Pack,
    /// Credits.
    Credit,
}

/// What is going to be used.
#[derive(Clone, Copy, Debug)]
pub struct Estimate<'a> {
    /// Of the answer or picture, or of this attempt to read a document.
    pub id: Uuid,
    /// What it is about, when that may be tried again: a document.
    pub subject: Option<Uuid>,
    /// Who uses it: a user, or a program of the client.
    pub who: Owner,
    /// What it is.
    pub what: What,
    /// What it is priced by.
    pub model: &'a str,
    /// What is used for certain, as we count it; `output` is not looked at.
    pub certain: Amounts,
    /// Tokens written at most.
    pub output_tokens_max: u32,
}

/// What was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Out of what.
    pub source: Source,
    /// Micro-credits; 0 for what is paid by a use or a pass.
    pub held: i64,
    /// Tokens that may be written for it: what is paid by credits writes no more than it set aside.
    pub output_tokens_max: u32,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// How much.
    pub amounts: Amounts,
    /// Whether anything of it reached whoever asked: what did not is not charged.
    pub delivered: bool,
}

/// What was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Settled {
    /// Out of what.
    pub source: Source,
    /// Micro-credits.
    pub charged: i64,
}

/// A meter that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Open {
    /// Whose.
    pub client_no: ClientNo,
    /// Of the answer or picture, or of an attempt to read a document.
    pub meter_id: Uuid,
    /// The document.
    pub subject: Option<Uuid>,
    /// What it is.
    pub kind: What,
}

/// Sets aside what is going to be used: a free use of the day, else a pass, else a use of a pack,
/// else credits, as much as it may cost and no more than may be spent. None where nobody pays. It is
/// the last statement of a transaction: others wait for the wallet until that ends.
///
/// # Errors
/// `Conflict` for what has no price, `OutOfCredit` when wallet or budget hold less than the least,
/// `OverQuota` when the user has used up what the client allows, `Taken` when this was metered before.
pub async fn open(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    now: OffsetDateTime,
) -> Result<Option<Opened>> {
    let verdict = store::open(tx, estimate, now).await?;
    match verdict.verdict {
        Word::Off => Ok(None),
        Word::Opened => verdict.opened().map(Some),
        _ => Err(verdict.refusal(estimate, now)),
    }
}

/// Charges what was used, at the prices of when it was opened, and gives the rest back; what was not
/// delivered is given back whole. None when this was not metered, or was settled before: there is one
/// settlement, whoever asks for it and however often.
pub async fn settle(
    tx: &mut ClientTx,
    id: Uuid,
    used: &Used,
    now: OffsetDateTime,
) -> Result<Option<Settled>> {
    store::settle(tx, id, used, now).await
}

/// Whether there is or was a meter of this id.
pub async fn is_known(tx: &mut ClientTx, id: Uuid) -> Result<bool> {
    store::is_known(tx, id).await
}

/// Gives back all that was set aside for something that is not going to be.
pub async fn release(tx: &mut ClientTx, id: Uuid, now: OffsetDateTime) -> Result<Option<Settled>> {
    settle(tx, id, &Used::default(), now).await
}

/// Gives back what was set aside for attempts at this that came to nothing; for how many.
pub async fn release_all(tx: &mut ClientTx, subject: Uuid, now: OffsetDateTime) -> Result<u32> {
    let mut released = 0;
    for id in store::open_of(tx, subject).await? {
        released += u32::from(release(tx, id, now).await?.is_some());
    }
    Ok(released)
}

/// Sets aside what an answer may cost, and lets it become no longer than that. None where nobody
/// pays.
///
/// # Errors
/// Those of [`open`].
pub async fn open_answer(
    tx: &mut ClientTx,
    (who, id): (Owner, Uuid),
    model: &str,
    request: &mut ChatRequest,
    now: OffsetDateTime,
) -> Result<Option<Opened>> {
    let certain = Amounts {
        input: tokens::count_prompt(&request.messages),
        ..Amounts::default()
    };
    let estimate = Estimate {
        id,
        subject: None,
        who,
        what: What::Answer,
        model,
        certain,
        output_tokens_max: request.output_tokens_max,
    };
    let opened = open(tx, &estimate, now).await?;
    if let Some(opened) = &opened {
        request.output_tokens_max = opened.output_tokens_max;
    }
    Ok(opened)
}

/// Meters of all clients that were opened before and are open still, the oldest first: whoever knows
/// what they are for ends those of things that are over.
pub async fn open_since(tx: &mut SystemTx, before: OffsetDateTime) -> Result<Vec<Open>> {
    store::open_since(tx, before, STALE_MAX).await
}

impl Verdict {
    fn opened(self) -> Result<Opened> {
        let opened = || {
            Some(Opened {
                source: self.source?,
                held: self.held?,
                output_tokens_max: u32::try_from(self.output_max?).ok()?,
            })
        };
        opened().ok_or_else(|| {
            Error::internal(anyhow::anyhow!(
                "what was set aside is not said whole: {self:?}"
            ))
        })
    }

    /// Why it was not set aside. What the client has is told to nobody but the client.
    fn refusal(&self, estimate: &Estimate<'_>, now: OffsetDateTime) -> Error {
        let own = self.payer == Some(estimate.who.id());
        let (needed, there) = (self.needed.unwrap_or(0), self.there.unwrap_or(0));
        match self.verdict {
            Word::Day => self.used_up("today", now),
            Word::Month => self.used_up("this month", now),
            Word::Budget => Error::OutOfCredit(
                "The budget of this service for the month is used up. Whoever offers it can raise it.".into(),
            ),
            Word::Balance if own => Error::OutOfCredit(format!(
                "The balance is too low: this needs about {} credits, {} are there.",
                credits(needed),
                credits(there)
            )),
            Word::Balance => Error::OutOfCredit(
                "This service is out of credit. Whoever offers it can add some.".into(),
            ),
            Word::Unpriced | Word::Off | Word::Opened => Error::Conflict(format!(
                "There is no price for {} yet: nothing is used before its operator sets one.",
                estimate.model
            )),
        }
    }

    fn used_up(&self, word: &str, now: OffsetDateTime) -> Error {
        let ends = self.ends_at.unwrap_or(now);
        let wait = Duration::try_from(ends - now).unwrap_or_default();
        let text = format!("What you may use {word} is used up. It starts anew at {ends}.");
        Error::OverQuota(text, wait)
    }
}

impl Used {
    /// What an answer used.
    pub fn of_answer(usage: TokenUsage, delivered: bool) -> Self {
        let amounts = Amounts {
            input: usage.input,
            cached: usage.cached,
            output: usage.output,
            ..Amounts::default()
        };
        Self { amounts, delivered }
    }
}
