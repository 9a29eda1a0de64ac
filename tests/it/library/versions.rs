//! A new version is built beside the one that is searched, and takes its place in one commit.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{found, only_chunk, revises, sends, states};
use crate::{
    chat::saying,
    verbs::{problem, text},
    world::{World, body},
};

#[tokio::test]
async fn the_old_version_is_found_until_the_new_one_takes_its_place() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "电池保修期为24个月。").await;
    let sent = revises(&ann, &id, "电池保修期为36个月。").await;
    assert_eq!(
        (&sent["state"], &sent["version"]),
        (&json!("uploaded"), &json!(1))
    );
    assert_eq!(
        states(&ann, &id).await,
        [(2, "building".into()), (1, "current".into())]
    );
    assert_eq!(
        found(&ann, &base, "电池保修期").await,
        ["电池保修期为24个月。"]
    );
    world.run_jobs().await;
    let now = ann.document_now(&id).await;
    assert_eq!(
        (&now["state"], &now["version"]),
        (&json!("ready"), &json!(2))
    );
    assert_eq!(
        states(&ann, &id).await,
        [(2, "current".into()), (1, "retired".into())]
    );
    assert_eq!(
        found(&ann, &base, "电池保修期").await,
        ["电池保修期为36个月。"]
    );
    let base = ann.get(&format!("/api/v1/knowledge-bases/{base}")).await;
    assert_eq!(
        (&base["documents"], &base["chunks"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_version_that_cannot_be_read_leaves_the_one_before() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "电池保修期为24个月。").await;
    revises(&ann, &id, " \n ").await;
    world.run_jobs().await;
    let now = ann.document_now(&id).await;
    assert_eq!(
        (&now["state"], &now["version"]),
        (&json!("ready"), &json!(1))
    );
    assert!(!text(&now["reason"]).is_empty(), "{now}");
    assert_eq!(
        states(&ann, &id).await,
        [(2, "failed".into()), (1, "current".into())]
    );
    assert_eq!(found(&ann, &base, "电池").await.len(), 1);
    // the next one that can be read is searched, and nothing is left of the reason
    revises(&ann, &id, "电池保修期为48个月。").await;
    world.run_jobs().await;
    let now = ann.document_now(&id).await;
    assert_eq!((&now["reason"], &now["version"]), (&json!(null), &json!(3)));
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修期为48个月。"]);
}

#[tokio::test]
async fn of_two_uploads_the_later_one_is_read() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "eins").await;
    revises(&ann, &id, "zwei").await;
    revises(&ann, &id, "drei").await;
    world.run_jobs().await;
    let expected = [
        (3, "current".into()),
        (2, "failed".into()),
        (1, "retired".into()),
    ];
    assert_eq!(states(&ann, &id).await, expected);
    assert!(found(&ann, &base, "zwei").await.is_empty());
    assert_eq!(found(&ann, &base, "drei").await, ["drei"]);
}

/// rivals.md: citations vanish after publishing (dify #6993 #7970).
#[tokio::test]
async fn an_old_answer_still_opens_what_it_cited() {
    let (world, _) = World::scripted(saying("电池保修期为24个月[1]。")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann
        .document(&base, "a.md", "电池保修期为24个月。旧版。")
        .await;
    let answer = ann.asks(&ann.session().await, "电池保修期多久？").await;
    let cited = &answer["citations"][0];
    assert_eq!(cited["version"], 1, "{answer}");
    for n in 0..8 {
        revises(&ann, &id, format!("电池保修期为{n}个月。新版。")).await;
        world.run_jobs().await;
    }
    let (start, end) = (&cited["start"], &cited["end"]);
    let path = format!("/api/v1/documents/{id}");
    let old = ann
        .get(&format!("{path}/text?version=1&start={start}&end={end}"))
        .await;
    assert_eq!(old["text"], cited["quote"]);
    let chunks = ann.get(&format!("{path}/chunks?version=1")).await;
    assert_eq!(chunks["items"][0]["id"], cited["chunk_id"]);
    let chunk = ann
        .get(&format!("/api/v1/chunks/{}", text(&cited["chunk_id"])))
        .await;
    assert_eq!(chunk["version"], 1);
    let file = format!("{path}/file?version=1");
    assert_eq!(ann.status(Method::GET, &file).await, StatusCode::OK);
    // but it is not found any more
    assert_eq!(
        found(&ann, &base, "电池保修期").await,
        ["电池保修期为7个月。新版。"]
    );
}

#[tokio::test]
async fn old_versions_that_nothing_cites_go_in_the_end() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "text 0").await;
    for n in 1..9 {
        revises(&ann, &id, format!("text {n}")).await;
        world.run_jobs().await;
    }
    let kept: Vec<i64> = states(&ann, &id).await.iter().map(|(n, _)| *n).collect();
    assert_eq!(kept, [9, 8, 7, 6, 5, 4]);
    let path = format!("/api/v1/documents/{id}");
    for path in ["text", "chunks", "file"].map(|what| format!("{path}/{what}?version=3")) {
        assert_eq!(
            ann.status(Method::GET, &path).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    world.run_jobs().await;
    for (rows, count) in [
        ("select count(*) from blob", 6),
        ("select count(*) from chunk", 6),
        ("select count(*) from document_text", 6),
        ("select sum(chunks)::bigint from base_stats", 1),
    ] {
        assert_eq!(world.count(rows).await, count, "{rows}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_replaced_or_left() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "eins").await;
    let path = |how: &str| format!("/api/v1/knowledge-bases/{base}/documents{how}");
    for how in ["", "?on_conflict=refuse"] {
        let refused = sends(&ann, &path(how), "a.md", "zwei").await;
        assert_eq!(
            problem(refused, StatusCode::CONFLICT).await["code"],
            "taken"
        );
    }
    let bad = sends(&ann, &path("?on_conflict=x"), "a.md", "zwei").await;
    problem(bad, StatusCode::UNPROCESSABLE_ENTITY).await;
    for (how, bytes, versions) in [
        ("?on_conflict=skip", "zwei", 1),
        ("?on_conflict=replace", "eins", 1),
        ("?on_conflict=replace", "zwei", 2),
        // waits to be read: the same again is no third one
        ("?on_conflict=replace", "zwei", 2),
    ] {
        let sent = sends(&ann, &path(how), "a.md", bytes).await;
        let sent = body(sent, StatusCode::ACCEPTED).await;
        assert_eq!(sent["id"], id.as_str(), "{how} {bytes}");
        assert_eq!(states(&ann, &id).await.len(), versions, "{how} {bytes}");
    }
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "zwei").await, ["zwei"]);
    assert!(found(&ann, &base, "eins").await.is_empty());
    let new = sends(&ann, &path("?on_conflict=replace"), "b.md", "drei").await;
    assert_ne!(body(new, StatusCode::ACCEPTED).await["id"], id.as_str());
}

#[tokio::test]
async fn a_document_is_read_anew_with_other_chunks() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let long = "Ein ganzer Satz steht hier. ".repeat(60);
    let id = ann.document(&base, "a.md", &long).await;
    let path = format!("/api/v1/documents/{id}");
    let before = ann.document_now(&id).await["chunks"].as_i64().unwrap();
    let rebuild = json!({"chunk_chars": 150});
    ann.post(&format!("{path}/rebuild"), rebuild, StatusCode::ACCEPTED)
        .await;
    world.run_jobs().await;
    let now = ann.document_now(&id).await;
    assert!(
        now["chunks"].as_i64().unwrap() > 3 * before,
        "{before} {now}"
    );
    assert_eq!(now["version"], 2);
    // the next reading keeps to it, and going back does not
    ann.post(&format!("{path}/rebuild"), json!({}), StatusCode::ACCEPTED)
        .await;
    world.run_jobs().await;
    assert_eq!(ann.document_now(&id).await["chunks"], now["chunks"]);
    let back = format!("{path}/versions/1/restore");
    ann.post(&back, json!({}), StatusCode::ACCEPTED).await;
    world.run_jobs().await;
    let back = ann.document_now(&id).await;
    assert_eq!(
        (&back["chunks"], &back["version"]),
        (&json!(before), &json!(4))
    );
    for chars in [0, 99, 4_001] {
        let (bad, path) = (json!({"chunk_chars": chars}), format!("{path}/rebuild"));
        ann.post(&path, bad, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let nothing = format!("{path}/versions/9/restore");
    ann.post(&nothing, json!({}), StatusCode::NOT_FOUND).await;
}

/// rivals.md: a disabled document is searchable and an enabled one is not (dify #21127).
#[tokio::test]
async fn a_disabled_document_is_not_found_and_an_enabled_one_is() {
    let (world, model) = World::scripted(saying("电池保修期为24个月[1]。")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "电池保修期为24个月。").await;
    let path = format!("/api/v1/documents/{id}");
    let chunks = async || {
        let base = ann.get(&format!("/api/v1/knowledge-bases/{base}")).await;
        base["chunks"].as_i64().unwrap()
    };
    // twice the same changes nothing
    for _ in 0..2 {
        let off = ann
            .patch(&path, json!({"enabled": false}), StatusCode::OK)
            .await;
        assert_eq!(off["enabled"], false);
        assert!(found(&ann, &base, "电池").await.is_empty());
        assert_eq!(chunks().await, 0);
    }
    let answer = ann.asks(&ann.session().await, "电池保修期多久？").await;
    assert_eq!(answer["citations"], json!([]));
    assert!(model.requests().is_empty());
    // what is done to it meanwhile does not bring it back
    revises(&ann, &id, "电池保修期为36个月。").await;
    world.run_jobs().await;
    let chunk = only_chunk(&ann, &id).await;
    let chunk = format!("/api/v1/chunks/{}", text(&chunk["id"]));
    let edit = json!({"text": "电池保修期为48个月。"});
    let edited = super::matching(&ann, Method::PATCH, &chunk, Some("*"), edit).await;
    assert_eq!(edited.status(), StatusCode::OK);
    assert!(found(&ann, &base, "电池").await.is_empty());
    for _ in 0..2 {
        let on = ann
            .patch(&path, json!({"enabled": true}), StatusCode::OK)
            .await;
        assert_eq!(on["enabled"], true);
        assert_eq!(found(&ann, &base, "电池").await, ["电池保修期为48个月。"]);
        assert_eq!(chunks().await, 1);
    }
    // and a disabled one goes like any other
    ann.patch(&path, json!({"enabled": false}), StatusCode::OK)
        .await;
    ann.delete(&path).await;
    for rows in [
        "select count(*) from posting",
        "select count(*) from document_index",
    ] {
        assert_eq!(world.count(rows).await, 0, "{rows}");
    }
    assert_eq!(chunks().await, 0);
}

#[tokio::test]
async fn a_document_is_renamed() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann.document(&base, "a.md", "eins").await;
    ann.document(&base, "b.md", "zwei").await;
    let path = format!("/api/v1/documents/{id}");
    let named = ann
        .patch(&path, json!({"name": "第一章"}), StatusCode::OK)
        .await;
    assert_eq!(named["name"], "第一章");
    assert_eq!(ann.finds(&base, "eins").await[0]["document_name"], "第一章");
    // what it is stays known: it can be read anew
    ann.post(&format!("{path}/rebuild"), json!({}), StatusCode::ACCEPTED)
        .await;
    world.run_jobs().await;
    assert_eq!(ann.document_now(&id).await["state"], "ready");
    for (change, status) in [
        (json!({"name": "b.md"}), StatusCode::CONFLICT),
        (json!({"name": "../"}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        ann.patch(&path, change, status).await;
    }
}
