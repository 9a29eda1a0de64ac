//! Every operation of the console answers 401, 403 or 404 to the wrong caller, and reading writes
//! nothing: cases out of the document.

use concierge::admin::Role;
use reqwest::{Method, RequestBuilder, StatusCode, multipart};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Desk,
    document::{document, find, operations},
};
use crate::{
    verbs::problem,
    walls::{
        document::Operation,
        filled::{fingerprint, key, partner, settle},
    },
    world::World,
};

/// Operations by which one comes in.
const OPEN: [&str; 3] = ["lookAtLink", "setUp", "signIn"];

/// Operations that more may do than those who may do everything; reading is for all.
const MAY: [(&str, &[Role]); 4] = [
    ("signOut", &ALL),
    ("changePassword", &ALL),
    // it changes nothing
    ("debugToken", &ALL),
    ("tryClient", &LIBRARIANS),
];

const ALL: [Role; 4] = [Role::Admin, Role::Finance, Role::Knowledge, Role::ReadOnly];
/// Parts of paths whose operations move money, or say what became of it.
const BOOKS: [&str; 10] = [
    "/billing",
    "/book-lines",
    "/chain-arrivals",
    "/grants",
    "/low-balance",
    "/orders",
    "/payment-exceptions",
    "/plans",
    "/prices",
    "/subscriptions",
];
const MONEY: [Role; 2] = [Role::Admin, Role::Finance];
const LIBRARIANS: [Role; 2] = [Role::Admin, Role::Knowledge];

fn may(operation: &Operation) -> Vec<Role> {
    let known = MAY.iter().find(|(id, _)| *id == operation.id());
    match known {
        Some((_, roles)) => roles.to_vec(),
        None if operation.method == Method::GET => ALL.to_vec(),
        None if operation.path.contains("/knowledge-bases") => LIBRARIANS.to_vec(),
        None if operation.path.contains("/documents") => LIBRARIANS.to_vec(),
        None if BOOKS.iter().any(|part| operation.path.contains(part)) => MONEY.to_vec(),
        None => vec![Role::Admin],
    }
}

/// The path with ids: the client's, and of things that are not there.
fn path(operation: &Operation, client: &str) -> String {
    let mut path = operation.path.replace("{client}", client);
    while let (Some(open), Some(close)) = (path.find('{'), path.find('}')) {
        path.replace_range(open..=close, &Uuid::new_v4().to_string());
    }
    if operation.id() == "getSnippets" {
        path.push_str("?lang=python");
    }
    path
}

/// With the body of the document's example.
fn with_body(request: RequestBuilder, operation: &Operation, document: &Value) -> RequestBuilder {
    // a must where money goes back
    let request = request.header("idempotency-key", "k");
    match operation.request().iter().next() {
        None => request,
        Some((media, schema)) if media.starts_with("application/json") => {
            request.json(&find(document, schema)["example"])
        }
        Some(_) => {
            let part = multipart::Part::bytes(b"A text.".to_vec()).file_name("text.md");
            request.multipart(multipart::Form::new().part("file", part))
        }
    }
}

#[tokio::test]
async fn nobody_gets_nothing() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let member = acme.person("alice").await.bearer;
    let document = document();
    let before = fingerprint(&mut world.superuser().await).await;
    for operation in operations() {
        let id = operation.id();
        let open = OPEN.contains(&id);
        assert_eq!(
            operation.says["security"].as_array().is_none(),
            open,
            "{id}"
        );
        if open {
            continue;
        }
        let secret = "0".repeat(64);
        for (name, value) in [
            ("x-nothing", ""),
            ("cookie", "concierge_operator="),
            ("cookie", &format!("concierge_operator={secret}")),
            ("authorization", &format!("Bearer {secret}")),
            ("authorization", &format!("Bearer {member}")),
        ] {
            let path = format!("/admin/v1{}", path(&operation, "acme"));
            let request = world.request(operation.method.clone(), &path);
            let request = request
                .header("x-concierge-console", "1")
                .header(name, value);
            let answer = with_body(request, &operation, &document).send().await;
            let said = problem(answer.unwrap(), StatusCode::UNAUTHORIZED).await;
            assert_eq!(said["code"], "unauthenticated", "{id} by {name} {value}");
        }
    }
    assert_eq!(fingerprint(&mut world.superuser().await).await, before);
}

#[tokio::test]
async fn a_role_that_may_not_is_told_so_and_what_is_not_there_is_not() {
    let world = World::new().await;
    world.partner("acme").await;
    let desks = [
        (Role::Admin, world.operator("ada", Role::Admin).await),
        (Role::Finance, world.operator("fay", Role::Finance).await),
        (
            Role::Knowledge,
            world.operator("kim", Role::Knowledge).await,
        ),
        (Role::ReadOnly, world.operator("rex", Role::ReadOnly).await),
    ];
    let (document, mut refused, mut missed) = (document(), 0, 0);
    for operation in operations() {
        let id = operation.id();
        if OPEN.contains(&id) || id == "signOut" {
            continue;
        }
        for (role, desk) in &desks {
            let request = |client: &str| {
                let request = desk.request(operation.method.clone(), &path(&operation, client));
                with_body(request, &operation, &document)
            };
            if !may(&operation).contains(role) {
                let said = request("acme").send().await.unwrap();
                assert_eq!(said.status(), StatusCode::FORBIDDEN, "{id} by {role:?}");
                let said = problem(said, StatusCode::FORBIDDEN).await;
                assert!(
                    said["detail"].as_str().unwrap().starts_with("Your role"),
                    "{id}"
                );
                refused += 1;
                continue;
            }
            if operation.path.contains("{client}") {
                let said = request("nobody").send().await.unwrap();
                assert_eq!(said.status(), StatusCode::NOT_FOUND, "{id} by {role:?}");
                missed += 1;
            }
            let ids = operation.path.replace("{client}", "");
            if ids.contains('{') {
                let said = request("acme").send().await.unwrap();
                assert_eq!(said.status(), StatusCode::NOT_FOUND, "{id} by {role:?}");
                missed += 1;
            }
        }
    }
    assert!(
        refused > 25 && missed > 25,
        "{refused} refused, {missed} missed"
    );
}

#[tokio::test]
async fn what_writes_needs_the_header_that_other_sites_cannot_send() {
    let world = World::new().await;
    world.partner("acme").await;
    let desk = world.operator("ada", Role::Admin).await;
    let document = document();
    let before = fingerprint(&mut world.superuser().await).await;
    for operation in operations() {
        if operation.method == Method::GET {
            continue;
        }
        let path = format!("/admin/v1{}", path(&operation, "acme"));
        let request = world.request(operation.method.clone(), &path);
        let request = request.header("cookie", &desk.cookie);
        let said = with_body(request, &operation, &document)
            .send()
            .await
            .unwrap();
        let said = problem(said, StatusCode::FORBIDDEN).await;
        let says = said["detail"].as_str().unwrap();
        assert!(
            says.contains("X-Concierge-Console"),
            "{}: {says}",
            operation.id()
        );
    }
    assert_eq!(fingerprint(&mut world.superuser().await).await, before);
}

#[tokio::test]
async fn reading_writes_nothing() {
    let world = World::new().await;
    let acme = partner(&world, "acme").await;
    settle(&world, &acme.person("alice").await).await;
    key(&acme).await;
    let desk = world.operator("ada", Role::Admin).await;
    let before = fingerprint(&mut world.superuser().await).await;
    let mut read = 0;
    for operation in operations() {
        let ids = operation.path.replace("{client}", "");
        if operation.method != Method::GET || ids.contains('{') {
            continue;
        }
        let request = desk.request(Method::GET, &path(&operation, "acme"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", operation.id());
        answer.bytes().await.unwrap();
        read += 1;
    }
    assert!(read >= 10, "{read} were read");
    debugs(&desk, &acme.token("alice")).await;
    assert_eq!(fingerprint(&mut world.superuser().await).await, before);
}

async fn debugs(desk: &Desk<'_>, token: &str) {
    let token = serde_json::json!({"token": token});
    desk.post("/token-debug", token, StatusCode::OK).await;
}
