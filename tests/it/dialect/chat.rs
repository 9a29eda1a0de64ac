//! Questions through Chatchat's routes: what goes over the wire, and what the model is told.

use std::time::Duration;

use concierge::models::{Script, Scripted, Step};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{JSON, Said, bound, said, wire::Wire};
use crate::world::{Partner, Wish, World};

const SORRY: &str = "抱歉, 请换个问法，我可能没听清.";
const STREAM: &str = "text/event-stream; charset=utf-8";
const SPAN: &str = "<span style='color:red'>未找到相关文档,该回答为大模型自身能力解答！</span>";

fn saying(answer: &str) -> Script {
    Script::saying(answer, 2, Duration::ZERO)
}

async fn asked(acme: &Partner<'_>, path: &str, body: &Value) -> Said {
    said(acme.asks_as("u", Method::POST, path).json(body)).await
}

fn stream(body: &str) -> Said {
    Said {
        status: 200,
        kind: Some(STREAM.into()),
        body: body.into(),
    }
}

/// The id in an object of `/chat/chat`.
fn id_of(object: &str) -> String {
    let object: Value = serde_json::from_str(object).unwrap();
    let id = object["chat_history_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32, "{id}");
    assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    id
}

#[tokio::test]
async fn an_answer_comes_as_one_object_in_a_chunk() {
    let (world, _) = World::scripted(saying("你}{好\"\n吗")).await;
    let acme = world.partner("acme").await;
    let token = acme.token("u");
    for path in ["/chat/chat", "/api/chat/chat"] {
        let body = json!({"query": "hi", "stream": true, "unknown": 1});
        let mut wire = Wire::post(&world, path, &token, &body).await;
        assert_eq!(wire.head[0], "http/1.1 200 ok");
        assert_eq!(wire.header("content-type"), Some(STREAM));
        assert_eq!(wire.header("transfer-encoding"), Some("chunked"));
        assert_eq!(wire.header("content-encoding"), None);
        let chunks = wire.chunks().await;
        let id = id_of(&chunks[0]);
        let object = |text: &str| format!(r#"{{"text":"{text}","chat_history_id":"{id}"}}"#);
        assert_eq!(
            chunks,
            [
                object("你}"),
                object("{好"),
                object("\\\"\\n"),
                object("吗")
            ]
        );
    }
    let whole = json!({"query": "hi"});
    let mut wire = Wire::post(&world, "/chat/chat", &token, &whole).await;
    assert_eq!(wire.header("content-type"), Some(STREAM));
    let chunks = wire.chunks().await;
    let id = id_of(&chunks[0]);
    let object = format!(r#"{{"text":"你}}\u007b好\"\n吗","chat_history_id":"{id}"}}"#);
    assert_eq!(chunks, [object]);
}

#[tokio::test]
async fn the_head_comes_before_the_first_word() {
    let script = Script(vec![Step::Gate, Step::Say("done".into())]);
    let (world, model) = World::scripted(script).await;
    let acme = world.partner("acme").await;
    for streamed in [true, false] {
        let body = json!({"query": "hi", "stream": streamed});
        let mut wire = Wire::post(&world, "/chat/chat", &acme.token("u"), &body).await;
        assert_eq!(wire.header("content-type"), Some(STREAM));
        model.open_gate(1);
        assert_eq!(wire.chunks().await.len(), 1);
    }
}

#[tokio::test]
async fn a_hundred_streams_at_once_are_neither_split_nor_joined() {
    let text: String = "一二三}{四五六".repeat(8);
    let model = Scripted::new(
        "scripted",
        Script::saying(&text, 3, Duration::from_millis(2)),
    );
    let wish = Wish {
        set: vec![("chat.running_per_user", "200".into())],
        chat: Some(std::sync::Arc::new(model)),
        ..Wish::default()
    };
    let world = bound("acme", wish).await;
    world.partner("acme").await;
    let body = json!({"query": "hi", "stream": true});
    let one = async || {
        let mut wire = Wire::post(&world, "/chat/chat", "", &body).await;
        // a machine that is busy with other tests may keep the few connections of this world longer
        for _ in 0..200 {
            if !wire.head[0].contains(" 503 ") {
                break;
            }
            wire = Wire::post(&world, "/chat/chat", "", &body).await;
        }
        assert_eq!(wire.head[0], "http/1.1 200 ok");
        let mut whole = String::new();
        for chunk in wire.chunks().await {
            assert!(!chunk.contains("}{"), "{chunk}");
            let object: Value = serde_json::from_str(&chunk).expect("one object in a chunk");
            whole.push_str(object["text"].as_str().unwrap());
        }
        assert_eq!(whole, text);
    };
    join_all((0..100).map(|_| one())).await;
}

#[tokio::test]
async fn a_base_answers_with_its_sources() {
    let (world, _) = World::scripted(saying("两年 [1]")).await;
    let acme = world.partner("acme").await;
    let person = acme.person("u").await;
    person
        .knows("政策", &[("保修 1.md", "电池保修两年。")])
        .await;
    let body = |streamed| {
        json!({"query": "电池保修多久？", "stream": streamed, "knowledge_base_name": "政策",
            "top_k": 3, "score_threshold": 1})
    };
    let entry = r"出处 [1] [保修 1.md](http://chat.example/knowledge_base/download_doc?knowledge_base_name=%E6%94%BF%E7%AD%96&file_name=%E4%BF%9D%E4%BF%AE+1.md) \n\n电池保修两年。\n\n";
    let token = acme.token("u");
    let path = "/chat/knowledge_base_chat";
    let mut wire = Wire::post(&world, path, &token, &body(true)).await;
    let chunks = wire.chunks().await;
    let (last, pieces) = chunks.split_last().unwrap();
    assert_eq!(*last, format!(r#"{{"docs":["{entry}"]}}"#));
    let answer: String = pieces
        .iter()
        .map(|piece| {
            let piece: Value = serde_json::from_str(piece).unwrap();
            assert_eq!(piece.as_object().unwrap().len(), 1);
            piece["answer"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(answer, "两年 [1]");
    let mut wire = Wire::post(&world, path, &token, &body(false)).await;
    let whole = format!(r#"{{"answer":"两年 [1]","docs":["{entry}"]}}"#);
    assert_eq!(wire.chunks().await, [whole]);
    // another's base is not there, nor is one of no name
    for name in ["nothing", "", "../政策"] {
        let mut body = body(true);
        body["knowledge_base_name"] = name.into();
        let refused = asked(&acme, path, &body).await;
        let text = format!(r#"{{"code":404,"msg":"未找到知识库 {name}","data":null}}"#);
        assert_eq!(refused, Said::json(200, text));
    }
    let other = acme.asks_as("other", Method::POST, path).json(&body(true));
    assert!(said(other).await.body.contains("未找到知识库"));
}

#[tokio::test]
async fn links_name_the_address_that_people_use() {
    let model = Scripted::new("scripted", saying("ok"));
    let world = World::set(
        std::sync::Arc::new(model),
        &[("server.public_url", "https://chat.example/ask/")],
    )
    .await;
    let acme = world.partner("acme").await;
    acme.person("u")
        .await
        .knows("b", &[("a.md", "Word.")])
        .await;
    let body = json!({"query": "word", "knowledge_base_name": "b"});
    let answer = asked(&acme, "/chat/knowledge_base_chat", &body).await;
    let link = "(https://chat.example/ask/knowledge_base/download_doc?knowledge_base_name=b&file_name=a.md)";
    assert!(answer.body.contains(link), "{answer:?}");
}

#[tokio::test]
async fn nothing_found_is_said_in_red() {
    let (world, model) = World::scripted(saying("so")).await;
    let acme = world.partner("acme").await;
    let person = acme.person("u").await;
    let base = json!({"name": "b", "no_answer": "model"});
    person
        .post(
            "/api/v1/knowledge-bases",
            base,
            reqwest::StatusCode::CREATED,
        )
        .await;
    let body = json!({"query": "电池？", "knowledge_base_name": "b"});
    let answer = asked(&acme, "/chat/knowledge_base_chat", &body).await;
    assert_eq!(
        answer,
        stream(&format!(r#"{{"answer":"so","docs":["{SPAN}"]}}"#))
    );
    // the model was asked, without passages
    assert!(model.requests()[0].passages.is_empty());
}

#[tokio::test]
async fn search_engines_are_refused_until_there_is_one() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    for (engine, msg) in [
        ("duckduckgo", "未支持搜索引擎 duckduckgo"),
        (
            "bing",
            "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`",
        ),
    ] {
        let body = json!({"query": "hi", "search_engine_name": engine});
        let refused = asked(&acme, "/chat/search_engine_chat", &body).await;
        let text = format!(r#"{{"code":404,"msg":"{msg}","data":null}}"#);
        assert_eq!(refused, Said::json(200, text));
    }
}

#[tokio::test]
async fn an_agent_answers_by_the_plain_model() {
    let (world, _) = World::scripted(saying("abcd")).await;
    let acme = world.partner("acme").await;
    let mut body = json!({"query": "hi", "stream": true});
    let mut wire = Wire::post(&world, "/chat/agent_chat", &acme.token("u"), &body).await;
    assert_eq!(
        wire.chunks().await,
        [
            r#"{"answer":"ab"}"#,
            r#"{"answer":"cd"}"#,
            r#"{"final_answer":"abcd"}"#
        ]
    );
    body["stream"] = false.into();
    let whole = asked(&acme, "/chat/agent_chat", &body).await;
    assert_eq!(whole, stream(r#"{"answer":"abcd","final_answer":"abcd"}"#));
}

#[tokio::test]
async fn completions_and_fastchat_are_bare_text() {
    let (world, model) = World::scripted(saying("你好")).await;
    let acme = world.partner("acme").await;
    let body = json!({"query": "hi"});
    assert_eq!(
        asked(&acme, "/other/completion", &body).await,
        stream("你好")
    );
    let body = json!({"query": "hi", "echo": true, "stream": true});
    assert_eq!(
        asked(&acme, "/other/completion", &body).await,
        stream("hi你好")
    );
    let messages = json!([{"role": "user", "content": "first"},
        {"role": "assistant", "content": "second"}, {"content": "third"}]);
    let body = json!({"model": "zhipu-api", "messages": messages, "stream": true, "n": 1});
    assert_eq!(asked(&acme, "/chat/fastchat", &body).await, stream("你好"));
    let told = model.requests().pop().unwrap().messages;
    let texts: Vec<&str> = told[1..].iter().map(|m| m.content.as_str()).collect();
    assert_eq!(texts, ["first", "second", "third"]);
    // a vendor that fails leaves them empty
    model.push(Script(vec![Step::Fail]));
    assert_eq!(asked(&acme, "/chat/fastchat", &body).await, stream(""));
}

#[tokio::test]
async fn an_answer_that_breaks_off_says_sorry() {
    let (world, model) = World::scripted(saying("ok")).await;
    let acme = world.partner("acme").await;
    for streamed in [true, false] {
        model.push(Script(vec![Step::Fail]));
        let body = json!({"query": "hi", "stream": streamed});
        let answer = asked(&acme, "/chat/chat", &body).await;
        let id = id_of(&answer.body);
        let text = format!(r#"{{"text":"{SORRY}","chat_history_id":"{id}"}}"#);
        assert_eq!(answer, stream(&text));
    }
}

#[tokio::test]
async fn answers_outside_of_conversations_are_booked_and_kept_nowhere() {
    let (world, _) = World::scripted(saying("one two three")).await;
    let acme = world.partner("acme").await;
    let body = json!({"query": "hi"});
    for path in ["/chat/chat", "/chat/agent_chat", "/other/completion"] {
        asked(&acme, path, &body).await;
    }
    let booked = "select count(*) from usage where output_tokens > 0 and outcome = 'done'";
    assert_eq!(world.count(booked).await, 3);
    assert_eq!(world.count("select count(*) from message").await, 0);
    assert_eq!(world.count("select count(*) from chat_session").await, 0);
}

#[tokio::test]
async fn a_history_reaches_the_model_as_text_and_bounded() {
    let (world, model) = World::scripted(saying("ok")).await;
    let acme = world.partner("acme").await;
    let html = "<p>你好，<strong>世界</strong>。</p>\n<script>alert(1)</script>";
    let body = json!({"query": "and?", "history": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": html}]});
    asked(&acme, "/chat/chat", &body).await;
    let told = model.requests().pop().unwrap().messages;
    let texts: Vec<&str> = told[1..].iter().map(|m| m.content.as_str()).collect();
    assert_eq!(texts, ["hi", "你好，世界。", "and?"]);

    let long: Vec<Value> = (0..10_000)
        .map(|n| json!({"role": if n % 2 == 0 { "user" } else { "assistant" }, "content": n.to_string()}))
        .collect();
    let answer = asked(&acme, "/chat/chat", &json!({"query": "x", "history": long})).await;
    assert_eq!((answer.status, answer.kind.as_deref()), (200, Some(STREAM)));
    let told = model.requests().pop().unwrap().messages;
    assert!(told.len() <= 62, "{}", told.len());
    assert_eq!(told[told.len() - 2].content, "9999");
    let wrong: Vec<Value> = vec![json!({"role": "user"}); 10_000];
    let refused = asked(
        &acme,
        "/chat/chat",
        &json!({"query": "x", "history": wrong}),
    )
    .await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.len() < 20_000);
}

#[tokio::test]
async fn models_go_by_the_names_of_the_contract() {
    let (world, _) = World::scripted(saying("ok")).await;
    let acme = world.partner("acme").await;
    for name in [
        "zhipu-api",
        "openai-api",
        "xinghuo-api",
        "qianfan-api",
        "qwen-api",
        "extractive",
    ] {
        let body = json!({"query": "hi", "model_name": name, "max_tokens": 2_000_000});
        assert_eq!(asked(&acme, "/other/completion", &body).await, stream("ok"));
    }
    let body = json!({"query": "hi", "model_name": "chatglm3-6b"});
    let refused = asked(&acme, "/other/completion", &body).await;
    let text = r#"{"code":404,"msg":"未找到模型 chatglm3-6b","data":null}"#;
    assert_eq!(refused, Said::json(200, text));
}

#[tokio::test]
async fn wrong_fields_are_told_like_fastapi() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    for (body, complaint) in [
        (
            json!({}),
            r#"{"loc":["body","query"],"msg":"field required","type":"value_error.missing"}"#,
        ),
        (
            json!({"query": "x", "temperature": 1.5}),
            r#"{"loc":["body","temperature"],"msg":"ensure this value is less than or equal to 1","type":"value_error.number.not_le","ctx":{"limit_value":1}}"#,
        ),
        (
            json!({"query": "x", "session_id": "abc"}),
            r#"{"loc":["body","session_id"],"msg":"ensure this value has at least 32 characters","type":"value_error.any_str.min_length","ctx":{"limit_value":32}}"#,
        ),
        (
            json!({"query": "x", "session_id": "g".repeat(32)}),
            r#"{"loc":["body","session_id"],"msg":"string does not match regex \"^[0-9a-fA-F]{32}$\"","type":"value_error.str.regex","ctx":{"pattern":"^[0-9a-fA-F]{32}$"}}"#,
        ),
        (
            json!({"query": "x", "history": [{"role": "user"}]}),
            r#"{"loc":["body","history",0,"content"],"msg":"field required","type":"value_error.missing"}"#,
        ),
    ] {
        let refused = asked(&acme, "/chat/chat", &body).await;
        let text = format!(r#"{{"detail":[{complaint}]}}"#);
        assert_eq!(refused, Said::json(422, text), "{body}");
    }
    let broken = acme.asks_as("u", Method::POST, "/chat/chat");
    let broken = broken.header("content-type", JSON).body("{\"query\": x}");
    let text = r#"{"detail":[{"type":"json_invalid","loc":["body",10],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]}"#;
    assert_eq!(said(broken).await, Said::json(422, text));
    let empty = asked(&acme, "/chat/chat", &json!({"query": " "})).await;
    assert_eq!((empty.status, empty.kind.as_deref()), (200, Some(JSON)));
    assert!(empty.body.starts_with(r#"{"code":422,"#), "{empty:?}");
}

#[tokio::test]
async fn a_page_asks_by_its_cookie_and_no_other_page_does() {
    let (world, _) = World::scripted(saying("ok")).await;
    let acme = world.partner("acme").await;
    let info = acme.asks_as("u", Method::GET, "/user/info");
    let info = info.send().await.unwrap();
    let cookie = info.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let ask = |headers: &[(&'static str, &str)]| {
        let request = world.request(Method::POST, "/chat/chat");
        let request = request.header("cookie", &cookie).body(r#"{"query":"hi"}"#);
        headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
    };
    let json = ("content-type", JSON);
    let text = ("content-type", "text/plain");
    let host = world.base.clone();
    for (what, headers, let_in) in [
        ("the page", vec![json], true),
        (
            "the page, as browsers say it",
            vec![json, ("sec-fetch-site", "same-origin")],
            true,
        ),
        ("a form elsewhere", vec![text], false),
        ("a form that says nothing", vec![], false),
        (
            "a form on a sibling",
            vec![text, ("sec-fetch-site", "same-site")],
            false,
        ),
        (
            "a script on a sibling",
            vec![json, ("sec-fetch-site", "same-site")],
            false,
        ),
        (
            "a form of another origin",
            vec![text, ("origin", "https://evil.example")],
            false,
        ),
    ] {
        let answer = said(ask(&headers)).await;
        assert_eq!(answer.status == 200, let_in, "{what}: {answer:?}");
    }
    // the raw body of the page's own
    let raw = |headers: &[(&'static str, &str)]| {
        let request = world.request(Method::POST, "/session/delete");
        let request = request.header("cookie", &cookie).body("0".repeat(32));
        let form = ("content-type", "application/x-www-form-urlencoded");
        [&[form], headers]
            .concat()
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
    };
    let done = Said::json(200, r#"{"code":200,"msg":"success","data":true}"#);
    assert_eq!(said(raw(&[("sec-fetch-site", "same-origin")])).await, done);
    assert_eq!(said(raw(&[("origin", &host)])).await, done);
    assert_eq!(said(raw(&[])).await.status, 401);
    assert_eq!(
        said(raw(&[("sec-fetch-site", "cross-site")])).await.status,
        401
    );
}
