//! A real server process, killed in the middle of its work, and what its next start makes of that.

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use crate::{
    process::{Server, folder},
    world::{Event, events},
};

/// Reads a stream until so many pieces of the answer have come.
pub async fn deltas(answer: reqwest::Response, count: usize) -> Vec<Event> {
    let (mut bytes, mut text) = (answer.bytes_stream(), String::new());
    while text.matches("event: delta").count() < count {
        let piece = bytes.next().await.expect("the stream goes on").unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    events(&text[..text.rfind("\n\n").unwrap() + 2])
}

#[tokio::test]
async fn an_answer_cut_by_a_kill_is_ended_by_the_next_start() {
    let folder = folder();
    let script = "一二三四五六七八九十".repeat(60);
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("MODELS__CHAT", "slow"),
        ("CHAT__SLOW__KIND", "scripted"),
        ("CHAT__SLOW__SCRIPT", script.as_str()),
        ("CHAT__SLOW__SCRIPT_PAUSE_MS", "30"),
    ];
    let server = Server::start(folder.path(), &set);
    let bearer = server.visitor().await;
    let session = server.post(&bearer, "/api/v1/sessions", json!({})).await;
    let messages = format!(
        "/api/v1/sessions/{}/messages",
        session["id"].as_str().unwrap()
    );
    let ask = server.request(Method::POST, &messages).bearer_auth(&bearer);
    let ask = ask
        .header("accept", "text/event-stream")
        .json(&json!({"content": "数到十"}));
    // thirty pieces take most of a second: what came before the last quarter of it is stored
    let seen = deltas(ask.send().await.unwrap(), 30).await;
    let answer = seen[0].data["message_id"].as_str().unwrap().to_owned();
    let last = seen.last().unwrap().id;
    server.kill();

    let mut server = Server::start(folder.path(), &set);
    let path = format!("/api/v1/messages/{answer}");
    let message = server
        .until(&bearer, &path, |message| message["state"] != "running")
        .await;
    assert_eq!(
        (&message["state"], &message["error"]["code"]),
        (&json!("failed"), &json!("interrupted"))
    );
    let kept = message["content"].as_str().unwrap();
    assert!(!kept.is_empty() && script.starts_with(kept), "{kept}");
    assert!(
        message["usage"]["output_tokens"].as_u64().unwrap() > 0,
        "what was written is booked"
    );

    let resume = server
        .request(Method::GET, &format!("{path}/stream"))
        .bearer_auth(&bearer);
    let resumed = resume.header("last-event-id", last).send().await.unwrap();
    let resumed = events(&resumed.text().await.unwrap());
    assert!(resumed.iter().all(|event| event.id > last), "{resumed:?}");
    let names: Vec<&str> = resumed.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(
        names[names.len() - 2..],
        ["reset", "error"],
        "the stream has an end"
    );
    assert_eq!(resumed[resumed.len() - 2].data["text"], kept);
    assert_eq!(resumed[resumed.len() - 1].data["code"], "interrupted");
    assert_eq!(server.stop(), Some(0), "asked to end, it ends well");
}

#[tokio::test]
async fn a_document_cut_by_a_kill_is_read_once_by_the_next_start() {
    let folder = folder();
    let set = [
        ("MODELS__EMBEDDING", "minilm"),
        ("EMBEDDING__MINILM__KIND", "minilm"),
    ];
    let text: String = (0..900)
        .map(|n| format!("Paragraph {n} tells of part number {}.\n\n", n * 7))
        .collect();
    let server = Server::start(folder.path(), &set);
    let bearer = server.visitor().await;
    let (base, path) = server.uploads(&bearer, &text).await;
    let passing = server
        .until(&bearer, &path, |document| document["state"] == "embedding")
        .await;
    assert_eq!(passing["version"], 0);
    server.kill();

    let mut server = Server::start(folder.path(), &set);
    let document = server
        .until(&bearer, &path, |document| document["state"] == "ready")
        .await;
    assert_eq!(document["version"], 1, "read to its end once");
    let counted = server.get(&bearer, &base).await;
    assert_eq!(
        (&counted["documents"], &counted["chunks"]),
        (&json!(1), &document["chunks"])
    );
    let chunks = server.chunks(&bearer, &path).await;
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(
        bare(&chunks),
        bare(&text),
        "every chunk is there, and there once"
    );
    assert_eq!(server.stop(), Some(0));
}
