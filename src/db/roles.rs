//! Roles and schema: done by the owner before the server steps down to a powerless login.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, migrate::Migrator,
    postgres::PgConnectOptions,
};
use tokio::time::timeout;

use super::SystemTx;
use crate::error::Result as AppResult;

/// The role the server logs in as on its embedded database: it owns nothing and inherits nothing.
pub const LOGIN_ROLE: &str = "concierge_login";

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Seconds to wait for a connection.
const CONNECT_SECONDS_MAX: u64 = 10;
/// Any number will do, as long as every process of ours uses the same.
const PREPARE_LOCK: i64 = 0x636f_6e63_6965;

/// Whoever may make roles, databases and tables.
#[derive(Clone, Debug)]
pub struct Owner {
    options: PgConnectOptions,
}

impl Owner {
    /// The owner as it connects to any database of the server.
    pub fn new(options: PgConnectOptions) -> Self {
        Self { options }
    }

    /// Makes the roles, and gives `login` the right to step into those that serve requests. With
    /// a password the login role is made too.
    pub async fn make_roles(&self, login: &str, password: Option<&str>) -> Result<()> {
        let mut conn = alone(&self.options).await?;
        let mut tx = conn.begin().await?;
        for role in [
            "concierge_owner",
            "concierge_client",
            "concierge_system",
            "concierge_gate",
            "concierge_admin",
        ] {
            make_role(&mut tx, role, "nologin").await?;
        }
        if let Some(password) = password {
            make_role(&mut tx, login, "login").await?;
            let text = format!(
                "alter role {} password '{}'",
                quoted(login),
                password.replace('\'', "''")
            );
            tx.execute(AssertSqlSafe(text)).await?;
        }
        for role in [
            "concierge_client",
            "concierge_system",
            "concierge_gate",
            "concierge_admin",
        ] {
            let text = format!(
                "grant {role} to {} with inherit false, set true",
                quoted(login)
            );
            tx.execute(AssertSqlSafe(text)).await?;
        }
        // a plain owner has to be able to step into the role that owns the tables
        tx.execute("grant concierge_owner to current_user").await?;
        tx.commit().await?;
        conn.close().await?;
        Ok(())
    }

    /// Makes a database that belongs to the owner role, unless it is there.
    pub async fn make_database(&self, name: &str) -> Result<()> {
        let mut conn = alone(&self.options).await?;
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(name)
                .fetch_one(&mut conn)
                .await?;
        if !there {
            let text = format!("create database {} owner concierge_owner", quoted(name));
            conn.execute(AssertSqlSafe(text)).await?;
        }
        conn.close().await?;
        Ok(())
    }

    /// Brings the schema of a database up to date.
    pub async fn migrate(&self, database: &str) -> Result<()> {
        let mut conn = alone(&self.options.clone().database(database)).await?;
        conn.execute("create extension if not exists vector")
            .await
            .with_context(|| {
                format!(
                    "create extension vector (if the owner may not, a superuser has to run it in the database {database} once)"
                )
            })?;
        conn.execute("grant usage, create on schema public to concierge_owner")
            .await?;
        conn.execute("set role concierge_owner").await?;
        MIGRATOR
            .run(&mut conn)
            .await
            .context("run the migrations")?;
        conn.close().await?;
        Ok(())
    }
}

/// The migrations that the database has not seen.
pub async fn pending(tx: &mut SystemTx) -> AppResult<Vec<String>> {
    let seen: Vec<i64> = sqlx::query_scalar("select version from _sqlx_migrations where success")
        .fetch_all(tx.conn())
        .await?;
    let migrations = MIGRATOR.iter();
    Ok(migrations
        .filter(|migration| !seen.contains(&migration.version))
        .map(|migration| format!("{:04} {}", migration.version, migration.description))
        .collect())
}

/// Bounded: an address that swallows everything would hold up the start, and its end, for minutes.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let connect = PgConnection::connect_with(options);
    timeout(Duration::from_secs(CONNECT_SECONDS_MAX), connect)
        .await
        .with_context(|| format!("no answer within {CONNECT_SECONDS_MAX} s"))
        .and_then(|connected| Ok(connected?))
        .with_context(|| {
            format!(
                "connect as owner to {}:{}",
                options.get_host(),
                options.get_port()
            )
        })
}

/// A connection to a database that no other process prepares as long as it lasts: of two that change the
/// same row of its catalogue at once, PostgreSQL refuses one.
async fn alone(options: &PgConnectOptions) -> Result<PgConnection> {
    let mut conn = connect(options).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(PREPARE_LOCK)
        .execute(&mut conn)
        .await?;
    Ok(conn)
}

async fn make_role(conn: &mut PgConnection, role: &str, login: &str) -> Result<()> {
    let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(role)
        .fetch_one(&mut *conn)
        .await?;
    if !there {
        let text = format!(
            "create role {} {login} nosuperuser nobypassrls noinherit",
            quoted(role)
        );
        conn.execute(AssertSqlSafe(text)).await?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
