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
    config::{Config, wrong},
    db::{
        Db, LOGIN_ROLE, Owner,
        embedded::{Access, Embedded, Settings},
    },
    engines::Engines,
    error::Error,
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

/// How the database is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Run the embedded one, alone: for a server.
    Own,
    /// Join the embedded one when it runs, else run it as long as needed: for a command beside a
    /// server.
    Beside,
    /// The same, and bring the schema up to date whatever `[database] migrate` says.
    Migrate,
}

/// Opens the world that the settings describe. If that fails, nothing it has started is left running.
pub async fn open(config: Arc<Config>, mode: Mode) -> Result<Booted> {
    let (db, embedded) = database(&config, mode).await?;
    match assemble(config, db, Clock::default()) {
        Ok(app) => Ok(Booted { app, embedded }),
        Err(error) => Err(closed(embedded, error).await),
    }
}

/// Finds or starts the database, and logs in to it without power. The PostgreSQL that this process
/// runs, if it does, is to be stopped last.
pub async fn database(config: &Config, mode: Mode) -> Result<(Db, Option<Embedded>)> {
    let migrate = mode == Mode::Migrate || config.flag("database", "migrate")?;
    let connections_max = config.number("database", "connections_max", 4..=1_000)? as u32;
    let log_in = async |login| {
        Db::open(login, connections_max)
            .await
            .map_err(|error| match error {
                Error::Unavailable(cause) | Error::Internal(cause) => {
                    cause.context("open the database")
                }
                refused => anyhow::anyhow!("database: {refused}"),
            })
    };
    if let Some(url) = config.secret("database", "url")? {
        return Ok((log_in(external(config, &url, migrate).await?).await?, None));
    }
    let (access, embedded) = reach(config, mode).await?;
    let opened = async { log_in(prepare(&access, migrate).await?).await };
    match opened.await {
        Ok(db) => Ok((db, embedded)),
        Err(error) => Err(closed(embedded, error).await),
    }
}

/// A start that fails leaves no PostgreSQL behind that nobody asked for.
async fn closed(embedded: Option<Embedded>, error: anyhow::Error) -> anyhow::Error {
    match embedded {
        None => error,
        Some(embedded) => match embedded.stop().await {
            Ok(()) => error,
            Err(also) => error.context(format!("{also:#}")),
        },
    }
}

/// The handles around an open database.
pub fn assemble(config: Arc<Config>, db: Db, clock: Clock) -> Result<App> {
    Ok(App {
        vault: Arc::new(vault(&config)?),
        blobs: blobs(&config)?,
        fetcher: Fetcher::new(),
        models: Arc::new(Models::new(&config)?),
        engines: Arc::new(Engines::new(&config)?),
        metrics: Metrics::new()?,
        tasks: Tasks::default(),
        config,
        db,
        clock,
    })
}

/// The vault, with a new master key where there is none yet.
pub fn vault(config: &Config) -> Result<Vault> {
    if let Some(path) = config.path("identity", "master_key_file") {
        return Vault::open(&path, false);
    }
    let data_dir = data_dir(config)?;
    std::fs::create_dir_all(&data_dir).with_context(|| format!("make {}", data_dir.display()))?;
    Vault::open(&data_dir.join("master.key"), true)
}

/// The store of uploaded bytes.
pub fn blobs(config: &Config) -> Result<Blobs> {
    let folder = match config.path("storage", "dir") {
        Some(folder) => folder,
        None => data_dir(config)?.join("blobs"),
    };
    let readonly_percent = config.number("storage", "readonly_percent", 0..=90)?;
    // an embedded database grows with every upload too
    let database = match config.secret("database", "url")? {
        Some(_) => None,
        None => Some(data_dir(config)?).filter(|folder| folder.exists()),
    };
    Blobs::new(folder.clone(), readonly_percent)
        .map(|blobs| blobs.beside(database))
        .map_err(|error| anyhow::anyhow!("storage in {}: {error:?}", folder.display()))
}

async fn reach(config: &Config, mode: Mode) -> Result<(Access, Option<Embedded>)> {
    let runtime = config
        .path("runtime", "dir")
        .ok_or_else(|| wrong("[runtime] dir is empty"))?;
    let settings = Settings::new(runtime, data_dir(config)?);
    if mode != Mode::Own
        && let Some(access) = Embedded::join(&settings).await?
    {
        return Ok((access, None));
    }
    let embedded = Embedded::start(&settings).await?;
    Ok((embedded.access().clone(), Some(embedded)))
}

async fn prepare(access: &Access, migrate: bool) -> Result<PgConnectOptions> {
    let password = login_password(access);
    let owner = Owner::new(access.options("postgres"));
    owner.make_roles(LOGIN_ROLE, Some(&password)).await?;
    owner.make_database(DATABASE).await?;
    if migrate {
        owner.migrate(DATABASE).await?;
    }
    let login = access.options(DATABASE).username(LOGIN_ROLE);
    Ok(login.password(&password))
}

async fn external(config: &Config, url: &Secret, migrate: bool) -> Result<PgConnectOptions> {
    let options = |key, url: &Secret| {
        PgConnectOptions::from_str(url.expose())
            .map_err(|error| wrong(format!("[database] {key}: {error}")))
    };
    let login = options("url", url)?;
    if migrate {
        let owner = match config.secret("database", "owner_url")? {
            None => login.clone(),
            Some(owner_url) => options("owner_url", &owner_url)?,
        };
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
        .ok_or_else(|| wrong("[database] data_dir is empty"))
}
