//! The running PostgreSQL: found by its pid file, started on a free port, stopped by `pg_ctl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};
use tokio::{
    process::Child,
    time::{sleep, timeout},
};

use super::{Access, POLL, SUPERUSER, Settings, home::Home, programs::Programs, programs::hint};

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
/// How much of the log goes into an error.
const TAIL_LINES: usize = 20;

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
        command_line(self.pid).is_some_and(|line| {
            line.contains("postgres") && line.contains(&*pgdata.to_string_lossy())
        })
    }
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

/// How to reach the PostgreSQL that runs on this data, once it answers; `None` if none runs.
pub(super) async fn running(home: &Home) -> anyhow::Result<Option<Access>> {
    let pgdata = home.pgdata();
    let started = Instant::now();
    while let Some(file) = PidFile::read(&pgdata).filter(|file| file.is_ours(&pgdata)) {
        if let Some(port) = file.port {
            let access = Access::new(port, home.password()?);
            if answers(&access).await? {
                return Ok(Some(access));
            }
        }
        if started.elapsed() > START_MAX {
            bail!(
                "PostgreSQL on {} runs (process {}) but has not answered for {} s: look at its log \
                 in {}, or end it",
                pgdata.display(),
                file.pid,
                START_MAX.as_secs(),
                pgdata.join("log").display()
            );
        }
        sleep(POLL).await;
    }
    Ok(None)
}

/// Whether one can log in. A refused password is an error, since waiting does not mend it.
async fn answers(access: &Access) -> anyhow::Result<bool> {
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

/// Starts PostgreSQL on data on which none runs. Returns when it answers.
pub(super) async fn launch(
    programs: &Programs,
    home: &Home,
    settings: &Settings,
) -> anyhow::Result<(Child, Access)> {
    clear_foreign_pid_file(&home.pgdata())?;
    let mut last = String::new();
    for _ in 0..ATTEMPTS_MAX {
        let port = (settings.free_port)().context("find a free port of 127.0.0.1")?;
        let access = Access::new(port, home.password()?);
        let mut child = spawn(programs, home, settings, port)?;
        let Some(log) = ended_early(&mut child, home, &access).await? else {
            return Ok((child, access));
        };
        let port_taken = log.contains("could not create any TCP/IP sockets");
        let remnants = log.contains("pre-existing shared memory block");
        if !port_taken && !remnants {
            bail!(
                "PostgreSQL did not start.{}\nIts log ends:\n{log}",
                hint(&log)
            );
        }
        tracing::info!(port, port_taken, remnants, "starting PostgreSQL again");
        sleep(ATTEMPT_WAIT).await;
        last = log;
    }
    bail!(
        "PostgreSQL did not start in {ATTEMPTS_MAX} attempts: every port chosen was taken, or \
         processes of an earlier one on {} do not end (then end them).\nIts log ends:\n{last}",
        home.pgdata().display()
    )
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

fn spawn(
    programs: &Programs,
    home: &Home,
    settings: &Settings,
    port: u16,
) -> anyhow::Result<Child> {
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
    if !settings.durable {
        for setting in ["fsync=off", "full_page_writes=off"] {
            command.args(["-c", setting]);
        }
    }
    command.spawn().context("run postgres")
}

/// Waits until PostgreSQL answers, or gives what it logged if it ended instead.
async fn ended_early(
    child: &mut Child,
    home: &Home,
    access: &Access,
) -> anyhow::Result<Option<String>> {
    let started = Instant::now();
    let pgdata = home.pgdata();
    let pid = child.id().unwrap_or(0);
    while started.elapsed() < START_MAX {
        if child.try_wait()?.is_some() {
            return Ok(Some(last_words(home, pid).await));
        }
        let ready = PidFile::read(&pgdata).is_some_and(|file| file.pid == pid && file.ready);
        if ready && answers(access).await? {
            return Ok(None);
        }
        sleep(POLL).await;
    }
    bail!(
        "PostgreSQL (process {pid}) was started but has not answered for {} s: look at its log in {}",
        START_MAX.as_secs(),
        pgdata.join("log").display()
    )
}

/// What an ended PostgreSQL logged last; its log writer may need a moment longer.
async fn last_words(home: &Home, pid: u32) -> String {
    let started = Instant::now();
    loop {
        let log = tail(home, pid);
        if log.contains("FATAL") || log.contains("PANIC") || started.elapsed() > ATTEMPT_WAIT * 4 {
            return log;
        }
        sleep(POLL).await;
    }
}

fn tail(home: &Home, pid: u32) -> String {
    let pgdata = home.pgdata();
    let current = fs::read_to_string(pgdata.join("current_logfiles")).unwrap_or_default();
    let mut text = home.start_log_text();
    if let Some(name) = current
        .lines()
        .find_map(|line| line.strip_prefix("stderr "))
    {
        // a day's log holds earlier attempts too: lines carry the number of their process
        let mark = format!("[{pid}]");
        let log = fs::read(pgdata.join(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        text.extend(
            log.lines()
                .filter(|line| line.contains(&mark))
                .map(|line| format!("{line}\n")),
        );
    }
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// Stops what runs on this data: open transactions are rolled back; if that takes too long, at once.
pub(super) async fn stop(programs: &Programs, home: &Home) -> anyhow::Result<()> {
    let pgdata = home.pgdata();
    let runs = || PidFile::read(&pgdata).is_some_and(|file| file.is_ours(&pgdata));
    for (mode, seconds) in [
        ("fast", FAST_STOP_SECONDS),
        ("immediate", IMMEDIATE_STOP_SECONDS),
    ] {
        if !runs() {
            return Ok(());
        }
        let mut command = programs.command("pg_ctl");
        command
            .args(["stop", "-w", "-m", mode, "-t", &seconds.to_string(), "-D"])
            .arg(&pgdata);
        if let Err(error) = programs.run(command).await
            && runs()
        {
            tracing::warn!(mode, %error, "PostgreSQL did not stop");
        }
    }
    if runs() {
        bail!(
            "PostgreSQL on {} does not stop: end its processes",
            pgdata.display()
        );
    }
    Ok(())
}
