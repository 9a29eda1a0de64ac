//! Requests that were written down and have no answer yet: whatever happens meanwhile, Stripe does
//! them once.

use std::time::Duration;

use concierge::admin::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    books_agree,
    double::Fault,
    stall::{Stall, session},
};
use crate::{
    verbs::{problem, text},
    world::body,
};

/// As it was frozen before requests were typed, and in the version of that time.
const OLD: &str = "mode=payment&client_reference_id=x&success_url=https%3A%2F%2Facme.example%2F\
&cancel_url=https%3A%2F%2Facme.example%2F&expires_at=1900000000&line_items%5B0%5D%5Bquantity%5D=1\
&line_items%5B0%5D%5Bprice_data%5D%5Bcurrency%5D=usd\
&line_items%5B0%5D%5Bprice_data%5D%5Bunit_amount%5D=1250";

#[tokio::test]
async fn what_an_older_server_froze_is_asked_as_it_was() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    stall.stripe.fails(&[Fault::Away]);
    problem(
        alice.tries_to_order(&plan, "k").await,
        StatusCode::BAD_GATEWAY,
    )
    .await;
    let mut conn = stall.world.superuser().await;
    let changed =
        sqlx::query("update payment_call set body = $1, version = '2025-03-31.basil'").bind(OLD);
    assert_eq!(changed.execute(&mut conn).await.unwrap().rows_affected(), 1);
    assert_eq!(alice.orders(&plan, "k").await["state"], "pending");
    let asked = stall.stripe.asked();
    let (new, old) = (&asked[0], &asked[1]);
    assert_eq!((&new.path, &new.key), (&old.path, &old.key));
    assert_eq!(
        (new.path.as_str(), old.body.as_str()),
        ("/v1/checkout/sessions", OLD)
    );
    assert_eq!(old.version, "2025-03-31.basil");
    assert_ne!(new.version, old.version);
    books_agree(&stall.world).await;
}

#[tokio::test]
async fn a_refund_is_not_made_anew_when_stripe_has_forgotten_its_key() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let path = format!("/clients/acme/orders/{}/refund", text(&order["id"]));
    let asks = async |name: &str, key: &str, amount: &str| {
        let desk = stall.world.operator(name, Role::Finance).await;
        let request = desk
            .request(Method::POST, &path)
            .header("Idempotency-Key", key);
        let refund = json!({"amount": amount, "reason": "r"});
        request.json(&refund).send().await.unwrap()
    };
    // one that is done and not heard of, and is asked for again the day after
    stall.stripe.fails(&[Fault::Unheard]);
    problem(asks("fin", "r1", "250").await, StatusCode::BAD_GATEWAY).await;
    let a_day = || {
        stall.world.app.clock.forward(Duration::from_secs(86_400));
        stall.stripe.forgets();
    };
    a_day();
    let done = body(asks("fay", "r1", "250").await, StatusCode::OK).await;
    assert_eq!(
        (&done["refunded"], stall.stripe.count("re_")),
        (&json!("250"), 1)
    );
    // one that was never done
    stall.stripe.fails(&[Fault::Away]);
    problem(asks("fox", "r2", "125").await, StatusCode::BAD_GATEWAY).await;
    a_day();
    let done = body(asks("flo", "r2", "125").await, StatusCode::OK).await;
    assert_eq!(
        (&done["refunded"], stall.stripe.count("re_")),
        (&json!("375"), 2)
    );
    books_agree(&stall.world).await;
}

#[tokio::test]
async fn a_key_that_is_wrong_today_ends_neither_an_order_nor_a_refund() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    stall.stripe.fails(&[Fault::Barred]);
    let barred = alice.tries_to_order(&plan, "k").await;
    problem(barred, StatusCode::BAD_GATEWAY).await;
    let order = alice.orders(&plan, "k").await;
    assert_eq!(order["state"], "pending");
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let desk = stall.world.operator("fin", Role::Finance).await;
    let path = format!("/clients/acme/orders/{}/refund", text(&order["id"]));
    let asks = async || {
        let request = desk
            .request(Method::POST, &path)
            .header("Idempotency-Key", "r");
        request.json(&json!({"reason": "r"})).send().await.unwrap()
    };
    stall.stripe.fails(&[Fault::Barred]);
    problem(asks().await, StatusCode::BAD_GATEWAY).await;
    assert_eq!(
        body(asks().await, StatusCode::OK).await["state"],
        "refunded"
    );
    books_agree(&stall.world).await;
}
