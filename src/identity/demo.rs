//! The demo: a code opens the chat page for a fresh user, with a token that is burnt on entry.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use moka::sync::Cache;
use poem::{Endpoint, Request, Response, http::StatusCode};
use uuid::Uuid;

use super::{MembersMay, Realm, V1Tokens, client, client::NewClient, key::Encryptor, token};
use crate::{
    app::App,
    config::Config,
    error::{Error, Result},
    http::address::TrustedProxies,
    ids::ClientNo,
    secret::Secret,
};

/// The public name of the demo's client.
pub const CLIENT_ID: &str = "demo";
/// Addresses remembered for the limit.
const ADDRESSES_MAX: u64 = 100_000;
const HOUR: Duration = Duration::from_secs(3_600);

/// `GET /demo?code=…`
pub struct Demo {
    app: App,
    client: ClientNo,
    code: Secret,
    visits: Visits,
}

/// Counts the visits from each address.
pub struct Visits {
    proxies: TrustedProxies,
    per_hour: u64,
    by_address: Cache<IpAddr, Arc<AtomicU64>>,
}

/// A visit that was counted.
pub struct Visit(Arc<AtomicU64>);

impl Visit {
    /// Takes it back: it was none of those that are limited.
    pub fn forgive(self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Visits {
    /// Reads how many there may be.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            proxies: TrustedProxies::parse(&config.list("server", "trusted_proxies"))?,
            per_hour: config.number("demo", "visitors_per_hour", 1..=1_000_000)?,
            by_address: Cache::builder()
                .max_capacity(ADDRESSES_MAX)
                .time_to_live(HOUR)
                .build(),
        })
    }

    /// Counts a try, right or wrong, so that codes cannot be guessed either.
    ///
    /// # Errors
    /// `Throttled` past the limit.
    pub fn count(&self, request: &Request) -> Result<Visit> {
        let address = self.proxies.caller(request);
        let tries = self.by_address.get_with(address, Arc::default);
        if tries.fetch_add(1, Ordering::Relaxed) >= self.per_hour {
            // refused, it is none: else those could lock out for which others are forgiven
            tries.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Throttled(HOUR));
        }
        Ok(Visit(tries))
    }
}

/// What the demo's client is made of.
pub fn new_client() -> NewClient {
    NewClient {
        client_id: Some(CLIENT_ID.into()),
        name: "Demo".into(),
        description: "Visitors of /demo".into(),
        v1_tokens: V1Tokens::ExchangeOnce,
        token_realm: Realm::Demo,
        members_may: MembersMay::Own,
    }
}

impl Demo {
    /// The demo of this client; `None` while `[demo] code` is empty.
    pub fn new(app: App, client: ClientNo) -> anyhow::Result<Option<Self>> {
        let Some(code) = app.config.secret("demo", "code")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            client,
            code,
            visits: Visits::new(&app.config)?,
            app,
        }))
    }

    /// Where a visitor with the right code goes.
    async fn enter(&self, request: &Request) -> Result<String> {
        self.visits.count(request)?;
        let given = query(request, "code").unwrap_or_default();
        verify_slices_are_equal(given.as_bytes(), self.code.expose().as_bytes())
            .map_err(|_| Error::Unauthenticated)?;
        let mut tx = self.app.db.client(self.client).await?;
        let key = Encryptor::new(&client::public_key(&mut tx).await?)?;
        let visitor = Uuid::new_v4().simple().to_string();
        let name = format!("visitor-{}", &visitor[..6]);
        let token = token::make(CLIENT_ID, &visitor, &name, &key, self.app.clock.now())?;
        let lang = query(request, "lang").filter(|lang| matches!(lang.as_str(), "zh" | "en"));
        let lang = lang.map_or_else(String::new, |lang| format!("&lang={lang}"));
        // base64 of ASCII has no character that a query cannot carry but the padding
        Ok(format!(
            "/h5/?api_token={}{lang}",
            token.replace('=', "%3D")
        ))
    }
}

impl Endpoint for Demo {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let place = self.enter(&request).await?;
        Ok(Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header("location", place)
            .header("cache-control", "no-store")
            .header("referrer-policy", "no-referrer")
            .finish())
    }
}

fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
