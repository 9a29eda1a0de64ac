//! Snippets make tokens that count, and trying a client opens its page.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use concierge::admin::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Desk;
use crate::{
    golden,
    verbs::text,
    world::{World, body},
};

const LANGUAGES: [&str; 5] = ["typescript", "python", "java", "php", "curl"];

/// The file that makes tokens, as it is served.
async fn file(desk: &Desk<'_>, lang: &str, folder: &Path) -> std::path::PathBuf {
    let path = format!("/clients/acme/snippets?lang={lang}&address=http://127.0.0.1:8080");
    let snippets = desk.get(&path).await;
    let file = &snippets["files"][0];
    let path = folder.join(text(&file["name"]));
    std::fs::write(&path, text(&file["text"])).unwrap();
    path
}

#[tokio::test]
async fn snippets_name_the_client_and_hold_no_secret() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    for lang in LANGUAGES {
        let path = format!("/clients/acme/snippets?lang={lang}&address=http://127.0.0.1:8080");
        let files = desk.get(&path).await.to_string();
        assert!(
            files.contains("acme") && !files.contains("CLIENT_ID"),
            "{lang}"
        );
        assert!(
            files.contains("http://127.0.0.1:8080/h5/") && !files.contains("concierge.example"),
            "{lang}"
        );
        assert!(!files.contains(pem.lines().nth(1).unwrap()), "{lang}");
    }
    for wrong in ["address=javascript:alert(1)", "address=x"] {
        let request = desk.request(
            Method::GET,
            &format!("/clients/acme/snippets?lang=php&{wrong}"),
        );
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

/// Those whose languages are there wherever tests run; TypeScript is tried in `golden.rs`. Java and
/// openssl are tried where they are installed.
#[tokio::test]
async fn tokens_of_snippets_count() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    let key = world.folder().join("client_key.pem");
    std::fs::write(&key, pem).unwrap();
    for (lang, program) in [("python", "python3"), ("java", "java"), ("curl", "sh")] {
        let needs = if lang == "curl" { "openssl" } else { program };
        if lang != "python" && !is_there(needs) {
            continue;
        }
        let snippet = file(&desk, lang, world.folder()).await;
        let arguments = [
            snippet.to_str().unwrap(),
            "acme",
            key.to_str().unwrap(),
            "42",
            "张 三",
        ];
        let token = match lang {
            "python" => golden::python(&arguments),
            _ => golden::printed(Command::new(program).args(arguments)),
        };
        let request = world
            .request(Method::GET, "/api/v1/me")
            .header("Api-Token", token);
        let me = body(request.send().await.unwrap(), StatusCode::OK).await;
        assert_eq!(me["username"], "张 三", "{lang}");
    }
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg(if program == "openssl" {
        "version"
    } else {
        "-version"
    });
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_client_is_tried_as_a_test_user() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    desk.makes_client("acme").await;
    let tried = desk
        .post("/clients/acme/try", json!({"lang": "zh"}), StatusCode::OK)
        .await;
    let url = url::Url::parse(&format!("http://x{}", text(&tried["url"]))).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(
        (url.path(), &pairs[1]),
        ("/h5/", &("lang".into(), "zh".into()))
    );
    let request = world.request(Method::POST, "/api/v1/token-exchange");
    let request = request.header("Api-Token", &pairs[0].1);
    let session = body(request.send().await.unwrap(), StatusCode::OK).await;
    assert_eq!(session["user"]["username"], "console-try");
    let bar = json!({"username": "a|b"});
    desk.post("/clients/acme/try", bar, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    let off = json!({"enabled": false});
    desk.json(Method::PATCH, "/clients/acme", off, StatusCode::OK)
        .await;
    desk.post("/clients/acme/try", json!({}), StatusCode::CONFLICT)
        .await;
}
