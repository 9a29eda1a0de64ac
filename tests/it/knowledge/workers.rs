//! Jobs: what fails is tried again, what kills its worker is given up, two workers do not get in
//! each other's way.

use std::time::Duration;

use concierge::{ids::DocumentId, jobs, knowledge::ingest};
use futures_util::future::join_all;

use super::{accepted, files_in};
use crate::{
    verbs::{text, uuid},
    world::{World, reading},
};

const TEXT: &str = "电池保修期为24个月。\n\n屏幕不在保修范围内。";

#[tokio::test]
async fn two_workers_on_one_document_make_one_version() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let base = ann.base("b").await;
    let id = accepted(ann.upload(&base, "a.md", TEXT).await).await;
    let reading = reading(&world.app);
    // as when one was taken for dead: both hold the job
    let document = DocumentId(uuid(&id));
    let runs = (0..3).map(|_| ingest::run(&world.app, &reading, acme.no, document));
    for ran in join_all(runs).await {
        ran.unwrap();
    }
    let now = ann.document_now(&id).await;
    assert_eq!(
        (&now["state"], &now["version"]),
        (&"ready".into(), &1.into())
    );
    assert_eq!(
        now["chunks"],
        world.count("select count(*) from chunk").await
    );
    assert_eq!(world.count("select count(*) from document_text").await, 1);
    // and once more, much later
    world.run_jobs().await;
    assert_eq!(ann.document_now(&id).await, now);
}

#[tokio::test]
async fn what_fails_is_tried_again_and_then_given_up() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = accepted(ann.upload(&base, "a.md", TEXT).await).await;
    // a disk that loses a file, and finds it again
    let path = files_in(&world).pop().unwrap();
    std::fs::rename(&path, path.with_extension("lost")).unwrap();
    world.run_jobs().await;
    assert_eq!(
        ann.document_now(&id).await["state"],
        "extracting",
        "not given up yet"
    );
    std::fs::rename(path.with_extension("lost"), &path).unwrap();
    world.run_jobs().await;
    assert_eq!(
        ann.document_now(&id).await["state"],
        "extracting",
        "not before its time"
    );
    world.app.clock.forward(Duration::from_secs(3));
    world.run_jobs().await;
    assert_eq!(ann.document_now(&id).await["state"], "ready");

    let id = accepted(ann.upload(&base, "b.md", "für immer verloren").await).await;
    let lost = files_in(&world)
        .into_iter()
        .find(|file| *file != path)
        .unwrap();
    std::fs::remove_file(lost).unwrap();
    for _ in 0..4 {
        world.run_jobs().await;
        world.app.clock.forward(Duration::from_secs(200));
    }
    let failed = ann.document_now(&id).await;
    assert_eq!(failed["state"], "failed");
    assert!(
        text(&failed["reason"]).contains("fault of ours"),
        "{failed}"
    );
    assert_eq!(
        world
            .count("select count(*) from job where dead and last_error is not null")
            .await,
        1
    );
    // removed and added again, it has another chance
    ann.delete(&format!("/api/v1/documents/{id}")).await;
    let id = ann.document(&base, "b.md", "für immer verloren").await;
    assert_eq!(ann.document_now(&id).await["version"], 1);
    assert_eq!(world.count("select count(*) from job").await, 0);
}

#[tokio::test]
async fn a_document_that_kills_its_worker_is_given_up() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = accepted(ann.upload(&base, "a.md", TEXT).await).await;
    // four workers took it, and none lived to tell
    sqlx::query("update job set attempts = 4, leased_until = run_at")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    world.app.clock.forward(Duration::from_secs(1));
    world.run_jobs().await;
    let failed = ann.document_now(&id).await;
    assert_eq!(failed["state"], "failed");
    assert!(
        text(&failed["reason"]).contains("fault of ours"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_shutdown_gives_the_job_back() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = accepted(ann.upload(&base, "a.md", TEXT).await).await;
    world.app.tasks.stop();
    jobs::drain(&world.app, &reading(&world.app)).await.unwrap();
    let waiting = "select count(*) from job where attempts = 0 and leased_until is null";
    assert_eq!(world.count(waiting).await, 1);
    let mut app = world.app.clone();
    app.tasks = concierge::app::Tasks::default();
    jobs::drain(&app, &reading(&app)).await.unwrap();
    let sql = "select count(*) from document where state = 'ready' and version = 1";
    assert_eq!(world.count(sql).await, 1, "{id}");
}
