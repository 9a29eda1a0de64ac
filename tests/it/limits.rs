//! How much clients, users and addresses may ask, in one process and over several.

use std::time::{Duration, Instant};

use concierge::{
    boot,
    db::LOGIN_ROLE,
    identity::api_key::{self, Scope},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use crate::{
    cluster::cluster,
    line::Line,
    process::{Server, folder},
    verbs::{eventually, problem},
    world::{Partner, World, fresh_database, until},
};

const ME: &str = "/api/v1/me";

async fn limited(set: &[(&'static str, &str)]) -> World {
    let set = set.iter().map(|(key, value)| (*key, (*value).to_owned()));
    World::configured(set.collect()).await
}

/// Sends until one is refused, and returns how many were not.
async fn flood(most: usize, request: impl Fn() -> RequestBuilder) -> (usize, Option<Response>) {
    for sent in 0..most {
        let answer = request().send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return (sent, Some(answer));
        }
    }
    (most, None)
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().unwrap()
}

/// Gives a client numbers of its own, and waits until the server has heard of them.
async fn allow(partner: &Partner<'_>, requests: Option<i32>, user_requests: Option<i32>) {
    let world = partner.world;
    let heard = world.server.gatekeeper.changes_heard();
    sqlx::query(
        "update client set requests_per_minute = $2, user_requests_per_minute = $3 where client_no = $1",
    )
    .bind(partner.no)
    .bind(requests)
    .bind(user_requests)
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    until("the change is heard of", || {
        world.server.gatekeeper.changes_heard() > heard
    })
    .await;
}

#[tokio::test]
async fn a_user_past_the_limit_waits_and_nobody_else_does() {
    let world = limited(&[("limits.user_requests_per_minute", "30")]).await;
    let partner = world.partner("p").await;
    let (alice, bob) = (partner.person("alice").await, partner.person("bob").await);
    let first = alice.request(Method::GET, ME).send().await.unwrap();
    assert_eq!(header(&first, "ratelimit-policy"), "\"user\";q=30;w=60");
    // the exchange of the token was the first request
    assert_eq!(header(&first, "ratelimit"), "\"user\";r=28;t=4");
    let (more, refused) = flood(60, || alice.request(Method::GET, ME)).await;
    // a token comes back every two seconds, and this takes a few of them at most
    assert!((28..=35).contains(&more), "{more}");
    let refused = refused.unwrap();
    assert_eq!(header(&refused, "ratelimit-policy"), "\"user\";q=30;w=60");
    assert!(header(&refused, "ratelimit").starts_with("\"user\";r=0;t="));
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    let said = problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(said["code"], "throttled");
    assert_eq!(bob.status(Method::GET, ME).await, StatusCode::OK);

    world.app.clock.forward(Duration::from_secs(wait + 1));
    assert_eq!(alice.status(Method::GET, ME).await, StatusCode::OK);
    world.app.clock.forward(Duration::from_secs(120));
    let (more, _) = flood(60, || alice.request(Method::GET, ME)).await;
    assert!((30..=37).contains(&more), "full again, and no more: {more}");
}

#[tokio::test]
async fn the_flood_of_one_client_does_not_throttle_another() {
    let world = limited(&[
        ("limits.client_requests_per_minute", "40"),
        ("limits.user_requests_per_minute", "1000"),
    ])
    .await;
    let (flooding, quiet) = (
        world.partner("flooding").await,
        world.partner("quiet").await,
    );
    let (alice, bob) = (flooding.person("alice").await, flooding.person("bob").await);
    let carol = quiet.person("carol").await;
    let (_, refused) = flood(100, || alice.request(Method::GET, ME)).await;
    let refused = refused.unwrap();
    assert_eq!(header(&refused, "ratelimit-policy"), "\"client\";q=40;w=60");
    assert_eq!(
        bob.status(Method::GET, ME).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    let answer = carol.request(Method::GET, ME).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(header(&answer, "ratelimit").starts_with("\"user\";r="));
}

#[tokio::test]
async fn a_client_has_numbers_of_its_own_or_the_servers_or_none() {
    let world = limited(&[("limits.user_requests_per_minute", "10")]).await;
    let partner = world.partner("p").await;
    let alice = partner.person("alice").await;
    assert!(
        flood(40, || alice.request(Method::GET, ME))
            .await
            .1
            .is_some()
    );
    allow(&partner, None, Some(0)).await;
    let (_, refused) = flood(40, || alice.request(Method::GET, ME)).await;
    assert!(refused.is_none(), "0 is no limit");
    let answer = alice.request(Method::GET, ME).send().await.unwrap();
    assert!(!answer.headers().contains_key("ratelimit"));

    allow(&partner, Some(20), Some(0)).await;
    let mut tx = world.app.db.client(partner.no).await.unwrap();
    let now = world.app.clock.now();
    let (_, key) = api_key::create(&mut tx, &partner.id, "ci", &[Scope::KnowledgeRead], now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let program = || {
        let bases = world.request(Method::GET, "/api/v1/knowledge-bases");
        bases.bearer_auth(key.expose())
    };
    let answer = program().send().await.unwrap();
    assert_eq!(header(&answer, "ratelimit-policy"), "\"client\";q=20;w=60");
    let (more, refused) = flood(60, program).await;
    assert!((17..=30).contains(&more) && refused.is_some(), "{more}");
}

#[tokio::test]
async fn an_address_past_the_limit_is_told_so_before_anybody_asks_who_it_is() {
    let world = limited(&[
        ("limits.requests_per_second", "1"),
        ("limits.requests_burst", "10"),
        ("server.trusted_proxies", "127.0.0.1"),
    ])
    .await;
    let from = |address: &'static str, path: &str| {
        world
            .request(Method::GET, path)
            .header("x-forwarded-for", address)
    };
    let (sent, refused) = flood(40, || from("192.0.2.1", ME)).await;
    assert!((10..=20).contains(&sent), "{sent}");
    let refused = refused.unwrap();
    assert_eq!(
        header(&refused, "ratelimit-policy"),
        "\"address\";q=10;w=10"
    );
    assert!(header(&refused, "ratelimit").starts_with("\"address\";r=0;t="));
    // what costs a look into the database counts too, and a page does not
    let page = from("192.0.2.1", "/h5/?client=p").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    for path in ["/", "/h5/?lang=zh"] {
        let page = from("192.0.2.1", path).send().await.unwrap();
        assert_ne!(page.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    let other = from("192.0.2.2", ME).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_was_not_told_yet_is_told_later() {
    let world = limited(&[("limits.client_requests_per_minute", "100")]).await;
    let partner = world.partner("p").await;
    let alice = partner.person("alice").await;
    for _ in 0..9 {
        assert_eq!(alice.status(Method::GET, ME).await, StatusCode::OK);
    }
    eventually("the bucket has heard", async || {
        let left: Option<f64> = sqlx::query_scalar("select tokens from rate_bucket")
            .fetch_optional(&mut world.superuser().await)
            .await
            .unwrap();
        // a lease of ten on credit, and half a lease and more on top
        left.filter(|left| (80.0..=90.0).contains(left))
    })
    .await;
}

#[tokio::test]
async fn two_processes_together_let_in_what_one_may() {
    let (access, database) = (cluster().await, fresh_database().await);
    let url = format!(
        "postgres://{LOGIN_ROLE}:{}@127.0.0.1:{}/{database}?sslmode=disable",
        boot::login_password(access),
        access.port
    );
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("DATABASE__URL", url.as_str()),
        ("DATABASE__MIGRATE", "off"),
        ("LIMITS__USER_REQUESTS_PER_MINUTE", "200"),
    ];
    let folder = folder();
    let (one, two) = (
        Server::start(folder.path(), &set),
        Server::start(folder.path(), &set),
    );
    let started = Instant::now();
    let bearer = one.visitor().await;
    let other = one.visitor().await;
    let asks = |server: &Server| server.request(Method::GET, ME).bearer_auth(&bearer);
    let (mut first, mut second) = (0, 0);
    // by turns, so that neither has used up what is there before the other one begins
    for _ in 0..50 {
        let ((here, _), (there, _)) =
            tokio::join!(flood(20, || asks(&one)), flood(20, || asks(&two)));
        first += here;
        second += there;
    }
    // both have seen the end of it, at different moments
    let mut let_in = first + second;
    for server in [&one, &two] {
        for _ in 0..50 {
            let status = asks(server).send().await.unwrap().status();
            let_in += usize::from(status == StatusCode::OK);
        }
    }
    let came_back = started.elapsed().as_secs_f64() * 200.0 / 60.0;
    // the exchange was one; each process may let in a tenth more
    let most = 200.0 + came_back.ceil() + 2.0 * 20.0;
    assert!(let_in >= 199, "{first} and {second}");
    assert!(
        let_in as f64 <= most,
        "{first} and {second}, {let_in} in all, of {most}"
    );
    assert!(
        first > 20 && second > 20,
        "both got some: {first} and {second}"
    );
    let spared = two.request(Method::GET, ME).bearer_auth(&other);
    assert_eq!(spared.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn while_the_database_is_away_a_process_counts_alone() {
    let (access, database) = (cluster().await, fresh_database().await);
    let line = Line::to(access.port).await;
    let url = format!(
        "postgres://{LOGIN_ROLE}:{}@127.0.0.1:{}/{database}?sslmode=disable",
        boot::login_password(access),
        line.port
    );
    let folder = folder();
    let start = {
        let folder = folder.path().to_owned();
        move || {
            let set = [
                ("MODELS__EMBEDDING", "none"),
                ("DATABASE__URL", url.as_str()),
                ("DATABASE__MIGRATE", "off"),
                ("LIMITS__REQUESTS_PER_SECOND", "1"),
                ("LIMITS__REQUESTS_BURST", "30"),
                ("SERVER__SHUTDOWN_SECONDS", "1"),
            ];
            Server::start(&folder, &set)
        }
    };
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    line.falls_silent();
    // refused without the database: no token, so nobody has to be looked up
    let (sent, refused) = flood(200, || server.request(Method::GET, ME)).await;
    assert!((30..=60).contains(&sent), "{sent}");
    assert!(refused.is_some());
    server.kill();
}
