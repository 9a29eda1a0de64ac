//! What a real server does when it is told to end, and what it says while a disk fills.

use concierge::db::embedded::free_port;
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    process::{Server, folder},
    verbs::{eventually, text},
    world::{Event, events},
};

/// Answers that are under way when the server is told to end.
const STREAMS: usize = 100;

#[tokio::test]
async fn a_hundred_streams_end_with_done_or_can_be_resumed() {
    let folder = folder();
    let long = "一二三四五六七八九十".repeat(400);
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("MODELS__CHAT", "slow"),
        ("CHAT__SLOW__KIND", "scripted"),
        ("CHAT__SLOW__SCRIPT", long.as_str()),
        // a hundred answers that say much would be the load that is measured
        ("CHAT__SLOW__SCRIPT_PAUSE_MS", "2000"),
        ("CHAT__RUNNING_PER_USER", "100"),
        ("SERVER__SHUTDOWN_SECONDS", "2"),
    ];
    let mut server = Server::start(folder.path(), &set);
    let bearer = server.visitor().await;
    let mut begun = Vec::new();
    while begun.len() < STREAMS {
        begun.extend(join_all((0..10).map(|_| begin(&server, &bearer))).await);
    }
    let pid = rustix::process::Pid::from_child(&server.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let read = begun.into_iter().map(|answer| answer.text());
    let ended: Vec<Vec<Event>> = join_all(read)
        .await
        .into_iter()
        .map(|text| events(&text.unwrap()))
        .collect();
    assert_eq!(ended.len(), STREAMS);
    for events in &ended {
        let (first, last) = (&events[0], events.last().unwrap());
        assert_eq!(first.name, "start");
        match last.name.as_str() {
            "done" => {}
            "error" => assert_eq!(last.data["code"], "interrupted", "{last:?}"),
            other => panic!("a stream ended with {other}"),
        }
    }
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    drop(server);

    let server = Server::start(folder.path(), &set);
    for events in &ended {
        let answer = text(&events[0].data["message_id"]);
        let path = format!("/api/v1/messages/{answer}");
        let message = server.get(&bearer, &path).await;
        assert_ne!(message["state"], "running", "{message}");
        assert!(long.starts_with(text(&message["content"])));
    }
    // and the page that lost one can read on from where it was
    let (first, last) = (&ended[0][0], ended[0].last().unwrap());
    let path = format!(
        "/api/v1/messages/{}/stream",
        text(&first.data["message_id"])
    );
    let resume = server.request(Method::GET, &path).bearer_auth(&bearer);
    let resumed = resume.header("last-event-id", first.id).send().await;
    let resumed = events(&resumed.unwrap().text().await.unwrap());
    assert_eq!(resumed.last().unwrap().name, last.name, "{resumed:?}");
}

/// Asks for a stream in a session of its own, and waits for its head.
async fn begin(server: &Server, bearer: &str) -> reqwest::Response {
    let session = server.post(bearer, "/api/v1/sessions", json!({})).await;
    let path = format!("/api/v1/sessions/{}/messages", text(&session["id"]));
    let ask = server.request(Method::POST, &path).bearer_auth(bearer);
    let ask = ask.header("accept", "text/event-stream");
    let answer = ask
        .json(&json!({"content": "数到十"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

#[tokio::test]
async fn a_disk_that_gets_full_is_told_of_before_anything_is_refused() {
    let folder = folder();
    let metrics = format!("127.0.0.1:{}", free_port().unwrap());
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("STORAGE__WARN_PERCENT", "99"),
        ("SERVER__METRICS_LISTEN", metrics.as_str()),
    ];
    let mut server = Server::start(folder.path(), &set);
    let read = eventually("the disks were looked at", async || {
        let page = reqwest::Client::builder().no_proxy().build().unwrap();
        let page = page.get(format!("http://{metrics}/metrics")).send();
        let text = page.await.ok()?.text().await.ok()?;
        text.contains("disk_free_percent").then_some(text)
    })
    .await;
    for of in ["storage", "database"] {
        let name = format!("concierge_disk_free_percent{{of=\"{of}\"}} ");
        let (_, rest) = read.split_once(&name).unwrap_or_else(|| panic!("{read}"));
        let free: f64 = rest.lines().next().unwrap().parse().unwrap();
        let says = |line: &&str| {
            let entry: Value = serde_json::from_str(line).unwrap_or(Value::Null);
            let said = entry["fields"]["message"].as_str().unwrap_or_default();
            entry["fields"]["what"] == of && said.starts_with("a disk is getting full")
        };
        let said = server.log().lines().filter(says).count();
        assert_eq!(
            said,
            usize::from(free < 99.0),
            "{of}: {free}: {}",
            server.log()
        );
    }
    let ready = server.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "nothing is refused yet");
    let bearer = server.visitor().await;
    server.uploads(&bearer, "The cover is blue.").await;
    assert_eq!(server.stop(), Some(0));
}
