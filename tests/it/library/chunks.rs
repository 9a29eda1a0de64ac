//! Chunks in people's hands: what is changed is found as it now is from the same commit on.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{found, matching, only_chunk, revises};
use crate::{
    verbs::{problem, text},
    world::{Person, World, body},
};

async fn edits(ann: &Person<'_>, chunk: &Value, change: Value) -> Value {
    let path = format!("/api/v1/chunks/{}", text(&chunk["id"]));
    let tag = format!("\"{}\"", chunk["revision"]);
    let answer = matching(ann, Method::PATCH, &path, Some(&tag), change).await;
    let etag = answer.headers().get("etag").cloned();
    let chunk = body(answer, StatusCode::OK).await;
    assert_eq!(etag.unwrap(), format!("\"{}\"", chunk["revision"]).as_str());
    chunk
}

/// Rows of the index and what is counted of them: after all, nothing may drift.
async fn counted(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for rows in [
        "select coalesce(sum(chunks), 0)::bigint from base_stats",
        "select coalesce(sum(terms_total), 0)::bigint from base_stats",
        "select coalesce(sum(chunks), 0)::bigint from document_index",
        "select coalesce(sum(terms_total), 0)::bigint from document_index",
        "select count(*) from posting",
        "select count(*) from chunk_vector",
    ] {
        counts.push(world.count(rows).await);
    }
    counts
}

#[tokio::test]
async fn an_edited_chunk_is_found_as_it_is_from_the_same_commit_on() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "The saddle is soft.").await;
    let before = counted(&world).await;
    let chunk = only_chunk(&ann, &id).await;
    assert_eq!(
        (&chunk["origin"], &chunk["enabled"], &chunk["revision"]),
        (&json!("extracted"), &json!(true), &json!(1))
    );
    let edited = edits(
        &ann,
        &chunk,
        json!({"text": "The 健康 handlebar\r\nis wide.\0"}),
    )
    .await;
    assert_eq!(edited["text"], "The 健康 handlebar\nis wide.");
    assert_eq!(
        (&edited["origin"], &edited["revision"]),
        (&json!("edited"), &json!(2))
    );
    assert!(found(&ann, &base, "saddle").await.is_empty());
    for query in ["handlebar", "健康"] {
        assert_eq!(
            ann.finds(&base, query).await[0]["chunk_id"],
            chunk["id"],
            "{query}"
        );
    }
    // the text of the version is what was sent
    let whole = ann.get(&format!("/api/v1/documents/{id}/text")).await;
    assert_eq!(whole["text"], "The saddle is soft.");
    // the headings above it are searched too
    let headed = edits(&ann, &edited, json!({"context": "Comfort"})).await;
    assert_eq!(found(&ann, &base, "comfort").await.len(), 1);
    // nothing drifts: as before, all is as before
    let back = json!({"text": "The saddle is soft.", "context": ""});
    let back = edits(&ann, &headed, back).await;
    assert_eq!(counted(&world).await, before);
    // what changes nothing is no revision
    assert_eq!(edits(&ann, &back, json!({"enabled": true})).await, back);
}

#[tokio::test]
async fn a_chunk_is_switched_off_and_on() {
    let world = World::configured(vec![("models.embedding", "minilm".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "The saddle is soft.").await;
    let before = counted(&world).await;
    assert_eq!(before[5], 1, "it has a vector");
    let chunk = only_chunk(&ann, &id).await;
    let off = edits(&ann, &chunk, json!({"enabled": false})).await;
    assert_eq!(
        (&off["enabled"], &off["origin"]),
        (&json!(false), &json!("extracted"))
    );
    assert!(found(&ann, &base, "is the saddle soft").await.is_empty());
    assert_eq!(counted(&world).await, [0; 6]);
    // it is still there to be read, and to be edited while it is off
    assert_eq!(only_chunk(&ann, &id).await, off);
    let off = edits(&ann, &off, json!({"text": "The pedal is red."})).await;
    assert_eq!(counted(&world).await, [0; 6]);
    let on = edits(
        &ann,
        &off,
        json!({"enabled": true, "text": "The saddle is soft."}),
    )
    .await;
    assert_eq!(on["revision"], 4);
    assert_eq!(counted(&world).await, before);
    let passage = &ann.finds(&base, "comfortable seat of a bicycle").await;
    assert_eq!(passage.len(), 1, "by its meaning too");
}

/// rivals.md: deleting one chunk removes the document (R2R PR #2268), counts drift (R2R #1827).
#[tokio::test]
async fn a_chunk_is_added_and_removed_and_the_document_stays() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "The saddle is soft.").await;
    let before = counted(&world).await;
    let path = format!("/api/v1/documents/{id}/chunks");
    let new = json!({"text": "The bell is loud.", "context": "Sounds"});
    let added = ann.post(&path, new, StatusCode::CREATED).await;
    assert_eq!(
        (
            &added["origin"],
            &added["ordinal"],
            &added["start"],
            &added["end"]
        ),
        (&json!("added"), &json!(1), &json!(19), &json!(19))
    );
    for query in ["bell", "sounds"] {
        assert_eq!(
            found(&ann, &base, query).await,
            ["The bell is loud."],
            "{query}"
        );
    }
    assert_eq!(ann.document_now(&id).await["chunks"], 2);
    let one = format!("/api/v1/chunks/{}", text(&added["id"]));
    let stale = matching(&ann, Method::DELETE, &one, Some("\"2\""), json!({})).await;
    problem(stale, StatusCode::PRECONDITION_FAILED).await;
    let gone = matching(&ann, Method::DELETE, &one, Some("\"1\""), json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert!(found(&ann, &base, "bell").await.is_empty());
    assert_eq!(ann.status(Method::GET, &one).await, StatusCode::NOT_FOUND);
    // what was read out of the document cannot be removed, and the document is as it was
    let chunk = only_chunk(&ann, &id).await;
    let read = format!("/api/v1/chunks/{}", text(&chunk["id"]));
    let refused = matching(&ann, Method::DELETE, &read, Some("*"), json!({})).await;
    let refused = problem(refused, StatusCode::CONFLICT).await;
    assert!(
        text(&refused["detail"]).contains("enabled: false"),
        "{refused}"
    );
    assert_eq!(counted(&world).await, before);
    let document = ann.document_now(&id).await;
    assert_eq!(
        (&document["state"], &document["chunks"]),
        (&json!("ready"), &json!(1))
    );
    assert_eq!(found(&ann, &base, "saddle").await.len(), 1);
}

#[tokio::test]
async fn stale_foreign_and_impossible_edits_are_refused() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let eve = world.partner("other").await.person("eve").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "The saddle is soft.").await;
    let chunk = only_chunk(&ann, &id).await;
    let path = format!("/api/v1/chunks/{}", text(&chunk["id"]));
    let patch = async |who: &Person<'_>, tag: Option<&str>, change: Value| {
        matching(who, Method::PATCH, &path, tag, change).await
    };
    let some = || json!({"text": "x"});
    for who in [&bob, &eve] {
        problem(
            patch(who, Some("\"1\""), some()).await,
            StatusCode::NOT_FOUND,
        )
        .await;
    }
    let lacking = patch(&ann, None, some()).await;
    let lacking = problem(lacking, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(text(&lacking["detail"]).contains("If-Match"), "{lacking}");
    for tag in ["\"2\"", "\"x\"", "\"0\""] {
        let stale = patch(&ann, Some(tag), some()).await;
        let stale = problem(stale, StatusCode::PRECONDITION_FAILED).await;
        assert_eq!(stale["code"], "stale");
    }
    for bad in [
        json!({}),
        json!({"text": ""}),
        json!({"text": " \n\0"}),
        json!({"text": "字".repeat(8_001)}),
        json!({"context": "字".repeat(501)}),
        json!({"text": ["x"]}),
    ] {
        let refused = patch(&ann, Some("\"1\""), bad.clone()).await;
        assert!(refused.status().is_client_error(), "{bad}");
        problem(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    // of two who saw the same, one is too late
    assert_eq!(
        patch(&ann, Some("\"1\""), some()).await.status(),
        StatusCode::OK
    );
    let late = patch(&ann, Some("\"1\""), json!({"text": "y"})).await;
    problem(late, StatusCode::PRECONDITION_FAILED).await;
    assert_eq!(only_chunk(&ann, &id).await["text"], "x");
    // one of an old version is only read
    revises(&ann, &id, "New.").await;
    world.run_jobs().await;
    for method in [Method::PATCH, Method::DELETE] {
        let old = matching(&ann, method, &path, Some("\"2\""), some()).await;
        let old = problem(old, StatusCode::CONFLICT).await;
        assert!(text(&old["detail"]).contains("version 2"), "{old}");
    }
    assert_eq!(ann.get(&path).await["text"], "x");
}

#[tokio::test]
async fn chunks_are_added_to_what_is_searched_and_as_many_as_fit() {
    let world = World::configured(vec![("knowledge.base_chunks_max", "2".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let sent = body(
        ann.upload(&base, "a.md", "eins").await,
        StatusCode::ACCEPTED,
    )
    .await;
    let path = format!("/api/v1/documents/{}/chunks", text(&sent["id"]));
    let new = json!({"text": "zwei"});
    ann.post(&path, new.clone(), StatusCode::CONFLICT).await;
    world.run_jobs().await;
    for bad in [
        json!({}),
        json!({"text": ""}),
        json!({"text": "字".repeat(8_001)}),
    ] {
        ann.post(&path, bad, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    ann.post(&path, new.clone(), StatusCode::CREATED).await;
    ann.post(&path, new, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(world.count("select count(*) from chunk").await, 2);
    // a new version has room: the old one makes it
    revises(&ann, text(&sent["id"]), "eins, neu").await;
    world.run_jobs().await;
    assert_eq!(ann.document_now(text(&sent["id"])).await["version"], 2);
}
