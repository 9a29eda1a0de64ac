//! Documents that their senders cut, and bases that are read anew.

use reqwest::{Method, StatusCode, multipart};
use serde_json::{Value, json};

use super::{found, states};
use crate::{
    verbs::text,
    world::{Person, Wish, World, body},
};

/// An upload with chunks of the sender's, as it is answered.
async fn sends_cut(ann: &Person<'_>, base: &str, chunks: &Value, status: StatusCode) -> Value {
    sends_json(ann, base, chunks.to_string(), status).await
}

async fn sends_json(ann: &Person<'_>, base: &str, chunks: String, status: StatusCode) -> Value {
    let part = multipart::Part::text("电池保修期为24个月。").file_name("a.md");
    let form = multipart::Form::new()
        .text("chunks", chunks)
        .part("file", part);
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let request = ann.request(Method::POST, &path).multipart(form);
    body(request.send().await.unwrap(), status).await
}

#[tokio::test]
async fn what_its_sender_cut_is_taken_as_it_is() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let chunks = json!([
        {"text": "电池保修三年。", "metadata": {"page": 7}},
        {"text": "😀屏幕保修一年。"},
    ]);
    let sent = sends_cut(&ann, &base, &chunks, StatusCode::ACCEPTED).await;
    let id = text(&sent["id"]);
    world.run_jobs().await;
    let passages = ann.finds(&base, "电池保修").await;
    assert_eq!(passages[0]["text"], "电池保修三年。");
    assert_eq!(passages[0]["metadata"], json!({"page": 7}));
    assert_eq!(passages[1]["metadata"], Value::Null);
    let page = ann.get(&format!("/api/v1/documents/{id}/chunks")).await;
    let whole = ann.get(&format!("/api/v1/documents/{id}/text")).await;
    let whole: Vec<char> = text(&whole["text"]).chars().collect();
    for chunk in page["items"].as_array().unwrap() {
        let at = |name: &str| chunk[name].as_u64().unwrap() as usize;
        let place: String = whole[at("start")..at("end")].iter().collect();
        assert_eq!(place, text(&chunk["text"]));
    }
    // read anew it stays as it was cut, unless it is to be cut here
    let path = format!("/api/v1/documents/{id}/rebuild");
    ann.post(&path, json!({}), StatusCode::ACCEPTED).await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修三年。"]);
    ann.post(&path, json!({"recut": true}), StatusCode::ACCEPTED)
        .await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修期为24个月。"]);
    let cut_anew = json!({"chunks": [{"text": "电池保修五年。"}]});
    ann.post(&path, cut_anew, StatusCode::ACCEPTED).await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修五年。"]);
    let none = json!({"chunks": []});
    ann.post(&path, none, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    let versions = ann.get(&format!("/api/v1/documents/{id}/versions")).await;
    let custom = |version: &Value| version["custom"].as_bool().unwrap();
    let custom: Vec<bool> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(custom)
        .collect();
    assert_eq!(custom, [true, false, true, true]);
}

#[tokio::test]
async fn chunks_that_cannot_be_are_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    for bad in [
        json!([]),
        json!([{"text": " "}]),
        json!([{"text": "字".repeat(8_001)}]),
        json!([{"text": "a", "metadata": [1]}]),
    ] {
        let refused = sends_cut(&ann, &base, &bad, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(refused["code"], "invalid", "{bad}");
    }
    let broken = sends_json(&ann, &base, "[".into(), StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(text(&broken["detail"]).contains("`chunks`"), "{broken}");
    assert_eq!(world.count("select count(*) from document").await, 0);
}

/// What is too much is not made anything of: neither what comes after the last chunk that is taken,
/// nor what is longer than all of them may be.
#[tokio::test]
async fn chunks_are_read_up_to_their_limits() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let many = format!("[{}[]]", r#"{"text":"a"},"#.repeat(10_001));
    let long = format!(r#"[{{"text":"a"}}{}]"#, " ".repeat(16 << 20));
    for (sent, limit) in [(many, "10000 chunks"), (long, "16777216 bytes")] {
        let refused = sends_json(&ann, &base, sent, StatusCode::PAYLOAD_TOO_LARGE).await;
        assert!(text(&refused["detail"]).contains(limit), "{refused}");
    }
}

#[tokio::test]
async fn a_base_is_read_anew_document_by_document() {
    let world = World::with(Wish {
        background: true,
        ..Wish::default()
    })
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let mut ids = Vec::new();
    for (name, says) in [
        ("a.md", "电池保修期为24个月。"),
        ("b.md", "屏幕不保修。"),
        ("c.md", "轮胎保修一年。"),
    ] {
        let sent = body(ann.upload(&base, name, says).await, StatusCode::ACCEPTED).await;
        ids.push(text(&sent["id"]).to_owned());
    }
    let hidden = format!("/api/v1/documents/{}", ids[1]);
    ann.patch(&hidden, json!({"enabled": false}), StatusCode::OK)
        .await;
    let read = async |how: Value| {
        let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
        let answer = ann
            .request(Method::POST, &path)
            .json(&how)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        crate::world::events(&answer.text().await.unwrap())
    };
    let events = read(json!({})).await;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["document", "document", "done"]);
    assert_eq!(
        events[1].data,
        json!({"document_id": ids[2], "name": "c.md", "state": "ready", "reason": null, "done": 2, "total": 2})
    );
    assert_eq!(events[2].data, json!({"total": 2}));
    assert_eq!(found(&ann, &base, "屏幕").await, [""; 0]);
    // what was taken out of the search comes back when that is asked for
    let events = read(json!({"enable": true, "chunk_chars": 100})).await;
    assert_eq!(events.len(), 4);
    assert_eq!(found(&ann, &base, "屏幕").await, ["屏幕不保修。"]);
    assert_eq!(states(&ann, &ids[0]).await[0], (3, "current".into()));
    let wrong = json!({"chunk_chars": 5});
    let path = format!("/api/v1/knowledge-bases/{base}/rebuild");
    ann.post(&path, wrong, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    let bob = world.partner("rival").await.person("bob").await;
    bob.post(&path, json!({}), StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_base_is_found_by_its_name() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let (boss, ann) = (acme.manager("boss").await, acme.person("ann").await);
    let own = ann.base("手册").await;
    let named = "/api/v1/knowledge-bases?name=%E6%89%8B%E5%86%8C";
    assert_eq!(ann.get(named).await["items"][0]["id"], own.as_str());
    assert_eq!(boss.get(named).await["items"], json!([]));
    let shared = json!({"name": "手册", "shared": true});
    let shared = boss
        .post("/api/v1/knowledge-bases", shared, StatusCode::CREATED)
        .await;
    let both = ann.get(named).await;
    assert_eq!(both["items"][0]["id"], shared["id"]);
    assert_eq!(both["items"].as_array().unwrap().len(), 1);
}
