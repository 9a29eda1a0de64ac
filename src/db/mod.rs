//! The only door to PostgreSQL: the pool is private, and a transaction always names whose rows it sees.

pub mod embedded;
mod roles;

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Executor, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::time::timeout;

pub use self::roles::{LOGIN_ROLE, Owner, pending};
use crate::{
    error::{Error, Result},
    ids::ClientNo,
};

/// Seconds to wait for a free connection before the caller is told that the database is away.
const ACQUIRE_SECONDS_MAX: u64 = 5;
/// Seconds to wait for a transaction to begin, on a connection whose other end may have vanished
/// without a word.
const BEGIN_SECONDS_MAX: u64 = 10;
/// Seconds that connections get to end with the process.
const CLOSE_SECONDS_MAX: u64 = 5;
/// Oldest PostgreSQL, as `server_version_num`.
const POSTGRES_OLDEST: i32 = 160_000;
/// Oldest pgvector: before it, index corruption and CVE-2026-3172.
const PGVECTOR_OLDEST: (u32, u32, u32) = (0, 8, 4);

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

/// A transaction that sees what its scope allows; dropped without [`Tx::commit`], it never was.
#[derive(Debug)]
pub struct Tx<Scope> {
    inner: Transaction<'static, Postgres>,
    scope: Scope,
}

/// Sees one client's rows.
pub type ClientTx = Tx<ClientNo>;
/// Sees the rows of all clients: for what runs by itself, never behind a request.
pub type SystemTx = Tx<System>;
/// Reads clients and their keys, to find out who is asking: for `identity` only.
pub type GateTx = Tx<Gate>;

/// Sees operators and what they did, and no row of a client: for `admin` only.
pub type AdminTx = Tx<Admin>;

/// The scope of a [`SystemTx`].
#[derive(Debug)]
pub struct System;
/// The scope of a [`GateTx`].
#[derive(Debug)]
pub struct Gate;
/// The scope of an [`AdminTx`].
#[derive(Debug)]
pub struct Admin;

impl Db {
    /// Opens the pool as the powerless login role, after checking that it is one and that server
    /// and pgvector are new enough.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer, `Invalid` with the reason when it is refused.
    pub async fn open(login: PgConnectOptions, connections_max: u32) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(Duration::from_secs(ACQUIRE_SECONDS_MAX))
            .test_before_acquire(false)
            .connect_with(login)
            .await?;
        let db = Self { pool };
        db.check().await?;
        Ok(db)
    }

    /// Begins a transaction that sees this client's rows and no other's, in one round trip.
    pub async fn client(&self, client: ClientNo) -> Result<ClientTx> {
        let begin = format!(
            "begin; set local role concierge_client; set local app.client = '{}'",
            client.0
        );
        self.begin(begin, client).await
    }

    /// Begins a transaction that sees the rows of all clients. Who may call it is a list in
    /// `tests/it/walls.rs`.
    pub async fn system(&self) -> Result<SystemTx> {
        self.begin("begin; set local role concierge_system".into(), System)
            .await
    }

    /// Begins a transaction that reads clients and keys. For `identity` only.
    pub async fn gate(&self) -> Result<GateTx> {
        self.begin(
            "begin read only; set local role concierge_gate".into(),
            Gate,
        )
        .await
    }

    /// Begins a transaction that sees operators. For `admin` only.
    pub async fn admin(&self) -> Result<AdminTx> {
        self.begin("begin; set local role concierge_admin".into(), Admin)
            .await
    }

    /// Listens to notifications of a channel, on a connection of its own. When that is lost,
    /// `try_recv` says so at once, whether or not there is another to be had.
    pub async fn listen(&self, channel: &str) -> Result<PgListener> {
        let listen = || async {
            let mut listener = PgListener::connect_with(&self.pool).await?;
            listener.eager_reconnect(false);
            listener.listen(channel).await?;
            Ok(listener)
        };
        self.fresh(listen).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let ping = || sqlx::query("select 1").execute(&self.pool);
        self.fresh(ping).await.map(drop)
    }

    /// The versions of PostgreSQL and of pgvector.
    pub async fn versions(&self) -> Result<(String, String)> {
        Ok(sqlx::query_as(
            "select current_setting('server_version'),
               coalesce((select extversion from pg_extension where extname = 'vector'), 'missing')",
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// Ends all connections; later calls fail.
    pub async fn close(&self) {
        let close = timeout(Duration::from_secs(CLOSE_SECONDS_MAX), self.pool.close());
        if close.await.is_err() {
            tracing::warn!("connections to the database are cut off: they did not end in time");
        }
    }

    async fn begin<Scope>(&self, statement: String, scope: Scope) -> Result<Tx<Scope>> {
        let begin = || self.pool.begin_with(AssertSqlSafe(statement.clone()));
        let inner = self.fresh(begin).await?;
        Ok(Tx { inner, scope })
    }

    /// Does this on a connection out of the pool. They are not tested on the way out: one that broke
    /// meanwhile is replaced here, before any work was done on it, and after a restart of the
    /// database all of them may be such.
    async fn fresh<T, F>(&self, deed: impl Fn() -> F + Send) -> Result<T>
    where
        F: Future<Output = sqlx::Result<T>> + Send,
    {
        let mut broken_max = self.pool.options().get_max_connections();
        let done = async {
            loop {
                match deed().await {
                    Err(error) if is_broken(&error) && broken_max > 0 => broken_max -= 1,
                    other => return other,
                }
            }
        };
        let done = timeout(Duration::from_secs(BEGIN_SECONDS_MAX), done).await;
        Ok(done
            .map_err(|_| anyhow::anyhow!("the database does not answer"))
            .map_err(Error::Unavailable)??)
    }

    async fn check(&self) -> Result<()> {
        let (version, superuser, bypass): (i32, bool, bool) = sqlx::query_as(
            "select current_setting('server_version_num')::int, rolsuper, rolbypassrls
             from pg_roles where rolname = current_user",
        )
        .fetch_one(&self.pool)
        .await?;
        check_postgres(version)?;
        if superuser || bypass {
            return Err(Error::invalid(
                "The role in [database] url is a superuser or has BYPASSRLS: the wall between clients would not hold. \
                 Give it a plain role there, and the powerful one as owner_url.",
            ));
        }
        let vector: Option<String> =
            sqlx::query_scalar("select extversion from pg_extension where extname = 'vector'")
                .fetch_optional(&self.pool)
                .await?;
        check_pgvector(vector.as_deref())
    }
}

fn check_postgres(version: i32) -> Result<()> {
    if version < POSTGRES_OLDEST {
        return Err(Error::invalid(format!(
            "PostgreSQL 16 or newer is needed, this server is {}.",
            version / 10_000
        )));
    }
    Ok(())
}

fn check_pgvector(version: Option<&str>) -> Result<()> {
    let Some(version) = version else {
        return Err(Error::invalid(
            "The extension pgvector is not installed in the database.",
        ));
    };
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < PGVECTOR_OLDEST {
        return Err(Error::invalid(format!(
            "pgvector 0.8.4 or newer is needed, this database has {version}."
        )));
    }
    Ok(())
}

impl<Scope> Tx<Scope> {
    /// The connection, for a statement.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Goes on in the role that sees operators, and in no other: what was done and what is written
    /// about it commit together, though neither role has a right to the tables of the other.
    pub async fn into_admin(mut self) -> Result<AdminTx> {
        self.inner.execute("set local role concierge_admin").await?;
        Ok(Tx {
            inner: self.inner,
            scope: Admin,
        })
    }

    /// Makes what was done permanent.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }
}

impl ClientTx {
    /// Whose rows it sees.
    pub fn client(&self) -> ClientNo {
        self.scope
    }

    /// Has each statement from now on planned for its values, where a plan for all values could stop
    /// using the index that is there for these. The others save a tenth of a millisecond each.
    pub async fn plan_by_values(&mut self) -> Result<()> {
        self.conn()
            .execute("set local plan_cache_mode = force_custom_plan")
            .await?;
        Ok(())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            Self::Unavailable(error.into())
        } else {
            Self::Internal(error.into())
        }
    }
}

/// Whether the database cannot be used for now: gone, starting, stopping or out of disk.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_) => true,
        // sqlx says "begin failed" when the connection broke under the statement
        sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57P", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// Whether it is about the connection rather than the database.
fn is_broken(error: &sqlx::Error) -> bool {
    is_away(error) && !matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
}

/// Whether a statement waited for a lock longer than its transaction wanted to.
pub fn waited_too_long(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "55P03")
}

/// The constraint that a statement violated.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// For `map_err`: a violation of this unique constraint means that the thing is taken.
pub fn taken(constraint: &'static str, what: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| match self::constraint(&error) {
        Some(name) if name == constraint => Error::Taken(what),
        _ => error.into(),
    }
}

/// For `map_err`: a violation of this foreign key means that the other thing is not there.
pub fn missing(constraint: &'static str, what: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| match self::constraint(&error) {
        Some(name) if name == constraint => Error::NotFound(what),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_postgres_is_refused_with_its_version() {
        assert!(check_postgres(160_000).is_ok() && check_postgres(180_004).is_ok());
        let refused = check_postgres(150_008).unwrap_err().to_string();
        assert!(refused.ends_with("this server is 15."), "{refused}");
    }

    #[test]
    fn old_pgvector_is_refused() {
        for (version, fits) in [
            (Some("0.8.4"), true),
            (Some("0.8.10"), true),
            (Some("1.0"), true),
            (Some("0.8.3"), false),
            (Some("0.7.9"), false),
            (None, false),
        ] {
            assert_eq!(check_pgvector(version).is_ok(), fits, "{version:?}");
        }
    }
}
