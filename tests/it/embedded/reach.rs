//! Where an unprivileged user gets to: as root PostgreSQL must not run as root.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

use concierge::db::embedded::{Embedded, Gone};
use rustix::process::geteuid;
use sqlx::Executor;

use super::site::{Site, connect, pid_of, text};

/// The start of the line of a process's status that begins like this.
fn status(embedded: &Embedded, key: &str) -> Option<String> {
    let pid = pid_of(embedded).as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().to_owned())
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("change the mode");
}

/// A clone below a home that nobody else may enter, with a fetched runtime in it.
fn private_clone() -> Site {
    let mut site = Site::with_mode(0o700);
    let clone = site.path("clone");
    fs::create_dir(&clone).expect("make a folder");
    site.copies_runtime(&clone.join(".runtime"));
    site.settings.data_dir = clone.join("data");
    site
}

#[tokio::test]
async fn from_a_clone_under_a_private_home() {
    let mut site = private_clone();
    let configured = site.settings.data_dir.join("postgres");
    let shared = Site::new();
    site.settings.shared_dir = shared.path("shared");

    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pgdata = embedded.pgdata();
    let mut c = connect(embedded.access()).await;
    c.execute("create table kept (n int)").await.unwrap();
    if geteuid().is_root() {
        assert!(pgdata.starts_with(shared.path("shared").canonicalize().unwrap()));
        assert!(configured.join("location").is_file());
        assert_eq!(copies(&site).len(), 1);
    } else {
        assert_eq!(pgdata, configured.canonicalize().unwrap().join("18"));
        assert!(!shared.path("shared").exists());
    }
    embedded.stop().await.unwrap();

    // found again, and nothing is copied twice
    assert!(Embedded::join(&site.settings).await.unwrap().is_none());
    let embedded = Embedded::start(&site.settings).await.unwrap();
    assert_eq!(embedded.pgdata(), pgdata);
    assert!(Embedded::join(&site.settings).await.unwrap().is_some());
    let mut c = connect(embedded.access()).await;
    assert_eq!(text(&mut c, "select count(*)::text from kept").await, "0");
    if geteuid().is_root() {
        assert_eq!(copies(&site).len(), 1);
    }
    embedded.stop().await.unwrap();
}

fn copies(site: &Site) -> Vec<String> {
    let items = fs::read_dir(&site.settings.shared_dir).expect("list the shared folder");
    let names = items
        .flatten()
        .map(|item| item.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with("runtime-") || name.starts_with("partial-"))
        .collect()
}

#[tokio::test]
async fn data_in_reach_stays_in_place_and_postgres_has_no_privileges() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    assert_eq!(embedded.pgdata(), site.pgdata().canonicalize().unwrap());
    assert!(!site.path("data/postgres/location").exists());
    if let Some(ids) = status(&embedded, "Uid:") {
        let ids: Vec<u32> = ids
            .split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect();
        assert!(ids.iter().all(|id| *id != 0 && *id == ids[0]), "{ids:?}");
        assert_eq!(fs::metadata(site.pgdata()).unwrap().uid(), ids[0]);
    }
    if geteuid().is_root() {
        assert_eq!(
            status(&embedded, "Groups:").unwrap_or_default(),
            "",
            "root's groups are left"
        );
        assert_eq!(fs::metadata(site.path("data")).unwrap().uid(), 0);
        assert_eq!(fs::metadata(site.path("data/postgres")).unwrap().uid(), 0);
    }
    embedded.stop().await.unwrap();
}

/// Starting on an empty database because the old one cannot be reached would look like loss.
#[tokio::test]
async fn data_that_got_out_of_reach_is_not_replaced() {
    let mut site = Site::new();
    // elsewhere: programs stand there, when this checkout is out of reach itself
    let elsewhere = Site::new();
    site.settings.shared_dir = elsewhere.path("shared");
    let embedded = Embedded::start(&site.settings).await.unwrap();
    embedded.stop().await.unwrap();
    set_mode(&site.path(""), 0o700);
    let again = Embedded::start(&site.settings).await;
    if geteuid().is_root() {
        let error = again.unwrap_err().to_string();
        assert!(error.contains("chmod o+x"), "{error}");
        let shared = fs::read_dir(elsewhere.path("shared"));
        let mut names = shared
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name());
        assert!(!names.any(|name| name.to_string_lossy().starts_with("data-")));
    } else {
        again.unwrap().stop().await.unwrap();
    }
}

#[tokio::test]
async fn data_that_was_moved_away_is_missed() {
    let mut site = private_clone();
    let shared = Site::new();
    site.settings.shared_dir = shared.path("shared");
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let folder = embedded.pgdata().parent().unwrap().to_owned();
    embedded.stop().await.unwrap();
    if !geteuid().is_root() {
        assert_eq!(
            folder,
            site.settings
                .data_dir
                .join("postgres")
                .canonicalize()
                .unwrap()
        );
        return;
    }
    fs::rename(&folder, shared.path("aside")).unwrap();
    let error = Embedded::start(&site.settings).await.unwrap_err();
    assert_eq!(error.downcast::<Gone>().unwrap().folder, folder);
}

/// Data out of a backup that root unpacked belongs to root.
#[tokio::test]
async fn data_of_root_is_handed_to_the_one_who_runs_it() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    embedded.stop().await.unwrap();
    if geteuid().is_root() {
        let owned = Command::new("chown")
            .args(["-R", "0:0"])
            .arg(site.pgdata())
            .status()
            .unwrap();
        assert!(owned.success());
    }
    let embedded = Embedded::start(&site.settings).await.unwrap();
    connect(embedded.access()).await;
    assert_ne!(fs::metadata(site.pgdata().join("base")).unwrap().uid(), 0);
    embedded.stop().await.unwrap();
}
