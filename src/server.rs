//! Assembles every API into one service, serves the pages, and owns the state of features.

mod admin;
mod callers;
mod disks;
mod document;
mod edge;
mod frames;
mod listener;
mod native;
mod pages;
mod spa;
mod tls;
mod watched;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use poem::{
    Endpoint, EndpointExt, Route, Server,
    endpoint::make_sync,
    http::Method,
    listener::{Acceptor, AcceptorExt},
};
use poem_openapi::OpenApiService;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::document::{admin_document, native_document};
use self::{
    callers::Callers,
    document::describe,
    edge::Edge,
    listener::{NoDelay, Patient},
    native::Native,
    spa::Spa,
};
use crate::{
    app::App,
    billing::{
        BillingApi, PlansApi,
        chain::{Chains, api::DepositsApi},
        notice::api::NoticesApi,
        order::{Provider, api::OrdersApi},
        stripe::Stripe,
    },
    chat::{
        ChatApi, CompletionsApi, Live, MessagesApi,
        complete::Loose,
        turn::{Chat, Limits},
    },
    compat::{self, Dialects, Handles},
    error::CanFail,
    fetch,
    hooks::StripeHook,
    http::envelope::Envelope,
    identity::{Gatekeeper, api::IdentityApi, demo::Demo},
    ids::ClientNo,
    jobs,
    knowledge::{
        KnowledgeApi,
        api::{self, Library},
        ingest::Reading,
        original::Drawing,
    },
    prompts::PromptsApi,
    quota::Quota,
};

/// Seconds that connections get to end after their streams have; more than an answer takes to break
/// off (`chat/keep.rs`).
const DRAIN_SECONDS: u64 = 3;

type NativeApis = (
    IdentityApi,
    KnowledgeApi,
    ChatApi,
    MessagesApi,
    CompletionsApi,
    PromptsApi,
    (BillingApi, PlansApi, OrdersApi, NoticesApi, DepositsApi),
);

/// A server that is put together and not started yet.
pub struct ConciergeServer {
    /// Handles to the world.
    pub app: App,
    /// Proves credentials.
    pub gatekeeper: Arc<Gatekeeper>,
    /// The turns of this process.
    pub chat: Arc<Chat>,
    quota: Arc<Quota>,
    stripe: Option<Arc<Stripe>>,
    /// Shared by all who ask nodes, so that they keep one pause between two requests.
    chains: Chains,
    /// What reading documents may take.
    pub reading: Reading,
    demo: Option<ClientNo>,
    draining: CancellationToken,
}

impl ConciergeServer {
    /// Puts the features together. `demo` is the client of `/demo`, when there is one.
    pub fn new(app: App, demo: Option<ClientNo>) -> Result<Self> {
        let quota = Arc::new(Quota::new(&app)?);
        let gatekeeper =
            Gatekeeper::new(&app, quota.clone()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let chat = Chat {
            live: Live::default(),
            loose: Loose::default(),
            runner: Uuid::new_v4(),
            limits: Limits::new(&app.config)?,
            app: app.clone(),
        };
        Ok(Self {
            gatekeeper: Arc::new(gatekeeper),
            chat: Arc::new(chat),
            quota,
            stripe: Stripe::open(&app.config)?.map(Arc::new),
            chains: Chains::new(&app.config)?,
            reading: jobs::reading(&app.config)?,
            draining: CancellationToken::new(),
            app,
            demo,
        })
    }

    /// Everything that this server answers.
    pub fn routes(&self) -> Result<impl Endpoint + use<>> {
        let (app, library) = (&self.app, Arc::new(self.library()?));
        let dialects = Dialects::new(&app.config)?;
        let dialect_routes = self.dialect_routes(library.clone())?;
        // a page may have an address of its own where only programs post to
        let foreign: Vec<String> = dialect_routes
            .iter()
            .filter(|route| route.method == Method::GET)
            .map(|route| route.path.clone())
            .collect();
        let mut by_path = compat::by_path(dialect_routes);
        let root = by_path.remove("/").unwrap_or_default();
        let root = [Method::GET, Method::HEAD]
            .into_iter()
            .try_fold(root, |root, method| {
                let landing = pages::landing(&app.config)?;
                Ok::<_, anyhow::Error>(root.and(method, landing.map_to_response().boxed()))
            })?;
        let mut routes = Route::new()
            .at("/", root)
            .at("/healthz", make_sync(|_| "ok"))
            .at(
                "/readyz",
                edge::Ready {
                    app: app.clone(),
                    draining: self.draining.clone(),
                },
            )
            .at("/docs", pages::redirect("/docs/"))
            .nest("/h5/", pages::h5(&app.config, &self.gatekeeper)?)
            .at(native::DOCUMENT, pages::json(native_document()))
            .nest(
                "/admin",
                admin::routes(app, &self.gatekeeper, library.clone(), self.stripe.clone())?,
            );
        for (path, methods) in by_path {
            routes = routes.at(path, methods);
        }
        let mut documents = vec![("Concierge", native::DOCUMENT)];
        if dialects.chatchat {
            let (at, text) = compat::chatchat::DOCUMENT;
            documents.push(("Langchain-Chatchat", at));
            routes = routes.at(at, pages::json(text.to_owned()));
        }
        routes = routes.at("/docs/*path", pages::swagger(&documents)?);
        if let Some(client) = self.demo
            && let Some(demo) = Demo::new(app.clone(), client)?
        {
            routes = routes.at("/demo", demo);
        }
        if let Some(stripe) = self.stripe.clone() {
            let app = app.clone();
            routes = routes.at("/hooks/stripe", StripeHook { app, stripe });
        }
        let rest = Spa::before(routes.boxed(), foreign, &app.config, &self.gatekeeper)?;
        Ok(Native::new(
            self.native(library)?,
            rest,
            self.gatekeeper.clone(),
            dialects,
        )
        .with(Edge::new(app, self.quota.clone())?)
        .with(Envelope {
            foreign: Arc::new(move |path, error| dialects.face(path, error)),
        })
        .with(Callers {
            gatekeeper: self.gatekeeper.clone(),
            quota: self.quota.clone(),
            throttled: app.metrics.throttled.clone(),
            dialects,
        }))
    }

    /// The routes of foreign contracts, as they are mounted.
    pub fn dialect_routes(&self, library: Arc<Library>) -> Result<Vec<compat::Route>> {
        let handles = Handles {
            app: self.app.clone(),
            chat: self.chat.clone(),
            library,
        };
        Dialects::new(&self.app.config)?.routes(&handles)
    }

    /// What the knowledge operations hold.
    pub fn library(&self) -> Result<Library> {
        let (app, reading) = (self.app.clone(), self.reading.clone());
        Ok(Library {
            drawing: Drawing::new(reading.limits.clone(), reading.worker.clone()),
            reading,
            upload_bytes_max: app
                .config
                .number("knowledge", "upload_bytes_max", 1..=1 << 40)?,
            policy: fetch_policy(&app)?,
            heartbeat: self.chat.limits.heartbeat,
            app,
        })
    }

    fn native(&self, library: Arc<Library>) -> Result<OpenApiService<NativeApis, ()>> {
        let chains = self.chains.clone();
        let apis = (
            IdentityApi::new(self.app.clone())?,
            api::all(library),
            ChatApi(self.chat.clone()),
            MessagesApi(self.chat.clone()),
            CompletionsApi(self.chat.clone()),
            PromptsApi(self.app.clone()),
            (
                BillingApi(self.app.clone()),
                PlansApi {
                    app: self.app.clone(),
                    providers: self.providers(&chains),
                },
                OrdersApi {
                    app: self.app.clone(),
                    stripe: self.stripe.clone(),
                    chains: chains.clone(),
                },
                NoticesApi(self.app.clone()),
                DepositsApi(self.app.clone(), chains),
            ),
        );
        Ok(describe(apis))
    }

    /// By whom money can come.
    fn providers(&self, chains: &Chains) -> Vec<Provider> {
        let stripe = self.stripe.is_some().then_some(Provider::Stripe);
        let chain = (!chains.0.is_empty()).then_some(Provider::Chain);
        [stripe, chain].into_iter().flatten().collect()
    }

    /// Starts what runs beside requests: hearing changes, ending orphans, jobs, the schedule.
    pub fn start_background(&self) -> Result<()> {
        let (gatekeeper, stop) = (self.gatekeeper.clone(), self.app.tasks.stopping());
        self.app
            .tasks
            .spawn(async move { gatekeeper.watch(stop).await });
        let warn_percent = disks::warn_percent(&self.app)?;
        self.app
            .tasks
            .spawn(disks::watch(self.app.clone(), warn_percent));
        let (gatekeeper, stop) = (self.gatekeeper.clone(), self.app.tasks.stopping());
        self.app
            .tasks
            .spawn(async move { gatekeeper.write_uses(stop).await });
        jobs::start(&self.app, &self.chains)
    }

    /// Serves the metrics on a listener of their own, when the settings name one.
    pub async fn serve_metrics(&self) -> Result<()> {
        let listen = self.app.config.text("server", "metrics_listen");
        if listen.is_empty() {
            return Ok(());
        }
        let listener = tokio::net::TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("listen on {listen}"))?;
        let acceptor = Patient(NoDelay::new(listener)?);
        let routes = Route::new().at("/metrics", edge::MetricsPage(self.app.metrics.clone()));
        let stop = self.app.tasks.stopping();
        self.app.tasks.spawn(async move {
            let server = Server::new_with_acceptor(acceptor);
            let served = server.run_with_graceful_shutdown(
                routes,
                stop.cancelled_owned(),
                Some(Duration::ZERO),
            );
            served.await.can_fail("metrics end with the server");
        });
        Ok(())
    }

    /// Serves until `stop` fires; then streams get their time to finish, and all work is told to end.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        stop: CancellationToken,
    ) -> Result<()> {
        let grace = Duration::from_secs(self.app.config.number(
            "server",
            "shutdown_seconds",
            0..=3_600,
        )?);
        let (draining, chat, tasks) = (
            self.draining.clone(),
            self.chat.clone(),
            self.app.tasks.clone(),
        );
        self.app.tasks.spawn(async move {
            stop.cancelled().await;
            draining.cancel();
            let streams_end = async {
                while !chat.live.is_empty() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            // what is still running after that ends with a resumable error
            if tokio::time::timeout(grace, streams_end).await.is_err() {
                tracing::warn!(
                    answers = chat.live.len(),
                    "answers are interrupted by the shutdown"
                );
            }
            tasks.stop();
        });
        let grace = grace + Duration::from_secs(DRAIN_SECONDS);
        let listener = NoDelay::new(listener)?;
        match tls::certificates(&self.app.config)? {
            None => self.serve_on(Patient(listener), grace).await,
            Some(tls) => self.serve_on(Patient(listener.rustls(tls)), grace).await,
        }?;
        self.app.tasks.finish().await;
        Ok(())
    }

    async fn serve_on(&self, acceptor: impl Acceptor + 'static, grace: Duration) -> Result<()> {
        Server::new_with_acceptor(acceptor)
            .run_with_graceful_shutdown(
                self.routes()?,
                self.draining.clone().cancelled_owned(),
                Some(grace),
            )
            .await
            .context("serve")
    }
}

fn fetch_policy(app: &App) -> Result<fetch::Policy> {
    let bytes_max = app
        .config
        .number("knowledge", "upload_bytes_max", 1..=1 << 40)?;
    fetch::Policy::documents(bytes_max, &app.config.list("knowledge", "fetch_allow"))
}
