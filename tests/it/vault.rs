//! A new master key while servers run, and the rotation killed in its middle.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use concierge::{
    db::embedded::{Embedded, Settings},
    identity::{client, key::NewKey, rewrap},
    vault::{SEAL_LOCK, Vault},
};
use reqwest::{Method, StatusCode};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::{
    cli::{becomes, place},
    cluster::runtime_dir,
    process::{Server, command, run},
    world::{Partner, World},
};

/// The superuser's connection to the database that the program runs on this folder.
async fn superuser(at: &Path) -> PgConnection {
    let settings = Settings::new(runtime_dir(), at.join("data"));
    let access = Embedded::join(&settings).await.unwrap().unwrap();
    access.options("concierge").connect().await.unwrap()
}

fn master_keys(at: &Path) -> Vec<String> {
    let text = fs::read_to_string(at.join("data/master.key")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What the line about the vault says.
fn vault_line(at: &Path) -> String {
    let check = run(at, &["check"]);
    let line = check.well().lines().find(|line| line.starts_with("vault"));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_rotation_that_is_killed_is_finished_by_the_next_while_the_server_runs() {
    let folder = place("");
    let at = folder.path();
    let server = Server::start(at, &[]);
    let create = |id: &str| run(at, &["client", "create", "--name", id, "--id", id]);
    create("acme").well();
    let token = |user: &str| {
        let arguments = [
            "token",
            "--client",
            "acme",
            "--user",
            user,
            "--username",
            "u",
        ];
        run(at, &arguments).well().trim().to_owned()
    };
    becomes(&server, &token("1"), StatusCode::OK).await;
    let old = master_keys(at);
    assert_eq!(old.len(), 1);

    // the second half has to wait for these rows, and never gets them
    let mut blocker = superuser(at).await;
    let mut held = blocker.begin().await.unwrap();
    held.execute("select from client_key for update")
        .await
        .unwrap();
    let mut rotate = command(at, &["vault", "rotate"]);
    let mut rotate = rotate
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut observer = superuser(at).await;
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    let started = Instant::now();
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&mut observer)
        .await
        .unwrap()
        == 0
    {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "it never came to the rows"
        );
        assert!(rotate.try_wait().unwrap().is_none(), "it ended");
    }
    rotate.kill().unwrap();
    rotate.wait().unwrap();
    let both = master_keys(at);
    assert_eq!(both.len(), 2, "both keys are known");
    assert_eq!(both[1], old[0]);
    held.rollback().await.unwrap();

    let left = vault_line(at);
    assert!(
        left.contains("2 values, 2 of them still under an old master key"),
        "{left}"
    );
    create("later").well();
    let left = vault_line(at);
    assert!(left.contains("3 values, 2 of them still under"), "{left}");
    becomes(&server, &token("2"), StatusCode::OK).await;

    let finished = run(at, &["vault", "rotate"]);
    assert!(
        finished.well().starts_with("Going on with the rotation"),
        "{finished:?}"
    );
    assert!(
        finished.out.contains("2 values are sealed by it"),
        "{finished:?}"
    );
    assert_eq!(master_keys(at), both[..1]);
    becomes(&server, &token("3"), StatusCode::OK).await;
    let whole = vault_line(at);
    assert!(
        whole.contains("ok: 3 values, master key") && !whole.contains("old"),
        "{whole}"
    );

    let again = run(at, &["vault", "rotate"]);
    assert!(again.well().starts_with("New master key "), "{again:?}");
    assert!(again.out.contains("3 values are sealed by it"), "{again:?}");
    assert_ne!(master_keys(at), both[..1]);
    becomes(&server, &token("4"), StatusCode::OK).await;
    for secret in both.iter().chain(&master_keys(at)) {
        assert!(!format!("{again:?}{finished:?}{whole}{}", server.log()).contains(secret));
    }

    // a key file that is not the right one
    let path = at.join("data/master.key");
    fs::write(&path, &old[0]).unwrap();
    let lost = run(at, &["check"]);
    assert!(lost.refused(1).contains("1 of these"), "{lost:?}");
    assert!(
        lost.out.contains("3 values are sealed by master key"),
        "{lost:?}"
    );
    let refused = run(at, &["vault", "rotate"]);
    assert!(
        refused.refused(1).contains("which is not in"),
        "{refused:?}"
    );
    assert!(
        master_keys(at).contains(&old[0]),
        "a rotation that fails drops nothing"
    );
}

async fn opens(world: &World, partner: &Partner<'_>, user: &str) {
    // whatever was remembered of the keys is to be read again
    let mut tx = world.app.db.client(partner.no).await.unwrap();
    client::set_enabled(&mut tx, true).await.unwrap();
    tx.commit().await.unwrap();
    let request = world.request(Method::GET, "/api/v1/me");
    let answer = request
        .header("Api-Token", partner.token(user))
        .send()
        .await;
    assert_eq!(
        answer.unwrap().status(),
        StatusCode::OK,
        "{} {user}",
        partner.id
    );
}

#[tokio::test]
async fn half_a_rotation_leaves_every_key_usable() {
    let world = World::new().await;
    let mut partners = Vec::new();
    for id in ["one", "two", "three"] {
        partners.push(world.partner(id).await);
    }
    let path = world.app.vault.path().to_owned();
    let operator = Vault::open(&path, false).unwrap();
    assert!(operator.begin_rotation().unwrap());
    let mut tx = world.app.db.system().await.unwrap();
    assert_eq!(rewrap::some(&mut tx, &operator, 1).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let mut tx = world.app.db.system().await.unwrap();
    let counts = rewrap::count(&mut tx).await.unwrap();
    assert_eq!(counts.len(), 2, "{counts:?}");
    // what is not committed was never done
    assert_eq!(rewrap::some(&mut tx, &operator, 1).await.unwrap(), 1);
    drop((tx, operator));
    for partner in &partners {
        opens(&world, partner, "in the middle").await;
    }

    let operator = Vault::open(&path, false).unwrap();
    assert!(!operator.begin_rotation().unwrap(), "gone on with");
    let mut tx = world.app.db.system().await.unwrap();
    assert_eq!(rewrap::some(&mut tx, &operator, 10).await.unwrap(), 2);
    assert_eq!(rewrap::some(&mut tx, &operator, 10).await.unwrap(), 0);
    tx.commit().await.unwrap();
    operator.end_rotation().unwrap();
    for partner in &partners {
        opens(&world, partner, "after").await;
    }
}

#[tokio::test]
async fn a_rotation_waits_for_who_is_sealing_and_for_no_other() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let mut system = world.app.db.system().await.unwrap();
    rewrap::hold(&mut system).await.unwrap();
    let mut second = world.app.db.system().await.unwrap();
    let error = rewrap::hold(&mut second).await.unwrap_err();
    assert_eq!(error.code(), "conflict", "{error}");

    let free = async || {
        let mut conn = world.superuser().await;
        let mut tx = conn.begin().await.unwrap();
        let text = "select pg_try_advisory_xact_lock($1)";
        let free = sqlx::query_scalar(text).bind(SEAL_LOCK);
        free.fetch_one(&mut *tx).await.unwrap()
    };
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    assert!(free().await);
    let key = NewKey::generate(2_048).unwrap();
    let (vault, now) = (&world.app.vault, world.app.clock.now());
    client::rotate(&mut tx, key, vault, time::Duration::ZERO, now)
        .await
        .unwrap();
    let taken: bool = free().await;
    assert!(!taken, "until the commit");
    tx.commit().await.unwrap();
    assert!(free().await);
}
