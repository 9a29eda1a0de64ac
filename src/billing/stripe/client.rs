//! Requests to Stripe: bounded in time and size, and never made anew with another key.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use stripe_client_core::{RequestBuilder as Typed, StripeMethod, VERSION};

use super::{
    Stripe,
    call::{Call, ROOT},
};
use crate::error::{Error, Result};

const CONNECT_SECONDS_MAX: u64 = 10;
/// Seconds that an answer may take: Stripe itself gives up after 80.
const ANSWER_SECONDS_MAX: u64 = 60;
/// Bytes of an answer at most: a page of 100 payments takes a tenth of it.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Characters of what Stripe says about a refusal that are kept.
const MESSAGE_CHARS_MAX: usize = 300;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// Stripe will not do it, however often it is asked.
    Refused(String),
    /// The key may not do it; another right of it, and it may.
    Barred(String),
    /// Nobody knows whether it was done: the same request may be made again.
    Unknown(anyhow::Error),
}

/// A client for the API at this address. Redirects are not followed: the key would travel with them.
pub fn http(base: &Url) -> anyhow::Result<Client> {
    let loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&base.host_str().unwrap_or(""));
    let mut builder = Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .timeout(Duration::from_secs(ANSWER_SECONDS_MAX))
        .redirect(redirect::Policy::none())
        .user_agent(concat!("concierge/", env!("CARGO_PKG_VERSION")));
    if loopback {
        builder = builder.no_proxy();
    }
    builder.build().context("set up a client for Stripe")
}

impl Stripe {
    /// Makes a frozen request, for the first time or again: Stripe does it once.
    pub(super) async fn make<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        let url = self.url(&call.path).map_err(Failure::Unknown)?;
        let request = form(self.http.post(url), call.body.clone());
        let request = request.header("idempotency-key", call.call_id.to_string());
        self.send(request, &call.version).await
    }

    /// Asks for what needs no freezing: it reads, or is the same deed however often it is asked for
    /// by this key.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        typed: Typed,
        key: Option<&str>,
    ) -> Result<T, Failure> {
        let url = self.url(&format!("{ROOT}{}", typed.path));
        let mut url = url.map_err(Failure::Unknown)?;
        url.set_query(typed.query.as_deref().filter(|query| !query.is_empty()));
        let method = match typed.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut request = self.http.request(method, url);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = typed.body {
            request = form(request, body);
        }
        self.send(request, VERSION.as_str()).await
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}")
            .parse()
            .context("an address of Stripe")
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        version: &str,
    ) -> Result<T, Failure> {
        let request = request
            .bearer_auth(self.key.expose())
            .header("stripe-version", version);
        let answer = request
            .send()
            .await
            .context("ask Stripe")
            .map_err(Failure::Unknown)?;
        let status = answer.status();
        let bytes = bounded(answer).await.map_err(Failure::Unknown)?;
        if status.is_success() {
            let read = serde_json::from_slice(&bytes).context("an answer of Stripe");
            return read.map_err(Failure::Unknown);
        }
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let said = said["error"]["message"].as_str().unwrap_or_default();
        let said: String = self
            .key
            .redact(said)
            .chars()
            .take(MESSAGE_CHARS_MAX)
            .collect();
        // these say nothing of the request: a key can be wrong today and right tomorrow
        let again = [
            StatusCode::UNAUTHORIZED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::FAILED_DEPENDENCY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if status == StatusCode::FORBIDDEN {
            return Err(Failure::Barred(said));
        }
        if status.is_client_error() && !again.contains(&status) {
            return Err(Failure::Refused(format!("{status}: {said}")));
        }
        Err(Failure::Unknown(anyhow!(
            "Stripe answered {status}: {said}"
        )))
    }
}

fn form(request: RequestBuilder, body: String) -> RequestBuilder {
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

async fn bounded(mut answer: Response) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.context("an answer of Stripe")? {
        if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(anyhow!(
                "Stripe's answer is longer than {ANSWER_BYTES_MAX} bytes"
            ));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(said) => Self::Upstream(anyhow!("Stripe refused: {said}")),
            Failure::Barred(said) => {
                Self::Upstream(anyhow!("Stripe's key may not do this: {said}"))
            }
            Failure::Unknown(cause) => Self::Upstream(cause),
        }
    }
}
