//! The embedded PostgreSQL and the traps that others have fallen into.

use concierge::db::embedded::{Embedded, Settings};
use sqlx::{ConnectOptions, PgConnection, Row};
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::cluster::runtime_dir;

/// A folder that everybody may pass through, with settings for a server in it.
struct Site {
    folder: TempDir,
    settings: Settings,
}

fn site() -> Site {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new()
        .prefix("concierge-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder");
    let mut settings = Settings::new(runtime_dir(), folder.path().join("data"));
    settings.shared_dir = folder.path().join("shared");
    Site { folder, settings }
}

async fn connect(embedded: &Embedded) -> PgConnection {
    let options = embedded.access().options("postgres");
    options.connect().await.expect("log in")
}

async fn one(connection: &mut PgConnection, sql: &'static str) -> String {
    let row = sqlx::query(sql).fetch_one(connection).await.expect(sql);
    row.get::<String, _>(0)
}

#[tokio::test]
async fn fresh_start() {
    let site = site();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut connection = connect(&embedded).await;
    assert!(
        one(&mut connection, "show server_version")
            .await
            .starts_with("18.")
    );
    embedded.stop().await.unwrap();
    assert!(
        site.folder
            .path()
            .join("data/postgres/18/PG_VERSION")
            .exists()
    );
}

#[tokio::test]
async fn second_start() {
    let site = site();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let mut connection = connect(&embedded).await;
    sqlx::query("create table kept (n int)")
        .execute(&mut connection)
        .await
        .unwrap();
    drop(connection);
    embedded.stop().await.unwrap();

    let started = Instant::now();
    let embedded = Embedded::start(&site.settings).await.unwrap();
    let took = started.elapsed();
    eprintln!("second start: {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let mut connection = connect(&embedded).await;
    assert_eq!(
        one(&mut connection, "select count(*)::text from kept").await,
        "0"
    );
    embedded.stop().await.unwrap();
}
