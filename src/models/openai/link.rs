//! One endpoint of a vendor: its address, its key, its retries.

use std::time::Duration;

use bytes::Bytes;
use rand::RngExt as _;
use reqwest::{
    Client, Response, Url,
    header::{
        ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    },
};

use super::{OpenAiTarget, refusal::Refusal};
use crate::{
    error::{Error, Result},
    models::http_client,
    secret::Secret,
};

/// How often one call is tried: once more after a failure that may pass.
const TRIES_MAX: u32 = 2;
const BACKOFF_MS: u64 = 250;
/// What an answer that is streamed is called.
pub const EVENT_STREAM: &str = "text/event-stream";
/// Words of a vendor that go into an error.
const QUOTE_CHARS_MAX: usize = 300;

/// A way to one path of one vendor.
pub struct Link {
    client: Client,
    url: Url,
    headers: HeaderMap,
    speaker: Speaker,
}

impl Link {
    /// The way to `path` below the base address of `target`.
    ///
    /// # Errors
    /// `Invalid` when the address or the key cannot be used; the text says why.
    pub fn new(target: &OpenAiTarget, path: &[&str], accept: &'static str) -> Result<Self> {
        let base = base_url(target)?;
        Ok(Self {
            client: http_client(&base, target.idle_max)?,
            url: full_url(base, target, path),
            headers: headers(target, accept)?,
            speaker: Speaker {
                name: target.name.clone(),
                key: target.api_key.clone(),
            },
        })
    }

    /// Posts a JSON body. Failures that may pass are tried again with a pause; nothing of an
    /// answer has been read then.
    pub async fn post(&self, body: Bytes) -> Result<Response, Refusal> {
        let mut tries = 1;
        loop {
            match self.post_once(body.clone()).await {
                Err(refusal) if refusal.may_pass() && tries < TRIES_MAX => {
                    tokio::time::sleep(backoff(tries)).await;
                    tries += 1;
                }
                end => return end,
            }
        }
    }

    async fn post_once(&self, body: Bytes) -> Result<Response, Refusal> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .body(body);
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(Refusal::read(response).await),
            Err(error) => Err(Refusal::Unheard(error.without_url())),
        }
    }

    /// Who is at the other end.
    pub fn speaker(&self) -> &Speaker {
        &self.speaker
    }
}

/// The vendor as it is named in errors, and the key that must not be.
#[derive(Clone)]
pub struct Speaker {
    name: String,
    key: Option<Secret>,
}

impl Speaker {
    /// An error of this vendor, with the cause for the log.
    pub fn failed(&self, cause: impl Into<anyhow::Error>) -> Error {
        Error::Upstream(cause.into().context(format!("model {:?}", self.name)))
    }

    /// Words of the vendor, short and without the key.
    pub fn quote(&self, words: &str) -> String {
        let words = match &self.key {
            Some(key) => key.redact(words),
            None => words.to_owned(),
        };
        words.chars().take(QUOTE_CHARS_MAX).collect()
    }
}

fn base_url(target: &OpenAiTarget) -> Result<Url> {
    let unusable = |why: &str| {
        Error::invalid(format!(
            "The base_url of the model {:?} {why}.",
            target.name
        ))
    };
    let url: Url = target
        .base_url
        .parse()
        .map_err(|_| unusable("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable("must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable(
            "must not contain a user or password; use the key setting",
        ));
    }
    Ok(url)
}

fn full_url(mut url: Url, target: &OpenAiTarget, path: &[&str]) -> Url {
    // http and https addresses always have segments
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        if let Some(azure) = &target.azure {
            segments.extend(["openai", "deployments", &azure.deployment]);
        }
        segments.extend(path);
    }
    if let Some(azure) = &target.azure {
        url.query_pairs_mut()
            .append_pair("api-version", &azure.api_version);
    }
    url
}

fn headers(target: &OpenAiTarget, accept: &'static str) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    if accept == EVENT_STREAM {
        // whoever compresses a stream holds it back
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if let Some(key) = &target.api_key {
        let (name, value) = credential(key, target.azure.is_some());
        let mut value = HeaderValue::from_str(&value).map_err(|_| {
            Error::invalid(format!(
                "The key of the model {:?} contains characters that a header cannot carry.",
                target.name
            ))
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn credential(key: &Secret, azure: bool) -> (HeaderName, zeroize::Zeroizing<String>) {
    // a key out of a file often ends with the line
    let key = key.expose().trim();
    if azure {
        (HeaderName::from_static("api-key"), key.to_owned().into())
    } else {
        (AUTHORIZATION, format!("Bearer {key}").into())
    }
}

/// The pause before the next try, spread so that many callers do not come back together.
fn backoff(tries: u32) -> Duration {
    let whole = BACKOFF_MS << tries.min(6);
    Duration::from_millis(rand::rng().random_range(whole / 2..whole))
}
