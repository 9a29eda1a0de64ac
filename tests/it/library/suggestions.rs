//! Questions that a base suggests.

use reqwest::StatusCode;
use serde_json::json;

use crate::{verbs::text, world::World};

#[tokio::test]
async fn a_base_suggests_what_it_is_told() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let bases = "/api/v1/knowledge-bases";
    let new = json!({"name": "b", "suggestions": ["电池保修多久？"]});
    let base = ann.post(bases, new, StatusCode::CREATED).await;
    assert_eq!(base["suggestions"], json!(["电池保修多久？"]));
    let path = format!("{bases}/{}", text(&base["id"]));
    let two = json!({"suggestions": ["a?", "b?"]});
    let changed = ann.patch(&path, two, StatusCode::OK).await;
    assert_eq!(changed["suggestions"], json!(["a?", "b?"]));
    // a change of something else leaves them, and an empty list takes them away
    let kept = ann
        .patch(&path, json!({"title": "t"}), StatusCode::OK)
        .await;
    assert_eq!(kept["suggestions"], json!(["a?", "b?"]));
    assert_eq!(ann.get(&path).await["suggestions"], json!(["a?", "b?"]));
    assert_eq!(
        ann.get(bases).await["items"][0]["suggestions"],
        json!(["a?", "b?"])
    );
    let none = ann
        .patch(&path, json!({"suggestions": []}), StatusCode::OK)
        .await;
    assert_eq!(none["suggestions"], json!([]));
}

#[tokio::test]
async fn suggestions_that_cannot_be_are_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let bases = "/api/v1/knowledge-bases";
    for bad in [
        json!(vec!["q?"; 9]),
        json!(["字".repeat(201)]),
        json!([""]),
        json!([" "]),
        json!(["a\0b"]),
        json!(["two\nlines"]),
    ] {
        let new = json!({"name": "b", "suggestions": bad});
        let refused = ann.post(bases, new, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(refused["code"], "invalid");
    }
    assert_eq!(world.count("select count(*) from base").await, 0);
    let most = json!({"name": "b", "suggestions": vec!["字".repeat(200); 8]});
    ann.post(bases, most, StatusCode::CREATED).await;
}
