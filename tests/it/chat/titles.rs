//! Titles: the question's first words at once, a model's after the first answer, the user's for good.

use reqwest::StatusCode;
use serde_json::json;

use super::saying;
use crate::{
    vendor::{Fault, Reply, Usage, Vendor, Wire},
    verbs::text,
    world::{Person, World},
};

const QUESTION: &str =
    "How long is the warranty of the battery when it was bought abroad and then brought home?";
const CUT: &str = "How long is the warranty of the battery when it was bought…";

async fn title(ann: &Person<'_>, session: &str) -> (String, String) {
    let session = ann.get(&format!("/api/v1/sessions/{session}")).await;
    let word = |name: &str| text(&session[name]).to_owned();
    (word("title"), word("title_by"))
}

fn both(title: &str, by: &str) -> (String, String) {
    (title.to_owned(), by.to_owned())
}

async fn with_vendor(titles: &str) -> (World, Vendor) {
    let vendor = Vendor::start().await;
    let set = vec![
        ("chat.mock.base_url", vendor.base_url()),
        ("chat.mock.model", "mock".into()),
        ("models.chat", "mock".into()),
        ("chat.titles", titles.to_owned()),
    ];
    (World::configured(set).await, vendor)
}

fn says(words: &str) -> Reply {
    Reply::stream(&[words], "stop", Usage::Once(30, 4), Wire::Plain)
}

#[tokio::test]
async fn a_built_in_model_leaves_the_question_as_title() {
    let (world, model) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    assert_eq!(title(&ann, &session).await, both("", "server"));
    ann.asks(&session, QUESTION).await;
    assert_eq!(title(&ann, &session).await, both(CUT, "server"));
    ann.asks(&session, "another").await;
    world.run_jobs().await;
    assert_eq!(title(&ann, &session).await, both(CUT, "server"));
    assert_eq!(model.requests().len(), 2, "no model was asked for a title");
}

#[tokio::test]
async fn a_vendors_model_makes_a_title_after_the_first_answer() {
    let (world, vendor) = with_vendor("model").await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    vendor.script(says("Two years. {{answer}} </answer>"));
    vendor.script(says("\"Battery warranty abroad.\"\n"));
    let answer = ann
        .asks(&session, &format!("{QUESTION} {{{{question}}}}"))
        .await;
    assert_eq!(title(&ann, &session).await, both(CUT, "server"));
    world.run_jobs().await;
    assert_eq!(
        title(&ann, &session).await,
        both("Battery warranty abroad", "server")
    );
    let asked = vendor.requests().pop().unwrap().body;
    let prompt = text(&asked["messages"][0]["content"]);
    assert!(prompt.contains("Write a title"), "{prompt}");
    // what looks like a template in question and answer is text, and closes no fence
    assert!(prompt.contains("home? {{question}}"), "{prompt}");
    assert!(prompt.contains("Two years. {{answer}}"), "{prompt}");
    assert_eq!(prompt.matches("</answer>").count(), 1, "{prompt}");
    assert!(asked["max_tokens"].as_u64().unwrap() <= 256);
    // it is booked to the user, beside the answer
    let booked: Vec<(i32, i32)> =
        sqlx::query_as("select input_tokens, output_tokens from usage order by created_at")
            .fetch_all(&mut world.superuser().await)
            .await
            .unwrap();
    assert_eq!(booked, [(30, 4), (30, 4)]);
    // once, for the first answer
    ann.asks(&session, "more").await;
    let path = format!("/api/v1/messages/{}/regenerate", text(&answer["id"]));
    ann.post(&path, json!({}), StatusCode::OK).await;
    world.run_jobs().await;
    assert_eq!(vendor.requests().len(), 4);
}

#[tokio::test]
async fn the_users_title_is_never_overwritten() {
    let (world, vendor) = with_vendor("model").await;
    vendor.always(says("made"));
    let ann = world.partner("acme").await.person("ann").await;
    let own = json!({"title": "mine"});
    let named = ann
        .post("/api/v1/sessions", own.clone(), StatusCode::CREATED)
        .await;
    let named = text(&named["id"]);
    ann.asks(named, "a").await;
    // one that is named while its title is on the way
    let late = ann.session().await;
    ann.asks(&late, "a").await;
    let path = format!("/api/v1/sessions/{late}");
    ann.patch(&path, own, StatusCode::OK).await;
    world.run_jobs().await;
    assert_eq!(title(&ann, named).await, both("mine", "user"));
    assert_eq!(title(&ann, &late).await, both("mine", "user"));
    assert_eq!(vendor.requests().len(), 2, "no title was asked for");
    // left to the server again, the next question gives it one
    ann.patch(&path, json!({"title": ""}), StatusCode::OK).await;
    ann.asks(&late, "b").await;
    world.run_jobs().await;
    assert_eq!(title(&ann, &late).await.1, "server");
    // one that is gone when the job comes
    let gone = ann.session().await;
    ann.asks(&gone, "a").await;
    ann.delete(&format!("/api/v1/sessions/{gone}")).await;
    world.run_jobs().await;
}

#[tokio::test]
async fn a_vendor_that_fails_leaves_the_question_as_title() {
    let (world, vendor) = with_vendor("model").await;
    vendor.always(says("x").with(Fault::CutAfter(0)));
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    vendor.script(says("An answer."));
    ann.asks(&session, "a").await;
    world.run_jobs().await;
    assert_eq!(title(&ann, &session).await, both("a", "server"));
    vendor.always(says("…"));
    world.app.clock.forward(std::time::Duration::from_secs(60));
    world.run_jobs().await;
    assert_eq!(
        title(&ann, &session).await,
        both("a", "server"),
        "no title in it"
    );
}

#[tokio::test]
async fn titles_by_models_can_be_switched_off() {
    let (world, vendor) = with_vendor("question").await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.asks(&ann.session().await, "a").await;
    world.run_jobs().await;
    assert_eq!(vendor.requests().len(), 1);
}
