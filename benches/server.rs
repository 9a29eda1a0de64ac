//! The server under measure: the shipped program as a process of its own, on a core of its own.

use std::{
    fs::{self, File},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use concierge::db::embedded::free_port;
use tempfile::TempDir;

use crate::{cluster::runtime_dir, machine, user::User, wire, wire::Wire};

const PROGRAM: &str = env!("CARGO_BIN_EXE_concierge");
/// Seconds in which a server has to answer.
const START_SECONDS_MAX: u64 = 120;
/// Seconds in which it has to end when it is told to.
const STOP_SECONDS_MAX: u64 = 30;
const POLL: Duration = Duration::from_millis(5);
const CLIENT: &str = "bench";

/// Settings that differ from the shipped ones: `section.key`, value.
pub type Set<'a> = &'a [(&'a str, &'a str)];

/// Which cores a server may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// Its own one, as the rules of the benchmarks say.
    One,
    /// All: for work that is not measured.
    All,
}

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// Starts one, with limits that the load does not meet, and waits until it is ready.
    pub fn start(cores: Cores, set: Set) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("config.ini");
        fs::write(&config, "")?;
        let port = free_port()?;
        let mut arguments = vec!["--config".to_owned(), config.display().to_string()];
        let mut add = |key: &str, value: &str| {
            arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        };
        add("server.listen", &format!("127.0.0.1:{port}"));
        add("runtime.dir", &runtime_dir().display().to_string());
        add("storage.readonly_percent", "0");
        // checked at every request, never reached
        add("limits.requests_per_second", "1000000");
        add("limits.requests_burst", "1000000");
        add("limits.client_requests_per_minute", "1000000000");
        add("limits.user_requests_per_minute", "1000000000");
        for (key, value) in set {
            add(key, value);
        }
        let child = launch(&folder, &arguments, cores)?;
        let server = Self {
            child,
            port,
            arguments,
            folder,
        };
        server.until_ready()?;
        Ok(server)
    }

    /// Ends it and starts it anew on the same files.
    pub fn again(&mut self, cores: Cores) -> Result<()> {
        self.end()?;
        self.resume(cores)
    }

    /// Starts it anew once it has ended.
    pub fn resume(&mut self, cores: Cores) -> Result<()> {
        self.child = launch(&self.folder, &self.arguments, cores)?;
        self.until_ready()
    }

    /// A user of a new client, who may do everything with its knowledge.
    pub fn user(&self) -> Result<User> {
        let may = ["--members-may", "manage"];
        let create = ["client", "create", "--name", CLIENT, "--id", CLIENT];
        self.run(&[&create[..], &may].concat())?;
        let token = [
            "token",
            "--client",
            CLIENT,
            "--user",
            "u-1",
            "--username",
            "load",
        ];
        Ok(User::new(self.port, self.run(&token)?.trim()))
    }

    /// A user of a new client of this name, who pays out of a wallet that is full.
    pub fn payer(&self, client: &str, model: &str) -> Result<User> {
        self.run(&["client", "create", "--name", client, "--id", client])?;
        let (input, output) = (["--input", "1"], ["--output", "1"]);
        let price = ["price", "set", "--client", client, "--model", model];
        self.run(&[&price[..], &input, &output].concat())?;
        self.run(&["billing", "set", "--client", client, "--payer", "client"])?;
        let grant = [
            "wallet",
            "grant",
            "--client",
            client,
            "--credits",
            "1000000",
        ];
        self.run(&[&grant[..], &["--key", "bench"]].concat())?;
        let token = [
            "token",
            "--client",
            client,
            "--user",
            "u-1",
            "--username",
            "load",
        ];
        Ok(User::new(self.port, self.run(&token)?.trim()))
    }

    /// So many users of a new client of this name, each with a wallet of their own that is full.
    pub fn buyers(&self, client: &str, count: usize) -> Result<Vec<User>> {
        self.run(&["client", "create", "--name", client, "--id", client])?;
        self.run(&["billing", "set", "--client", client, "--payer", "user"])?;
        let buyers = (0..count).map(|n| {
            let name = format!("u-{n}");
            let who = ["--client", client, "--user", &name];
            let token = self.run(&[&["token"], &who[..], &["--username", &name]].concat())?;
            let user = User::new(self.port, token.trim());
            user.call(&user.get("/api/v1/me"))?;
            let credits = ["--credits", "1000000", "--key", &name];
            self.run(&[&["wallet", "grant"], &who[..], &credits].concat())?;
            Ok(user)
        });
        buyers.collect()
    }

    /// A new client and the key that its partner makes tokens with, PEM.
    pub fn partner(&self) -> Result<(&'static str, String)> {
        let create = [
            "client", "create", "--name", CLIENT, "--id", CLIENT, "--json",
        ];
        let made: serde_json::Value = serde_json::from_str(&self.run(&create)?)?;
        let key = made["client_key"].as_str().context("no key was printed")?;
        Ok((CLIENT, key.to_owned()))
    }

    /// Runs a command beside the server and returns what it prints.
    fn run(&self, command: &[&str]) -> Result<String> {
        let output = Command::new(PROGRAM)
            .args(&self.arguments)
            .args(command)
            .output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {error}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as an operator does, and waits.
    pub fn end(&mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            let waited = started.elapsed().as_secs();
            ensure!(waited < STOP_SECONDS_MAX, "the server does not end");
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn until_ready(&self) -> Result<()> {
        let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        until_answered(self.port, "/readyz").with_context(log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Its log goes into a file, as under a service manager.
fn launch(folder: &TempDir, arguments: &[String], cores: Cores) -> Result<Child> {
    let log = File::create(folder.path().join("log"))?;
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("serve").stderr(log);
    Ok(match cores {
        Cores::One => machine::on_cores([machine::SERVER_CORE], || command.spawn()),
        Cores::All => machine::on_cores(machine::all_cores(), || command.spawn()),
    }?)
}

/// Waits until a GET is answered with 2xx.
///
/// # Errors
/// When that takes longer than a start may.
pub fn until_answered(port: u16, path: &str) -> Result<()> {
    let request = wire::request("GET", path, "", b"");
    let asked = || {
        let mut wire = Wire::connect(port)?;
        wire.send(&request)?;
        wire.skip()
    };
    let started = Instant::now();
    loop {
        match asked() {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed().as_secs() >= START_SECONDS_MAX => {
                return Err(error.context("the server does not start"));
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}
