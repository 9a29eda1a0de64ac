//! Signing in to the console: links, passwords, codes, and what failure costs.

use std::time::Duration;

use concierge::admin::Role;
use reqwest::{Method, StatusCode, header::SET_COOKIE};
use serde_json::json;

use super::{Desk, PASSWORD, cookie};
use crate::{
    verbs::problem,
    world::{World, body},
};

const HOUR: Duration = Duration::from_secs(3_600);

async fn status(desk: &Desk<'_>) -> StatusCode {
    let request = desk.request(Method::GET, "/me");
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_link_opens_once_and_within_a_day() {
    let world = World::new().await;
    let code = world.link("ada", Role::Admin).await;
    for wrong in [
        json!({"code": code, "password": "short", "totp": "000000"}),
        json!({"code": code, "password": PASSWORD, "totp": "nonsense"}),
    ] {
        let answer = world.console("/sign-in/set-up", wrong).await;
        problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let desk = world.sets_up("ada", &code, PASSWORD).await;
    let me = desk.get("/me").await;
    assert_eq!((&me["name"], &me["role"]), (&json!("ada"), &json!("admin")));
    for path in ["/sign-in/link", "/sign-in/set-up"] {
        let again = json!({"code": code, "password": PASSWORD, "totp": "000000"});
        problem(world.console(path, again).await, StatusCode::UNAUTHORIZED).await;
    }

    let late = world.link("late", Role::ReadOnly).await;
    world.app.clock.forward(24 * HOUR);
    let answer = world.console("/sign-in/link", json!({"code": late})).await;
    problem(answer, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let answer = desk.signs_in(PASSWORD).await;
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/admin;"] {
        assert!(set.contains(word), "{set}");
    }
    let secret = cookie(&answer);
    let secret = secret.split_once('=').unwrap().1;
    assert_eq!(secret.len(), 64);
    let kept = "select count(*) from operator_session where encode(secret_hash, 'hex') = $1";
    let kept: i64 = sqlx::query_scalar(kept)
        .bind(secret)
        .fetch_one(&mut world.superuser().await)
        .await
        .unwrap();
    assert_eq!(kept, 0, "only a hash of it is kept");
    let out = desk
        .request(Method::POST, "/sign-out")
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert!(
        out.headers()[SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(status(&desk).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_wrong_try_reads_the_same_and_a_code_counts_once() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    world.app.clock.forward(Duration::from_secs(60));
    let totp = world.code(&desk.totp);
    let mut answers = Vec::new();
    for (name, password, totp) in [
        ("nobody", PASSWORD, totp.as_str()),
        ("ada", "another password", &totp),
        ("ada", PASSWORD, "000000"),
    ] {
        let body = json!({"name": name, "password": password, "totp": totp});
        let answer = world.console("/sign-in", body).await;
        let mut said = problem(answer, StatusCode::UNAUTHORIZED).await;
        said["request_id"] = json!(null);
        answers.push(said);
    }
    assert!(
        answers.iter().all(|said| said == &answers[0]),
        "{answers:?}"
    );
    let right = json!({"name": "ada", "password": PASSWORD, "totp": totp});
    assert_eq!(
        world.console("/sign-in", right.clone()).await.status(),
        StatusCode::OK
    );
    problem(
        world.console("/sign-in", right).await,
        StatusCode::UNAUTHORIZED,
    )
    .await;
    assert_eq!(desk.signs_in(PASSWORD).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_tries_too_often_waits_and_locks_nobody_else_out() {
    let world = World::configured(vec![("server.trusted_proxies", "127.0.0.1".into())]).await;
    let desk = world.operator("ada", Role::Admin).await;
    world.app.clock.forward(Duration::from_secs(60));
    let from = async |address: &str, password: &str| {
        world.app.clock.forward(Duration::from_secs(1));
        let totp = world.code(&desk.totp);
        let body = json!({"name": "ada", "password": password, "totp": totp});
        let request = world.request(Method::POST, "/admin/v1/sign-in").json(&body);
        let request = request.header("x-concierge-console", "1");
        request
            .header("x-forwarded-for", address)
            .send()
            .await
            .unwrap()
    };
    for _ in 0..5 {
        problem(
            from("10.0.0.1", "wrong wrong wrong").await,
            StatusCode::UNAUTHORIZED,
        )
        .await;
    }
    let refused = from("10.0.0.1", PASSWORD).await;
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((60..=900).contains(&wait), "{wait}");
    problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
    // many addresses at work on one name
    for network in 2..8 {
        for _ in 0..5 {
            let address = format!("10.0.0.{network}");
            from(&address, "wrong wrong wrong").await;
        }
    }
    let unknown = from("10.0.1.1", PASSWORD).await;
    problem(unknown, StatusCode::TOO_MANY_REQUESTS).await;
    // where she has signed in before, she still can: 127.0.0.1 is believed when it names no other
    let answer = desk.signs_in(PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::OK);
    world.app.clock.forward(Duration::from_secs(16 * 60));
    assert_eq!(from("10.0.0.1", PASSWORD).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn sessions_end_when_idle_when_old_and_when_the_password_changes() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    for _ in 0..23 {
        world.app.clock.forward(Duration::from_secs(29 * 60));
        assert_eq!(status(&desk).await, StatusCode::OK);
    }
    world.app.clock.forward(HOUR);
    assert_eq!(
        status(&desk).await,
        StatusCode::UNAUTHORIZED,
        "12 hours are over"
    );

    let again = async |password: &str| {
        let answer = desk.signs_in(password).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Desk {
            world: &world,
            name: "ada".into(),
            cookie: cookie(&answer),
            totp: desk.totp.clone(),
        }
    };
    let idle = again(PASSWORD).await;
    world.app.clock.forward(Duration::from_secs(31 * 60));
    assert_eq!(status(&idle).await, StatusCode::UNAUTHORIZED, "idle");

    let (one, other) = (again(PASSWORD).await, again(PASSWORD).await);
    world.app.clock.forward(Duration::from_secs(30));
    let new = "another long sentence";
    let change =
        |current: &str| json!({"current": current, "new": new, "totp": world.code(&desk.totp)});
    let wrong = one
        .request(Method::POST, "/me/password")
        .json(&change("not the present one"));
    problem(wrong.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    let right = one
        .request(Method::POST, "/me/password")
        .json(&change(PASSWORD));
    assert_eq!(right.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(status(&one).await, StatusCode::OK);
    assert_eq!(status(&other).await, StatusCode::UNAUTHORIZED);
    problem(desk.signs_in(PASSWORD).await, StatusCode::UNAUTHORIZED).await;
    again(new).await;
}

#[tokio::test]
async fn operators_are_disabled_and_reset_and_one_who_may_all_stays() {
    let world = World::new().await;
    let ada = world.operator("ada", Role::Admin).await;
    let rex = world.operator("rex", Role::ReadOnly).await;
    let operators = ada.get("/operators").await;
    let id = |n: usize| operators["items"][n]["id"].as_str().unwrap().to_owned();
    assert_eq!(operators["items"][1]["name"], "rex");

    let off = json!({"enabled": false});
    let path = format!("/operators/{}", id(0));
    ada.json(Method::PATCH, &path, off.clone(), StatusCode::CONFLICT)
        .await;
    let less = json!({"role": "finance"});
    ada.json(Method::PATCH, &path, less, StatusCode::CONFLICT)
        .await;
    assert_eq!(status(&ada).await, StatusCode::OK, "nothing was changed");

    let path = format!("/operators/{}", id(1));
    ada.json(Method::PATCH, &path, off, StatusCode::OK).await;
    assert_eq!(status(&rex).await, StatusCode::UNAUTHORIZED);
    problem(rex.signs_in(PASSWORD).await, StatusCode::UNAUTHORIZED).await;
    ada.json(
        Method::PATCH,
        &path,
        json!({"enabled": true}),
        StatusCode::OK,
    )
    .await;
    assert_eq!(rex.signs_in(PASSWORD).await.status(), StatusCode::OK);

    let reset = ada
        .post(&format!("{path}/reset"), json!({}), StatusCode::OK)
        .await;
    problem(rex.signs_in(PASSWORD).await, StatusCode::UNAUTHORIZED).await;
    let code = reset["link"]
        .as_str()
        .unwrap()
        .strip_prefix("/admin/#code=")
        .unwrap();
    let rex = world.sets_up("rex", code, "a third long sentence").await;
    assert_eq!(status(&rex).await, StatusCode::OK);
    let taken = json!({"name": "rex", "role": "admin"});
    ada.post("/operators", taken, StatusCode::CONFLICT).await;
    let answer = ada
        .request(Method::POST, "/operators")
        .json(&json!({"name": "R x", "role": "admin"}));
    body(
        answer.send().await.unwrap(),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
}
