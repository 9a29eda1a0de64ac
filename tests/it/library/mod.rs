//! What people do with their documents after they were taken in: versions, chunks, files, pages.

mod batch;
mod chunks;
mod custom;
mod embeddings;
mod pages;
mod questions;
mod rebuild;
mod replacement;
mod suggestions;
mod versions;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::{
    verbs::text,
    world::{Person, body},
};

/// A request with an `If-Match`.
async fn matching(
    ann: &Person<'_>,
    method: Method,
    path: &str,
    tag: Option<&str>,
    json: Value,
) -> Response {
    let mut request = ann.request(method, path).json(&json);
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    request.send().await.unwrap()
}

/// The only chunk of a document.
async fn only_chunk(ann: &Person<'_>, document: &str) -> Value {
    let page = ann
        .get(&format!("/api/v1/documents/{document}/chunks"))
        .await;
    let chunks = page["items"].as_array().unwrap();
    assert_eq!(chunks.len(), 1, "{page}");
    chunks[0].clone()
}

/// An upload of a file for what stands at a path.
async fn sends(ann: &Person<'_>, path: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Response {
    let part = reqwest::multipart::Part::bytes(bytes.into()).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = ann.request(Method::POST, path).multipart(form);
    request.send().await.unwrap()
}

/// A new version of a document, not read yet.
async fn revises(ann: &Person<'_>, document: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let path = format!("/api/v1/documents/{document}/versions");
    body(sends(ann, &path, "a.md", bytes).await, StatusCode::ACCEPTED).await
}

/// The versions of a document with their states, the newest first.
async fn states(ann: &Person<'_>, document: &str) -> Vec<(i64, String)> {
    let path = format!("/api/v1/documents/{document}/versions");
    let all = ann.get(&path).await;
    let state = |version: &Value| {
        let number = version["version"].as_i64().unwrap();
        (number, text(&version["state"]).to_owned())
    };
    all["items"].as_array().unwrap().iter().map(state).collect()
}

/// The texts of what is found.
async fn found(ann: &Person<'_>, base: &str, query: &str) -> Vec<String> {
    let passages = ann.finds(base, query).await;
    let mut texts: Vec<String> = passages
        .iter()
        .map(|passage| text(&passage["text"]).to_owned())
        .collect();
    texts.sort();
    texts
}
