//! What runs by itself: workers that take jobs, and a schedule whose slots run once.

pub mod bill;
pub mod chain;
pub mod money;
pub mod outside;
pub mod reconcile;
mod run;
mod schedule;
mod stale;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::Notify;

pub use self::{
    run::{drain, reading},
    schedule::{Slot, tick, tick_alone},
    stale::end_stale_holds,
};
use crate::{
    app::App,
    billing::chain::Chains,
    chat::{orphan, turn::LEASE_SECONDS},
    error::{CanFail, Error, Result as AppResult},
};

/// Seconds between two looks for jobs when nobody says that there are some.
const POLL_SECONDS: u64 = 3;
/// Seconds between two looks for answers whose writer died.
const ORPHAN_SECONDS: u64 = 2;

/// Whoever waited longer for the database waited for it to come back.
const BACK_MAX: Duration = Duration::from_secs(1);

/// Starts workers, the search for orphans and the schedule.
pub fn start(app: &App, chains: &Chains) -> Result<()> {
    let reading = Arc::new(reading(&app.config)?);
    let wake = Arc::new(Notify::new());
    for _ in 0..app.config.number("jobs", "workers", 0..=64)? {
        let (app, reading, wake) = (app.clone(), reading.clone(), wake.clone());
        app.tasks
            .clone()
            .spawn(async move { run::work(&app, &reading, &wake).await });
    }
    let (hearing, woken) = (app.clone(), wake);
    app.tasks.spawn(async move { hear(&hearing, &woken).await });
    chain::start(app, chains);
    outside::start(app, chains)?;
    let watching = app.clone();
    app.tasks
        .spawn(async move { watch_orphans(&watching).await });
    let ticking = app.clone();
    app.tasks.spawn(async move {
        schedule::run(&ticking)
            .await
            .can_fail("it is logged where it happens, and the next start tries again");
    });
    Ok(())
}

/// Wakes the workers when any process adds a job.
async fn hear(app: &App, wake: &Notify) {
    let stop = app.tasks.stopping();
    while !stop.is_cancelled() {
        let hear = async {
            let mut listener = app.db.listen("job_added").await?;
            while listener.try_recv().await?.is_some() {
                wake.notify_waiters();
            }
            AppResult::<()>::Ok(())
        };
        tokio::select! {
            () = stop.cancelled() => return,
            heard = hear => heard.can_fail("workers look for jobs by themselves too"),
        }
        pause(app, POLL_SECONDS).await;
    }
}

async fn watch_orphans(app: &App) {
    let stop = app.tasks.stopping();
    loop {
        let looked = async {
            was_there(app).await?;
            end_orphans(app).await
        };
        let seconds = match stop.run_until_cancelled(looked).await {
            None => return,
            Some(Ok(())) => ORPHAN_SECONDS,
            Some(Err(error)) => {
                tracing::warn!(
                    error = error.causes(),
                    "answers whose writer died are looked for again"
                );
                // their writers did not reach the database either: they get the time to say that
                // they live
                LEASE_SECONDS
            }
        };
        pause(app, seconds).await;
    }
}

/// Whether the database answers; no if it has only just come back.
async fn was_there(app: &App) -> AppResult<()> {
    let started = Instant::now();
    app.db.ping().await?;
    if started.elapsed() > BACK_MAX {
        let back = anyhow::anyhow!("the database has only just come back");
        return Err(Error::Unavailable(back));
    }
    Ok(())
}

/// Ends the answers whose writer is not believed to be alive.
pub async fn end_orphans(app: &App) -> AppResult<()> {
    let mut tx = app.db.system().await?;
    let left = orphan::list(&mut tx, app.clock.now()).await?;
    drop(tx);
    for (client, message) in left {
        orphan::end(app, client, message).await?;
    }
    Ok(())
}

async fn pause(app: &App, seconds: u64) {
    tokio::select! {
        () = app.tasks.stopping().cancelled_owned() => {}
        () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
    }
}
