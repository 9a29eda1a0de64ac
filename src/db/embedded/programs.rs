//! PostgreSQL's own programs, run apart from us and without what our environment says.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{process::Command, time::timeout};

use super::account::Account;

/// A short-lived program that takes longer hangs.
const PROGRAM_MAX: Duration = Duration::from_secs(300);

/// The `bin`, `lib` and `share` of one version, and who runs them.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub folder: PathBuf,
    pub account: Option<Account>,
}

impl Programs {
    /// A program of this version. Its environment is ours to decide (with LANG unset a cluster would
    /// be SQL_ASCII, `PGDATA` would win over nothing we say, …), and it is in a process group of its
    /// own, so that a Ctrl-C on the terminal reaches only the server, which stops it in its turn.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        if let Some(Account { uid, gid }) = self.account {
            // as root this also drops the supplementary groups
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Runs a program to its end. The error carries all that it said.
    pub async fn run(&self, mut command: Command) -> anyhow::Result<()> {
        let program = command.as_std().get_program().to_owned();
        let name = Path::new(&program).display();
        let output = timeout(PROGRAM_MAX, command.kill_on_drop(true).output())
            .await
            .with_context(|| format!("{name} did not end within {} s", PROGRAM_MAX.as_secs()))?
            .with_context(|| format!("run {name}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!(
            "{name} failed ({}).{}\nIt said:\n{said}",
            output.status,
            hint(&said)
        );
    }

    /// Whether the account can run the programs while standing in this folder. Trying it is the only
    /// answer that counts mount options and access lists in.
    pub async fn can_stand_in(&self, folder: &Path) -> anyhow::Result<bool> {
        let mut command = self.command("initdb");
        command
            .arg("--version")
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match command.status().await {
            Ok(status) => Ok(status.success()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => {
                let program = self.folder.join("bin/initdb");
                Err(error).with_context(|| format!("run {}", program.display()))
            }
        }
    }
}

const MORE_MEMORY: &str =
    " There is not enough memory for PostgreSQL: give this machine or container more.";
const MORE_DISK: &str =
    " The disk is full: free some space (a new database takes about 100 MB) and start again.";

/// Words that stand together in a line of PostgreSQL's, and what to do then.
const REMEDIES: [(&[&str], &str); 8] = [
    (&["shared memory", "No space left on device"], MORE_MEMORY),
    (&["shared memory", "Cannot allocate memory"], MORE_MEMORY),
    (&["No space left on device"], MORE_DISK),
    (&["Disk quota exceeded"], MORE_DISK),
    (
        &["could not create any TCP/IP sockets"],
        " No port of 127.0.0.1 could be had.",
    ),
    (
        &["Read-only file system"],
        " The data directory is read-only: set [database] data_dir to a place that can be written.",
    ),
    (
        &["wrong ownership"],
        " Start the server as the user who owns the data directory.",
    ),
    (
        &["could not look up effective user ID"],
        " This user has no name: start the server as one that is in /etc/passwd (in a container, \
         add a line there), or use a PostgreSQL of your own with [database] url.",
    ),
];

/// What to do about a failure that PostgreSQL put into words; empty if it is none of those known.
pub(super) fn hint(said: &str) -> &'static str {
    let stands = |words: &[&str]| {
        said.lines()
            .any(|line| words.iter().all(|word| line.contains(word)))
    };
    let found = REMEDIES.iter().find(|(words, _)| stands(words));
    found.map_or("", |(_, remedy)| remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_failure_comes_with_its_remedy() {
        for (said, remedy) in [
            (
                "initdb: error: could not write: No space left on device",
                "disk is full",
            ),
            (
                "FATAL: could not create shared memory segment: No space left on device",
                "memory",
            ),
            (
                "FATAL: could not map anonymous shared memory: Cannot allocate memory",
                "memory",
            ),
            ("FATAL: could not create any TCP/IP sockets", "127.0.0.1"),
            (
                "could not create directory: Read-only file system",
                "data_dir",
            ),
            (
                "initdb: could not look up effective user ID 1234: user does not exist",
                "/etc/passwd",
            ),
            (
                "selecting shared memory implementation ... posix\nNo space left on device",
                "disk is full",
            ),
            ("FATAL: data directory \"x\" has wrong ownership", "owns"),
        ] {
            assert!(hint(said).contains(remedy), "{said}: {}", hint(said));
        }
        assert_eq!(hint("something nobody has seen"), "");
    }
}
