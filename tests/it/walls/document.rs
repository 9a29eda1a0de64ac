//! The native document: whole, committed, and the same that is served.

use std::{collections::BTreeSet, fs, path::Path};

use concierge::server::native_document;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value};

use super::shape::Shapes;
use crate::world::{World, body};

/// How an operation can fail, whatever it is.
const FAILURES: [&str; 13] = [
    "401", "402", "403", "404", "409", "412", "413", "415", "422", "429", "500", "502", "503",
];
const JSON: &str = "application/json; charset=utf-8";
const EVENTS: &str = "text/event-stream";
const FILE: &str = "application/octet-stream";
const PNG: &str = "image/png";
const MARKDOWN: &str = "text/markdown; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const FORM: &str = "multipart/form-data";
const PROBLEM: &str = "application/problem+json";

/// An operation of the native document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path below `/api/v1`, with `{id}`.
    pub path: String,
    /// What the document says of it.
    pub says: Value,
}

/// The native document.
pub fn document() -> Value {
    serde_json::from_str(&native_document()).unwrap()
}

/// The schemas of a document.
pub fn schemas(document: &Value) -> &Map<String, Value> {
    document["components"]["schemas"].as_object().unwrap()
}

/// All operations.
pub fn operations() -> Vec<Operation> {
    let found = operations_of(&document());
    assert!(found.len() >= 26, "only {} operations", found.len());
    found
}

/// All operations of a document.
pub fn operations_of(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, says) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            found.push(Operation {
                method,
                path: path.clone(),
                says: says.clone(),
            });
        }
    }
    found
}

impl Operation {
    /// Its name.
    pub fn id(&self) -> &str {
        self.says["operationId"].as_str().unwrap_or_default()
    }

    /// Its path with this in the place of its id, and the first of whatever else is counted.
    pub fn path_of(&self, id: &str) -> String {
        let path = self.path.replace("{id}", id);
        path.replace("{version}", "1").replace("{page}", "1")
    }

    /// The schemas of what is sent, by media type.
    pub fn request(&self) -> Map<String, Value> {
        content(&self.says["requestBody"])
    }

    /// The status of success, and the schemas of what is answered then.
    pub fn success(&self) -> (StatusCode, Map<String, Value>) {
        let responses = self.says["responses"].as_object().unwrap();
        let mut successes = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        let (status, response) = successes.next().unwrap();
        assert!(successes.next().is_none(), "{}: two successes", self.id());
        (status.parse().unwrap(), content(response))
    }
}

fn content(of: &Value) -> Map<String, Value> {
    let content = of["content"].as_object().cloned().unwrap_or_default();
    content
        .into_iter()
        .map(|(media, content)| (media, content["schema"].clone()))
        .collect()
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn the_committed_document_is_the_one_of_this_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/native.json");
    let committed = fs::read_to_string(path).unwrap_or_default();
    let same = committed == format!("{}\n", native_document());
    assert!(
        same,
        "openapi/native.json is not what the source says: `make bless` rewrites it"
    );
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let world = World::new().await;
    let answer = world
        .request(Method::GET, "/api/v1/openapi.json")
        .send()
        .await
        .unwrap();
    assert_eq!(body(answer, StatusCode::OK).await, document());
}

#[test]
fn every_operation_has_a_name_a_summary_and_a_chapter() {
    let document = document();
    let described = |tag: &Value| is_said(&tag["description"]).then(|| tag["name"].clone());
    let tags: Vec<Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(described)
        .collect();
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    let mut names = BTreeSet::new();
    for operation in operations() {
        let (id, says) = (operation.id(), &operation.says);
        assert!(
            !id.is_empty() && id.chars().all(char::is_alphanumeric),
            "{operation:?}"
        );
        assert!(
            names.insert(id.to_owned()),
            "two operations are called {id}"
        );
        assert!(is_said(&says["summary"]), "{id} has no summary");
        let chapters = says["tags"].as_array().unwrap();
        assert!(
            chapters.len() == 1 && tags.contains(&chapters[0]),
            "{id}: {chapters:?}"
        );
        for scheme in says["security"].as_array().into_iter().flatten() {
            assert!(
                scheme
                    .as_object()
                    .unwrap()
                    .keys()
                    .all(|name| schemes.contains_key(name)),
                "{id}"
            );
        }
    }
}

#[test]
fn every_parameter_is_described() {
    for operation in operations() {
        let parameters = operation.says["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for parameter in &parameters {
            let (id, name) = (operation.id(), &parameter["name"]);
            assert!(
                is_said(&parameter["description"]),
                "{id}: {name} is not described"
            );
            let schema = &parameter["schema"];
            assert!(
                is_said(&schema["type"]) || is_said(&schema["$ref"]),
                "{id}: {name} has no type"
            );
        }
        let in_path = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .count();
        assert_eq!(
            in_path,
            operation.path.matches('{').count(),
            "{}",
            operation.id()
        );
    }
}

#[test]
fn every_answer_is_listed() {
    let problem = serde_json::json!({"$ref": "#/components/schemas/Problem"});
    for operation in operations() {
        let (id, responses) = (
            operation.id(),
            operation.says["responses"].as_object().unwrap(),
        );
        let (status, content) = operation.success();
        assert_eq!(
            responses.len(),
            FAILURES.len() + 1,
            "{id}: {:?}",
            responses.keys()
        );
        for (status, response) in responses {
            assert!(
                is_said(&response["description"]),
                "{id}: {status} is not described"
            );
        }
        for status in FAILURES {
            let content = self::content(&responses[status]);
            assert_eq!(content.get(PROBLEM), Some(&problem), "{id}: {status}");
            assert_eq!(content.len(), 1, "{id}: {status}");
        }
        assert!(
            is_said(&responses["429"]["headers"]["Retry-After"]["description"]),
            "{id}"
        );
        assert_eq!(content.is_empty(), status == StatusCode::NO_CONTENT, "{id}");
        for (media, schema) in content {
            let named = match media.as_str() {
                // a file for people
                MARKDOWN | HTML => continue,
                JSON => &schema["$ref"],
                EVENTS => &schema["items"]["$ref"],
                FILE | PNG => {
                    assert_eq!(schema["format"], "binary", "{id}: {media}");
                    continue;
                }
                _ => panic!("{id} answers {media}"),
            };
            assert!(is_said(named), "{id}: {media} has no name: {schema}");
        }
    }
}

#[test]
fn every_request_body_is_named_or_a_form() {
    let takes_a_body = |operation: &&Operation| !operation.request().is_empty();
    assert!(operations().iter().filter(takes_a_body).count() >= 7);
    for operation in operations() {
        let id = operation.id();
        for (media, schema) in operation.request() {
            match media.as_str() {
                JSON => assert!(is_said(&schema["$ref"]), "{id}: {schema}"),
                FORM => {
                    let parts = schema["properties"].as_object().unwrap();
                    assert!(
                        parts.values().all(|part| is_said(&part["description"])),
                        "{id}: {schema}"
                    );
                }
                _ => panic!("{id} takes {media}"),
            }
        }
    }
}

#[test]
fn every_schema_and_property_is_described() {
    let document = document();
    assert!(schemas(&document).len() > 30);
    for (name, schema) in schemas(&document) {
        assert!(is_said(&schema["description"]), "{name} is not described");
        for (property, says) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                is_said(&says["description"]),
                "{name}.{property} is not described"
            );
        }
        let has_some = |key: &str| schema[key].as_array().is_some_and(|list| !list.is_empty());
        let is_something = match schema["type"].as_str() {
            Some("object") => schema["properties"].is_object() || has_some("anyOf"),
            Some("string") => has_some("enum"),
            _ => false,
        };
        assert!(is_something, "{name}: {schema}");
    }
}

#[test]
fn every_body_has_an_example_that_fits() {
    let document = document();
    let shapes = Shapes(schemas(&document));
    let mut bodies = vec![serde_json::json!({"$ref": "#/components/schemas/Problem"})];
    for operation in operations() {
        bodies.extend(operation.request().remove(JSON));
        let (_, mut content) = operation.success();
        bodies.extend(content.remove(JSON));
        bodies.extend(content.remove(EVENTS).map(|events| events["items"].clone()));
    }
    for body in bodies {
        let schema = schemas(&document)
            .get(body["$ref"].as_str().unwrap().rsplit('/').next().unwrap())
            .unwrap();
        // an event is one of several
        let choices = schema["anyOf"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![body.clone()]);
        for choice in &choices {
            let name = choice["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
            let schema = schemas(&document).get(name).unwrap();
            assert!(schema["example"].is_object(), "{name} has no example");
            let misfits = shapes.misfits(schema, &schema["example"]);
            assert!(misfits.is_empty(), "the example of {name}: {misfits:?}");
        }
    }
}
