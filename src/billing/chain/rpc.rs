//! Questions to a node of a chain (JSON-RPC 2.0), with limits on time, bytes and their rate.

use std::{collections::HashMap, fmt, time::Duration};

use anyhow::{Context as _, anyhow};
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    error::{Error, Result},
    models::http_client,
    secret::Secret,
};

/// Questions in one request.
const BATCH_MAX: usize = 50;
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// Characters of a node's own words in an error.
const QUOTE_CHARS_MAX: usize = 300;

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    method: &'static str,
    params: Value,
}

/// A node.
pub struct Rpc {
    client: Client,
    url: Url,
    /// For errors: the host, since the rest of the address may hold a key.
    host: String,
    /// The address, to be cut out of a node's words.
    secret: Secret,
    time_max: Duration,
    pause: Duration,
    next: Mutex<Instant>,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// An answer that is too long, or a node's refusal in words of its own: it may tell a part of it.
#[derive(Debug)]
struct TooMuch(String);

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TooMuch {}

/// Whether the same may be told when less of it is asked for. Each node has words of its own for
/// that, so that every refusal is taken for one: who asks again asks for less each time.
pub fn is_too_much(error: &Error) -> bool {
    matches!(error, Error::Upstream(cause) if cause.is::<TooMuch>())
}

impl Ask {
    /// A question with its parameters.
    pub fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }
}

impl Rpc {
    /// The node at this address.
    ///
    /// # Errors
    /// `Invalid` for an address that is none, or that anybody on the way could forge.
    pub fn new(url: &Secret, time_max: Duration, requests_per_second: u64) -> Result<Self> {
        let parsed = Url::parse(url.expose().trim());
        let parsed = parsed.map_err(|_| Error::invalid("this is not an address"))?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && is_loopback(&host)) {
            return Err(Error::invalid(
                "write https://…: over http only this very machine (127.0.0.1) is asked, since anybody on the way could invent payments",
            ));
        }
        Ok(Self {
            // the limit on the whole answer is the one that is met first
            client: http_client(&parsed, 2 * time_max)?,
            host,
            secret: url.clone(),
            url: parsed,
            time_max,
            pause: Duration::from_secs(1) / u32::try_from(requests_per_second).unwrap_or(1),
            next: Mutex::new(Instant::now()),
        })
    }

    /// The host, as people may see it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The answers to these questions, in their order. Where they do not fit into one answer, it takes
    /// several.
    ///
    /// # Errors
    /// `Upstream` when one of them is not answered: too late, too long, refused, or not in the form
    /// that was asked for.
    pub async fn ask(&self, asks: &[Ask]) -> Result<Vec<Value>> {
        let mut answers = Vec::with_capacity(asks.len());
        // the next ones are the last
        let mut waiting: Vec<&[Ask]> = asks.chunks(BATCH_MAX).rev().collect();
        while let Some(asks) = waiting.pop() {
            match self.request(asks).await {
                Err(error) if asks.len() > 1 && is_too_much(&error) => {
                    let (first, rest) = asks.split_at(asks.len() / 2);
                    waiting.extend([rest, first]);
                }
                answered => answers.extend(answered?),
            }
        }
        Ok(answers)
    }

    /// One question.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn one(&self, ask: Ask) -> Result<Value> {
        Ok(self.ask(&[ask]).await?.remove(0))
    }

    /// An error of this node.
    pub fn failed(&self, cause: impl Into<anyhow::Error>) -> Error {
        Error::Upstream(cause.into().context(format!("the node {}", self.host)))
    }

    /// Until the next request is due.
    async fn wait(&self) {
        let due = {
            let mut next = self.next.lock().await;
            let due = (*next).max(Instant::now());
            *next = due + self.pause;
            due
        };
        sleep_until(due).await;
    }

    async fn request(&self, asks: &[Ask]) -> Result<Vec<Value>> {
        self.wait().await;
        let seconds = self.time_max.as_secs();
        let late = |_| Err(anyhow!("no whole answer within {seconds} s"));
        timeout(self.time_max, self.batch(asks))
            .await
            .unwrap_or_else(late)
            .map_err(|error| self.failed(error))
    }

    async fn batch(&self, asks: &[Ask]) -> anyhow::Result<Vec<Value>> {
        let questions: Vec<Value> = asks
            .iter()
            .enumerate()
            .map(|(id, ask)| json!({"jsonrpc": "2.0", "id": id, "method": ask.method, "params": ask.params}))
            .collect();
        let request = self.client.post(self.url.clone()).json(&questions);
        let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::PAYLOAD_TOO_LARGE => return Err(TooMuch("it answers 413".into()).into()),
            status => return Err(anyhow!("it answers {status}")),
        }
        let long = || TooMuch(format!("its answer has more than {ANSWER_BYTES_MAX} bytes"));
        if answer
            .content_length()
            .is_some_and(|bytes| bytes > ANSWER_BYTES_MAX as u64)
        {
            return Err(long().into());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(long().into());
            }
            bytes.extend_from_slice(&piece);
        }
        self.answers(asks.len(), &bytes)
    }

    /// Each question once, whatever order they come in.
    fn answers(&self, count: usize, bytes: &[u8]) -> anyhow::Result<Vec<Value>> {
        let answer: Value = serde_json::from_slice(bytes).context("its answer is not JSON")?;
        let Value::Array(answers) = answer else {
            return Err(self.refusal(&answer["error"]));
        };
        let mut by_id = HashMap::new();
        for mut answer in answers {
            let error = answer.get_mut("error").map(Value::take).unwrap_or_default();
            if !error.is_null() {
                return Err(self.refusal(&error));
            }
            let id = answer["id"].as_u64().context("an answer has no id")?;
            if answer.get("result").is_none() || by_id.insert(id, answer["result"].take()).is_some()
            {
                return Err(anyhow!("an answer has no result, or comes twice"));
            }
        }
        if by_id.len() != count {
            return Err(anyhow!("{count} questions, {} answers", by_id.len()));
        }
        (0..count as u64)
            .map(|id| by_id.remove(&id).context("an answer to another question"))
            .collect()
    }

    /// Words of the node, short and without its address.
    fn refusal(&self, words: &Value) -> anyhow::Error {
        let words = self.secret.redact(&words.to_string());
        let words: String = words.chars().take(QUOTE_CHARS_MAX).collect();
        TooMuch(format!("it refuses: {words}")).into()
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}
