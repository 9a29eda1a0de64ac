//! The document as others use it: a client generated in Python drives the API, and the types of the
//! page are those that openapi-typescript makes.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{golden::python_libraries, world::World};

const DOCUMENT: &str = "openapi/native.json";
/// What the generator is told besides.
const GENERATOR: &str = "openapi/python-client.yml";

/// Python with what the tests need, in a folder.
fn python(folder: &Path) -> Command {
    let libraries = python_libraries();
    let mut command = Command::new("python3");
    command
        .current_dir(folder)
        // the generator formats what it writes with ruff, which lies beside it
        .env("PATH", path_with(libraries.join("bin")))
        .env("PYTHONPATH", libraries)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // to the test's own server
        .env("NO_PROXY", "*");
    command
}

fn path_with(folder: PathBuf) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

/// What it prints, both ways, when it ends well.
fn printed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn generate(folder: &Path) -> String {
    let mut command = python(folder);
    command
        .args(["-m", "openapi_python_client", "generate"])
        .args(["--fail-on-warning", "--output-path", "generated"])
        .arg("--config")
        .arg(checkout(GENERATOR))
        .arg("--path")
        .arg(checkout(DOCUMENT));
    printed(command)
}

/// Reads documents as they come. How long the walk waits for one is its own affair.
async fn reads(world: &World) {
    loop {
        world.run_jobs().await;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

#[tokio::test]
async fn a_client_generated_in_python_walks_through_the_api() {
    let world = World::new().await;
    let token = world.partner("acme").await.token("ann");
    let folder = tempfile::tempdir().unwrap();
    let address = format!("{}/api/v1", world.base);
    // the server answers on this thread, so Python is waited for on another
    let walk = tokio::task::spawn_blocking(move || {
        assert_eq!(generate(folder.path()), "Generating generated");
        let mut command = python(&folder.path().join("generated"));
        let search = [folder.path().join("generated"), python_libraries()];
        command
            .env("PYTHONPATH", std::env::join_paths(search).unwrap())
            .arg(checkout("tests/it/contract.py"))
            .args([&address, &token])
            .arg(checkout("samples/电动车保修手册.pdf"));
        printed(command)
    });
    let said = tokio::select! {
        said = walk => said.unwrap(),
        () = reads(&world) => unreachable!("it reads until the walk ends"),
    };
    assert!(said.starts_with("walked "), "{said}");
}

#[test]
fn the_types_of_the_page_are_those_of_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("schema.d.ts");
    let mut command = Command::new("node");
    command
        .arg(checkout("h5/node_modules/openapi-typescript/bin/cli.js"))
        .arg(checkout(DOCUMENT))
        .arg("-o")
        .arg(&made);
    let said = printed(command);
    assert!(!said.to_lowercase().contains("warn"), "{said}");
    let made = fs::read_to_string(made).unwrap();
    let committed = fs::read_to_string(checkout("h5/src/api/schema.d.ts")).unwrap();
    let same = made == committed;
    assert!(
        same,
        "h5/src/api/schema.d.ts is not what the document says: `make bless` rewrites it"
    );
}
