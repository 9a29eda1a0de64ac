//! Reading writes nothing and asks no model, and what is read has the shape that the document says.

use concierge::models::Script;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{
    document::{Operation, document, operations, schemas},
    filled::{Belongings, fingerprint, key, partner, settle, wait},
    shape::Shapes,
};
use crate::world::{Person, World, body, events};

/// Addresses beside the operations.
const PAGES: [&str; 8] = [
    "/",
    "/healthz",
    "/readyz",
    "/docs/",
    "/h5/",
    "/api/v1/openapi.json",
    "/openapi.json",
    "/nothing/here",
];

fn paths(operation: &Operation, of: &Belongings) -> Vec<String> {
    let ids: Vec<&str> = match operation.path.split('/').nth(1).unwrap() {
        "sessions" => vec![&of.session],
        // a question has no stream
        "messages" if operation.path.ends_with("/stream") => vec![&of.answer],
        "messages" => vec![&of.question, &of.answer],
        "knowledge-bases" => vec![&of.base],
        "documents" => vec![&of.document],
        "orders" => vec![&of.paid],
        "chunks" => vec![&of.chunk],
        _ => vec![""],
    };
    let asks = match operation.id() {
        "searchSessions" => "?q=warranty",
        _ => "",
    };
    ids.iter()
        .map(|id| {
            let path = operation.path_of(id).replace("{name}", "answer");
            format!("/api/v1{path}{asks}")
        })
        .collect()
}

fn gets() -> Vec<Operation> {
    let gets = operations()
        .into_iter()
        .filter(|operation| operation.method == Method::GET);
    let gets: Vec<Operation> = gets.collect();
    assert!(gets.len() >= 13, "only {} operations read", gets.len());
    gets
}

#[tokio::test]
async fn reading_writes_nothing_and_asks_no_model() {
    let (world, model) = World::scripted(Script::saying(
        "Eight years. [1]",
        4,
        std::time::Duration::ZERO,
    ))
    .await;
    let acme = partner(&world, "acme").await;
    let alice = acme.person("alice").await;
    let has = settle(&world, &alice).await;
    wait(&alice, &has.base).await;
    let program = Person {
        world: &world,
        bearer: key(&acme).await.expose().to_owned(),
    };
    let asked = model.requests().len();
    assert!(asked > 0);
    let before = fingerprint(&mut world.superuser().await).await;
    for operation in gets() {
        for path in paths(&operation, &has) {
            for reader in [&alice, &program] {
                let answer = reader.request(Method::GET, &path).send().await.unwrap();
                // to its end: a stream may write late
                answer.bytes().await.unwrap();
            }
        }
    }
    for page in PAGES {
        world
            .request(Method::GET, page)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
    }
    assert_eq!(fingerprint(&mut world.superuser().await).await, before);
    assert_eq!(model.requests().len(), asked, "a model was asked");
}

#[tokio::test]
async fn what_is_answered_has_the_shape_that_the_document_says() {
    let world = World::new().await;
    let acme = partner(&world, "acme").await;
    let alice = acme.manager("alice").await;
    let has = settle(&world, &alice).await;
    let document = document();
    let shapes = Shapes(schemas(&document));
    let mut looked_at = 0;
    for operation in gets() {
        let (_, content) = operation.success();
        for path in paths(&operation, &has) {
            let answer = alice.request(Method::GET, &path).send().await.unwrap();
            let media = answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned();
            let schema = content
                .get(&media)
                .unwrap_or_else(|| panic!("{path} answers {media}"));
            // no shape but its bytes
            if schema["format"] == "binary" {
                assert!(!answer.bytes().await.unwrap().is_empty(), "{path}");
                continue;
            }
            let text = answer.text().await.unwrap();
            let values = match media.as_str() {
                "text/event-stream" => events(&text).into_iter().map(|event| event.data).collect(),
                _ => vec![serde_json::from_str::<Value>(&text).unwrap()],
            };
            assert!(!values.is_empty(), "{path}");
            let schema = if schema["items"].is_object() {
                &schema["items"]
            } else {
                schema
            };
            let schema = shapes.resolve(find(&document, schema));
            for value in values {
                looked_at += 1;
                let misfits = shapes.misfits(schema, &value);
                assert!(misfits.is_empty(), "{path}: {misfits:?}\n{value}");
            }
        }
    }
    assert!(looked_at > 20, "only {looked_at} answers");
    let nothing = alice
        .request(Method::GET, "/api/v1/sessions/x")
        .send()
        .await
        .unwrap();
    let problem = body(nothing, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(shapes.misfits(&shapes.0["Problem"], &problem), [""; 0]);
}

/// The named schema in the document itself.
fn find<'d>(document: &'d Value, schema: &Value) -> &'d Value {
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    &schemas(document)[name]
}
