//! Settings of clients: set, refused with a reason, and searched.

use concierge::admin::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{verbs::text, world::World};

#[tokio::test]
async fn settings_are_kept_and_null_takes_them_back() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    desk.makes_client("acme").await;
    let set = json!({
        "name": "Acme 公司", "description": "help", "v1_tokens": "exchange_once", "members_may": "manage",
        "reentry_url": "https://acme.example/again", "time_zone": "Asia/Shanghai",
        "origins": ["https://acme.example", "http://localhost:3000"],
        "requests_per_minute": 600, "user_requests_per_minute": 60,
    });
    let changed = desk
        .json(Method::PATCH, "/clients/acme", set.clone(), StatusCode::OK)
        .await;
    for (name, value) in set.as_object().unwrap() {
        assert_eq!(&changed[name], value);
    }
    assert_eq!(desk.get("/clients/acme").await, changed);
    let none = json!({"reentry_url": null, "requests_per_minute": null});
    let changed = desk
        .json(Method::PATCH, "/clients/acme", none, StatusCode::OK)
        .await;
    assert!(changed["reentry_url"].is_null() && changed["requests_per_minute"].is_null());
    assert_eq!(changed["user_requests_per_minute"], 60);
    // as browsers write it, whatever was typed; and no limit at all
    let typed = json!({"origins": ["HTTPS://Acme.example:443/"], "requests_per_minute": 0});
    let changed = desk
        .json(Method::PATCH, "/clients/acme", typed, StatusCode::OK)
        .await;
    assert_eq!(changed["origins"], json!(["https://acme.example"]));
    assert_eq!(changed["requests_per_minute"], 0);
    for wrong in [
        json!({"name": ""}),
        json!({"time_zone": "Mars/Olympus"}),
        json!({"time_zone": "UTC'; drop table client"}),
        json!({"origins": ["https://acme.example/path"]}),
        json!({"origins": ["*"]}),
        json!({"origins": vec!["https://a.example"; 51]}),
        json!({"reentry_url": "javascript:alert(1)"}),
        json!({"requests_per_minute": -1}),
        json!({"members_may": "everything"}),
    ] {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        desk.json(Method::PATCH, "/clients/acme", wrong, status)
            .await;
    }
    assert_eq!(desk.get("/clients/acme").await, changed);
}

#[tokio::test]
async fn clients_are_found_by_any_word_and_paged() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    for id in ["acme", "Beta-1", "gamma_%"] {
        let id = id.replace('%', "2");
        desk.makes_client(&id).await;
    }
    let ids = async |query: &str| -> Vec<String> {
        let page = desk.get(&format!("/clients?{query}")).await;
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| text(&item["id"]).to_owned())
            .collect()
    };
    assert_eq!(ids("").await, ["gamma_2", "Beta-1", "acme"]);
    assert_eq!(ids("text=BETA").await, ["Beta-1"]);
    assert!(ids("text=%25").await.is_empty(), "no pattern");
    let first = desk.get("/clients?limit=2").await;
    let cursor = text(&first["next_cursor"]);
    assert_eq!(ids(&format!("limit=2&cursor={cursor}")).await, ["acme"]);
    let taken = json!({"name": "x", "id": "acme"});
    desk.post("/clients", taken, StatusCode::CONFLICT).await;
    let generated = desk
        .post("/clients", json!({"name": "x"}), StatusCode::CREATED)
        .await;
    assert_eq!(generated["client"]["v1_tokens"], "exchange_once");
    let overview = desk.get("/overview").await;
    assert_eq!(
        (&overview["clients"], &overview["documents"]["ready"]),
        (&json!(4), &json!(0))
    );
}
