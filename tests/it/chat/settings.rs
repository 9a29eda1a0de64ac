//! What a user sets for a conversation reaches search, prompt and vendor.

use concierge::models::{Role, Step};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MANUAL, QUESTION, model, say, saying, script};
use crate::{
    vendor::{Reply, Usage, Vendor, Wire},
    verbs::text,
    world::{Person, World},
};

async fn set(ann: &Person<'_>, session: &str, settings: Value) -> Value {
    let path = format!("/api/v1/sessions/{session}");
    ann.patch(&path, json!({"settings": settings}), StatusCode::OK)
        .await
}

#[tokio::test]
async fn settings_are_merged_and_reset() {
    let (world, _) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let body = json!({"settings": {"top_k": 3, "temperature": 0.5}});
    let session = ann
        .post("/api/v1/sessions", body, StatusCode::CREATED)
        .await;
    let unset = json!({"model": null, "temperature": 0.5, "max_tokens": null, "top_k": 3,
        "threshold": null, "history_count": null, "prompt": null});
    assert_eq!(session["settings"], unset);
    let id = text(&session["id"]);
    let changed = set(
        &ann,
        id,
        json!({"temperature": null, "max_tokens": 64, "model": "extractive", "prompt": "answer"}),
    )
    .await;
    let expected = json!({"model": "extractive", "temperature": null, "max_tokens": 64, "top_k": 3,
        "threshold": null, "history_count": null, "prompt": "answer"});
    assert_eq!(changed["settings"], expected);
    let path = format!("/api/v1/sessions/{id}");
    ann.patch(&path, json!({"title": "t"}), StatusCode::OK)
        .await;
    assert_eq!(ann.get(&path).await["settings"], expected);
}

#[tokio::test]
async fn settings_out_of_their_bounds_are_refused_by_name() {
    let (world, _) = World::scripted(saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    let path = format!("/api/v1/sessions/{session}");
    for (name, wrong) in [
        ("temperature", json!(-0.1)),
        ("temperature", json!(2.1)),
        ("max_tokens", json!(0)),
        ("max_tokens", json!(1_025)),
        ("top_k", json!(0)),
        ("top_k", json!(21)),
        ("threshold", json!(1.5)),
        ("history_count", json!(31)),
        ("model", json!("nothing")),
        ("model", json!("a\u{0}")),
        ("prompt", json!("nothing")),
        ("prompt", json!("title")),
        ("prompt", json!("a\u{0}")),
        ("prompt", json!("x".repeat(1_000))),
    ] {
        let body = json!({"settings": {name: wrong}});
        let refused = ann
            .patch(&path, body.clone(), StatusCode::UNPROCESSABLE_ENTITY)
            .await;
        assert_eq!(refused["code"], "invalid");
        assert!(text(&refused["detail"]).contains(name), "{body}: {refused}");
        ann.post("/api/v1/sessions", body, StatusCode::UNPROCESSABLE_ENTITY)
            .await;
    }
    let limits = json!({"temperature": 2, "max_tokens": 1_024, "top_k": 20, "threshold": 1,
        "history_count": 0});
    set(&ann, &session, limits).await;
}

#[tokio::test]
async fn model_temperature_and_length_reach_the_vendor() {
    let vendor = Vendor::start().await;
    vendor.always(Reply::stream(
        &["ok"],
        "stop",
        Usage::Once(3, 2),
        Wire::Plain,
    ));
    let world = World::configured(vec![
        ("chat.big.base_url", vendor.base_url()),
        ("chat.big.model", "vendor-big".into()),
        ("chat.big.output_tokens_max", "500".into()),
        ("chat.small.base_url", vendor.base_url()),
        ("chat.small.model", "vendor-small".into()),
        ("models.chat", "small".into()),
        ("chat.titles", "question".into()),
    ])
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let models = ann.get("/api/v1/models").await;
    let listed: Vec<(&str, &str, bool)> = models["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| {
            let default = model["default"].as_bool().unwrap();
            (text(&model["name"]), text(&model["kind"]), default)
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("big", "openai", false),
            ("extractive", "extractive", false),
            ("small", "openai", true)
        ]
    );
    assert!(!models.to_string().contains("vendor"), "{models}");
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    assert_eq!(answer["model"], "small");
    let settings = json!({"model": "big", "temperature": 0.25, "max_tokens": 77});
    set(&ann, &session, settings).await;
    assert_eq!(ann.asks(&session, "b").await["model"], "big");
    // for one answer alone
    let path = format!("/api/v1/messages/{}/regenerate", text(&answer["id"]));
    let body = json!({"settings": {"temperature": 1.5, "max_tokens": null}});
    ann.post(&path, body, StatusCode::OK).await;
    ann.asks(&session, "c").await;
    let sent: Vec<(String, Value, Value)> = vendor
        .requests()
        .into_iter()
        .map(|request| {
            let body = request.body;
            let model = text(&body["model"]).to_owned();
            (
                model,
                body["temperature"].clone(),
                body["max_tokens"].clone(),
            )
        })
        .collect();
    let big = |temperature: f64, tokens: u32| {
        ("vendor-big".to_owned(), json!(temperature), json!(tokens))
    };
    assert_eq!(
        sent,
        [
            ("vendor-small".to_owned(), json!(null), json!(1_024)),
            big(0.25, 77),
            big(1.5, 500),
            big(0.25, 77)
        ]
    );
}

#[tokio::test]
async fn top_k_and_threshold_reach_the_search_and_history_the_prompt() {
    let (world, model) = World::scripted(script([say("x")])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let texts: Vec<(String, String)> = (0..8)
        .map(|n| {
            let more = "其他无关的说明文字。".repeat(n * 5);
            (format!("{n}.md"), format!("电池保修期第{n}条。{more}"))
        })
        .collect();
    let documents: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    ann.knows("policy", &documents).await;
    let session = ann.session().await;
    let found = async |settings: Value| {
        set(&ann, &session, settings).await;
        ann.asks(&session, QUESTION).await;
        model.requests().pop().unwrap()
    };
    assert_eq!(found(json!({})).await.passages.len(), 6);
    assert_eq!(found(json!({"top_k": 2})).await.passages.len(), 2);
    assert_eq!(found(json!({"top_k": 8})).await.passages.len(), 8);
    let near = found(json!({"threshold": 0.95})).await.passages.len();
    assert!((1..8).contains(&near), "{near}");
    let turns = |request: &concierge::models::ChatRequest| {
        let questions = request.messages.iter();
        questions.filter(|said| said.role == Role::User).count() - 1
    };
    assert_eq!(turns(&found(json!({"threshold": null})).await), 4);
    assert_eq!(turns(&found(json!({"history_count": 2})).await), 2);
    assert_eq!(turns(&found(json!({"history_count": 0})).await), 0);
    assert_eq!(turns(&found(json!({"history_count": null})).await), 7);
}

/// A model may leave the settings of the server: who had chosen it is answered by the default.
#[tokio::test]
async fn a_model_that_is_gone_is_replaced_by_the_default() {
    let (world, _) = World::scripted(script([say("x"), Step::Say("y".into())])).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let gone = r#"update chat_session set settings = '{"model": "gone", "max_tokens": 5000, "prompt": "gone"}'"#;
    sqlx::query(gone)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let answer = ann.asks(&session, QUESTION).await;
    assert_eq!(
        (&answer["content"], &answer["model"]),
        (&"xy".into(), &"scripted".into())
    );
    // what is set besides is set all the same
    let path = format!("/api/v1/messages/{}/regenerate", text(&answer["id"]));
    let body = json!({"settings": {"top_k": 1}});
    ann.post(&path, body, StatusCode::OK).await;
    set(&ann, &session, json!({"top_k": 2})).await;
}

#[tokio::test]
async fn a_client_chooses_the_model_that_answers_where_none_is_chosen() {
    let set = [
        ("chat.second.kind", "scripted"),
        ("chat.second.script", "second"),
        ("chat.second.script_pause_ms", "0"),
    ];
    let world = World::set(model(saying("first")), &set).await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let (boss, ann) = (acme.manager("boss").await, acme.person("ann").await);
    let bob = rival.person("bob").await;
    let default = |models: Value| {
        let mut items = models["items"].as_array().unwrap().clone();
        items.retain(|model| model["default"] == true);
        assert_eq!(items.len(), 1);
        text(&items[0]["name"]).to_owned()
    };
    let answers = async |who: &Person<'_>| {
        let answer = who.asks(&who.session().await, "a?").await;
        text(&answer["content"]).to_owned()
    };
    assert_eq!(default(ann.get("/api/v1/models").await), "extractive");
    let second = json!({"default": "second"});
    let refused = StatusCode::FORBIDDEN;
    ann.patch("/api/v1/models", second.clone(), refused).await;
    assert_eq!(answers(&ann).await, "first");
    let chosen = boss.patch("/api/v1/models", second, StatusCode::OK).await;
    assert_eq!(default(chosen), "second");
    assert_eq!(default(ann.get("/api/v1/models").await), "second");
    assert_eq!(answers(&ann).await, "second");
    assert_eq!(answers(&bob).await, "first");
    // what a conversation chooses goes before
    let session = ann.session().await;
    set_model(&ann, &session, "extractive").await;
    assert_eq!(ann.asks(&session, "a?").await["content"], "first");
    let none = json!({"default": "nothing"});
    boss.patch("/api/v1/models", none, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    let reset = boss
        .patch("/api/v1/models", json!({"default": null}), StatusCode::OK)
        .await;
    assert_eq!(default(reset), "extractive");
    assert_eq!(answers(&ann).await, "first");
}

async fn set_model(who: &Person<'_>, session: &str, name: &str) {
    set(who, session, json!({"model": name})).await;
}
