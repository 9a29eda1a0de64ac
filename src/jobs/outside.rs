//! Reads what providers say of the days that clients wait for. A lease lets one server at a time ask
//! each of them, and whoever waits for it holds no worker.

use std::time::Duration;

use time::{Date, OffsetDateTime};

use super::pause;
use crate::{
    app::App,
    billing::{
        chain::{Chain, Chains},
        recon::{
            on_chain::{self, Part},
            outside,
            turn::{self, LEASE_SECONDS, Turn},
        },
        stripe::Stripe,
    },
    error::Result,
};

/// Seconds between two looks for days that clients wait for.
const POLL_SECONDS: u64 = 30;

/// Those who have to be read before a day is compared, as the settings name them.
///
/// # Errors
/// When the settings cannot be read.
pub fn providers(app: &App) -> Result<Vec<&'static str>> {
    let key = app.config.secret("stripe", "secret_key")?;
    let stripe = key.is_some().then_some("stripe");
    let chain = (!app.config.named("chain").is_empty()).then_some("chain");
    Ok([stripe, chain].into_iter().flatten().collect())
}

/// Reads whatever clients wait for until told to stop.
///
/// # Errors
/// When the settings cannot be read.
pub fn start(app: &App, chains: &Chains) -> Result<()> {
    for provider in providers(app)? {
        let (app, chains) = (app.clone(), chains.clone());
        app.tasks
            .clone()
            .spawn(async move { keep_reading(&app, &chains, provider).await });
    }
    Ok(())
}

async fn keep_reading(app: &App, chains: &Chains, provider: &'static str) {
    let stop = app.tasks.stopping();
    while !stop.is_cancelled() {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = next(app, chains, provider) => done,
        };
        if let Err(error) = &done {
            tracing::warn!(
                error = error.causes(),
                provider,
                "a day of a provider is read again"
            );
        }
        if !matches!(done, Ok(true)) {
            pause(app, POLL_SECONDS).await;
        }
    }
}

/// Reads a day that clients wait for; false when there is none, or another server is at it.
///
/// # Errors
/// As [`read`]: the day is read again later.
pub async fn next(app: &App, chains: &Chains, provider: &'static str) -> Result<bool> {
    let mut tx = app.db.system().await?;
    let turn = turn::begin(&mut tx, provider, app.clock.now()).await?;
    tx.commit().await?;
    let Some(turn) = turn else { return Ok(false) };
    let done = tokio::select! {
        () = keep_turn(app, &turn) => return Ok(false),
        done = read_one(app, chains, provider, turn.day) => done,
    };
    let mut tx = app.db.system().await?;
    turn::end(&mut tx, &turn, done.as_ref().err(), app.clock.now()).await?;
    tx.commit().await?;
    done.map(|()| true)
}

/// Returns when it is somebody else's turn.
async fn keep_turn(app: &App, turn: &Turn) {
    loop {
        tokio::time::sleep(Duration::from_secs(LEASE_SECONDS) / 3).await;
        let extend = async {
            let mut tx = app.db.system().await?;
            let is_ours = turn::extend(&mut tx, turn, app.clock.now()).await?;
            tx.commit().await?;
            Result::<bool>::Ok(is_ours)
        };
        match extend.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(
                    error = error.causes(),
                    "the lease of a provider is not extended"
                );
            }
        }
    }
}

/// Reads what all providers say of a day now, whoever's turn it is.
///
/// # Errors
/// `Upstream` when a provider does not answer: then nothing is concluded.
pub async fn read(app: &App, chains: &Chains, day: Date) -> Result<()> {
    for provider in providers(app)? {
        read_one(app, chains, provider, day).await?;
    }
    Ok(())
}

/// Unless it was done after the day was over. No transaction is open while a provider is asked.
async fn read_one(app: &App, chains: &Chains, provider: &str, day: Date) -> Result<()> {
    let mut tx = app.db.system().await?;
    let is_read = outside::is_read(&mut tx, provider, day).await?;
    drop(tx);
    match provider {
        _ if is_read => Ok(()),
        "stripe" => read_stripe(app, day).await,
        _ => read_chains(app, chains, day).await,
    }
}

async fn read_stripe(app: &App, day: Date) -> Result<()> {
    let Some(stripe) = Stripe::open(&app.config)? else {
        return Ok(());
    };
    let now = app.clock.now();
    let all = outside::stripe(&stripe, day).await?;
    let mut tx = app.db.system().await?;
    let (rows, strays, moves) = outside::keep(&mut tx, day, &all, now).await?;
    tx.commit().await?;
    tracing::info!(%day, rows, strays, moves, "what Stripe says was read");
    Ok(())
}

async fn read_chains(app: &App, chains: &Chains, day: Date) -> Result<()> {
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
            on_chain::reaches_its_end(chain, (&part, first.is_some()), day, now).await?;
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
        on_chain::keep(&mut tx, (chain, day, part), &owners, &arrivals, now).await?;
        tx.commit().await?;
        before = Some(owners);
    }
}
