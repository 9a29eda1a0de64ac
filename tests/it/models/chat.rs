//! Answers of an OpenAI-compatible vendor when nothing is broken.

use concierge::models::{AzureDeployment, ChatEvent, ChatModel as _, OpenAiChat, TokenUsage};
use futures_util::StreamExt as _;
use serde_json::json;

use super::{Heard, KEY, ask, chat, question, target};
use crate::vendor::{Fault, Reply, Usage, Vendor, WIRES, gate, millis};

const PIECES: [&str; 4] = ["电池", "保修期为24个月", " [1]", "。🔋\n"];

#[tokio::test]
async fn every_way_of_writing_a_stream_reads_the_same() {
    let vendor = Vendor::start().await;
    for wire in WIRES {
        for usage in [Usage::Never, Usage::Once(12, 5), Usage::Twice(12, 5)] {
            vendor.script(Reply::stream(&PIECES, "stop", usage, wire));
            let heard = ask(&vendor).await;
            assert_eq!(heard.text, PIECES.concat(), "{wire:?}");
            assert_eq!(
                (heard.failure().as_str(), heard.cut),
                ("", None),
                "{wire:?}"
            );
            let counted = Some(TokenUsage {
                input: 12,
                cached: 0,
                output: 5,
            });
            let wanted = if matches!(usage, Usage::Never) {
                None
            } else {
                counted
            };
            assert_eq!(heard.usage, wanted, "{wire:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_says_why_it_was_cut() {
    let vendor = Vendor::start().await;
    let cases = [
        ("stop", None),
        ("eos_token", None),
        ("", None),
        ("length", Some("length")),
        ("content_filter", Some("content_filter")),
        ("sensitive", Some("sensitive")),
    ];
    for (finish, wanted) in cases {
        vendor.script(Reply::stream(
            &PIECES,
            finish,
            Usage::Once(1, 2),
            crate::vendor::Wire::Plain,
        ));
        let heard = ask(&vendor).await;
        assert_eq!(heard.cut.as_deref(), wanted, "{finish}");
        assert_eq!(heard.text, PIECES.concat());
        assert_eq!(
            (heard.usage.is_some(), heard.error.is_some()),
            (true, false)
        );
    }
}

#[tokio::test]
async fn frames_that_carry_no_text_are_passed_over() {
    let vendor = Vendor::start().await;
    vendor.script(Reply::raw(&[
        r#"data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#,
        "\n\n",
        r#"data: {"choices":null,"usage":null,"error":null}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"role":"assistant","content":null,"reasoning_content":"hm"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":1,"delta":{"content":"the other answer"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"content":"两年"},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":-1}}"#,
        "\n\n: over\n\ndata: [DONE]\n\n",
    ]));
    let heard = ask(&vendor).await;
    assert_eq!(
        (heard.text.as_str(), heard.usage, heard.failure().as_str()),
        ("两年", None, "")
    );
}

#[tokio::test]
async fn an_answer_in_one_piece_is_an_answer() {
    let vendor = Vendor::start().await;
    let message = json!({"role": "assistant", "content": "两年"});
    vendor.script(Reply::json(
        200,
        &json!({
            "choices": [{"index": 0, "message": message, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        }),
    ));
    let heard = ask(&vendor).await;
    assert_eq!(
        (heard.text.as_str(), heard.cut.as_deref()),
        ("两年", Some("length"))
    );
    assert_eq!(
        heard.usage,
        Some(TokenUsage {
            input: 3,
            cached: 0,
            output: 2
        })
    );
}

#[tokio::test]
async fn a_prompt_that_is_not_let_through_is_an_answer_cut_at_once() {
    let vendor = Vendor::start().await;
    for code in ["content_filter", "data_inspection_failed"] {
        vendor.script(Reply::json(
            400,
            &json!({"error": {"code": code, "message": "no"}}),
        ));
        let heard = ask(&vendor).await;
        assert_eq!(
            (heard.text.as_str(), heard.cut.as_deref()),
            ("", Some(code))
        );
    }
}

#[tokio::test]
async fn a_piece_is_handed_on_before_the_next_one_comes() {
    let vendor = Vendor::start().await;
    let gate = gate();
    vendor.script(Reply::saying(&PIECES).behind(&gate));
    let chat = chat(&vendor);
    let mut events = chat.answer(question()).await.unwrap();
    for piece in PIECES {
        gate.add_permits(1);
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event, ChatEvent::Delta(piece.to_owned()));
    }
}

#[tokio::test]
async fn dropping_an_answer_hangs_up() {
    let vendor = Vendor::start().await;
    let chat = chat(&vendor);

    vendor.script(Reply::saying(&PIECES).with(Fault::HangAfter(2)));
    let events = chat.answer(question()).await.unwrap();
    drop(events);
    vendor.hung_up(1).await;

    let gate = gate();
    gate.add_permits(1);
    vendor.script(Reply::saying(&PIECES).behind(&gate));
    let mut events = chat.answer(question()).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    drop(events);
    vendor.hung_up(2).await;

    // while the vendor has not said a word
    vendor.script(Reply::saying(&PIECES).with(Fault::HangAfter(0)));
    tokio::select! {
        _ = chat.answer(question()) => panic!("an answer out of nothing"),
        () = vendor.asked(3) => {}
    }
    vendor.hung_up(3).await;
    vendor.all_closed().await;
}

#[tokio::test]
async fn a_pace_is_kept() {
    let vendor = Vendor::start().await;
    vendor.script(Reply::saying(&PIECES).every(millis(30)));
    let start = std::time::Instant::now();
    assert_eq!(ask(&vendor).await.text, PIECES.concat());
    assert!(start.elapsed() >= millis(120));
}

#[tokio::test]
async fn one_connection_serves_many_answers() {
    let vendor = Vendor::start().await;
    vendor.always(Reply::saying(&PIECES));
    let chat = chat(&vendor);
    for round in 0..20 {
        if round % 2 == 1 {
            // the body ends a moment after the last frame
            let all = [
                r#"data: {"choices":[{"delta":{"content":"a"}}]}"#,
                "\n\ndata: [DONE]\n\n",
            ];
            vendor.script(Reply::raw(&[&all.concat()]).every(millis(10)));
        }
        assert!(
            Heard::from(chat.answer(question()).await)
                .await
                .error
                .is_none()
        );
    }
    // on a busy machine the end of an answer can come too late to use its connection again
    assert!(vendor.connections() <= 5, "{}", vendor.connections());
}

#[tokio::test]
async fn the_request_says_what_was_asked() {
    let vendor = Vendor::start().await;
    ask(&vendor).await;
    let request = &vendor.requests()[0];
    assert_eq!(request.target, "/v1/chat/completions");
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(request.headers["accept"], "text/event-stream");
    assert_eq!(request.headers["accept-encoding"], "identity");
    assert_eq!(
        request.body,
        json!({
            "model": "mock-1",
            "messages": [
                {"role": "system", "content": "Cite."},
                {"role": "user", "content": "电池保修多久？"},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 321,
            "temperature": 0.5,
        })
    );
}

#[tokio::test]
async fn azure_is_asked_in_its_own_way() {
    let vendor = Vendor::start().await;
    let mut target = target(&vendor);
    target.base_url = vendor.base_url().replace("/v1", "/");
    target.azure = Some(AzureDeployment {
        deployment: "gpt 4o".to_owned(),
        api_version: "2024-10-21".to_owned(),
    });
    let chat = OpenAiChat::new(&target, 8_192).unwrap();
    assert_eq!(Heard::from(chat.answer(question()).await).await.text, "ok");
    let request = &vendor.requests()[0];
    assert_eq!(
        request.target,
        "/openai/deployments/gpt%204o/chat/completions?api-version=2024-10-21"
    );
    assert_eq!(request.headers["api-key"], KEY);
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_vendor_without_a_key_gets_none() {
    let vendor = Vendor::start().await;
    let mut target = target(&vendor);
    target.api_key = None;
    let chat = OpenAiChat::new(&target, 8_192).unwrap();
    assert_eq!((chat.name(), chat.context_tokens()), ("small", 8_192));
    Heard::from(chat.answer(question()).await).await;
    let headers = &vendor.requests()[0].headers;
    assert!(!headers.contains_key("authorization") && !headers.contains_key("api-key"));
}

#[tokio::test]
async fn what_a_vendor_does_not_understand_is_left_out_from_then_on() {
    let vendor = Vendor::start().await;
    vendor.refuse(
        "stream_options",
        "Unrecognized request argument supplied: stream_options",
    );
    vendor.refuse(
        "max_tokens",
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    );
    vendor.refuse(
        "temperature",
        "Unsupported value: 'temperature' does not support 0.5.",
    );
    let chat = chat(&vendor);
    for requests in [4, 5] {
        let heard = Heard::from(chat.answer(question()).await).await;
        assert_eq!((heard.text.as_str(), heard.failure().as_str()), ("ok", ""));
        assert_eq!(vendor.requests().len(), requests);
    }
    let body = &vendor.requests()[4].body;
    assert_eq!(body["max_completion_tokens"], 321);
    for left_out in ["stream_options", "max_tokens", "temperature"] {
        assert_eq!(body.get(left_out), None, "{left_out}");
    }
}
