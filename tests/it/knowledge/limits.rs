//! Limits of a base, and of the disk.

use concierge::{blobs::Blobs, jobs};
use futures_util::future::join;
use reqwest::{Method, StatusCode, multipart};

use super::{accepted, files_in};
use crate::{
    verbs::{problem, text},
    world::{World, reading},
};

/// Two chunks of about 800 characters.
fn two_chunks(seed: &str) -> String {
    format!(
        "# {seed}\n\n{}\n\n# B\n\n{}",
        "Ein Satz. ".repeat(70),
        "Noch einer. ".repeat(60)
    )
}

#[tokio::test]
async fn a_base_holds_so_many_chunks_and_no_more() {
    let world = World::configured(vec![("knowledge.base_chunks_max", "3".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let mut ids = Vec::new();
    for name in ["1.md", "2.md"] {
        ids.push(accepted(ann.upload(&base, name, two_chunks(name)).await).await);
    }
    // two workers at once
    let reading = reading(&world.app);
    let (one, two) = join(
        jobs::drain(&world.app, &reading),
        jobs::drain(&world.app, &reading),
    )
    .await;
    one.and(two).unwrap();
    let (mut ready, mut failed) = (0, 0);
    for id in &ids {
        let document = ann.document_now(id).await;
        if document["state"] == "ready" {
            assert_eq!(document["chunks"], 2);
            ready += 1;
        } else {
            let reason = text(&document["reason"]);
            assert!(
                reason.contains("holds 2 chunks") && reason.contains("3 fit"),
                "{document}"
            );
            failed += 1;
        }
    }
    assert_eq!((ready, failed), (1, 1));
    assert_eq!(world.count("select count(*) from chunk").await, 2);
    // what is removed makes room
    for id in ids {
        ann.delete(&format!("/api/v1/documents/{id}")).await;
    }
    ann.document(&base, "3.md", &two_chunks("3")).await;
}

#[tokio::test]
async fn a_nearly_full_disk_takes_nothing_in_and_answers_what_it_knows() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("b", &[("a.md", "电池保修期为24个月。")]).await;
    let disk = rustix::fs::statvfs(world.folder()).unwrap();
    if disk.f_bavail * 100 >= disk.f_blocks * 90 {
        eprintln!("skipped: more than 90 % of the disk is free, so it cannot be called full");
        return;
    }
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let full = Blobs::new(world.folder().join("data/blobs"), 90).unwrap();
    let twin = world.twin_with(|app| app.blobs = full).await;
    let part = || multipart::Part::bytes(b"voll".to_vec()).file_name("b.md");
    let upload = twin.request(&ann, Method::POST, &path);
    let answer = upload
        .multipart(multipart::Form::new().part("file", part()))
        .send()
        .await
        .unwrap();
    let refused = problem(answer, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(refused["code"], "unavailable");
    assert_eq!(files_in(&world).len(), 1, "no draft is left");
    let get = twin.request(&ann, Method::GET, &path).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::OK);
    // with room again, the same upload works
    accepted(ann.upload(&base, "b.md", "voll").await).await;
}
