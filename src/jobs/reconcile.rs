//! The daily reconciliation: once providers were read (`outside`), each client's days are compared and
//! closed, the oldest first. Broken off anywhere and begun again, it comes to the same.

use time::{Date, Duration, OffsetDateTime};

use super::outside::providers;
use crate::{
    app::App,
    billing::{
        chain::Chains,
        recon::{
            Line, Remedy, Standing,
            close::{self, Day},
            desk::{self, Judged, Run},
            look, outside, turn,
        },
    },
    db::SystemTx,
    error::{Error, Result},
    ids::{ClientNo, RunId},
    queue::{self, Job, Outcome},
};

/// Days that one job closes at most.
const DAYS_MAX: usize = 31;
/// After this time it is looked again whether what a day waits for was read.
const PUT_OFF: Duration = Duration::minutes(5);

/// What became of a client's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was compared.
    Compared(Run),
    /// It was closed before: its lines stay what they were.
    Closed,
}

/// Reads what providers say of a day, by hand: without waiting for whose turn it is.
///
/// # Errors
/// `Upstream` when a provider does not answer: then nothing is concluded.
pub async fn read(app: &App, day: Date) -> Result<()> {
    let chains = Chains::new(&app.config)?;
    super::outside::read(app, &chains, day).await
}

/// Compares a client's day, and makes good what can be proved.
///
/// # Errors
/// `Conflict` when a provider was not read; `Unavailable` when the database is away.
pub async fn day(app: &App, client: ClientNo, day: Date) -> Result<Done> {
    let started = app.clock.now();
    let mut tx = app.db.client(client).await?;
    if close::is_closed(&mut tx, day).await? {
        return Ok(Done::Closed);
    }
    let lines = look(&mut tx, day).await?;
    let run = desk::begin(&mut tx, day, started).await?;
    tx.commit().await?;
    let mut judged: Vec<Judged> = Vec::with_capacity(lines.len());
    for line in lines {
        let (standing, reason) = match line.remedy {
            Remedy::Fine => (Standing::Fine, line.remark()),
            _ => match heal(app, client, (run, day), &line).await? {
                Some(judged) => judged,
                None => break,
            },
        };
        judged.push((line, standing, reason));
    }
    let mut tx = app.db.client(client).await?;
    let run = desk::keep(&mut tx, (run, day), &judged, app.clock.now()).await?;
    tx.commit().await?;
    let Some(run) = run else {
        return Ok(Done::Closed);
    };
    if run.open > 0 {
        tracing::warn!(client = client.0, %day, open = run.open, "lines of the books wait for a person");
    }
    Ok(Done::Compared(run))
}

/// One line's failure is its own: it waits for a person, and the run goes on. None when the day was
/// closed meanwhile.
async fn heal(
    app: &App,
    client: ClientNo,
    run: (RunId, Date),
    line: &Line,
) -> Result<Option<(Standing, String)>> {
    let mut tx = app.db.client(client).await?;
    match desk::heal(&mut tx, run, line, app.clock.now()).await {
        Ok(judged) => {
            tx.commit().await?;
            Ok(judged)
        }
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::warn!(
                error = error.causes(),
                reference = line.reference,
                "not made good"
            );
            let reason = error.to_string().chars().take(500).collect();
            Ok(Some((Standing::Open, reason)))
        }
    }
}

/// Closes a client's day, if it is the next one and over; none when it is not.
pub async fn close(app: &App, client: ClientNo, day: Date) -> Result<Option<Day>> {
    let (mut tx, now) = (app.db.client(client).await?, app.clock.now());
    if close::next(&mut tx, now).await? != Some(day) {
        return Ok(None);
    }
    match close::close(&mut tx, day, now).await {
        Ok(closed) => {
            tx.commit().await?;
            Ok(Some(closed))
        }
        // another server was quicker
        Err(Error::Conflict(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Compares and closes the days of a client that are over, as far as providers were read for them; what
/// is not read yet is asked for, and waited for without a worker.
///
/// # Errors
/// See [`day`].
pub async fn catch_up(app: &App, client: ClientNo) -> Result<Outcome> {
    for _ in 0..DAYS_MAX {
        let (mut tx, now) = (app.db.client(client).await?, app.clock.now());
        let next = close::next(&mut tx, now).await?;
        drop(tx);
        let Some(day) = next else { break };
        if let Some(why) = unread(app, client, day, now).await? {
            return Ok(Outcome::Later {
                at: now + PUT_OFF,
                why,
            });
        }
        self::day(app, client, day).await?;
        close(app, client, day).await?;
    }
    Ok(Outcome::Done)
}

/// Why a client's day cannot be compared yet; it is asked for together with those behind it. A
/// client waits for those only by whom money of its can have moved.
async fn unread(
    app: &App,
    client: ClientNo,
    day: Date,
    now: OffsetDateTime,
) -> Result<Option<String>> {
    let mut tx = app.db.client(client).await?;
    let used = outside::used(&mut tx).await?;
    drop(tx);
    let last = latest(now).min(day + Duration::days(DAYS_MAX as i64 - 1));
    let (mut tx, mut whys) = (app.db.system().await?, Vec::new());
    for provider in providers(app)? {
        if !outside::is_read(&mut tx, provider, day).await? {
            let failure = turn::wish(&mut tx, provider, (day, last)).await?;
            let failure = failure.map_or(String::new(), |why| format!(": {why}"));
            if used.iter().any(|used| used == provider) {
                whys.push(format!("{provider} is not read for {day} yet{failure}"));
            }
        }
    }
    tx.commit().await?;
    Ok((!whys.is_empty()).then(|| whys.join("; ")))
}

/// Adds a job for each client that has books.
pub async fn enqueue(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    let mut after = ClientNo(0);
    loop {
        let batch = close::clients(tx, after).await?;
        let Some((last, _)) = batch.last() else {
            return Ok(());
        };
        after = *last;
        for (client, _) in batch {
            let mut own = app.db.client(client).await?;
            queue::enqueue(&mut own, Job::Reconcile, now).await?;
            own.commit().await?;
        }
    }
}

/// Yesterday, or the day before it as long as yesterday cannot be closed.
pub fn latest(now: OffsetDateTime) -> Date {
    let yesterday = now.date() - Duration::DAY;
    match close::is_over(yesterday, now) {
        true => yesterday,
        false => yesterday - Duration::DAY,
    }
}
