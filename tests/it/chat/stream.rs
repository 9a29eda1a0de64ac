//! What a reader gets.

use concierge::models::Step;
use reqwest::StatusCode;
use serde_json::json;

use super::{ANSWER, MANUAL, QUESTION, model, say, saying, script};
use crate::{
    reader::{names, shown},
    verbs::text,
    world::World,
};

#[tokio::test]
async fn the_events_come_in_their_order_and_say_what_is_kept() {
    let (world, _) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let mut reader = ann.reads(&session, QUESTION).await;
    let events = reader.rest().await;

    assert_eq!(
        names(&events),
        ["start", "passages", "delta", "citations", "usage", "done"]
    );
    let ids: Vec<u32> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=events.len() as u32).collect::<Vec<_>>());
    let start = &events[0].data;
    assert_eq!(start["session_id"], session.as_str());
    assert_eq!(start["model"], "scripted");
    assert_eq!(shown(&events), ANSWER);

    let answer = ann.message(text(&start["message_id"])).await;
    assert_eq!(
        (&answer["content"], &answer["state"]),
        (&ANSWER.into(), &"done".into())
    );
    assert_eq!(
        (&answer["role"], &answer["reply_to"]),
        (&"assistant".into(), &start["question_id"])
    );
    assert_eq!(answer["citations"].as_array().unwrap().len(), 1);
    let of = |name: &str| &events.iter().find(|event| event.name == name).unwrap().data;
    assert_eq!(answer["citations"], of("citations")["citations"]);
    assert_eq!(&answer["usage"], of("usage"));
    assert_eq!(of("done"), &json!({"state": "done"}));
    let found = of("passages")["passages"].as_array().unwrap();
    assert_eq!(
        (&found[0]["n"], &found[0]["document_name"]),
        (&1.into(), &"手册.md".into())
    );

    let said = ann.messages(&session).await;
    assert_eq!(said.len(), 2);
    assert_eq!((&said[0], &said[1]["content"]), (&answer, &QUESTION.into()));
    assert_eq!(
        (&said[1]["id"], &said[1]["state"]),
        (&start["question_id"], &"done".into())
    );
    let session = ann.get(&format!("/api/v1/sessions/{session}")).await;
    assert_eq!(session["title"], QUESTION, "named after the first question");
}

#[tokio::test]
async fn without_a_stream_the_answer_comes_whole() {
    let (world, _) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let answer = ann.asks(&session, QUESTION).await;
    assert_eq!(
        (&answer["content"], &answer["state"]),
        (&ANSWER.into(), &"done".into())
    );
    assert_eq!(answer, ann.message(text(&answer["id"])).await);
}

#[tokio::test]
async fn a_quote_is_found_where_its_citation_says() {
    let (world, _) = World::scripted(saying("电池保修期为24个月[1]。")).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let answer = ann.asks(&ann.session().await, QUESTION).await;
    let citation = &answer["citations"][0];
    assert_eq!(citation["quote"], "电池保修期为24个月，自购买之日起计算。");
    let path = format!(
        "/api/v1/documents/{}/text?version={}&start={}&end={}",
        text(&citation["document_id"]),
        citation["version"],
        citation["start"],
        citation["end"],
    );
    let window = ann.get(&path).await;
    assert_eq!(window["text"], citation["quote"]);
}

#[tokio::test]
async fn pieces_go_out_as_they_come() {
    let (world, model) =
        World::scripted(script([say("一"), Step::Gate, say("二"), Step::Gate])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let mut reader = ann.reads(&session, "a").await;
    assert_eq!(reader.until("delta").await.data["text"], "一");
    let answer = ann.messages(&session).await.remove(0);
    assert_eq!(
        (&answer["state"], &answer["content"]),
        (&"running".into(), &"".into())
    );
    model.open_gate(1);
    assert_eq!(reader.until("delta").await.data["text"], "二");
    model.open_gate(1);
    assert_eq!(names(&reader.rest().await), ["usage", "done"]);
}

#[tokio::test]
async fn a_silent_stream_has_a_heartbeat() {
    let world = World::set(
        model(script([Step::Hang])),
        &[("chat.heartbeat_seconds", "1")],
    )
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let mut reader = ann.reads(&ann.session().await, "a").await;
    reader.until("passages").await;
    reader.until_comment().await;
}

#[tokio::test]
async fn who_leaves_does_not_end_the_answer() {
    let steps = [
        say("电池保修"),
        Step::Gate,
        say("期为24个月"),
        Step::Gate,
        say("[1]。"),
    ];
    let (world, model) = World::scripted(script(steps)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let mut reader = ann.reads(&ann.session().await, QUESTION).await;
    let start = reader.until("start").await;
    reader.until("delta").await;
    drop(reader);
    model.open_gate(2);
    let answer = ann.ended(text(&start.data["message_id"])).await;
    assert_eq!(
        (&answer["content"], &answer["state"]),
        (&ANSWER.into(), &"done".into())
    );
}

#[tokio::test]
async fn sessions_are_renamed_chosen_for_and_removed() {
    let (world, _) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let path = format!("/api/v1/sessions/{}", ann.session().await);
    let renamed = ann
        .patch(&path, json!({"title": "保修"}), StatusCode::OK)
        .await;
    assert_eq!(
        (&renamed["title"], &renamed["knowledge_base_ids"]),
        (&"保修".into(), &json!(null))
    );
    let none = ann
        .patch(&path, json!({"knowledge_base_ids": []}), StatusCode::OK)
        .await;
    assert_eq!(
        (&none["title"], &none["knowledge_base_ids"]),
        (&"保修".into(), &json!([]))
    );
    let one = ann
        .patch(&path, json!({"knowledge_base_ids": [base]}), StatusCode::OK)
        .await;
    assert_eq!(one["knowledge_base_ids"], json!([base]));
    let all = ann
        .patch(&path, json!({"knowledge_base_ids": null}), StatusCode::OK)
        .await;
    assert_eq!(all["knowledge_base_ids"], json!(null), "every base again");
    assert_eq!(ann.get(&path).await, all);
    ann.delete(&path).await;
    assert_eq!(
        ann.status(reqwest::Method::GET, &path).await,
        StatusCode::NOT_FOUND
    );
}
