//! What is not asked at all, and what is asked without passages.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANSWER, MANUAL, QUESTION, model, saying};
use crate::{
    reader::names,
    verbs::{problem, text},
    world::{Person, World},
};

async fn refused(ann: &Person<'_>, session: &str, body: impl Into<reqwest::Body>) -> Value {
    let path = format!("/api/v1/sessions/{session}/messages");
    let request = ann
        .request(Method::POST, &path)
        .header("content-type", "application/json");
    let answer = request
        .header("accept", "text/event-stream")
        .body(body)
        .send()
        .await
        .unwrap();
    problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await
}

#[tokio::test]
async fn what_is_no_question_is_refused_with_the_reason() {
    let model = model(saying("x"));
    let world = World::set(model.clone(), &[("chat.question_chars_max", "20")]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let long = "字".repeat(21);
    for content in ["", " \n\t ", "\0", &long] {
        let problem = refused(&ann, &session, json!({"content": content}).to_string()).await;
        assert_eq!(problem["code"], "invalid", "{content:?}");
        assert!(
            text(&problem["detail"]).contains("1 to 20 characters"),
            "{problem}"
        );
    }
    for body in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"content": {"text": "a"}}"#,
        r#"{"content": null}"#,
        r#"{"content": ["a"]}"#,
        r#"{"content": "a", "id": 5}"#,
        r#"{"content": "a", "id": "nonsense"}"#,
        r#"{"content": "\ud800"}"#,
    ] {
        assert_eq!(
            refused(&ann, &session, body).await["code"],
            "invalid",
            "{body}"
        );
    }
    assert_eq!(
        refused(&ann, &session, vec![0xff, 0xfe]).await["code"],
        "invalid"
    );
    assert!(ann.messages(&session).await.is_empty() && model.requests().is_empty());
    // the limit itself, in characters and not bytes
    assert_eq!(ann.asks(&session, &"字".repeat(20)).await["state"], "done");
}

#[tokio::test]
async fn other_bodies_are_refused_too() {
    let (world, _) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let form = ann
        .request(Method::POST, &path)
        .header("content-type", "text/plain")
        .body("content=a");
    problem(
        form.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
    let content = "a".repeat(1 << 20);
    let large = ann
        .request(Method::POST, &path)
        .json(&json!({"content": content}));
    problem(large.send().await.unwrap(), StatusCode::PAYLOAD_TOO_LARGE).await;
    for (title, code) in [
        ("字".repeat(201), "invalid"),
        ("a\0b".to_owned(), "invalid"),
    ] {
        let session = json!({"title": title});
        let refused = ann
            .post(
                "/api/v1/sessions",
                session,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await;
        assert_eq!(refused["code"], code);
    }
    let many: Vec<uuid::Uuid> = (0..9).map(|_| uuid::Uuid::new_v4()).collect();
    let request = ann.request(Method::POST, "/api/v1/sessions");
    let answer = request
        .json(&json!({"knowledge_base_ids": many}))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_client_error());
}

#[tokio::test]
async fn without_a_passage_the_refusal_comes_in_the_language_of_the_question() {
    let (world, model) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    for (question, begins) in [
        ("火星上有水吗？", "抱歉"),
        ("Who painted Guernica?", "Sorry"),
    ] {
        let events = ann.reads(&session, question).await.rest().await;
        assert_eq!(
            names(&events),
            ["start", "passages", "delta", "usage", "done"]
        );
        assert_eq!(events[1].data["passages"], json!([]));
        let answer = ann.message(text(&events[0].data["message_id"])).await;
        assert!(text(&answer["content"]).starts_with(begins), "{answer}");
        let booked = world.booked(text(&answer["id"])).await;
        assert_eq!(booked, [(0, 0, "server".into(), "done".into())]);
    }
    assert!(model.requests().is_empty(), "no model was asked");
}

#[tokio::test]
async fn a_base_may_leave_the_answer_to_the_model() {
    let (world, model) = World::scripted(saying("Picasso.")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let path = format!("/api/v1/knowledge-bases/{base}");
    ann.patch(&path, json!({"no_answer": "model"}), StatusCode::OK)
        .await;
    let answer = ann
        .asks(&ann.session().await, "Who painted Guernica?")
        .await;
    assert_eq!(
        (&answer["content"], &answer["citations"]),
        (&"Picasso.".into(), &json!([]))
    );
    let requests = model.requests();
    assert!(requests[0].passages.is_empty());
    assert!(
        !requests[0].messages[0].content.contains("passage"),
        "{:?}",
        requests[0].messages
    );
}

#[tokio::test]
async fn a_session_asks_the_bases_it_was_given() {
    let (world, model) = World::scripted(saying(ANSWER)).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let one = ann.knows("one", &[("a.md", "电池保修期为24个月。")]).await;
    let two = ann.knows("two", &[("b.md", "电池保修期为12个月。")]).await;
    let names_found = async |who: &Person<'_>, body: Value| {
        let session = who
            .post("/api/v1/sessions", body, StatusCode::CREATED)
            .await;
        let events = who.reads(text(&session["id"]), QUESTION).await.rest().await;
        let found = events[1].data["passages"].as_array().unwrap().clone();
        let mut names: Vec<String> = found
            .iter()
            .map(|passage| text(&passage["document_name"]).to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names_found(&ann, json!({})).await, ["a.md", "b.md"]);
    assert_eq!(
        names_found(&ann, json!({"knowledge_base_ids": [one]})).await,
        ["a.md"]
    );
    assert_eq!(
        names_found(&ann, json!({"knowledge_base_ids": [two, one]})).await,
        ["a.md", "b.md"]
    );
    assert!(
        names_found(&ann, json!({"knowledge_base_ids": []}))
            .await
            .is_empty()
    );
    assert!(
        names_found(&bob, json!({})).await.is_empty(),
        "what is ann's is not bob's"
    );
    let asked = model.requests().len();
    let request = json!({"knowledge_base_ids": [one]});
    bob.post("/api/v1/sessions", request.clone(), StatusCode::NOT_FOUND)
        .await;
    let session = ann
        .post("/api/v1/sessions", request, StatusCode::CREATED)
        .await;
    let session = text(&session["id"]);
    assert!(
        !ann.asks(session, QUESTION).await["citations"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    // gone, it is not asked, and its name does not bring it back
    ann.delete(&format!("/api/v1/knowledge-bases/{one}")).await;
    ann.base("one").await;
    let answer = ann.asks(session, QUESTION).await;
    assert_eq!(answer["citations"], json!([]));
    assert_eq!(model.requests().len(), asked + 2);
    assert!(model.requests().last().unwrap().passages.is_empty());
}
