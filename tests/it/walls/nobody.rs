//! Whoever proves nothing gets nothing, whatever the operation.

use reqwest::{Method, StatusCode, header::HeaderMap};
use uuid::Uuid;

use super::document::operations;
use crate::world::World;

/// Operations that need no credential.
const OPEN: [&str; 0] = [];

fn bad_credentials() -> Vec<(&'static str, HeaderMap)> {
    let header = |name: &'static str, value: &str| {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    };
    let secret = "0".repeat(64);
    vec![
        ("nothing", HeaderMap::new()),
        ("no bearer", header("authorization", "Bearer ")),
        (
            "a bearer that is none",
            header("authorization", "Bearer nonsense"),
        ),
        (
            "a session that is none",
            header("authorization", &format!("Bearer cs_acme_{secret}")),
        ),
        (
            "a key that is none",
            header("authorization", &format!("Bearer ck_acme_{secret}")),
        ),
        (
            "another scheme",
            header("authorization", "Basic YWxpY2U6c2VjcmV0"),
        ),
        ("a token that is none", header("api-token", "bm90aGluZw==")),
        (
            "a session in the place of a token",
            header("api-token", &format!("cs_acme_{secret}")),
        ),
    ]
}

#[tokio::test]
async fn every_operation_refuses_nobody() {
    let world = World::new().await;
    world.partner("acme").await;
    let (operations, mut refused) = (operations(), 0);
    for operation in operations
        .iter()
        .filter(|operation| !OPEN.contains(&operation.id()))
    {
        let security = operation.says["security"].as_array().map_or(0, Vec::len);
        assert!(security > 0, "{} asks for no credential", operation.id());
        let path = format!("/api/v1{}", operation.path_of(&Uuid::nil().to_string()));
        for (what, headers) in bad_credentials() {
            let request = world
                .request(operation.method.clone(), &path)
                .headers(headers);
            let answer = request
                .header("x-request-id", "request-of-nobody")
                .send()
                .await
                .unwrap();
            let who = format!("{} by {what}", operation.id());
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{who}");
            assert_eq!(
                answer.headers()["content-type"],
                "application/problem+json",
                "{who}"
            );
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{who}");
            let problem: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(problem, refusal(), "{who}");
        }
        refused += 1;
    }
    assert_eq!(refused + OPEN.len(), operations.len());
}

/// One text, so that the reason does not show.
fn refusal() -> serde_json::Value {
    serde_json::json!({
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "unauthenticated",
        "detail": "Authentication is required: the credential is missing, malformed, expired or revoked.",
        "request_id": "request-of-nobody",
    })
}

/// What stands beside the operations is there for everybody, and that is all.
#[tokio::test]
async fn what_is_open_is_a_list() {
    let world = World::new().await;
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/healthz", StatusCode::OK),
        ("/readyz", StatusCode::OK),
        ("/docs/", StatusCode::OK),
        ("/api/v1/openapi.json", StatusCode::OK),
        ("/openapi.json", StatusCode::OK),
        ("/metrics", StatusCode::NOT_FOUND),
        ("/demo?code=x", StatusCode::NOT_FOUND),
        ("/api/v1/clients", StatusCode::NOT_FOUND),
        ("/api/v1/users", StatusCode::NOT_FOUND),
        ("/admin/v1", StatusCode::NOT_FOUND),
    ] {
        let answer = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
}
