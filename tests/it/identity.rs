//! Who is asking: every way in, and every way in that is not one.

use std::time::Duration;

use concierge::identity::{MembersMay, V1Tokens, api_key, client, user};
use reqwest::{Method, StatusCode};

use crate::world::{Partner, World, body};

const ME: &str = "/api/v1/me";
const EXCHANGE: &str = "/api/v1/token-exchange";

async fn status(world: &World, method: Method, path: &str, token: &str) -> StatusCode {
    world
        .request(method, path)
        .header("Api-Token", token)
        .send()
        .await
        .unwrap()
        .status()
}

async fn me(world: &World, token: &str) -> StatusCode {
    status(world, Method::GET, ME, token).await
}

fn now(world: &World) -> i64 {
    world.app.clock.now().unix_timestamp()
}

#[tokio::test]
async fn a_token_names_a_user_who_is_made_on_first_sight() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let answer = world
        .request(Method::GET, ME)
        .header("Api-Token", acme.token("张 三"))
        .send()
        .await
        .unwrap();
    let first = body(answer, StatusCode::OK).await;
    assert_eq!(first["username"], "张 三");
    assert_eq!(
        (&first["client_id"], &first["realm"]),
        (&"acme".into(), &"partner".into())
    );
    // another token, another spelling of the header: the same user
    let answer = world
        .request(Method::GET, ME)
        .header("api_token", acme.token("张 三"))
        .send()
        .await
        .unwrap();
    assert_eq!(body(answer, StatusCode::OK).await["id"], first["id"]);
    let session = acme.person("张 三").await;
    assert_eq!(session.get(ME).await["id"], first["id"]);
}

#[tokio::test]
async fn the_same_user_id_at_two_partners_is_two_users() {
    let world = World::new().await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let (one, other) = (acme.person("alice").await, rival.person("alice").await);
    assert_ne!(one.get(ME).await["id"], other.get(ME).await["id"]);
}

#[tokio::test]
async fn a_credential_in_the_wrong_place_still_holds_in_its_own() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let asked = async |name: &str, value: String| {
        let request = world.request(Method::GET, ME).header(name, value);
        request.send().await.unwrap().status()
    };
    let as_token = async |text: &str| asked("Api-Token", text.to_owned()).await;
    let as_bearer = async |text: &str| asked("Authorization", format!("Bearer {text}")).await;
    let (token, bearer) = (acme.token("alice"), acme.person("alice").await.bearer);
    assert_eq!(as_token(&bearer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(as_bearer(&bearer).await, StatusCode::OK);
    assert_eq!(as_bearer(&token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(as_token(&token).await, StatusCode::OK);
    // nor does one that held elsewhere hold here
    assert_eq!(as_token(&bearer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(as_bearer(&token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_no_token_is_refused_with_one_text() {
    let world = World::new().await;
    let (acme, rival) = (world.partner("acme").await, world.partner("rival").await);
    let (good, now) = (acme.token("u"), now(&world));
    let inside = |text: String| acme.token_around(&text);
    let bad = [
        ("empty", String::new()),
        ("truncated", good[..good.len() - 8].into()),
        ("truncated by one", good[..good.len() - 1].into()),
        ("wrong padding", format!("{good}=")),
        ("not base64", "§".repeat(40)),
        (
            "expired",
            inside(format!("acme|u|n|{}", now - 8 * 3_600 - 60)),
        ),
        ("future", inside(format!("acme|u|n|{}", now + 600))),
        ("milliseconds", inside(format!("acme|u|n|{}000", now))),
        ("NaN", inside("acme|u|n|NaN".into())),
        ("infinite", inside("acme|u|n|inf".into())),
        ("three fields", inside(format!("acme|u|{now}"))),
        ("five fields", inside(format!("acme|u|n|x|{now}"))),
        ("another client inside", inside(format!("rival|u|n|{now}"))),
        ("no user", inside(format!("acme||n|{now}"))),
        (
            "the key of another client",
            rival.token("u").replace("cml2YWx8", "YWNtZXw"),
        ),
        (
            "unknown client",
            Partner {
                id: "nobody".into(),
                ..world.partner("other").await
            }
            .token("u"),
        ),
        ("one megabyte", "A".repeat(1 << 20)),
    ];
    let mut texts = Vec::new();
    for (why, token) in bad {
        // a megabyte of header is refused by the HTTP layer itself, before us
        let Ok(answer) = world
            .request(Method::GET, ME)
            .header("Api-Token", token.as_bytes())
            .send()
            .await
        else {
            assert_eq!(why, "one megabyte");
            continue;
        };
        if why == "one megabyte" {
            assert!(answer.status().is_client_error());
            continue;
        }
        let problem = body(answer, StatusCode::UNAUTHORIZED).await;
        assert_eq!(problem["code"], "unauthenticated", "{why}");
        texts.push(problem["detail"].as_str().unwrap().to_owned());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "the reason must not show: {texts:?}");
    assert_eq!(me(&world, &good).await, StatusCode::OK);
}

#[tokio::test]
async fn a_token_of_ten_thousand_characters_costs_no_rsa() {
    let world = World::new().await;
    let before = world.server.gatekeeper.rsa_operations();
    assert_eq!(
        me(&world, &"A".repeat(10_000)).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(world.server.gatekeeper.rsa_operations(), before);
}

#[tokio::test]
async fn each_first_sight_costs_one_rsa_operation_whatever_it_is() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let good = acme.token("u");
    let unknown = Partner {
        id: "nobody".into(),
        ..world.partner("other").await
    }
    .token("u");
    let inside_wrong = acme.token_around("acme|u|1");
    for token in [
        good.as_str(),
        &unknown,
        &inside_wrong,
        "bm90aGluZw==",
        "no base64 at all",
    ] {
        let before = world.server.gatekeeper.rsa_operations();
        let first = me(&world, token).await;
        assert_eq!(
            world.server.gatekeeper.rsa_operations() - before,
            1,
            "{token}"
        );
        for _ in 0..3 {
            assert_eq!(me(&world, token).await, first);
        }
        assert_eq!(
            world.server.gatekeeper.rsa_operations() - before,
            1,
            "remembered: {token}"
        );
    }
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_time() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let token = acme.token("u");
    assert_eq!(me(&world, &token).await, StatusCode::OK);
    world.app.clock.forward(Duration::from_secs(8 * 3_600 - 30));
    assert_eq!(me(&world, &token).await, StatusCode::OK);
    world.app.clock.forward(Duration::from_secs(60));
    assert_eq!(me(&world, &token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn exchange_once_means_once_and_soon_and_nothing_else() {
    let world = World::new().await;
    let acme = world
        .partner_with("acme", V1Tokens::ExchangeOnce, MembersMay::Own)
        .await;
    let token = acme.token("u");
    assert_eq!(
        me(&world, &token).await,
        StatusCode::UNAUTHORIZED,
        "not with every request"
    );
    let tries: Vec<_> = (0..8)
        .map(|_| status(&world, Method::POST, EXCHANGE, &token))
        .collect();
    let opened = futures_util::future::join_all(tries).await;
    let opened = opened
        .iter()
        .filter(|status| **status == StatusCode::OK)
        .count();
    assert_eq!(opened, 1, "burnt by the first, also when all come at once");
    let late = acme.token("u");
    world.app.clock.forward(Duration::from_secs(6 * 60));
    assert_eq!(
        status(&world, Method::POST, EXCHANGE, &late).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_header_token_outlives_its_exchange() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let token = acme.token("u");
    for _ in 0..2 {
        assert_eq!(
            status(&world, Method::POST, EXCHANGE, &token).await,
            StatusCode::OK
        );
    }
    assert_eq!(me(&world, &token).await, StatusCode::OK);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let world = World::new().await;
    let person = world.partner("acme").await.person("u").await;
    person.get(ME).await;
    world.app.clock.forward(Duration::from_secs(8 * 3_600 + 1));
    let answer = person.request(Method::GET, ME).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// Waits at most the second that the design promises.
async fn refused_within_a_second(world: &World, what: &str, token: &str, bearer: &str) {
    let refused = async {
        loop {
            let by_token = me(world, token).await;
            let by_session = world
                .request(Method::GET, ME)
                .bearer_auth(bearer)
                .send()
                .await
                .unwrap()
                .status();
            if (by_token, by_session) == (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), refused)
        .await
        .unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn disabling_a_client_or_user_shuts_the_door_within_a_second() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    for (what, realm_user) in [("user", Some("u")), ("client", None)] {
        let (token, person) = (acme.token("u"), acme.person("u").await);
        assert_eq!(me(&world, &token).await, StatusCode::OK);
        person.get(ME).await;
        let set = async |enabled| {
            let mut tx = world.app.db.client(acme.no).await.unwrap();
            match realm_user {
                Some(name) => {
                    let realm = concierge::identity::Realm::Partner;
                    user::set_enabled(&mut tx, realm, name, enabled)
                        .await
                        .unwrap();
                }
                None => client::set_enabled(&mut tx, enabled).await.unwrap(),
            }
            tx.commit().await.unwrap();
        };
        set(false).await;
        refused_within_a_second(&world, what, &token, &person.bearer).await;
        set(true).await;
        person_comes_back(&world, &token).await;
    }
}

async fn person_comes_back(world: &World, token: &str) {
    let back = async {
        while me(world, token).await != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), back)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_killed_key_is_dead_within_a_second_and_an_overlapping_one_lives_on() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let old = acme.token("u");
    let rotate = async |overlap| {
        let key = concierge::identity::key::NewKey::generate(2_048).unwrap();
        let pem = key.public_pem.clone();
        let mut tx = world.app.db.client(acme.no).await.unwrap();
        client::rotate(
            &mut tx,
            key,
            &world.app.vault,
            overlap,
            world.app.clock.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        pem
    };
    let second = Partner {
        pem: rotate(time::Duration::hours(1)).await,
        ..world.partner("x").await
    };
    let second = Partner {
        id: "acme".into(),
        ..second
    };
    let new = second.token("u");
    assert_eq!(me(&world, &new).await, StatusCode::OK);
    assert_eq!(
        me(&world, &old).await,
        StatusCode::OK,
        "the old key overlaps"
    );
    world.app.clock.forward(Duration::from_secs(3_601));
    assert_eq!(
        me(&world, &old).await,
        StatusCode::UNAUTHORIZED,
        "the overlap is over"
    );
    assert_eq!(me(&world, &new).await, StatusCode::OK);
    rotate(time::Duration::ZERO).await;
    let dead = async {
        while me(&world, &new).await != StatusCode::UNAUTHORIZED {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), dead)
        .await
        .expect("killed within a second");
}

#[tokio::test]
async fn an_api_key_does_what_its_scopes_say() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let make = async |scopes: &[api_key::Scope]| {
        let mut tx = world.app.db.client(acme.no).await.unwrap();
        let now = world.app.clock.now();
        let made = api_key::create(&mut tx, "acme", "ci", scopes, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        made
    };
    let (_, reader) = make(&[api_key::Scope::KnowledgeRead]).await;
    let (id, writer) = make(&[api_key::Scope::KnowledgeWrite]).await;
    let add = async |key: &str, name: &str| {
        let request = world
            .request(Method::POST, "/api/v1/knowledge-bases")
            .bearer_auth(key);
        request
            .json(&serde_json::json!({"name": name, "shared": true}))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(add(reader.expose(), "a").await, StatusCode::FORBIDDEN);
    assert_eq!(add(writer.expose(), "a").await, StatusCode::CREATED);
    let sessions = world
        .request(Method::GET, "/api/v1/sessions")
        .bearer_auth(writer.expose());
    assert_eq!(
        sessions.send().await.unwrap().status(),
        StatusCode::FORBIDDEN,
        "a key is no user"
    );
    let guess = format!("ck_acme_{}", "0".repeat(64));
    assert_eq!(add(&guess, "b").await, StatusCode::UNAUTHORIZED);
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    api_key::revoke(&mut tx, id, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let dead = async {
        while add(writer.expose(), "a").await != StatusCode::UNAUTHORIZED {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), dead)
        .await
        .expect("revoked within a second");
}

#[tokio::test]
async fn nothing_is_remembered_while_changes_are_not_heard() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let token = acme.token("u");
    assert_eq!(me(&world, &token).await, StatusCode::OK);
    let mut superuser = world.superuser().await;
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like 'LISTEN%'";
    sqlx::query(kill).execute(&mut superuser).await.unwrap();
    let gatekeeper = world.server.gatekeeper.clone();
    crate::world::until("the loss is noticed", || !gatekeeper.is_listening()).await;
    let before = gatekeeper.rsa_operations();
    assert_eq!(me(&world, &token).await, StatusCode::OK);
    assert!(gatekeeper.rsa_operations() > before, "proved anew");
    crate::world::until("changes are heard again", || gatekeeper.is_listening()).await;
}
