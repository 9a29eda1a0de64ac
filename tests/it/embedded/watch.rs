//! A PostgreSQL that dies while its owner lives comes back, unless its owner stops it.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use concierge::db::embedded::{Access, Embedded, free_port};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{ConnectOptions, Executor, PgConnection, postgres::PgQueryResult};

use super::site::{
    PATIENCE, Site, connect, eventually, failed_to_start, mend, pid_in, pid_of, spoil, text,
};

/// Kills PostgreSQL with -9.
fn kill(embedded: &Embedded) -> Pid {
    let pid = pid_of(embedded);
    kill_process(pid, Signal::KILL).unwrap();
    pid
}

/// Tries until one can log in to a PostgreSQL that is not this one.
async fn connect_after(gone: Pid, pgdata: &Path, access: &Access) -> PgConnection {
    let started = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        if pid_in(pgdata).is_some_and(|pid| pid != gone)
            && let Ok(connection) = access.options("postgres").connect().await
        {
            return connection;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "PostgreSQL does not come back"
        );
    }
}

/// Processes of PostgreSQL on this data, by what `/proc` says: the one above and those below it.
fn processes_on(pgdata: &Path) -> Vec<Pid> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let above = line.contains("bin/postgres") && line.contains(pgdata.to_str()?);
        let below = line.starts_with("postgres: ")
            && fs::read_link(process.path().join("cwd")).ok()? == pgdata;
        (above || below).then_some(pid)
    });
    pids.filter_map(Pid::from_raw).collect()
}

async fn all_gone(pgdata: &Path) {
    eventually("its processes end", || {
        processes_on(pgdata).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn killed_twice_in_a_row() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (pgdata, access) = (embedded.pgdata(), embedded.access().clone());
    let mut c = connect(&access).await;
    c.execute("create table kept (n int)").await.unwrap();
    for n in ["1", "2"] {
        c.execute("insert into kept values (1)").await.unwrap();
        let gone = kill(&embedded);
        c = connect_after(gone, &pgdata, &access).await;
        assert_eq!(text(&mut c, "select count(*)::text from kept").await, n);
    }
    // a command beside the server finds it where it was
    let joined = Embedded::join(&site.settings).await.unwrap().unwrap();
    assert_eq!(
        (joined.port, &joined.password),
        (access.port, &access.password)
    );
    embedded.stop().await.unwrap();
    all_gone(&pgdata).await;
}

#[tokio::test]
async fn one_that_was_taken_over_comes_back_too() {
    let site = Site::new();
    let mut owner = site.owner();
    assert_eq!(owner.says().await, "ready");
    owner.kill().await;
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let gone = kill(&embedded);
    connect_after(gone, &embedded.pgdata(), embedded.access()).await;
    let pgdata = embedded.pgdata();
    embedded.stop().await.unwrap();
    all_gone(&pgdata).await;
}

/// Whatever a restart is just doing, after the stop nothing runs and nothing will.
#[tokio::test]
async fn a_stop_ends_a_restart_at_any_moment() {
    for moment in 0..4 {
        let site = Site::new();
        let embedded = Embedded::start(&site.settings).await.unwrap();
        let pgdata = embedded.pgdata();
        let gone = kill(&embedded);
        match moment {
            // its end is not noticed yet
            0 => {}
            1 => {
                let proc = format!("/proc/{}", gone.as_raw_nonzero());
                let reaped = || (!Path::new(&proc).exists()).then_some(());
                eventually("its end is noticed", reaped).await;
            }
            2 => {
                let named = || pid_in(&pgdata).filter(|pid| *pid != gone);
                eventually("the next one says that it is there", named).await;
            }
            _ => drop(connect_after(gone, &pgdata, embedded.access()).await),
        }
        embedded.stop().await.unwrap();
        assert_eq!(pid_in(&pgdata).filter(|pid| *pid != gone), None);
        all_gone(&pgdata).await;
        assert!(
            Embedded::join(&site.settings).await.unwrap().is_none(),
            "nobody owns it, moment {moment}"
        );
    }
}

/// A process that has not said yet that it is there cannot be found by its pid file.
#[tokio::test]
async fn a_stop_waits_for_one_that_is_being_born() {
    if !Path::new("/proc/self/cwd").exists() {
        return;
    }
    let mut site = Site::new();
    site.copies_runtime(&site.path("runtime"));
    let program = site.path("runtime/postgres18/bin/postgres");
    let (real, pause) = (program.with_extension("real"), site.path("pause"));
    fs::rename(&program, &real).unwrap();
    let script = format!(
        "#!/bin/sh\nwhile [ -e {} ]; do sleep 0.02; done\nexec {} \"$@\"\n",
        pause.display(),
        real.display()
    );
    // there, and whole, from one moment to the next
    let draft = program.with_extension("draft");
    fs::write(&draft, script).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&draft, &program).unwrap();

    let embedded = Embedded::start(&site.settings).await.unwrap();
    let pgdata = embedded.pgdata();
    fs::write(&pause, "").unwrap();
    let gone = kill(&embedded);
    let born = || {
        let all = processes_on(&pgdata).into_iter();
        all.filter(|pid| *pid != gone).find(|pid| is_above(*pid))
    };
    eventually("the next one is born", born).await;
    let go_on = async { fs::remove_file(&pause).unwrap() };
    let (stopped, ()) = tokio::join!(embedded.stop(), go_on);
    stopped.unwrap();
    all_gone(&pgdata).await;
}

/// Not one of the processes below it, whose command line is a title.
fn is_above(pid: Pid) -> bool {
    let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
    line.is_ok_and(|line| !line.starts_with(b"postgres: "))
}

#[tokio::test]
async fn one_that_cannot_start_is_tried_again_and_can_be_stopped() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (pgdata, access) = (embedded.pgdata(), embedded.access().clone());
    for mended in [true, false] {
        spoil(&pgdata);
        let gone = kill(&embedded);
        failed_to_start(&pgdata).await;
        if mended {
            mend(&pgdata);
            connect_after(gone, &pgdata, &access).await;
        }
    }
    let started = Instant::now();
    embedded.stop().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    all_gone(&pgdata).await;

    mend(&pgdata);
    let embedded = Embedded::start(&site.settings).await.unwrap();
    connect(embedded.access()).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn it_waits_for_its_port() {
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (pgdata, access) = (embedded.pgdata(), embedded.access().clone());
    spoil(&pgdata);
    let gone = kill(&embedded);
    failed_to_start(&pgdata).await;
    let other = TcpListener::bind(("127.0.0.1", access.port)).unwrap();
    mend(&pgdata);
    let taken = || {
        let logs = fs::read_dir(pgdata.join("log")).ok()?.flatten();
        let mut logs = logs.filter_map(|log| fs::read_to_string(log.path()).ok());
        logs.find(|log| log.contains("could not create any TCP/IP sockets"))
    };
    eventually("it finds the port taken", taken).await;
    drop(other);
    connect_after(gone, &pgdata, &access).await;
    embedded.stop().await.unwrap();
}

/// Starts PostgreSQL on the site's data as an operator might, with settings that are not spoiled.
async fn by_hand(site: &Site, settings: &Path, access: &Access) -> Child {
    let owner = fs::metadata(site.pgdata()).unwrap();
    let mut command = Command::new(site.settings.runtime_dir.join("postgres18/bin/postgres"));
    command
        .arg("-D")
        .arg(site.pgdata().canonicalize().unwrap())
        .args(["-c", &format!("config_file={}", settings.display())])
        .args(["-c", &format!("port={}", access.port)])
        .args(["-c", "unix_socket_directories="])
        .current_dir("/")
        .process_group(0)
        .stderr(Stdio::null());
    if geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let child = command.spawn().unwrap();
    let pid = Pid::from_child(&child);
    let named = || pid_in(&site.pgdata()).filter(|named| *named == pid);
    eventually("it says that it is there", named).await;
    connect_after(Pid::INIT, &site.pgdata(), access).await;
    child
}

#[tokio::test]
async fn one_started_by_hand_is_waited_for_or_taken_over() {
    // its programs and data have to be where anybody reaches them
    let mut site = Site::new();
    site.copies_runtime(&site.path("runtime"));
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (pgdata, access) = (embedded.pgdata(), embedded.access().clone());
    let settings = site.path("by-hand.conf");
    fs::copy(pgdata.join("postgresql.conf"), &settings).unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).unwrap();
    spoil(&pgdata);
    kill(&embedded);
    failed_to_start(&pgdata).await;

    let mut other = access.clone();
    other.port = free_port().unwrap();
    let mut elsewhere = by_hand(&site, &settings, &other).await;
    kill_process(Pid::from_child(&elsewhere), Signal::INT).unwrap();
    assert!(elsewhere.wait().unwrap().success(), "it was left alone");
    let mut here = by_hand(&site, &settings, &access).await;
    let pid = Pid::from_child(&here);
    mend(&pgdata);
    here.kill().unwrap();
    here.wait().unwrap();
    connect_after(pid, &pgdata, &access).await;
    embedded.stop().await.unwrap();
    all_gone(&pgdata).await;
}

/// A busy process of the killed one would keep the next from starting for as long as its query takes,
/// and would outlive the server too.
#[tokio::test]
async fn a_long_query_does_not_keep_it_away_nor_outlive_a_stop() {
    if !Path::new("/proc/self/cwd").exists() {
        return;
    }
    let site = Site::new();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let (pgdata, access) = (embedded.pgdata(), embedded.access().clone());
    let kills = async |mut c: PgConnection| {
        let sql = "select count(*)::text from pg_stat_activity
            where query like '%90000%' and state = 'active' and pid <> pg_backend_pid()";
        let started = Instant::now();
        while text(&mut c, sql).await != "1" {
            assert!(started.elapsed() < PATIENCE, "the query does not run");
        }
        kill(&embedded)
    };
    let comes_back = async {
        let gone = kills(connect(&access).await).await;
        connect_after(gone, &pgdata, &access).await
    };
    let (ended, connection) = tokio::join!(minutes_of_work(&access), comes_back);
    assert!(ended.is_err(), "the query did not come to its end");

    let killed = kills(connection);
    let busy = minutes_of_work(&access);
    tokio::select! {
        _ = killed => {}
        ended = busy => panic!("too early: {ended:?}"),
    }
    embedded.stop().await.unwrap();
    all_gone(&pgdata).await;
}

async fn minutes_of_work(access: &Access) -> sqlx::Result<PgQueryResult> {
    let sql = "select count(*) from generate_series(1, 90000) a, generate_series(1, 90000) b";
    connect(access).await.execute(sql).await
}
