//! Looks at chains, again and again. A lease lets one server at a time look at each of them.

use std::sync::Arc;

use super::pause;
use crate::{
    app::App,
    billing::chain::{Chain, Chains, settle, watch},
    error::Result,
};

/// Looks without a pause when there is much to read.
const LOOKS_MAX: usize = 50;

/// Watches every chain of the settings until told to stop.
pub fn start(app: &App, chains: &Chains) {
    for chain in chains.0.iter() {
        let (app, chain) = (app.clone(), chain.clone());
        app.tasks
            .clone()
            .spawn(async move { keep_looking(&app, &chain).await });
    }
}

async fn keep_looking(app: &App, chain: &Arc<Chain>) {
    let stop = app.tasks.stopping();
    while !stop.is_cancelled() {
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = catch_up(app, chain) => looked,
        };
        if let Err(error) = looked {
            tracing::warn!(
                error = error.causes(),
                chain = chain.name,
                "a chain is looked at again"
            );
        }
        pause(app, chain.poll.as_secs()).await;
    }
}

/// Looks until the top is reached, and brings orders to what was found.
///
/// # Errors
/// `Upstream` when a node does not tell what can be believed: how far was read stays as it was.
pub async fn catch_up(app: &App, chain: &Chain) -> Result<()> {
    let mut looked = Ok(true);
    for _ in 0..LOOKS_MAX {
        looked = look(app, chain).await;
        settle_due(app).await?;
        if !matches!(looked, Ok(true)) {
            break;
        }
    }
    looked.map(drop)
}

/// One look: whether there is more to read at once.
async fn look(app: &App, chain: &Chain) -> Result<bool> {
    let mut tx = app.db.system().await?;
    let plan = watch::begin(&mut tx, chain, app.clock.now()).await?;
    tx.commit().await?;
    let Some(plan) = plan else { return Ok(false) };
    let news = read(app, chain, &plan).await;
    let (mut tx, now) = (app.db.system().await?, app.clock.now());
    match news {
        Ok(news) => {
            let ours = watch::store(&mut tx, chain, (&plan, &news), now).await?;
            tx.commit().await?;
            Ok(ours && news.more)
        }
        Err(error) => {
            watch::failed(&mut tx, chain, &plan, &error, now).await?;
            tx.commit().await?;
            Err(error)
        }
    }
}

/// Reads a chain for addresses as they are once its top is known.
///
/// # Errors
/// See [`watch::read`].
pub async fn read(app: &App, chain: &Chain, plan: &watch::Plan) -> Result<watch::News> {
    let watched = async {
        let mut tx = app.db.system().await?;
        watch::watched(&mut tx, app.clock.now()).await
    };
    watch::read(chain, plan, watched).await
}

/// Brings orders to what arrived for them; one that cannot be does not keep the others waiting.
async fn settle_due(app: &App) -> Result<()> {
    let mut tx = app.db.system().await?;
    let due = settle::due(&mut tx).await?;
    drop(tx);
    for (client, order, until) in due {
        let settled = async {
            let mut tx = app.db.client(client).await?;
            settle::settle(&mut tx, order, until, app.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = settled.await {
            tracing::warn!(error = error.causes(), %order, "an order is settled by the next look");
        }
    }
    Ok(())
}
