//! Conversations as Chat2LLM's pages save, ask, show and remove them.

use std::time::Duration;

use concierge::models::Script;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Said, data, said};
use crate::world::{Partner, World};

const ONE: &str = "0123456789abcdef0123456789abcdef";
const DONE: &str = r#"{"code":200,"msg":"success","data":true}"#;
const NOT_YOURS: &str = r#"{"code":403,"msg":"无权操作!","data":null}"#;

async fn world() -> World {
    World::scripted(Script::saying("答", 1, Duration::ZERO))
        .await
        .0
}

fn saved(id: &str, name: &str) -> Value {
    json!({"session_id": id, "session_name": name, "mode": "LLM",
        "param": {"query": null, "stream": true, "temperature": 0.7, "own": {"kept": [1]}}})
}

async fn post(acme: &Partner<'_>, user: &str, path: &str, body: &Value) -> Said {
    said(acme.asks_as(user, Method::POST, path).json(body)).await
}

async fn list(acme: &Partner<'_>, user: &str) -> Vec<Value> {
    let list = data(acme.asks_as(user, Method::GET, "/session/list")).await;
    list.as_array().unwrap().clone()
}

async fn asks(acme: &Partner<'_>, user: &str, body: Value) -> Value {
    let answer = post(acme, user, "/chat/chat", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn history(acme: &Partner<'_>, user: &str, body: Value) -> Vec<Value> {
    let request = acme.asks_as(user, Method::POST, "/history/latest");
    data(request.json(&body)).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn what_a_page_saves_comes_back_as_a_string() {
    let world = world().await;
    let acme = world.partner("acme").await;
    assert_eq!(list(&acme, "u").await, Vec::<Value>::new());
    let first = post(&acme, "u", "/session/save", &saved(ONE, "电池")).await;
    assert_eq!(first, Said::json(200, DONE));
    let listed = said(acme.asks_as("u", Method::GET, "/api/session/list")).await;
    let created: Value = serde_json::from_str(&listed.body).unwrap();
    let created = created["data"][0]["create_time"]
        .as_str()
        .unwrap()
        .to_owned();
    let param = r#"{\"history_count\":5,\"knowledge_base_name\":\"\",\"max_tokens\":2000,\"model_name\":\"zhipu-api\",\"own\":{\"kept\":[1]},\"prompt_name\":\"default\",\"query\":null,\"score_threshold\":1,\"split_result\":false,\"stream\":true,\"temperature\":0.7,\"top_k\":3}"#;
    let expected = format!(
        r#"{{"code":200,"msg":"success","data":[{{"session_id":"{ONE}","session_name":"电池","mode":"LLM","param":"{param}","create_time":"{created}"}}]}}"#
    );
    assert_eq!(listed, Said::json(200, expected));
    // saved again, it is changed
    post(&acme, "u", "/session/save", &saved(ONE, "另一个")).await;
    let listed = list(&acme, "u").await;
    assert_eq!(
        (listed.len(), &listed[0]["session_name"]),
        (1, &"另一个".into())
    );
}

#[tokio::test]
async fn what_cannot_be_saved_is_told_like_fastapi() {
    let world = world().await;
    let acme = world.partner("acme").await;
    let mut body = saved(ONE, &"长".repeat(21));
    body["param"]["top_k"] = "three".into();
    body["session_id"] = "x".into();
    let refused = post(&acme, "u", "/session/save", &body).await;
    let text = r#"{"detail":[{"loc":["body","session_id"],"msg":"ensure this value has at least 32 characters","type":"value_error.any_str.min_length","ctx":{"limit_value":32}},{"loc":["body","session_name"],"msg":"ensure this value has at most 20 characters","type":"value_error.any_str.max_length","ctx":{"limit_value":20}},{"loc":["body","param","top_k"],"msg":"value is not a valid integer","type":"type_error.integer"}]}"#;
    assert_eq!(refused, Said::json(422, text));
    let mut body = saved(ONE, "x");
    body["param"] = "{}".into();
    let refused = post(&acme, "u", "/session/save", &body).await;
    let text = r#"{"detail":[{"loc":["body","param"],"msg":"value is not a valid dict","type":"type_error.dict"}]}"#;
    assert_eq!(refused, Said::json(422, text));
    body["param"] = json!({"own": "x".repeat(17 << 10)});
    let refused = post(&acme, "u", "/session/save", &body).await;
    assert!(refused.body.starts_with(r#"{"code":422,"#), "{refused:?}");
}

#[tokio::test]
async fn a_conversation_is_asked_before_it_is_saved_and_shown_later() {
    let world = world().await;
    let acme = world.partner("acme").await;
    let first = asks(&acme, "u", json!({"query": "first", "session_id": ONE})).await;
    let second = asks(&acme, "u", json!({"query": "second", "session_id": ONE})).await;
    // not saved yet
    assert!(list(&acme, "u").await.is_empty());
    post(&acme, "u", "/session/save", &saved(ONE, "x")).await;
    assert_eq!(list(&acme, "u").await.len(), 1);
    let both = history(&acme, "u", json!({"session_id": ONE, "num": 2})).await;
    let queries: Vec<&Value> = both.iter().map(|record| &record["query"]).collect();
    assert_eq!(queries, ["second", "first"]);
    assert_eq!(both[0]["id"], second["chat_history_id"]);
    assert_eq!(both[1]["id"], first["chat_history_id"]);
    assert_eq!(both[0]["response"], "答");
    assert_eq!(both[0]["docs"], json!([]));
    assert_eq!(both[0]["create_time"].as_str().unwrap().len(), 19);
    let more = json!({"session_id": ONE, "chat_id": second["chat_history_id"], "num": 5});
    let older = history(&acme, "u", more).await;
    assert_eq!((older.len(), &older[0]["query"]), (1, &"first".into()));
    for unknown in [
        json!({"session_id": ONE, "chat_id": "f".repeat(32), "num": 5}),
        json!({"session_id": "f".repeat(32), "num": 5}),
        json!({"session_id": ONE, "num": 0}),
        json!({"session_id": ONE, "num": -1}),
    ] {
        assert!(
            history(&acme, "u", unknown.clone()).await.is_empty(),
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_written_again_by_an_id_never_seen_and_by_a_known_one() {
    let world = world().await;
    let acme = world.partner("acme").await;
    asks(&acme, "u", json!({"query": "first", "session_id": ONE})).await;
    asks(&acme, "u", json!({"query": "why?", "session_id": ONE})).await;
    let own = "fedcba9876543210fedcba9876543210";
    let again = json!({"query": "why?", "session_id": ONE, "chat_history_id": own});
    let answer = asks(&acme, "u", again.clone()).await;
    assert_eq!(answer["chat_history_id"], own);
    let records = async || history(&acme, "u", json!({"session_id": ONE, "num": 9})).await;
    let ids = async || -> Vec<String> {
        let records = records().await;
        records
            .iter()
            .map(|record| record["query"].as_str().unwrap().to_owned())
            .collect()
    };
    // it takes the place of the record that the page means
    assert_eq!(ids().await, ["why?", "first"]);
    assert_eq!(records().await[0]["id"], own);
    // known by now
    asks(&acme, "u", again).await;
    assert_eq!(ids().await, ["why?", "first"]);
    assert_eq!(records().await[0]["id"], own);
    // another question by an id never seen is a new record
    let new = "f".repeat(32);
    let other = json!({"query": "other", "session_id": ONE, "chat_history_id": new});
    asks(&acme, "u", other).await;
    assert_eq!(ids().await, ["other", "why?", "first"]);
    assert_eq!(
        world
            .count("select count(*) from message where role = 'assistant'")
            .await,
        5
    );
}

#[tokio::test]
async fn a_conversation_is_removed_in_three_ways() {
    let world = world().await;
    let acme = world.partner("acme").await;
    for (kind, body) in [
        ("application/json", format!("\"{ONE}\"")),
        ("application/x-www-form-urlencoded", ONE.to_owned()),
        ("text/plain", ONE.to_owned()),
    ] {
        asks(&acme, "u", json!({"query": "q", "session_id": ONE})).await;
        post(&acme, "u", "/session/save", &saved(ONE, "x")).await;
        let remove = acme.asks_as("u", Method::POST, "/session/delete");
        let removed = said(remove.header("content-type", kind).body(body)).await;
        assert_eq!(removed, Said::json(200, DONE), "{kind}");
        assert!(list(&acme, "u").await.is_empty(), "{kind}");
    }
    let unknown = acme
        .asks_as("u", Method::POST, "/session/delete")
        .body(format!("\"{ONE}\""));
    assert_eq!(said(unknown).await, Said::json(200, DONE));
    let no_id = acme
        .asks_as("u", Method::POST, "/session/delete")
        .body(format!("\"{}\"", "g".repeat(32)));
    let text = r#"{"detail":[{"loc":["body"],"msg":"string does not match regex \"^[0-9a-fA-F]{32}$\"","type":"value_error.str.regex","ctx":{"pattern":"^[0-9a-fA-F]{32}$"}}]}"#;
    assert_eq!(said(no_id).await, Said::json(422, text));
}

#[tokio::test]
async fn what_is_anothers_is_refused_and_stays() {
    let world = world().await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let first = asks(
        &acme,
        "alice",
        json!({"query": "secret", "session_id": ONE}),
    )
    .await;
    post(&acme, "alice", "/session/save", &saved(ONE, "alice")).await;
    let id = first["chat_history_id"].clone();
    let refused = Said::json(200, NOT_YOURS);
    let chat = json!({"query": "mine?", "session_id": ONE});
    assert_eq!(post(&acme, "bob", "/chat/chat", &chat).await, refused);
    assert_eq!(
        post(&acme, "bob", "/session/save", &saved(ONE, "bob")).await,
        refused
    );
    assert_eq!(
        post(&acme, "bob", "/session/delete", &ONE.into()).await,
        refused
    );
    assert!(
        history(&acme, "bob", json!({"session_id": ONE, "num": 9}))
            .await
            .is_empty()
    );
    // a record of hers is none of his: the question gets an id of its own
    let own = "e".repeat(32);
    let again = json!({"query": "secret", "session_id": own, "chat_history_id": id});
    let answer = asks(&acme, "bob", again).await;
    assert_ne!(answer["chat_history_id"], id);
    let hers = history(&acme, "alice", json!({"session_id": ONE, "num": 9})).await;
    assert_eq!((hers.len(), &hers[0]["id"]), (1, &id));
    assert_eq!(list(&acme, "alice").await[0]["session_name"], "alice");
    // at another client the id is free
    assert_eq!(
        post(&rival, "eve", "/session/delete", &ONE.into()).await,
        Said::json(200, DONE)
    );
    asks(&rival, "eve", chat).await;
    assert_eq!(
        history(&rival, "eve", json!({"session_id": ONE, "num": 9}))
            .await
            .len(),
        1
    );
    assert_eq!(list(&acme, "alice").await.len(), 1);
}

#[tokio::test]
async fn sources_are_shown_again_with_the_history() {
    let world = world().await;
    let acme = world.partner("acme").await;
    acme.person("u")
        .await
        .knows("政策", &[("a.md", "电池保修两年。")])
        .await;
    let body = json!({"query": "电池保修？", "session_id": ONE, "knowledge_base_name": "政策", "stream": true});
    let answer = post(&acme, "u", "/chat/knowledge_base_chat", &body).await;
    let docs = answer.body.rsplit_once(r#"{"docs":"#).unwrap().1;
    let docs: Value = serde_json::from_str(docs.trim_end_matches('}')).unwrap();
    assert_eq!(docs.as_array().unwrap().len(), 1);
    let record = &history(&acme, "u", json!({"session_id": ONE, "num": 1})).await[0];
    assert_eq!(record["docs"], docs);
}
