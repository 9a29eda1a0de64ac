//! `/knowledge_base/…`: files, from the upload to the download, each answer byte for byte.

use reqwest::{Method, RequestBuilder, StatusCode, multipart};
use serde_json::{Value, json};

use super::{Said, envelope, posts, said};
use crate::{
    vendor::Vendor,
    world::{Partner, Wish, World},
};

const UPLOAD: &str = "/knowledge_base/upload_docs";
const UPDATE: &str = "/knowledge_base/update_docs";
const DELETE: &str = "/knowledge_base/delete_docs";
const SEARCH: &str = "/knowledge_base/search_docs";
const RECREATE: &str = "/knowledge_base/recreate_vector_store";
const DOWNLOAD: &str = "/knowledge_base/download_doc";

const UPLOADED: &str = "文件上传与向量化完成";
const UPDATED: &str = "更新文档完成";
const DELETED: &str = "文件删除完成";
const NONE: &str = r#"{"failed_files":{}}"#;

/// A world with workers.
async fn working() -> World {
    World::with(Wish {
        background: true,
        ..Wish::default()
    })
    .await
}

async fn base<'w>(world: &'w World, name: &str) -> Partner<'w> {
    let acme = world.partner("acme").await;
    let new = json!({"knowledge_base_name": name});
    posts(&acme, "/knowledge_base/create_knowledge_base", &new).await;
    acme
}

/// An upload as Python's clients send it.
async fn uploads(acme: &Partner<'_>, files: &[(&str, &str)], more: &[(&str, &str)]) -> Said {
    let mut form = multipart::Form::new();
    for (name, text) in files {
        let part = multipart::Part::text((*text).to_owned()).file_name((*name).to_owned());
        form = form.part("files", part);
    }
    form = form.text("knowledge_base_name", "b");
    for (name, value) in more {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    said(acme.asks_as("u", Method::POST, UPLOAD).multipart(form)).await
}

async fn files(acme: &Partner<'_>) -> Said {
    let path = "/knowledge_base/list_files?knowledge_base_name=b";
    said(acme.asks_as("u", Method::GET, path)).await
}

/// The texts that a question finds.
async fn found(acme: &Partner<'_>, query: &str) -> Vec<String> {
    let body = json!({"query": query, "knowledge_base_name": "b"});
    let found = posts(acme, SEARCH, &body).await;
    assert_eq!(found.status, 200, "{found:?}");
    let found: Vec<Value> = serde_json::from_str(&found.body).unwrap();
    found
        .iter()
        .map(|one| one["page_content"].as_str().unwrap().to_owned())
        .collect()
}

fn named(names: &[&str]) -> Value {
    json!({"knowledge_base_name": "b", "file_names": names})
}

#[tokio::test]
async fn files_are_taken_in_found_and_removed() {
    let world = working().await;
    let acme = base(&world, "b").await;
    let two = [
        ("电池.md", "电池保修期为24个月。"),
        ("screen.txt", "屏幕不保修。"),
    ];
    let more = [
        ("override", "False"),
        ("chunk_size", "250"),
        ("to_vector_store", "True"),
        ("docs", "{}"),
    ];
    assert_eq!(
        uploads(&acme, &two, &more).await,
        envelope(200, UPLOADED, NONE)
    );
    assert_eq!(
        files(&acme).await,
        envelope(200, "success", r#"["电池.md","screen.txt"]"#)
    );
    let query = json!({"query": "电池保修多久", "knowledge_base_name": "b", "top_k": 1});
    let one = posts(&acme, SEARCH, &query).await;
    assert_eq!(
        one,
        Said::json(
            200,
            r#"[{"page_content":"电池保修期为24个月。","metadata":{"source":"电池.md"},"score":0.0}]"#
        )
    );
    // one that is there, of the same size: it stays
    let same = uploads(&acme, &[("screen.txt", "屏幕要保修。")], &[]).await;
    let there = r#"{"failed_files":{"screen.txt":"文件 screen.txt 已存在。"}}"#;
    assert_eq!(same, envelope(200, UPLOADED, there));
    assert_eq!(found(&acme, "屏幕").await, ["屏幕不保修。"]);
    // it gives way when that is asked for, and to one of another size
    let over = uploads(
        &acme,
        &[("screen.txt", "屏幕要保修。")],
        &[("override", "true")],
    )
    .await;
    assert_eq!(over, envelope(200, UPLOADED, NONE));
    assert_eq!(found(&acme, "屏幕").await, ["屏幕要保修。"]);
    uploads(&acme, &[("screen.txt", "屏幕保修三年。")], &[]).await;
    assert_eq!(found(&acme, "屏幕").await, ["屏幕保修三年。"]);
    // taken out of the search; the file itself stays until it is to go
    let missing = r#"{"failed_files":{"x.txt":"未找到文件 x.txt"}}"#;
    let taken = posts(&acme, DELETE, &named(&["screen.txt", "x.txt"])).await;
    assert_eq!(taken, envelope(200, DELETED, missing));
    assert_eq!(
        files(&acme).await,
        envelope(200, "success", r#"["电池.md"]"#)
    );
    assert_eq!(found(&acme, "屏幕").await, [""; 0]);
    let path = format!("{DOWNLOAD}?knowledge_base_name=b&file_name=screen.txt");
    assert_eq!(
        said(acme.asks_as("u", Method::GET, &path)).await.body,
        "屏幕保修三年。"
    );
    let mut gone = named(&["screen.txt"]);
    gone["delete_content"] = json!(true);
    assert_eq!(
        posts(&acme, DELETE, &gone).await,
        envelope(200, DELETED, NONE)
    );
    let unread = said(acme.asks_as("u", Method::GET, &path)).await;
    assert_eq!(unread, envelope(500, "screen.txt 读取文件失败", "null"));
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_told_file_by_file() {
    let world = working().await;
    let acme = base(&world, "b").await;
    let refused = uploads(
        &acme,
        &[("a.exe", "MZ"), ("../../b.txt", "好的。"), ("c.txt", "")],
        &[],
    )
    .await;
    let refused: Value = serde_json::from_str(&refused.body).unwrap();
    let failed = refused["data"]["failed_files"].as_object().unwrap();
    assert_eq!(
        failed["a.exe"],
        "加载文档 a.exe 时出错：暂未支持的文件格式 .exe"
    );
    let empty = failed["c.txt"].as_str().unwrap();
    assert!(
        empty.starts_with("c.txt 文件上传失败，报错信息为: "),
        "{empty}"
    );
    assert_eq!(failed.len(), 2, "{failed:?}");
    // a name is never a path
    assert_eq!(files(&acme).await, envelope(200, "success", r#"["b.txt"]"#));
    let nothing = multipart::Form::new().text("knowledge_base_name", "b");
    let nothing = said(acme.asks_as("u", Method::POST, UPLOAD).multipart(nothing)).await;
    assert_eq!(
        nothing,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body","files"],"msg":"field required","type":"value_error.missing"}]}"#
        )
    );
    let docs = uploads(&acme, &[("d.txt", "x")], &[("docs", "{")]).await;
    assert_eq!(
        docs,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body","docs"],"msg":"Invalid JSON","type":"value_error.json"}]}"#
        )
    );
    let wrong = multipart::Form::new()
        .text("knowledge_base_name", "../b")
        .part("files", multipart::Part::text("x").file_name("x.txt"));
    let wrong = said(acme.asks_as("u", Method::POST, UPLOAD).multipart(wrong)).await;
    assert_eq!(wrong, envelope(403, "Don't attack me", "null"));
    for (name, code, msg) in [
        ("x", 404, "未找到知识库 x"),
        ("../x", 403, "Don't attack me"),
    ] {
        let path = format!("/knowledge_base/list_files?knowledge_base_name={name}");
        let listed = said(acme.asks_as("u", Method::GET, &path)).await;
        assert_eq!(listed, envelope(code, msg, "[]"));
        let query = json!({"query": "x", "knowledge_base_name": name});
        assert_eq!(posts(&acme, SEARCH, &query).await, Said::json(200, "[]"));
    }
}

#[tokio::test]
async fn chunks_of_the_senders_stay_until_they_are_overridden() {
    let world = working().await;
    let acme = base(&world, "b").await;
    let docs = json!({"a.txt": [{"page_content": "电池保修三年。", "metadata": {"page": 7}}]});
    let file = [("a.txt", "电池保修期为24个月。")];
    let docs = docs.to_string();
    uploads(&acme, &file, &[("docs", &docs)]).await;
    let query = json!({"query": "电池保修", "knowledge_base_name": "b"});
    let found_now = posts(&acme, SEARCH, &query).await;
    assert_eq!(
        found_now,
        Said::json(
            200,
            r#"[{"page_content":"电池保修三年。","metadata":{"page":7,"source":"a.txt"},"score":0.0}]"#
        )
    );
    let mut update = named(&["a.txt"]);
    update["docs"] = json!("{}");
    assert_eq!(
        posts(&acme, UPDATE, &update).await,
        envelope(200, UPDATED, NONE)
    );
    assert_eq!(found(&acme, "电池").await, ["电池保修三年。"]);
    update["override_custom_docs"] = json!(true);
    assert_eq!(
        posts(&acme, UPDATE, &update).await,
        envelope(200, UPDATED, NONE)
    );
    assert_eq!(found(&acme, "电池").await, ["电池保修期为24个月。"]);
    let again = json!({"knowledge_base_name": "b", "file_names": [], "docs": docs});
    assert_eq!(
        posts(&acme, UPDATE, &again).await,
        envelope(200, UPDATED, NONE)
    );
    assert_eq!(found(&acme, "电池").await, ["电池保修三年。"]);
    let missing = posts(&acme, UPDATE, &named(&["x.txt"])).await;
    let failed = r#"{"failed_files":{"x.txt":"加载文档 x.txt 时出错：未找到文件 x.txt"}}"#;
    assert_eq!(missing, envelope(200, UPDATED, failed));
}

/// The chunks of a body as they come over the wire.
async fn objects(request: RequestBuilder) -> Vec<Value> {
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let mut all = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        all.push(serde_json::from_slice(&chunk).unwrap());
    }
    all
}

#[tokio::test]
async fn a_base_is_read_anew_with_an_object_for_each_file() {
    let world = working().await;
    let acme = base(&world, "b").await;
    uploads(
        &acme,
        &[("a.txt", "电池保修期为24个月。"), ("b.txt", "屏幕不保修。")],
        &[],
    )
    .await;
    uploads(
        &acme,
        &[("c.txt", "轮胎保修一年。")],
        &[("to_vector_store", "false")],
    )
    .await;
    posts(&acme, DELETE, &named(&["b.txt"])).await;
    assert_eq!(files(&acme).await, envelope(200, "success", r#"["a.txt"]"#));
    let recreate = |body: Value| objects(acme.asks_as("u", Method::POST, RECREATE).json(&body));
    let read =
        recreate(json!({"knowledge_base_name": "b", "vs_type": "faiss", "chunk_size": 250})).await;
    let step = |i: usize, file: &str| json!({"code": 200, "msg": format!("({i} / 3): {file}"), "total": 3, "finished": i, "doc": file});
    assert_eq!(read, [step(1, "a.txt"), step(2, "b.txt"), step(3, "c.txt")]);
    assert_eq!(found(&acme, "屏幕").await, ["屏幕不保修。"]);
    assert_eq!(found(&acme, "轮胎").await, ["轮胎保修一年。"]);
    let unknown = recreate(json!({"knowledge_base_name": "x", "allow_empty_kb": false})).await;
    assert_eq!(unknown, [json!({"code": 404, "msg": "未找到知识库 ‘x’"})]);
    assert_eq!(
        recreate(json!({"knowledge_base_name": "x"})).await,
        [Value::Null; 0]
    );
    let list = said(acme.asks_as("u", Method::GET, "/knowledge_base/list_knowledge_bases")).await;
    assert_eq!(list, envelope(200, "success", r#"["b","x"]"#));
    let away = json!({"knowledge_base_name": "../x"});
    let away = posts(&acme, RECREATE, &away).await;
    assert_eq!(away, envelope(403, "Don't attack me", "null"));
}

#[tokio::test]
async fn a_file_is_given_back_as_it_was_sent_and_runs_nowhere() {
    let world = working().await;
    let acme = base(&world, "b").await;
    let page = "<html><body><p>保修 24 个月。</p><script>alert(1)</script></body></html>";
    uploads(&acme, &[("手册.html", page), ("a.txt", "好的。")], &[]).await;
    let get = |more: &str| {
        let path = format!("{DOWNLOAD}?knowledge_base_name=b&file_name={more}");
        acme.asks_as("u", Method::GET, &path)
    };
    let answer = get("%E6%89%8B%E5%86%8C.html").send().await.unwrap();
    let head = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(head("content-type"), "application/octet-stream");
    assert_eq!(
        head("content-disposition"),
        "attachment; filename*=utf-8''%E6%89%8B%E5%86%8C.html"
    );
    assert_eq!(head("x-content-type-options"), "nosniff");
    assert!(head("content-security-policy").starts_with("sandbox"));
    assert!(head("last-modified").ends_with(" GMT"));
    let etag = head("etag");
    assert_eq!(answer.text().await.unwrap(), page);
    let known = get("%E6%89%8B%E5%86%8C.html").header("if-none-match", &etag);
    let known = known.send().await.unwrap();
    assert_eq!(
        (known.status(), &known.headers()["etag"]),
        (StatusCode::NOT_MODIFIED, &etag.parse().unwrap())
    );
    for (name, preview, kind, how) in [
        (
            "a.txt",
            "false",
            "application/octet-stream",
            "attachment; filename=\"a.txt\"",
        ),
        (
            "a.txt",
            "true",
            "text/plain; charset=utf-8",
            "inline; filename=\"a.txt\"",
        ),
        (
            "%E6%89%8B%E5%86%8C.html",
            "True",
            "text/plain; charset=utf-8",
            "inline; filename*=utf-8''%E6%89%8B%E5%86%8C.html",
        ),
    ] {
        let answer = get(&format!("{name}&preview={preview}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], kind, "{name} {preview}");
        assert_eq!(
            answer.headers()["content-disposition"],
            how,
            "{name} {preview}"
        );
    }
    for away in ["..%2F..%2Fetc%2Fpasswd", "%252e%252e%252fa.txt", "b.txt"] {
        let answer = said(get(away)).await;
        assert!(
            answer.body.starts_with(r#"{"code":500,"msg":""#),
            "{answer:?}"
        );
        assert!(
            answer.body.ends_with(r#" 读取文件失败","data":null}"#),
            "{answer:?}"
        );
    }
    let path = format!("{DOWNLOAD}?knowledge_base_name=..%2Fb&file_name=a.txt");
    let away = said(acme.asks_as("u", Method::GET, &path)).await;
    assert_eq!(away, envelope(403, "Don't attack me", "null"));
    let rival = world.partner("rival").await;
    let path = format!("{DOWNLOAD}?knowledge_base_name=b&file_name=a.txt");
    let theirs = said(rival.asks_as("u", Method::GET, &path)).await;
    assert_eq!(theirs, envelope(404, "未找到知识库 b", "null"));
}

/// The score is a distance: one minus the cosine, the nearest first, and none is left out by default.
#[tokio::test]
async fn the_score_is_the_distance_of_the_vectors() {
    let vendor = Vendor::start().await;
    let set = [
        ("models.embedding", "mock".to_owned()),
        ("embedding.mock.kind", "openai".into()),
        ("embedding.mock.base_url", vendor.base_url()),
        ("embedding.mock.api_key", "key".into()),
        ("embedding.mock.model", "m".into()),
        ("embedding.mock.dimensions", "8".into()),
    ];
    let world = World::with(Wish {
        set: set.into(),
        background: true,
        ..Wish::default()
    })
    .await;
    let acme = base(&world, "b").await;
    let texts = [
        "电池保修期为24个月。",
        "屏幕的保修。",
        "轮胎保修一年，自购买之日起。",
    ];
    let named = [
        ("a.txt", texts[0]),
        ("b.txt", texts[1]),
        ("c.txt", texts[2]),
    ];
    uploads(&acme, &named, &[]).await;
    let query = "屏幕的保修。";
    let embed = json!({"texts": [query, texts[0], texts[1], texts[2]]});
    let embedded = posts(&acme, "/other/embed_texts", &embed).await;
    let embedded: Value = serde_json::from_str(&embedded.body).unwrap();
    let vectors: Vec<Vec<f64>> = serde_json::from_value(embedded["data"].clone()).unwrap();
    let cosine = |at: usize| -> f64 {
        let pairs = vectors[0].iter().zip(&vectors[at]);
        pairs.map(|(a, b)| a * b).sum()
    };
    let search = async |threshold: f64| {
        let body =
            json!({"query": query, "knowledge_base_name": "b", "score_threshold": threshold});
        let found = posts(&acme, SEARCH, &body).await;
        serde_json::from_str::<Vec<Value>>(&found.body).unwrap()
    };
    let found = search(1.0).await;
    assert_eq!(found.len(), 3, "{found:?}");
    let scores: Vec<f64> = found
        .iter()
        .map(|one| one["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted(), "{scores:?}");
    for one in &found {
        let at = texts
            .iter()
            .position(|text| one["page_content"] == *text)
            .unwrap();
        let distance = (1.0 - cosine(at + 1)).clamp(0.0, 1.0);
        let score = one["score"].as_f64().unwrap();
        assert!((score - distance).abs() < 0.01, "{score} {distance}");
    }
    assert_eq!(found[0]["page_content"], query);
    assert_eq!(search(0.01).await.len(), 1);
}

#[tokio::test]
async fn what_is_too_large_or_too_many_is_said_so() {
    let world = World::with(Wish {
        set: vec![("knowledge.upload_bytes_max", "1000".into())],
        background: true,
        ..Wish::default()
    })
    .await;
    let acme = base(&world, "b").await;
    let large = uploads(&acme, &[("a.txt", &"a ".repeat(600))], &[]).await;
    assert!(
        large.body.starts_with(r#"{"code":200,"msg":"文件上传与向量化完成","data":{"failed_files":{"a.txt":"a.txt 文件上传失败，报错信息为: "#),
        "{large:?}"
    );
    let larger = uploads(&acme, &[("a.txt", &"a ".repeat(600_000))], &[]).await;
    assert_eq!(larger.status, 413);
    assert!(larger.body.starts_with(r#"{"detail":""#), "{larger:?}");
    let names: Vec<String> = (0..1_001).map(|n| format!("{n}.txt")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many = posts(&acme, UPDATE, &named(&names)).await;
    let expected = envelope(413, "一次最多处理 1000 个文件。", NONE);
    assert_eq!(many, expected);
    assert_eq!(posts(&acme, DELETE, &named(&names)).await, expected);
}

/// A file that takes longer than the caller is to wait is read on.
#[tokio::test]
async fn an_upload_waits_no_longer_than_the_settings_say() {
    let world = World::configured(vec![("dialects.chatchat_upload_seconds", "0".into())]).await;
    let acme = base(&world, "b").await;
    let sent = uploads(&acme, &[("a.txt", "电池保修期为24个月。")], &[]).await;
    assert_eq!(sent, envelope(200, UPLOADED, NONE));
    assert_eq!(files(&acme).await, envelope(200, "success", "[]"));
    world.run_jobs().await;
    assert_eq!(files(&acme).await, envelope(200, "success", r#"["a.txt"]"#));
}

#[tokio::test]
async fn an_empty_field_of_a_form_is_left_out() {
    let world = working().await;
    let acme = base(&world, "b").await;
    let empty = ["override", "chunk_size", "to_vector_store", "docs"];
    let taken = uploads(&acme, &[("a.txt", "Word.")], &empty.map(|name| (name, ""))).await;
    assert_eq!(taken, envelope(200, UPLOADED, NONE));
    let form = multipart::Form::new().text("knowledge_base_name", "");
    let form = form.part("files", multipart::Part::text("x").file_name("x.txt"));
    let refused = said(acme.asks_as("u", Method::POST, UPLOAD).multipart(form)).await;
    let missing = r#"{"detail":[{"loc":["body","knowledge_base_name"],"msg":"field required","type":"value_error.missing"}]}"#;
    assert_eq!(refused, Said::json(422, missing));
}
