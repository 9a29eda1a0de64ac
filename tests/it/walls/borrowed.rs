//! Ids and cursors of others, where a caller puts them into a request of their own.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    document::operations,
    filled::{Belongings, partner, settle},
};
use crate::world::{Person, World, body};

#[tokio::test]
async fn a_base_of_another_user_cannot_be_asked() {
    let world = World::new().await;
    let (acme, rival) = (
        partner(&world, "acme").await,
        partner(&world, "rival").await,
    );
    let alice = acme.person("alice").await;
    let base = alice.base("own").await;
    for stranger in [acme.person("bob").await, rival.person("eve").await] {
        let own = stranger.session().await;
        for (method, path) in [
            (Method::POST, "/api/v1/sessions".to_owned()),
            (Method::PATCH, format!("/api/v1/sessions/{own}")),
        ] {
            let mut answers = Vec::new();
            for base in [base.clone(), Uuid::new_v4().to_string()] {
                let request = stranger
                    .request(method.clone(), &path)
                    .json(&json!({"knowledge_base_ids": [base]}));
                let answer = request
                    .header("x-request-id", "one-and-the-same")
                    .send()
                    .await
                    .unwrap();
                answers.push(body(answer, StatusCode::NOT_FOUND).await);
            }
            assert_eq!(answers[0], answers[1], "{method} {path}");
        }
    }
}

/// Ids made by callers are unique within a client, so there one's own user is told that an id is
/// taken; beyond the client nothing shows.
#[tokio::test]
async fn the_id_of_a_message_says_nothing_beyond_the_client() {
    let world = World::new().await;
    let (acme, rival) = (
        partner(&world, "acme").await,
        partner(&world, "rival").await,
    );
    let alice = settle(&world, &acme.person("alice").await).await;
    let ask = async |person: &Person<'_>, id: &str, status| {
        let path = format!("/api/v1/sessions/{}/messages", person.session().await);
        person
            .post(&path, json!({"id": id, "content": "?"}), status)
            .await
    };
    let (bob, eve) = (acme.person("bob").await, rival.person("eve").await);
    for id in [&alice.question, &alice.answer] {
        let answer = ask(&eve, id, StatusCode::OK).await;
        assert_eq!(answer["reply_to"], **id);
        let problem = ask(&bob, id, StatusCode::CONFLICT).await;
        assert_eq!(problem["detail"], "This message id is already in use.");
    }
}

/// Pages to fill, and a document of several chunks.
async fn furnish(world: &World, person: &Person<'_>) -> Belongings {
    let has = settle(world, person).await;
    person.base("another").await;
    person.session().await;
    let question = json!({"query": "And then?", "knowledge_base_id": has.base});
    person
        .post(
            "/api/v1/recommended-questions",
            question,
            StatusCode::CREATED,
        )
        .await;
    let text: String = (0..200)
        .map(|n| format!("Paragraph {n} is about the warranty of part {n}.\n\n"))
        .collect();
    let document = person.document(&has.base, "long.md", &text).await;
    Belongings { document, ..has }
}

#[tokio::test]
async fn a_cursor_of_another_user_leads_to_ones_own_items() {
    let world = World::new().await;
    let (acme, rival) = (
        partner(&world, "acme").await,
        partner(&world, "rival").await,
    );
    let alice = acme.person("alice").await;
    let owned = furnish(&world, &alice).await;
    let mut lists = 0;
    for stranger in [acme.person("bob").await, rival.person("eve").await] {
        let own = furnish(&world, &stranger).await;
        for operation in operations() {
            let parameters = operation.says["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            if !parameters
                .iter()
                .any(|parameter| parameter["name"] == "cursor")
            {
                continue;
            }
            lists += 1;
            // what is searched for stands in the question of everybody
            let asks = match operation.id() {
                "searchSessions" => "?q=a&",
                _ => "?",
            };
            let path = |of: &Belongings| {
                let path = operation.path.replace("{id}", id(&operation.path, of));
                format!("/api/v1{path}{asks}")
            };
            let first = alice.get(&format!("{}limit=1", path(&owned))).await;
            let cursor = first["next_cursor"]
                .as_str()
                .unwrap_or_else(|| panic!("{}: one page only", operation.id()));
            let all = names(&stranger.get(&format!("{}limit=100", path(&own))).await);
            let page = names(
                &stranger
                    .get(&format!("{}limit=100&cursor={cursor}", path(&own)))
                    .await,
            );
            assert!(
                !all.is_empty() && page.is_subset(&all),
                "{}",
                operation.id()
            );
        }
    }
    assert_eq!(lists, 2 * 10);
}

fn id<'b>(path: &str, of: &'b Belongings) -> &'b str {
    match path.split('/').nth(1).unwrap() {
        "sessions" => &of.session,
        "knowledge-bases" => &of.base,
        "documents" => &of.document,
        "wallet" | "notices" | "orders" | "recommended-questions" => "",
        other => panic!("what is the id in /{other}/{{id}}?"),
    }
}

fn names(page: &Value) -> BTreeSet<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        // a place found in a conversation has no id of its own
        .map(|item| format!("{} {}", item["id"], item["message_id"]))
        .collect()
}
