//! The daily reconciliation: providers are read, then each client's days are compared and closed, the
//! oldest first. Broken off anywhere and begun again, it comes to the same.

use time::{Date, Duration, OffsetDateTime};

use crate::{
    app::App,
    billing::{
        chain::{Chain, Chains},
        recon::{
            Line, Remedy, Standing,
            close::{self, Day},
            desk::{self, Judged, Run},
            look,
            on_chain::{self, Part},
            outside,
        },
        stripe::Stripe,
    },
    db::SystemTx,
    error::{Error, Result},
    ids::{ClientNo, RunId},
    queue::{self, Job},
};

/// Days that one job closes at most.
const DAYS_MAX: usize = 31;

/// What became of a client's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was compared.
    Compared(Run),
    /// It was closed before: its lines stay what they were.
    Closed,
}

/// Reads what providers say of a day, unless that was done after it was over. No transaction is open
/// while they are asked.
///
/// # Errors
/// `Upstream` when a provider does not answer: then nothing is concluded.
pub async fn read(app: &App, day: Date) -> Result<()> {
    read_stripe(app, day).await?;
    read_chains(app, day).await
}

async fn read_chains(app: &App, day: Date) -> Result<()> {
    let chains = Chains::new(&app.config)?;
    let mut tx = app.db.system().await?;
    let is_read = chains.0.is_empty() || outside::is_read(&mut tx, "chain", day).await?;
    drop(tx);
    if is_read {
        return Ok(());
    }
    let (now, mut facts, mut failed) = (app.clock.now(), 0, None);
    for chain in chains.0.iter() {
        match read_chain(app, chain, day, now).await {
            Ok(count) => facts += count,
            // the others are read as far as they can be all the same
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let mut tx = app.db.system().await?;
    on_chain::done(&mut tx, day, facts, now).await?;
    tx.commit().await
}

/// Reads a chain by parts; how much it was.
async fn read_chain(app: &App, chain: &Chain, day: Date, now: OffsetDateTime) -> Result<usize> {
    let mut facts = 0;
    loop {
        let mut tx = app.db.system().await?;
        let first = on_chain::first(&mut tx, chain, day).await?;
        drop(tx);
        let part = on_chain::part(chain, first).await?;
        facts += read_part(app, (chain, day), &part, now).await?;
        let mut tx = app.db.system().await?;
        on_chain::end(&mut tx, chain, day, &part).await?;
        tx.commit().await?;
        if part.is_last {
            return Ok(facts);
        }
    }
}

/// Reads a part for all addresses, some at a time.
async fn read_part(
    app: &App,
    (chain, day): (&Chain, Date),
    part: &Part,
    now: OffsetDateTime,
) -> Result<usize> {
    let (mut facts, mut before) = (0, None);
    loop {
        let mut tx = app.db.system().await?;
        let owners = on_chain::owners(&mut tx, day, before.as_ref()).await?;
        drop(tx);
        let Some(owners) = owners else {
            return Ok(facts);
        };
        let arrivals = on_chain::read(chain, part, &owners).await?;
        facts += arrivals.len();
        let mut tx = app.db.system().await?;
        on_chain::keep(&mut tx, (chain, day), &owners, &arrivals, now).await?;
        tx.commit().await?;
        before = Some(owners);
    }
}

async fn read_stripe(app: &App, day: Date) -> Result<()> {
    let stripe = Stripe::open(&app.config)?;
    let Some(stripe) = stripe else {
        return Ok(());
    };
    let mut tx = app.db.system().await?;
    let is_read = outside::is_read(&mut tx, "stripe", day).await?;
    drop(tx);
    if is_read {
        return Ok(());
    }
    let now = app.clock.now();
    let all = outside::stripe(&stripe, day).await?;
    let mut tx = app.db.system().await?;
    let (rows, strays, moves) = outside::keep(&mut tx, day, &all, now).await?;
    tx.commit().await?;
    tracing::info!(%day, rows, strays, moves, "what Stripe says was read");
    Ok(())
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

/// Compares and closes the days of a client that are over.
///
/// # Errors
/// See [`day`].
pub async fn client(app: &App, client: ClientNo) -> Result<()> {
    for _ in 0..DAYS_MAX {
        let mut tx = app.db.client(client).await?;
        let next = close::next(&mut tx, app.clock.now()).await?;
        drop(tx);
        let Some(day) = next else { return Ok(()) };
        read(app, day).await?;
        self::day(app, client, day).await?;
        close(app, client, day).await?;
    }
    Ok(())
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
