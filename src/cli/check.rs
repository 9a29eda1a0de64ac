//! `concierge check`: what a start would need, one line each, the rest too when one is wrong.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use concierge::{
    billing::chain::{self, Chains},
    blobs::Blobs,
    boot::{self, Mode},
    clock::Clock,
    config::Config,
    db::{self, Db},
    disk,
    identity::client,
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
        storage
            .as_ref()
            .map(|blobs| blobs.folder().display().to_string())
            .map_err(|error| anyhow!("{error:#}")),
    )?;
    if let Ok(blobs) = &storage {
        line("disk", disk(config, blobs))?;
    }
    line("chains", chains(config).await)?;
    line("limits", Ok(limits(config)))?;
    line("origins", origins(config, db).await)?;
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
            let (postgres, pgvector) = db.versions().await.map_err(told)?;
            let mut tx = db.system().await.map_err(told)?;
            let schema = match db::pending(&mut tx).await {
                Ok(pending) if pending.is_empty() => "up to date".to_owned(),
                Ok(pending) => bail!(
                    "the schema is behind: run `concierge migrate` for {}",
                    pending.join(", ")
                ),
                Err(error) => bail!(
                    "the schema cannot be read, run `concierge migrate`: {}",
                    error.causes()
                ),
            };
            Ok(format!(
                "PostgreSQL {postgres}, pgvector {pgvector}, schema {schema}"
            ))
        }
        Err(error) => bail!("{error:#}"),
    }
}

/// How full the disks are; wrong below what uploads need.
fn disk(config: &Config, blobs: &Blobs) -> Result<String> {
    let readonly = config.number("storage", "readonly_percent", 0..=90)? as f64;
    let warn = config.number("storage", "warn_percent", 0..=99)? as f64;
    let mut says = Vec::new();
    for (what, folder) in blobs.disks() {
        let free = disk::free_percent(folder)?;
        if free < readonly {
            bail!("{what}: only {free:.0} % is free, uploads are refused below {readonly} %");
        }
        let low = if free < warn { ", which is little" } else { "" };
        says.push(format!("{what} {free:.0} % free{low}"));
    }
    Ok(says.join(", "))
}

/// Whether the nodes answer for the chains that the settings name, and the tokens are there.
async fn chains(config: &Config) -> Result<String> {
    let chains = Chains::new(config)?;
    let mut says = Vec::new();
    for found in chains.0.iter() {
        let top = chain::check(found).await.map_err(told);
        let top = top.with_context(|| format!("[chain.{}]", found.name))?;
        let tokens: Vec<&str> = found
            .tokens
            .iter()
            .map(|token| token.symbol.as_str())
            .collect();
        let (id, nodes) = (found.chain_id, found.nodes.len());
        says.push(format!(
            "{} (chain {id}, block {top}, nodes {nodes}, {})",
            found.name,
            tokens.join(" ")
        ));
    }
    if says.is_empty() {
        return Ok("none, nothing is paid on chains".into());
    }
    Ok(says.join(", "))
}

fn limits(config: &Config) -> String {
    let or_none = |number: &str, unit: &str| match number {
        "0" => "no limit".to_owned(),
        number => format!("{number}/{unit}"),
    };
    let address = or_none(config.text("limits", "requests_per_second"), "s");
    let burst = config.text("limits", "requests_burst");
    let client = or_none(config.text("limits", "client_requests_per_minute"), "min");
    let user = or_none(config.text("limits", "user_requests_per_minute"), "min");
    format!("address {address} ({burst} at once), client {client}, user {user}")
}

async fn origins(config: &Config, db: &Result<Db>) -> Result<String> {
    let frames = match config.text("server", "frames") {
        "any" => "may be framed anywhere",
        _ => "may be framed by this server's own pages only",
    };
    let Ok(db) = db else {
        return Ok(format!("the page of a client without a list {frames}"));
    };
    let mut tx = db.system().await.map_err(told)?;
    let counted = client::origins_counted(&mut tx).await;
    let Ok((clients, origins)) = counted else {
        return Ok(format!("the page of a client without a list {frames}"));
    };
    Ok(format!(
        "{clients} clients list {origins}; the page of the others {frames}"
    ))
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
