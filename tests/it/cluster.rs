//! One PostgreSQL for all tests: the first test that needs it starts it, and it stays for the next
//! run. `cargo test --test it -- --ignored --exact cluster::stop` ends it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use concierge::db::embedded::{Access, Embedded, Gone, Major, Owned, Settings};
use tokio::sync::OnceCell;

/// For the process that is first to make the database, on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);

/// How to log in to the shared cluster as superuser. Its databases are gone when the machine crashes.
pub async fn cluster() -> &'static Access {
    static CLUSTER: OnceCell<Access> = OnceCell::const_new();
    CLUSTER.get_or_init(start).await
}

/// The runtime that `scripts/fetch-runtime` has laid.
pub fn runtime_dir() -> PathBuf {
    named("CONCIERGE_RUNTIME_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime"),
        PathBuf::from,
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "no config here, and scripts read the same variables"
)]
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// One cluster per checkout, also where several share their build folder. `make soak` asks for the
/// oldest PostgreSQL that the server runs on.
fn settings() -> Settings {
    let checkout = env!("CARGO_MANIFEST_DIR").replace('/', "-");
    let (version, folder) = match named("CONCIERGE_TEST_POSTGRES").as_deref() {
        None | Some("18") => (Major::Eighteen, format!("cluster{checkout}")),
        Some("16") => (Major::Sixteen, format!("cluster16{checkout}")),
        Some(other) => panic!("CONCIERGE_TEST_POSTGRES = {other}: the runtime has 16 and 18"),
    };
    let data_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let mut settings = Settings::new(runtime_dir(), data_dir);
    settings.version = version;
    settings.durable = false;
    settings
}

/// Every test process comes here, and only one of them can be first.
async fn start() -> Access {
    let settings = settings();
    let started = Instant::now();
    loop {
        // what hinders joining, the start mends or explains
        if let Ok(Some(access)) = Embedded::join(&settings).await {
            return access;
        }
        match Embedded::start(&settings).await {
            // dropped: it runs on without an owner
            Ok(embedded) => return embedded.access().clone(),
            Err(error) if error.is::<Owned>() && started.elapsed() < START_MAX => {}
            // a machine may keep the build folder and lose what lies outside
            Err(error) if error.is::<Gone>() => {
                let gone = error.downcast::<Gone>().unwrap();
                fs::remove_file(gone.pointer).unwrap();
            }
            Err(error) => {
                let data = settings.data_dir.display();
                panic!(
                    "the test cluster does not start; it holds nothing of worth, so {data} can be removed: {error:#}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_caller_gets_the_same_cluster() {
    use sqlx::{ConnectOptions, Row};
    let access = cluster().await;
    let again = start().await;
    assert_eq!(
        (access.port, &access.password),
        (again.port, &again.password)
    );
    let mut connection = access.options("postgres").connect().await.unwrap();
    let row = sqlx::query("show fsync")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>(0), "off");
}

#[tokio::test]
#[ignore = "not a test: ends the cluster that the tests leave running"]
async fn stop() {
    let settings = settings();
    if let Ok(None) = Embedded::join(&settings).await {
        return;
    }
    let pgdata = {
        let embedded = Embedded::start(&settings).await.unwrap();
        let pgdata = embedded.pgdata();
        embedded.stop().await.unwrap();
        pgdata
    };
    assert!(!fs::exists(pgdata.join("postmaster.pid")).unwrap());
}
