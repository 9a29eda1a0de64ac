//! What people do in tests besides the plain verbs of the world, and what can be seen past the API.

use std::time::Duration;

use concierge::{
    app::{App, Tasks},
    billing::{chain::Chains, recon::turn::REST_SECONDS},
    db::{Db, LOGIN_ROLE},
    identity::{Realm, Role, user},
    ids::ClientNo,
    jobs,
    models::SharedChatModel,
    queue::Outcome,
    server::ConciergeServer,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};
use tokio::net::TcpListener;

use crate::{
    reader::Reader,
    world::{Partner, Person, Wish, World, body},
};

/// How long a test waits for what other tasks bring about.
const PATIENCE: Duration = Duration::from_secs(20);
/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// A second server on the same database, as another process would be.
pub struct Twin {
    base: String,
    http: reqwest::Client,
    tasks: Tasks,
}

impl World {
    /// A world with settings and a model.
    pub async fn set(model: SharedChatModel, set: &[(&'static str, &str)]) -> Self {
        let set = set.iter().map(|(key, value)| (*key, (*value).to_owned()));
        Self::with(Wish {
            set: set.collect(),
            chat: Some(model),
            ..Wish::default()
        })
        .await
    }

    /// A second server. It shares nothing with the first but database and files.
    pub async fn twin(&self) -> Twin {
        self.twin_with(|_| ()).await
    }

    /// A second server that differs in something.
    pub async fn twin_with(&self, change: impl FnOnce(&mut App)) -> Twin {
        let (mut app, tasks) = (self.app.clone(), Tasks::default());
        change(&mut app);
        app.tasks = tasks.clone();
        let server = ConciergeServer::new(app, None).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stopped = tasks.stopping();
        tasks.spawn(async move { drop(server.serve(listener, stopped).await) });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Twin { base, http, tasks }
    }

    /// Three servers, of which no one shares anything with another but database, files and clock.
    pub async fn three(&self) -> [App; 3] {
        let mut three = [(); 3].map(|()| self.app.clone());
        let password = concierge::boot::login_password(self.access);
        for app in &mut three {
            let login = self.access.options(&self.database);
            let login = login.username(LOGIN_ROLE).password(&password);
            app.db = Db::open(login, 4).await.unwrap();
        }
        three
    }

    /// Days that could not be read have rested.
    pub fn rests(&self) {
        self.app
            .clock
            .forward(Duration::from_secs(REST_SECONDS + 1));
    }

    /// Moves the clock to five seconds past the next noon of UTC: far from midnight, and just behind
    /// the beginning of a slot of each length.
    pub fn at_noon(&self) {
        let second = self
            .app
            .clock
            .now()
            .unix_timestamp()
            .rem_euclid(DAY_SECONDS);
        let ahead = (DAY_SECONDS / 2 + 5 - second).rem_euclid(DAY_SECONDS);
        let ahead = Duration::from_secs(ahead.unsigned_abs());
        self.app.clock.forward(ahead);
    }

    /// What was booked for an answer: tokens read and written, whose count, and how it ended.
    pub async fn booked(&self, answer: &str) -> Vec<(i32, i32, String, String)> {
        let sql = "select input_tokens, output_tokens, counted_by, outcome from usage where message_id = $1";
        let rows = sqlx::query_as(sql).bind(uuid(answer));
        rows.fetch_all(&mut self.superuser().await).await.unwrap()
    }

    /// The one number that a statement returns.
    pub async fn count(&self, sql: &'static str) -> i64 {
        count(&mut self.superuser().await, sql).await
    }
}

/// The one number that a statement returns.
pub async fn count(conn: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query(sql).fetch_one(conn).await.unwrap().get(0)
}

/// What the job of a client and those who read providers do, until the client's days are closed.
pub async fn reconciles(app: &App, client: ClientNo) -> concierge::error::Result<()> {
    let chains = Chains::new(&app.config)?;
    while jobs::reconcile::catch_up(app, client).await? != Outcome::Done {
        for provider in jobs::outside::providers(app)? {
            while jobs::outside::next(app, &chains, provider).await? {}
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// An id out of an answer.
pub fn uuid(text: &str) -> uuid::Uuid {
    text.parse().unwrap()
}

/// The text of a JSON string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

impl Twin {
    /// A request of this person to the second server.
    pub fn request(&self, who: &Person<'_>, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&who.bearer)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

impl<'w> Partner<'w> {
    /// A user who is the client's manager by now.
    pub async fn manager(&self, name: &str) -> Person<'w> {
        let person = self.person(name).await;
        let mut tx = person.world.app.db.client(self.no).await.unwrap();
        user::set_role(&mut tx, Realm::Partner, name, Role::Manager)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let is_manager =
            async || (person.get("/api/v1/me").await["role"] == "manager").then_some(());
        eventually("the role is known", is_manager).await;
        person
    }
}

impl Person<'_> {
    /// A base with documents that can be searched.
    pub async fn knows(&self, base: &str, documents: &[(&str, &str)]) -> String {
        let base = self.base(base).await;
        for (name, text) in documents {
            self.document(&base, name, text).await;
        }
        base
    }

    /// Asks and reads the answer as it comes.
    pub async fn reads(&self, session: &str, question: &str) -> Reader {
        Reader::new(
            self.asks_streamed(session, json!({"content": question}))
                .await,
        )
    }

    /// Reads an answer behind this event.
    pub async fn resumes(&self, answer: &str, last: Option<u32>) -> Reader {
        let request = self.request(Method::GET, &format!("/api/v1/messages/{answer}/stream"));
        Reader::new(behind(request, last).send().await.unwrap())
    }

    /// Stops an answer and returns it.
    pub async fn stops(&self, answer: &str) -> Value {
        self.post(
            &format!("/api/v1/messages/{answer}/stop"),
            json!({}),
            StatusCode::OK,
        )
        .await
    }

    /// A question or an answer.
    pub async fn message(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/messages/{id}")).await
    }

    /// Waits until an answer has ended.
    pub async fn ended(&self, answer: &str) -> Value {
        eventually("the answer ends", async || {
            let message = self.message(answer).await;
            (message["state"] != "running").then_some(message)
        })
        .await
    }

    /// What is said in a session, the latest first.
    pub async fn messages(&self, session: &str) -> Vec<Value> {
        let page = self
            .get(&format!("/api/v1/sessions/{session}/messages?limit=100"))
            .await;
        page["items"].as_array().unwrap().clone()
    }

    /// The status of a request without a body.
    pub async fn status(&self, method: Method, path: &str) -> StatusCode {
        self.request(method, path).send().await.unwrap().status()
    }

    /// What a PATCH answers, with this status.
    pub async fn patch(&self, path: &str, json: Value, status: StatusCode) -> Value {
        self.json(Method::PATCH, path, json, status).await
    }

    /// The passages that a base has for a query.
    pub async fn finds(&self, base: &str, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/knowledge-bases/{base}/search");
        let found = self
            .post(&path, json!({"query": query}), StatusCode::OK)
            .await;
        found["passages"].as_array().unwrap().clone()
    }

    /// A document as it stands.
    pub async fn document_now(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/documents/{id}")).await
    }
}

/// A request that resumes behind an event.
pub fn behind(request: RequestBuilder, last: Option<u32>) -> RequestBuilder {
    match last {
        Some(last) => request.header("Last-Event-ID", last.to_string()),
        None => request,
    }
}

/// The problem of an answer with this status.
pub async fn problem(answer: Response, status: StatusCode) -> Value {
    assert_eq!(
        answer.headers()["content-type"],
        "application/problem+json",
        "{}",
        answer.status()
    );
    let problem = body(answer, status).await;
    assert_eq!(problem["status"], status.as_u16());
    assert!(
        !text(&problem["detail"]).is_empty() && problem["request_id"].is_string(),
        "{problem}"
    );
    problem
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("in vain: {what}"))
}
