//! Who is let in, and what those are told who are not: status, media type and body, byte for byte.

use base64::{Engine, engine::general_purpose::STANDARD};
use concierge::identity::{MembersMay, V1Tokens};
use reqwest::{Method, StatusCode};

use super::{JSON, Said, bound, data, said};
use crate::{
    verbs::eventually,
    world::{Wish, World},
};

const INFO: &str = "/user/info";
const NO_TOKEN: &str = r#"{"detail":"Authentication required: 缺少Api-Token!"}"#;
const BAD_TOKEN: &str = "Authentication required: Api-Token无效!";
const OLD_TOKEN: &str = "Authentication required: token过期!";

fn plain(body: &str) -> Said {
    Said {
        status: 401,
        kind: None,
        body: body.into(),
    }
}

#[tokio::test]
async fn a_token_says_who_one_is_at_the_root_and_below_api() {
    let world = World::new().await;
    let acme = world.partner("0").await;
    for path in [INFO, "/api/user/info"] {
        let info = said(acme.asks_as("张三", Method::GET, path)).await;
        let created = serde_json::from_str::<serde_json::Value>(&info.body).unwrap();
        let created = created["data"]["create_time"].as_str().unwrap().to_owned();
        assert_eq!((created.len(), &created[10..11]), (19, "T"), "{created}");
        let expected = format!(
            r#"{{"code":200,"msg":"success","data":{{"client_id":"0","user_id":"张三","username":"张三","enable":true,"create_time":"{created}"}}}}"#
        );
        assert_eq!(info, Said::json(200, expected), "{path}");
    }
    let documented = world.request(Method::GET, INFO);
    let info = data(documented.header("api_token", acme.token("张三"))).await;
    assert_eq!(info["user_id"], "张三");
}

#[tokio::test]
async fn times_are_those_of_the_clients_clocks() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    data(acme.asks_as("u", Method::GET, INFO)).await;
    let mut conn = world.superuser().await;
    sqlx::query("update client set time_zone = 'Asia/Shanghai'")
        .execute(&mut conn)
        .await
        .unwrap();
    sqlx::query("update app_user set created_at = '2024-01-10T02:00:00.9Z'")
        .execute(&mut conn)
        .await
        .unwrap();
    let info = data(acme.asks_as("u", Method::GET, INFO)).await;
    assert_eq!(info["create_time"], "2024-01-10T10:00:00");
}

#[tokio::test]
async fn whoever_brings_no_token_is_told_so() {
    let world = World::new().await;
    world.partner("acme").await;
    for path in [INFO, "/api/user/info"] {
        let nobody = said(world.request(Method::GET, path)).await;
        assert_eq!(nobody, Said::json(401, NO_TOKEN), "{path}");
        let empty = world.request(Method::GET, path).header("Api-Token", "");
        assert_eq!(said(empty).await, Said::json(401, NO_TOKEN), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_count_is_refused_in_the_words_of_the_original() {
    let world = World::new().await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let now = world.app.clock.now().unix_timestamp();
    let good = acme.token("u");
    for (what, token, words) in [
        ("nonsense", "nonsense".to_owned(), BAD_TOKEN),
        ("cut off", good[..good.len() - 8].to_owned(), BAD_TOKEN),
        (
            "three fields",
            acme.token_around(&format!("acme|u|{now}")),
            BAD_TOKEN,
        ),
        (
            "no user",
            acme.token_around(&format!("acme||u|{now}")),
            BAD_TOKEN,
        ),
        (
            "another client's inside",
            acme.token_around(&format!("rival|u|u|{now}")),
            BAD_TOKEN,
        ),
        (
            "milliseconds",
            acme.token_around(&format!("acme|u|u|{now}000")),
            BAD_TOKEN,
        ),
        (
            "old",
            acme.token_around(&format!("acme|u|u|{}", now - 8 * 3600 - 5)),
            OLD_TOKEN,
        ),
        (
            "a session that is none",
            format!("cs_acme_{}", "0".repeat(64)),
            BAD_TOKEN,
        ),
    ] {
        let request = world.request(Method::GET, INFO).header("Api-Token", token);
        assert_eq!(said(request).await, plain(words), "{what}");
    }
    // sealed with another client's key
    let inner = STANDARD.decode(rival.token("u")).unwrap();
    let inner = String::from_utf8(inner).unwrap();
    let strange = STANDARD.encode(inner.replacen("rival", "acme", 1));
    let request = world
        .request(Method::GET, INFO)
        .header("Api-Token", strange);
    assert_eq!(said(request).await, plain(BAD_TOKEN));
}

#[tokio::test]
async fn a_token_that_opens_one_session_does_nothing_else() {
    let world = World::new().await;
    let acme = world
        .partner_with("acme", V1Tokens::ExchangeOnce, MembersMay::Own)
        .await;
    let refused = said(acme.asks_as("u", Method::GET, INFO)).await;
    let text = format!(r#"{{"detail":"{BAD_TOKEN}"}}"#);
    assert_eq!(refused, Said::json(401, text));
    // the session that it opens does
    let person = acme.person("u").await;
    let request = world.request(Method::GET, INFO);
    let info = data(request.header("Api-Token", person.bearer)).await;
    assert_eq!(info["user_id"], "u");
}

#[tokio::test]
async fn a_disabled_client_is_nobody() {
    let world = bound("acme", Wish::default()).await;
    let acme = world.partner("acme").await;
    let token = acme.token("u");
    let ask = || world.request(Method::GET, INFO).header("Api-Token", &token);
    data(ask()).await;
    data(world.request(Method::GET, INFO)).await;
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    concierge::identity::client::set_enabled(&mut tx, false)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    eventually("the client is out", async || {
        (ask().send().await.unwrap().status() == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    assert_eq!(said(ask()).await, plain(BAD_TOKEN));
    let nobody = said(world.request(Method::GET, INFO)).await;
    assert_eq!(nobody, Said::json(401, NO_TOKEN));
}

#[tokio::test]
async fn callers_without_a_token_are_one_user_of_the_client_they_are_bound_to() {
    let world = bound("acme", Wish::default()).await;
    let (acme, _) = (world.partner("acme").await, world.partner("rival").await);
    let first = data(world.request(Method::GET, INFO)).await;
    assert_eq!(
        (&first["client_id"], &first["user_id"]),
        (&"acme".into(), &"anybody".into())
    );
    let second = data(world.request(Method::GET, "/api/user/info")).await;
    assert_eq!(first, second);
    // a partner cannot name him
    let named = data(acme.asks_as("anybody", Method::GET, INFO)).await;
    assert_eq!(named["user_id"], "anybody");
    assert_eq!(
        world
            .count("select count(*) from app_user where external_id = 'anybody'")
            .await,
        2
    );
    // nor does a wrong token make one him, nor the client's name
    for token in ["nonsense", "acme"] {
        let wrong = world.request(Method::GET, INFO).header("Api-Token", token);
        assert_eq!(said(wrong).await, plain(BAD_TOKEN));
    }
    // the native API knows nobody
    let native = world
        .request(Method::GET, "/api/v1/me")
        .send()
        .await
        .unwrap();
    assert_eq!(native.status(), StatusCode::UNAUTHORIZED);
}

/// The cookie that an answer sets: its whole text, and what a browser sends back.
async fn cookie(request: reqwest::RequestBuilder) -> (String, String) {
    let answer = request.send().await.unwrap();
    let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let sent = set.split(';').next().unwrap().to_owned();
    (set, sent)
}

#[tokio::test]
async fn whoever_brings_a_token_may_ask_by_cookie_from_then_on() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let token = acme.token("alice");
    let ask = || world.request(Method::GET, INFO).header("Api-Token", &token);
    let (set, sent) = cookie(ask()).await;
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    assert!(!set.contains(&token));
    let by_cookie = || world.request(Method::GET, INFO).header("cookie", &sent);
    assert_eq!(data(by_cookie()).await["user_id"], "alice");
    // asking again with both sets none; with the token alone the same one
    let both = ask().header("cookie", &sent).send().await.unwrap();
    assert!(!both.headers().contains_key("set-cookie"));
    assert_eq!(cookie(ask()).await.0, set);
    let sessions = "select count(*) from login_session";
    assert_eq!(world.count(sessions).await, 1);
    // it is worth nothing to the native API, which looks at no cookie
    let native = world
        .request(Method::GET, "/api/v1/me")
        .header("cookie", &sent);
    assert_eq!(
        native.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    // one that has ended is none
    let broken = world
        .request(Method::GET, INFO)
        .header("cookie", format!("{sent}0"));
    assert_eq!(said(broken).await, Said::json(401, NO_TOKEN));
}

#[tokio::test]
async fn a_cookie_over_tls_stays_there() {
    let public = ("server.public_url", "https://chat.example".to_owned());
    let world = World::configured(vec![public]).await;
    let acme = world.partner("acme").await;
    let (set, _) = cookie(acme.asks_as("alice", Method::GET, INFO)).await;
    assert!(set.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{set}");
}

#[tokio::test]
async fn what_is_not_there_is_said_like_fastapi() {
    let world = World::new().await;
    world.partner("acme").await;
    for path in [
        "/chat/nothing",
        "/session/nothing",
        "/api/nothing",
        "/api/chat",
    ] {
        let answer = said(world.request(Method::GET, path)).await;
        assert_eq!(
            answer,
            Said::json(404, r#"{"detail":"Not Found"}"#),
            "{path}"
        );
    }
    let answer = world.request(Method::POST, INFO).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET");
    let answer = Said::of(answer).await;
    assert_eq!(
        answer,
        Said::json(405, r#"{"detail":"Method Not Allowed"}"#)
    );
    // the native API keeps its own words
    for path in ["/api/v1/nothing", "/nothing"] {
        let answer = said(world.request(Method::GET, path)).await;
        assert_eq!(
            answer.kind.as_deref(),
            Some("application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn limits_speak_in_this_dialect() {
    let large = vec![b' '; (1 << 20) + 1];
    let world = World::configured(vec![
        ("limits.requests_per_second", "1".into()),
        ("limits.requests_burst", "2".into()),
    ])
    .await;
    let refused = said(world.request(Method::POST, INFO).body(large)).await;
    assert_eq!((refused.status, refused.kind.as_deref()), (413, Some(JSON)));
    assert!(
        refused
            .body
            .starts_with(r#"{"detail":"A document may have"#),
        "{refused:?}"
    );
    let mut last = world.request(Method::GET, INFO).send().await.unwrap();
    for _ in 0..3 {
        last = world.request(Method::GET, INFO).send().await.unwrap();
    }
    assert!(last.headers().contains_key("retry-after"));
    let last = Said::of(last).await;
    assert_eq!((last.status, last.kind.as_deref()), (429, Some(JSON)));
    assert!(
        last.body.starts_with(r#"{"detail":"Too many requests"#),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_dialect_that_is_off_is_not_there() {
    let off = ("dialects.chatchat", "off".to_owned());
    let world = World::configured(vec![off]).await;
    for path in [INFO, "/chat/nothing", "/api/nothing"] {
        let answer = said(world.request(Method::GET, path)).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.kind.as_deref(),
            Some("application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn refusals_can_be_read_by_the_pages_of_the_client() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let mut conn = world.superuser().await;
    let heard = world.server.gatekeeper.changes_heard();
    sqlx::query("update client set origins = '{https://shop.example}'")
        .execute(&mut conn)
        .await
        .unwrap();
    crate::world::until("the list is heard of", || {
        world.server.gatekeeper.changes_heard() > heard
    })
    .await;
    for (origin, token) in [
        ("https://shop.example", "nonsense"),
        ("https://evil.example", "x"),
    ] {
        let request = world.request(Method::GET, INFO).header("origin", origin);
        let answer = request.header("Api-Token", token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let allowed = answer.headers().get("access-control-allow-origin");
        let listed = origin == "https://shop.example";
        assert_eq!(allowed.is_some(), listed, "{origin}");
        let preflight = world
            .request(Method::OPTIONS, INFO)
            .header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "GET");
        let preflight = preflight.send().await.unwrap();
        assert_eq!(
            preflight.status() == StatusCode::NO_CONTENT,
            listed,
            "{origin}"
        );
    }
    let by_page = acme.asks_as("alice", Method::GET, INFO);
    let by_page = by_page.header("origin", "https://evil.example");
    let refused = said(by_page.header("sec-fetch-site", "cross-site")).await;
    assert_eq!(refused.status, 200);
    assert!(refused.body.starts_with(r#"{"code":403,"#), "{refused:?}");
}
