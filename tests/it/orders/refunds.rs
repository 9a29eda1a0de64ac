//! Money back to the payer, from the console, and what somebody else's double of Stripe says to all
//! that.

use concierge::{
    admin::Role,
    billing::stripe::{Stripe, list},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    books_agree,
    double::{Double, Fault},
    localstripe::Localstripe,
    stall::{Stall, session},
};
use crate::{
    verbs::{problem, text},
    world::body,
};

#[tokio::test]
async fn the_console_refunds_once_and_says_who_did() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let path = format!("/clients/acme/orders/{}/refund", text(&order["id"]));
    let reader = stall.world.operator("rita", Role::Knowledge).await;
    let refund = json!({"amount": "250", "reason": "half of it was not needed"});
    let refused = reader
        .request(Method::POST, &path)
        .header("Idempotency-Key", "r1")
        .json(&refund);
    problem(refused.send().await.unwrap(), StatusCode::FORBIDDEN).await;
    let desk = stall.world.operator("fin", Role::Finance).await;
    let asks = async |key: &str, refund: &Value| {
        let request = desk
            .request(Method::POST, &path)
            .header("Idempotency-Key", key);
        request.json(refund).send().await.unwrap()
    };
    for amount in [
        json!("-1"),
        json!("0"),
        json!("NaN"),
        json!("1e308"),
        json!("0.5"),
        json!("１２"),
        json!(5.5),
        json!(-5),
        json!(1e308),
        json!([5]),
        json!(""),
    ] {
        let wrong = json!({"amount": amount, "reason": "r"});
        problem(asks("bad", &wrong).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let nul = json!({"amount": "5", "reason": "a\0b"});
    problem(asks("bad", &nul).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    let other = json!({"amount": "5", "currency": "eur", "reason": "r"});
    problem(asks("bad", &other).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    let much = json!({"amount": "1251", "reason": "r"});
    problem(asks("much", &much).await, StatusCode::CONFLICT).await;
    // it is done, and nobody hears of it: no other refund goes out before that is known
    stall.stripe.fails(&[Fault::Unheard]);
    problem(asks("r1", &refund).await, StatusCode::BAD_GATEWAY).await;
    problem(asks("r2", &refund).await, StatusCode::CONFLICT).await;
    for _ in 0..2 {
        let order = body(asks("r1", &refund).await, StatusCode::OK).await;
        assert_eq!(
            (&order["refunded"], &order["state"]),
            (&json!("250"), &json!("fulfilled"))
        );
    }
    // the key is for this refund, and for no other
    let other = json!({"amount": "500", "reason": "more of it"});
    problem(asks("r1", &other).await, StatusCode::CONFLICT).await;
    assert_eq!(stall.stripe.count("re_"), 1);
    assert_eq!(alice.balance().await, "80");
    // Stripe tells of it too
    let told = stall.stripe.object("re_00000003");
    assert_eq!(
        stall.tells("evt_2", "refund.created", &told).await,
        StatusCode::OK
    );
    // what was refused is not said to be done when it is asked for again
    stall.stripe.fails(&[Fault::Refused]);
    let all = json!({"reason": "all"});
    for _ in 0..2 {
        problem(asks("refused", &all).await, StatusCode::CONFLICT).await;
    }
    let rest = body(asks("r3", &all).await, StatusCode::OK).await;
    assert_eq!(
        (&rest["refunded"], &rest["state"]),
        (&json!("1250"), &json!("refunded"))
    );
    assert_eq!(alice.balance().await, "0");
    problem(
        asks("r4", &json!({"reason": "more"})).await,
        StatusCode::CONFLICT,
    )
    .await;
    let written = desk.acts().await;
    assert!(
        written.iter().filter(|act| *act == "order.refund").count() >= 3,
        "{written:?}"
    );
    let listed = desk.get("/clients/acme/orders?state=refunded").await;
    assert_eq!(listed["items"][0]["id"], order["id"]);
    books_agree(&stall.world).await;
}

#[tokio::test]
async fn somebody_elses_double_of_stripe_agrees() {
    let behind = Localstripe::start().await;
    let stall = Stall::before(Double::before(Some(behind.base.clone())).await).await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    // the first that is heard is that money went back: the payment is looked up, and so is how much
    let desk = stall.world.operator("fin", Role::Finance).await;
    let charge =
        json!({"id": "ch_1", "object": "charge", "payment_intent": paid["payment_intent"]});
    assert_eq!(
        stall.tells("evt_0", "charge.refunded", &charge).await,
        StatusCode::OK
    );
    assert_eq!(alice.order(&order).await["state"], "fulfilled");
    assert_eq!(alice.balance().await, "100");
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let path = format!("/clients/acme/orders/{}/refund", text(&order["id"]));
    let request = desk
        .request(Method::POST, &path)
        .header("Idempotency-Key", "r");
    let refund = json!({"amount": "125", "reason": "r"});
    body(request.json(&refund).send().await.unwrap(), StatusCode::OK).await;
    assert_eq!(alice.balance().await, "90");
    assert_eq!(
        stall.tells("evt_2", "charge.refunded", &charge).await,
        StatusCode::OK
    );
    assert_eq!(alice.balance().await, "90");

    // what it has is what we have
    let stripe = Stripe::open(&stall.world.app.config).unwrap().unwrap();
    let all = async |subject| {
        let (rows, next) = list::list(&stripe, subject, OffsetDateTime::UNIX_EPOCH, None)
            .await
            .unwrap();
        assert_eq!(next, None);
        rows
    };
    let intents = all(list::Subject::PaymentIntents).await;
    let (client, id) = intents[0].order.clone().unwrap();
    assert_eq!(
        (client.as_str(), id.to_string().as_str()),
        ("acme", text(&order["id"]))
    );
    assert_eq!(
        (intents[0].amount, intents[0].currency.as_str()),
        (1_250, "usd")
    );
    let refunds = all(list::Subject::Refunds).await;
    assert_eq!((refunds.len(), refunds[0].amount), (1, 125));
    assert_eq!(
        refunds[0].payment_intent.as_deref(),
        Some(intents[0].id.as_str())
    );
    let moves = all(list::Subject::BalanceTransactions).await;
    let moved: i64 = moves.iter().map(|row| row.amount).sum();
    assert_eq!(moved, 1_250 - 125);
    let mut sources: Vec<_> = moves.iter().map(|row| row.source.clone()).collect();
    sources.sort();
    assert_eq!(
        sources,
        [intents[0].charge.clone(), Some(refunds[0].id.clone())]
    );
    assert_eq!(all(list::Subject::Disputes).await, []);
    books_agree(&stall.world).await;
}
