//! A real server process, killed in the middle of its work, and what its next start makes of that.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    cluster::runtime_dir,
    world::{Event, PROGRAM, body, events},
};

/// How long a start, a lease or a document may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
const CODE: &str = "kill-tests";

/// The server's process. Ended properly when dropped, its PostgreSQL with it.
pub struct Server {
    pub child: Child,
    base: String,
    http: reqwest::Client,
    /// What it says after its start.
    pub log: mpsc::Receiver<String>,
}

impl Server {
    /// Starts the program on this folder and waits until it listens.
    pub fn start(folder: &Path, set: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .arg("serve")
            .current_dir(folder)
            .stderr(Stdio::piped())
            .stdin(Stdio::null());
        let runtime = runtime_dir();
        let shared = [
            ("SERVER__LISTEN", "127.0.0.1:0"),
            ("TELEMETRY__FORMAT", "json"),
            ("DEMO__CODE", CODE),
            ("LIMITS__REQUESTS_PER_SECOND", "0"),
            ("STORAGE__READONLY_PERCENT", "0"),
        ];
        command.env("CONCIERGE__RUNTIME__DIR", runtime);
        for (key, value) in shared.iter().chain(set) {
            command.env(format!("CONCIERGE__{key}"), value);
        }
        let mut child = command.spawn().unwrap();
        let (said, heard) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // read to its end, or the server would wait for a reader
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| drop(said.send(line)))
        });
        let mut log = Vec::new();
        let address = loop {
            let line = heard
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no start: {log:#?}"));
            let entry: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            if entry["fields"]["message"] == "listening" {
                break entry["fields"]["address"].as_str().unwrap().to_owned();
            }
            log.push(line);
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            child,
            base: format!("http://{address}"),
            http: http.build().unwrap(),
            log: heard,
        }
    }

    /// Ends the process as a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::forget(self);
    }

    /// Asks the process to end, and returns its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A visitor of the demo, with a session.
    pub async fn visitor(&self) -> String {
        let answer = self
            .request(Method::GET, &format!("/demo?code={CODE}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let place = answer.headers()["location"].to_str().unwrap();
        let token = place
            .split_once("api_token=")
            .unwrap()
            .1
            .replace("%3D", "=");
        let exchange = self
            .request(Method::POST, "/api/v1/token-exchange")
            .header("Api-Token", token);
        let session = body(exchange.send().await.unwrap(), StatusCode::OK).await;
        session["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, bearer: &str, path: &str) -> Value {
        let request = self.request(Method::GET, path).bearer_auth(bearer);
        body(request.send().await.unwrap(), StatusCode::OK).await
    }

    pub async fn post(&self, bearer: &str, path: &str, json: Value) -> Value {
        let request = self
            .request(Method::POST, path)
            .bearer_auth(bearer)
            .json(&json);
        body(request.send().await.unwrap(), StatusCode::CREATED).await
    }

    /// Looks until it holds.
    pub async fn until(&self, bearer: &str, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let value = self.get(bearer, path).await;
            if holds(&value) {
                return value;
            }
            assert!(started.elapsed() < PATIENCE, "{path}: {value}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Adds this text as a document of a new base; returns the addresses of base and document.
    pub async fn uploads(&self, bearer: &str, text: &str) -> (String, String) {
        let base = self
            .post(bearer, "/api/v1/knowledge-bases", json!({"name": "parts"}))
            .await;
        let base = format!("/api/v1/knowledge-bases/{}", base["id"].as_str().unwrap());
        let part = reqwest::multipart::Part::text(text.to_owned()).file_name("parts.txt");
        let upload = self
            .request(Method::POST, &format!("{base}/documents"))
            .bearer_auth(bearer);
        let upload = upload.multipart(reqwest::multipart::Form::new().part("file", part));
        let document = body(upload.send().await.unwrap(), StatusCode::ACCEPTED).await;
        let document = format!("/api/v1/documents/{}", document["id"].as_str().unwrap());
        (base, document)
    }

    /// All that can be found of a document, in its order.
    pub async fn chunks(&self, bearer: &str, path: &str) -> String {
        let (mut chunks, mut cursor) = (String::new(), String::new());
        loop {
            let page = self
                .get(bearer, &format!("{path}/chunks?limit=100{cursor}"))
                .await;
            let items = page["items"].as_array().unwrap();
            items
                .iter()
                .for_each(|chunk| chunks.push_str(chunk["text"].as_str().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        chunks
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.stop();
        }
    }
}

/// A folder that an unprivileged PostgreSQL reaches too.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

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
