//! What a client's day is found to be: made good where that is provable, and written down for those
//! who look at the rest.

use std::ops::Range;

use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    close, heal,
    shape::{Area, Line, Standing, State},
    store::{balance, lines as store},
};
use crate::{
    billing::note,
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{LineId, OrderId, RunId},
};

/// A run over one day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Run {
    /// Its id.
    pub run_id: RunId,
    /// The day, of UTC.
    pub day: Date,
    /// Lines that it told of.
    pub lines: i32,
    /// Those that it made good.
    pub healed: i32,
    /// Those that wait for a person.
    pub open: i32,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ended; none while it is at work, and for one that was broken off.
    pub ended_at: Option<OffsetDateTime>,
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    /// Its id.
    pub line_id: LineId,
    /// The day, of UTC.
    pub day: Date,
    /// What was compared.
    pub area: Area,
    /// With whom.
    pub provider: String,
    /// What it is called.
    pub reference: String,
    /// The order that it is about.
    pub order_id: Option<OrderId>,
    /// What it is.
    pub state: State,
    /// How much, by us.
    pub ours: Option<String>,
    /// How much, by the other side.
    pub theirs: Option<String>,
    /// Of what.
    pub currency: String,
    /// What becomes of it.
    pub standing: Standing,
    /// Why it waits, or what was done.
    pub reason: String,
    /// What the person said who resolved it.
    pub note: Option<String>,
    /// When it was.
    pub at: OffsetDateTime,
    /// When it was resolved.
    pub resolved_at: Option<OffsetDateTime>,
    /// What moved the balance, when that was compared.
    pub settled: Option<String>,
    /// What the provider kept of it.
    pub fee: Option<String>,
    /// The currency of both.
    pub settled_in: Option<String>,
}

/// A line, and what became of it.
pub type Judged = (Line, Standing, String);

/// From its first moment to that of the next day.
pub fn hours_of(day: Date) -> Range<OffsetDateTime> {
    let begins = day.midnight().assume_utc();
    begins..begins + Duration::DAY
}

/// A run over a day begins.
pub async fn begin(tx: &mut ClientTx, day: Date, now: OffsetDateTime) -> Result<RunId> {
    let id = RunId::new(now);
    store::begin(tx, (id, day), now).await?;
    Ok(id)
}

/// Makes good what can be proved, and writes that down with it: whatever becomes of the run, nothing is
/// made good in silence. What becomes of the line, with a word about it; none when another server
/// closed the day meanwhile.
///
/// # Errors
/// Whatever the deed says: then the line waits for a person.
pub async fn heal(
    tx: &mut ClientTx,
    (run, day): (RunId, Date),
    line: &Line,
    now: OffsetDateTime,
) -> Result<Option<(Standing, String)>> {
    store::lock(tx).await?;
    if close::is_closed(tx, day).await? {
        return Ok(None);
    }
    let made = heal::make_good(tx, line, now).await?;
    let (standing, reason) = (made.standing, made.reason);
    // what was really changed is told of each time, however like an earlier time it is
    if standing == Standing::Healed
        && (made.is_new || !store::is_known(tx, day, line, standing).await?)
    {
        store::add(tx, (run, day), line, (standing, &reason), now).await?;
    }
    Ok(Some((standing, reason)))
}

/// Writes a run's lines down, in the place of what an earlier run of the same day said, and ends it.
/// What was made good is there already ([`heal()`]), what an earlier day tells of is not told again, and a
/// day that another server closed meanwhile takes no more lines: then there is none.
pub async fn keep(
    tx: &mut ClientTx,
    (run, day): (RunId, Date),
    judged: &[Judged],
    now: OffsetDateTime,
) -> Result<Option<Run>> {
    store::lock(tx).await?;
    if close::is_closed(tx, day).await? {
        store::end(tx, run, now).await?;
        return Ok(None);
    }
    store::clear(tx, day).await?;
    for (line, standing, reason) in judged {
        let is_told = match standing {
            Standing::Fine => true,
            Standing::Healed | Standing::Resolved => false,
            Standing::Open => !store::is_known(tx, day, line, *standing).await?,
        };
        if is_told {
            store::add(tx, (run, day), line, (*standing, reason), now).await?;
        }
    }
    Ok(Some(store::end(tx, run, now).await?))
}

/// Runs, the latest first.
pub async fn runs(tx: &mut ClientTx, window: &Window) -> Result<Vec<Run>> {
    store::runs(tx, window).await
}

/// Lines of these days, the last one included, behind the one given.
pub async fn lines(
    tx: &mut ClientTx,
    days: (Date, Date),
    standing: Option<Standing>,
    after: Option<(Date, Uuid)>,
    rows: i64,
) -> Result<Vec<Kept>> {
    store::list(tx, days, standing, after, rows).await
}

/// What Stripe kept of a day's money, by currency: of each transaction once, however many lines tell of
/// it.
pub async fn fees(tx: &mut ClientTx, day: Date) -> Result<Vec<(String, i64)>> {
    let within = hours_of(day);
    balance::fees(tx, (within.start, within.end)).await
}

/// A person says what became of a line that waited.
///
/// # Errors
/// `NotFound` when there is none, `Conflict` when it does not wait, `Invalid` without a note.
pub async fn resolve(
    tx: &mut ClientTx,
    id: LineId,
    note: &str,
    now: OffsetDateTime,
) -> Result<Kept> {
    let asked = "Say in a note of 1 to 500 characters what became of it.";
    let note = note::said(note, asked)?;
    let missing = || Error::NotFound("line");
    store::find(tx, id).await?.ok_or_else(missing)?;
    if !store::resolve(tx, id, note, now).await? {
        return Err(Error::Conflict(
            "This line does not wait for anybody.".into(),
        ));
    }
    store::find(tx, id).await?.ok_or_else(missing)
}
