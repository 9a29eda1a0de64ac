//! What of a conversation the model is told.

use concierge::models::{ChatRequest, Role, Step, tokens};

use reqwest::StatusCode;
use serde_json::json;

use super::{MANUAL, QUESTION, model, say, script};
use crate::{reader::names, world::World};

fn said(request: &ChatRequest) -> Vec<(Role, &str)> {
    request
        .messages
        .iter()
        .map(|message| (message.role, message.content.as_str()))
        .collect()
}

#[tokio::test]
async fn the_model_is_told_what_was_said_before() {
    let (world, model) = World::scripted(script([say("x")])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("policy", &[("手册.md", MANUAL)]).await;
    // so that thanks are not taken for a question that the manual does not answer
    let path = format!("/api/v1/knowledge-bases/{base}");
    ann.patch(&path, json!({"no_answer": "model"}), StatusCode::OK)
        .await;
    let session = ann.session().await;
    for (question, steps) in [
        (QUESTION, vec![say("电池保修期为24个月[1]。")]),
        ("屏幕呢？", vec![Step::Fail]),
        (
            "Is the screen covered?",
            vec![say("屏幕不在保修范围内[1]。")],
        ),
        ("谢谢", vec![say("不客气。")]),
    ] {
        model.push(script(steps));
        ann.asks(&session, question).await;
    }
    let requests = model.requests();
    assert_eq!(requests.len(), 4);
    let first = said(&requests[0]);
    assert_eq!(
        (first.len(), first[0].0, first[1]),
        (2, Role::System, (Role::User, QUESTION))
    );
    assert!(
        first[0]
            .1
            .contains("电池保修期为24个月，自购买之日起计算。"),
        "{first:?}"
    );
    assert_eq!(requests[0].passages.len(), 1);
    let last = said(&requests[3]);
    let expected = [
        (Role::User, QUESTION),
        (Role::Assistant, "电池保修期为24个月[1]。"),
        (Role::User, "屏幕呢？"),
        (Role::User, "Is the screen covered?"),
        (Role::Assistant, "屏幕不在保修范围内。"),
        (Role::User, "谢谢"),
    ];
    assert_eq!(last[1..], expected);
}

#[tokio::test]
async fn old_turns_fall_out_when_the_budget_is_full() {
    let long = "字".repeat(100);
    let turn = tokens::count(&long) * 2;
    let budget = (turn * 2 + 5).to_string();
    let model = model(script([say(&long)]));
    let world = World::set(model.clone(), &[("chat.history_tokens", &budget)]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    for _ in 0..5 {
        ann.asks(&session, &long).await;
    }
    let lengths: Vec<usize> = model
        .requests()
        .iter()
        .map(|request| request.messages.len())
        .collect();
    // rules, question, and two turns at most
    assert_eq!(lengths, [2, 4, 6, 6, 6]);
}

/// Neither a long question nor many long passages may fill the room that the model has.
#[tokio::test]
async fn the_prompt_leaves_room_for_the_answer() {
    let (world, model) = World::scripted(script([say("x")])).await;
    let ann = world.partner("acme").await.person("ann").await;
    let texts: Vec<String> = (0..6)
        .map(|n| format!("保修期{n}。{}", "电池保修期的说明文字".repeat(90)))
        .collect();
    let names_of: Vec<String> = (0..6).map(|n| format!("{n}.md")).collect();
    let documents: Vec<(&str, &str)> = names_of
        .iter()
        .map(String::as_str)
        .zip(texts.iter().map(String::as_str))
        .collect();
    ann.knows("policy", &documents).await;
    let session = ann.session().await;
    for question in [
        "保修期",
        &"保修期的问题".repeat(600),
        &"电池保修期的问题".repeat(1_000),
    ] {
        let mut reader = ann.reads(&session, question).await;
        assert_eq!(names(&reader.rest().await).last(), Some(&"done"));
    }
    for request in model.requests() {
        let used = tokens::count_prompt(&request.messages) + request.output_tokens_max;
        assert!(used <= 8_192, "{used}");
        assert_eq!(
            request.messages.last().unwrap().content,
            request.question,
            "whole"
        );
    }
    let passages: Vec<usize> = model
        .requests()
        .iter()
        .map(|request| request.passages.len())
        .collect();
    assert!(
        passages[0] == 6 && (1..6).contains(&passages[2]),
        "{passages:?}"
    );
}
