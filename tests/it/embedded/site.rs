//! A place for an embedded database, and a real process to own it and be killed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use concierge::db::embedded::{Access, Embedded, Settings};
use rustix::process::Pid;
use sqlx::{ConnectOptions, PgConnection, Row};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::cluster::runtime_dir;

/// How long a test waits for anything that a process does.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Names the folder of the site to the process that is to own it.
const OWNED_SITE: &str = "CONCIERGE_TEST_OWNED_SITE";

/// A temporary folder, with settings for a database inside it.
pub struct Site {
    folder: TempDir,
    pub settings: Settings,
}

impl Site {
    /// One that every user of the machine may pass through.
    pub fn new() -> Self {
        Self::with_mode(0o755)
    }

    pub fn with_mode(mode: u32) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("concierge-")
            .permissions(fs::Permissions::from_mode(mode))
            .tempdir()
            .expect("a temporary folder");
        let settings = settings(folder.path());
        Self { folder, settings }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the database is expected.
    pub fn pgdata(&self) -> PathBuf {
        self.path("data/postgres/18")
    }

    /// Takes a copy of the runtime for its own.
    pub fn copies_runtime(&mut self, runtime: &Path) {
        fs::create_dir(runtime).expect("make a folder");
        for part in ["postgres18", "manifest.json"] {
            let copied = std::process::Command::new("cp")
                .args(["-R", "-P"])
                .arg(self.settings.runtime_dir.join(part))
                .arg(runtime)
                .status()
                .expect("run cp");
            assert!(copied.success());
        }
        self.settings.runtime_dir = runtime.to_owned();
    }

    /// Starts another process that owns this site's database until it is killed or let go.
    pub fn owner(&self) -> Owner {
        let mut child = Command::new(std::env::current_exe().expect("our own path"))
            .args([
                "--ignored",
                "--exact",
                "--nocapture",
                "embedded::site::owner_process",
            ])
            .env(OWNED_SITE, self.folder.path())
            .env("CONCIERGE_RUNTIME_DIR", runtime_dir())
            // of all this nothing may reach PostgreSQL
            .env_remove("LANG")
            .env("LC_ALL", "ja_JP.SJIS")
            .env("PGDATA", "/nonexistent")
            .env("PGOPTIONS", "")
            .env("TZ", "Asia/Tokyo")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("run the test binary again");
        let stdout = child.stdout.take().expect("piped");
        Owner {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }
}

fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::new(runtime_dir(), folder.join("data"));
    settings.shared_dir = folder.join("shared");
    settings.durable = false;
    settings
}

/// A process of its own that runs [`owner_process`].
pub struct Owner {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Owner {
    /// Waits for what it says about its start: `ready`, or the error.
    pub async fn says(&mut self) -> String {
        let answer = async {
            loop {
                let line = self
                    .lines
                    .next_line()
                    .await
                    .expect("read")
                    .expect("it says something");
                if let Some((_, answer)) = line.split_once("owner: ") {
                    return answer.to_owned();
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .expect("an answer in time")
    }

    /// Kills it with -9 and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("kill");
    }
}

#[tokio::test]
#[ignore = "not a test: what a process started by Site::owner does"]
async fn owner_process() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its child process"
    )]
    let Ok(folder) = std::env::var(OWNED_SITE) else {
        return;
    };
    let started = Embedded::start(&settings(Path::new(&folder))).await;
    match started {
        Ok(embedded) => {
            print_line("ready");
            // until the test lets go of our standard input
            let mut input = BufReader::new(tokio::io::stdin()).lines();
            while let Ok(Some(_)) = input.next_line().await {}
            embedded.stop().await.unwrap();
        }
        Err(error) => print_line(&format!("{error:#}").replace('\n', " ")),
    }
}

fn print_line(text: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "owner: {text}").expect("write to the test");
}

pub async fn connect(access: &Access) -> PgConnection {
    let options = access.options("postgres");
    options.connect().await.expect("log in")
}

pub async fn text(connection: &mut PgConnection, sql: &'static str) -> String {
    let row = sqlx::query(sql).fetch_one(connection).await.expect(sql);
    row.get(0)
}

/// The process of the running PostgreSQL.
pub fn pid_of(embedded: &Embedded) -> Pid {
    pid_in(&embedded.pgdata()).expect("a pid file")
}

pub fn pid_in(pgdata: &Path) -> Option<Pid> {
    let text = fs::read_to_string(pgdata.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    loop {
        tick.tick().await;
        if let Some(seen) = look() {
            return seen;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
    }
}

/// A line that no PostgreSQL starts with.
const SPOILED: &str = "no_such_setting = 1\n";

/// Keeps PostgreSQL from starting until it is mended.
pub fn spoil(pgdata: &Path) {
    let conf = pgdata.join("postgresql.conf");
    let good = fs::read_to_string(&conf).expect("read the settings");
    fs::write(&conf, format!("{good}\n{SPOILED}")).expect("spoil the settings");
}

pub fn mend(pgdata: &Path) {
    let conf = pgdata.join("postgresql.conf");
    let spoiled = fs::read_to_string(&conf).expect("read the settings");
    fs::write(&conf, spoiled.replace(SPOILED, "")).expect("mend the settings");
}

/// Waits until PostgreSQL has tried to start on spoiled settings.
pub async fn failed_to_start(pgdata: &Path) {
    let log = pgdata.with_file_name("start.log");
    eventually("an attempt to start fails", || {
        let log = fs::read_to_string(&log).ok()?;
        log.contains("no_such_setting").then_some(())
    })
    .await;
}
