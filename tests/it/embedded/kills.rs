//! What a kill -9 leaves behind, at every moment.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, lchown},
        process::CommandExt,
    },
    process::Command,
    time::Instant,
};

use concierge::db::embedded::Embedded;
use rustix::process::{Signal, kill_process, test_kill_process};
use sqlx::Executor;

use super::site::{PATIENCE, Site, connect, eventually, pid_in, pid_of, text};

#[tokio::test]
async fn lang_unset() {
    let site = Site::new();
    let mut owner = site.owner();
    assert_eq!(owner.says().await, "ready");
    let access = Embedded::join(&site.settings).await.unwrap().unwrap();
    let mut c = connect(&access).await;
    assert_eq!(text(&mut c, "show server_encoding").await, "UTF8");
    assert_eq!(text(&mut c, "show lc_messages").await, "C");
    assert_eq!(text(&mut c, "show timezone").await, "UTC");
    assert_eq!(text(&mut c, "show log_timezone").await, "UTC");
    let sql =
        "select datlocprovider::text || ' ' || datlocale || ' ' || datcollate || ' ' || datctype
        from pg_database where datname = 'template1'";
    assert_eq!(text(&mut c, sql).await, "b C.UTF-8 C C");
    assert_eq!(text(&mut c, "select lower('ÄÉ') || '政策'").await, "äé政策");

    let pid = pid_in(&site.pgdata()).unwrap().as_raw_nonzero();
    if let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) {
        let environment = String::from_utf8_lossy(&environment);
        assert!(
            !environment.contains("SJIS") && !environment.contains("Tokyo"),
            "{environment}"
        );
    }

    // let go, it stops what it owns
    drop(owner.child.stdin.take());
    assert!(owner.child.wait().await.unwrap().success());
    assert!(pid_in(&site.pgdata()).is_none());
}

#[tokio::test]
async fn kill_9_of_the_server_and_restart() {
    let site = Site::new();
    let mut owner = site.owner();
    assert_eq!(owner.says().await, "ready");
    let before = Embedded::join(&site.settings).await.unwrap().unwrap();
    let mut c = connect(&before).await;
    owner.kill().await;

    // a connection lives on through the change of owners
    let embedded = Embedded::start(&site.settings).await.unwrap();
    assert_eq!(embedded.access().port, before.port);
    assert_eq!(text(&mut c, "select 'still here'").await, "still here");
    let pid = pid_of(&embedded);
    embedded.stop().await.unwrap();
    eventually("the process is gone", || test_kill_process(pid).err()).await;
    assert!(c.execute("select 1").await.is_err());
}

#[tokio::test]
async fn kill_9_of_postgres() {
    let mut site = Site::new();
    site.settings.durable = true;
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut c = connect(embedded.access()).await;
    c.execute("create table kept (n int)").await.unwrap();
    c.execute("insert into kept values (1)").await.unwrap();
    kill_process(pid_of(&embedded), Signal::KILL).unwrap();
    drop(embedded);
    assert!(pid_in(&site.pgdata()).is_some(), "the pid file is stale");

    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut c = connect(embedded.access()).await;
    assert_eq!(text(&mut c, "select count(*)::text from kept").await, "1");
    embedded.stop().await.unwrap();
}

/// A busy process of PostgreSQL does not notice that the one above it was killed, and nobody may
/// start another on the same data before it has ended.
#[tokio::test]
async fn kill_9_of_postgres_with_a_query_under_way() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pid = pid_of(&embedded);
    let mut busy = connect(embedded.access()).await;
    let mut c = connect(embedded.access()).await;
    let query = async {
        let sql = "select count(*) from generate_series(1, 4000) a, generate_series(1, 4000) b";
        let ended = busy.execute(sql).await;
        eprintln!("the query ended: {ended:?}");
        Instant::now()
    };
    let restart = async {
        let sql = "select count(*)::text from pg_stat_activity
            where query like '%4000%' and state = 'active' and pid <> pg_backend_pid()";
        let started = Instant::now();
        while text(&mut c, sql).await != "1" {
            assert!(started.elapsed() < PATIENCE, "the query does not run");
        }
        kill_process(pid, Signal::KILL).unwrap();
        drop(embedded);
        let embedded = Embedded::start(&site.settings).await.unwrap();
        (Instant::now(), embedded)
    };
    let (query_ended, (restarted, embedded)) = tokio::join!(query, restart);
    assert!(query_ended < restarted, "two at once on the same data");
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

/// After a restart of the machine or container the number in a pid file may be another program's,
/// and PostgreSQL believes that to be itself.
#[tokio::test]
async fn the_pid_of_another_program() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pid_file = site.pgdata().join("postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    embedded.stop().await.unwrap();

    let owner = fs::metadata(site.pgdata()).unwrap();
    let mut other = Command::new("sleep");
    other.arg("600").current_dir("/");
    if rustix::process::geteuid().is_root() {
        other.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = other.spawn().unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", other.id())).unwrap();
    lchown(&pid_file, Some(owner.uid()), Some(owner.gid())).unwrap();

    let started = Embedded::start(&site.settings).await;
    let lives = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap().stop().await.unwrap();
    assert!(lives, "the other program was left alone");
}

#[tokio::test]
async fn kill_9_of_the_server_while_it_makes_the_database() {
    let site = Site::new();
    let owner = site.owner();
    let half_made = || {
        let items = fs::read_dir(site.path("data/postgres")).ok()?;
        items
            .flatten()
            .find(|item| item.file_name().to_string_lossy().starts_with("18.half-"))
    };
    eventually("initdb at work", || {
        half_made().filter(|item| item.path().join("base").exists())
    })
    .await;
    owner.kill().await;
    assert!(!site.pgdata().exists(), "it is made under another name");

    let embedded = Embedded::start(&site.settings).await.unwrap();
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn half_initialised() {
    let site = Site::new();
    let half = site.path("data/postgres/18.half-0");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "18\n").unwrap();
    fs::create_dir_all(site.pgdata()).unwrap();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    connect(embedded.access()).await;
    assert!(!half.exists(), "cleared away");
    embedded.stop().await.unwrap();

    // what is not ours is never removed
    let site = Site::new();
    fs::create_dir_all(site.pgdata()).unwrap();
    fs::write(site.pgdata().join("diary.txt"), "dear").unwrap();
    let error = Embedded::start(&site.settings)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("move it away"), "{error}");
    assert!(site.pgdata().join("diary.txt").exists());
}

#[tokio::test]
async fn two_processes_race_for_the_same_data() {
    let site = Site::new();
    let (mut one, mut two) = (site.owner(), site.owner());
    let (a, b) = tokio::join!(one.says(), two.says());
    let (winner, loser, said) = if a == "ready" {
        (one, two, b)
    } else {
        (two, one, a)
    };
    let wins = winner.child.id().unwrap().to_string();
    assert!(
        said.contains("another server (process ") && said.contains(&wins),
        "{said}"
    );
    loser.kill().await;

    let joined = Embedded::join(&site.settings).await.unwrap().unwrap();
    connect(&joined).await;
    winner.kill().await;
    Embedded::start(&site.settings)
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
}

#[tokio::test]
async fn who_joins_waits_for_the_start() {
    let site = Site::new();
    let mut owner = site.owner();
    eventually("a lock", || {
        site.path("data/postgres/owner.lock").exists().then_some(())
    })
    .await;
    let joined = Embedded::join(&site.settings).await.unwrap();
    if joined.is_none() {
        // looked between making the lock's file and locking it
        assert_eq!(owner.says().await, "ready");
    }
    let access = Embedded::join(&site.settings)
        .await
        .unwrap()
        .expect("it runs");
    connect(&access).await;
    owner.kill().await;
    Embedded::start(&site.settings)
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
}
