//! Foreign contracts: golden exchanges, byte for byte, and what all routes of a dialect share.

mod bases;
mod build;
mod chat;
mod clients;
mod datagpt;
mod document;
mod door;
mod files;
mod models;
mod session;
mod sso;
mod web;
pub mod wire;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::world::{Partner, Wish, World};

/// An answer as clients see it.
#[derive(Debug, PartialEq)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The media type, if there is one.
    pub kind: Option<String>,
    /// The body.
    pub body: String,
}

/// What JSON answers say their bodies are.
pub const JSON: &str = "application/json";

impl Said {
    /// An answer with all of its body.
    pub async fn of(answer: Response) -> Self {
        let kind = answer.headers().get("content-type");
        Self {
            status: answer.status().as_u16(),
            kind: kind.map(|kind| kind.to_str().unwrap().to_owned()),
            body: answer.text().await.unwrap(),
        }
    }

    /// One with JSON.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            kind: Some(JSON.into()),
            body: body.into(),
        }
    }
}

/// A request, sent, and its answer.
pub async fn said(request: RequestBuilder) -> Said {
    Said::of(request.send().await.unwrap()).await
}

/// What an envelope with code 200 holds.
pub async fn data(request: RequestBuilder) -> Value {
    let said = said(request).await;
    assert_eq!(
        (said.status, said.kind.as_deref()),
        (200, Some(JSON)),
        "{said:?}"
    );
    let envelope: Value = serde_json::from_str(&said.body).unwrap();
    assert_eq!(envelope["code"], 200, "{envelope}");
    assert_eq!(envelope["msg"], "success");
    envelope["data"].clone()
}

/// A world with a client to which callers without a token are bound.
pub async fn bound(id: &str, mut wish: Wish) -> World {
    wish.set.push(("dialects.chatchat_client", id.to_owned()));
    World::with(wish).await
}

/// An envelope with this code, text and data.
pub fn envelope(code: u16, msg: &str, data: &str) -> Said {
    Said::json(
        200,
        format!(r#"{{"code":{code},"msg":"{msg}","data":{data}}}"#),
    )
}

/// What a user of a partner is answered who posts JSON.
pub async fn posts(partner: &Partner<'_>, path: &str, body: &Value) -> Said {
    said(partner.asks_as("u", Method::POST, path).json(body)).await
}

impl Partner<'_> {
    /// A request with a token of this user.
    pub fn asks_as(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.world.request(method, path);
        request.header("Api-Token", self.token(user))
    }
}
