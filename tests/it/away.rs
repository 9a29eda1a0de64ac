//! A database that dies or falls silent under a real server: what its users see meanwhile, that it
//! comes back without a restart of the server, and that the server can be ended without it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    cluster::{cluster, runtime_dir},
    embedded::site::{mend, pid_in, spoil},
    line::Line,
    process::{PATIENCE, Server, folder},
    reader::Reader,
    verbs::{problem, text},
    world::{Event, PROGRAM, body, fresh_database},
};
use concierge::{boot, db::LOGIN_ROLE};
use reqwest::{Method, Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// For the server to end while its database is away: 23 s for requests, 30 for work and 5 for
/// connections are the most that it takes itself, on a machine that has nothing else to do.
const END_MAX: Duration = Duration::from_secs(90);

/// The embedded database of a server on this folder.
fn pgdata(folder: &Path) -> PathBuf {
    folder.join("data/postgres/18")
}

/// Kills PostgreSQL with -9, and keeps it from coming back until it is mended.
fn kill(pgdata: &Path) {
    spoil(pgdata);
    kill_process(pid_in(pgdata).unwrap(), Signal::KILL).unwrap();
}

/// Waits until the server says of itself that it is ready, or that it is not.
async fn readyz(server: &Server, status: StatusCode) -> Response {
    let started = Instant::now();
    loop {
        let asked = server.request(Method::GET, "/readyz").send();
        let answer = asked.await.unwrap();
        if answer.status() == status {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "not {status} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the server says while its database is away.
async fn is_away(server: &Server, bearer: &str) {
    problem(
        readyz(server, StatusCode::SERVICE_UNAVAILABLE).await,
        StatusCode::SERVICE_UNAVAILABLE,
    )
    .await;
    let asked = server
        .request(Method::GET, "/api/v1/sessions")
        .bearer_auth(bearer);
    let said = problem(asked.send().await.unwrap(), StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said["code"], "unavailable", "whoever is known stays known");
    assert!(text(&said["detail"]).contains("try again"), "{said}");
}

async fn is_back(server: &mut Server) {
    readyz(server, StatusCode::OK).await;
    let ended = server.child.try_wait().unwrap();
    assert!(ended.is_none(), "the server was not restarted");
}

async fn asks(server: &Server, bearer: &str, messages: &str, question: &str) -> Reader {
    let asked = server
        .request(Method::POST, messages)
        .bearer_auth(bearer)
        .header("accept", "text/event-stream")
        .json(&json!({ "content": question }));
    Reader::new(asked.send().await.unwrap())
}

async fn session(server: &Server, bearer: &str) -> String {
    let session = server.post(bearer, "/api/v1/sessions", json!({})).await;
    format!("/api/v1/sessions/{}/messages", text(&session["id"]))
}

/// What follows in the stream, to its end.
async fn rest(reader: &mut Reader) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = reader.event().await {
        events.push(event);
    }
    let ends = |event: &&Event| ["done", "error"].contains(&event.name.as_str());
    assert_eq!(events.iter().filter(ends).count(), 1, "{events:?}");
    assert!(events.last().iter().all(ends), "{events:?}");
    events
}

fn slow(script: &str) -> [(&str, &str); 5] {
    [
        ("MODELS__EMBEDDING", "none"),
        ("MODELS__CHAT", "slow"),
        ("CHAT__SLOW__KIND", "scripted"),
        ("CHAT__SLOW__SCRIPT", script),
        ("CHAT__SLOW__SCRIPT_PAUSE_MS", "30"),
    ]
}

/// Asks the process to end, without waiting for that.
fn terminate(server: &Server) -> Instant {
    kill_process(Pid::from_child(&server.child), Signal::TERM).unwrap();
    Instant::now()
}

/// Waits until it has, and returns what it said since its start.
async fn said_to_its_end(server: &mut Server, told: Instant) -> String {
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(told.elapsed() < END_MAX, "the server does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
    server.said()
}

#[tokio::test]
async fn an_answer_outlives_its_database() {
    let folder = folder();
    let pgdata = pgdata(folder.path());
    let script = "一二三四五六七八九十".repeat(20);
    let mut server = Server::start(folder.path(), &slow(&script));
    let bearer = server.visitor().await;
    let messages = session(&server, &bearer).await;
    let mut reader = asks(&server, &bearer, &messages, "数到十").await;
    let answer = reader.until("start").await.data;
    reader.until("delta").await;

    kill(&pgdata);
    is_away(&server, &bearer).await;
    mend(&pgdata);
    is_back(&mut server).await;

    let end = rest(&mut reader).await.pop().unwrap();
    assert_eq!(end.name, "done", "{end:?}");
    let path = format!("/api/v1/messages/{}", text(&answer["message_id"]));
    let message = server.get(&bearer, &path).await;
    assert_eq!(
        (&message["state"], text(&message["content"])),
        (&json!("done"), script.as_str())
    );
    let mut next = asks(&server, &bearer, &messages, "再来").await;
    assert_eq!(rest(&mut next).await.pop().unwrap().name, "done");
    let kept = server.get(&bearer, &messages).await;
    let kept = kept["items"].as_array().unwrap();
    assert_eq!(kept.len(), 4, "two questions and their answers: {kept:?}");
    let told = terminate(&server);
    let log = said_to_its_end(&mut server, told).await;
    assert!(log.contains("the embedded PostgreSQL has ended"), "{log}");
    assert!(log.contains("signal: 9"), "and why: {log}");
}

#[tokio::test]
async fn a_document_is_read_once_around_the_death_of_the_database() {
    let folder = folder();
    let pgdata = pgdata(folder.path());
    let set = [
        ("MODELS__EMBEDDING", "minilm"),
        ("EMBEDDING__MINILM__KIND", "minilm"),
    ];
    let content: String = (0..900)
        .map(|n| format!("Paragraph {n} tells of part number {}.\n\n", n * 7))
        .collect();
    let mut server = Server::start(folder.path(), &set);
    let bearer = server.visitor().await;
    let (base, path) = server.uploads(&bearer, &content).await;
    let reading = |document: &Value| document["state"] == "embedding";
    server.until(&bearer, &path, reading).await;

    kill(&pgdata);
    is_away(&server, &bearer).await;
    mend(&pgdata);
    is_back(&mut server).await;

    let ended = |document: &Value| document["state"] == "ready" || document["state"] == "failed";
    let document = server.until(&bearer, &path, ended).await;
    assert_eq!(
        (&document["state"], &document["version"]),
        (&json!("ready"), &json!(1)),
        "read to its end, once"
    );
    let counted = server.get(&bearer, &base).await;
    assert_eq!(
        (&counted["documents"], &counted["chunks"]),
        (&json!(1), &document["chunks"])
    );
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let chunks = server.chunks(&bearer, &path).await;
    assert_eq!(bare(&chunks), bare(&content));
    let found = server
        .request(Method::POST, &format!("{base}/search"))
        .bearer_auth(&bearer)
        .json(&json!({"query": "part number 77"}));
    let found = body(found.send().await.unwrap(), StatusCode::OK).await;
    assert!(!found["passages"].as_array().unwrap().is_empty());
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn a_server_ends_without_its_database() {
    let folder = folder();
    let pgdata = pgdata(folder.path());
    let script = "一二三四五六七八九十".repeat(100);
    let mut set = slow(&script).to_vec();
    set.push(("SERVER__SHUTDOWN_SECONDS", "1"));
    let mut server = Server::start(folder.path(), &set);
    let bearer = server.visitor().await;
    let messages = session(&server, &bearer).await;
    let mut reader = asks(&server, &bearer, &messages, "数到十").await;
    let answer = reader.until("start").await.data;
    reader.until("delta").await;

    kill(&pgdata);
    is_away(&server, &bearer).await;
    let told = terminate(&server);
    let end = rest(&mut reader).await.pop().unwrap();
    assert_eq!(
        (end.name.as_str(), &end.data["code"]),
        ("error", &json!("unavailable"))
    );
    let log = said_to_its_end(&mut server, told).await;
    assert!(log.contains("was not shut down"), "{log}");

    mend(&pgdata);
    let server = Server::start(folder.path(), &set);
    let path = format!("/api/v1/messages/{}", text(&answer["message_id"]));
    let ended = |message: &Value| message["state"] != "running";
    let message = server.until(&bearer, &path, ended).await;
    assert_eq!(message["error"]["code"], "interrupted");
    assert!(script.starts_with(text(&message["content"])));
}

#[tokio::test]
async fn a_server_ends_without_an_answer_of_its_database() {
    let (access, database) = (cluster().await, fresh_database().await);
    let line = Line::to(access.port).await;
    let url = format!(
        "postgres://{LOGIN_ROLE}:{}@127.0.0.1:{}/{database}?sslmode=disable",
        boot::login_password(access),
        line.port
    );
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("DATABASE__URL", url.as_str()),
        ("DATABASE__MIGRATE", "off"),
    ];
    let folder = folder();
    // its first words come through the line, which this task carries
    let start = {
        let (folder, set) = (
            folder.path().to_owned(),
            set.map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        move || {
            let set: Vec<_> = set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            Server::start(&folder, &set)
        }
    };
    let mut server = tokio::task::spawn_blocking(start).await.unwrap();
    let bearer = server.visitor().await;
    readyz(&server, StatusCode::OK).await;

    line.falls_silent();
    is_away(&server, &bearer).await;
    let told = terminate(&server);
    let log = said_to_its_end(&mut server, told).await;
    assert!(
        log.contains("connections to the database are cut off"),
        "{log}"
    );
}

#[test]
fn a_start_that_fails_leaves_nothing_running() {
    let folder = folder();
    let started = Command::new(PROGRAM)
        .arg("serve")
        .current_dir(folder.path())
        .env("CONCIERGE__RUNTIME__DIR", runtime_dir())
        // refused only when the database runs
        .env("CONCIERGE__MODELS__CHAT", "nope")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(2), "{said}");
    assert!(said.contains("no section [chat.nope]"), "{said}");
    let pgdata = pgdata(folder.path());
    assert!(pgdata.join("PG_VERSION").exists(), "it was made: {said}");
    assert_eq!(pid_in(&pgdata), None);
}
