//! What one may not see is not there.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{QUESTION, saying};
use crate::{
    reader::names,
    verbs::{problem, text},
    world::{Person, World},
};

/// Each request that names a session or message, as this person; all must be answered alike.
async fn answers(who: &Person<'_>, session: &str, question: &str, answer: &str) -> Vec<Value> {
    let session = format!("/api/v1/sessions/{session}");
    let requests = [
        who.request(Method::GET, &session),
        who.request(Method::PATCH, &session)
            .json(&json!({"title": "x"})),
        who.request(Method::DELETE, &session),
        who.request(Method::GET, &format!("{session}/messages")),
        who.request(Method::POST, &format!("{session}/messages"))
            .json(&json!({"content": "x"})),
        who.request(Method::GET, &format!("/api/v1/messages/{question}")),
        who.request(Method::GET, &format!("/api/v1/messages/{answer}")),
        who.request(Method::DELETE, &format!("/api/v1/messages/{answer}")),
        who.request(Method::GET, &format!("/api/v1/messages/{answer}/stream")),
        who.request(Method::POST, &format!("/api/v1/messages/{answer}/stop")),
    ];
    let mut problems = Vec::new();
    for request in requests {
        let mut problem = problem(request.send().await.unwrap(), StatusCode::NOT_FOUND).await;
        problem["request_id"].take();
        problems.push(problem);
    }
    problems
}

#[tokio::test]
async fn another_users_conversation_reads_like_none() {
    let (world, model) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    // the same user id at another client
    let namesake = world.partner("rival").await.person("ann").await;
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    let ids = (
        session.as_str(),
        text(&answer["reply_to"]),
        text(&answer["id"]),
    );
    let random = uuid::Uuid::new_v4().to_string();
    let nobody = answers(&bob, &random, &random, &random).await;
    assert_eq!(answers(&bob, ids.0, ids.1, ids.2).await, nobody);
    assert_eq!(answers(&namesake, ids.0, ids.1, ids.2).await, nobody);
    assert_eq!(model.requests().len(), 1);
    assert_eq!(
        ann.messages(&session).await.len(),
        2,
        "and all is still there"
    );
    for who in [&bob, &namesake] {
        assert_eq!(who.get("/api/v1/sessions").await["items"], json!([]));
    }
}

/// Two clients with bases, documents and users of the same names, and different facts.
#[tokio::test]
async fn two_clients_never_see_each_others_knowledge() {
    let (world, _) = World::scripted(saying("电池保修期为24个月[1]。")).await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let (one, other) = (acme.person("ann").await, rival.person("ann").await);
    let ours = one
        .knows("policy", &[("手册.md", "电池保修期为24个月。内部代号甲。")])
        .await;
    let theirs = other
        .knows("policy", &[("手册.md", "电池保修期为99个月。内部代号乙。")])
        .await;
    for (who, base, own, months, foreign) in [
        (&one, &ours, "代号甲", "24个月", "代号乙"),
        (&other, &theirs, "代号乙", "99个月", "代号甲"),
    ] {
        let events = who.reads(&who.session().await, QUESTION).await.rest().await;
        assert_eq!(names(&events)[..3], ["start", "passages", "delta"]);
        let documents = who
            .get(&format!("/api/v1/knowledge-bases/{base}/documents"))
            .await;
        let own_id = text(&documents["items"][0]["id"]);
        let passages = events[1].data["passages"].as_array().unwrap();
        assert_eq!(passages.len(), 1);
        assert!(text(&passages[0]["text"]).contains(own), "{passages:?}");
        assert_eq!(passages[0]["document_id"], own_id);
        let passages = events[1].data.to_string();
        assert!(!passages.contains(foreign), "{passages}");
        let answer = who.message(text(&events[0].data["message_id"])).await;
        for citation in answer["citations"].as_array().unwrap() {
            assert_eq!(citation["document_id"], own_id);
            assert!(text(&citation["quote"]).contains(months));
        }
    }
    // nor by name or number of the other's things
    let documents = other
        .get(&format!("/api/v1/knowledge-bases/{theirs}/documents"))
        .await;
    let document = text(&documents["items"][0]["id"]);
    for path in [
        format!("/api/v1/knowledge-bases/{theirs}"),
        format!("/api/v1/knowledge-bases/{theirs}/documents"),
        format!("/api/v1/documents/{document}"),
        format!("/api/v1/documents/{document}/text"),
        format!("/api/v1/documents/{document}/chunks"),
        format!("/api/v1/documents/{document}/events"),
    ] {
        assert_eq!(
            one.status(Method::GET, &path).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let chosen = json!({"knowledge_base_ids": [theirs]});
    one.post("/api/v1/sessions", chosen, StatusCode::NOT_FOUND)
        .await;
    let search = format!("/api/v1/knowledge-bases/{theirs}/search");
    one.post(&search, json!({"query": "电池"}), StatusCode::NOT_FOUND)
        .await;
    let upload = one.upload(&theirs, "x.md", "x").await;
    assert_eq!(upload.status(), StatusCode::NOT_FOUND);
}
