//! The running PostgreSQL: found by its pid file, started on a free port, stopped by `pg_ctl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};
use tokio::{
    process::Child,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Access, POLL, SUPERUSER, Settings, home::Home, log::Mark, programs::Programs, programs::hint,
};

/// Reading back what was not yet on disk after a crash takes its time; the log says so meanwhile.
const START_MAX: Duration = Duration::from_secs(300);
/// One attempt to log in.
const LOGIN_MAX: Duration = Duration::from_secs(5);
/// A port may be taken by somebody else between choosing and using it; processes of a killed
/// PostgreSQL may take a moment to end.
const ATTEMPTS_MAX: usize = 40;
const ATTEMPT_WAIT: Duration = Duration::from_millis(250);
/// For open transactions to be rolled back and pages to be written.
const FAST_STOP_SECONDS: u64 = 60;
const IMMEDIATE_STOP_SECONDS: u64 = 10;
/// How often a start that takes long is told of.
const TELL_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether a process is there that is not a child of ours.
const FOUND_POLL: Duration = Duration::from_millis(500);

/// What PostgreSQL says about itself in `postmaster.pid`.
struct PidFile {
    pid: u32,
    port: Option<u16>,
    ready: bool,
}

impl PidFile {
    fn path(pgdata: &Path) -> PathBuf {
        pgdata.join("postmaster.pid")
    }

    fn read(pgdata: &Path) -> Option<Self> {
        let text = fs::read_to_string(Self::path(pgdata)).ok()?;
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            port: lines.get(3).and_then(|port| port.parse().ok()),
            ready: lines.get(7) == Some(&"ready"),
        })
    }

    /// Whether the process is PostgreSQL on this data: after a restart of the machine or container
    /// the same number may be another program's.
    fn is_ours(&self, pgdata: &Path) -> bool {
        is_postgres_on(self.pid, pgdata)
    }
}

fn is_postgres_on(pid: u32, pgdata: &Path) -> bool {
    command_line(pid)
        .is_some_and(|line| line.contains("postgres") && line.contains(&*pgdata.to_string_lossy()))
}

/// The command line of a process; `None` if there is no such process, empty if it has ended but
/// nobody has asked how yet.
fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("/bin/ps")
        .args(["-ww", "-o", "command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(line)
}

/// A running PostgreSQL.
#[derive(Debug)]
pub(super) enum Process {
    /// Started by us.
    Child(Child),
    /// Taken over, and so known by its number only.
    Found(u32),
}

impl Process {
    /// Waits until it has ended; gives how, if it is a child of ours.
    pub async fn ended(&mut self, home: &Home) -> Option<ExitStatus> {
        match self {
            Self::Child(child) => child.wait().await.ok(),
            Self::Found(pid) => {
                let (pid, pgdata) = (*pid, home.pgdata());
                while is_postgres_on(pid, &pgdata) {
                    sleep(FOUND_POLL).await;
                }
                None
            }
        }
    }
}

/// The process and port of the PostgreSQL that runs on this data, whether it answers or not. The
/// port may not be known yet.
pub(super) fn found(home: &Home) -> Option<(u32, Option<u16>)> {
    let pgdata = home.pgdata();
    let file = PidFile::read(&pgdata).filter(|file| file.is_ours(&pgdata))?;
    Some((file.pid, file.port))
}

/// The PostgreSQL that runs on this data and how to reach it, once it answers; `None` if none runs.
pub(super) async fn running(home: &Home) -> anyhow::Result<Option<(u32, Access)>> {
    let started = Instant::now();
    while let Some((pid, port)) = found(home) {
        if let Some(port) = port {
            let access = Access::new(port, home.password()?);
            if answers(&access).await? {
                return Ok(Some((pid, access)));
            }
        }
        if started.elapsed() > START_MAX {
            bail!(
                "PostgreSQL on {} runs (process {pid}) but has not answered for {} s: look at its \
                 log in {}, or end it",
                home.pgdata().display(),
                START_MAX.as_secs(),
                home.pgdata().join("log").display()
            );
        }
        sleep(POLL).await;
    }
    Ok(None)
}

/// Whether one can log in. A refused password is an error, since waiting does not mend it.
pub(super) async fn answers(access: &Access) -> anyhow::Result<bool> {
    let options = access.options(SUPERUSER);
    match timeout(LOGIN_MAX, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => {
            connection.close().await?;
            Ok(true)
        }
        Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("28P01") => {
            Err(sqlx::Error::Database(error)).context(
                "PostgreSQL refuses the password stored beside its data: remove that file \
                 (its name ends in `.password`) and start again to have a new one made",
            )
        }
        Ok(Err(_)) | Err(_) => Ok(false),
    }
}

/// What became of an attempt to start PostgreSQL.
pub(super) enum Attempt {
    /// It answers.
    Answers(Child),
    /// It was told to stop meanwhile; its process says in the pid file that it is there.
    Stopped(Child),
    /// It ended, with these last words.
    Ended(String),
}

/// Why PostgreSQL did not start, when that may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// Another program has the port.
    PortTaken,
    /// Processes of an earlier one work on the same data still.
    Remnants,
}

impl Passing {
    /// Finds it in the last words.
    pub fn read(log: &str) -> Option<Self> {
        if log.contains("could not create any TCP/IP sockets") {
            Some(Self::PortTaken)
        } else if log.contains("pre-existing shared memory block") {
            Some(Self::Remnants)
        } else {
            None
        }
    }
}

/// Starts PostgreSQL on data on which none runs, on a port that is free. Returns when it answers.
pub(super) async fn launch(
    programs: &Programs,
    home: &Home,
    settings: &Settings,
) -> anyhow::Result<(Child, Access)> {
    let unstopped = CancellationToken::new();
    let mut last = String::new();
    for _ in 0..ATTEMPTS_MAX {
        let port = (settings.free_port)().context("find a free port of 127.0.0.1")?;
        let access = Access::new(port, home.password()?);
        let attempt = attempt(programs, home, settings.durable, &access, &unstopped);
        let attempt = timeout(START_MAX, attempt).await.with_context(|| {
            format!(
                "PostgreSQL was started but has not answered for {} s: look at its log in {}",
                START_MAX.as_secs(),
                home.pgdata().join("log").display()
            )
        })?;
        let log = match attempt? {
            Attempt::Answers(child) | Attempt::Stopped(child) => return Ok((child, access)),
            Attempt::Ended(log) => log,
        };
        let Some(passing) = Passing::read(&log) else {
            bail!(
                "PostgreSQL did not start.{}\nIts log ends:\n{log}",
                hint(&log)
            );
        };
        tracing::info!(port, ?passing, "starting PostgreSQL again");
        sleep(ATTEMPT_WAIT).await;
        last = log;
    }
    bail!(
        "PostgreSQL did not start in {ATTEMPTS_MAX} attempts: every port chosen was taken, or \
         processes of an earlier one on {} do not end (then end them).\nIts log ends:\n{last}",
        home.pgdata().display()
    )
}

/// Starts PostgreSQL on this port, and waits until it answers, ends, or is told to stop. That waits
/// until the pid file names the process: whoever stops PostgreSQL finds it by that.
pub(super) async fn attempt(
    programs: &Programs,
    home: &Home,
    durable: bool,
    access: &Access,
    stop: &CancellationToken,
) -> anyhow::Result<Attempt> {
    let pgdata = home.pgdata();
    clear_foreign_pid_file(&pgdata)?;
    let mark = Mark::here(home);
    let mut child = spawn(programs, home, durable, access.port)?;
    let pid = child.id().unwrap_or(0);
    let mut told = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(Attempt::Ended(mark.last_words(home).await));
        }
        if let Some(file) = PidFile::read(&pgdata).filter(|file| file.pid == pid) {
            if stop.is_cancelled() {
                return Ok(Attempt::Stopped(child));
            }
            if file.ready && answers(access).await? {
                return Ok(Attempt::Answers(child));
            }
        }
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            let log = mark.tail(home);
            tracing::warn!(pid, log, "PostgreSQL takes long to start");
        }
        sleep(POLL).await;
    }
}

/// PostgreSQL takes any live process of its own user for itself and would refuse to start.
fn clear_foreign_pid_file(pgdata: &Path) -> anyhow::Result<()> {
    if let Some(file) = PidFile::read(pgdata)
        && command_line(file.pid).is_some()
        && !file.is_ours(pgdata)
    {
        let path = PidFile::path(pgdata);
        tracing::info!(
            pid = file.pid,
            "removing a pid file that names another program"
        );
        fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(())
}

fn spawn(programs: &Programs, home: &Home, durable: bool, port: u16) -> anyhow::Result<Child> {
    let log = home.start_log()?;
    let mut command = programs.command("postgres");
    command
        .arg("-D")
        .arg(home.pgdata())
        .args(["-c", &format!("port={port}")])
        .args(["-c", "listen_addresses=127.0.0.1"])
        // the path of a socket is limited to 107 bytes
        .args(["-c", "unix_socket_directories="])
        .args(["-c", "logging_collector=on"])
        .stdout(log.try_clone()?)
        .stderr(log);
    if !durable {
        for setting in ["fsync=off", "full_page_writes=off"] {
            command.args(["-c", setting]);
        }
    }
    command.spawn().context("run postgres")
}

/// Stops what runs on this data: open transactions are rolled back; if that takes too long, at once.
/// Says whether anything ran.
pub(super) async fn stop(programs: &Programs, home: &Home) -> anyhow::Result<bool> {
    let runs = || found(home).is_some();
    let ran = runs();
    for (mode, seconds) in [
        ("fast", FAST_STOP_SECONDS),
        ("immediate", IMMEDIATE_STOP_SECONDS),
    ] {
        if !runs() {
            return Ok(ran);
        }
        let mut command = programs.command("pg_ctl");
        command
            .args(["stop", "-w", "-m", mode, "-t", &seconds.to_string(), "-D"])
            .arg(home.pgdata());
        if let Err(error) = programs.run(command).await
            && runs()
        {
            tracing::warn!(mode, %error, "PostgreSQL did not stop");
        }
    }
    if runs() {
        bail!(
            "PostgreSQL on {} does not stop: end its processes",
            home.pgdata().display()
        );
    }
    Ok(ran)
}
