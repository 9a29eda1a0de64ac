//! What is removed is gone: from the search at once, from the disk by a job.

use std::time::Duration;

use concierge::queue::{self, Job};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{accepted, files_in, taken_in};
use crate::{chat::saying, verbs::text, world::World};

/// Rows that belong to documents. Statistics stay with their base.
const ROWS: &str = "select (select count(*) from document) + (select count(*) from document_text)
     + (select count(*) from chunk) + (select count(*) from posting) + (select count(*) from chunk_vector)
     + (select count(*) from document_index) + (select coalesce(sum(chunks + terms_total), 0)::bigint from base_stats)";

#[tokio::test]
async fn a_document_goes_with_all_that_was_made_of_it() {
    let world = World::configured(vec![("models.embedding", "minilm".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let document = taken_in(
        &ann,
        &base,
        "a.md",
        "The battery is covered for 24 months. 电池保修期为24个月。",
    )
    .await;
    assert_eq!(document["state"], "ready", "{document}");
    for table in [
        "select count(*) from posting",
        "select count(*) from chunk_vector",
        "select count(*) from document_index",
    ] {
        assert!(world.count(table).await > 0, "{table}");
    }
    let path = format!("/api/v1/documents/{}", text(&document["id"]));
    ann.delete(&path).await;
    assert_eq!(world.count(ROWS).await, 0);
    assert_eq!(ann.finds(&base, "battery covered months").await.len(), 0);
    assert_eq!(files_in(&world).len(), 1, "the bytes go later");
    world.run_jobs().await;
    assert!(files_in(&world).is_empty());
    assert_eq!(
        world
            .count("select (select count(*) from blob) + (select count(*) from job)")
            .await,
        0
    );
    for path in [
        path.clone(),
        format!("{path}/text"),
        format!("{path}/chunks"),
        format!("{path}/events"),
    ] {
        assert_eq!(ann.status(Method::GET, &path).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        ann.status(Method::DELETE, &path).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn bytes_that_two_documents_share_stay_for_the_other() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let (ann, rival) = (
        acme.person("ann").await,
        world.partner("rival").await.person("ann").await,
    );
    let base = ann.base("b").await;
    let one = taken_in(&ann, &base, "one.md", "电池保修期为24个月。").await;
    let two = taken_in(&ann, &base, "two.md", "电池保修期为24个月。").await;
    let theirs = taken_in(
        &rival,
        &rival.base("b").await,
        "one.md",
        "电池保修期为24个月。",
    )
    .await;
    assert_eq!(
        files_in(&world).len(),
        2,
        "shared within a client, never between clients"
    );
    ann.delete(&format!("/api/v1/documents/{}", text(&one["id"])))
        .await;
    world.run_jobs().await;
    assert_eq!(files_in(&world).len(), 2);
    assert_eq!(ann.finds(&base, "电池").await[0]["document_id"], two["id"]);
    // and they are whole: the third one is read from the same file
    let three = taken_in(&ann, &base, "three.md", "电池保修期为24个月。").await;
    assert_eq!(three["state"], "ready");
    for document in [two, three] {
        ann.delete(&format!("/api/v1/documents/{}", text(&document["id"])))
            .await;
    }
    world.run_jobs().await;
    assert_eq!(files_in(&world).len(), 1);
    assert_eq!(
        rival.document_now(text(&theirs["id"])).await["state"],
        "ready"
    );
}

#[tokio::test]
async fn a_removed_document_is_neither_found_nor_cited() {
    let (world, model) = World::scripted(saying("电池保修期为24个月[1]。")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("policy").await;
    let old = ann
        .document(&base, "a.md", "电池保修期为24个月。旧版。")
        .await;
    let session = ann.session().await;
    let before = ann.asks(&session, "电池保修期多久？").await;
    assert_eq!(before["citations"][0]["document_id"], old.as_str());
    ann.delete(&format!("/api/v1/documents/{old}")).await;
    let after = ann.asks(&session, "电池保修期多久？").await;
    assert_eq!(after["citations"], json!([]));
    assert!(text(&after["content"]).starts_with("抱歉"), "{after}");
    assert_eq!(model.requests().len(), 1);
    // the same name with another text, and the same base name with another document
    let new = ann
        .document(&base, "a.md", "电池保修期为12个月。新版。")
        .await;
    for _ in 0..2 {
        let events = ann.reads(&session, "电池保修期多久？").await.rest().await;
        let passages = events[1].data["passages"].as_array().unwrap();
        assert_eq!(passages.len(), 1);
        assert_eq!(
            (&passages[0]["document_id"], &passages[0]["version"]),
            (&new.as_str().into(), &1.into())
        );
    }
    ann.delete(&format!("/api/v1/knowledge-bases/{base}")).await;
    let again = ann.base("policy").await;
    assert!(ann.finds(&again, "电池保修期").await.is_empty());
    assert_eq!(
        ann.get(&format!("/api/v1/knowledge-bases/{again}")).await["documents"],
        0
    );
    // what was said stays, with its quotes
    assert_eq!(ann.message(text(&before["id"])).await, before);
}

#[tokio::test]
async fn a_base_goes_with_everything_in_it() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let (base, kept) = (
        ann.base("b").await,
        ann.knows("kept", &[("k.md", "电池。")]).await,
    );
    for n in 0..3 {
        ann.document(&base, &format!("{n}.md"), &format!("电池保修期为{n}个月。"))
            .await;
    }
    // waiting to be read
    accepted(ann.upload(&base, "late.md", "spät").await).await;
    ann.delete(&format!("/api/v1/knowledge-bases/{base}")).await;
    assert_eq!(
        ann.status(Method::GET, &format!("/api/v1/knowledge-bases/{base}"))
            .await,
        StatusCode::NOT_FOUND
    );
    let one = "select count(*) from document where name <> 'k.md'";
    assert_eq!(world.count(one).await, 0);
    world.run_jobs().await;
    assert_eq!(files_in(&world).len(), 1);
    assert_eq!(world.count("select count(*) from job").await, 0);
    assert_eq!(ann.finds(&kept, "电池").await.len(), 1);
    let stats = "select count(*) from base_stats s where not exists (select from base b where b.base_no = s.base_no)";
    assert_eq!(world.count(stats).await, 0);
}

#[tokio::test]
async fn a_document_removed_before_it_is_read_is_never_read() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = accepted(ann.upload(&base, "a.md", "电池").await).await;
    ann.delete(&format!("/api/v1/documents/{id}")).await;
    world.run_jobs().await;
    assert_eq!(world.count(ROWS).await, 0);
    assert!(files_in(&world).is_empty());
}

/// A sweep that is under way may have looked before the removal that asks for another one.
#[tokio::test]
async fn a_removal_during_a_sweep_is_swept_too() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let base = ann.base("b").await;
    let (one, two) = (
        ann.document(&base, "1.md", "eins").await,
        ann.document(&base, "2.md", "zwei").await,
    );
    let (db, now) = (&world.app.db, || world.app.clock.now());
    ann.delete(&format!("/api/v1/documents/{one}")).await;
    let mut tx = db.system().await.unwrap();
    let claim = queue::claim(&mut tx, now())
        .await
        .unwrap()
        .expect("a sweep");
    tx.commit().await.unwrap();
    assert_eq!(claim.job, Job::SweepBlobs);
    ann.delete(&format!("/api/v1/documents/{two}")).await;
    let mut tx = db.client(acme.no).await.unwrap();
    queue::complete(&mut tx, &claim).await.unwrap();
    tx.commit().await.unwrap();
    world.run_jobs().await;
    assert!(files_in(&world).is_empty());
    assert_eq!(world.count("select count(*) from job").await, 0);
}

#[tokio::test]
async fn a_file_that_no_row_names_is_swept_a_day_later() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let document = taken_in(&ann, &ann.base("b").await, "a.md", "bleibt").await;
    let named = files_in(&world).pop().unwrap();
    let beside = |name: &str| named.with_file_name(name.repeat(32));
    let draft = world.folder().join("data/blobs/drafts/0123");
    let (old, fresh) = (beside("ab"), beside("cd"));
    for path in [&old, &fresh, &draft] {
        std::fs::write(path, "left behind").unwrap();
    }
    let yesterday = std::time::SystemTime::now() - Duration::from_secs(25 * 3_600);
    for path in [&old, &draft, &named] {
        std::fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(yesterday)
            .unwrap();
    }
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    world.app.blobs.sweep(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut left = files_in(&world);
    left.sort();
    let mut expected = vec![named, fresh];
    expected.sort();
    assert_eq!(left, expected);
    assert_eq!(world.count("select count(*) from blob").await, 1);
    assert_eq!(document["state"], "ready");
}
