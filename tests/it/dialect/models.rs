//! `/llm_model/…`, `/server/…`, `/other/embed_texts`, `/chat/feedback`, `/recommend/question`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Said, data, envelope, posts, said};
use crate::{
    chat::{model, saying},
    vendor::Vendor,
    verbs::text,
    world::World,
};

/// A world with the default model, one of a vendor's and one that says `second`.
async fn three() -> World {
    let set = [
        ("chat.second.kind", "scripted"),
        ("chat.second.script", "second"),
        ("chat.second.script_pause_ms", "0"),
        ("chat.vendor.kind", "openai"),
        ("chat.vendor.base_url", "http://127.0.0.1:1/v1"),
        ("chat.vendor.api_key", "very-secret"),
        ("chat.vendor.model", "m"),
    ];
    World::set(model(saying("first")), &set).await
}

#[tokio::test]
async fn models_are_a_map_without_secrets() {
    let world = three().await;
    let acme = world.partner("acme").await;
    let one = |online: bool, kind: &str| {
        format!(
            r#"{{"online_api":{online},"provider":"{kind}","context_tokens":8192,"max_tokens":1024}}"#
        )
    };
    let vendor = one(true, "openai");
    for body in [
        json!({}),
        json!({"controller_address": null, "placeholder": "x"}),
    ] {
        let running = posts(&acme, "/llm_model/list_running_models", &body).await;
        let map: Value = serde_json::from_str(&running.body).unwrap();
        let names: Vec<&String> = map["data"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["extractive", "second", "vendor"]);
        assert!(!running.body.contains("secret") && !running.body.contains("127.0.0.1"));
    }
    let config = said(acme.asks_as("u", Method::POST, "/llm_model/list_config_models")).await;
    assert_eq!(
        config,
        envelope(200, "success", &format!(r#"{{"vendor":{vendor}}}"#))
    );
    let path = "/llm_model/get_model_config";
    let named = posts(&acme, path, &json!({"model_name": "vendor"})).await;
    assert_eq!(named, envelope(200, "success", &vendor));
    let none = posts(&acme, path, &json!({"model_name": "x", "placeholder": "y"})).await;
    assert_eq!(none, envelope(200, "success", "{}"));
    let alias = posts(&acme, path, &json!({"model_name": "zhipu-api"})).await;
    assert!(
        alias.body.contains(r#""provider":"extractive""#),
        "{alias:?}"
    );
}

#[tokio::test]
async fn managers_switch_the_model_that_answers() {
    let world = three().await;
    let acme = world.partner("acme").await;
    let boss = acme.manager("boss").await;
    let ask = async || {
        let answer = boss.asks(&boss.session().await, "a?").await;
        text(&answer["content"]).to_owned()
    };
    let change = json!({"model_name": "zhipu-api", "new_model_name": "second", "controller_address": "http://x"});
    let path = "/llm_model/change";
    let refused = posts(&acme, path, &change).await;
    assert_eq!(refused, envelope(403, "无权操作!", "null"));
    let changed = said(acme.asks_as("boss", Method::POST, path).json(&change)).await;
    let told = |msg: &str| Said::json(200, format!(r#"{{"code":200,"msg":"{msg}"}}"#));
    assert_eq!(
        changed,
        told("sucess change model from zhipu-api to second")
    );
    assert_eq!(ask().await, "second");
    let stop = json!({"model_name": "second"});
    let refused = posts(&acme, "/llm_model/stop", &stop).await;
    assert_eq!(refused, envelope(403, "无权操作!", "null"));
    let stopped = said(
        acme.asks_as("boss", Method::POST, "/llm_model/stop")
            .json(&stop),
    )
    .await;
    assert_eq!(stopped, told("sucess to release model: second"));
    assert_eq!(ask().await, "first");
    let nothing = json!({"model_name": "second", "new_model_name": "x"});
    let nothing = said(acme.asks_as("boss", Method::POST, path).json(&nothing)).await;
    assert_eq!(
        nothing,
        envelope(500, "the model x is not available", "null")
    );
}

#[tokio::test]
async fn a_page_is_told_how_the_server_is_set_up() {
    let world = three().await;
    let acme = world.partner("acme").await;
    let configs = said(acme.asks_as("u", Method::POST, "/server/configs")).await;
    assert_eq!(
        (configs.status, configs.kind.as_deref()),
        (200, Some("application/json"))
    );
    let configs: Value = serde_json::from_str(&configs.body).unwrap();
    assert_eq!(configs["api_address"], world.base);
    assert_eq!(configs["LLM_MODELS"][0], "extractive");
    let prompt = configs["PROMPT_TEMPLATES"]["knowledge_base_chat"]["default"]
        .as_str()
        .unwrap();
    assert!(
        prompt.contains("{{ context }}") && prompt.ends_with("{{ question }}"),
        "{prompt}"
    );
    for name in ["controller_address", "openai_api_address"] {
        assert_eq!(configs[name], "");
    }
    let engines = said(acme.asks_as("u", Method::POST, "/server/list_search_engines")).await;
    assert_eq!(
        engines,
        envelope(200, "success", r#"["bing","duckduckgo","metaphor"]"#)
    );
    let path = "/server/get_prompt_template";
    let bare = said(acme.asks_as("u", Method::POST, path)).await;
    assert_eq!(bare, Said::json(200, r#""{{ input }}""#));
    let of_kb = posts(&acme, path, &json!({"type": "knowledge_base_chat"})).await;
    assert_eq!(serde_json::from_str::<String>(&of_kb.body).unwrap(), prompt);
    let none = posts(&acme, path, &json!({"type": "llm_chat", "name": "x"})).await;
    assert_eq!(none, Said::json(200, "null"));
    let wrong = posts(&acme, path, &json!({"type": "x"})).await;
    assert_eq!(
        wrong,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body","type"],"msg":"unexpected value; permitted: 'llm_chat', 'knowledge_base_chat', 'search_engine_chat', 'agent_chat'","type":"value_error.const","ctx":{"given":"x","permitted":["llm_chat","knowledge_base_chat","search_engine_chat","agent_chat"]}}]}"#
        )
    );
}

#[tokio::test]
async fn texts_become_vectors() {
    let path = "/other/embed_texts";
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let none = posts(
        &acme,
        path,
        &json!({"texts": ["a"], "embed_model": "m3e-base"}),
    )
    .await;
    assert_eq!(
        none,
        envelope(500, "指定的模型 m3e-base 不支持 Embeddings 功能。", "null")
    );
    let empty = posts(&acme, path, &json!({"texts": []})).await;
    assert_eq!(empty, envelope(200, "success", "[]"));
    let vendor = Vendor::start().await;
    let world = World::configured(vec![
        ("models.embedding", "mock".into()),
        ("embedding.mock.kind", "openai".into()),
        ("embedding.mock.base_url", vendor.base_url()),
        ("embedding.mock.api_key", "key".into()),
        ("embedding.mock.model", "m".into()),
        ("embedding.mock.dimensions", "8".into()),
    ])
    .await;
    let acme = world.partner("acme").await;
    let body = json!({"texts": ["a", "b"], "to_query": false});
    let vectors = data(acme.asks_as("u", Method::POST, path).json(&body)).await;
    let lengths: Vec<usize> = vectors
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [8, 8]);
    assert_eq!(world.count("select count(*) from usage").await, 1);
}

#[tokio::test]
async fn what_is_thought_of_an_answer_is_kept_for_its_user_only() {
    let (world, _) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let ann = acme.person("u").await;
    let answer = ann.asks(&ann.session().await, "a?").await;
    let id = text(&answer["id"]).replace('-', "");
    let path = "/chat/feedback";
    let body =
        |id: &str, score: i64| json!({"chat_history_id": id, "score": score, "reason": "好"});
    let said_of = |id: &str| envelope(200, &format!("已反馈聊天记录 {id}"), "null");
    assert_eq!(posts(&acme, path, &body(&id, 900)).await, said_of(&id));
    let rated = ann.message(text(&answer["id"])).await;
    assert_eq!(rated["rating"], json!({"value": "up", "comment": "好"}));
    // by another user, and for what is not there: answered alike, and nothing happens
    let other = acme
        .asks_as("other", Method::POST, path)
        .json(&body(&id, 0));
    assert_eq!(said(other).await, said_of(&id));
    for id in ["", "x", "0123456789abcdef0123456789abcdef"] {
        assert_eq!(posts(&acme, path, &body(id, 1)).await, said_of(id));
    }
    let rated = ann.message(text(&answer["id"])).await;
    assert_eq!(rated["rating"]["value"], "up");
    // of a question, it goes to its answer
    let question = text(&answer["reply_to"]).replace('-', "");
    posts(&acme, path, &body(&question, 10)).await;
    let rated = ann.message(text(&answer["id"])).await;
    assert_eq!(rated["rating"]["value"], "down");
    let long = posts(&acme, path, &body(&"a".repeat(33), 1)).await;
    assert_eq!(
        long,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body","chat_history_id"],"msg":"ensure this value has at most 32 characters","type":"value_error.any_str.max_length","ctx":{"limit_value":32}}]}"#
        )
    );
}

#[tokio::test]
async fn questions_are_recommended_and_counted() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let boss = acme.manager("boss").await;
    let new = json!({"name": "b", "shared": true, "suggestions": ["一？", "二？"]});
    boss.post("/api/v1/knowledge-bases", new, StatusCode::CREATED)
        .await;
    let path = "/recommend/question";
    let chosen = json!({"query": "三？", "kb_name": ""});
    let chosen = said(acme.asks_as("boss", Method::POST, path).json(&chosen)).await;
    assert_eq!(chosen, envelope(200, "success", "true"));
    sqlx::query("update recommended_question set created_at = '2024-01-10T10:00:00Z'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let get = |how: &str| acme.asks_as("u", Method::GET, &format!("{path}?{how}"));
    let without = said(get("kb_name=&num=6")).await;
    let all: Value = serde_json::from_str(&without.body).unwrap();
    let id = all["data"][0]["id"].as_i64().unwrap();
    assert_eq!(
        without,
        envelope(
            200,
            "success",
            &format!(
                r#"[{{"id":{id},"query":"三？","kb_name":null,"answer":"","tap_count":1,"enable":true,"create_time":"2024-01-10T10:00:00"}}]"#
            )
        )
    );
    let count = async |how: &str| data(get(how)).await.as_array().unwrap().len();
    assert_eq!(count("num=6").await, 3);
    assert_eq!(count("num=2").await, 2);
    assert_eq!(count("num=6&kb_name=b").await, 2);
    assert_eq!(count("num=6&kb_name=x").await, 0);
    assert_eq!(count("num=0").await, 0);
    assert_eq!(count("num=999999999999").await, 3);
    // anybody may choose one that is there
    let tap = json!({"question_id": id, "query": "三？"});
    assert_eq!(
        posts(&acme, path, &tap).await,
        envelope(200, "success", "true")
    );
    let tapped = "select tap_count from recommended_question where query = '三？'";
    assert_eq!(world.count(tapped).await, 2);
    let unknown = json!({"question_id": 1_000_000, "query": "三？"});
    assert_eq!(
        posts(&acme, path, &unknown).await,
        envelope(200, "success", "false")
    );
    // one that is switched off is not recommended
    sqlx::query("update recommended_question set enabled = false where query = '一？'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let left = data(get("num=6&kb_name=b")).await;
    assert_eq!(
        (left.as_array().unwrap().len(), &left[0]["query"]),
        (1, &json!("二？"))
    );
    let missing = said(acme.asks_as("u", Method::GET, path)).await;
    assert_eq!(
        missing,
        Said::json(
            422,
            r#"{"detail":[{"loc":["query","num"],"msg":"field required","type":"value_error.missing"}]}"#
        )
    );
}
