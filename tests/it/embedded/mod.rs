//! The embedded PostgreSQL and the traps that others have fallen into.

mod kills;
mod reach;
pub mod site;
mod watch;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use concierge::db::{
    Owner,
    embedded::{Embedded, Major, Owned, free_port},
};
use futures_util::future::join_all;
use rustix::process::{Pid, getpgid};
use sqlx::{ConnectOptions, Executor};

use site::{Site, connect, pid_of, text};

use crate::cluster::cluster;

#[tokio::test]
async fn fresh_start() {
    let mut site = Site::new();
    site.settings.durable = true;
    assert!(Embedded::join(&site.settings).await.unwrap().is_none());
    let embedded = Embedded::start(&site.settings).await.unwrap();

    let mut c = connect(embedded.access()).await;
    assert_eq!(text(&mut c, "show server_version").await, "18.4");
    assert_eq!(text(&mut c, "show fsync").await, "on");
    assert_eq!(text(&mut c, "show timezone").await, "UTC");
    assert_eq!(text(&mut c, "show max_connections").await, "100");
    assert_eq!(text(&mut c, "show shared_buffers").await, "128MB");
    assert_eq!(text(&mut c, "show listen_addresses").await, "127.0.0.1");
    assert_eq!(text(&mut c, "show unix_socket_directories").await, "");
    assert_eq!(text(&mut c, "show data_checksums").await, "on");
    assert_eq!(
        text(
            &mut c,
            "select rolname::text from pg_authid where rolcanlogin"
        )
        .await,
        "postgres"
    );

    let joined = Embedded::join(&site.settings).await.unwrap().unwrap();
    assert_eq!(joined.port, embedded.access().port);
    embedded.stop().await.unwrap();
    assert!(Embedded::join(&site.settings).await.unwrap().is_none());
}

#[tokio::test]
async fn only_who_knows_the_password_gets_in() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pgdata = embedded.pgdata();
    let meta = fs::metadata(pgdata.with_extension("password")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&pgdata).unwrap().mode() & 0o777, 0o700);
    assert_eq!(embedded.access().password.len(), 64);
    assert!(!format!("{embedded:?}").contains(&embedded.access().password));

    let mut wrong = embedded.access().clone();
    wrong.password = "guess".to_owned();
    let error = wrong.options("postgres").connect().await.unwrap_err();
    assert!(
        error.to_string().contains("password authentication failed"),
        "{error}"
    );
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn second_start() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut c = connect(embedded.access()).await;
    c.execute("create table kept (n int)").await.unwrap();
    embedded.stop().await.unwrap();

    let started = Instant::now();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let mut c = connect(embedded.access()).await;
    assert_eq!(text(&mut c, "select count(*)::text from kept").await, "0");
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn sixteen_also_runs_and_both_have_pgvector() {
    for (version, begins) in [(Major::Sixteen, "16."), (Major::Eighteen, "18.")] {
        let mut site = Site::new();
        site.settings.version = version;
        let embedded = Embedded::start(&site.settings).await.unwrap();
        let mut c = connect(embedded.access()).await;
        assert!(
            text(&mut c, "show server_version")
                .await
                .starts_with(begins)
        );
        assert_eq!(text(&mut c, "show server_encoding").await, "UTF8");
        c.execute("create extension vector").await.unwrap();
        let sql = "select extversion from pg_extension where extname = 'vector'";
        let found = text(&mut c, sql).await;
        let numbers: Vec<u32> = found.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(numbers >= vec![0, 8, 4], "{found}");
        let sql = "select ('[1,2]'::halfvec(2) <=> '[2,4]'::halfvec(2))::text";
        assert_eq!(text(&mut c, sql).await, "0");
        embedded.stop().await.unwrap();
    }
}

#[tokio::test]
async fn two_side_by_side() {
    let (one, two) = (Site::new(), Site::new());
    let (a, b) = tokio::join!(
        Embedded::start(&one.settings),
        Embedded::start(&two.settings)
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_ne!(a.access().port, b.access().port);
    a.stop().await.unwrap();
    connect(b.access()).await;
    b.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_data_has_one_owner() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let error = Embedded::start(&site.settings).await.unwrap_err();
    assert!(error.is::<Owned>());
    let said = error.to_string();
    assert!(
        said.contains("another server") && said.contains("data_dir"),
        "{said}"
    );
    assert!(said.contains(&std::process::id().to_string()), "{said}");
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_port_taken_in_between_is_no_obstacle() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static TAKEN: std::sync::Mutex<Option<std::net::TcpListener>> = std::sync::Mutex::new(None);
    let mut site = Site::new();
    site.settings.free_port = || {
        if ASKED.fetch_add(1, Ordering::SeqCst) > 0 {
            return free_port();
        }
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        *TAKEN.lock().expect("no panic while held") = Some(listener);
        Ok(port)
    };
    let embedded = Embedded::start(&site.settings).await.unwrap();
    assert_eq!(ASKED.load(Ordering::SeqCst), 2);
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn ctrl_c_does_not_reach() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pid = pid_of(&embedded);
    let group = getpgid(Some(pid)).unwrap();
    assert_eq!(group, pid);
    assert_ne!(group, getpgid(None::<Pid>).unwrap());
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn an_open_transaction_does_not_hold_up_the_stop() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut c = connect(embedded.access()).await;
    c.execute("begin; create table lost (n int)").await.unwrap();
    let started = Instant::now();
    embedded.stop().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(c.execute("select 1").await.is_err());
}

#[tokio::test]
async fn a_lost_password_is_replaced() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (before, file) = (
        embedded.access().clone(),
        embedded.pgdata().with_extension("password"),
    );
    // left running without an owner
    drop(embedded);
    fs::remove_file(&file).unwrap();

    let embedded = Embedded::start(&site.settings).await.unwrap();
    assert_ne!(embedded.access().password, before.password);
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_failed_start_shows_the_log() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pgdata = embedded.pgdata();
    embedded.stop().await.unwrap();

    let conf = pgdata.join("postgresql.conf");
    let good = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{good}\nno_such_setting = 1\n")).unwrap();
    let error = Embedded::start(&site.settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("unrecognized configuration parameter \"no_such_setting\""),
        "{error}"
    );

    // this one is found only after the log file has been opened
    fs::write(
        &conf,
        format!("{good}\nshared_preload_libraries = 'no_such_library'\n"),
    )
    .unwrap();
    let error = Embedded::start(&site.settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("no_such_library"), "{error}");

    fs::write(&conf, good).unwrap();
    Embedded::start(&site.settings)
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_missing_runtime_is_named_with_its_remedy() {
    let mut site = Site::new();
    site.settings.runtime_dir = site.path("nothing-here");
    let error = Embedded::start(&site.settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("scripts/fetch-runtime"), "{error}");
    assert!(error.contains("nothing-here"), "{error}");
}

/// Three servers that are started at once prepare one database.
#[tokio::test]
async fn servers_that_start_at_once_do_not_disturb_each_other() {
    let access = cluster().await;
    let owner = Owner::new(access.options("postgres"));
    let name = format!("t_{}", uuid::Uuid::new_v4().simple());
    for made in join_all((0..8).map(|_| owner.make_database(&name))).await {
        made.unwrap();
    }
    for _ in 0..5 {
        for migrated in join_all((0..8).map(|_| owner.migrate(&name))).await {
            migrated.unwrap();
        }
    }
    let mut conn = connect(access).await;
    let gone = format!("drop database {name}");
    conn.execute(sqlx::AssertSqlSafe(gone)).await.unwrap();
}
