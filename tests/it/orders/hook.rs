//! Events of Stripe: only signed ones are believed, and each has its effect once.

use concierge::billing::{
    order::{Provider, State},
    stripe,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Executor;

use super::{
    books_agree,
    double::{SECRET, event, signature},
    stall::{Stall, session},
};

#[tokio::test]
async fn only_signed_events_are_believed() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let event = event("evt_1", "checkout.session.completed", &paid);
    let body = event.to_string();
    let now = stall.world.app.clock.now().unix_timestamp();
    let good = signature(SECRET, now, &body);
    let mut foreign = event.clone();
    foreign["account"] = json!("acct_2");
    for (what, body, header) in [
        ("no signature", body.clone(), String::new()),
        (
            "another secret",
            body.clone(),
            signature("whsec_of_somebody_else_0", now, &body),
        ),
        (
            "an altered amount",
            body.replace("1250", "1251"),
            good.clone(),
        ),
        ("one byte more", format!("{body} "), good.clone()),
        (
            "a stale one",
            body.clone(),
            signature(SECRET, now - 310, &body),
        ),
        (
            "one of the future",
            body.clone(),
            signature(SECRET, now + 310, &body),
        ),
        (
            "a time that was not signed",
            body.clone(),
            good.replace(&format!("t={now}"), &format!("t={}", now + 1)),
        ),
        (
            "an empty body",
            String::new(),
            signature(SECRET, now, &body),
        ),
    ] {
        assert_eq!(
            stall.sends(&body, &header).await,
            StatusCode::UNAUTHORIZED,
            "{what}"
        );
    }
    for (what, body) in [
        ("no JSON", "{".to_owned()),
        ("no event", "{}".to_owned()),
        ("a list", "[]".to_owned()),
        ("money below zero", body.replace("1250", "-1250")),
        ("money that is nothing", body.replace("1250", "0")),
        ("money without end", body.replace("1250", "1e308")),
        ("money that is no number", body.replace("1250", "\"1250\"")),
        ("a part of a cent", body.replace("1250", "1250.5")),
        (
            "a currency that is none",
            body.replace("\"usd\"", "\"美元\""),
        ),
        (
            "live money",
            body.replace("\"livemode\":false", "\"livemode\":true"),
        ),
        ("another account", foreign.to_string()),
    ] {
        let header = signature(SECRET, now, &body);
        assert_eq!(
            stall.sends(&body, &header).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{what}"
        );
    }
    let long = "x".repeat(600 * 1_024);
    let header = signature(SECRET, now, &long);
    assert_eq!(
        stall.sends(&long, &header).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(alice.order(&order).await["state"], "pending");
    assert_eq!(
        stall
            .world
            .count("select count(*) from payment_event")
            .await,
        0
    );
    let get = stall
        .world
        .request(Method::GET, "/hooks/stripe")
        .send()
        .await
        .unwrap();
    assert_eq!(get.status(), StatusCode::NOT_FOUND);
    // five minutes to the second, and twice
    for header in [signature(SECRET, now - 290, &body), good] {
        assert_eq!(stall.sends(&body, &header).await, StatusCode::OK);
    }
    assert_eq!(alice.balance().await, "100");
    books_agree(&stall.world).await;
}

#[tokio::test]
async fn what_is_none_of_ours_is_kept_and_does_nothing() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let (rival, _) = stall.seller("rival").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let mut paid = stall.stripe.pays(session(&order)).await;
    for (n, (kind, object)) in [
        (
            "customer.created",
            json!({"id": "cus_1", "object": "customer"}),
        ),
        ("some.thing.new", json!([])),
        (
            "refund.created",
            json!({"id": "re_9", "amount": 5, "currency": "usd", "payment_intent": "pi_none"}),
        ),
        (
            "payment_intent.succeeded",
            json!({"id": "pi_9", "object": "payment_intent", "status": "succeeded",
            "amount": 5, "currency": "usd", "metadata": {"shop": "another"}}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for _ in 0..2 {
            let status = stall.tells(&format!("evt_{n}"), kind, &object).await;
            assert_eq!(status, StatusCode::OK, "{kind}");
        }
    }
    // our order under the name of another client
    paid["metadata"]["concierge_client"] = json!(rival.id);
    assert_eq!(
        stall
            .tells("evt_x", "checkout.session.completed", &paid)
            .await,
        StatusCode::OK
    );
    let count = async || stall.world.count("select count(*) from stray_event").await;
    assert_eq!(count().await, 5);
    // it is forgotten after ninety days, and not before
    let mut tx = stall.world.app.db.system().await.unwrap();
    let now = stall.world.app.clock.now();
    for (days, swept) in [(89, 0), (91, 5), (91, 0)] {
        let then = now + time::Duration::days(days);
        assert_eq!(stripe::sweep(&mut tx, then).await.unwrap(), swept);
    }
    tx.commit().await.unwrap();
    assert_eq!(count().await, 0);
    assert_eq!(alice.order(&order).await["state"], "pending");
    // it is not there for who does not sell by Stripe
    let other = crate::world::World::new().await;
    let answer = other
        .request(Method::POST, "/hooks/stripe")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_fails_is_not_answered_as_done() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let conn = &mut stall.world.superuser().await;
    conn.execute("alter table transfer add constraint broken check (amount < 0) not valid")
        .await
        .unwrap();
    let told = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        stall
            .world
            .count("select count(*) from payment_event")
            .await,
        0
    );
    assert_eq!(alice.order(&order).await["state"], "pending");
    conn.execute("alter table transfer drop constraint broken")
        .await
        .unwrap();
    let told = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::OK);
    assert_eq!(alice.balance().await, "100");
}

/// Events that are signed, and name an order that is paid on a chain, or another currency.
#[tokio::test]
async fn events_about_other_money_than_the_order_s_change_nothing() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let ours = alice.orders(&plan, "k").await;
    let mut paid = stall.stripe.pays(session(&ours)).await;
    stall
        .tells("evt_0", "checkout.session.completed", &paid)
        .await;
    let shop = stall.world.shop("chained").await;
    let on_chain = shop.orders_by(Provider::Chain, &shop.credit, "k").await;
    let metadata = json!({"concierge_client": "chained", "concierge_order": on_chain.order_id});
    let refund = |id: &str, currency: &str| {
        json!({"id": id, "object": "refund", "amount": 1_250, "currency": currency,
            "status": "succeeded", "payment_intent": paid["payment_intent"]})
    };
    let dispute = |id: &str, currency: &str| {
        json!({"id": id, "object": "dispute", "amount": 1_250, "currency": currency,
            "status": "needs_response", "payment_intent": paid["payment_intent"]})
    };
    let of_chain = |mut object: serde_json::Value| {
        object["metadata"] = metadata.clone();
        object["payment_intent"] = json!("pi_of_nobody");
        object
    };
    let events = [
        ("refund.created", refund("re_1", "eur")),
        ("charge.dispute.funds_withdrawn", dispute("dp_1", "eur")),
        ("refund.updated", of_chain(refund("re_2", "usd"))),
        ("charge.dispute.created", of_chain(dispute("dp_2", "usd"))),
    ];
    for (n, (kind, object)) in events.iter().enumerate() {
        let told = stall.tells(&format!("evt_1{n}"), kind, object).await;
        assert_eq!(told, StatusCode::OK, "{kind}");
    }
    paid["metadata"] = metadata.clone();
    for (n, end) in ["expired", "async_payment_failed", "completed"]
        .into_iter()
        .enumerate()
    {
        let kind = format!("checkout.session.{end}");
        paid["payment_status"] = json!(if end == "completed" { "paid" } else { "unpaid" });
        paid["payment_intent"] = json!("pi_other");
        let told = stall.tells(&format!("evt_2{n}"), &kind, &paid).await;
        assert_eq!(told, StatusCode::OK, "{kind}");
        assert_eq!(
            shop.order(on_chain.order_id).await.state,
            State::Created,
            "{kind}"
        );
    }
    for (reason, expected) in [("currency_differs", 2), ("provider_differs", 3)] {
        let sql = "select count(*) from payment_exception where reason = $1";
        let queued: i64 = sqlx::query_scalar(sql)
            .bind(reason)
            .fetch_one(&mut stall.world.superuser().await)
            .await
            .unwrap();
        assert_eq!(queued, expected, "{reason}");
    }
    assert_eq!(alice.balance().await, "100");
    assert_eq!(alice.order(&ours).await["state"], "fulfilled");
    assert_eq!(shop.wallet().await.balance, 0);
    books_agree(&stall.world).await;
}
