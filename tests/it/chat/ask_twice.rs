//! The same question id asks once, whoever sends it how often.

use concierge::models::Step;
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{ANSWER, say, saying, script};
use crate::{
    reader::Reader,
    verbs::{problem, text},
    world::World,
};

#[tokio::test]
async fn the_second_time_one_gets_the_same_answer() {
    let (world, model) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let question = json!({"id": Uuid::new_v4(), "content": "a"});
    let path = format!("/api/v1/sessions/{session}/messages");
    let first = ann.post(&path, question.clone(), StatusCode::OK).await;
    assert_eq!(first["reply_to"], question["id"]);
    assert_eq!(
        ann.post(&path, question.clone(), StatusCode::OK).await,
        first
    );
    let mut reader = Reader::new(ann.asks_streamed(&session, question).await);
    assert_eq!(reader.until("start").await.data["message_id"], first["id"]);
    assert_eq!(reader.rest().await.pop().unwrap().name, "done");
    assert_eq!(model.requests().len(), 1);
    assert_eq!(ann.messages(&session).await.len(), 2);
}

#[tokio::test]
async fn all_at_once_is_once() {
    let (world, model) = World::scripted(script([say("一"), Step::Gate, say("二")])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let question = json!({"id": Uuid::new_v4(), "content": "a"});
    let asking = (0..8).map(|_| ann.asks_streamed(&session, question.clone()));
    let answers = futures_util::future::join_all(asking).await;
    let mut readers: Vec<Reader> = answers.into_iter().map(Reader::new).collect();
    for reader in &mut readers {
        reader.until("delta").await;
    }
    model.open_gate(1);
    for reader in &mut readers {
        reader.rest().await;
    }
    assert!(readers.iter().all(|reader| reader.read == readers[0].read));
    assert_eq!(model.requests().len(), 1);
    assert_eq!(ann.messages(&session).await.len(), 2);
    assert_eq!(world.count("select count(*) from usage").await, 1);
}

#[tokio::test]
async fn an_id_in_use_elsewhere_is_taken() {
    let (world, model) = World::scripted(saying(ANSWER)).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let (one, two, bobs) = (
        ann.session().await,
        ann.session().await,
        bob.session().await,
    );
    let answer = ann.asks(&one, "a").await;
    let (question, answer) = (text(&answer["reply_to"]), text(&answer["id"]));
    for (who, session, id) in [
        (&ann, &two, question),
        (&bob, &bobs, question),
        (&ann, &one, answer),
    ] {
        let asked = who
            .asks_streamed(session, json!({"id": id, "content": "b"}))
            .await;
        assert_eq!(problem(asked, StatusCode::CONFLICT).await["code"], "taken");
    }
    assert_eq!(model.requests().len(), 1);
    // ids are a client's own: another client may use the same
    let eve = world.partner("rival").await.person("eve").await;
    let asked = eve
        .asks_streamed(
            &eve.session().await,
            json!({"id": question, "content": "c"}),
        )
        .await;
    assert_eq!(
        Reader::new(asked).until("start").await.data["question_id"],
        question
    );
}
