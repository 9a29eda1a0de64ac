//! Which pages of other sites may use the API, and which may frame the chat page.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::{
    verbs::problem,
    world::{Partner, Person, World, until},
};

const ME: &str = "/api/v1/me";
const SHOP: &str = "https://shop.example";
const OTHER: &str = "https://other.example";

/// Sets the list of a client, and waits until the server has heard of it.
async fn list(partner: &Partner<'_>, origins: &[&str]) {
    let world = partner.world;
    let heard = world.server.gatekeeper.changes_heard();
    sqlx::query("update client set origins = $2 where client_no = $1")
        .bind(partner.no)
        .bind(origins)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    until("the change is heard of", || {
        world.server.gatekeeper.changes_heard() > heard
    })
    .await;
}

async fn preflight(world: &World, origin: &str) -> Response {
    world
        .request(Method::OPTIONS, "/api/v1/sessions")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
        .send()
        .await
        .unwrap()
}

/// A request as a page of this origin sends it.
fn from(request: RequestBuilder, origin: &str) -> RequestBuilder {
    request
        .header("origin", origin)
        .header("sec-fetch-site", "cross-site")
}

async fn me_from(person: &Person<'_>, origin: &str) -> Response {
    let me = person.request(Method::GET, ME);
    from(me, origin).send().await.unwrap()
}

fn allowed(answer: &Response) -> Option<&str> {
    assert!(
        !answer
            .headers()
            .contains_key("access-control-allow-credentials"),
        "the token is the credential"
    );
    let origin = answer.headers().get("access-control-allow-origin")?;
    origin.to_str().ok()
}

async fn frames(world: &World, query: &str) -> String {
    let page = world.request(Method::GET, &format!("/h5/{query}"));
    let page = page.send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    let (_, frames) = policy.split_once("; frame-ancestors ").unwrap();
    frames.to_owned()
}

/// A server with a chat page.
async fn with_page(frames: &'static str) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
    let h5_dir = folder.path().display().to_string();
    let set = vec![("server.h5_dir", h5_dir), ("server.frames", frames.into())];
    (World::configured(set).await, folder)
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_ask() {
    let world = World::new().await;
    let shop = world.partner("shop").await;
    list(&shop, &[SHOP, "HTTPS://Www.Shop.Example:443/"]).await;
    let alice = shop.person("alice").await;
    for origin in [SHOP, "https://www.shop.example"] {
        let asked = preflight(&world, origin).await;
        assert_eq!(asked.status(), StatusCode::NO_CONTENT);
        assert_eq!(allowed(&asked), Some(origin));
        let head = asked.headers();
        assert_eq!(head["vary"], "origin");
        assert_eq!(head["access-control-max-age"], "600");
        for (name, holds) in [
            ("access-control-allow-methods", "PATCH"),
            ("access-control-allow-headers", "authorization"),
            ("access-control-allow-headers", "if-match"),
        ] {
            let value = head[name].to_str().unwrap();
            assert!(value.contains(holds), "{name}: {value}");
        }
        let answer = me_from(&alice, origin).await;
        assert_eq!(
            (answer.status(), allowed(&answer)),
            (StatusCode::OK, Some(origin))
        );
        assert_eq!(answer.headers()["vary"], "origin");
    }
    // whoever may not read why learns nothing: a page of a client may
    let nobody = from(world.request(Method::GET, ME), SHOP)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (nobody.status(), allowed(&nobody)),
        (StatusCode::UNAUTHORIZED, Some(SHOP))
    );
}

#[tokio::test]
async fn an_empty_list_means_no_origin_anything_llm_5758() {
    let world = World::new().await;
    let partner = world.partner("p").await;
    let alice = partner.person("alice").await;
    for origin in [SHOP, "null", "*", "", "http://localhost:3000"] {
        let asked = preflight(&world, origin).await;
        assert_eq!(allowed(&asked), None, "{origin}");
        problem(asked, StatusCode::FORBIDDEN).await;
        let answer = me_from(&alice, origin).await;
        assert_eq!(allowed(&answer), None, "{origin}");
        problem(answer, StatusCode::FORBIDDEN).await;
    }
    list(&partner, &["*", "null", "https://*.example", "nonsense"]).await;
    for origin in [SHOP, "null", "*"] {
        assert_eq!(allowed(&preflight(&world, origin).await), None, "{origin}");
    }
    // programs, and pages of our own, are no other site
    let own = |site: Option<&'static str>| {
        let mut request = alice
            .request(Method::GET, ME)
            .header("origin", "https://own.example");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        request.send()
    };
    for site in [None, Some("same-origin"), Some("none")] {
        let answer = own(site).await.unwrap();
        assert_eq!(
            (answer.status(), allowed(&answer)),
            (StatusCode::OK, None),
            "{site:?}"
        );
    }
}

#[tokio::test]
async fn a_token_copied_to_another_site_is_of_no_use_there_dify_17257() {
    let (world, _page) = with_page("any").await;
    let (shop, other) = (world.partner("shop").await, world.partner("other").await);
    list(&shop, &[SHOP]).await;
    list(&other, &[OTHER]).await;
    let token = shop.token("alice");
    // the other site is a client's too: a browser may ask in its name, and is refused then
    assert_eq!(allowed(&preflight(&world, OTHER).await), Some(OTHER));
    let exchange = || {
        let exchange = world.request(Method::POST, "/api/v1/token-exchange");
        exchange.header("api-token", &token)
    };
    let refused = from(exchange(), OTHER).send().await.unwrap();
    assert_eq!(allowed(&refused), None);
    let said = problem(refused, StatusCode::FORBIDDEN).await;
    assert_eq!(said["code"], "forbidden");
    let taken = from(exchange(), SHOP).send().await.unwrap();
    assert_eq!(
        (taken.status(), allowed(&taken)),
        (StatusCode::OK, Some(SHOP))
    );
    let session: Value = taken.json().await.unwrap();
    let bearer = session["access_token"].as_str().unwrap();
    for (origin, status) in [(SHOP, StatusCode::OK), (OTHER, StatusCode::FORBIDDEN)] {
        let me = world.request(Method::GET, ME).bearer_auth(bearer);
        assert_eq!(from(me, origin).send().await.unwrap().status(), status);
    }
    // nor does the other site get the page into a frame with it
    let token = token.replace('=', "%3D").replace('+', "%2B");
    let query = format!("?api_token={token}&lang=zh");
    assert_eq!(frames(&world, &query).await, format!("'self' {SHOP}"));
}

#[tokio::test]
async fn a_list_that_changes_counts_at_once() {
    let (world, _page) = with_page("any").await;
    let shop = world.partner("shop").await;
    let alice = shop.person("alice").await;
    assert_eq!(allowed(&preflight(&world, SHOP).await), None);
    list(&shop, &[SHOP]).await;
    assert_eq!(allowed(&preflight(&world, SHOP).await), Some(SHOP));
    assert_eq!(allowed(&me_from(&alice, SHOP).await), Some(SHOP));
    assert_eq!(
        frames(&world, "?client=shop").await,
        format!("'self' {SHOP}")
    );
    let gatekeeper = &world.server.gatekeeper;
    let heard = gatekeeper.changes_heard();
    sqlx::query("update client set enabled = false where client_no = $1")
        .bind(shop.no)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    until("that is heard of", || gatekeeper.changes_heard() > heard).await;
    assert_eq!(allowed(&preflight(&world, SHOP).await), None);
}

#[tokio::test]
async fn who_frames_the_page_follows_the_client_and_else_the_setting() {
    for (setting, without) in [("any", "*"), ("self", "'self'")] {
        let (world, _page) = with_page(setting).await;
        let (listing, empty) = (world.partner("listing").await, world.partner("empty").await);
        list(&listing, &[SHOP, "https://x.example; script-src *"]).await;
        for (query, expected) in [
            ("", without.to_owned()),
            ("?client=nobody", without.to_owned()),
            ("?client=empty", without.to_owned()),
            ("?client=listing", format!("'self' {SHOP}")),
            ("?token=nonsense", without.to_owned()),
        ] {
            assert_eq!(frames(&world, query).await, expected, "{setting} {query}");
        }
        let token = empty.token("alice").replace('=', "%3D").replace('+', "%2B");
        assert_eq!(frames(&world, &format!("?token={token}")).await, without);
    }
}
