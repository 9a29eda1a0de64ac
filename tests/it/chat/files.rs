//! Conversations as files, ratings, and what is found in one's own history.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANSWER, MANUAL, QUESTION, saying};
use crate::{
    verbs::{problem, text},
    world::{Partner, Person, World},
};

async fn file(ann: &Person<'_>, session: &str, format: &str) -> (String, String) {
    let path = format!("/api/v1/sessions/{session}/export?format={format}");
    let answer = ann.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let name = answer.headers()["content-disposition"].to_str().unwrap();
    (name.to_owned(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_conversation_is_exported_with_its_citations() {
    let (world, model) = World::scripted(saying(ANSWER)).await;
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    let session = ann.session().await;
    let first = ann.asks(&session, QUESTION).await;
    model.push(saying("五个小时。"));
    ann.asks(&session, "电池要充多久？").await;
    let path = format!("/api/v1/messages/{}/regenerate", text(&first["id"]));
    ann.post(&path, json!({}), StatusCode::OK).await;
    let back = json!({"current_message_id": first["id"]});
    ann.patch(&format!("/api/v1/sessions/{session}"), back, StatusCode::OK)
        .await;
    let (name, whole) = file(&ann, &session, "json").await;
    assert!(
        name.starts_with("attachment; filename=\"conversation.json\""),
        "{name}"
    );
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let said: Vec<&str> = whole["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| text(&message["content"]))
        .collect();
    // the branch that is shown, and no other
    assert_eq!(said, [QUESTION, ANSWER, "电池要充多久？", "五个小时。"]);
    assert_eq!(
        whole["messages"][1]["citations"][0]["document_name"],
        "手册.md"
    );
    assert_eq!(whole["earlier_left_out"], false);

    let (name, page) = file(&ann, &session, "markdown").await;
    assert!(name.ends_with(".md"), "{name}");
    assert!(page.starts_with("# 电池保修期多久？\n"), "{page}");
    assert!(
        page.contains("## 提问\n\n电池保修期多久？\n\n## 回答\n\n电池保修期为24个月[^1]。"),
        "{page}"
    );
    assert!(
        page.contains("\n[^1]: 手册.md: “电池保修期为24个月，自购买之日起计算。”"),
        "{page}"
    );
    let empty = ann.session().await;
    let (_, page) = file(&ann, &empty, "markdown").await;
    assert!(page.starts_with("# "), "{page}");
    let path = format!("/api/v1/sessions/{session}/export?format=pdf");
    let wrong = ann.request(Method::GET, &path).send().await.unwrap();
    problem(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
}

#[tokio::test]
async fn an_answer_is_rated_by_its_user() {
    let (world, _) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let session = ann.session().await;
    let answer = ann.asks(&session, "a").await;
    assert_eq!(answer["rating"], json!(null));
    let path = format!("/api/v1/messages/{}/rating", text(&answer["id"]));
    let rate = async |body: Value, status| ann.json(Method::PUT, &path, body, status).await;
    let up = rate(json!({"value": "up", "comment": " 很好 "}), StatusCode::OK).await;
    assert_eq!(up["rating"], json!({"value": "up", "comment": "很好"}));
    let down = rate(json!({"value": "down"}), StatusCode::OK).await;
    assert_eq!(down["rating"], json!({"value": "down", "comment": null}));
    let listed = &ann.messages(&session).await[0];
    assert_eq!(listed["rating"], down["rating"]);
    let none = rate(json!({"value": null, "comment": "x"}), StatusCode::OK).await;
    assert_eq!(none["rating"], json!(null));
    let long = "字".repeat(2_001);
    for wrong in [
        json!({"value": "sideways"}),
        json!({"value": "up", "comment": long}),
        json!({"value": "up", "comment": "a\u{0}"}),
    ] {
        rate(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let question = format!("/api/v1/messages/{}/rating", text(&answer["reply_to"]));
    let up = json!({"value": "up"});
    ann.json(
        Method::PUT,
        &question,
        up.clone(),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    bob.json(Method::PUT, &path, up, StatusCode::NOT_FOUND)
        .await;
}

fn search(query: &str) -> String {
    let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
    format!("/api/v1/sessions/search?q={query}")
}

async fn found(who: &Person<'_>, query: &str) -> Vec<(String, Value)> {
    let request = who.request(Method::GET, &search(query));
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items
        .iter()
        .map(|item| {
            let part = |from: &Value| from.as_u64().unwrap() as usize;
            let (start, end) = (part(&item["start"]), part(&item["end"]));
            let excerpt = text(&item["excerpt"]).chars();
            let marked = excerpt.skip(start).take(end - start).collect();
            (marked, item["message_id"].clone())
        })
        .collect()
}

#[tokio::test]
async fn ones_own_history_is_searched_in_both_languages() {
    let (world, model) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let session = ann.session().await;
    model.push(saying("😀 您的健康检查在周一。"));
    let health = ann.asks(&session, "我的健康检查在什么时候？").await;
    model.push(saying("The Battery lasts two years."));
    let battery = ann.asks(&session, "How long does it last?").await;
    bob.asks(&bob.session().await, "Is bob's battery 健康?")
        .await;
    // the title is the first question
    assert_eq!(
        found(&ann, "健康").await,
        [
            ("健康".to_owned(), json!(null)),
            ("健康".to_owned(), health["id"].clone()),
            ("健康".to_owned(), health["reply_to"].clone())
        ]
    );
    assert_eq!(
        found(&ann, "battery YEARS").await,
        [("Battery".to_owned(), battery["id"].clone())]
    );
    // letters that mean something elsewhere mean nothing here
    for nothing in ["nothing of it", "%", "_", "\\", "')--", "batteryyears"] {
        assert_eq!(found(&ann, nothing).await, [], "{nothing}");
    }
    for wrong in ["", "  ", "a\0", &"字".repeat(101), &"a ".repeat(9)] {
        let request = ann.request(Method::GET, &search(wrong));
        problem(
            request.send().await.unwrap(),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    ann.delete(&format!("/api/v1/sessions/{session}")).await;
    assert_eq!(found(&ann, "健康").await, []);
}

/// A conversation of ten thousand messages in one branch, as its rows.
async fn long_conversation(world: &World, acme: &Partner<'_>, session: &str) {
    let conn = &mut world.superuser().await;
    for sql in [
        "insert into message (client_no, message_id, session_id, user_id, role, content, state,
           citations, created_at, ended_at, parent_no)
         select s.client_no, gen_random_uuid(), s.session_id, s.user_id,
           case n % 2 when 1 then 'user' else 'assistant' end,
           'message ' || n || repeat(' 这是很长的历史', 50), 'done', '[]', s.created_at, s.created_at,
           case when n > 1 then currval(pg_get_serial_sequence('message', 'no')) end
         from chat_session s, generate_series(1, 10000) n
         where s.session_id = $1 and s.client_no = $2",
        "update chat_session set current_no = (select max(no) from message where session_id = $1)
         where session_id = $1 and client_no = $2",
    ] {
        let id: uuid::Uuid = session.parse().unwrap();
        let done = sqlx::query(sql).bind(id).bind(acme.no).execute(&mut *conn).await;
        done.unwrap();
    }
    sqlx::query("analyze message").execute(conn).await.unwrap();
}

#[tokio::test]
async fn ten_thousand_messages_are_listed_asked_searched_and_exported() {
    let (world, model) = World::scripted(saying("x")).await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let session = ann.session().await;
    long_conversation(&world, &acme, &session).await;
    let began = std::time::Instant::now();
    let (mut cursor, mut seen) = (String::new(), 0);
    for _ in 0..3 {
        let path = format!("/api/v1/sessions/{session}/messages?limit=100{cursor}");
        let page = ann.get(&path).await;
        for item in page["items"].as_array().unwrap() {
            let number = format!("message {} ", 10_000 - seen);
            assert!(text(&item["content"]).starts_with(&number));
            seen += 1;
        }
        cursor = format!("&cursor={}", text(&page["next_cursor"]));
    }
    let answer = ann.asks(&session, "and now?").await;
    assert_eq!(answer["state"], "done");
    let told = model.requests().pop().unwrap().messages;
    assert!(told.len() > 3 && told.len() <= 62, "{}", told.len());
    // the first message of all: the second page of the search looks behind the first 10,000
    let path = "/api/v1/sessions/search?q=message+1+这是&limit=100";
    let first = ann.get(path).await;
    let next = text(&first["next_cursor"]);
    let second = ann.get(&format!("{path}&cursor={next}")).await;
    let found = second["items"].as_array().unwrap();
    assert!(!found.is_empty() && second["next_cursor"].is_null() || found.len() == 100);
    // 10,002 are one turn too many for a file
    let (_, whole) = file(&ann, &session, "json").await;
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["earlier_left_out"], true);
    assert_eq!(whole["messages"].as_array().unwrap().len(), 10_000);
    let (_, page) = file(&ann, &session, "markdown").await;
    assert!(page.contains("较早的内容未包含") || page.contains("what was said earlier"));
    let back = json!({"current_message_id": answer["reply_to"]});
    ann.patch(&format!("/api/v1/sessions/{session}"), back, StatusCode::OK)
        .await;
    // a limit that only runaway work reaches
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}
