//! The PostgreSQL that the server brings along and runs itself.

mod account;
mod home;
mod log;
mod place;
mod postmaster;
mod programs;
mod remnants;
mod watch;

use std::{
    fmt, io,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::bail;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use home::{Home, Lock};
use postmaster::Process;
use programs::Programs;
use watch::Watch;

/// The one login of a new database; the server makes its own, powerless ones with it.
const SUPERUSER: &str = "postgres";
/// How often a file or process is looked at again.
const POLL: Duration = Duration::from_millis(20);
/// How long a command waits for a server that is just starting.
const JOIN_MAX: Duration = Duration::from_secs(60);

/// A version of PostgreSQL that the runtime holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Major {
    /// The oldest that the server runs on; here for tests.
    Sixteen,
    /// The one that a new installation gets.
    #[default]
    Eighteen,
}

impl Major {
    fn digits(self) -> &'static str {
        match self {
            Self::Sixteen => "16",
            Self::Eighteen => "18",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Sixteen => "postgres16",
            Self::Eighteen => "postgres18",
        }
    }
}

/// What to run on which data.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that `scripts/fetch-runtime` fills.
    pub runtime_dir: PathBuf,
    /// The server's data directory; the database takes the folder `postgres` inside it.
    pub data_dir: PathBuf,
    /// The version to run.
    pub version: Major,
    /// Where root puts programs and data if they are out of an unprivileged user's reach.
    pub shared_dir: PathBuf,
    /// Whether commits survive a crash of the machine. Off only for tests.
    pub durable: bool,
    /// Says which port to try next; asked again if PostgreSQL finds it taken.
    pub free_port: fn() -> io::Result<u16>,
}

impl Settings {
    /// The settings of a server.
    pub fn new(runtime_dir: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            runtime_dir: runtime_dir.into(),
            data_dir: data_dir.into(),
            version: Major::default(),
            shared_dir: PathBuf::from("/var/lib/concierge"),
            durable: true,
            free_port,
        }
    }
}

/// A TCP port of the loopback interface that nobody listens on right now.
///
/// # Errors
/// When the system has none left.
pub fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// How to log in to a database as its superuser.
#[derive(Clone, Serialize, Deserialize)]
pub struct Access {
    /// Always the loopback interface.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The superuser.
    pub user: String,
    /// The superuser's password.
    pub password: String,
}

impl Access {
    fn new(port: u16, password: String) -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port,
            user: SUPERUSER.to_owned(),
            password,
        }
    }

    /// Options to connect to the database of this name.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .password(&self.password)
            .ssl_mode(PgSslMode::Disable)
            .database(database)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.user, self.host, self.port)
    }
}

/// The error of [`Embedded::start`] when another process owns the database.
#[derive(Debug, thiserror::Error)]
#[error(
    "another server (process {owner}) owns the embedded database in {}: stop it, or give this one \
     a [database] data_dir of its own",
    folder.display()
)]
pub struct Owned {
    /// The folder that both want.
    pub folder: PathBuf,
    /// The process id of the owner; empty if it has only just become it.
    pub owner: String,
}

/// The error of [`Embedded::start`] and [`Embedded::join`] when the data had been moved to a folder
/// that is no longer there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data of {} was in {}, which is gone: bring it back, or remove {} to begin anew",
    entry.display(),
    folder.display(),
    pointer.display()
)]
pub struct Gone {
    /// The folder in the data directory.
    pub entry: PathBuf,
    /// Where the data was.
    pub folder: PathBuf,
    /// The file that says so.
    pub pointer: PathBuf,
}

/// A running PostgreSQL that belongs to this process until [`Embedded::stop`]; if it ends before, it
/// is started again. If this is dropped or the process dies, PostgreSQL runs on, and the next start
/// takes it over.
#[derive(Debug)]
pub struct Embedded {
    access: Access,
    programs: Programs,
    home: Home,
    watched: JoinHandle<Watch>,
    stop: DropGuard,
}

impl Embedded {
    /// Makes the database if there is none, starts PostgreSQL or takes over one that runs without an
    /// owner, and returns when it answers.
    ///
    /// # Errors
    /// [`Owned`] if another process owns it; else a text that says what to do, with the end of
    /// PostgreSQL's log if it did not start.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let entry = place::entry(settings)?;
        let mut locks = vec![Lock::take(&entry).await?];
        let (programs, folder) = place::settle(settings, &entry).await?;
        if folder != entry {
            locks.push(Lock::take(&folder).await?);
        }
        let home = Home::new(&folder, settings.version);
        home.prepare(&programs, settings.durable).await?;
        if home.password_is_lost() {
            tracing::warn!("the database's password is gone: making a new one");
            postmaster::stop(&programs, &home).await?;
            home.reset_password(&programs).await?;
        }
        let (process, access) = match postmaster::running(&home).await? {
            Some((pid, access)) => (Process::Found(pid), access),
            None => {
                let (child, access) = postmaster::launch(&programs, &home, settings).await?;
                (Process::Child(child), access)
            }
        };
        tracing::info!(
            data = %home.pgdata().display(),
            port = access.port,
            taken_over = matches!(process, Process::Found(_)),
            "the embedded PostgreSQL answers"
        );
        Ok(Self::watched(Watch {
            programs,
            home,
            durable: settings.durable,
            access,
            process: Some(process),
            _locks: locks,
        }))
    }

    fn watched(watch: Watch) -> Self {
        let stop = CancellationToken::new();
        let (access, programs, home) = (
            watch.access.clone(),
            watch.programs.clone(),
            watch.home.clone(),
        );
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends after every task that shutdown waits for, with `stop`"
        )]
        let watched = tokio::spawn(watch.run(stop.clone()));
        Self {
            access,
            programs,
            home,
            watched,
            stop: stop.drop_guard(),
        }
    }

    /// How to reach the database of these settings if it runs; waits if its owner is just starting
    /// it. `None` if it does not run: then [`Embedded::start`] may run it.
    ///
    /// # Errors
    /// When the data is not readable by this user.
    pub async fn join(settings: &Settings) -> anyhow::Result<Option<Access>> {
        let entry = settings.data_dir.join("postgres");
        if !entry.exists() {
            return Ok(None);
        }
        let entry = entry.canonicalize()?;
        let started = Instant::now();
        loop {
            let folder = place::located(&entry)?;
            let home = Home::new(&folder, settings.version);
            if let Some((_, access)) = postmaster::running(&home).await? {
                return Ok(Some(access));
            }
            if !Lock::is_held(&entry)? && !Lock::is_held(&folder)? {
                return Ok(None);
            }
            if started.elapsed() > JOIN_MAX {
                let seconds = JOIN_MAX.as_secs();
                bail!(
                    "the owner of {} has not started it in {seconds} s",
                    folder.display()
                );
            }
            sleep(POLL).await;
        }
    }

    /// How to log in.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// PostgreSQL's data directory.
    pub fn pgdata(&self) -> PathBuf {
        self.home.pgdata()
    }

    /// Stops PostgreSQL and waits until it has ended; it is not started again, also when that was
    /// just under way. Open transactions are rolled back; if that takes too long, it is stopped at
    /// once and recovers at the next start.
    ///
    /// # Errors
    /// When its processes do not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.disarm().cancel();
        match self.watched.await {
            Ok(watch) => watch.stop().await,
            Err(error) => {
                tracing::error!(%error, "the watch over PostgreSQL broke off");
                postmaster::stop(&self.programs, &self.home).await.map(drop)
            }
        }
    }
}

fn random_hex<const BYTES: usize>() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    Ok(hex::encode(bytes))
}
