//! The schedule. `tokio-cron-scheduler` is the ticker; a row per slot makes each run once, whichever
//! process comes first, and late rather than never.

use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::Executor;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job as Tick, JobScheduler};

use super::{bill, money, reconcile, stale::end_stale_holds};
use crate::{
    app::App,
    billing::stripe,
    chat::orphan,
    db::{SystemTx, waited_too_long},
    error::{CanFail, Result as AppResult},
    identity::{client, session},
    queue::{self, Job},
    quota,
};

/// Every minute: what is due is decided by the slots.
const EVERY_MINUTE: &str = "0 * * * * *";
/// Hours for which the events of an ended answer can be read again.
const FRAMES_HOURS: i64 = 24;
/// Days for which slots are remembered.
const SLOT_DAYS: i64 = 7;

/// How long a slot is waited for that another process has in its hands: one that is frozen keeps its
/// row for as long as it is, and whoever waits holds a connection.
const TAKE: &str = "set local lock_timeout = '1s'";
/// The work itself waits as any other does.
const TAKEN: &str = "set local lock_timeout to default";

/// What is done, and how many minutes apart.
const PLAN: [(&str, i64); 9] = [
    ("sweep", 60),
    ("blobs", 24 * 60),
    ("bill", 10),
    ("orders", 5),
    ("holds", 10),
    ("notices", 15),
    ("usage", 60),
    ("late_usage", 24 * 60),
    ("reconcile", 6 * 60),
];

/// What became of a slot that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Its work was done here.
    Done,
    /// A process had done it before, or has it in its hands.
    Before,
    /// Its work failed: it is tried again with the next tick.
    Failed,
}

/// Ticks until told to stop.
pub async fn run(app: &App) -> Result<()> {
    let ticker = JobScheduler::new().await.context("the ticker")?;
    let (ticking, stop) = (app.clone(), app.tasks.stopping());
    let last = Arc::new(Mutex::new(()));
    let now = last.clone();
    let tick = Tick::new_async(EVERY_MINUTE, move |_, _| {
        let (app, last) = (ticking.clone(), last.clone());
        Box::pin(async move { drop(tick_alone(&app, &last).await) })
    })?;
    ticker.add(tick).await?;
    ticker.start().await?;
    // what came due while no server ran; a slot that is broken off is done by whoever comes next
    stop.run_until_cancelled(tick_alone(app, &now)).await;
    stop.cancelled().await;
    let mut ticker = ticker;
    ticker.shutdown().await.can_fail("the process ends anyway");
    Ok(())
}

/// Ticks unless this server's last tick is at work: the ticker does not wait for it, and ticks that wait
/// for each other would hold a connection each.
pub async fn tick_alone(app: &App, last: &Mutex<()>) -> Option<Vec<(&'static str, Slot)>> {
    let _alone = last.try_lock().ok()?;
    Some(tick(app).await)
}

/// Does what is due now, one slot after the other; one whose work fails keeps no other.
pub async fn tick(app: &App) -> Vec<(&'static str, Slot)> {
    let mut ticked = Vec::with_capacity(PLAN.len());
    for (name, minutes) in PLAN {
        let became = slot(app, name, minutes).await.unwrap_or_else(|error| {
            tracing::warn!(
                error = error.causes(),
                name,
                "a slot of the schedule is tried again in a minute"
            );
            Slot::Failed
        });
        ticked.push((name, became));
    }
    ticked
}

/// Does what is due in the present slot, unless a process has done it or is at it.
async fn slot(app: &App, name: &str, minutes: i64) -> AppResult<Slot> {
    let now = app.clock.now();
    let seconds = minutes * 60;
    let slot =
        OffsetDateTime::from_unix_timestamp(now.unix_timestamp().div_euclid(seconds) * seconds)
            .unwrap_or(now);
    let mut tx = app.db.system().await?;
    if !take(&mut tx, name, slot).await? {
        return Ok(Slot::Before);
    }
    match name {
        "blobs" => sweep_blobs(app, &mut tx, now).await?,
        "bill" => bill::enqueue(app, &mut tx, now).await?,
        "orders" => money::orders(app, &mut tx, now).await?,
        "holds" => end_stale_holds(app).await.map(drop)?,
        "notices" => money::notices(&mut tx, now).await?,
        "usage" => money::usage(&mut tx, now).await?,
        "late_usage" => money::late_usage(&mut tx, now).await?,
        "reconcile" => reconcile::enqueue(app, &mut tx, now).await?,
        _ => sweep(app, &mut tx, now).await?,
    }
    tx.commit().await?;
    Ok(Slot::Done)
}

/// Whether the slot is ours. The row is there when the work is: one commit.
async fn take(tx: &mut SystemTx, name: &str, slot: OffsetDateTime) -> AppResult<bool> {
    tx.conn().execute(TAKE).await?;
    let taken =
        sqlx::query("insert into job_slot (name, slot_at) values ($1, $2) on conflict do nothing")
            .bind(name)
            .bind(slot)
            .execute(tx.conn())
            .await;
    let taken = match taken {
        Err(error) if waited_too_long(&error) => return Ok(false),
        taken => taken?,
    };
    tx.conn().execute(TAKEN).await?;
    Ok(taken.rows_affected() == 1)
}

async fn sweep(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> AppResult<()> {
    let hours = app.config.number("identity", "token_hours", 1..=720)?;
    session::sweep(tx, now, Duration::hours(hours as i64)).await?;
    orphan::forget_frames(tx, now - Duration::hours(FRAMES_HOURS)).await?;
    quota::sweep(tx, now).await?;
    stripe::sweep(tx, now).await?;
    sqlx::query("delete from job_slot where slot_at < $1")
        .bind(now - Duration::days(SLOT_DAYS))
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn sweep_blobs(app: &App, tx: &mut SystemTx, now: OffsetDateTime) -> AppResult<()> {
    for client in client::list(tx).await? {
        let mut own = app.db.client(client.client_no).await?;
        queue::enqueue(&mut own, Job::SweepBlobs, now).await?;
        own.commit().await?;
    }
    Ok(())
}
