//! `/knowledge_base/…`: bases, each answer byte for byte.

use concierge::identity::{MembersMay, V1Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Said, bound, data, envelope, posts, said};
use crate::{
    verbs::text,
    world::{Wish, World},
};

const CREATE: &str = "/knowledge_base/create_knowledge_base";
const DELETE: &str = "/knowledge_base/delete_knowledge_base";
const LIST: &str = "/knowledge_base/list_knowledge_bases";
const LIST_V2: &str = "/knowledge_base/list_knowledge_bases_v2";
const INFO: &str = "/knowledge_base/update_info";
const ZH_NAME: &str = "/knowledge_base/update_zh_name";

fn named(name: &str) -> Value {
    json!({"knowledge_base_name": name})
}

#[tokio::test]
async fn a_base_is_made_described_listed_and_removed() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let list = async || said(acme.asks_as("u", Method::GET, LIST)).await;
    assert_eq!(list().await, envelope(200, "success", "[]"));
    let new = json!({"knowledge_base_name": "手册", "vector_store_type": "faiss", "embed_model": "m3e-base", "x": 1});
    let made = posts(&acme, CREATE, &new).await;
    assert_eq!(made, envelope(200, "已新增知识库 手册", "null"));
    let twice = posts(&acme, CREATE, &new).await;
    assert_eq!(twice, envelope(404, "已存在同名知识库 手册", "null"));
    let zh = json!({"knowledge_base_name": "b", "kb_zh_name": "二", "kb_info": "第二个"});
    posts(&acme, &format!("/api{CREATE}"), &zh).await;
    assert_eq!(list().await, envelope(200, "success", r#"["手册","b"]"#));
    let info = posts(
        &acme,
        INFO,
        &json!({"knowledge_base_name": "手册", "kb_info": "保修"}),
    )
    .await;
    assert_eq!(
        info,
        envelope(200, "知识库介绍修改完成", r#"{"kb_info":"保修"}"#)
    );
    let title = json!({"knowledge_base_name": "手册", "kb_zh_name": "保修手册"});
    assert_eq!(
        posts(&acme, ZH_NAME, &title).await,
        envelope(200, "知识库中文名修改完成", r#"{"kb_zh_name":"保修手册"}"#)
    );
    sqlx::query("update base set created_at = '2024-01-10T02:00:00Z'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    sqlx::query("update client set time_zone = 'Asia/Shanghai'")
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    let one = |name, zh, info| {
        format!(
            r#"{{"kb_name":"{name}","kb_zh_name":"{zh}","kb_info":"{info}","vs_type":"pg","embed_model":"none","file_count":0,"create_time":"2024-01-10T10:00:00"}}"#
        )
    };
    let mut v2 = data(acme.asks_as("u", Method::GET, LIST_V2)).await;
    v2.as_array_mut()
        .unwrap()
        .sort_by_key(|base| base["kb_name"].to_string());
    let expected = format!(
        "[{},{}]",
        one("b", "二", "第二个"),
        one("手册", "保修手册", "保修")
    );
    assert_eq!(v2, serde_json::from_str::<Value>(&expected).unwrap());
    // as JSON, and as the bare, encoded bytes that a page sends
    let removed = said(acme.asks_as("u", Method::POST, DELETE).json(&"b")).await;
    assert_eq!(removed, envelope(200, "成功删除知识库 b", "null"));
    let raw = acme
        .asks_as("u", Method::POST, DELETE)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("%E6%89%8B%E5%86%8C");
    assert_eq!(
        said(raw).await,
        envelope(200, "成功删除知识库 手册", "null")
    );
    let gone = said(acme.asks_as("u", Method::POST, DELETE).json(&"b")).await;
    assert_eq!(gone, envelope(404, "未找到知识库 b", "null"));
    assert_eq!(list().await, envelope(200, "success", "[]"));
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_in_the_order_of_the_original() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    for away in ["../x", "..", "a/../../b", "%2e%2e%2fx", "..\\x", "/etc"] {
        let attack = envelope(403, "Don't attack me", "null");
        assert_eq!(posts(&acme, CREATE, &named(away)).await, attack, "{away}");
        let delete = said(acme.asks_as("u", Method::POST, DELETE).json(&away)).await;
        assert_eq!(delete, attack, "{away}");
        let info = json!({"knowledge_base_name": away, "kb_info": "x"});
        assert_eq!(posts(&acme, INFO, &info).await, attack, "{away}");
    }
    let blank = envelope(404, "知识库名称不能为空，请重新填写知识库名称", "null");
    assert_eq!(posts(&acme, CREATE, &named("  ")).await, blank);
    let wrong = posts(&acme, CREATE, &named("a b")).await;
    assert!(
        wrong
            .body
            .starts_with(r#"{"code":500,"msg":"创建知识库出错： "#),
        "{wrong:?}"
    );
    for path in [INFO, ZH_NAME] {
        let unknown = json!({"knowledge_base_name": "x", "kb_info": "", "kb_zh_name": ""});
        let unknown = posts(&acme, path, &unknown).await;
        assert_eq!(unknown, envelope(404, "未找到知识库 x", "null"));
    }
    assert_eq!(world.count("select count(*) from base").await, 0);
}

#[tokio::test]
async fn fields_that_are_missing_or_wrong_are_said_like_fastapi() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let missing = |place: &str| {
        let text = format!(
            r#"{{"detail":[{{"loc":[{place}],"msg":"field required","type":"value_error.missing"}}]}}"#
        );
        Said::json(422, text)
    };
    let name = missing(r#""body","knowledge_base_name""#);
    assert_eq!(posts(&acme, CREATE, &json!({})).await, name);
    let object = said(acme.asks_as("u", Method::POST, DELETE).json(&named("x"))).await;
    assert_eq!(
        object,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body"],"msg":"str type expected","type":"type_error.str"}]}"#
        )
    );
    let files = said(acme.asks_as("u", Method::GET, "/knowledge_base/list_files")).await;
    assert_eq!(files, missing(r#""query","knowledge_base_name""#));
    let over = json!({"query": "x", "knowledge_base_name": "x", "score_threshold": 1.5});
    assert_eq!(
        posts(&acme, "/knowledge_base/search_docs", &over).await,
        Said::json(
            422,
            r#"{"detail":[{"loc":["body","score_threshold"],"msg":"ensure this value is less than or equal to 1","type":"value_error.number.not_le","ctx":{"limit_value":1}}]}"#
        )
    );
    let broken = acme.asks_as("u", Method::POST, CREATE).body("{");
    let broken = said(broken.header("content-type", "application/json")).await;
    assert_eq!(broken.status, 422);
    assert!(
        broken.body.contains(r#""type":"json_invalid""#),
        "{broken:?}"
    );
}

/// An ordinary user's token cannot touch the partner's base, and is told so in the group's words.
#[tokio::test]
async fn the_partners_base_is_its_managers_to_change() {
    let world = bound("acme", Wish::default()).await;
    let acme = world.partner("acme").await;
    let boss = acme.manager("boss").await;
    let shared = boss
        .post(
            "/api/v1/knowledge-bases",
            json!({"name": "shared", "shared": true}),
            reqwest::StatusCode::CREATED,
        )
        .await;
    let refused = envelope(403, "无权操作!", "null");
    for (path, body) in [
        (DELETE, json!("shared")),
        (
            INFO,
            json!({"knowledge_base_name": "shared", "kb_info": "x"}),
        ),
        (
            "/knowledge_base/delete_docs",
            json!({"knowledge_base_name": "shared", "file_names": ["a"]}),
        ),
        (
            "/knowledge_base/update_docs",
            json!({"knowledge_base_name": "shared", "file_names": ["a"]}),
        ),
        (
            "/knowledge_base/recreate_vector_store",
            json!({"knowledge_base_name": "shared"}),
        ),
        ("/recommend/question", json!({"query": "q?"})),
    ] {
        let user = said(acme.asks_as("u", Method::POST, path).json(&body)).await;
        assert_eq!(user, refused, "{path}");
        // nor can whoever brings no token
        let nobody = said(world.request(Method::POST, path).json(&body)).await;
        assert_eq!(nobody, refused, "{path}");
    }
    let list = said(acme.asks_as("u", Method::GET, LIST)).await;
    assert_eq!(list, envelope(200, "success", r#"["shared"]"#));
    let boss = said(acme.asks_as("boss", Method::POST, DELETE).json(&"shared")).await;
    assert_eq!(boss, envelope(200, "成功删除知识库 shared", "null"));
    assert!(!text(&shared["id"]).is_empty());
}

#[tokio::test]
async fn clients_and_users_do_not_see_each_others_bases() {
    let world = World::new().await;
    let (acme, rival) = (
        world
            .partner_with("acme", V1Tokens::Header, MembersMay::Manage)
            .await,
        world.partner("rival").await,
    );
    posts(&acme, CREATE, &named("b")).await;
    // where members may manage, a base is the client's
    let other = said(acme.asks_as("other", Method::GET, LIST)).await;
    assert_eq!(other, envelope(200, "success", r#"["b"]"#));
    let theirs = said(rival.asks_as("u", Method::GET, LIST)).await;
    assert_eq!(theirs, envelope(200, "success", "[]"));
    let delete = said(rival.asks_as("u", Method::POST, DELETE).json(&"b")).await;
    assert_eq!(delete, envelope(404, "未找到知识库 b", "null"));
    // the same name is free there, and one's own base is one's own
    posts(&rival, CREATE, &named("b")).await;
    let other = said(rival.asks_as("other", Method::GET, LIST)).await;
    assert_eq!(other, envelope(200, "success", "[]"));
    let nobody = said(world.request(Method::GET, LIST)).await;
    assert_eq!(nobody.status, 401);
}
