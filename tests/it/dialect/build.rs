//! An existing page at the root: its files and its index, and never in the way of an API.

use std::path::Path;

use reqwest::{Method, Response, StatusCode};

use crate::{
    verbs::problem,
    world::{Wish, World},
};

const INDEX: &str = "<!doctype html><title>Chat</title><div id=app></div>";
const HASHED: &str = "/assets/index-4f3a2b1c.js";

fn built(folder: &Path) {
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::create_dir_all(folder.join("static")).unwrap();
    for (name, text) in [
        ("index.html", INDEX),
        (&HASHED[1..], "export {}"),
        ("static/logo.svg", "<svg/>"),
        ("favicon.ico", "x"),
        (".env", "SECRET=1"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

async fn world(folder: &Path) -> World {
    built(folder);
    World::with(Wish {
        set: vec![("dialects.h5_dir", folder.display().to_string())],
        ..Wish::default()
    })
    .await
}

/// What a browser gets that goes to an address.
async fn goes(world: &World, path: &str) -> Response {
    let request = world.request(Method::GET, path);
    let request = request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    request.send().await.unwrap()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn its_index_answers_for_the_addresses_that_only_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    for path in [
        "/",
        "/index.html",
        "/home",
        "/401?message=token%E6%97%A0%E6%95%88",
        "/sso?token=abc",
        "/chat/knowledge/4f3a",
        // where programs post to
        "/chat",
        "/chat/chat",
    ] {
        let answer = goes(&world, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&answer, "cache-control"), "no-cache", "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        let policy = header(&answer, "content-security-policy");
        for word in [
            "default-src 'none'",
            "script-src 'self';",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors *",
        ] {
            assert!(policy.contains(word), "{path}: {policy}");
        }
        assert_eq!(answer.text().await.unwrap(), INDEX, "{path}");
    }
}

#[tokio::test]
async fn its_files_have_their_types_and_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    for (path, kind, cache) in [
        (
            HASHED,
            "text/javascript",
            "public, max-age=31536000, immutable",
        ),
        ("/static/logo.svg", "image/svg+xml", "no-cache"),
        ("/favicon.ico", "image/x-icon", "no-cache"),
    ] {
        let answer = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let own = header(&answer, "content-type");
        assert!(own.starts_with(kind), "{path}: {own}");
        assert_eq!(header(&answer, "cache-control"), cache, "{path}");
        let tag = header(&answer, "etag");
        let again = world.request(Method::GET, path);
        let again = again.header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        let head = world.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{path}");
    }
    for path in [
        "/assets/none.js",
        "/.env",
        "/%2e%2e/Cargo.toml",
        "/..%2f..%2fetc/passwd",
        "/static/",
    ] {
        let answer = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_an_api_answers_the_page_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    for path in [
        "/user/info",
        "/api/user/info",
        "/api/none",
        "/api/chat/none",
    ] {
        let answer = goes(&world, path).await;
        assert_eq!(
            header(&answer, "content-type"),
            "application/json",
            "{path}"
        );
    }
    problem(goes(&world, "/api/v1/none").await, StatusCode::NOT_FOUND).await;
    problem(goes(&world, "/none.js").await, StatusCode::NOT_FOUND).await;
    // a script that calls an address that is none gets no page
    let script = world.request(Method::GET, "/home").header("accept", "*/*");
    problem(script.send().await.unwrap(), StatusCode::NOT_FOUND).await;
    for (path, status) in [
        ("/healthz", StatusCode::OK),
        ("/docs/", StatusCode::OK),
        ("/api/v1/openapi.json", StatusCode::OK),
    ] {
        let answer = goes(&world, path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_ne!(answer.text().await.unwrap(), INDEX, "{path}");
    }
    // what is no GET goes to the routes
    let posted = world
        .request(Method::POST, "/")
        .json(&serde_json::json!({}));
    let posted = posted.send().await.unwrap();
    assert_eq!(header(&posted, "content-type"), "application/json");
}

#[tokio::test]
async fn an_address_that_names_a_client_is_looked_up_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    built(folder.path());
    let world = World::configured(vec![
        ("dialects.h5_dir", folder.path().display().to_string()),
        ("limits.requests_per_second", "1".into()),
        ("limits.requests_burst", "5".into()),
    ])
    .await;
    for _ in 0..20 {
        assert_eq!(goes(&world, "/home?lang=zh").await.status(), StatusCode::OK);
    }
    let mut last = StatusCode::OK;
    for _ in 0..40 {
        last = goes(&world, "/home?client=acme").await.status();
        if last != StatusCode::OK {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_folder_without_a_page_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::configured(vec![(
        "dialects.h5_dir",
        folder.path().join("none").display().to_string(),
    )]);
    // the world serves on a task; ask the server itself
    let world = world.await;
    let error = world.server.routes().err().unwrap().to_string();
    assert!(error.contains("there is no index.html in it"), "{error}");
}
