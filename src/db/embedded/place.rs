//! Where the programs and the data lie: as configured, or for root in a place that an unprivileged
//! user can reach.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};

use super::{
    Gone, Settings,
    account::{Account, is_root},
    home::Home,
    programs::Programs,
    random_hex,
};

/// In the configured folder; names the folder where the data is instead.
const POINTER: &str = "location";
/// Root's folders are passed through by another user; nobody needs to list them.
const PASSED_THROUGH: u32 = 0o711;

/// The folder of the embedded database inside the data directory, made if it is not there.
pub(super) fn entry(settings: &Settings) -> anyhow::Result<PathBuf> {
    let entry = settings.data_dir.join("postgres");
    let mode = if is_root() { PASSED_THROUGH } else { 0o700 };
    make_folders(&entry, mode).with_context(|| {
        format!(
            "make {} (set [database] data_dir to a folder that this user may write)",
            entry.display()
        )
    })?;
    if is_root() {
        for folder in [&settings.data_dir, &entry] {
            let mode = fs::metadata(folder)?.permissions().mode() | 0o011;
            fs::set_permissions(folder, fs::Permissions::from_mode(mode))?;
        }
    }
    entry
        .canonicalize()
        .with_context(|| format!("find {}", entry.display()))
}

/// Where the data of this entry lies by now; the entry itself unless it was moved.
pub(super) fn located(entry: &Path) -> anyhow::Result<PathBuf> {
    let pointer = entry.join(POINTER);
    if !pointer.exists() {
        return Ok(entry.to_owned());
    }
    // root follows only what root wrote
    let writer = Account::owner_of(&pointer).map(|owner| owner.uid);
    ensure!(
        !is_root() || writer == Some(0),
        "{} was not written by root: remove it",
        pointer.display()
    );
    let text =
        fs::read_to_string(&pointer).with_context(|| format!("read {}", pointer.display()))?;
    let folder = PathBuf::from(text.trim());
    if folder.is_dir() {
        return Ok(folder);
    }
    bail!(Gone {
        entry: entry.to_owned(),
        folder,
        pointer,
    })
}

/// Decides who runs PostgreSQL from where on which data.
pub(super) async fn settle(
    settings: &Settings,
    entry: &Path,
) -> anyhow::Result<(Programs, PathBuf)> {
    let located = located(entry)?;
    let pgdata = Home::new(&located, settings.version).pgdata();
    let programs = programs(settings, Account::choose(&pgdata)?).await?;
    let as_configured = located != entry || programs.account.is_none();
    if as_configured || programs.can_stand_in(entry).await? {
        return Ok((programs, located));
    }
    if pgdata.exists() {
        bail!(
            "the user that PostgreSQL runs as (id {}) cannot reach the data in {}: let others pass \
             through the folders above it (chmod o+x), or move the data",
            programs.account.map_or(0, |account| account.uid),
            entry.display()
        );
    }
    let folder = elsewhere(settings, entry)?;
    Ok((programs, folder))
}

/// The programs as fetched if the account can run them there, else a copy where it can.
async fn programs(settings: &Settings, account: Option<Account>) -> anyhow::Result<Programs> {
    let part = settings.version.folder();
    let fetched = settings.runtime_dir.join(part);
    ensure!(
        fetched.join("bin/postgres").is_file(),
        "there is no PostgreSQL in {}: run scripts/fetch-runtime (make run does it for you), or let \
         [runtime] dir point at a runtime that is there",
        fetched.display()
    );
    let programs = Programs {
        folder: fetched.canonicalize()?,
        account,
    };
    if programs.can_stand_in(&programs.folder).await? {
        return Ok(programs);
    }
    let mut command = programs.command("initdb");
    command.arg("--version");
    let Some(account) = account else {
        // fails as just now, but says why
        programs.run(command).await?;
        return Ok(programs);
    };
    let settings = settings.clone();
    let folder = tokio::task::spawn_blocking(move || copied(&settings, &fetched)).await??;
    let copy = Programs {
        folder,
        account: Some(account),
    };
    let mut command = copy.command("initdb");
    command.arg("--version");
    copy.run(command).await?;
    Ok(copy)
}

/// A copy of the programs under the shared folder, named by what the fetched ones are.
fn copied(settings: &Settings, fetched: &Path) -> anyhow::Result<PathBuf> {
    let shared = shared(settings)?;
    let manifest = settings.runtime_dir.join("manifest.json");
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("read {} (run scripts/fetch-runtime)", manifest.display()))?;
    let manifest: serde_json::Value = serde_json::from_str(&text)?;
    let part = &manifest["parts"][settings.version.folder()];
    let hash = hex::encode(digest(&SHA256, part.to_string().as_bytes()));
    let folder = shared.join(format!("runtime-{}", &hash[..16]));
    if !folder.exists() {
        tracing::info!(
            to = %folder.display(),
            "copying PostgreSQL to where an unprivileged user can run it"
        );
        let partial = shared.join(format!("partial-{}", random_hex::<8>()?));
        copy_tree(fetched, &partial)
            .with_context(|| format!("copy {} to {}", fetched.display(), partial.display()))?;
        if let Err(error) = fs::rename(&partial, &folder) {
            fs::remove_dir_all(&partial)?;
            // another server may have made the same copy meanwhile
            ensure!(folder.exists(), "make {}: {error}", folder.display());
        }
    }
    Ok(folder)
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    make_folders(to, 0o755)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        let meta = fs::metadata(item.path())?;
        if meta.is_dir() {
            copy_tree(&item.path(), &target)?;
        } else {
            fs::copy(item.path(), &target)?;
            let mode = if meta.mode() & 0o111 == 0 {
                0o644
            } else {
                0o755
            };
            fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// A new folder for the data under the shared folder, and a pointer to it where it was expected.
fn elsewhere(settings: &Settings, entry: &Path) -> anyhow::Result<PathBuf> {
    let folder = shared(settings)?.join(format!("data-{}", random_hex::<8>()?));
    make_folders(&folder, PASSED_THROUGH)?;
    let partial = entry.join("location.new");
    fs::write(&partial, format!("{}\n", folder.display()))?;
    fs::File::open(&partial)?.sync_all()?;
    fs::rename(&partial, entry.join(POINTER))?;
    tracing::warn!(
        configured = %entry.display(),
        data = %folder.display(),
        "an unprivileged user cannot reach the configured folder: the database lies elsewhere"
    );
    Ok(folder)
}

/// The shared folder, made if it is not there. What lies in it is run, so only root may write to it.
fn shared(settings: &Settings) -> anyhow::Result<PathBuf> {
    let shared = &settings.shared_dir;
    make_folders(shared, 0o755).with_context(|| format!("make {}", shared.display()))?;
    let meta = fs::metadata(shared)?;
    ensure!(
        meta.uid() == 0 && meta.mode() & 0o022 == 0,
        "{} must belong to root and be writable by root only",
        shared.display()
    );
    shared
        .canonicalize()
        .with_context(|| format!("find {}", shared.display()))
}

/// Makes the folder and those above it that are missing, with this mode whatever the umask.
pub(super) fn make_folders(folder: &Path, mode: u32) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|path| !path.as_os_str().is_empty()) {
        make_folders(above, mode)?;
    }
    match fs::DirBuilder::new().mode(mode).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}
