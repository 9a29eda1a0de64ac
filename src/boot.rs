//! From settings to handles: the database is found or started, brought up to date, and logged in to
//! without power.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use sqlx::postgres::PgConnectOptions;

use crate::{
    app::{App, Tasks},
    blobs::Blobs,
    clock::Clock,
    config::Config,
    db::{
        Db, LOGIN_ROLE, Owner,
        embedded::{Access, Embedded, Settings},
    },
    error::{CanFail, Error},
    fetch::Fetcher,
    models::Models,
    secret::Secret,
    telemetry::Metrics,
    vault::Vault,
};

/// The database on the embedded PostgreSQL.
const DATABASE: &str = "concierge";

/// A world that is open.
pub struct Booted {
    /// Handles to it.
    pub app: App,
    /// The PostgreSQL that this process runs, when it does.
    pub embedded: Option<Embedded>,
}

/// How the embedded database is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Run it, alone: for a server.
    Own,
    /// Join it when it runs, else run it as long as needed: for a command beside a server.
    Beside,
}

/// Opens the world that the settings describe. If that fails, nothing it has started is left running.
pub async fn open(config: Arc<Config>, mode: Mode) -> Result<Booted> {
    let (database, embedded) = match config.secret("database", "url")? {
        None => {
            let (access, embedded) = embedded(&config, mode).await?;
            (Database::Embedded(access), embedded)
        }
        Some(url) => (Database::External(url), None),
    };
    match opened(config, &database).await {
        Ok(app) => Ok(Booted { app, embedded }),
        Err(error) => {
            if let Some(embedded) = embedded {
                let stopped = embedded.stop().await;
                stopped.can_fail("what went wrong before is what is told");
            }
            Err(error)
        }
    }
}

/// Where the database is.
enum Database {
    Embedded(Access),
    External(Secret),
}

async fn opened(config: Arc<Config>, database: &Database) -> Result<App> {
    let login = match database {
        Database::Embedded(access) => prepared(&config, access).await?,
        Database::External(url) => external(&config, url).await?,
    };
    let connections_max = config.number("database", "connections_max", 4..=1_000)? as u32;
    let db = Db::open(login, connections_max)
        .await
        .map_err(|error| match error {
            Error::Unavailable(cause) | Error::Internal(cause) => {
                cause.context("open the database")
            }
            refused => anyhow::anyhow!("database: {refused}"),
        })?;
    assemble(config, db, Clock::default())
}

/// The handles around an open database.
pub fn assemble(config: Arc<Config>, db: Db, clock: Clock) -> Result<App> {
    let data_dir = data_dir(&config)?;
    std::fs::create_dir_all(&data_dir).with_context(|| format!("make {}", data_dir.display()))?;
    let vault = match config.path("identity", "master_key_file") {
        Some(path) => Vault::open(&path, false)?,
        None => Vault::open(&data_dir.join("master.key"), true)?,
    };
    let storage = config
        .path("storage", "dir")
        .unwrap_or_else(|| data_dir.join("blobs"));
    let readonly_percent = config.number("storage", "readonly_percent", 0..=90)?;
    Ok(App {
        blobs: Blobs::new(storage.clone(), readonly_percent)
            .map_err(|error| anyhow::anyhow!("storage in {}: {error:?}", storage.display()))?,
        vault: Arc::new(vault),
        fetcher: Fetcher::new(),
        models: Arc::new(Models::new(&config)?),
        metrics: Metrics::new()?,
        tasks: Tasks::default(),
        config,
        db,
        clock,
    })
}

/// How to reach the embedded database; it is ours if it did not run.
async fn embedded(config: &Config, mode: Mode) -> Result<(Access, Option<Embedded>)> {
    let runtime = config
        .path("runtime", "dir")
        .context("[runtime] dir is empty")?;
    let settings = Settings::new(runtime, data_dir(config)?);
    let running = match mode {
        Mode::Own => None,
        Mode::Beside => Embedded::join(&settings).await?,
    };
    if let Some(access) = running {
        return Ok((access, None));
    }
    let embedded = Embedded::start(&settings).await?;
    Ok((embedded.access().clone(), Some(embedded)))
}

/// Brings the database up to date, and says how to log in to it without power.
async fn prepared(config: &Config, access: &Access) -> Result<PgConnectOptions> {
    let password = login_password(access);
    let owner = Owner::new(access.options("postgres"));
    owner.make_roles(LOGIN_ROLE, Some(&password)).await?;
    owner.make_database(DATABASE).await?;
    if config.flag("database", "migrate")? {
        owner.migrate(DATABASE).await?;
    }
    let login = access.options(DATABASE).username(LOGIN_ROLE);
    Ok(login.password(&password))
}

async fn external(config: &Config, url: &Secret) -> Result<PgConnectOptions> {
    let login = PgConnectOptions::from_str(url.expose()).context("[database] url")?;
    if config.flag("database", "migrate")? {
        let owner_url = config.secret("database", "owner_url")?;
        let owner_url = owner_url.as_ref().unwrap_or(url).expose();
        let owner = PgConnectOptions::from_str(owner_url).context("[database] owner_url")?;
        let database = login.get_database().unwrap_or("postgres").to_owned();
        let owner = Owner::new(owner);
        owner.make_roles(login.get_username(), None).await?;
        owner.migrate(&database).await?;
    }
    Ok(login)
}

/// Follows from the superuser's password, so that every process of this data folder knows it.
pub fn login_password(access: &Access) -> String {
    hex::encode(digest(
        &SHA256,
        format!("concierge login {}", access.password).as_bytes(),
    ))
}

fn data_dir(config: &Config) -> Result<PathBuf> {
    config
        .path("database", "data_dir")
        .context("[database] data_dir is empty")
}
