//! One answer that is otherwise than its conversation, and answers without one.

use std::time::Duration;

use concierge::models::{Script, Step};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    verbs::{eventually, problem},
    world::{World, events},
};

fn saying(text: &str) -> Script {
    Script::saying(text, 2, Duration::ZERO)
}

/// What the model was told last, but the rules.
fn told(model: &concierge::models::Scripted) -> Vec<String> {
    let told = model.requests().pop().unwrap().messages;
    told[1..].iter().map(|said| said.content.clone()).collect()
}

#[tokio::test]
async fn a_question_is_asked_with_settings_bases_and_a_history_of_its_own() {
    let (world, model) = World::scripted(saying("ok [1]")).await;
    let alice = world.partner("acme").await.person("alice").await;
    let base = alice
        .knows("b", &[("a.md", "The battery lasts two years.")])
        .await;
    let session = alice.session().await;
    alice.asks(&session, "first question").await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let ask = async |otherwise: Value| {
        let mut question = json!({"content": "battery?"});
        for (key, value) in otherwise.as_object().unwrap() {
            question[key] = value.clone();
        }
        alice.post(&path, question, StatusCode::OK).await
    };
    ask(json!({})).await;
    assert_eq!(told(&model)[0], "first question");
    let history =
        json!([{"role": "user", "content": "told"}, {"role": "assistant", "content": "by me"}]);
    ask(json!({"history": history, "settings": {"temperature": 0.5}})).await;
    assert_eq!(told(&model), ["told", "by me", "battery?"]);
    assert_eq!(model.requests().pop().unwrap().temperature, Some(0.5));
    assert_eq!(model.requests().pop().unwrap().passages.len(), 1);
    ask(json!({"history": [], "knowledge_base_ids": []})).await;
    assert_eq!(told(&model), ["battery?"]);
    assert!(model.requests().pop().unwrap().passages.is_empty());
    let answer = ask(json!({"knowledge_base_ids": [base]})).await;
    assert_eq!(model.requests().pop().unwrap().passages.len(), 1);
    // for that answer alone
    assert_eq!(model.requests().pop().unwrap().temperature, None);
    let again = format!(
        "/api/v1/messages/{}/regenerate",
        answer["reply_to"].as_str().unwrap()
    );
    alice
        .post(
            &again,
            json!({"history": [], "knowledge_base_ids": []}),
            StatusCode::OK,
        )
        .await;
    assert_eq!(told(&model), ["battery?"]);
    // a base that cannot be read is none, and a setting out of its bounds is refused
    let other = json!({"content": "x", "knowledge_base_ids": [session]});
    alice.post(&path, other, StatusCode::NOT_FOUND).await;
    let hot = json!({"content": "x", "settings": {"temperature": 3}});
    alice
        .post(&path, hot, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
}

#[tokio::test]
async fn a_conversation_keeps_what_its_page_wants_kept() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let (alice, bob) = (acme.person("alice").await, acme.person("bob").await);
    let id = uuid::Uuid::new_v4().to_string();
    let new =
        |title: &str| json!({"id": id, "title": title, "mode": "LLM", "param": {"own": [1, null]}});
    let made = alice
        .post("/api/v1/sessions", new("one"), StatusCode::CREATED)
        .await;
    assert_eq!((&made["id"], &made["mode"]), (&json!(id), &json!("LLM")));
    assert_eq!(made["param"], json!({"own": [1, null]}));
    let again = alice
        .post("/api/v1/sessions", new("two"), StatusCode::CREATED)
        .await;
    assert_eq!(
        (&again["title"], &again["created_at"]),
        (&json!("two"), &made["created_at"])
    );
    assert_eq!(world.count("select count(*) from chat_session").await, 1);
    bob.post("/api/v1/sessions", new("mine"), StatusCode::CONFLICT)
        .await;
    assert_eq!(
        alice.get(&format!("/api/v1/sessions/{id}")).await["title"],
        "two"
    );
    let long = json!({"mode": "x".repeat(21)});
    alice
        .post("/api/v1/sessions", long, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    let large = json!({"param": "x".repeat(17_000)});
    alice
        .post("/api/v1/sessions", large, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
}

#[tokio::test]
async fn an_answer_without_a_conversation_is_booked_and_kept_nowhere() {
    let (world, model) = World::scripted(saying("two years [1].")).await;
    let alice = world.partner("acme").await.person("alice").await;
    let base = alice
        .knows("b", &[("a.md", "The battery lasts two years.")])
        .await;
    let ask = json!({"content": "battery?", "knowledge_base_ids": [base],
        "history": [{"role": "user", "content": "before"}]});
    let whole = alice
        .post("/api/v1/completions", ask.clone(), StatusCode::OK)
        .await;
    assert_eq!(whole["content"], "two years [1].");
    assert_eq!(whole["citations"][0]["document_name"], "a.md");
    assert!(whole["usage"]["output_tokens"].as_u64().unwrap() > 0);
    assert_eq!(told(&model), ["before", "battery?"]);
    let id = whole["id"].as_str().unwrap();
    assert_eq!(world.booked(id).await.len(), 1);
    assert_eq!(world.count("select count(*) from message").await, 0);
    let request = alice.request(Method::GET, &format!("/api/v1/messages/{id}"));
    problem(request.send().await.unwrap(), StatusCode::NOT_FOUND).await;
    let request = alice.request(Method::POST, "/api/v1/completions");
    let streamed = request.header("accept", "text/event-stream").json(&ask);
    let streamed = events(&streamed.send().await.unwrap().text().await.unwrap());
    assert_eq!(streamed[0].name, "start");
    assert_eq!(
        streamed[0].data["session_id"],
        streamed[0].data["message_id"]
    );
    assert_eq!(streamed.last().unwrap().name, "done");
    // no base unless it is named
    let plain = alice
        .post(
            "/api/v1/completions",
            json!({"content": "hi"}),
            StatusCode::OK,
        )
        .await;
    assert_eq!(plain["citations"], json!([]));
    assert!(model.requests().pop().unwrap().passages.is_empty());
}

#[tokio::test]
async fn a_reader_who_leaves_ends_an_answer_that_nobody_can_come_back_to() {
    let script = Script(vec![
        Step::Say("a".into()),
        Step::Gate,
        Step::Say("b".into()),
    ]);
    let (world, model) = World::scripted(script).await;
    let alice = world.partner("acme").await.person("alice").await;
    let request = alice.request(Method::POST, "/api/v1/completions");
    let request = request.header("accept", "text/event-stream");
    let mut answer = request
        .json(&json!({"content": "hi"}))
        .send()
        .await
        .unwrap();
    answer.chunk().await.unwrap();
    drop(answer);
    model.dropped(1).await;
    eventually("it is booked as stopped", async || {
        let stopped = "select count(*) from usage where outcome = 'stopped'";
        (world.count(stopped).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_user_has_only_so_many_of_them_at_once() {
    let script = Script(vec![Step::Gate, Step::Say("b".into())]);
    let (world, model) = World::scripted(script).await;
    let alice = world.partner("acme").await.person("alice").await;
    let ask = || {
        let request = alice.request(Method::POST, "/api/v1/completions");
        let request = request.header("accept", "text/event-stream");
        request.json(&json!({"content": "hi"})).send()
    };
    let mut running = Vec::new();
    for _ in 0..4 {
        running.push(ask().await.unwrap());
    }
    problem(ask().await.unwrap(), StatusCode::TOO_MANY_REQUESTS).await;
    model.open_gate(4);
    for answer in running {
        answer.text().await.unwrap();
    }
    model.open_gate(1);
    eventually("there is room again", async || {
        (ask().await.unwrap().status() == StatusCode::OK).then_some(())
    })
    .await;
}
