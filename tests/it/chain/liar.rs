//! A node that does not tell the truth: it stands between the server and the chain, and changes what
//! it is told to.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use poem::{
    Endpoint, EndpointExt, Request, Response, Route, Server, http::StatusCode,
    listener::TcpAcceptor,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

type Change = Arc<dyn Fn(&str, &Value, &mut Value) + Send + Sync>;

/// What it does instead of passing questions on.
#[derive(Clone)]
pub enum Lie {
    /// Nothing.
    None,
    /// It answers this, whatever is asked.
    Says(StatusCode, String),
    /// It never answers.
    Stalls,
    /// It changes answers: method, parameters, the whole answer with `result` or `error`; a `padding`
    /// makes it so many bytes longer.
    Changes(Change),
}

impl Lie {
    pub fn changes(change: impl Fn(&str, &Value, &mut Value) + Send + Sync + 'static) -> Self {
        Self::Changes(Arc::new(change))
    }
}

/// The node.
pub struct Liar {
    pub url: String,
    lie: Arc<Mutex<Lie>>,
    asked: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

struct Between {
    upstream: String,
    http: reqwest::Client,
    lie: Arc<Mutex<Lie>>,
    asked: Arc<AtomicUsize>,
}

impl Liar {
    /// Stands before the node of this address.
    pub async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (lie, asked) = (
            Arc::new(Mutex::new(Lie::None)),
            Arc::<AtomicUsize>::default(),
        );
        let between = Between {
            upstream: upstream.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            lie: lie.clone(),
            asked: asked.clone(),
        };
        let mut serving = JoinSet::new();
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        serving.spawn(async move {
            let routes = Route::new().at("/", between.boxed());
            drop(Server::new_with_acceptor(acceptor).run(routes).await);
        });
        Self {
            url,
            lie,
            asked,
            _serving: serving,
        }
    }

    pub fn says(&self, lie: Lie) {
        *self.lie.lock().unwrap() = lie;
    }

    /// Requests so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Endpoint for Between {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let questions: Value = request.take_body().into_json().await?;
        let lie = self.lie.lock().unwrap().clone();
        let change = match lie {
            Lie::Says(status, text) => return Ok(Response::builder().status(status).body(text)),
            Lie::Stalls => std::future::pending().await,
            Lie::Changes(change) => change,
            Lie::None => Arc::new(|_: &str, _: &Value, _: &mut Value| ()),
        };
        let answer = self
            .http
            .post(&self.upstream)
            .json(&questions)
            .send()
            .await
            .unwrap();
        let mut answers: Vec<Value> = answer.json().await.unwrap();
        for answer in &mut answers {
            let question = questions
                .as_array()
                .unwrap()
                .iter()
                .find(|question| question["id"] == answer["id"]);
            let question = question.unwrap();
            change(
                question["method"].as_str().unwrap(),
                &question["params"],
                answer,
            );
        }
        let padding = answers
            .iter()
            .filter_map(|answer| answer["padding"].as_u64());
        let spaces = " ".repeat(padding.sum::<u64>() as usize);
        Ok(Response::builder().body(Value::from(answers).to_string() + &spaces))
    }
}
