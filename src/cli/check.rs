//! `concierge check`: what a start would need, one line each, the rest too when one is wrong.

use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use concierge::{
    boot::{self, Mode},
    clock::Clock,
    config::Config,
    db::Db,
    jobs,
    models::{Models, SharedEmbedder},
    server::ConciergeServer,
};
use serde_json::json;

use super::{say, told};

#[derive(Args)]
pub struct CheckArguments {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(config: Arc<Config>, arguments: CheckArguments) -> Result<()> {
    let (db, embedded) = match boot::database(&config, Mode::Beside).await {
        Ok((db, embedded)) => (Ok(db), embedded),
        Err(error) => (Err(error), None),
    };
    let looked = look(&config, &db, arguments.json).await;
    if let Ok(db) = &db {
        db.close().await;
    }
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    looked
}

async fn look(config: &Arc<Config>, db: &Result<Db>, json: bool) -> Result<()> {
    let mut wrong = 0;
    let mut line = |what: &str, found: Result<String>| {
        wrong += usize::from(found.is_err());
        report(what, &found, json)
    };
    let models = Models::new(config);
    line("configuration", settings(config, db))?;
    line("database", database(db).await)?;
    let storage = boot::blobs(config);
    line(
        "storage",
        storage.map(|blobs| blobs.folder().display().to_string()),
    )?;
    line("vault", vault(config, db).await)?;
    match models {
        Err(error) => line("models", Err(error))?,
        Ok(models) => {
            line("chat", Ok(models.chat().name().to_owned()))?;
            line("embedding", embedding(models.embedder()).await)?;
        }
    }
    if wrong > 0 {
        bail!("{wrong} of these are wrong");
    }
    Ok(())
}

fn report(what: &str, found: &Result<String>, json: bool) -> Result<()> {
    let (ok, says) = match found {
        Ok(says) => (true, says.clone()),
        Err(error) => (false, format!("{error:#}")),
    };
    if json {
        return say(json!({"what": what, "ok": ok, "says": says}));
    }
    let word = if ok { "ok" } else { "WRONG" };
    say(format!("{what:<15}{word}: {says}"))
}

/// Settings are read where they are used, so the server is put together as for a start.
fn settings(config: &Arc<Config>, db: &Result<Db>) -> Result<String> {
    jobs::reading(config)?;
    if let Ok(db) = db
        && let Ok(app) = boot::assemble(config.clone(), db.clone(), Clock::default())
    {
        let server = ConciergeServer::new(app, None)?;
        server.routes()?;
    }
    Ok(format!("from {}", config.folder().display()))
}

async fn database(db: &Result<Db>) -> Result<String> {
    match db {
        Ok(db) => {
            db.ping().await.map_err(told)?;
            Ok("it answers".into())
        }
        Err(error) => bail!("{error:#}"),
    }
}

async fn vault(config: &Config, db: &Result<Db>) -> Result<String> {
    let vault = boot::vault(config)?;
    match db {
        Ok(db) => super::vault::state(db, &vault).await,
        Err(_) => Ok(format!("keys in {}", vault.path().display())),
    }
}

async fn embedding(embedder: Option<SharedEmbedder>) -> Result<String> {
    let Some(embedder) = embedder else {
        return Ok("none, search goes by words only".into());
    };
    let vectors = embedder.embed(vec!["check".to_owned()]).await;
    let dimensions = vectors.map_err(told)?.first().map_or(0, Vec::len);
    Ok(format!("{}, {dimensions} dimensions", embedder.id()))
}
