//! The PostgreSQL of all benchmarks, durable as in production, and plain connections to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use concierge::{
    boot,
    db::{
        LOGIN_ROLE, Owner,
        embedded::{Access, Embedded, Gone, Settings},
    },
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::runtime::Runtime;

use crate::machine;

/// The cluster, and a runtime to talk to it.
pub struct Cluster {
    embedded: Embedded,
    runtime: Runtime,
}

/// The runtime that `scripts/fetch-runtime` has laid.
pub fn runtime_dir() -> PathBuf {
    let named = machine::environment("CONCIERGE_RUNTIME_DIR").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime"))
}

/// A folder for the data of a PostgreSQL, kept from run to run. A machine may keep it and lose what
/// lies outside of it, where root's databases are: then it is begun anew.
pub fn data_dir(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let joined = runtime.block_on(Embedded::join(&Settings::new(runtime_dir(), &folder)));
    if let Err(error) = joined {
        fs::remove_file(error.downcast::<Gone>()?.pointer)?;
    }
    Ok(folder)
}

impl Cluster {
    /// Starts it, or takes over the one that a broken-off run left.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let settings = Settings::new(runtime_dir(), data_dir("bench-cluster")?);
        let embedded = runtime.block_on(async {
            let embedded = Embedded::start(&settings).await?;
            forget(embedded.access()).await?;
            let owner = Owner::new(embedded.access().options("postgres"));
            let password = boot::login_password(embedded.access());
            owner.make_roles(LOGIN_ROLE, Some(&password)).await?;
            anyhow::Ok(embedded)
        })?;
        Ok(Self { embedded, runtime })
    }

    /// A new database, up to date, and the URL by which a server logs in to it.
    pub fn database(&self, name: &str) -> Result<String> {
        let (access, name) = (self.embedded.access(), database(name));
        let owner = Owner::new(access.options("postgres"));
        self.runtime.block_on(async {
            owner.make_database(&name).await?;
            owner.migrate(&name).await
        })?;
        let password = boot::login_password(access);
        let place = format!("{}:{}/{name}", access.host, access.port);
        Ok(format!(
            "postgres://{LOGIN_ROLE}:{password}@{place}?sslmode=disable"
        ))
    }

    /// A connection past every wall.
    pub fn superuser(&self, name: &str) -> Result<PgConnection> {
        let options = self.embedded.access().options(&database(name));
        self.wait(PgConnection::connect_with(&options))
    }

    /// A connection that logs in as a server does.
    pub fn login(&self, name: &str) -> Result<PgConnection> {
        let access = self.embedded.access();
        let options = access
            .options(&database(name))
            .username(LOGIN_ROLE)
            .password(&boot::login_password(access));
        self.wait(PgConnection::connect_with(&options))
    }

    /// Waits for the database.
    pub fn wait<T, E: Into<anyhow::Error>>(
        &self,
        work: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<T> {
        self.runtime.block_on(work).map_err(Into::into)
    }

    /// Ends it.
    pub fn stop(self) -> Result<()> {
        self.runtime.block_on(self.embedded.stop())
    }
}

fn database(name: &str) -> String {
    format!("bench_{name}")
}

/// Removes the databases of earlier runs.
async fn forget(access: &Access) -> Result<()> {
    let mut conn = PgConnection::connect_with(&access.options("postgres")).await?;
    let left: Vec<String> =
        sqlx::query_scalar("select datname from pg_database where datname like 'bench\\_%'")
            .fetch_all(&mut conn)
            .await?;
    for database in left {
        let text = format!("drop database {database} with (force)");
        conn.execute(AssertSqlSafe(text)).await?;
    }
    Ok(())
}
