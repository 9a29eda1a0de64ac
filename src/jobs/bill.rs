//! Plan billing: what is due of all clients, subscription by subscription, each in a transaction of
//! its own. Broken off anywhere and begun again, it ends with the same fees.

use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    billing::{
        fee::{self, Collected, Limit},
        subscription,
    },
    db::SystemTx,
    error::{Error, Result},
    ids::{ClientNo, SubscriptionId},
    queue::{self, Job},
};

/// Subscriptions looked up at once.
const BATCH_ROWS: i64 = 500;
/// Clients that get a job from one slot; those who wait longest come first, the others with the next.
const CLIENTS_MAX: i64 = 2_000;
/// Hours by which a day begins earlier in one time zone than in another, at most.
const ZONES_HOURS: i64 = 26;
/// Hours until a subscription that could not be billed is tried again.
const PROBLEM_HOURS: i64 = 1;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Subscriptions looked at.
    pub seen: u64,
    /// Fees that were paid, or would be.
    pub paid: u64,
    /// Micro-credits for them.
    pub micros: i64,
    /// Fees that are unpaid after it, or would be.
    pub unpaid: u64,
    /// Subscriptions of which nothing could be billed.
    pub problems: u64,
    /// Some of these, with the reason.
    pub reasons: Vec<(ClientNo, SubscriptionId, String)>,
}

/// Problems that a run tells of.
const REASONS_MAX: usize = 20;

impl Run {
    fn add(&mut self, collected: &Collected) {
        self.paid += u64::from(collected.paid);
        self.micros += collected.micros;
        self.unpaid += u64::from(collected.unpaid);
    }
}

/// Bills all clients. `dry`: shows what would be done, and does nothing.
///
/// # Errors
/// `Unavailable` when the database is away: what was billed by then stays billed. What is wrong with
/// one subscription never ends the run.
pub async fn run(app: &App, limit: &Limit, dry: bool) -> Result<Run> {
    let (mut run, mut after) = (Run::default(), None);
    let by = furthest(limit);
    loop {
        let mut tx = app.db.system().await?;
        let batch = subscription::due(&mut tx, by, after, BATCH_ROWS).await?;
        drop(tx);
        after = match batch.last() {
            Some(last) => Some(*last),
            None => return Ok(run),
        };
        for (client, id) in batch {
            one(app, client, id, limit, dry, &mut run).await?;
        }
    }
}

/// Bills one client.
///
/// # Errors
/// See [`run`].
pub async fn client(app: &App, client: ClientNo) -> Result<()> {
    let (limit, mut run) = (Limit::by(app.clock.now()), Run::default());
    loop {
        let mut tx = app.db.client(client).await?;
        let batch = subscription::due_here(&mut tx, limit.now, BATCH_ROWS).await?;
        drop(tx);
        let is_last = batch.len() < usize::try_from(BATCH_ROWS).unwrap_or(usize::MAX);
        for id in batch {
            one(app, client, id, &limit, false, &mut run).await?;
        }
        if is_last {
            break;
        }
    }
    if run.seen > 0 {
        tracing::info!(
            client = client.0,
            paid = run.paid,
            unpaid = run.unpaid,
            problems = run.problems,
            "plans were billed"
        );
    }
    Ok(())
}

/// Adds a job for each client for which something is due.
pub async fn enqueue(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> Result<()> {
    for client in subscription::due_clients(tx, now, CLIENTS_MAX).await? {
        let mut own = app.db.client(client).await?;
        queue::enqueue(&mut own, Job::Bill, now).await?;
        own.commit().await?;
    }
    Ok(())
}

/// Beyond this no day of the limit begins, wherever the client is, and no fee waits for another try.
fn furthest(limit: &Limit) -> OffsetDateTime {
    let day = limit.day.filter(|_| limit.ahead);
    let until = day.map_or(limit.now, |day| day.midnight().assume_utc());
    until.max(limit.now) + Duration::hours(ZONES_HOURS)
}

async fn one(
    app: &App,
    client: ClientNo,
    id: SubscriptionId,
    limit: &Limit,
    dry: bool,
    run: &mut Run,
) -> Result<()> {
    run.seen += 1;
    let mut tx = app.db.client(client).await?;
    let error = match fee::collect(&mut tx, id, limit).await {
        Ok(collected) => {
            if !dry {
                tx.commit().await?;
            }
            run.add(&collected);
            return Ok(());
        }
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(error) => error,
    };
    drop(tx);
    tracing::warn!(error = error.causes(), client = client.0, subscription = %id, "a plan is not billed");
    run.problems += 1;
    if run.reasons.len() < REASONS_MAX {
        run.reasons.push((client, id, error.to_string()));
    }
    if dry {
        return Ok(());
    }
    let mut tx = app.db.client(client).await?;
    let until = limit.now + Duration::hours(PROBLEM_HOURS);
    subscription::put_off(&mut tx, id, &error.to_string(), until).await?;
    tx.commit().await
}
