//! Stopping an answer, and removing it while it is being written.

use concierge::models::Step;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{MANUAL, QUESTION, model, say, script};
use crate::{
    reader::{Reader, names, shown},
    verbs::{eventually, text},
    world::{Person, World, body},
};

/// Says something and then nothing more, until it is dropped.
async fn hanging(ann: &Person<'_>, session: &str) -> (Reader, String, String) {
    let mut reader = ann.reads(session, QUESTION).await;
    let start = reader.until("start").await.data;
    reader.until("delta").await;
    (
        reader,
        text(&start["question_id"]).into(),
        text(&start["message_id"]).into(),
    )
}

fn steps() -> concierge::models::Script {
    script([say("电池保修期为24个月[1]。还有"), Step::Hang])
}

#[tokio::test]
async fn stop_ends_the_call_to_the_vendor_and_keeps_the_text() {
    let (world, model) = World::scripted(steps()).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let (mut reader, question, answer) = hanging(&ann, &session).await;

    // what is not an answer of the caller's is not stopped, and nothing else is either
    let stop = |id: &str| format!("/api/v1/messages/{id}/stop");
    for (who, id) in [(&bob, &answer), (&ann, &question), (&ann, &session)] {
        assert_eq!(
            who.status(Method::POST, &stop(id)).await,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(ann.message(&answer).await["state"], "running");

    let stopped = ann.stops(&answer).await;
    tokio::time::timeout(std::time::Duration::from_secs(2), model.dropped(1))
        .await
        .expect("dropped");
    assert_eq!(
        (&stopped["state"], &stopped["error"]),
        (&"stopped".into(), &json!(null))
    );
    assert_eq!(stopped["content"], "电池保修期为24个月[1]。还有");
    assert_eq!(stopped["citations"][0]["n"], 1);
    let rest = reader.rest().await;
    assert_eq!(names(&rest), ["citations", "usage", "done"]);
    assert_eq!(rest.last().unwrap().data, json!({"state": "stopped"}));
    assert_eq!(
        ann.stops(&answer).await,
        stopped,
        "stopping again changes nothing"
    );

    let [(read, written, counted_by, outcome)] = &world.booked(&answer).await[..] else {
        panic!()
    };
    assert!(*read > 0 && *written > 0);
    assert_eq!(
        (counted_by.as_str(), outcome.as_str()),
        ("server", "stopped")
    );
}

#[tokio::test]
async fn another_process_can_stop_it() {
    let (world, model) = World::scripted(steps()).await;
    let ann = world.partner("acme").await.person("ann").await;
    let twin = world.twin().await;
    let (mut reader, _, answer) = hanging(&ann, &ann.session().await).await;
    let path = format!("/api/v1/messages/{answer}/stop");
    let stopped = body(
        twin.request(&ann, Method::POST, &path)
            .send()
            .await
            .unwrap(),
        StatusCode::OK,
    )
    .await;
    assert_eq!(stopped["state"], "stopped");
    model.dropped(1).await;
    assert_eq!(
        reader.rest().await.pop().unwrap().data,
        json!({"state": "stopped"})
    );
}

#[tokio::test]
async fn a_new_question_or_session_leaves_a_running_answer_alone() {
    let (world, model) = World::scripted(script([say("短")])).await;
    model.push(script([say("一"), Step::Gate, say("二")]));
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let mut reader = ann.reads(&session, "a").await;
    reader.until("delta").await;
    let other = ann.session().await;
    assert_eq!(ann.asks(&other, "b").await["content"], "短");
    assert_eq!(ann.asks(&session, "c").await["content"], "短");
    model.open_gate(1);
    let rest = reader.rest().await;
    assert_eq!(
        (shown(&rest), names(&rest)),
        ("二".into(), vec!["delta", "usage", "done"])
    );
}

#[tokio::test]
async fn removing_a_running_answer_ends_it_and_leaves_the_bill() {
    let (world, model) = World::scripted(steps()).await;
    let ann = world.partner("acme").await.person("ann").await;
    let mut ended = 0;
    for what in ["question", "answer", "session"] {
        let session = ann.session().await;
        let (mut reader, question, answer) = hanging(&ann, &session).await;
        let path = match what {
            "question" => format!("/api/v1/messages/{question}"),
            "answer" => format!("/api/v1/messages/{answer}"),
            _ => format!("/api/v1/sessions/{session}"),
        };
        ann.delete(&path).await;
        ended += 1;
        model.dropped(ended).await;
        assert_eq!(reader.rest().await.pop().unwrap().name, "done", "{what}");
        for gone in [
            format!("/api/v1/messages/{question}"),
            format!("/api/v1/messages/{answer}"),
        ] {
            assert_eq!(ann.status(Method::GET, &gone).await, StatusCode::NOT_FOUND);
        }
        let booked = eventually("the bill", async || world.booked(&answer).await.pop()).await;
        assert_eq!(
            (booked.0 > 0, booked.3.as_str()),
            (true, "stopped"),
            "{what}"
        );
        assert_eq!(world.booked(&answer).await.len(), 1);
    }
    let left =
        "select count(*) from message union all select count(*) from frame order by 1 desc limit 1";
    assert_eq!(world.count(left).await, 0);
}

#[tokio::test]
async fn one_user_has_so_many_answers_running_and_no_more() {
    let world = World::set(
        model(script([Step::Hang])),
        &[("chat.running_per_user", "2")],
    )
    .await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let session = ann.session().await;
    // all at once: counting and adding must be one step
    let asking =
        (0..8).map(|n| ann.asks_streamed(&session, json!({"content": format!("frage {n}")})));
    let answers = futures_util::future::join_all(asking).await;
    let (running, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|answer| answer.status() == StatusCode::OK);
    assert_eq!(running.len(), 2);
    for answer in refused {
        assert!(answer.headers().contains_key("retry-after"));
        let problem = crate::verbs::problem(answer, StatusCode::TOO_MANY_REQUESTS).await;
        assert_eq!(problem["code"], "throttled");
    }
    assert_eq!(
        ann.messages(&session).await.len(),
        4,
        "what is refused leaves nothing behind"
    );
    bob.reads(&bob.session().await, "x")
        .await
        .until("start")
        .await;

    let answer = Reader::new(running.into_iter().next().unwrap())
        .until("start")
        .await;
    ann.stops(text(&answer.data["message_id"])).await;
    ann.reads(&session, "y").await.until("start").await;
}
