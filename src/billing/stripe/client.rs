//! Requests to Stripe: bounded in time and size, and never made anew with another key.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Stripe, VERSION};
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
    /// Asks for something to be done. The same key and body are the same deed, done once.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: String,
        key: &str,
    ) -> Result<T, Failure> {
        let request = self.http.post(self.url(path).map_err(Failure::Unknown)?);
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", key)
            .body(body);
        self.send(request).await
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = self.url(path).map_err(Failure::Unknown)?;
        url.query_pairs_mut().extend_pairs(query);
        self.send(self.http.get(url)).await
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}")
            .parse()
            .context("an address of Stripe")
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let request = request
            .bearer_auth(self.key.expose())
            .header("stripe-version", VERSION);
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
        let again = [
            StatusCode::CONFLICT,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::REQUEST_TIMEOUT,
        ];
        if status.is_client_error() && !again.contains(&status) {
            return Err(Failure::Refused(format!("{status}: {said}")));
        }
        Err(Failure::Unknown(anyhow!(
            "Stripe answered {status}: {said}"
        )))
    }
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
            Failure::Unknown(cause) => Self::Upstream(cause),
        }
    }
}
