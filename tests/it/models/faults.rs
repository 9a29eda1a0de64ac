//! Answers of a vendor that fails, and how each failure reads.

use std::time::Duration;

use concierge::models::{ChatModel as _, OpenAiChat};
use serde_json::json;

use super::{Heard, ask, chat, question, target};
use crate::vendor::{Fault, Reply, Usage, Vendor, Wire};

const PIECES: [&str; 3] = ["a", "b", "c"];

fn frame(json: &str) -> String {
    format!("data: {json}\n\n")
}

fn delta(text: &str) -> String {
    frame(&json!({"choices": [{"delta": {"content": text}}]}).to_string())
}

#[tokio::test]
async fn a_broken_stream_ends_in_an_error_after_what_came() {
    let vendor = Vendor::start().await;
    let error = frame(r#"{"error":{"message":"overloaded","code":529}}"#);
    let counted = frame(r#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1}}"#);
    let cases: [(&str, Reply, &str, &str); 10] = [
        (
            "cut after the head",
            Reply::saying(&PIECES).with(Fault::CutAfter(1)),
            "",
            "upstream",
        ),
        (
            "cut after a piece",
            Reply::saying(&PIECES).with(Fault::CutAfter(3)),
            "a",
            "upstream",
        ),
        (
            "cut after all",
            Reply::saying(&PIECES).with(Fault::CutAfter(5)),
            "abc",
            "upstream",
        ),
        (
            "error inside",
            Reply::raw(&[&delta("a"), &error]),
            "a",
            "overloaded",
        ),
        (
            "error after a count",
            Reply::raw(&[&counted, &delta("a"), &error]),
            "a",
            "overloaded",
        ),
        (
            "no JSON",
            Reply::raw(&[&delta("a"), "data: <html>busy\n\n"]),
            "a",
            "<html>busy",
        ),
        (
            "no text",
            Reply::raw(&[&delta("a"), "data: [1,2]\n\n"]),
            "a",
            "not JSON",
        ),
        (
            "end without an end",
            Reply::raw(&[&delta("a")]),
            "a",
            "in the middle",
        ),
        (
            "half a frame",
            Reply::raw(&[&delta("a"), "data: {\"choi"]),
            "a",
            "not JSON",
        ),
        ("nothing", Reply::raw(&[""]), "", "in the middle"),
    ];
    for (what, reply, text, words) in cases {
        vendor.script(reply);
        let heard = ask(&vendor).await;
        assert_eq!(heard.text, text, "{what}");
        let failure = heard.failure();
        assert!(
            failure.starts_with("upstream: model \"small\""),
            "{what}: {failure}"
        );
        assert!(failure.contains(words), "{what}: {failure}");
        assert_eq!(
            heard.usage.is_some(),
            what == "error after a count",
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_breaks_after_the_last_word_is_no_failure() {
    let vendor = Vendor::start().await;
    let whole = Reply::stream(&PIECES, "stop", Usage::Once(1, 2), Wire::Plain);
    let cases = [
        // parts: head, role, three pieces, finish, count, done, end of body
        (
            "cut before the count",
            whole.with(Fault::CutAfter(6)),
            false,
        ),
        (
            "cut before done",
            Reply::saying(&PIECES).with(Fault::CutAfter(7)),
            true,
        ),
        (
            "hangs before done",
            Reply::saying(&PIECES).with(Fault::HangAfter(7)),
            true,
        ),
    ];
    let mut target = target(&vendor);
    target.idle_max = Duration::from_millis(500);
    let chat = OpenAiChat::new(&target, 8_192).unwrap();
    for (what, reply, counted) in cases {
        vendor.script(reply);
        let heard = Heard::from(chat.answer(question()).await).await;
        assert_eq!(
            (heard.text.as_str(), heard.failure().as_str()),
            ("abc", ""),
            "{what}"
        );
        assert_eq!(heard.usage.is_some(), counted, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_holds_nobody_up() {
    let vendor = Vendor::start().await;
    vendor.script(Reply::saying(&PIECES).with(Fault::HangAfter(8)));
    let heard = tokio::time::timeout(Duration::from_secs(10), ask(&vendor))
        .await
        .unwrap();
    assert_eq!((heard.text.as_str(), heard.failure().as_str()), ("abc", ""));
    vendor.hung_up(1).await;
}

#[tokio::test]
async fn a_silent_vendor_is_given_up() {
    let vendor = Vendor::start().await;
    let mut target = target(&vendor);
    target.idle_max = Duration::from_millis(300);
    let chat = OpenAiChat::new(&target, 8_192).unwrap();
    for (parts, text) in [(0, ""), (1, ""), (3, "a")] {
        vendor.script(Reply::saying(&PIECES).with(Fault::HangAfter(parts)));
        let heard = Heard::from(chat.answer(question()).await).await;
        assert_eq!(heard.text, text);
        assert!(heard.failure().contains("timed out"), "{}", heard.failure());
    }
    // silence is not asked a second time: it may have been paid for
    assert_eq!(vendor.requests().len(), 3);
    vendor.hung_up(3).await;
}

#[tokio::test]
async fn a_flood_is_stopped() {
    let vendor = Vendor::start().await;
    let mib = "x".repeat(1024 * 1024);
    vendor.script(Reply::raw(&["data: ", &mib, "x"]));
    let heard = ask(&vendor).await;
    assert!(
        heard.failure().contains("longer than"),
        "{}",
        heard.failure()
    );

    let piece = delta(&"x".repeat(400 * 1024));
    // it does not matter whether the vendor would have ended
    let endless = Reply::raw(&[&piece, &piece, &piece, "data: [DONE]\n\n"]);
    vendor.script(endless.with(Fault::HangAfter(4)));
    let heard = ask(&vendor).await;
    assert_eq!(
        (heard.text.len(), heard.failure().as_str()),
        (800 * 1024, "")
    );
    assert_eq!(heard.cut.as_deref(), Some("answer_bytes_max"));

    let empty = frame(&json!({"choices": [], "padding": "x".repeat(1024 * 1000)}).to_string());
    vendor.script(Reply::raw(&[empty.as_str(); 70]));
    let heard = ask(&vendor).await;
    assert!(
        heard.failure().contains("sent more than"),
        "{}",
        heard.failure()
    );
    vendor.all_closed().await;
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let vendor = Vendor::start().await;
    let cases = [
        (429, "7", "slow down", "throttled: 7"),
        (429, "0.2", "slow down", "throttled: 1"),
        (429, "", "slow down", "throttled: 10"),
        (429, "1e99", "slow down", "throttled: 10"),
        (
            429,
            "1",
            r#"{"error":{"code":"insufficient_quota"}}"#,
            "insufficient_quota",
        ),
        (401, "", "bad key", "401 Unauthorized: bad key"),
        (403, "", "not from here", "403 Forbidden: not from here"),
        (404, "", "no such model", "no such model"),
        (400, "", "too many tokens", "too many tokens"),
        (302, "", "elsewhere", "302 Found"),
    ];
    for (index, (status, retry, body, wanted)) in cases.into_iter().enumerate() {
        let headers = [("Retry-After", retry), ("Location", "/elsewhere")];
        vendor.script(Reply::plain(status, &headers, body));
        let failure = ask(&vendor).await.failure();
        assert!(failure.contains(wanted), "{status}: {failure}");
        assert_eq!(
            vendor.requests().len(),
            index + 1,
            "{status} is not asked again"
        );
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_once_more() {
    let vendor = Vendor::start().await;
    let busy = || Reply::plain(503, &[], "busy");
    let closed = || Reply::saying(&PIECES).with(Fault::CutAfter(0));
    for trouble in [busy, closed] {
        vendor.script(trouble());
        let heard = ask(&vendor).await;
        assert_eq!((heard.text.as_str(), heard.failure().as_str()), ("ok", ""));
    }
    vendor.script(busy());
    vendor.script(busy());
    assert!(
        ask(&vendor)
            .await
            .failure()
            .contains("503 Service Unavailable: busy")
    );
    assert_eq!(vendor.requests().len(), 6);
}

#[tokio::test]
async fn a_vendor_that_is_away_is_upstream() {
    let vendor = Vendor::start().await;
    let chat = chat(&vendor);
    drop(vendor);
    let heard = Heard::from(chat.answer(question()).await).await;
    assert!(
        heard.failure().starts_with("upstream: model \"small\": "),
        "{}",
        heard.failure()
    );
}

#[tokio::test]
async fn success_that_is_none_is_seen() {
    let vendor = Vendor::start().await;
    let cases = [
        (
            json!({"error": {"message": "model not loaded"}}),
            "model not loaded",
        ),
        (json!({"detail": "ready"}), "no answer in the response"),
        (json!(["odd"]), "not JSON"),
    ];
    for (body, wanted) in cases {
        vendor.script(Reply::json(200, &body));
        let failure = ask(&vendor).await.failure();
        assert!(failure.contains(wanted), "{failure}");
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let vendor = Vendor::start().await;
    let cases = [
        ("api.openai.com/v1", "k", "is not a URL"),
        ("ftp://127.0.0.1/v1", "k", "must begin with https://"),
        (
            "https://me:pw@127.0.0.1/v1",
            "k",
            "must not contain a user or password",
        ),
        (
            "https://127.0.0.1/v1",
            "k\nX-Admin: 1",
            "characters that a header cannot carry",
        ),
    ];
    for (base_url, key, wanted) in cases {
        let mut target = target(&vendor);
        target.base_url = base_url.to_owned();
        target.api_key = Some(key.to_owned().into());
        let error = OpenAiChat::new(&target, 8_192).err().unwrap();
        assert_eq!(error.code(), "invalid");
        assert!(
            error.to_string().contains(wanted) && !error.to_string().contains("pw"),
            "{error}"
        );
    }
}
