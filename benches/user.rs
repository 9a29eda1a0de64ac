//! A user of the server: asks as a page or a partner's program does.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::wire::{self, Wire};

/// Seconds that reading a document may take.
const READ_SECONDS_MAX: u64 = 600;
const POLL: Duration = Duration::from_millis(100);
const BOUNDARY: &str = "a-boundary-that-no-text-has";
/// Questions in one conversation, so that the earlier ones do not become the work.
const QUESTIONS_MAX: usize = 8;

/// A user.
pub struct User {
    port: u16,
    headers: String,
}

/// A document that was read to its end.
pub struct Read {
    /// `ready` or `failed`.
    pub state: String,
    /// Why it failed.
    pub reason: String,
    /// Its chunks.
    pub chunks: u64,
}

impl User {
    /// The user whom this token names.
    pub fn new(port: u16, token: &str) -> Self {
        Self {
            port,
            headers: format!("api-token: {token}\r\n"),
        }
    }

    /// A GET as bytes.
    pub fn get(&self, path: &str) -> Vec<u8> {
        wire::request("GET", path, &self.headers, b"")
    }

    /// A POST of JSON as bytes.
    pub fn post(&self, path: &str, accept: &str, body: &Value) -> Vec<u8> {
        let headers = format!(
            "{}accept: {accept}\r\ncontent-type: application/json\r\n",
            self.headers
        );
        wire::request("POST", path, &headers, body.to_string().as_bytes())
    }

    /// A POST without a body as bytes, with one more line of the head.
    pub fn post_empty(&self, path: &str, line: &str) -> Vec<u8> {
        wire::request("POST", path, &format!("{}{line}", self.headers), b"")
    }

    /// What a request answers.
    ///
    /// # Errors
    /// For every status but 2xx.
    pub fn call(&self, request: &[u8]) -> Result<Value> {
        let mut wire = self.wire()?;
        wire.send(request)?;
        let answer = wire.answer()?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            (200..300).contains(&answer.status),
            "{}: {text}",
            answer.status
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// A connection to the server.
    pub fn wire(&self) -> Result<Wire> {
        Wire::connect(self.port)
    }

    /// A new knowledge base.
    pub fn base(&self, name: &str) -> Result<String> {
        let request = self.post("/api/v1/knowledge-bases", "*/*", &json!({"name": name}));
        id(&self.call(&request)?)
    }

    /// Uploads a document.
    pub fn upload(&self, base: &str, name: &str, bytes: &[u8]) -> Result<String> {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        let body = [
            head.as_bytes(),
            bytes,
            format!("\r\n--{BOUNDARY}--\r\n").as_bytes(),
        ]
        .concat();
        let headers = format!(
            "{}content-type: multipart/form-data; boundary={BOUNDARY}\r\n",
            self.headers
        );
        let path = format!("/api/v1/knowledge-bases/{base}/documents");
        id(&self.call(&wire::request("POST", &path, &headers, &body))?)
    }

    /// Waits until a document is ready or has failed.
    pub fn until_read(&self, id: &str) -> Result<Read> {
        let started = Instant::now();
        let request = self.get(&format!("/api/v1/documents/{id}"));
        loop {
            let document = self.call(&request)?;
            let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
            if let state @ ("ready" | "failed") = text("state").as_str() {
                return Ok(Read {
                    state: state.to_owned(),
                    reason: text("reason"),
                    chunks: document["chunks"].as_u64().unwrap_or_default(),
                });
            }
            ensure!(
                started.elapsed().as_secs() < READ_SECONDS_MAX,
                "{document} is never read"
            );
            thread::sleep(POLL);
        }
    }

    /// Uploads documents and waits for all of them; how many chunks they have.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn fill(&self, base: &str, documents: &[String]) -> Result<u64> {
        let ids = documents
            .iter()
            .zip(1..)
            .map(|(text, n)| self.upload(base, &format!("document-{n}.txt"), text.as_bytes()));
        let ids: Vec<String> = ids.collect::<Result<_>>()?;
        let mut chunks = 0;
        for id in ids {
            let read = self.until_read(&id)?;
            ensure!(read.state == "ready", "{}", read.reason);
            chunks += read.chunks;
        }
        Ok(chunks)
    }

    /// A new conversation.
    fn session(&self) -> Result<String> {
        id(&self.call(&self.post("/api/v1/sessions", "*/*", &json!({})))?)
    }
}

/// Questions, a few in each conversation, over one connection.
pub struct Asker<'a> {
    user: &'a User,
    wire: Wire,
    session: String,
    asked: usize,
}

impl<'a> Asker<'a> {
    /// Begins.
    pub fn new(user: &'a User) -> Result<Self> {
        Ok(Self {
            user,
            wire: user.wire()?,
            session: user.session()?,
            asked: 0,
        })
    }

    /// Asks; milliseconds until the first byte of the answer, and until `piece` came.
    pub fn ask(&mut self, question: &str, piece: &[u8]) -> Result<(f64, f64)> {
        if self.asked == QUESTIONS_MAX {
            (self.session, self.asked) = (self.user.session()?, 0);
        }
        self.asked += 1;
        let path = format!("/api/v1/sessions/{}/messages", self.session);
        let request = self
            .user
            .post(&path, "text/event-stream", &json!({"content": question}));
        let sent = Instant::now();
        self.wire.send(&request)?;
        let heard = self.wire.stream(piece)?;
        let ms = |at: Instant| (at - sent).as_secs_f64() * 1_000.0;
        Ok((ms(heard.first), ms(heard.piece)))
    }
}

fn id(body: &Value) -> Result<String> {
    match body["id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => bail!("{body} has no id"),
    }
}
