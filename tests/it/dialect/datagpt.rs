//! Custom Data GPT: both generations of clients and the route before them, byte for byte.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::Duration,
};

use concierge::{
    identity::{MembersMay, V1Tokens, api_key},
    models::{Script, Scripted, SharedChatModel},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Said, said};
use crate::{
    fetch::net::{Canary, Net, answer, path, site},
    verbs::text,
    world::{Wish, World},
};

pub const SECRET: &str = "sk-of-acme";

/// A world with workers, a site to fetch from and a secret for the client acme.
pub async fn trained(set: Vec<(&'static str, String)>) -> World {
    world(set, true).await
}

/// The same where nobody reads documents but the test.
async fn without_workers(set: Vec<(&'static str, String)>) -> World {
    world(set, false).await
}

async fn world(set: Vec<(&'static str, String)>, background: bool) -> World {
    with_model(set, background, None).await
}

async fn with_model(
    mut set: Vec<(&'static str, String)>,
    background: bool,
    chat: Option<Arc<Scripted>>,
) -> World {
    let chat = chat.map(|model| model as SharedChatModel);
    let site = site(|head, stream| {
        let (status, kind, body) = match path(head) {
            "/warranty.txt" => (
                "200 OK",
                "text/plain",
                "The battery has a warranty of 24 months.",
            ),
            "/b/warranty.txt" => (
                "200 OK",
                "text/plain",
                "The screen has a warranty of 6 months.",
            ),
            "/longer.txt" => (
                "200 OK",
                "text/plain",
                "The battery has a warranty of 36 months.",
            ),
            "/empty.txt" => ("200 OK", "text/plain", " \n "),
            "/master.txt" => (
                "200 OK",
                "text/plain",
                "Use {context}.\n{history}\n{question}",
            ),
            // until whoever asks has had enough
            "/slow.txt" => return stream.read(&mut [0]).map(drop),
            "/binary.txt" => ("200 OK", "image/gif", "GIF89a"),
            _ => ("404 Not Found", "text/plain", "no"),
        };
        let kind = format!("Content-Type: {kind}\r\n");
        stream.write_all(&answer(status, &kind, body.as_bytes()))
    });
    set.push(("datagpt.acme.api_secret", SECRET.into()));
    World::with(Wish {
        set,
        fetcher: Some(Net::new(site, &Canary::new()).fetcher()),
        background,
        chat,
    })
    .await
}

fn posts(world: &World, path: &str, body: &Value) -> RequestBuilder {
    world.request(Method::POST, path).json(body)
}

/// With the secret of acme.
fn ours(world: &World, path: &str, body: &Value) -> RequestBuilder {
    posts(world, path, body).bearer_auth(SECRET)
}

fn failed(status: u16, text: &str) -> Said {
    let text = serde_json::to_string(text).unwrap();
    Said::json(
        status,
        format!(r#"{{"code":1,"msg":{text},"error":{text}}}"#),
    )
}

fn urls(files: &[&str]) -> Value {
    let url = |file: &&str| format!("http://site.example/{file}");
    files.iter().map(url).collect()
}

fn first(files: &[&str], model: impl Into<Value>) -> Value {
    json!({"file_list": urls(files), "model_name": model.into(), "get_file_type": "url"})
}

#[tokio::test]
async fn training_answers_with_the_sizes_in_both_generations() {
    let world = trained(vec![]).await;
    world.partner("acme").await;
    let early = ours(&world, "/train", &first(&["warranty.txt"], 7));
    let sizes = r#"{"code":0,"msg":"success","data":{"model_name":7,"size_type":"kb","pkl_model_size":0.0391,"index_model_size":0.0}}"#;
    assert_eq!(said(early).await, Said::json(200, sizes));
    // two files of one name are two documents
    let files = urls(&["warranty.txt", "b/warranty.txt"]);
    let later = json!({"file_list": files, "space_name": "policy", "file_tag": "any"});
    let sizes = r#"{"code":0,"msg":"success","data":{"space_name":"policy","size_type":"kb","pkl_space_size":0.0762,"index_space_size":0.0}}"#;
    assert_eq!(
        said(ours(&world, "/train", &later)).await,
        Said::json(200, sizes)
    );
}

#[tokio::test]
async fn training_again_replaces_and_a_failure_replaces_nothing() {
    let world = trained(vec![]).await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let train = async |files: &[&str]| said(ours(&world, "/train", &first(files, "policy"))).await;
    let found = async || {
        let bases = ann.get("/api/v1/knowledge-bases").await;
        let bases = bases["items"].as_array().unwrap().clone();
        let Some(base) = bases.first() else {
            return Vec::new();
        };
        let passages = ann.finds(text(&base["id"]), "battery warranty").await;
        let texts = passages.iter().map(|one| text(&one["text"]).to_owned());
        texts.collect::<Vec<_>>()
    };
    let unread = train(&["warranty.txt", "empty.txt"]).await;
    assert_eq!(unread.status, 400, "{unread:?}");
    assert!(
        unread.body.starts_with(r#"{"code":1,"msg":"empty.txt: "#),
        "{unread:?}"
    );
    // nothing is left of a training that failed
    let bases = ann.get("/api/v1/knowledge-bases").await;
    assert_eq!(bases["items"], json!([]));
    assert_eq!(train(&["warranty.txt"]).await.status, 200);
    assert_eq!(found().await, ["The battery has a warranty of 24 months."]);
    assert_eq!(train(&["longer.txt", "empty.txt"]).await.status, 400);
    assert_eq!(found().await, ["The battery has a warranty of 24 months."]);
    assert_eq!(train(&["longer.txt"]).await.status, 200);
    assert_eq!(found().await, ["The battery has a warranty of 36 months."]);
}

#[tokio::test]
async fn what_is_wrong_is_said_under_the_older_status() {
    let world = trained(vec![]).await;
    world.partner("acme").await;
    let full = first(&["warranty.txt"], "policy");
    for (field, error) in [
        ("file_list", "'file_list'"),
        ("model_name", "'model_name'"),
        ("get_file_type", "'get_file_type'"),
    ] {
        let mut body = full.clone();
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(
            said(ours(&world, "/train", &body)).await,
            failed(500, error)
        );
    }
    let with = |field: &str, value: Value| {
        let mut body = full.clone();
        body[field] = value;
        body
    };
    for (body, status, says) in [
        (with("file_list", json!([])), 400, "No training data found"),
        (
            with("file_list", json!("x")),
            400,
            "file_list must be a list of strings.",
        ),
        (
            with("model_name", json!({})),
            400,
            "model_name must be a string or a number.",
        ),
        (
            with("model_name", json!("../x")),
            400,
            "The name of a knowledge base",
        ),
        (
            with("get_file_type", json!("disk")),
            400,
            "get_file_type must be url or path.",
        ),
        (
            with("file_list", urls(&["none.txt"])),
            400,
            "http://site.example/none.txt: There is no document",
        ),
        (
            with("file_list", json!(["http://127.0.0.1/x.txt"])),
            400,
            "http://127.0.0.1/x.txt: The server of this address",
        ),
        (
            with("file_list", json!(["file:///etc/passwd"])),
            400,
            "file:///etc/passwd: Only addresses that begin",
        ),
        (
            with("file_list", urls(&["binary.txt"])),
            400,
            "http://site.example/binary.txt: The address delivers image/gif",
        ),
        (
            with("get_file_type", json!("path")),
            400,
            "http://site.example/warranty.txt: Files are not read by their path here",
        ),
        (
            with("file_list", json!(vec!["x"; 101])),
            400,
            "file_list has at most 100 files.",
        ),
        (json!([]), 500, "'file_list'"),
    ] {
        let answer = said(ours(&world, "/train", &body)).await;
        let said: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, &said["code"]),
            (status, &json!(1)),
            "{answer:?}"
        );
        assert!(text(&said["msg"]).starts_with(says), "{says}: {answer:?}");
        assert_eq!(said["msg"], said["error"]);
    }
    let broken = world.request(Method::POST, "/train").bearer_auth(SECRET);
    let broken = broken.header("content-type", "application/json").body("{");
    assert_eq!(
        said(broken).await,
        failed(400, "The body is no JSON object.")
    );
    let long = ours(
        &world,
        "/train",
        &with("model_name", json!("x".repeat(2 << 20))),
    );
    let long = said(long).await;
    assert_eq!(
        (long.status, &long.body[..9]),
        (413, r#"{"code":1"#),
        "{long:?}"
    );
    let got = said(world.request(Method::GET, "/train")).await;
    assert_eq!(got.status, 405);
}

#[tokio::test]
async fn a_secret_counts_wherever_it_stands_and_only_for_its_client() {
    let world = trained(vec![]).await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let body = first(&["warranty.txt"], "policy");
    let mut inside = body.clone();
    inside["secret"] = json!(SECRET);
    let train = || posts(&world, "/train", &body);
    for request in [
        posts(&world, "/train", &inside),
        train().bearer_auth(SECRET),
        train().header("X-Api-Secret", SECRET),
    ] {
        assert_eq!(said(request).await.status, 200);
    }
    let nobody =
        "Authentication is required: the credential is missing, malformed, expired or revoked.";
    for request in [
        train(),
        train().bearer_auth(""),
        train().bearer_auth("sk-of-acmf"),
        train().header("X-Api-Secret", "sk-of-acme2"),
        train().bearer_auth(format!("ck_acme_{}", "0".repeat(64))),
        train().header("Api-Token", "nonsense"),
    ] {
        assert_eq!(said(request).await, failed(401, nobody));
    }
    let bases = async |who: &crate::world::Partner<'_>| {
        let bases = who.person("ann").await.get("/api/v1/knowledge-bases").await;
        bases["items"].as_array().unwrap().len()
    };
    assert_eq!((bases(&acme).await, bases(&rival).await), (1, 0));
    // a client that is out is out by its secret too
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    concierge::identity::client::set_enabled(&mut tx, false)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    crate::verbs::eventually("the client is out", async || {
        (said(train().bearer_auth(SECRET)).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn keys_and_tokens_of_a_client_count_too() {
    let world = trained(vec![]).await;
    let acme = world.partner("acme").await;
    let body = first(&["warranty.txt"], "policy");
    let key = async |scope| {
        let mut tx = world.app.db.client(acme.no).await.unwrap();
        let now = world.app.clock.now();
        let made = api_key::create(&mut tx, "acme", "k", &[scope], now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        made.1.expose().to_owned()
    };
    let writes = key(api_key::Scope::KnowledgeWrite).await;
    let reads = key(api_key::Scope::KnowledgeRead).await;
    let train = || posts(&world, "/train", &body);
    assert_eq!(said(train().bearer_auth(&writes)).await.status, 200);
    // before anything is fetched
    let absent = posts(&world, "/train", &first(&["none.txt"], "policy"));
    let denied = said(absent.header("X-Api-Secret", &reads)).await;
    assert_eq!(
        denied,
        failed(403, "You may not make a knowledge base here.")
    );
    // an answer costs money
    let question = asks("policy", "How long is the warranty of the battery?", &[]);
    let ask = || posts(&world, "/chat", &question);
    let denied = said(ask().bearer_auth(&reads)).await;
    let text = "This key may read, not ask: that needs `knowledge:write`.";
    assert_eq!(denied, failed(403, text));
    assert_eq!(world.count("select count(*) from usage").await, 0);
    assert_eq!(said(ask().bearer_auth(&writes)).await.status, 200);
    // an ordinary user trains a base of their own
    let own = train().header("Api-Token", acme.token("ann"));
    assert_eq!(said(own).await.status, 200);
    let bases = acme
        .person("ann")
        .await
        .get("/api/v1/knowledge-bases")
        .await;
    assert_eq!(bases["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn callers_without_a_secret_need_an_operator_who_binds_them() {
    let world = trained(vec![("dialects.datagpt_client", "open".into())]).await;
    let may = MembersMay::Read;
    world.partner_with("open", V1Tokens::Header, may).await;
    let body = first(&["warranty.txt"], "policy");
    let denied = said(posts(&world, "/train", &body)).await;
    assert_eq!(
        denied,
        failed(403, "You may not make a knowledge base here.")
    );
    // a wrong secret is not the same as none
    let wrong = said(posts(&world, "/train", &body).bearer_auth("x")).await;
    assert_eq!(wrong.status, 401);
}

#[tokio::test]
async fn files_by_path_lie_in_the_folder_of_their_client() {
    let folder = tempfile::tempdir().unwrap();
    let (acme, rival) = (folder.path().join("acme"), folder.path().join("rival"));
    std::fs::create_dir_all(acme.join("deep")).unwrap();
    std::fs::create_dir_all(&rival).unwrap();
    for file in [
        acme.join("a.txt"),
        acme.join("deep/b.txt"),
        rival.join("r.txt"),
    ] {
        std::fs::write(file, "The battery has a warranty of 24 months.").unwrap();
    }
    std::os::unix::fs::symlink(rival.join("r.txt"), acme.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(&rival, acme.join("linked")).unwrap();
    let set = vec![("dialects.datagpt_dir", folder.path().display().to_string())];
    let world = trained(set).await;
    world.partner("acme").await;
    let train = async |file: &str| {
        let body = json!({"file_list": [file], "model_name": "policy", "get_file_type": "path"});
        said(ours(&world, "/train", &body)).await
    };
    let absolute = acme.canonicalize().unwrap().join("a.txt");
    for file in ["a.txt", "deep/b.txt", absolute.to_str().unwrap()] {
        let trained = train(file).await;
        assert_eq!(trained.status, 200, "{file}: {trained:?}");
    }
    let outside = rival.canonicalize().unwrap().join("r.txt");
    for file in [
        "../rival/r.txt",
        "deep/../../rival/r.txt",
        outside.to_str().unwrap(),
        "/etc/hostname",
        "link.txt",
        "linked/r.txt",
        "none.txt",
        "deep",
        "",
    ] {
        let refused = train(file).await;
        let text = format!("{file}: There is no such file in the folder for training files.");
        assert_eq!(refused, failed(400, &text));
    }
}

#[tokio::test]
async fn training_that_takes_too_long_goes_on_by_itself() {
    let set = vec![("dialects.datagpt_train_seconds", "1".into())];
    let world = without_workers(set).await;
    let acme = world.partner("acme").await;
    let body = first(&["warranty.txt"], "policy");
    let text = "The training goes on: what was trained before answers until it is finished.";
    let unfinished = said(ours(&world, "/train", &body)).await;
    assert_eq!(unfinished, failed(503, text));
    world.run_jobs().await;
    let ann = acme.person("ann").await;
    let bases = ann.get("/api/v1/knowledge-bases").await;
    let found = ann
        .finds(crate::verbs::text(&bases["items"][0]["id"]), "battery")
        .await;
    assert_eq!(found.len(), 1, "{found:?}");
}

#[tokio::test]
async fn files_that_do_not_come_in_time_are_not_trained() {
    let set = vec![("dialects.datagpt_train_seconds", "1".into())];
    let world = without_workers(set).await;
    world.partner("acme").await;
    let body = first(&["warranty.txt", "slow.txt"], "policy");
    let text = "The files did not come in time, and nothing was trained: give fewer at once.";
    let late = said(ours(&world, "/train", &body)).await;
    assert_eq!(late, failed(503, text));
    assert_eq!(world.count("select count(*) from base").await, 0);
}

#[tokio::test]
async fn the_files_of_a_training_have_a_size_together() {
    let set = vec![("knowledge.upload_bytes_max", "60".into())];
    let world = without_workers(set).await;
    world.partner("acme").await;
    let body = first(&["warranty.txt", "longer.txt"], "policy");
    let large = said(ours(&world, "/train", &body)).await;
    let text = "http://site.example/longer.txt: The documents that one call fetches have at most 60 bytes together.";
    assert_eq!(large, failed(400, text));
}

#[tokio::test]
async fn prompts_are_text_files() {
    let world = trained(vec![]).await;
    let acme = world.partner("acme").await;
    let upload = |body: &Value| ours(&world, "/upload_prompt", body);
    let not_txt = said(upload(&json!({"file_list": ["http://site.example/a.md"]}))).await;
    assert_eq!(
        not_txt,
        Said::json(400, r#"{"code":1,"msg":"file is not txt"}"#)
    );
    let sizes = r#"{"code":0,"msg":"success","data":{"size_type":"kb","all_file_size":0.0342}}"#;
    let body = json!({"file_list": urls(&["master.txt"])});
    // the same file again is the next version
    for _ in 0..2 {
        assert_eq!(said(upload(&body)).await, Said::json(200, sizes));
    }
    let prompts = acme.person("ann").await.get("/api/v1/prompts").await;
    let mut prompts = prompts["items"].as_array().unwrap().iter();
    let master = prompts.find(|prompt| prompt["name"] == "master").unwrap();
    assert_eq!(master["version"], 2, "{master}");
    for (body, status, says) in [
        (json!({}), 500, "'file_list'"),
        (
            json!({"file_list": []}),
            400,
            "file_list has 1 to 20 files.",
        ),
        (
            json!({"file_list": urls(&["none.txt"])}),
            400,
            "There is no document at this address: it answers 404 Not Found.",
        ),
    ] {
        assert_eq!(said(upload(&body)).await, failed(status, says));
    }
    // before anything is fetched
    let absent = json!({"file_list": urls(&["none.txt"])});
    let member = posts(&world, "/upload_prompt", &absent).header("Api-Token", acme.token("u"));
    assert_eq!(said(member).await.status, 403);
}

fn asks(model: impl Into<Value>, question: &str, history: &[&str]) -> Value {
    json!({"model_name": model.into(), "question": question, "history": history})
}

#[tokio::test]
async fn an_answer_comes_with_the_history_made_longer() {
    let world = trained(vec![]).await;
    world.partner("acme").await;
    said(ours(&world, "/train", &first(&["warranty.txt"], 7))).await;
    let question = "How long is the warranty of the battery?";
    let answer = said(ours(&world, "/chat", &asks(7, question, &[]))).await;
    let text = r"The documents say:\n\nThe battery has a warranty of 24 months.";
    let expected = format!(
        r#"{{"code":0,"msg":"success","data":{{"answer":"{text}","history":["Human: {question}","Bot: {text}"]}}}}"#
    );
    assert_eq!(answer, Said::json(200, expected));
    // as later clients ask: what is trained is a space, and the model one of a vendor's
    let later = json!({
        "space_name": 7, "question": question, "history": ["Human: a", "Bot: b"],
        "model_name": "gpt-3.5-turbo",
    });
    let answer = said(ours(&world, "/chat", &later)).await;
    let expected = format!(
        r#"{{"code":0,"msg":"success","data":{{"answer":"{text}","history":["Human: a","Bot: b","Human: {question}","Bot: {text}"]}}}}"#
    );
    assert_eq!(answer, Said::json(200, expected));
    let long: Vec<&str> = ["Human: a", "Bot: b"].repeat(5_000);
    let long = said(ours(&world, "/chat", &asks(7, question, &long))).await;
    assert_eq!(long.status, 200);
}

#[tokio::test]
async fn the_model_is_told_what_the_original_told_it() {
    let script = Script::saying("It has [1].", 2, Duration::ZERO);
    let model = Arc::new(Scripted::new("scripted", script));
    let world = with_model(vec![], true, Some(model.clone())).await;
    world.partner("acme").await;
    said(ours(&world, "/train", &first(&["warranty.txt"], "policy"))).await;
    let history = ["Human: Hello?", "Bot: <p>Yes.</p>"];
    let body = asks("policy", "Which battery warranty?", &history);
    let answer = said(ours(&world, "/chat", &body)).await;
    assert!(answer.body.contains(r#""answer":"It has.""#), "{answer:?}");
    said(ours(
        &world,
        "/upload_prompt",
        &json!({"file_list": urls(&["master.txt"])}),
    ))
    .await;
    said(ours(&world, "/chat", &body)).await;
    let requests = model.requests();
    let told: Vec<&str> = requests[0]
        .messages
        .iter()
        .map(|one| one.content.as_str())
        .collect();
    assert_eq!(
        told[1..],
        ["Hello?", "<p>Yes.</p>", "Which battery warranty?"]
    );
    assert_eq!(requests[0].temperature, Some(0.25));
    let system = &requests[1].messages[0].content;
    assert!(system.starts_with("Use <passage n=\"1\""), "{system}");
    // by their names
    let mut named = json!({
        "space_name": "policy", "question": "Which battery warranty?", "history": [],
        "prompt_name": "none",
    });
    let lost = said(ours(&world, "/chat", &named)).await;
    assert_eq!(
        lost,
        failed(500, "There is no prompt named none: upload it first.")
    );
    named["prompt_name"] = json!("master");
    assert_eq!(said(ours(&world, "/chat", &named)).await.status, 200);
}

#[tokio::test]
async fn a_model_that_is_not_there_or_fails_is_an_error_of_the_older_kind() {
    let world = trained(vec![]).await;
    let rival = world.partner("rival").await;
    world.partner("acme").await;
    // of another client
    said(
        posts(&world, "/train", &first(&["warranty.txt"], "theirs"))
            .header("Api-Token", rival.token("u")),
    )
    .await;
    for name in ["none", "theirs", "../x", "a\0b"] {
        let lost = said(ours(&world, "/chat", &asks(name, "x", &[]))).await;
        let text = format!("There is no model or space named {name}: train it first.");
        assert_eq!(lost, failed(500, &text));
    }
    let missing = said(ours(&world, "/chat", &json!({"model_name": 7}))).await;
    assert_eq!(missing, failed(500, "'question'"));
    let none = said(ours(&world, "/chat", &json!({"question": "x"}))).await;
    assert_eq!(none, failed(500, "'model_name'"));
    let wrong = json!({"model_name": 7, "question": "x", "history": [{"role": "user"}]});
    let wrong = said(ours(&world, "/chat", &wrong)).await;
    assert_eq!(wrong, failed(400, "history must be a list of strings."));
    said(ours(&world, "/train", &first(&["warranty.txt"], 7))).await;
    let empty = said(ours(&world, "/chat", &asks(7, " ", &[]))).await;
    assert_eq!(empty.status, 400, "{empty:?}");
}

#[tokio::test]
async fn the_route_before_them_answers_as_it_did() {
    let world = trained(vec![]).await;
    world.partner("acme").await;
    said(ours(&world, "/train", &first(&["warranty.txt"], 7))).await;
    let body = |secret: &str| json!({"secret": secret, "question": "How long is the warranty of the battery?", "history": []});
    let answer = said(posts(&world, "/", &body(SECRET))).await;
    let expected = r#"{"answer":"The documents say:\n\nThe battery has a warranty of 24 months.","success":true}"#;
    assert_eq!(answer, Said::json(200, expected));
    let refused = r#"{"answer":null,"success":false,"message":"Unauthorised"}"#;
    for request in [
        posts(&world, "/", &body("wrong")),
        posts(&world, "/", &json!({"question": "x"})),
    ] {
        assert_eq!(said(request).await, Said::json(200, refused));
    }
    let broken = r#"{"answer":null,"success":false,"message":"Error"}"#;
    for body in [json!({"secret": SECRET}), json!([SECRET])] {
        let status = if body.is_array() {
            (200, refused)
        } else {
            (400, broken)
        };
        assert_eq!(
            said(posts(&world, "/", &body)).await,
            Said::json(status.0, status.1)
        );
    }
    let large = json!({"secret": SECRET, "question": "x".repeat(2 << 20)});
    let large = said(posts(&world, "/", &large)).await;
    assert_eq!(large, Said::json(413, broken));
    // the address is still that of the page
    let page = said(world.request(Method::GET, "/")).await;
    assert_eq!(
        (page.status, page.kind.as_deref()),
        (200, Some("text/html; charset=utf-8"))
    );
}

/// What docs/moving.md tells people to type, typed where there is a curl.
#[tokio::test]
async fn the_line_of_the_handbook_trains() {
    if std::process::Command::new("curl")
        .arg("-V")
        .output()
        .is_err()
    {
        return;
    }
    let world = trained(vec![]).await;
    let acme = world.partner("acme").await;
    let page = include_str!("../../../docs/moving.md");
    let (_, line) = page.split_once("curl -s ").unwrap();
    let (line, _) = line.split_once("\n```").unwrap();
    for part in ["http://127.0.0.1:8080", "https://www.example.com"] {
        assert!(line.contains(part), "{line}");
    }
    let line = line.replace("http://127.0.0.1:8080", &world.base);
    let line = line.replace("https://www.example.com", "http://site.example");
    let typed = tokio::task::spawn_blocking(move || {
        std::process::Command::new("sh")
            .args(["-c", &format!("curl -s --noproxy '*' {line}")])
            .env("API_SECRET", SECRET)
            .output()
            .unwrap()
    });
    let printed = typed.await.unwrap();
    assert!(printed.status.success(), "{printed:?}");
    let answer: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(
        (&answer["code"], &answer["data"]["space_name"]),
        (&json!(0), &json!("policy")),
        "{answer}"
    );
    let bases = acme
        .person("ann")
        .await
        .get("/api/v1/knowledge-bases")
        .await;
    assert_eq!(bases["items"][0]["name"], "policy");
}

#[tokio::test]
async fn a_dialect_that_is_off_is_not_there() {
    let world = trained(vec![("dialects.datagpt", "off".into())]).await;
    world.partner("acme").await;
    let gone = said(ours(&world, "/train", &first(&["warranty.txt"], 7))).await;
    assert_eq!(
        (gone.status, gone.kind.as_deref()),
        (404, Some("application/problem+json"))
    );
}
