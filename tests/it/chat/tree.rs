//! Messages as a tree: answers written again, questions put differently, branches.

use concierge::models::Step;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{model, say, saying, script};
use crate::{
    reader::{Reader, names},
    verbs::{problem, text},
    world::{Person, World},
};

fn contents(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| text(&message["content"]))
        .collect()
}

async fn again(ann: &Person<'_>, answer: &str, body: Value) -> Value {
    let path = format!("/api/v1/messages/{answer}/regenerate");
    ann.post(&path, body, StatusCode::OK).await
}

async fn edit(ann: &Person<'_>, session: &str, question: &str, content: &str) -> Value {
    let path = format!("/api/v1/sessions/{session}/messages");
    let body = json!({"content": content, "edit_of": question});
    ann.post(&path, body, StatusCode::OK).await
}

async fn refused(ann: &Person<'_>, path: &str, body: Value, status: StatusCode) -> Value {
    let request = ann.request(Method::POST, path).json(&body);
    problem(request.send().await.unwrap(), status).await
}

#[tokio::test]
async fn an_answer_is_written_again_beside_the_first() {
    let (world, model) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    for answer in ["one", "two", "three"] {
        model.push(saying(answer));
    }
    let one = ann.asks(&session, "a").await;
    let question = text(&one["reply_to"]).to_owned();
    assert_eq!(one["siblings"], json!([one["id"]]));
    assert_eq!(one["parent_id"], one["reply_to"]);
    let two = again(&ann, text(&one["id"]), json!({})).await;
    assert_eq!(
        (&two["content"], &two["reply_to"]),
        (&"two".into(), &one["reply_to"])
    );
    assert_eq!(two["siblings"], json!([one["id"], two["id"]]));
    // the first is kept, and the new one is shown
    let first = ann.message(text(&one["id"])).await;
    assert_eq!(
        (&first["content"], &first["siblings"]),
        (&"one".into(), &two["siblings"])
    );
    assert_eq!(contents(&ann.messages(&session).await), ["two", "a"]);
    let shown = ann.get(&format!("/api/v1/sessions/{session}")).await;
    assert_eq!(shown["current_message_id"], two["id"]);

    // what the model is told is the question as it was asked, and what was said before it
    ann.asks(&session, "b").await;
    let requests = model.requests();
    let told = |n: usize| -> Vec<String> {
        let messages = requests[n].messages.iter().skip(1);
        messages.map(|message| message.content.clone()).collect()
    };
    assert_eq!(told(1), ["a"]);
    assert_eq!(told(2), ["a", "two", "b"]);
    let all = ann
        .get(&format!("/api/v1/sessions/{session}/messages?all=true"))
        .await;
    assert_eq!(
        contents(all["items"].as_array().unwrap()),
        ["three", "b", "two", "one", "a"]
    );

    // back to the first: what followed the second is not of that branch
    let path = format!("/api/v1/sessions/{session}");
    let session_now = ann
        .patch(
            &path,
            json!({"current_message_id": one["id"]}),
            StatusCode::OK,
        )
        .await;
    assert_eq!(session_now["current_message_id"], one["id"]);
    assert_eq!(contents(&ann.messages(&session).await), ["one", "a"]);
    // through a message that is not the last one, to the end of its newest branch
    ann.patch(
        &path,
        json!({"current_message_id": two["id"]}),
        StatusCode::OK,
    )
    .await;
    assert_eq!(
        contents(&ann.messages(&session).await),
        ["three", "b", "two", "a"]
    );
    ann.patch(
        &path,
        json!({"current_message_id": question}),
        StatusCode::OK,
    )
    .await;
    assert_eq!(ann.messages(&session).await.len(), 4);
}

#[tokio::test]
async fn a_question_is_put_differently_beside_the_first() {
    let (world, model) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let a = ann.asks(&session, "a").await;
    let b = ann.asks(&session, "b").await;
    ann.asks(&session, "c").await;
    let other = edit(&ann, &session, text(&b["reply_to"]), "b2").await;
    assert_eq!(
        contents(&ann.messages(&session).await),
        ["x", "b2", "x", "a"]
    );
    let question = ann.message(text(&other["reply_to"])).await;
    assert_eq!(
        question["siblings"],
        json!([b["reply_to"], other["reply_to"]])
    );
    assert_eq!(question["parent_id"], a["id"]);
    let told = model.requests().pop().unwrap();
    let told: Vec<&str> = told
        .messages
        .iter()
        .skip(1)
        .map(|said| said.content.as_str())
        .collect();
    assert_eq!(
        told,
        ["a", "x", "b2"],
        "what is not of the branch is not told"
    );
    // the first question too, which nothing comes before
    let first = edit(&ann, &session, text(&a["reply_to"]), "a2").await;
    assert_eq!(contents(&ann.messages(&session).await), ["x", "a2"]);
    let question = ann.message(text(&first["reply_to"])).await;
    assert_eq!(question["parent_id"], json!(null));
    assert_eq!(
        question["siblings"],
        json!([a["reply_to"], first["reply_to"]])
    );
}

#[tokio::test]
async fn what_cannot_be_written_again_is_refused() {
    let (world, model) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    let (question, answer) = (text(&answer["reply_to"]), text(&answer["id"]));
    let ask = format!("/api/v1/sessions/{session}/messages");
    let regenerate = |id: &str| format!("/api/v1/messages/{id}/regenerate");
    let random = Uuid::new_v4().to_string();
    refused(&ann, &regenerate(&random), json!({}), StatusCode::NOT_FOUND).await;
    for id in [question, answer] {
        refused(&bob, &regenerate(id), json!({}), StatusCode::NOT_FOUND).await;
    }
    let edit = |id: &str| json!({"content": "b", "edit_of": id});
    let problem = refused(&ann, &ask, edit(answer), StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(text(&problem["detail"]).contains("only a question"));
    refused(&ann, &ask, edit(&random), StatusCode::NOT_FOUND).await;
    // a question of another session, and of another user
    let other = ann.session().await;
    let path = format!("/api/v1/sessions/{other}/messages");
    refused(&ann, &path, edit(question), StatusCode::NOT_FOUND).await;
    let theirs = bob.session().await;
    let path = format!("/api/v1/sessions/{theirs}/messages");
    refused(&bob, &path, edit(question), StatusCode::NOT_FOUND).await;
    for (session, message) in [(&other, question), (&other, &random), (&other, answer)] {
        let path = format!("/api/v1/sessions/{session}");
        let body = json!({"current_message_id": message});
        ann.patch(&path, body, StatusCode::NOT_FOUND).await;
    }
    for settings in [json!({"top_k": 0}), json!({"model": "nothing"})] {
        let body = json!({"settings": settings});
        refused(
            &ann,
            &regenerate(answer),
            body,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    assert_eq!(model.requests().len(), 1);
    assert_eq!(ann.messages(&session).await.len(), 2);
}

#[tokio::test]
async fn a_running_answer_is_stopped_first() {
    let (world, model) = World::scripted(saying("x")).await;
    model.push(script([say("一"), Step::Hang]));
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let mut reader = ann.reads(&session, "a").await;
    let start = reader.until("start").await.data;
    let (question, answer) = (text(&start["question_id"]), text(&start["message_id"]));
    reader.until("delta").await;
    let regenerate = format!("/api/v1/messages/{answer}/regenerate");
    let ask = format!("/api/v1/sessions/{session}/messages");
    let edited = json!({"content": "b", "edit_of": question});
    for (path, body) in [(&regenerate, json!({})), (&ask, edited.clone())] {
        let problem = refused(&ann, path, body, StatusCode::CONFLICT).await;
        assert_eq!(problem["code"], "conflict");
        assert!(text(&problem["detail"]).contains("stop"), "{problem}");
    }
    // neither killed it
    assert_eq!(ann.message(answer).await["state"], "running");
    ann.stops(answer).await;
    assert_eq!(reader.rest().await.pop().unwrap().name, "done");
    assert_eq!(again(&ann, answer, json!({})).await["content"], "x");
    ann.post(&ask, edited, StatusCode::OK).await;
}

#[tokio::test]
async fn writing_again_is_asked_twice_and_done_once() {
    let (world, model) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    let body = json!({"id": Uuid::new_v4()});
    let first = again(&ann, text(&answer["id"]), body.clone()).await;
    assert_eq!(first["id"], body["id"]);
    assert_eq!(again(&ann, text(&answer["id"]), body.clone()).await, first);
    assert_eq!(model.requests().len(), 2);
    // without a body, and as a stream
    let path = format!("/api/v1/messages/{}/regenerate", text(&answer["id"]));
    let request = ann.request(Method::POST, &path);
    let stream = request.header("accept", "text/event-stream").send().await;
    let events = Reader::new(stream.unwrap()).rest().await;
    assert_eq!(
        names(&events),
        ["start", "passages", "delta", "usage", "done"]
    );
    // an id that something else has
    let taken = json!({"id": answer["reply_to"]});
    refused(&ann, &path, taken, StatusCode::CONFLICT).await;
    // an answer of another question
    let other = ann.asks(&session, "b").await;
    let path = format!("/api/v1/messages/{}/regenerate", text(&other["id"]));
    refused(&ann, &path, body, StatusCode::CONFLICT).await;
}

#[tokio::test]
async fn removing_a_turn_keeps_what_was_said_after_it() {
    let (world, _) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let a = ann.asks(&session, "a").await;
    let b = ann.asks(&session, "b").await;
    let c = ann.asks(&session, "c").await;
    again(&ann, text(&b["id"]), json!({})).await;
    let path = format!("/api/v1/sessions/{session}");
    ann.patch(
        &path,
        json!({"current_message_id": c["id"]}),
        StatusCode::OK,
    )
    .await;
    // an answer goes with its question and its siblings
    ann.delete(&format!("/api/v1/messages/{}", text(&b["id"])))
        .await;
    let left = ann.messages(&session).await;
    assert_eq!(contents(&left), ["x", "c", "x", "a"]);
    assert_eq!(left[1]["parent_id"], a["id"]);
    // the end of the branch that is shown
    ann.delete(&format!("/api/v1/messages/{}", text(&c["reply_to"])))
        .await;
    assert_eq!(contents(&ann.messages(&session).await), ["x", "a"]);
    assert_eq!(ann.get(&path).await["current_message_id"], a["id"]);
    ann.delete(&format!("/api/v1/messages/{}", text(&a["id"])))
        .await;
    assert_eq!(ann.get(&path).await["current_message_id"], json!(null));
    assert!(ann.messages(&session).await.is_empty());
    ann.asks(&session, "d").await;
    assert_eq!(contents(&ann.messages(&session).await), ["x", "d"]);
    let count = "select count(*) from message";
    assert_eq!(world.count(count).await, 2);
}

/// The schema itself has no room for a branch that leaves its session or runs in a circle.
#[tokio::test]
async fn a_parent_is_an_older_message_of_the_same_session() {
    let (world, _) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let (one, two) = (ann.session().await, ann.session().await);
    ann.asks(&one, "a").await;
    let b = ann.asks(&two, "b").await;
    let conn = &mut world.superuser().await;
    for (sql, refused_by) in [
        (
            "update message set parent_no = no where message_id = $1",
            "message_parent_before",
        ),
        (
            "update message set parent_no = no + 1 where message_id = $1",
            "message_parent_before",
        ),
        (
            "update message set parent_no = null where message_id = $1",
            "message_parent_of_answer",
        ),
        // the first message of all is of the other session
        (
            "update message set parent_no = (select min(no) from message) where message_id = $1",
            "message_parent_fkey",
        ),
    ] {
        let id: Uuid = text(&b["id"]).parse().unwrap();
        let error = sqlx::query(sql).bind(id).execute(&mut *conn).await;
        let error = error.expect_err(sql).to_string();
        assert!(error.contains(refused_by), "{sql}: {error}");
    }
}

#[tokio::test]
async fn versions_of_a_message_have_an_end() {
    let world = World::set(model(saying("x")), &[]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    let more =
        "insert into message (client_no, message_id, session_id, user_id, role, content, state,
           citations, created_at, parent_no)
         select client_no, gen_random_uuid(), session_id, user_id, role, content, state, citations,
           created_at, parent_no from message, generate_series(1, 99)
         where role = 'assistant'";
    sqlx::query(more)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let path = format!("/api/v1/messages/{}/regenerate", text(&answer["id"]));
    let problem = refused(&ann, &path, json!({}), StatusCode::CONFLICT).await;
    assert!(text(&problem["detail"]).contains("100"), "{problem}");
    let siblings = &ann.message(text(&answer["id"])).await["siblings"];
    assert_eq!(siblings.as_array().unwrap().len(), 100);
}
