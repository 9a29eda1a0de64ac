//! The record of acts: whole, committed with the act, and never changed.

use concierge::admin::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Executor;

use super::PASSWORD;
use crate::{
    verbs::{problem, text},
    world::World,
};

#[tokio::test]
async fn every_act_is_written_down() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    let change = json!({"description": "help", "requests_per_minute": 60});
    desk.json(Method::PATCH, "/clients/acme", change, StatusCode::OK)
        .await;
    let made = desk
        .post("/clients/acme/keys", json!({}), StatusCode::CREATED)
        .await;
    let path = format!("/clients/acme/keys/{}", text(&made["key"]["id"]));
    desk.post(&format!("{path}/kill"), json!({}), StatusCode::OK)
        .await;
    desk.post("/clients/acme/try", json!({"lang": "zh"}), StatusCode::OK)
        .await;
    assert_eq!(desk.signs_in(PASSWORD).await.status(), StatusCode::OK);
    let acts = [
        "operator.sign_in",
        "client.try",
        "key.kill",
        "key.add",
        "client.change",
        "client.create",
        "operator.set_up",
        "operator.create",
    ];
    assert_eq!(desk.acts().await, acts);
    let found = desk
        .get("/audit?client=acme&act=client.change&operator=ada")
        .await;
    let event = &found["items"][0];
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    let detail = text(&event["detail"]);
    assert!(
        detail.contains("requests_per_minute: None -> Some(60)"),
        "{detail}"
    );
    assert_eq!(
        (&event["operator"], &event["address"]),
        (&json!("ada"), &json!("127.0.0.1"))
    );
    let first = desk.get("/audit?limit=3").await;
    let cursor = text(&first["next_cursor"]);
    let rest = desk.get(&format!("/audit?limit=100&cursor={cursor}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), acts.len() - 3);
    let whole = desk.get("/audit?limit=100").await.to_string();
    for secret in [PASSWORD, pem.lines().nth(1).unwrap(), &desk.cookie] {
        assert!(!whole.contains(secret));
    }
}

/// An act that cannot be written down is not done.
#[tokio::test]
async fn act_and_record_commit_together() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    desk.makes_client("acme").await;
    let mut conn = world.superuser().await;
    conn.execute("revoke insert on operator_event from concierge_admin")
        .await
        .unwrap();
    let before = desk.get("/clients/acme").await;
    for (method, path, json) in [
        (Method::PATCH, "/clients/acme", json!({"enabled": false})),
        (Method::POST, "/clients/acme/keys", json!({})),
        (
            Method::POST,
            "/clients",
            json!({"name": "other", "id": "other"}),
        ),
        (
            Method::POST,
            "/operators",
            json!({"name": "rex", "role": "admin"}),
        ),
    ] {
        let answer = desk.request(method, path).json(&json).send().await.unwrap();
        problem(answer, StatusCode::INTERNAL_SERVER_ERROR).await;
    }
    assert_eq!(desk.get("/clients/acme").await, before);
    assert_eq!(
        desk.get("/clients").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        desk.get("/clients/acme/keys").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        desk.get("/operators").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_record_is_never_changed() {
    let world = World::new().await;
    world.operator("ada", Role::Admin).await;
    for statement in [
        "update operator_event set act = 'x'",
        "delete from operator_event",
        "truncate operator_event",
    ] {
        let mut tx = world.app.db.admin().await.unwrap();
        assert!(tx.conn().execute(statement).await.is_err(), "{statement}");
        // nor by the one whom no grant binds
        let refused = world
            .superuser()
            .await
            .execute(statement)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{refused}");
    }
}

/// Each role sees its own tables, and the transaction that goes over into the other cannot go back.
#[tokio::test]
async fn the_role_of_operators_sees_no_client_and_theirs_no_operator() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    for table in ["client", "client_key", "app_user", "api_key", "document"] {
        let mut tx = world.app.db.admin().await.unwrap();
        let read = sqlx::AssertSqlSafe(format!("select from {table}"));
        assert!(tx.conn().execute(read).await.is_err(), "{table}");
    }
    for table in [
        "operator",
        "operator_session",
        "operator_event",
        "operator_link",
    ] {
        let read = format!("select from {table}");
        let mut tx = world.app.db.client(acme.no).await.unwrap();
        assert!(
            tx.conn()
                .execute(sqlx::AssertSqlSafe(read.clone()))
                .await
                .is_err()
        );
        let mut tx = world.app.db.system().await.unwrap();
        assert!(tx.conn().execute(sqlx::AssertSqlSafe(read)).await.is_err());
    }
    let tx = world.app.db.client(acme.no).await.unwrap();
    let mut tx = tx.into_admin().await.unwrap();
    assert!(tx.conn().execute("select from client").await.is_err());
}
