//! A whole server on a database of its own, and people who use it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        mpsc::{self, Sender},
    },
    time::Duration,
};

use concierge::{
    app::App,
    boot,
    clock::Clock,
    config::Config,
    db::{Db, LOGIN_ROLE, Owner, embedded::Access},
    fetch::Fetcher,
    identity::{
        MembersMay, Realm, V1Tokens,
        client::{self, NewClient},
        key::{Encryptor, NewKey},
        token,
    },
    ids::ClientNo,
    jobs,
    knowledge::{extract::pdf::Worker, ingest::Reading},
    models::{Script, Scripted, SharedChatModel},
    server::ConciergeServer,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tokio::{net::TcpListener, sync::OnceCell};
use tokio_util::sync::CancellationToken;

use crate::cluster::{cluster, runtime_dir};

/// The server's program, for its PDF worker and for tests that kill it.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_concierge");

/// What a world is like, besides the shipped settings.
#[derive(Default)]
pub struct Wish {
    /// `section.key = value`.
    pub set: Vec<(&'static str, String)>,
    /// The model that answers.
    pub chat: Option<SharedChatModel>,
    /// What fetches from addresses.
    pub fetcher: Option<Fetcher>,
    /// Start workers and schedule, as `serve` does; else [`World::run_jobs`] runs jobs.
    pub background: bool,
}

/// A server, its database and its files; gone when dropped.
pub struct World {
    /// Handles to the world.
    pub app: App,
    /// The server behind `base`.
    pub server: Arc<ConciergeServer>,
    /// Where it listens: `http://127.0.0.1:port`.
    pub base: String,
    /// The database's name.
    pub database: String,
    /// Its superuser.
    pub access: &'static Access,
    stop: CancellationToken,
    folder: tempfile::TempDir,
    http: reqwest::Client,
}

/// A partner.
pub struct Partner<'w> {
    pub(crate) world: &'w World,
    /// The small number inside.
    pub no: ClientNo,
    /// The public name.
    pub id: String,
    /// The key that it holds.
    pub pem: String,
}

/// A user with a session.
pub struct Person<'w> {
    pub(crate) world: &'w World,
    /// The bearer of the session.
    pub bearer: String,
}

impl World {
    /// A server as it is shipped, but without vectors (they cost seconds) and limits of addresses.
    pub async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    /// A server with these settings: `section.key`, value.
    pub async fn configured(set: Vec<(&'static str, String)>) -> Self {
        Self::with(Wish {
            set,
            ..Wish::default()
        })
        .await
    }

    /// A server that answers what the script says.
    pub async fn scripted(script: Script) -> (Self, Arc<Scripted>) {
        let model = Arc::new(Scripted::new("scripted", script));
        let wish = Wish {
            chat: Some(model.clone()),
            ..Wish::default()
        };
        (Self::with(wish).await, model)
    }

    /// A server after a wish.
    pub async fn with(wish: Wish) -> Self {
        log();
        let (access, database) = (cluster().await, fresh_database().await);
        let folder = tempfile::tempdir().unwrap();
        let config = Arc::new(config(folder.path(), &wish));
        let password = boot::login_password(access);
        let login = access
            .options(&database)
            .username(LOGIN_ROLE)
            .password(&password);
        let db = Db::open(login, 10).await.unwrap();
        let mut app = boot::assemble(config, db, Clock::default()).unwrap();
        if let Some(fetcher) = wish.fetcher {
            app.fetcher = fetcher;
        }
        if let Some(model) = wish.chat {
            let models = concierge::models::Models::new(&app.config).unwrap();
            app.models = Arc::new(models.with_chat(model));
        }
        Self::serve(app, database, access, folder, wish.background).await
    }

    async fn serve(
        app: App,
        database: String,
        access: &'static Access,
        folder: tempfile::TempDir,
        background: bool,
    ) -> Self {
        let mut server = ConciergeServer::new(app.clone(), None).unwrap();
        server.reading = reading(&app);
        let server = Arc::new(server);
        if background {
            server.start_background().unwrap();
        } else {
            let (gatekeeper, stop) = (server.gatekeeper.clone(), app.tasks.stopping());
            app.tasks.spawn(async move { gatekeeper.watch(stop).await });
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let (serving, stopped) = (server.clone(), stop.clone());
        app.tasks
            .spawn(async move { drop(serving.serve(listener, stopped).await) });
        let gatekeeper = server.gatekeeper.clone();
        until("changes are heard", || gatekeeper.is_listening()).await;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // a test that waits in vain fails
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            app,
            server,
            base,
            database,
            access,
            stop,
            folder,
            http,
        }
    }

    /// Its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A request with nobody's credential.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A partner whose tokens come with every request.
    pub async fn partner(&self, id: &str) -> Partner<'_> {
        self.partner_with(id, V1Tokens::Header, MembersMay::Own)
            .await
    }

    /// A partner after settings.
    pub async fn partner_with(
        &self,
        id: &str,
        v1_tokens: V1Tokens,
        members_may: MembersMay,
    ) -> Partner<'_> {
        let new = NewClient {
            client_id: Some(id.into()),
            name: id.into(),
            description: String::new(),
            v1_tokens,
            token_realm: Realm::Partner,
            members_may,
        };
        let key = NewKey::generate(2_048).unwrap();
        let pem = key.public_pem.clone();
        let gatekeeper = &self.server.gatekeeper;
        let heard = gatekeeper.changes_heard();
        let mut tx = self.app.db.system().await.unwrap();
        let client = client::create(&mut tx, &self.app.vault, &new, key, self.app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // heard later it would make the server forget what a test expects it to remember
        if gatekeeper.is_listening() {
            until("the new key is heard of", || {
                gatekeeper.changes_heard() > heard
            })
            .await;
        }
        Partner {
            world: self,
            no: client.client_no,
            id: id.into(),
            pem,
        }
    }

    /// Runs all jobs that are due.
    pub async fn run_jobs(&self) {
        jobs::drain(&self.app, &reading(&self.app)).await.unwrap();
    }

    /// The superuser's connection to this database, past every wall.
    pub async fn superuser(&self) -> PgConnection {
        PgConnection::connect_with(&self.access.options(&self.database))
            .await
            .unwrap()
    }
}

/// Reads documents as the server does, by the server's own program.
pub fn reading(app: &App) -> Reading {
    let mut reading = jobs::reading(&app.config).unwrap();
    reading.worker = Worker::new(PROGRAM, &runtime_dir().join("pdfium/libpdfium.so"));
    reading
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
        self.app.tasks.stop();
        drop(SWEEPER.send((self.access, self.database.clone())));
    }
}

/// A database of its own goes with the world, and nobody waits for that: PostgreSQL drops none while a
/// connection is half opened, and those of a world stay so until its test has ended.
static SWEEPER: LazyLock<Sender<(&Access, String)>> = LazyLock::new(|| {
    let (sender, dropped) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for (access, database) in dropped {
            // what fails here or is left at the end, `make_template` drops in the next run
            drop(runtime.block_on(drop_database(access, database)));
        }
    });
    sender
});

async fn drop_database(access: &Access, database: String) -> sqlx::Result<()> {
    let mut conn = PgConnection::connect_with(&access.options("postgres")).await?;
    let text = format!("drop database {database} with (force)");
    conn.execute(sqlx::AssertSqlSafe(text)).await?;
    conn.close().await
}

impl<'w> Partner<'w> {
    /// A token that the partner makes for a user now.
    pub fn token(&self, user: &str) -> String {
        let key = Encryptor::new(&self.pem).unwrap();
        token::make(&self.id, user, user, &key, self.world.app.clock.now()).unwrap()
    }

    /// A token around any inside, sealed with the partner's key.
    pub fn token_around(&self, inside: &str) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let sealed = Encryptor::new(&self.pem)
            .unwrap()
            .encrypt(inside.as_bytes())
            .unwrap();
        STANDARD.encode(format!("{}|{}", self.id, STANDARD.encode(sealed)))
    }

    /// A user of the partner, with a session.
    pub async fn person(&self, user: &str) -> Person<'w> {
        let answer = self
            .world
            .request(Method::POST, "/api/v1/token-exchange")
            .header("Api-Token", self.token(user))
            .send()
            .await
            .unwrap();
        let session = body(answer, StatusCode::OK).await;
        Person {
            world: self.world,
            bearer: session["access_token"].as_str().unwrap().into(),
        }
    }
}

impl Person<'_> {
    /// A request as this person.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.world.request(method, path).bearer_auth(&self.bearer)
    }

    /// What a GET answers.
    pub async fn get(&self, path: &str) -> Value {
        body(
            self.request(Method::GET, path).send().await.unwrap(),
            StatusCode::OK,
        )
        .await
    }

    /// What a POST of JSON answers, with this status.
    pub async fn post(&self, path: &str, json: Value, status: StatusCode) -> Value {
        self.json(Method::POST, path, json, status).await
    }

    /// What a request with JSON answers, with this status.
    pub async fn json(&self, method: Method, path: &str, json: Value, status: StatusCode) -> Value {
        let request = self.request(method, path).json(&json);
        body(request.send().await.unwrap(), status).await
    }

    /// A DELETE that works.
    pub async fn delete(&self, path: &str) {
        let answer = self.request(Method::DELETE, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
    }

    /// A base of this person's own.
    pub async fn base(&self, name: &str) -> String {
        let base = self
            .post(
                "/api/v1/knowledge-bases",
                json!({"name": name}),
                StatusCode::CREATED,
            )
            .await;
        base["id"].as_str().unwrap().to_owned()
    }

    /// An upload, as it is answered.
    pub async fn upload(&self, base: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Response {
        let part = reqwest::multipart::Part::bytes(bytes.into()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        let path = format!("/api/v1/knowledge-bases/{base}/documents");
        self.request(Method::POST, &path)
            .multipart(form)
            .send()
            .await
            .unwrap()
    }

    /// A document that can be searched.
    pub async fn document(&self, base: &str, name: &str, text: &str) -> String {
        let document = body(self.upload(base, name, text).await, StatusCode::ACCEPTED).await;
        let id = document["id"].as_str().unwrap().to_owned();
        self.world.run_jobs().await;
        let document = self.get(&format!("/api/v1/documents/{id}")).await;
        assert_eq!(document["state"], "ready", "{document}");
        id
    }

    /// A conversation with all bases this person may read.
    pub async fn session(&self) -> String {
        let session = self
            .post("/api/v1/sessions", json!({}), StatusCode::CREATED)
            .await;
        session["id"].as_str().unwrap().to_owned()
    }

    /// Asks and waits for the whole answer.
    pub async fn asks(&self, session: &str, question: &str) -> Value {
        let path = format!("/api/v1/sessions/{session}/messages");
        self.post(&path, json!({"content": question}), StatusCode::OK)
            .await
    }

    /// Asks for a stream.
    pub async fn asks_streamed(&self, session: &str, question: Value) -> Response {
        let path = format!("/api/v1/sessions/{session}/messages");
        let request = self
            .request(Method::POST, &path)
            .header("accept", "text/event-stream");
        request.json(&question).send().await.unwrap()
    }
}

/// The JSON of an answer that has this status.
pub async fn body(answer: Response, status: StatusCode) -> Value {
    let got = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(got, status, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number.
    pub id: u32,
    /// What it is.
    pub name: String,
    /// What it says.
    pub data: Value,
}

/// The events in these bytes; comments are left out.
pub fn events(text: &str) -> Vec<Event> {
    let field = |frame: &str, name: &str| {
        frame
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::to_owned)
    };
    let frames = text.split("\n\n").filter(|frame| frame.contains("event: "));
    frames
        .map(|frame| Event {
            id: field(frame, "id: ").unwrap().parse().unwrap(),
            name: field(frame, "event: ").unwrap(),
            data: serde_json::from_str(&field(frame, "data: ").unwrap()).unwrap(),
        })
        .collect()
}

/// Waits for something that other tasks bring about; looks often, gives up after ten seconds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let looking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looking)
        .await
        .unwrap_or_else(|_| panic!("{what}"));
}

/// What a server warns of shows with the test that fails.
fn log() {
    let filter = tracing_subscriber::EnvFilter::new("warn,sqlx=error");
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    // another world of this process was first
    drop(log.with_test_writer().without_time().try_init());
}

fn config(folder: &Path, wish: &Wish) -> Config {
    let mut set: Vec<(String, String)> = vec![
        ("models.embedding".into(), "none".into()),
        ("limits.requests_per_second".into(), "0".into()),
        ("limits.client_requests_per_minute".into(), "0".into()),
        ("limits.user_requests_per_minute".into(), "0".into()),
        ("storage.readonly_percent".into(), "0".into()),
        ("runtime.dir".into(), runtime_dir().display().to_string()),
    ];
    set.extend(
        wish.set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone())),
    );
    Config::assemble("", PathBuf::from(folder), [], &set).unwrap()
}

/// A copy of a database that is migrated once a run.
pub async fn fresh_database() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let access = cluster().await;
    let template = TEMPLATE.get_or_init(|| make_template(access)).await;
    let name = format!("t_{}", uuid::Uuid::new_v4().simple());
    let mut conn = PgConnection::connect_with(&access.options("postgres"))
        .await
        .unwrap();
    let text = format!(
        "create database {name} template {template} owner concierge_owner strategy file_copy"
    );
    conn.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
    name
}

async fn make_template(access: &'static Access) -> String {
    let mut conn = PgConnection::connect_with(&access.options("postgres"))
        .await
        .unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "select datname from pg_database d where datname like 't\\_%' and not exists
            (select from pg_stat_activity a where a.datname = d.datname)",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    // of runs that were broken off; one that another run is just making is in use
    for database in left {
        drop(
            conn.execute(sqlx::AssertSqlSafe(format!(
                "drop database if exists {database}"
            )))
            .await,
        );
    }
    let owner = Owner::new(access.options("postgres"));
    owner
        .make_roles(LOGIN_ROLE, Some(&boot::login_password(access)))
        .await
        .unwrap();
    let template = format!("t_{}", uuid::Uuid::new_v4().simple());
    owner.make_database(&template).await.unwrap();
    owner.migrate(&template).await.unwrap();
    template
}
