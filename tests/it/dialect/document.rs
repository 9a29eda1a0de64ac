//! The documents kept by hand say what the routes are, and which fields they need.

use std::collections::BTreeSet;

use concierge::identity::{MembersMay, V1Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Said, bound, posts, said};
use crate::world::{Wish, World};

fn document(name: &str) -> Value {
    let path = format!("{}/openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Method, path and operation of each route in a document.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path.clone(), operation.clone()));
        }
    }
    found
}

/// Method and path of each route that is mounted and begins so, without the beginning.
fn mounted(world: &World, prefix: &str) -> BTreeSet<String> {
    let library = world.server.library().unwrap().into();
    let routes = world.server.dialect_routes(library).unwrap();
    let below = |path: &str| path.starts_with("/api/");
    routes
        .iter()
        .filter(|route| below(&route.path) == (prefix == "/api"))
        .filter(|route| concierge::compat::chatchat::serves(&route.path))
        .map(|route| format!("{} {}", route.method, &route.path[prefix.len()..]))
        .collect()
}

#[tokio::test]
async fn the_document_of_chatchat_lists_its_routes() {
    let world = World::new().await;
    let listed: BTreeSet<String> = operations(&document("chatchat"))
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    for prefix in ["", "/api"] {
        assert_eq!(mounted(&world, prefix), listed, "{prefix}");
    }
}

/// What an empty request is told to be missing, by its place.
fn missing(answer: &str) -> BTreeSet<String> {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let complaints = answer["detail"].as_array().cloned().unwrap_or_default();
    let missing = complaints
        .iter()
        .filter(|complaint| complaint["type"] == "value_error.missing");
    missing
        .map(|complaint| {
            let loc = complaint["loc"].as_array().unwrap().iter();
            let parts: Vec<&str> = loc.map(|part| part.as_str().unwrap()).collect();
            parts.join(".")
        })
        .collect()
}

/// What a document says an operation needs, by its place.
fn needed(operation: &Value) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["required"] == json!(true) {
            needed.insert(format!("query.{}", parameter["name"].as_str().unwrap()));
        }
    }
    let Some(content) = operation["requestBody"]["content"].as_object() else {
        return needed;
    };
    let schema = &content.values().next().unwrap()["schema"];
    if schema["type"] == "string" {
        needed.insert("body".into());
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        needed.insert(format!("body.{}", name.as_str().unwrap()));
    }
    needed
}

#[tokio::test]
async fn the_document_of_chatchat_names_the_fields_that_are_needed() {
    let world = bound("acme", Wish::default()).await;
    world.partner("acme").await;
    for (method, path, operation) in operations(&document("chatchat")) {
        let request = world.request(method.clone(), &path);
        let answer = said(request).await;
        assert_ne!(answer.status, 404, "{method} {path}");
        assert_eq!(
            missing(&answer.body),
            needed(&operation),
            "{method} {path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn the_document_of_datagpt_lists_its_routes_and_what_they_need() {
    let world = World::configured(vec![("datagpt.acme.api_secret", "s".into())]).await;
    world.partner("acme").await;
    let operations = operations(&document("datagpt"));
    let listed: BTreeSet<String> = operations
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let library = world.server.library().unwrap().into();
    let routes = world.server.dialect_routes(library).unwrap();
    let own = |path: &str| concierge::compat::datagpt::serves(path);
    let routes = routes.iter().filter(|route| own(&route.path));
    let mounted: BTreeSet<String> = routes
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(mounted, listed);
    for (method, path, operation) in operations.iter().filter(|(_, path, _)| path != "/") {
        let needed = needed(operation);
        let field = needed.first().unwrap().trim_start_matches("body.");
        // the one that names what is asked comes first, in one of two words
        let body = json!({"secret": "s", "space_name": "x"});
        let answer = said(world.request(method.clone(), path).json(&body)).await;
        let expected = format!(r#"{{"code":1,"msg":"'{field}'","error":"'{field}'"}}"#);
        assert_eq!(answer.body, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn the_document_of_chatchat_is_where_its_clients_look_for_it() {
    let world = World::new().await;
    let told = said(world.request(Method::GET, "/openapi.json")).await;
    assert_eq!(told.status, 200);
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(told, document("chatchat"));
    let page = said(world.request(Method::GET, "/docs/swagger-initializer.js")).await;
    for address in ["/api/v1/openapi.json", "/openapi.json"] {
        assert!(page.body.contains(&format!("\"{address}\"")), "{page:?}");
    }
    let off = World::configured(vec![("dialects.chatchat", "off".into())]).await;
    let gone = said(off.request(Method::GET, "/openapi.json")).await;
    assert_eq!(gone.status, 404);
}

/// A value for a field that has to be there.
fn sample(name: &str) -> Value {
    match name {
        "knowledge_base_name" => json!("b"),
        "session_id" => json!("0123456789abcdef0123456789abcdef"),
        "file_names" | "texts" => json!(["x"]),
        "search_engine_name" => json!("bing"),
        "messages" => json!([]),
        "param" => json!({}),
        "num" => json!(3),
        _ => json!("x"),
    }
}

/// Bodies of an operation that are fine, but for a NUL in one of their texts.
fn with_a_nul(operation: &Value) -> Vec<Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if schema["type"] == "string" {
        return vec![json!("a\0")];
    }
    let required = schema["required"].as_array().into_iter().flatten();
    let required = required.map(|name| name.as_str().unwrap());
    let fine: serde_json::Map<_, _> = required.map(|name| (name.into(), sample(name))).collect();
    let texts = schema["properties"].as_object().into_iter().flatten();
    let texts = texts.filter_map(|(name, kind)| {
        let kind = kind["type"].as_str().or(kind["type"][0].as_str());
        let text = match (kind?, name.as_str()) {
            ("string", _) => json!("a\0"),
            (_, "file_names" | "texts") => json!(["a\0"]),
            (_, "param") => json!({"a\0": "b\0"}),
            _ => return None,
        };
        let mut body = fine.clone();
        body.insert(name.clone(), text);
        Some(Value::Object(body))
    });
    texts.collect()
}

/// The database has no such character.
#[tokio::test]
async fn no_route_of_chatchat_stumbles_over_a_nul() {
    let world = World::new().await;
    let acme = world
        .partner_with("acme", V1Tokens::Header, MembersMay::Manage)
        .await;
    let base = json!({"knowledge_base_name": "b"});
    posts(&acme, "/knowledge_base/create_knowledge_base", &base).await;
    let whole =
        |answer: &Said| answer.status < 500 && !answer.body.contains("Something went wrong");
    let mut sent = 0;
    for (method, path, operation) in operations(&document("chatchat")) {
        let ask = |path: &str| acme.asks_as("u", method.clone(), path);
        for body in with_a_nul(&operation) {
            let answer = said(ask(&path).json(&body)).await;
            assert!(whole(&answer), "{path} {body}: {answer:?}");
            sent += 1;
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let path = format!("{path}?knowledge_base_name=b&file_name=x&num=3&{name}=a%00");
            let answer = said(ask(&path)).await;
            assert!(whole(&answer), "{path}: {answer:?}");
            sent += 1;
        }
    }
    assert!(sent > 60, "{sent}");
    let native = acme
        .person("u")
        .await
        .get("/api/v1/knowledge-bases?name=a%00")
        .await;
    assert_eq!(native["items"], json!([]));
}
