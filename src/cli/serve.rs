//! `concierge serve`

use std::sync::Arc;

use anyhow::{Context, Result};
use concierge::{
    app::App,
    boot::{self, Booted, Mode},
    config::Config,
    identity::{client, demo, key::NewKey},
    ids::ClientNo,
    server::ConciergeServer,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::told;

/// Runs until SIGINT or SIGTERM; PostgreSQL ends last.
pub async fn run(config: Arc<Config>, stop: CancellationToken) -> Result<()> {
    let Booted { app, embedded } = boot::open(config, Mode::Own).await?;
    let served = serve(&app, stop).await;
    app.tasks.finish().await;
    app.db.close().await;
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    served
}

async fn serve(app: &App, stop: CancellationToken) -> Result<()> {
    let demo = match app.config.secret("demo", "code")? {
        Some(_) => Some(demo_client(app).await?),
        None => None,
    };
    let server = ConciergeServer::new(app.clone(), demo)?;
    server.start_background()?;
    let listen = app.config.text("server", "listen");
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    server.serve_metrics().await?;
    server.serve(listener, stop).await
}

async fn demo_client(app: &App) -> Result<ClientNo> {
    let mut tx = app.db.system().await.map_err(told)?;
    if let Ok(client) = client::find(&mut tx, demo::CLIENT_ID).await {
        return Ok(client.client_no);
    }
    let bits = app.config.number("identity", "key_bits", 2_048..=4_096)? as usize;
    let key = NewKey::generate(bits).map_err(told)?;
    let now = app.clock.now();
    let client = client::create(&mut tx, &app.vault, &demo::new_client(), key, now)
        .await
        .map_err(told)?;
    tx.commit().await.map_err(told)?;
    Ok(client.client_no)
}

/// Fires at the first SIGINT or SIGTERM. Heard from the first moment on, so that a start can be
/// broken off cleanly too.
pub fn stopped_by_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let fired = stop.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "it has to outlive every task that shutdown waits for"
    )]
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("shutting down");
        fired.cancel();
    });
    Ok(stop)
}
