//! Tokens made by other people's libraries, through the very snippets that README hands out.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::{Method, StatusCode};

use crate::world::{World, body};

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn printed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Where `make test` put Python's `cryptography` and the generator of clients.
pub fn python_libraries() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "`make test` hands it in")]
    let folder = std::env::var("CONCIERGE_PYTHON_DIR");
    folder
        .expect("CONCIERGE_PYTHON_DIR is not set: run `make test-rust`")
        .into()
}

/// What a program in Python prints.
pub fn python(arguments: &[&str]) -> String {
    let mut command = Command::new("python3");
    printed(
        command
            .env("PYTHONPATH", python_libraries())
            .args(arguments),
    )
}

pub fn by_python(key: &Path, client: &str, user: &str, name: &str) -> String {
    let snippet = checkout().join("examples/embed/api_token.py");
    let mut command = Command::new("python3");
    printed(
        command
            .env("PYTHONPATH", python_libraries())
            .arg(snippet)
            .arg(client)
            .arg(key)
            .args([user, name]),
    )
}

/// Node 20 cannot read types, so the compiler of the page takes them out first.
fn by_node(key: &Path, client: &str, user: &str, name: &str) -> String {
    let script = r#"
        const [compiler, snippet, client, key, user, name] = process.argv.slice(1);
        const fs = require("node:fs");
        const { transpileModule } = require(compiler);
        const source = fs.readFileSync(snippet, "utf8");
        const options = { compilerOptions: { module: "commonjs", target: "es2022" } };
        const module = { exports: {} };
        new Function("require", "exports", transpileModule(source, options).outputText)(require, module.exports);
        console.log(module.exports.apiToken(client, fs.readFileSync(key, "utf8"), user, name));
    "#;
    let compiler = checkout().join("h5/node_modules/typescript");
    let snippet = checkout().join("examples/embed/api_token.ts");
    printed(
        Command::new("node")
            .args(["-e", script])
            .arg(compiler)
            .arg(snippet)
            .arg(client)
            .arg(key)
            .args([user, name]),
    )
}

/// Key file, client, user and user name to a token.
type Maker = fn(&Path, &str, &str, &str) -> String;

#[tokio::test]
async fn tokens_of_python_and_node_open_the_door() {
    let world = World::new().await;
    let acme = world.partner("Acme-1_x").await;
    let key = world.folder().join("client_key.pem");
    std::fs::write(&key, &acme.pem).unwrap();
    let makers: [(&str, Maker); 2] = [("python", by_python), ("node", by_node)];
    for (who, make) in makers {
        for (user, name) in [("42", "Alice"), ("用户-7", "张 三 😀")] {
            let token = make(&key, &acme.id, user, name);
            let request = world
                .request(Method::GET, "/api/v1/me")
                .header("Api-Token", &token);
            let me = body(request.send().await.unwrap(), StatusCode::OK).await;
            assert_eq!(me["client_id"], "Acme-1_x", "{who}");
            if who == "python" {
                assert_eq!(me["username"], name, "the name of the first sight");
            }
            // sealed for this client only
            let stolen = token.replacen("QWNtZS0xX3h8", "b3RoZXJfX3h8", 1);
            assert_ne!(stolen, token);
            let request = world
                .request(Method::GET, "/api/v1/me")
                .header("Api-Token", stolen);
            assert_eq!(
                request.send().await.unwrap().status(),
                StatusCode::UNAUTHORIZED,
                "{who}"
            );
        }
    }
}
