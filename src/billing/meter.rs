//! What is used is set aside before it is used, and settled when it was. Every answer, reading of a
//! document and picture goes through [`open`] and then, once, through [`settle`].

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    amount::{Micros, credits},
    hold::{self, Parts},
    plan::Offer,
    price::{Amounts, Rates},
    settings::Payer,
    store::meters::{self as store, Period, Spent, Terms},
    wallet::{self, Locked, Owner},
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::{ClientNo, EntitlementId},
    models::{ChatRequest, TokenUsage, tokens},
};

/// Tokens that an answer may be cut down to when more cannot be paid for.
const OUTPUT_TOKENS_MIN: u32 = 256;
/// How much more input is set aside than our own count: vendors cut texts in their own way.
const INPUT_MARGIN_PERCENT: u32 = 25;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
/// Rows are locked in one order, here and in [`settle`], so that nobody waits in a circle: what the
/// user used, the wallet, packs, what the client used.
///
/// # Errors
/// `Conflict` for what has no price, `OutOfCredit` when wallet or budget hold less than the least,
/// `OverQuota` when the user has used up what the client allows, `Taken` when this was metered before.
pub async fn open(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    now: OffsetDateTime,
) -> Result<Option<Opened>> {
    let Some(terms) = store::terms(tx, estimate.model, now).await? else {
        return Ok(None);
    };
    let rates = estimate.priced(&terms)?;
    let spent = count(tx, estimate, &terms, now).await?;
    let (source, entitlement) = match means(tx, estimate, &terms, &spent, now).await? {
        Means::Use(source, entitlement) => (source, entitlement),
        Means::Credit(locked) => {
            let opened = by_credit(tx, estimate, (&terms, &rates), (&spent, &locked), now).await?;
            return Ok(Some(opened));
        }
    };
    let opened = Opened {
        source,
        held: 0,
        output_tokens_max: estimate.output_tokens_max,
    };
    store::add(tx, estimate, &terms, (&opened, entitlement), now).await?;
    Ok(Some(opened))
}

/// Counts a use, and tells what the user has used up of today and of this month.
async fn count(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    terms: &Terms,
    now: OffsetDateTime,
) -> Result<Spent> {
    let Owner::User(user) = estimate.who else {
        return Ok(Spent::default());
    };
    let uses = i32::from(estimate.what == What::Answer);
    let rows = store::count(tx, user, uses, terms).await?;
    let of = |period: Period| rows.iter().find(|row| row.period == period);
    match (of(Period::Day), of(Period::Month)) {
        (Some(day), Some(month)) => Ok(Spent {
            free_uses: day.free_uses,
            day: day.credits,
            month: month.credits,
        }),
        (None, _) => Err(terms.used_up(Period::Day, now)),
        (_, None) => Err(terms.used_up(Period::Month, now)),
    }
}

/// What something is paid by.
enum Means {
    /// A free use, a pass or a use out of a pack.
    Use(Source, Option<EntitlementId>),
    /// Credits, out of this wallet.
    Credit(Locked),
}

/// A free use, a pass or a use out of a pack, when there is one, and it is an answer.
async fn means(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    terms: &Terms,
    spent: &Spent,
    now: OffsetDateTime,
) -> Result<Means> {
    let answer = estimate.what == What::Answer;
    if let Owner::User(user) = estimate.who
        && answer
        && spent.free_uses < terms.billing.free_uses_per_day
    {
        store::take_free_use(tx, user, terms).await?;
        return Ok(Means::Use(Source::Allowance, None));
    }
    let payer = terms.payer(estimate.who);
    let locked = wallet::lock(tx, payer, now).await?;
    if !answer {
        return Ok(Means::Credit(locked));
    }
    // a statement of its own, behind the lock: it sees what was bought while that was waited for
    match store::entitlement(tx, payer, now).await? {
        None => Ok(Means::Credit(locked)),
        Some((id, Offer::Pass)) => Ok(Means::Use(Source::Pass, Some(id))),
        Some((id, _)) => {
            store::take_use(tx, id).await?;
            Ok(Means::Use(Source::Pack, Some(id)))
        }
    }
}

/// Credits, and an answer that is no longer than they last.
async fn by_credit(
    tx: &mut ClientTx,
    estimate: &Estimate<'_>,
    (terms, rates): (&Terms, &Rates),
    (spent, locked): (&Spent, &Locked),
    now: OffsetDateTime,
) -> Result<Opened> {
    let payer = terms.payer(estimate.who);
    let budget = match terms.billing.budget_per_month {
        Some(budget) => Some(budget - store::lock_month(tx, terms).await?),
        None => None,
    };
    let left = Left {
        wallet: locked.balance,
        day: terms
            .billing
            .user_credits_per_day
            .map(|max| max - spent.day),
        month: terms
            .billing
            .user_credits_per_month
            .map(|max| max - spent.month),
        budget,
    };
    let (held, output_tokens_max) = estimate
        .fitting(rates, left.least())
        .map_err(|needed| left.refusal(needed, terms, payer == estimate.who, now))?;
    let opened = Opened {
        source: Source::Credit,
        held,
        output_tokens_max,
    };
    store::add(tx, estimate, terms, (&opened, None), now).await?;
    // what costs nothing moves nothing
    if let Ok(held) = Micros::new(held) {
        hold::open(tx, locked, estimate.id, held, now).await?;
    }
    Ok(opened)
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
    let Some(open) = store::lock_open(tx, id).await? else {
        return Ok(None);
    };
    let cost = match used.delivered {
        true => open.rates.cost(&used.amounts).unwrap_or(0),
        false => 0,
    };
    let charged = cost.min(open.held);
    store::end(tx, id, used, charged, now).await?;
    let back = store::Back {
        uses: i32::from(!used.delivered && open.kind == What::Answer),
        free_uses: i32::from(!used.delivered && open.source == Source::Allowance),
        credits: open.held - charged,
    };
    if let Owner::User(user) = Owner::of(open.owner_id) {
        store::give_back(tx, user, &open, &back).await?;
    }
    if open.held > 0 {
        let rest = back.credits;
        let parts = Parts { charged, rest };
        if !hold::settle(tx, id, &parts, open.month, now).await? {
            let text = format!("the hold of {id} is not what its meter says");
            return Err(Error::internal(anyhow::anyhow!(text)));
        }
    }
    if let (Source::Pack, Some(pack), false) = (open.source, open.entitlement_id, used.delivered) {
        store::give_use_back(tx, pack).await?;
    }
    Ok(Some(Settled {
        source: open.source,
        charged,
    }))
}

/// Whether there is or was a meter of this id.
pub async fn is_known(tx: &mut ClientTx, id: Uuid) -> Result<bool> {
    store::is_known(tx, id).await
}

/// Gives back all that was set aside for something that is not going to be.
pub async fn release(tx: &mut ClientTx, id: Uuid, now: OffsetDateTime) -> Result<Option<Settled>> {
    settle(tx, id, &Used::default(), now).await
}

/// Gives back what was set aside for attempts at this that came to nothing.
pub async fn release_all(tx: &mut ClientTx, subject: Uuid, now: OffsetDateTime) -> Result<()> {
    for id in store::open_of(tx, subject).await? {
        release(tx, id, now).await?;
    }
    Ok(())
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

/// What may still be spent, in micro-credits.
struct Left {
    wallet: i64,
    day: Option<i64>,
    month: Option<i64>,
    budget: Option<i64>,
}

impl Left {
    fn least(&self) -> i64 {
        let limits = [Some(self.wallet), self.day, self.month, self.budget];
        limits.into_iter().flatten().min().unwrap_or(0)
    }

    /// Why `needed` is too much. What the client has is told to nobody but the client.
    fn refusal(&self, needed: i64, terms: &Terms, own: bool, now: OffsetDateTime) -> Error {
        let short = |limit: Option<i64>| limit.is_some_and(|left| left < needed);
        if short(self.day) {
            return terms.used_up(Period::Day, now);
        }
        if short(self.month) {
            return terms.used_up(Period::Month, now);
        }
        let (needed, there) = (credits(needed), credits(self.wallet));
        Error::OutOfCredit(match (short(self.budget), own) {
            (true, _) => "The budget of this service for the month is used up. Whoever offers it can raise it.".into(),
            (false, true) => format!("The balance is too low: this needs about {needed} credits, {there} are there."),
            (false, false) => "This service is out of credit. Whoever offers it can add some.".into(),
        })
    }
}

impl Terms {
    /// Whose wallet and packs it is paid out of.
    fn payer(&self, who: Owner) -> Owner {
        match self.billing.payer {
            Payer::User => who,
            Payer::Client | Payer::Off => Owner::Client,
        }
    }

    fn used_up(&self, period: Period, now: OffsetDateTime) -> Error {
        let (word, ends) = match period {
            Period::Day => ("today", self.day_ends),
            Period::Month => ("this month", self.month_ends),
        };
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

impl Estimate<'_> {
    /// The rates, when there is one for everything that may be used.
    fn priced(&self, terms: &Terms) -> Result<Rates> {
        let least = Amounts {
            input: u32::from(self.what == What::Answer),
            output: u32::from(self.what == What::Answer),
            ..self.certain
        };
        let priced = |rates: &Rates| terms.price_id.is_some() && rates.cost(&least).is_some();
        Some(terms.rates).filter(priced).ok_or_else(|| {
            Error::Conflict(format!(
                "There is no price for {} yet: nothing is used before its operator sets one.",
                self.model
            ))
        })
    }

    /// What is to be set aside of the micro-credits that are there, and for how many tokens; or the
    /// least that is needed.
    fn fitting(&self, rates: &Rates, there: i64) -> Result<(i64, u32), i64> {
        let margin = self.certain.input.div_ceil(100 / INPUT_MARGIN_PERCENT);
        let certain = Amounts {
            input: self.certain.input.saturating_add(margin),
            output: 0,
            ..self.certain
        };
        let cost = |output| {
            rates
                .cost(&Amounts { output, ..certain })
                .unwrap_or(i64::MAX)
        };
        let worst = cost(self.output_tokens_max);
        if worst <= there {
            return Ok((worst, self.output_tokens_max));
        }
        let least = cost(self.output_tokens_max.min(OUTPUT_TOKENS_MIN));
        let output = rates.affordable_output(&certain, there).unwrap_or(0);
        if least > there || self.output_tokens_max == 0 {
            return Err(least);
        }
        let output = output.min(self.output_tokens_max);
        Ok((cost(output), output))
    }
}
