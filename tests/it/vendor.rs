//! A model vendor on loopback that speaks the OpenAI API and misbehaves to order.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot go on ends the test"
)]

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use connection::Connection;
pub use reply::{Fault, Reply, Usage, WIRES, Wire};

#[path = "vendor/connection.rs"]
mod connection;
#[path = "vendor/reply.rs"]
mod reply;

const REQUESTS_KEPT_MAX: usize = 1_000;
/// How long a test waits for what must happen.
const WAIT_SECONDS_MAX: u64 = 20;
/// Length of the vectors when the request does not name one.
pub const DIMENSIONS: usize = 8;

/// A running vendor; it ends with this value.
pub struct Vendor {
    address: SocketAddr,
    state: Arc<State>,
    _serving: JoinSet<()>,
}

impl State {
    fn keep(&self, request: Request) {
        let mut requests = self.requests.lock().unwrap();
        if requests.len() == REQUESTS_KEPT_MAX {
            requests.pop_front();
        }
        requests.push_back(request);
        self.asked.send_modify(|count| *count += 1);
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub target: String,
    /// By lower-case name.
    pub headers: HashMap<String, String>,
    pub body: Value,
}

struct State {
    next: Mutex<VecDeque<Arc<Reply>>>,
    otherwise: Mutex<Arc<Reply>>,
    refused: Mutex<Vec<(&'static str, String)>>,
    /// The last [`REQUESTS_KEPT_MAX`].
    requests: Mutex<VecDeque<Request>>,
    asked: watch::Sender<usize>,
    accepted: watch::Sender<usize>,
    open: watch::Sender<usize>,
    hung_up: watch::Sender<usize>,
}

impl Vendor {
    /// Listens on a free port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            next: Mutex::default(),
            otherwise: Mutex::new(Arc::new(Reply::saying(&["ok"]))),
            refused: Mutex::default(),
            requests: Mutex::default(),
            asked: watch::Sender::new(0),
            accepted: watch::Sender::new(0),
            open: watch::Sender::new(0),
            hung_up: watch::Sender::new(0),
        });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, state.clone()));
        Self {
            address,
            state,
            _serving: serving,
        }
    }

    /// What a client calls its base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The answer to one of the next requests, in the order of the calls.
    pub fn script(&self, reply: Reply) {
        self.state.next.lock().unwrap().push_back(Arc::new(reply));
    }

    /// The answer to every chat request for which there is no script.
    pub fn always(&self, reply: Reply) {
        *self.state.otherwise.lock().unwrap() = Arc::new(reply);
    }

    /// Answers 400 with `message` from now on when `field` stands in a body.
    pub fn refuse(&self, field: &'static str, message: &str) {
        self.state
            .refused
            .lock()
            .unwrap()
            .push((field, message.to_owned()));
    }

    /// What came so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.state
            .requests
            .lock()
            .unwrap()
            .iter()
            .cloned()
            .collect()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        *self.state.accepted.borrow()
    }

    /// Waits until `count` requests in all have come.
    pub async fn asked(&self, count: usize) {
        reached(&self.state.asked, |asked| asked >= count).await;
    }

    /// Waits until no connection is open.
    pub async fn all_closed(&self) {
        reached(&self.state.open, |open| open == 0).await;
    }

    /// Waits until `count` clients in all went away in the middle of their answers.
    pub async fn hung_up(&self, count: usize) {
        reached(&self.state.hung_up, |seen| seen >= count).await;
    }
}

async fn reached(counter: &watch::Sender<usize>, enough: impl Fn(usize) -> bool) {
    let mut counter = counter.subscribe();
    let reached = counter.wait_for(|&count| enough(count));
    let patience = Duration::from_secs(WAIT_SECONDS_MAX);
    tokio::time::timeout(patience, reached)
        .await
        .unwrap()
        .unwrap();
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.accepted.send_modify(|count| *count += 1);
        state.open.send_modify(|count| *count += 1);
        let state = state.clone();
        connections.spawn(async move {
            if let Err(error) = serve(stream, &state).await
                && is_farewell(&error)
            {
                state.hung_up.send_modify(|count| *count += 1);
            }
            state.open.send_modify(|count| *count -= 1);
        });
        while connections.try_join_next().is_some() {}
    }
}

fn is_farewell(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset
    )
}

async fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.request().await? {
        let answer = choose(state, &request);
        state.keep(request);
        if !connection.answer(&answer).await? {
            break;
        }
    }
    Ok(())
}

fn choose(state: &State, request: &Request) -> Arc<Reply> {
    let refused = state.refused.lock().unwrap();
    if let Some((_, message)) = refused
        .iter()
        .find(|(field, _)| request.body.get(field).is_some())
    {
        return Arc::new(Reply::json(400, &json!({"error": {"message": message}})));
    }
    if let Some(reply) = state.next.lock().unwrap().pop_front() {
        return reply;
    }
    match request.target.split('?').next().unwrap_or_default() {
        path if path.ends_with("/chat/completions") => state.otherwise.lock().unwrap().clone(),
        path if path.ends_with("/embeddings") => Arc::new(embeddings(&request.body)),
        path if path.ends_with("/models") => Arc::new(Reply::json(
            200,
            &json!({"object": "list", "data": [{"id": "mock"}]}),
        )),
        path => Arc::new(Reply::json(404, &json!({"error": {"message": path}}))),
    }
}

/// Vectors in the wrong order and not at length 1: putting that right is for the client.
fn embeddings(body: &Value) -> Reply {
    let length = body["dimensions"]
        .as_u64()
        .map_or(DIMENSIONS, |it| it as usize);
    let inputs = body["input"].as_array().cloned().unwrap_or_default();
    let entry = |(index, text): (usize, &Value)| json!({"index": index, "embedding": vector(text.as_str().unwrap_or_default(), length)});
    let data: Vec<Value> = inputs.iter().enumerate().rev().map(entry).collect();
    Reply::json(200, &json!({"object": "list", "data": data}))
}

/// The same numbers for the same text, on every machine.
pub fn vector(text: &str, length: usize) -> Vec<f32> {
    let mut seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % 2_000) as f32 / 100.0 - 9.995
    };
    (0..length).map(|_| next()).collect()
}

/// A gate that a test opens piece by piece.
pub fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

/// The pause between two pieces of a script.
pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}
