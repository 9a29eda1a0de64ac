//! The console's document: whole, committed, and the same that is served.

use std::{fs, path::Path};

use concierge::server::admin_document;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{
    walls::{
        document::{Operation, operations_of, schemas},
        shape::Shapes,
    },
    world::{World, body},
};

const JSON: &str = "application/json; charset=utf-8";

/// The console's document.
pub fn document() -> Value {
    serde_json::from_str(&admin_document()).unwrap()
}

/// All operations of the console.
pub fn operations() -> Vec<Operation> {
    let found = operations_of(&document());
    assert!(found.len() >= 24, "only {} operations", found.len());
    found
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn the_committed_document_is_the_one_of_this_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/admin.json");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == format!("{}\n", admin_document()),
        "openapi/admin.json is not what the source says: `make bless` rewrites it"
    );
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let world = World::new().await;
    let request = world.request(Method::GET, "/admin/v1/openapi.json");
    assert_eq!(
        body(request.send().await.unwrap(), StatusCode::OK).await,
        document()
    );
}

#[test]
fn everything_is_described_and_every_example_fits() {
    let document = document();
    let shapes = Shapes(schemas(&document));
    for operation in operations() {
        let id = operation.id();
        assert!(is_said(&operation.says["summary"]), "{id} has no summary");
        assert_eq!(
            operation.says["tags"].as_array().map(Vec::len),
            Some(1),
            "{id}"
        );
        for parameter in operation.says["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            assert!(is_said(&parameter["description"]), "{id}: {parameter}");
        }
        let (_, mut answered) = operation.success();
        let bodies = [operation.request().remove(JSON), answered.remove(JSON)];
        for body in bodies.into_iter().flatten() {
            let schema = shapes.resolve(find(&document, &body));
            assert!(schema["example"].is_object(), "{id}: {body} has no example");
            let misfits = shapes.misfits(schema, &schema["example"]);
            assert!(misfits.is_empty(), "{id}: {misfits:?}");
        }
    }
    for (name, schema) in schemas(&document) {
        assert!(is_said(&schema["description"]), "{name} is not described");
        for (property, says) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                is_said(&says["description"]),
                "{name}.{property} is not described"
            );
        }
    }
}

/// The named schema in the document itself.
pub fn find<'d>(document: &'d Value, schema: &Value) -> &'d Value {
    // of a list, that of its items
    let schema = if schema["type"] == "array" {
        &schema["items"]
    } else {
        schema
    };
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    &schemas(document)[name]
}
