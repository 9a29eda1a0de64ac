//! What a plan costs for a period, taken from a wallet once.
//!
//! A fee is a row whose key is (client, owner, plan, period), and its transfer has a key made of the
//! same: whoever bills, however often and how many at once, it is paid once. The wallet's row is the
//! lock. What cannot be told for sure is not billed: the caller writes the doubt down and goes on.

use time::{Date, Duration, OffsetDateTime};

use super::{
    amount::Micros,
    ledger::{Book, Kind},
    period::{self, Zone},
    store::fees as store,
    subscription::{self, Subscription},
    wallet::{self, Entry, Owner},
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    http::paging::Window,
    ids::{ClientNo, PlanId, SubscriptionId},
};

/// Periods that can be due at once. More of them speak of a clock that is wrong.
const PERIODS_MAX: i32 = 12;
/// Unpaid fees after which no further period is billed until one is paid.
const UNPAID_MAX: usize = 3;
/// Hours until an unpaid fee is tried again.
const RETRY_HOURS: i64 = 6;

/// How far to bill.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The time it is.
    pub now: OffsetDateTime,
    /// The last day, where the client is, of which a period that begins on it is billed.
    pub day: Option<Date>,
    /// Whether to look ahead to that day, though it has not begun: for showing only.
    pub ahead: bool,
}

/// Whether a fee was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "FeeState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FeeState {
    /// It was.
    Paid,
    /// The wallet held less; it is tried again.
    Unpaid,
}

/// A fee.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Fee {
    /// The day on which its period began.
    pub period: Date,
    /// The plan.
    pub plan_id: PlanId,
    /// How much.
    pub amount: Micros,
    /// Whether it was paid.
    pub state: FeeState,
    /// How often it was tried.
    pub tries: i32,
    /// The moment its period began.
    pub due_at: OffsetDateTime,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
}

/// What a try came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Fees that were paid now.
    pub paid: u32,
    /// Micro-credits for them.
    pub micros: i64,
    /// Fees that are unpaid after it.
    pub unpaid: u32,
}

/// Fees of a client, for the periods asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sum {
    /// Whose.
    pub client_no: ClientNo,
    /// The client's public name.
    pub client_id: String,
    /// Fees paid.
    pub paid: i64,
    /// Micro-credits for them.
    pub paid_micros: i64,
    /// Fees not paid.
    pub unpaid: i64,
    /// Micro-credits for them.
    pub unpaid_micros: i64,
}

impl Limit {
    /// Whatever is due by now.
    pub fn by(now: OffsetDateTime) -> Self {
        Self {
            now,
            day: None,
            ahead: false,
        }
    }

    fn reaches(&self, day: Date, begins: OffsetDateTime) -> bool {
        self.day.is_none_or(|last| day <= last) && (self.ahead || begins <= self.now)
    }
}

/// Takes what is due of a subscription: first what is unpaid, then each period that has begun.
///
/// # Errors
/// `NotFound` when there is none; `Conflict` when it is not sure what is due; then nothing is taken.
pub async fn collect(tx: &mut ClientTx, id: SubscriptionId, limit: &Limit) -> Result<Collected> {
    let owner = subscription::find(tx, id).await?.owner();
    // whoever else bills this owner waits here, and finds what we did
    wallet::lock(tx, owner, limit.now).await?;
    let subscription = subscription::find(tx, id).await?;
    if subscription.ended_at.is_some() {
        return Ok(Collected::default());
    }
    let zone = subscription::zone(tx).await?;
    let mut collected = Collected::default();
    let mut unpaid = retry(tx, &subscription, limit, &mut collected).await?;
    let due = match unpaid < UNPAID_MAX {
        true => due(&subscription, zone, limit),
        false => Ok(Vec::new()),
    };
    let due = match due {
        // what was owed for certain stays paid: the next look, at once, says why nothing else is billed
        Err(Error::Conflict(_)) if collected.paid > 0 => {
            let (no, at) = (subscription.next_no, limit.now);
            super::store::subscriptions::step(tx, id, no, at).await?;
            return Ok(collected);
        }
        due => due?,
    };
    let mut next_no = subscription.next_no;
    for (period, begins) in due {
        if unpaid >= UNPAID_MAX {
            break;
        }
        next_no += 1;
        let Some(fee) = add(tx, &subscription, (period, begins), limit.now).await? else {
            // somebody paid for this very period by a subscription that ended since
            continue;
        };
        unpaid +=
            usize::from(!pay(tx, owner, &subscription.name, &fee, limit, &mut collected).await?);
    }
    collected.unpaid = u32::try_from(unpaid).unwrap_or(u32::MAX);
    let begins = period::nth(subscription.first_day, next_no).map(|day| zone.start_of(day));
    let again = (unpaid > 0).then(|| limit.now + Duration::hours(RETRY_HOURS));
    let next = match (begins, again) {
        // as many as are unpaid at most: only the next try can change that
        (Some(_), Some(again)) if unpaid >= UNPAID_MAX => again,
        (Some(begins), Some(again)) => begins.min(again),
        (Some(at), None) | (None, Some(at)) => at,
        (None, None) => return Err(doubt("its next period is beyond the calendar")),
    };
    super::store::subscriptions::step(tx, id, next_no, next).await?;
    Ok(collected)
}

/// The periods that are due, the oldest first.
fn due(
    subscription: &Subscription,
    zone: Zone,
    limit: &Limit,
) -> Result<Vec<(Date, OffsetDateTime)>> {
    let mut due = Vec::new();
    for no in subscription.next_no..=subscription.next_no.saturating_add(PERIODS_MAX) {
        let day = period::nth(subscription.first_day, no)
            .ok_or_else(|| doubt("its next period is beyond the calendar"))?;
        let begins = zone.start_of(day);
        if !limit.reaches(day, begins) {
            return Ok(due);
        }
        due.push((day, begins));
    }
    Err(doubt(&format!(
        "more than {PERIODS_MAX} periods are due at once; is the clock right? Bill by hand, with --until, for a part of them"
    )))
}

fn doubt(text: &str) -> Error {
    Error::Conflict(format!("Nothing is billed: {text}."))
}

/// Tries what is unpaid, the oldest first; how many are left.
async fn retry(
    tx: &mut ClientTx,
    subscription: &Subscription,
    limit: &Limit,
    collected: &mut Collected,
) -> Result<usize> {
    let unpaid = store::unpaid(tx, subscription.subscription_id).await?;
    let mut left = unpaid.len();
    for fee in unpaid {
        let (owner, name) = (subscription.owner(), &subscription.name);
        if !pay(tx, owner, name, &fee, limit, collected).await? {
            break;
        }
        left -= 1;
    }
    Ok(left)
}

/// Writes a fee down as unpaid; none when this period was paid before.
async fn add(
    tx: &mut ClientTx,
    subscription: &Subscription,
    (period, due_at): (Date, OffsetDateTime),
    now: OffsetDateTime,
) -> Result<Option<Fee>> {
    let amount = subscription
        .credits
        .ok_or_else(|| doubt("the plan does not say what it costs"))?;
    let fee = Fee {
        period,
        plan_id: subscription.plan_id,
        amount,
        state: FeeState::Unpaid,
        tries: 0,
        due_at,
        paid_at: None,
    };
    let is_new = store::add(tx, subscription, &fee, now).await?;
    Ok(is_new.then_some(fee))
}

/// Takes a fee from the wallet; false when that holds less.
async fn pay(
    tx: &mut ClientTx,
    owner: Owner,
    name: &str,
    fee: &Fee,
    limit: &Limit,
    collected: &mut Collected,
) -> Result<bool> {
    let key = format!("fee {} {} {}", owner.id(), fee.plan_id, fee.period);
    let entry = Entry {
        amount: fee.amount,
        key: &key,
        subject: Some(fee.plan_id.0),
        note: &format!("{name}, {}", fee.period),
    };
    let deed = (Kind::Fee, Book::Revenue);
    let paid = match wallet::spend(tx, owner, deed, &entry, limit.now).await {
        Ok(_) => true,
        Err(Error::OutOfCredit(_)) => false,
        Err(Error::Taken(_)) => {
            return Err(doubt("another transfer has the name of this fee"));
        }
        Err(error) => return Err(error),
    };
    let place = (owner.id(), fee.plan_id, fee.period);
    store::tried(tx, place, paid.then_some(limit.now)).await?;
    if paid {
        collected.paid += 1;
        collected.micros += fee.amount.get();
    }
    Ok(paid)
}

/// Fees of a subscription, the latest first.
pub async fn list(tx: &mut ClientTx, id: SubscriptionId, window: &Window) -> Result<Vec<Fee>> {
    store::list(tx, id, window).await
}

/// Fees of all clients for periods that begin on these days, the last one included.
pub async fn sums(tx: &mut SystemTx, (from, until): (Date, Date)) -> Result<Vec<Sum>> {
    store::sums(tx, from, until).await
}
