//! Bases that are read anew: what is begun, what is left out, and in which commits.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, Executor};

use super::sends;
use crate::{
    verbs::{eventually, problem, text},
    world::{Wish, World, body, events},
};

#[tokio::test]
async fn what_waits_to_replace_the_others_is_left_alone() {
    let world = World::with(Wish {
        background: true,
        ..Wish::default()
    })
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let documents = format!("/api/v1/knowledge-bases/{base}/documents");
    let sent = body(
        ann.upload(&base, "a.md", "电池。").await,
        StatusCode::ACCEPTED,
    )
    .await;
    let hidden = format!("/api/v1/documents/{}", text(&sent["id"]));
    ann.patch(&hidden, json!({"enabled": false}), StatusCode::OK)
        .await;
    // it cannot be read, and so it waits on
    let form = reqwest::multipart::Part::text(" \n ").file_name("b.md");
    let form = reqwest::multipart::Form::new().part("file", form);
    let put = ann.request(Method::PUT, &documents).multipart(form);
    let waiting = body(put.send().await.unwrap(), StatusCode::ACCEPTED).await;
    let waiting = format!("/api/v1/documents/{}", text(&waiting["items"][0]["id"]));
    eventually("the other one was read", async || {
        (ann.get(&waiting).await["state"] == "failed").then_some(())
    })
    .await;
    let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
    let rebuild = ann
        .request(Method::POST, &path)
        .json(&json!({"enable": true}));
    let answer = rebuild.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let events = events(&answer.text().await.unwrap());
    let said = events
        .iter()
        .map(|event| (&*event.name, &event.data["name"]));
    let expected = [("document", &json!("a.md")), ("done", &json!(null))];
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert_eq!(ann.get(&hidden).await["enabled"], true);
}

#[tokio::test]
async fn a_base_with_too_many_documents_is_refused_before_any_is_begun() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池。").await;
    let more = "insert into document (client_no, document_id, base_no, name, media_type, blob_hash,
                  bytes, state, page_errors, chunks, version, progress_done, progress_total,
                  created_at, updated_at)
                select client_no, gen_random_uuid(), base_no, name || n, media_type, blob_hash,
                  bytes, state, page_errors, chunks, version, progress_done, progress_total,
                  created_at + interval '1 s', updated_at
                from document, generate_series(1, 10000) n";
    world.superuser().await.execute(more).await.unwrap();
    let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
    let rebuild = ann.request(Method::POST, &path).json(&json!({}));
    let refused = problem(rebuild.send().await.unwrap(), StatusCode::PAYLOAD_TOO_LARGE).await;
    assert!(text(&refused["detail"]).contains("10000"), "{refused}");
    let begun = "select count(*) from document_version where state = 'building'";
    assert_eq!(world.count(begun).await, 0);
}

/// One that is just being read does not keep the others waiting, nor they it.
#[tokio::test]
async fn each_document_is_begun_in_a_commit_of_its_own() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    for name in ["a.md", "b.md"] {
        ann.document(&base, name, "电池。").await;
    }
    let mut conn = world.superuser().await;
    let mut reading = conn.begin().await.unwrap();
    reading
        .execute("select from document where name = 'b.md' for update")
        .await
        .unwrap();
    let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
    let rebuild = ann.request(Method::POST, &path).json(&json!({})).send();
    let read = async {
        let begun = "select count(*) from document_version where state = 'building'";
        eventually("the first is begun", async || {
            (world.count(begun).await == 1).then_some(())
        })
        .await;
        reading.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(rebuild, read);
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
}

/// Whoever follows learns that it was broken off.
#[tokio::test]
async fn a_server_that_stops_does_not_say_that_all_was_read() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let sent = sends(&ann, &path, "a.md", "电池。").await;
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
    let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
    let rebuild = ann.request(Method::POST, &path).json(&json!({}));
    let answer = rebuild.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    world.app.tasks.stop();
    let said = events(&answer.text().await.unwrap());
    assert!(said.is_empty(), "{said:?}");
}
