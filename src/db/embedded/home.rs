//! The folder of one embedded database: its lock, its password and the cluster that initdb makes.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, fchown, lchown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::fs::OFlags;
use tokio::time::sleep;

use super::{
    Major, Owned, POLL, SUPERUSER,
    account::{Account, is_root},
    programs::Programs,
    random_hex,
};

/// A command that only looks whether the lock is held holds it for a moment itself.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(1);

/// Settings of a new cluster. They end up in `postgresql.conf`, where an operator may change them.
const INITIAL: [&str; 8] = [
    "max_connections=100",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_timezone=UTC",
    // seven files, each overwritten after a week
    "log_filename=postgres-%a.log",
    "log_truncate_on_rotation=on",
    "log_rotation_size=0",
    "log_checkpoints=off",
];

/// The folder of one embedded database.
#[derive(Clone, Debug)]
pub(super) struct Home {
    folder: PathBuf,
    version: Major,
}

impl Home {
    pub fn new(folder: &Path, version: Major) -> Self {
        Self {
            folder: folder.to_owned(),
            version,
        }
    }

    /// PostgreSQL's data directory; whole if it is there, since it gets this name last.
    pub fn pgdata(&self) -> PathBuf {
        self.folder.join(self.version.digits())
    }

    /// What PostgreSQL says before its log is open, or if that fails.
    pub fn start_log(&self) -> anyhow::Result<File> {
        open_own(&self.folder.join("start.log"), true)
    }

    pub fn start_log_text(&self) -> String {
        let bytes = fs::read(self.folder.join("start.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn password_file(&self) -> PathBuf {
        self.folder
            .join(format!("{}.password", self.version.digits()))
    }

    /// The superuser's password.
    pub fn password(&self) -> anyhow::Result<String> {
        let path = self.password_file();
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Whether there is a database that nobody can log in to.
    pub fn password_is_lost(&self) -> bool {
        self.pgdata().join("PG_VERSION").is_file() && !self.password_file().exists()
    }

    /// Gives the superuser a new password while PostgreSQL does not run.
    pub async fn reset_password(&self, programs: &Programs) -> anyhow::Result<()> {
        let password = self.draft_password(programs.account)?;
        let path = self.folder.join("reset.sql");
        let mut script = open_own(&path, true)?;
        writeln!(script, "alter role {SUPERUSER} password '{password}'")?;
        let mut command = programs.command("postgres");
        command
            .args(["--single", "-c", "exit_on_error=on", "-D"])
            .arg(self.pgdata())
            .arg(SUPERUSER)
            .stdin(File::open(&path)?);
        let ran = programs.run(command).await;
        fs::remove_file(&path)?;
        ran.context("give the superuser a new password")?;
        self.keep_password()
    }

    /// Makes the cluster unless it is there. A half-made one has another name and is cleared away.
    pub async fn prepare(&self, programs: &Programs, durable: bool) -> anyhow::Result<()> {
        self.clear_half_made();
        let pgdata = self.pgdata();
        if pgdata.join("PG_VERSION").is_file() {
            return self.hand_over(programs.account);
        }
        // only an empty folder can be removed like this
        if pgdata.exists() && fs::remove_dir(&pgdata).is_err() {
            bail!(
                "{} is not a PostgreSQL data directory and not empty: move it away",
                pgdata.display()
            );
        }
        self.draft_password(programs.account)?;
        let fresh = self.initdb(programs, durable).await?;
        self.keep_password()?;
        fs::rename(&fresh, &pgdata)
            .with_context(|| format!("rename {} to {}", fresh.display(), pgdata.display()))?;
        File::open(&self.folder)?.sync_all()?;
        tracing::info!(data = %pgdata.display(), "made a new database");
        Ok(())
    }

    async fn initdb(&self, programs: &Programs, durable: bool) -> anyhow::Result<PathBuf> {
        let name = format!("{}.half-{}", self.version.digits(), random_hex::<4>()?);
        let fresh = self.folder.join(name);
        fs::DirBuilder::new().mode(0o700).create(&fresh)?;
        if let Some(Account { uid, gid }) = programs.account {
            lchown(&fresh, Some(uid), Some(gid))?;
        }
        let mut command = programs.command("initdb");
        command
            .arg("--pgdata")
            .arg(&fresh)
            .arg("--pwfile")
            .arg(self.draft_file())
            .args(["--username", SUPERUSER, "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C"]);
        if self.version == Major::Eighteen {
            command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
        }
        for setting in INITIAL {
            command.args(["--set", setting]);
        }
        if !durable {
            command.arg("--no-sync");
        }
        programs.run(command).await.context("make a new database")?;
        Ok(fresh)
    }

    /// Best effort: an initdb that outlived the server that ran it may still write there.
    fn clear_half_made(&self) {
        let prefix = format!("{}.half-", self.version.digits());
        let Ok(items) = fs::read_dir(&self.folder) else {
            return;
        };
        for item in items.flatten() {
            if item.file_name().to_string_lossy().starts_with(&prefix) {
                let cleared = fs::remove_dir_all(item.path());
                tracing::info!(folder = %item.path().display(), ?cleared, "found half-made data");
            }
        }
    }

    fn draft_file(&self) -> PathBuf {
        self.folder
            .join(format!("{}.password.new", self.version.digits()))
    }

    /// A new password, in a file that has not its name yet: a file of that name is always right.
    fn draft_password(&self, account: Option<Account>) -> anyhow::Result<String> {
        let password = random_hex::<32>()?;
        let mut file = open_own(&self.draft_file(), true)?;
        if let Some(Account { uid, gid }) = account {
            // initdb reads it; the folder stays ours
            fchown(&file, Some(uid), Some(gid))?;
        }
        writeln!(file, "{password}")?;
        file.sync_all()?;
        Ok(password)
    }

    fn keep_password(&self) -> anyhow::Result<()> {
        let path = self.password_file();
        fs::rename(self.draft_file(), &path).with_context(|| format!("write {}", path.display()))
    }

    /// Gives data that root put here, say out of a backup, to the account that will use it.
    fn hand_over(&self, account: Option<Account>) -> anyhow::Result<()> {
        let owner = Account::owner_of(&self.pgdata()).map(|owner| owner.uid);
        match account {
            Some(account) if owner == Some(0) => {
                chown_tree(&self.pgdata(), account).context("give the data to PostgreSQL's user")
            }
            _ => Ok(()),
        }
    }
}

/// Held by the server that owns the database, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of this folder, or fails with [`Owned`].
    pub async fn take(folder: &Path) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut file = open_lock(folder)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT_MAX => {
                    sleep(POLL).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    file.read_to_string(&mut owner)?;
                    let folder = folder.to_owned();
                    let owner = owner.trim().to_owned();
                    bail!(Owned { folder, owner });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("lock {}", folder.display()));
                }
            }
        }
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }

    /// Whether somebody holds the lock of this folder.
    pub fn is_held(folder: &Path) -> anyhow::Result<bool> {
        let file = open_lock(folder)?;
        Ok(matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

fn open_lock(folder: &Path) -> anyhow::Result<File> {
    open_own(&folder.join("owner.lock"), false)
}

/// Opens a file that only we may read and write, never through a link.
fn open_own(path: &Path, empty: bool) -> anyhow::Result<File> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(empty)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    opened.map_err(|error| {
        let denied = error.kind() == ErrorKind::PermissionDenied && !is_root();
        let error = anyhow::Error::new(error).context(format!("open {}", path.display()));
        match Account::owner_of(path) {
            Some(owner) if denied => error.context(format!(
                "the embedded database belongs to the user with id {}: run this as that user",
                owner.uid
            )),
            _ => error,
        }
    })
}

fn chown_tree(path: &Path, account: Account) -> std::io::Result<()> {
    lchown(path, Some(account.uid), Some(account.gid))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for item in fs::read_dir(path)? {
            chown_tree(&item?.path(), account)?;
        }
    }
    Ok(())
}
