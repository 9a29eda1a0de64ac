//! The debugger of tokens: tells exactly what the real check stumbles over, and agrees with it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use concierge::{
    admin::Role,
    identity::{MembersMay, V1Tokens, key::Encryptor, token},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Desk;
use crate::{
    verbs::text,
    world::{World, body},
};

/// What the debugger says: the verdict, and the first finding that is not well.
async fn found(desk: &Desk<'_>, token: &str) -> (String, Value) {
    let said = desk
        .post("/token-debug", json!({"token": token}), StatusCode::OK)
        .await;
    let steps = said["steps"].as_array().unwrap();
    let wrong = steps.iter().find(|step| step["ok"] == false);
    let step = wrong.unwrap_or_else(|| steps.last().unwrap()).clone();
    (text(&said["verdict"]).to_owned(), step)
}

async fn counts(world: &World, token: &str) -> bool {
    let request = world
        .request(Method::GET, "/api/v1/me")
        .header("Api-Token", token);
    request.send().await.unwrap().status() == StatusCode::OK
}

#[tokio::test]
async fn it_tells_why_and_agrees_with_the_check() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let acme = world.partner("acme").await;
    let rival = world.partner("rival").await;
    let now = world.app.clock.now().unix_timestamp();
    let around = |inside: &str| acme.token_around(inside);
    let stolen = {
        let sealed = Encryptor::new(&rival.pem)
            .unwrap()
            .encrypt(b"acme|u|n|1")
            .unwrap();
        STANDARD.encode(format!("acme|{}", STANDARD.encode(sealed)))
    };
    let outer = |text: &[u8]| STANDARD.encode(text);
    for (token, code) in [
        ("x".repeat(1_401), "too_long"),
        ("***".into(), "outer_not_base64"),
        (outer(&[0xff, 0xfe]), "outer_not_text"),
        (outer(b"no bar"), "no_bar"),
        (outer(b"acme|***"), "inner_not_base64"),
        (outer(b"nobody|AAAA"), "client_unknown"),
        (outer(b"acme|AAAA"), "key_size_differs"),
        (stolen, "no_key_opens"),
        (around("acme|u|1"), "field_count"),
        (around(&format!("rival|u|n|{now}")), "clients_differ"),
        (around(&format!("acme||n|{now}")), "user_id_length"),
        (around("acme|u|n|soon"), "timestamp_not_a_number"),
        (around("acme|u|n|inf"), "timestamp_not_finite"),
        (around(&format!("acme|u|n|{}", now - 9 * 3_600)), "too_old"),
        (around(&format!("acme|u|n|{now}000")), "too_far_ahead"),
        (around(&format!("acme|u|n|{now}")), "user_new"),
    ] {
        let (verdict, step) = found(&desk, &token).await;
        assert_eq!(step["detail_code"], code, "{step}");
        let accepted = verdict == "accepted";
        assert_eq!(accepted, code == "user_new", "{step}");
        assert_eq!(
            counts(&world, &token).await,
            accepted,
            "{code}: the check disagrees"
        );
    }
    let said = desk
        .post(
            "/token-debug",
            json!({"token": around(&format!("acme|u|n|{}", now - 30_000))}),
            StatusCode::OK,
        )
        .await;
    let time = said["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["step"] == "time")
        .unwrap();
    let age: i64 = text(&time["values"]["age_seconds"]).parse().unwrap();
    assert!(
        (30_000..30_100).contains(&age) && time["values"]["age_seconds_max"] == "28800",
        "{time}"
    );
    assert_eq!(
        (&said["client_id"], &said["user"]),
        (&json!("acme"), &json!("u"))
    );
}

#[tokio::test]
async fn it_knows_what_became_of_keys_clients_and_users() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    let by = |pem: &str, user: &str| {
        let key = Encryptor::new(pem).unwrap();
        token::make("acme", user, user, &key, world.app.clock.now()).unwrap()
    };
    desk.post("/clients/acme/keys", json!({}), StatusCode::CREATED)
        .await;
    let keys = desk.get("/clients/acme/keys").await;
    let old = format!("/clients/acme/keys/{}", text(&keys["items"][1]["id"]));
    let check = async |token: &str, code: &str| {
        let (_, step) = found(&desk, token).await;
        assert_eq!(step["detail_code"], code, "{step}");
    };
    check(&by(&pem, "alice"), "user_new").await;
    assert!(counts(&world, &by(&pem, "alice")).await);
    check(&by(&pem, "alice"), "ok").await;
    desk.post(
        &format!("{old}/retire"),
        json!({"overlap_hours": 1}),
        StatusCode::OK,
    )
    .await;
    check(&by(&pem, "alice"), "ok").await;
    world.app.clock.forward(Duration::from_secs(3_601));
    let desk = &world.operator("eve", Role::Admin).await;
    let check = async |token: &str, code: &str| {
        let (_, step) = found(desk, token).await;
        assert_eq!(step["detail_code"], code, "{step}");
    };
    check(&by(&pem, "alice"), "key_retired").await;
    desk.post(&format!("{old}/kill"), json!({}), StatusCode::OK)
        .await;
    check(&by(&pem, "alice"), "key_killed").await;

    let made = desk
        .post("/clients/acme/keys", json!({}), StatusCode::CREATED)
        .await;
    let pem = text(&made["client_key"]);
    let users = desk.get("/clients/acme/users?text=ALI").await;
    let path = format!("/clients/acme/users/{}", text(&users["items"][0]["id"]));
    let off = json!({"enabled": false});
    let user = desk
        .json(Method::PATCH, &path, off.clone(), StatusCode::OK)
        .await;
    assert_eq!(user["enabled"], false);
    check(&by(pem, "alice"), "user_disabled").await;
    desk.json(Method::PATCH, "/clients/acme", off, StatusCode::OK)
        .await;
    check(&by(pem, "bob"), "client_disabled").await;
}

#[tokio::test]
async fn it_knows_a_token_that_was_exchanged() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let once = world
        .partner_with("once", V1Tokens::ExchangeOnce, MembersMay::Own)
        .await;
    let token = once.token("alice");
    assert_eq!(found(&desk, &token).await.0, "accepted");
    let request = world
        .request(Method::POST, "/api/v1/token-exchange")
        .header("Api-Token", &token);
    body(request.send().await.unwrap(), StatusCode::OK).await;
    let (verdict, step) = found(&desk, &token).await;
    assert_eq!(
        (verdict.as_str(), &step["detail_code"]),
        ("refused", &json!("burnt"))
    );
    let late = once.token("bob");
    world.app.clock.forward(Duration::from_secs(301));
    let (_, step) = found(&desk, &late).await;
    assert_eq!(step["detail_code"], "exchange_over");
}
