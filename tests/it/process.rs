//! The real program in processes of its own: servers, and commands beside them.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use concierge::db::LOGIN_ROLE;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    cluster::runtime_dir,
    world::{PROGRAM, World, body},
};

/// How long a start, a lease or a document may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// Opens the demo of every such server.
pub const CODE: &str = "a-code-of-tests";

/// The server's process. Ended properly when dropped, its PostgreSQL with it.
pub struct Server {
    pub child: Child,
    /// Where it listens: `http://127.0.0.1:port`.
    pub base: String,
    http: reqwest::Client,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
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
            ("LIMITS__CLIENT_REQUESTS_PER_MINUTE", "0"),
            ("LIMITS__USER_REQUESTS_PER_MINUTE", "0"),
            ("STORAGE__READONLY_PERCENT", "0"),
        ];
        command.env("CONCIERGE__RUNTIME__DIR", runtime);
        for (key, value) in shared.iter().chain(set) {
            command.env(format!("CONCIERGE__{key}"), value);
        }
        let mut child = command.spawn().unwrap();
        let (said, heard) = mpsc::channel();
        let log = Arc::<Mutex<String>>::default();
        let kept = log.clone();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // read to its end, or the server would wait for a reader
        let reader = std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
                drop(said.send(line));
            })
        });
        let address = loop {
            let line = heard
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no start: {}", log.lock().unwrap()));
            let entry: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            if entry["fields"]["message"] == "listening" {
                break entry["fields"]["address"].as_str().unwrap().to_owned();
            }
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            child,
            base: format!("http://{address}"),
            http: http.build().unwrap(),
            log,
            reader: Some(reader),
        }
    }

    /// What it has said so far, a JSON object a line.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// All it has said, once its process has ended.
    pub fn said(&mut self) -> String {
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    /// Ends the process as a power cut would.
    pub fn kill(mut self) {
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

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    /// The JSON that it printed, a value a line, when it went well.
    pub fn json(&self) -> Vec<Value> {
        let lines = self.well().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}")))
            .collect()
    }

    /// What it printed, when it went well.
    pub fn well(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.out
    }

    /// What it complained of, when it ended with this code.
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        &self.err
    }
}

/// A command of the program, not started yet.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Runs a command of the program in this folder, whose `config.ini` it reads.
pub fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = command(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A folder with settings for programs that use this world's database.
pub fn beside(world: &World) -> tempfile::TempDir {
    let (folder, access) = (folder(), world.access);
    let url = |user: &str, password: &str| {
        format!(
            "postgres://{user}:{password}@{}:{}/{}",
            access.host, access.port, world.database
        )
    };
    let text = format!(
        "[database]\nurl = {}\nowner_url = {}\n[runtime]\ndir = {}\n[models]\nembedding = none\n",
        url(LOGIN_ROLE, &concierge::boot::login_password(access)),
        url(&access.user, &access.password),
        runtime_dir().display()
    );
    fs::write(folder.path().join("config.ini"), text).unwrap();
    folder
}

/// A folder that an unprivileged PostgreSQL reaches too.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}
