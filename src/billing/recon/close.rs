//! Closed days: a hash over the day before, every line, and every transfer of the ledger.
//!
//! Whoever changes an old line, adds one, takes one away, or changes a transfer of an old day, has to
//! write a new hash for every day since; who keeps one of the later hashes elsewhere notices.

use aws_lc_rs::digest::{Context, SHA256};
use time::{Date, Duration, OffsetDateTime};

use super::{
    desk::{Kept, hours_of},
    shape::Standing,
    store::{days as store, lines},
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::ClientNo,
};

/// The hash before the first day.
const FIRST: [u8; 32] = [0; 32];
/// What the hash of a day begins with: another way to write a day down gets another one.
const FORMAT: &str = "concierge books 2";
/// That of days which tell of their transfers only what moved by kind of account.
const FORMAT_OF_SUMS: &str = "concierge books 1";
/// Minutes from the end of a day until it can be closed: what began in it has ended by then.
const REST_MINUTES: i64 = 60;
/// How far the clocks of two servers may be apart: one closes a day, another resolves a line of it.
const CLOCKS_APART: Duration = Duration::minutes(5);
/// Lines and days read at once.
const BATCH_ROWS: i64 = 1_000;
/// Hashes of transfers read at once, of 32 bytes each.
const DIGEST_ROWS: i64 = 10_000;

/// A closed day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Day {
    /// The day, of UTC.
    pub day: Date,
    /// Transfers up to this number belong to it or to one before.
    pub last_no: i64,
    /// Its lines.
    pub lines: i32,
    /// Those that waited for a person when it was closed.
    pub open: i32,
    /// What moved in the ledger, by kind of account.
    pub trial: String,
    /// The hash of its transfers; none when it was closed before there was one.
    pub transfers: Option<Vec<u8>>,
    /// The hash of the day before.
    pub before: Vec<u8>,
    /// Its own.
    pub hash: Vec<u8>,
    /// When it was closed.
    pub closed_at: OffsetDateTime,
}

/// A day that is not what it was when it was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The day.
    pub day: Date,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The day that is to be closed next, if it is over; none for a client without books.
pub async fn next(tx: &mut ClientTx, now: OffsetDateTime) -> Result<Option<Date>> {
    let next = match store::last(tx).await? {
        Some(last) => Some(last.day + Duration::DAY),
        None => store::first_moment(tx).await?.map(OffsetDateTime::date),
    };
    Ok(next.filter(|day| is_over(*day, now)))
}

/// Whether a day can be closed by now.
pub fn is_over(day: Date, now: OffsetDateTime) -> bool {
    hours_of(day).end + Duration::minutes(REST_MINUTES) <= now
}

/// Whether a day is closed.
pub async fn is_closed(tx: &mut ClientTx, day: Date) -> Result<bool> {
    Ok(store::last(tx).await?.is_some_and(|last| day <= last.day))
}

/// Closes a day, the one behind the last that is closed. Days are closed one after the other; what
/// waits for a person in it goes on waiting.
///
/// # Errors
/// `Conflict` when it is not over, or not the next one.
pub async fn close(tx: &mut ClientTx, day: Date, now: OffsetDateTime) -> Result<Day> {
    lines::lock(tx).await?;
    if next(tx, now).await? != Some(day) {
        return Err(Error::Conflict(
            "Days are closed one after the other, an hour after their end.".into(),
        ));
    }
    let last = store::last(tx).await?;
    let (after, before) = last.map_or((0, FIRST.to_vec()), |last| (last.last_no, last.hash));
    let until = hours_of(day).end;
    let last_no = store::last_no(tx, until).await?.unwrap_or(0).max(after);
    let kept = all_lines(tx, day).await?;
    let open = kept
        .iter()
        .filter(|line| line.standing == Standing::Open)
        .count();
    let mut closed = Day {
        day,
        last_no,
        lines: i32::try_from(kept.len()).unwrap_or(i32::MAX),
        open: i32::try_from(open).unwrap_or(i32::MAX),
        trial: trial(tx, after, last_no).await?,
        transfers: Some(transfers(tx, after, last_no).await?),
        before,
        hash: Vec::new(),
        closed_at: now,
    };
    closed.hash = hash(tx.client(), &closed, &kept);
    store::add(tx, &closed).await?;
    Ok(closed)
}

/// Goes through all closed days and looks whether they are what they were.
pub async fn verify(tx: &mut ClientTx) -> Result<(usize, Vec<Flaw>)> {
    let (mut days, mut flaws) = (0, Vec::new());
    let mut last: Option<Day> = None;
    loop {
        let batch = store::list(tx, last.as_ref().map(|day| day.day), BATCH_ROWS).await?;
        if batch.is_empty() {
            return Ok((days, flaws));
        }
        for day in batch {
            days += 1;
            let found = flaw(tx, last.as_ref(), &day).await?;
            flaws.extend(found.map(|what| Flaw { day: day.day, what }));
            last = Some(day);
        }
    }
}

async fn flaw(tx: &mut ClientTx, last: Option<&Day>, day: &Day) -> Result<Option<&'static str>> {
    let (after, before) = last.map_or((0, &FIRST[..]), |last| (last.last_no, &last.hash));
    if day.before != before {
        return Ok(Some("it does not follow the day before"));
    }
    if last.is_some_and(|last| last.day + Duration::DAY != day.day) {
        return Ok(Some("a day before it is missing"));
    }
    let kept = all_lines(tx, day.day).await?;
    if hash(tx.client(), day, &kept) != day.hash {
        return Ok(Some(
            "its lines or its balance were changed since it was closed",
        ));
    }
    if !day.counts(&kept) {
        return Ok(Some("it does not tell of as many lines as there are"));
    }
    if trial(tx, after, day.last_no).await? != day.trial {
        return Ok(Some(
            "the transfers of the ledger do not add up to what they did",
        ));
    }
    // sums are all that is known of the transfers of older days
    let Some(known) = &day.transfers else {
        return Ok(None);
    };
    let found = transfers(tx, after, day.last_no).await?;
    Ok((found != *known).then_some("a transfer of the ledger was changed since it was closed"))
}

/// Clients that have books, behind this one.
pub async fn clients(tx: &mut SystemTx, after: ClientNo) -> Result<Vec<(ClientNo, String)>> {
    store::clients(tx, after.0, BATCH_ROWS).await
}

/// The last day that is closed.
pub async fn last(tx: &mut ClientTx) -> Result<Option<Day>> {
    store::last(tx).await
}

/// Closed days behind this one, the oldest first.
pub async fn list(tx: &mut ClientTx, after: Option<Date>, rows: i64) -> Result<Vec<Day>> {
    store::list(tx, after, rows).await
}

/// A closed day; none when it is not closed.
pub async fn find(tx: &mut ClientTx, day: Date) -> Result<Option<Day>> {
    let before = store::list(tx, day.previous_day(), 1).await?;
    Ok(before.into_iter().find(|found| found.day == day))
}

async fn all_lines(tx: &mut ClientTx, day: Date) -> Result<Vec<Kept>> {
    let mut all: Vec<Kept> = Vec::new();
    loop {
        let after = all.last().map(|line| (line.day, line.line_id.0));
        let batch = lines::list(tx, (day, day), None, after, BATCH_ROWS).await?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}

async fn trial(tx: &mut ClientTx, after: i64, until: i64) -> Result<String> {
    let moved = store::moved(tx, after, until).await?;
    let lines = moved
        .iter()
        .map(|(kind, debits, credits)| format!("{kind} {debits} {credits}\n"));
    Ok(lines.collect())
}

/// A hash over the hashes of all transfers behind one number up to another.
async fn transfers(tx: &mut ClientTx, mut after: i64, until: i64) -> Result<Vec<u8>> {
    let mut hash = Context::new(&SHA256);
    while let Some((last, digests)) = store::digests(tx, (after, until), DIGEST_ROWS).await? {
        hash.update(&digests);
        after = last;
    }
    Ok(hash.finish().as_ref().to_vec())
}

fn hash(client: ClientNo, day: &Day, lines: &[Kept]) -> Vec<u8> {
    let transfers = day.transfers.as_ref().map(hex::encode);
    let format = match &transfers {
        Some(_) => FORMAT,
        None => FORMAT_OF_SUMS,
    };
    let mut hash = Context::new(&SHA256);
    hash.update(&day.before);
    hash.update(format!("{format}\nclient {}\nday {}\n", client.0, day.day).as_bytes());
    let mut texts: Vec<String> = lines.iter().map(Kept::canonical).collect();
    texts.sort();
    for text in &texts {
        hash.update(text.as_bytes());
    }
    hash.update(format!("transfers to {}\n{}", day.last_no, day.trial).as_bytes());
    if let Some(transfers) = transfers {
        hash.update(format!("transfers {transfers}\n").as_bytes());
    }
    hash.finish().as_ref().to_vec()
}

impl Day {
    /// Whether it tells of these lines: all of them, and as open those that are, or were until it was
    /// closed.
    fn counts(&self, lines: &[Kept]) -> bool {
        let open = |until: OffsetDateTime| {
            let is_open = |line: &&Kept| match line.standing {
                Standing::Open => true,
                _ => line.resolved_at.is_some_and(|at| at >= until),
            };
            lines.iter().filter(is_open).count()
        };
        let possible = open(self.closed_at + CLOCKS_APART)..=open(self.closed_at - CLOCKS_APART);
        usize::try_from(self.lines) == Ok(lines.len())
            && usize::try_from(self.open).is_ok_and(|open| possible.contains(&open))
    }
}

impl Kept {
    /// The line as the hash takes it: what it said when its day was closed. What a person says of it
    /// later is not in it. Texts are quoted, so that no two lines are written the same.
    fn canonical(&self) -> String {
        // what waited when its day was closed may be resolved since
        let standing = match self.standing {
            Standing::Resolved => Standing::Open,
            other => other,
        };
        // lines of days from before the balance was compared are written as they were
        let settled = match (&self.settled, &self.fee, &self.settled_in) {
            (Some(amount), Some(fee), Some(currency)) => {
                format!(" {amount:?} {fee:?} {currency:?}")
            }
            _ => String::new(),
        };
        format!(
            "{:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {}{settled}\n",
            self.area,
            self.provider,
            self.reference,
            self.order_id
                .map_or_else(|| "-".to_owned(), |id| id.to_string()),
            self.state,
            standing,
            self.ours,
            self.theirs,
            self.currency,
            self.reason,
            self.at.unix_timestamp_nanos(),
        )
    }
}
