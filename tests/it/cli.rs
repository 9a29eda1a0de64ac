//! The commands as a user runs them: the real program with a configuration file and data of its own.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    cluster::runtime_dir,
    process::{CODE, Server, command, folder, run},
    world::body,
};

/// A folder with a `config.ini` and nothing else.
pub fn place(more: &str) -> tempfile::TempDir {
    let folder = folder();
    let text = format!(
        "[runtime]\ndir = {}\n[models]\nembedding = none\n[storage]\nreadonly_percent = 0\n{more}",
        runtime_dir().display()
    );
    fs::write(folder.path().join("config.ini"), text).unwrap();
    folder
}

/// Files of every kind that is read, one that is not, one that is hidden.
fn documents(folder: &Path) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let own = folder.join("papers");
    fs::create_dir(&own).unwrap();
    for name in ["电动车保修手册.pdf", "charging-guide.md", "faq.html"] {
        fs::copy(samples.join(name), own.join(name)).unwrap();
    }
    fs::write(own.join("notes.txt"), "保修期为八年。\n").unwrap();
    fs::write(own.join("run.exe"), b"MZ\x90\0").unwrap();
    fs::write(own.join(".hidden"), [0, 1, 2]).unwrap();
    fs::create_dir(own.join("inner")).unwrap();
    fs::write(own.join("inner/deep.txt"), "not taken").unwrap();
}

async fn me(server: &Server, token: &str) -> reqwest::Response {
    let request = server.request(Method::GET, "/api/v1/me");
    request.header("Api-Token", token).send().await.unwrap()
}

/// What a token is answered, once it is this; within the second that a change may take.
pub async fn becomes(server: &Server, token: &str, status: StatusCode) {
    let started = Instant::now();
    while me(server, token).await.status() != status {
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "not {status} within a second"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn clients_are_made_listed_rekeyed_and_disabled_beside_a_running_server() {
    let folder = place("");
    let (at, mut secrets) = (folder.path(), Vec::new());
    let server = Server::start(at, &[]);

    let made = &run(
        at,
        &[
            "client", "create", "--name", "Acme", "--id", "acme", "--json",
        ],
    )
    .json()[0];
    assert_eq!(made["client_id"], "acme");
    let key = made["client_key"].as_str().unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{key}");

    let text = run(
        at,
        &[
            "client",
            "create",
            "--name",
            "墨海",
            "--v1-tokens",
            "exchange-once",
        ],
    );
    let text = text.well();
    let id = text.lines().next().unwrap().strip_prefix("client_id: ");
    let generated = id.unwrap().to_owned();
    assert_eq!(generated.len(), 12);
    assert!(text.contains("-----BEGIN PUBLIC KEY-----"), "{text}");
    assert!(text.contains("treat it as a secret"), "{text}");

    let taken = run(at, &["client", "create", "--name", "x", "--id", "acme"]);
    assert!(taken.refused(1).contains("client id is already in use"));
    for (id, says) in [
        ("a b", "1 to 32 of the characters"),
        ("", "1 to 32 of the characters"),
    ] {
        let malformed = run(at, &["client", "create", "--name", "x", "--id", id]);
        assert!(malformed.refused(2).contains(says), "{malformed:?}");
    }
    let unnamed = run(at, &["client", "create", "--name", ""]);
    assert!(unnamed.refused(1).contains("1 to 200 characters"));

    let mut listed = run(at, &["client", "list", "--json"]).json();
    listed.sort_by_key(|client| client["client_id"] != "acme");
    assert_eq!(listed.len(), 3, "the demo's client is one too");
    let acme = json!({"client_id": "acme", "name": "Acme", "enabled": true});
    assert_eq!(listed[0], acme);

    let token = |client: &str| {
        let arguments = [
            "token",
            "--client",
            client,
            "--user",
            "42",
            "--username",
            "张三",
        ];
        run(at, &arguments).well().trim().to_owned()
    };
    let first = token("acme");
    let found = body(me(&server, &first).await, StatusCode::OK).await;
    assert_eq!(
        (&found["client_id"], &found["username"]),
        (&json!("acme"), &json!("张三"))
    );
    // as its client was made, such a token opens a session and nothing else
    let once = token(&generated);
    assert_eq!(me(&server, &once).await.status(), StatusCode::UNAUTHORIZED);
    let exchange = || {
        server
            .request(Method::POST, "/api/v1/token-exchange")
            .header("Api-Token", &once)
    };
    assert_eq!(exchange().send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(
        exchange().send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let nobody = run(
        at,
        &[
            "token",
            "--client",
            "nobody",
            "--user",
            "1",
            "--username",
            "x",
        ],
    );
    assert!(nobody.refused(1).contains("client nobody"), "{nobody:?}");
    let bar = run(
        at,
        &[
            "token",
            "--client",
            "acme",
            "--user",
            "a|b",
            "--username",
            "x",
        ],
    );
    assert!(bar.refused(1).contains('|'), "{bar:?}");

    let rotated = &run(at, &["client", "rotate", "--client", "acme", "--json"]).json()[0];
    assert_ne!(rotated["client_key"], made["client_key"]);
    let second = token("acme");
    becomes(&server, &second, StatusCode::OK).await;
    becomes(&server, &first, StatusCode::OK).await;
    let rotate = [
        "client",
        "rotate",
        "--client",
        "acme",
        "--overlap-hours",
        "0",
    ];
    assert!(run(at, &rotate).well().contains("BEGIN PUBLIC KEY"));
    becomes(&server, &second, StatusCode::UNAUTHORIZED).await;

    let third = token("acme");
    becomes(&server, &third, StatusCode::OK).await;
    let disable = run(at, &["client", "disable", "--client", "acme"]);
    assert_eq!(disable.well(), "acme is disabled.\n");
    becomes(&server, &third, StatusCode::UNAUTHORIZED).await;
    let listed = run(at, &["client", "list"]);
    assert!(listed.well().contains("Acme  (disabled)"), "{listed:?}");
    run(at, &["client", "enable", "--client", "acme"]).well();
    becomes(&server, &third, StatusCode::OK).await;
    let nobody = run(at, &["client", "disable", "--client", "nobody"]);
    assert!(nobody.refused(1).contains("client nobody"), "{nobody:?}");

    let made = &run(
        at,
        &[
            "api-key",
            "create",
            "--client",
            "acme",
            "--name",
            "ci",
            "--scope",
            "knowledge:read",
            "--json",
        ],
    )
    .json()[0];
    let api_key = made["api_key"].as_str().unwrap().to_owned();
    let bases = || {
        server
            .request(Method::GET, "/api/v1/knowledge-bases")
            .bearer_auth(&api_key)
    };
    assert_eq!(bases().send().await.unwrap().status(), StatusCode::OK);
    run(
        at,
        &[
            "api-key",
            "revoke",
            "--client",
            "acme",
            "--id",
            made["id"].as_str().unwrap(),
        ],
    )
    .well();
    let started = Instant::now();
    while bases().send().await.unwrap().status() != StatusCode::UNAUTHORIZED {
        assert!(started.elapsed() < Duration::from_secs(1));
    }

    server.visitor().await;
    secrets.extend([first, once, second, third, api_key, CODE.to_owned()]);
    secrets.push(fs::read_to_string(at.join("data/master.key")).unwrap());
    let log = server.log();
    assert!(log.contains("\"status\":200"), "requests are logged: {log}");
    for secret in secrets {
        assert!(!log.contains(secret.trim()), "{secret} is in the log");
    }
    assert!(!log.contains("BEGIN"), "no key is in the log");
}

#[tokio::test]
async fn a_folder_is_taken_in_beside_a_running_server_and_without_one() {
    let folder = place("");
    let at = folder.path();
    documents(at);
    // none runs: the embedded database is started for as long as needed
    run(at, &["client", "create", "--name", "Acme", "--id", "acme"]).well();
    let ingest = |base: &str, paths: &[&str]| {
        run(
            at,
            &[&["ingest", "--client", "acme", "--kb", base], paths].concat(),
        )
    };
    let lacking = ingest("papers", &["papers", "nowhere.md"]);
    assert!(
        lacking.refused(1).contains("read nowhere.md"),
        "{lacking:?}"
    );
    assert!(lacking.out.is_empty(), "nothing was taken: {lacking:?}");

    let all = ingest("papers", &["papers"]);
    let complaint = all.refused(1);
    assert!(
        complaint.contains("1 of 5 files could not be read"),
        "{all:?}"
    );
    for says in [
        "电动车保修手册.pdf: ",
        "charging-guide.md: ",
        "faq.html: ",
        "notes.txt: 1 chunks\n",
        "papers/run.exe: ",
        "What can be read: PDF (.pdf)",
    ] {
        assert!(all.out.contains(says), "{says}: {all:?}");
    }
    assert_eq!(
        all.out.lines().count(),
        6,
        "nothing hidden, nothing deeper: {all:?}"
    );
    let sum = "4 added, 0 replaced, 0 unchanged, 0 removed, 1 failed";
    assert_eq!(all.out.lines().last(), Some(sum));
    let left = fs::read_to_string(at.join("data/postgres/18/postmaster.pid"));
    assert!(left.is_err(), "the database ran on: {left:?}");

    let server = Server::start(at, &[]);
    let again = ingest("papers", &["papers/notes.txt"]);
    let sum = "0 added, 0 replaced, 1 unchanged, 0 removed, 0 failed";
    assert_eq!(
        again.well(),
        format!("papers/notes.txt: unchanged\n{sum}\n")
    );
    // what changed is read anew, and the rest is left
    fs::write(at.join("papers/notes.txt"), "Now it says something else.").unwrap();
    let changed = ingest("papers", &["papers/notes.txt", "papers/faq.html", "--json"]);
    let lines: Vec<Value> = changed
        .well()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let outcomes: Vec<&Value> = lines.iter().map(|line| &line["outcome"]).collect();
    assert_eq!(
        outcomes,
        [&json!("unchanged"), &json!("replaced"), &Value::Null]
    );
    assert_eq!(
        (
            &lines[1]["file"],
            &lines[1]["chunks"],
            &lines[2]["replaced"]
        ),
        (&json!("papers/notes.txt"), &json!(1), &json!(1))
    );
    let beside = ingest("more", &["papers/faq.html", "papers/notes.txt"]);
    assert_eq!(beside.well().matches(" chunks\n").count(), 2, "{beside:?}");
    // only when told to is anything removed
    let beside = ingest("more", &["papers/电动车保修手册.pdf"]);
    assert!(beside.well().contains(", 0 removed"), "{beside:?}");
    let all = ["papers/faq.html", "papers/电动车保修手册.pdf", "--delete"];
    let removed = ingest("more", &all);
    assert!(
        removed.well().contains("notes.txt: removed\n"),
        "{removed:?}"
    );

    let token = run(
        at,
        &[
            "token",
            "--client",
            "acme",
            "--user",
            "1",
            "--username",
            "u",
        ],
    );
    let token = token.well().trim();
    let bases = server
        .request(Method::GET, "/api/v1/knowledge-bases")
        .header("Api-Token", token);
    let bases = body(bases.send().await.unwrap(), StatusCode::OK).await;
    let mut counted: Vec<_> = bases["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|base| {
            (
                base["name"].as_str().unwrap(),
                base["documents"].as_u64().unwrap(),
            )
        })
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, [("more", 2), ("papers", 4)]);
}

#[test]
fn what_is_wrong_is_said_with_the_code_for_misuse() {
    let folder = folder();
    let at = folder.path();
    let config = |text: &str| fs::write(at.join("config.ini"), text).unwrap();
    for (text, says) in [
        (
            "[server]\nlisen = x\n",
            "unknown key `lisen` in [server], did you mean `listen`?",
        ),
        (
            "[servre]\nlisten = x\n",
            "unknown section [servre], did you mean `server`?",
        ),
        (
            "[telemetry]\nformat = xml\n",
            "[telemetry] format = xml: must be text or json",
        ),
        ("[telemetry]\nlog = =\n", "[telemetry] log = ="),
        (
            "[database]\nmigrate = yes\n",
            "[database] migrate = yes: must be on or off",
        ),
        (
            "[database]\nconnections_max = 1\n",
            "must be from 4 to 1000",
        ),
        (
            "[database]\nurl = postgres://u:hush@[x/\n",
            "[database] url: ",
        ),
        ("[runtime]\ndir =\n", "[runtime] dir is empty"),
    ] {
        config(text);
        let ran = run(at, &["client", "list"]);
        assert!(ran.refused(2).contains(says), "{text}: {ran:?}");
        assert!(ran.out.is_empty() && !ran.err.contains("hush"), "{ran:?}");
    }
    config("");
    for (arguments, says) in [
        (&["--config", "other.ini", "check"][..], "read other.ini"),
        (
            &["--set", "server.listn=x", "check"],
            "did you mean `listen`?",
        ),
        (&["--set", "nonsense", "check"], "SECTION.KEY=VALUE"),
        (&["setting", "server.nope"], "no setting server.nope"),
        (&["setting", "demo.code"], "no setting demo.code"),
        (&["setting", "database.url"], "no setting database.url"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&[], "Usage"),
        (&["client", "create"], "--name"),
        (&["openapi", "nope"], "native"),
        (&["token", "--client", "x"], "--user"),
    ] {
        let ran = run(at, arguments);
        assert!(ran.refused(2).contains(says), "{arguments:?}: {ran:?}");
    }
    assert!(!at.join("data").exists(), "nothing was started");

    // precedence, from the weakest: default, file, environment, command line
    let listen = || {
        run(at, &["setting", "server.listen"])
            .well()
            .trim()
            .to_owned()
    };
    assert_eq!(listen(), "127.0.0.1:8080");
    config("[server]\nlisten = 1.1.1.1:1\n");
    assert_eq!(listen(), "1.1.1.1:1");
    let output = command(at, &["setting", "server.listen"])
        .env("CONCIERGE__SERVER__LISTEN", "2.2.2.2:2")
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"2.2.2.2:2\n");
    let output = command(
        at,
        &[
            "setting",
            "server.listen",
            "--set",
            "server.listen=3.3.3.3:3",
        ],
    )
    .env("CONCIERGE__SERVER__LISTEN", "2.2.2.2:2")
    .output()
    .unwrap();
    assert_eq!(output.stdout, b"3.3.3.3:3\n");

    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/native.json");
    let printed = run(at, &["openapi", "native"]);
    assert_eq!(printed.well(), fs::read_to_string(document).unwrap());
    assert!(!at.join("data").exists(), "nothing was started");
}

#[test]
fn check_says_a_line_each_and_migrate_migrates() {
    let folder = place("[database]\nmigrate = off\n");
    let at = folder.path();
    // nothing brings the schema up to date but this
    let bare = run(at, &["client", "list"]);
    assert!(
        bare.refused(1)
            .contains("relation \"client\" does not exist")
            || bare.err.contains("pgvector"),
        "{bare:?}"
    );
    assert_eq!(
        run(at, &["migrate"]).well(),
        "The database is up to date.\n"
    );
    assert_eq!(run(at, &["client", "list"]).well(), "");

    let whole = run(at, &["check"]);
    let parts: Vec<&str> = whole
        .well()
        .lines()
        .map(|line| line.split_once(' ').unwrap().0)
        .collect();
    let expected = [
        "configuration",
        "database",
        "storage",
        "disk",
        "chains",
        "limits",
        "origins",
        "vault",
        "chat",
        "embedding",
    ];
    assert_eq!(parts, expected, "{whole:?}");
    assert!(
        whole.out.lines().all(|line| line[15..].starts_with("ok: ")),
        "{whole:?}"
    );
    for says in [
        "PostgreSQL 18",
        "pgvector 0.8",
        "schema up to date",
        "storage ",
        "address 50/s (200 at once), client 6000/min, user 600/min",
        "0 clients list 0",
    ] {
        assert!(whole.out.contains(says), "{says}: {whole:?}");
    }
    let key = fs::read_to_string(at.join("data/master.key")).unwrap();
    assert!(!format!("{whole:?}").contains(key.trim()));

    fs::write(at.join("address"), "postgres://u:hush@127.0.0.1:1/x\n").unwrap();
    let wrong = [
        ("models.chat=nope", "models"),
        ("storage.dir=config.ini", "storage"),
        ("identity.master_key_file=config.ini", "vault"),
        ("chat.passages=many", "configuration"),
        ("database.url_file=address", "database"),
    ];
    for (set, part) in wrong {
        let ran = run(at, &["check", "--json", "--set", set]);
        assert!(ran.refused(1).contains("1 of these"), "{set}: {ran:?}");
        let lines = ran
            .out
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let wrong: Vec<_> = lines.filter(|line| line["ok"] == false).collect();
        assert_eq!(wrong.len(), 1, "{ran:?}");
        assert_eq!(wrong[0]["what"], part, "{ran:?}");
        assert!(!format!("{ran:?}").contains("hush"), "{ran:?}");
    }
    assert!(
        !at.join("data/postgres/18/postmaster.pid").exists(),
        "the database ran on"
    );
}

/// A start that fails after it has started the database, and one that is broken off.
#[test]
fn no_database_is_left_running_by_a_command_that_fails() {
    let folder = place("");
    let at = folder.path();
    let pid = at.join("data/postgres/18/postmaster.pid");
    let failed = run(at, &["client", "list", "--set", "models.chat=nope"]);
    assert!(
        failed.refused(2).contains("no section [chat.nope]"),
        "{failed:?}"
    );
    assert!(at.join("data/postgres/18").exists() && !pid.exists());

    let mut slow = command(
        at,
        &[
            "client",
            "create",
            "--name",
            "x",
            "--set",
            "identity.key_bits=4096",
        ],
    );
    let mut slow = slow.stderr(std::process::Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !pid.exists() {
        assert!(started.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    let child = rustix::process::Pid::from_child(&slow);
    rustix::process::kill_process(child, rustix::process::Signal::INT).unwrap();
    assert!(!slow.wait().unwrap().success());
    assert!(!pid.exists(), "the database ran on");
}

#[tokio::test]
async fn operators_are_made_listed_disabled_and_reset() {
    let folder = place("");
    let at = folder.path();
    let _server = Server::start(at, &[]);
    let first = run(at, &["operator", "first-link"])
        .well()
        .trim()
        .to_owned();
    let again = run(at, &["operator", "first-link"])
        .well()
        .trim()
        .to_owned();
    assert!(first.starts_with("/admin/#code=") && again.starts_with("/admin/#code="));
    assert_ne!(first, again, "the one before opens nothing any more");
    let made = run(
        at,
        &[
            "operator",
            "create",
            "--name",
            "rex",
            "--role",
            "read_only",
            "--json",
        ],
    );
    let link = made.json()[0]["link"].as_str().unwrap().to_owned();
    assert!(
        link.starts_with("http://127.0.0.1:8080/admin/#code="),
        "{link}"
    );
    let taken = run(at, &["operator", "create", "--name", "rex"]);
    assert!(
        taken.refused(1).contains("name is already in use"),
        "{taken:?}"
    );
    let wrong = run(at, &["operator", "create", "--name", "R"]);
    assert!(wrong.refused(1).contains("a-z 0-9"), "{wrong:?}");
    assert!(
        run(at, &["operator", "reset", "--name", "rex"])
            .well()
            .contains("#code=")
    );
    run(at, &["operator", "disable", "--name", "rex"]).well();
    let last = run(at, &["operator", "disable", "--name", "admin"]);
    assert!(last.refused(1).contains("Nobody would be left"), "{last:?}");
    let listed = run(at, &["operator", "list"]);
    let lines: Vec<&str> = listed.well().lines().collect();
    assert!(
        lines[0].starts_with("admin ") && lines[0].ends_with("admin  (not set up)"),
        "{lines:?}"
    );
    assert!(
        lines[1].ends_with("read_only  (disabled)  (not set up)"),
        "{lines:?}"
    );
    // what seals the authenticators is rotated with the rest
    let rotated = run(at, &["vault", "rotate"]);
    assert!(
        rotated.well().contains("2 values are sealed"),
        "{rotated:?}"
    );
    assert!(run(at, &["check"]).well().contains("2 values, master key"));
}
