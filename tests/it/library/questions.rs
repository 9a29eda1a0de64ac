//! Questions that pages recommend.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    verbs::text,
    world::{Person, World},
};

const PATH: &str = "/api/v1/recommended-questions";

async fn picked(ann: &Person<'_>, how: &str) -> BTreeSet<String> {
    let all = ann.get(&format!("{PATH}/random{how}")).await;
    let query = |question: &Value| text(&question["query"]).to_owned();
    all["items"].as_array().unwrap().iter().map(query).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn what_is_recommended_is_picked_at_random_and_counted() {
    let world = World::new().await;
    let boss = world.partner("acme").await.manager("boss").await;
    let base = boss.base("b").await;
    for (query, about) in [("一？", Some(&base)), ("二？", Some(&base)), ("三？", None)] {
        let new = json!({"query": query, "knowledge_base_id": about, "answer": "答"});
        let added = boss.post(PATH, new, StatusCode::CREATED).await;
        assert_eq!(
            (&added["query"], &added["tap_count"]),
            (&json!(query), &json!(0))
        );
    }
    assert_eq!(picked(&boss, "").await, set(&["一？", "二？", "三？"]));
    let of_base = format!("?knowledge_base_id={base}");
    assert_eq!(picked(&boss, &of_base).await, set(&["一？", "二？"]));
    let mut seen = BTreeSet::new();
    for _ in 0..64 {
        let one = picked(&boss, "?count=1").await;
        assert_eq!(one.len(), 1);
        seen.extend(one);
    }
    assert!(seen.len() > 1, "always the same one: {seen:?}");
    let page = boss.get(&format!("{PATH}{of_base}")).await;
    let first = format!("{PATH}/{}", text(&page["items"][0]["id"]));
    for _ in 0..2 {
        let tapped = boss.status(Method::POST, &format!("{first}/tap")).await;
        assert_eq!(tapped, StatusCode::NO_CONTENT);
    }
    let page = boss.get(&format!("{PATH}{of_base}")).await;
    assert_eq!(page["items"][0]["tap_count"], 2);
    // switched off, it is there and not recommended
    let off = boss
        .patch(&first, json!({"enabled": false}), StatusCode::OK)
        .await;
    assert_eq!(off["enabled"], false);
    assert_eq!(picked(&boss, &of_base).await, set(&["二？"]));
    assert_eq!(boss.get(PATH).await["items"].as_array().unwrap().len(), 3);
    boss.delete(&first).await;
    assert_eq!(
        boss.status(Method::DELETE, &first).await,
        StatusCode::NOT_FOUND
    );
}

/// There is one place for questions: what a base suggests is recommended too, until it is taken back.
#[tokio::test]
async fn what_a_base_suggests_is_recommended() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let new = json!({"name": "b", "suggestions": ["a?", "b?", "a?"]});
    let base = ann
        .post("/api/v1/knowledge-bases", new, StatusCode::CREATED)
        .await;
    assert_eq!(base["suggestions"], json!(["a?", "b?"]));
    let id = text(&base["id"]);
    let of_base = format!("?knowledge_base_id={id}");
    ann.post(
        PATH,
        json!({"query": "c?", "knowledge_base_id": id}),
        StatusCode::CREATED,
    )
    .await;
    assert_eq!(picked(&ann, &of_base).await, set(&["a?", "b?", "c?"]));
    let path = format!("/api/v1/knowledge-bases/{id}");
    let turned = json!({"suggestions": ["c?", "b?"]});
    let changed = ann.patch(&path, turned, StatusCode::OK).await;
    assert_eq!(changed["suggestions"], json!(["c?", "b?"]));
    assert_eq!(picked(&ann, &of_base).await, set(&["b?", "c?"]));
    ann.delete(&path).await;
    assert_eq!(
        world
            .count("select count(*) from recommended_question")
            .await,
        0
    );
}

#[tokio::test]
async fn members_recommend_for_their_own_bases_only() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let (boss, ann, bob) = (
        acme.manager("boss").await,
        acme.person("ann").await,
        acme.person("bob").await,
    );
    let shared = json!({"name": "shared", "shared": true});
    let shared = boss
        .post("/api/v1/knowledge-bases", shared, StatusCode::CREATED)
        .await;
    let own = ann.base("own").await;
    let about = |base: Option<&str>| json!({"query": "q?", "knowledge_base_id": base});
    let refused = StatusCode::FORBIDDEN;
    ann.post(PATH, about(Some(text(&shared["id"]))), refused)
        .await;
    ann.post(PATH, about(None), refused).await;
    bob.post(PATH, about(Some(&own)), StatusCode::NOT_FOUND)
        .await;
    ann.post(PATH, about(Some(&own)), StatusCode::CREATED).await;
    let twice = ann
        .post(PATH, about(Some(&own)), StatusCode::CONFLICT)
        .await;
    assert_eq!(twice["code"], "taken");
    // another user's base keeps its questions to itself
    assert_eq!(picked(&bob, "").await, set(&[]));
    let theirs = boss.post(PATH, about(None), StatusCode::CREATED).await;
    assert_eq!(picked(&bob, "").await, set(&["q?"]));
    let path = format!("{PATH}/{}", text(&theirs["id"]));
    bob.patch(&path, json!({"enabled": false}), refused).await;
    assert_eq!(bob.status(Method::DELETE, &path).await, refused);
    for bad in [
        json!({"query": ""}),
        json!({"query": "字".repeat(201)}),
        json!({"query": "a\nb"}),
        json!({"query": "a?", "answer": "字".repeat(2_049)}),
    ] {
        boss.post(PATH, bad, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
}
