//! Failures that others reported about payments, each reproduced against this server.

use std::{slice, time::Duration};

use concierge::{
    billing::{
        Owner,
        order::{self, Goods, NewOrder, Provider, Units},
        stripe::{Stripe, list},
    },
    jobs,
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Executor;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    orders::{
        books_agree,
        stall::{Stall, session},
    },
    verbs::{reconciles, text},
    world::Person,
};

/// new-api #4353: a callback forged for one provider credits an order of another.
#[tokio::test]
async fn a_callback_of_one_provider_is_none_for_an_order_of_another() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let me = concierge::ids::UserId(text(&alice.get("/api/v1/me").await["id"]).parse().unwrap());
    let app = &stall.world.app;
    let (mut tx, now) = (app.db.client(acme.no).await.unwrap(), app.clock.now());
    let new = NewOrder {
        owner: Owner::User(me),
        buyer: me,
        key: "chain",
        plan_id: plan.plan_id,
        title: "Credit",
        goods: Goods::Credit,
        credits: plan.credits,
        provider: Provider::Chain,
        amount: Units::cents(1_250),
        currency: "usd".into(),
        decimals: 2,
        expires_at: now + time::Duration::hours(1),
    };
    let on_chain = order::create(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
    let order = alice.orders(&plan, "stripe").await;
    let mut paid = stall.stripe.pays(session(&order)).await;
    paid["metadata"]["concierge_order"] = json!(on_chain.order_id);
    assert_eq!(
        stall
            .tells("evt_1", "checkout.session.completed", &paid)
            .await,
        StatusCode::OK
    );
    assert_eq!(alice.balance().await, "0");
    let seen = alice
        .get(&format!("/api/v1/orders/{}", on_chain.order_id))
        .await;
    assert_eq!(seen["state"], "created");
    let desk = stall
        .world
        .operator("ada", concierge::admin::Role::Finance)
        .await;
    let queued = desk.get("/clients/acme/payment-exceptions").await;
    assert_eq!(queued["items"][0]["reason"], "provider_differs");
    let id = text(&queued["items"][0]["id"]);
    let path = format!("/clients/acme/payment-exceptions/{id}/resolve");
    let given = json!({"verdict": "fulfilled", "note": "n"});
    desk.post(&path, given, StatusCode::CONFLICT).await;
    for (note, verdict, status) in [
        ("", "dismissed", StatusCode::UNPROCESSABLE_ENTITY),
        ("n", "open", StatusCode::UNPROCESSABLE_ENTITY),
        ("sent back at Stripe", "dismissed", StatusCode::OK),
        ("again", "dismissed", StatusCode::CONFLICT),
    ] {
        desk.post(&path, json!({"verdict": verdict, "note": note}), status)
            .await;
    }
    assert_eq!(desk.acts().await[0], "payment_exception.resolve");
    books_agree(&stall.world).await;
}

/// new-api #4700: one payment marks two orders.
#[tokio::test]
async fn one_payment_is_for_one_order() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let (first, second) = (
        alice.orders(&plan, "1").await,
        alice.orders(&plan, "2").await,
    );
    let mut paid = stall.stripe.pays(session(&first)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    paid["metadata"]["concierge_order"] = second["id"].clone();
    stall
        .tells("evt_2", "checkout.session.completed", &paid)
        .await;
    assert_eq!(alice.order(&first).await["state"], "fulfilled");
    assert_eq!(alice.order(&second).await["state"], "pending");
    assert_eq!(alice.balance().await, "100");
    let queued = "select count(*) from payment_exception where reason = 'other_order'";
    assert_eq!(stall.world.count(queued).await, 1);
}

/// lago-api #5870: a top-up that is told of twice is credited twice.
#[tokio::test]
async fn a_payment_told_of_in_two_ways_is_credited_once() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let intent = stall.stripe.object(text(&paid["payment_intent"]));
    let told = [
        stall.tells("evt_1", "checkout.session.completed", &paid),
        stall.tells("evt_2", "checkout.session.async_payment_succeeded", &paid),
        stall.tells("evt_3", "payment_intent.succeeded", &intent),
        stall.tells("evt_1", "checkout.session.completed", &paid),
    ];
    let told = join_all(told).await;
    assert_eq!(told, [StatusCode::OK; 4]);
    assert_eq!(alice.balance().await, "100");
    assert_eq!(books_agree(&stall.world).await.transfers, 1);
}

/// new-api #4830 #4867 #4869, epusdt #74: paid, never credited, and nothing to find it by. Whatever the
/// reconciliation does besides is in `books::reconcile`.
#[tokio::test]
async fn a_payment_whose_event_was_lost_can_be_found() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    // what Stripe has names our order
    let stripe = Stripe::open(&stall.world.app.config).unwrap().unwrap();
    let since = OffsetDateTime::UNIX_EPOCH;
    let (rows, _) = list::list(&stripe, list::Subject::PaymentIntents, since, None)
        .await
        .unwrap();
    let (client, id) = rows[0].order.clone().unwrap();
    assert_eq!(
        (client.as_str(), id.to_string().as_str()),
        ("acme", text(&order["id"]))
    );
    assert_eq!(rows[0].status, "succeeded");
    // the reconciliation finds it, with no event at all, and gives for it once
    let app = &stall.world.app;
    let now = app.clock.now().unix_timestamp();
    stall.stripe.dates(text(&paid["payment_intent"]), now);
    for _ in 0..2 {
        app.clock.forward(Duration::from_secs(2 * 86_400));
        reconciles(app, acme.no).await.unwrap();
        // two days later she signs in anew
        let alice = acme.person("alice").await;
        assert_eq!(alice.order(&order).await["state"], "fulfilled");
        assert_eq!(alice.balance().await, "100");
    }
    let told =
        "select count(*) from recon_line where standing = 'healed' and state = 'missing_here'";
    assert_eq!(stall.world.count(told).await, 1);
    let open = "select count(*) from recon_line where standing = 'open'";
    assert_eq!(stall.world.count(open).await, 0);
    assert_eq!(books_agree(&stall.world).await.transfers, 1);
}

/// The same: any later event about the payment brings it in.
#[tokio::test]
async fn a_payment_whose_event_was_lost_comes_with_the_next() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let dispute = json!({"id": "dp_1", "object": "dispute", "amount": 1250, "currency": "usd",
        "status": "warning_needs_response", "payment_intent": paid["payment_intent"]});
    let told = stall
        .tells("evt_9", "charge.dispute.created", &dispute)
        .await;
    assert_eq!(told, StatusCode::OK);
    assert_eq!(alice.order(&order).await["state"], "fulfilled");
    assert_eq!(alice.balance().await, "100");
}

/// Survey: the hook answers 200 although crediting failed. `orders::hook` breaks the ledger; here the
/// thing that has to be asked is away.
#[tokio::test]
async fn what_could_not_be_done_is_not_answered_as_done() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let refund = json!({"id": "re_x", "object": "refund", "amount": 1250, "currency": "usd", "created": 1,
        "status": "succeeded", "payment_intent": paid["payment_intent"]});
    stall.stripe.put(&refund);
    let charge =
        json!({"id": "ch_1", "object": "charge", "payment_intent": paid["payment_intent"]});
    stall.stripe.goes_away(true);
    let told = stall.tells("evt_2", "charge.refunded", &charge).await;
    assert_eq!(told, StatusCode::BAD_GATEWAY);
    assert_eq!(alice.balance().await, "100");
    stall.stripe.goes_away(false);
    let told = stall.tells("evt_2", "charge.refunded", &charge).await;
    assert_eq!(told, StatusCode::OK);
    assert_eq!(alice.balance().await, "0");
    assert_eq!(alice.order(&order).await["state"], "refunded");
}

/// epusdt #117: a signature that says "success" for an order that nobody paid.
#[tokio::test]
async fn an_order_is_paid_by_money_and_by_nothing_else() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let unpaid = stall.stripe.object(session(&order));
    for (n, status) in ["unpaid", "no_payment_required"].into_iter().enumerate() {
        let mut object = unpaid.clone();
        object["payment_status"] = json!(status);
        let told = stall
            .tells(&format!("evt_{n}"), "checkout.session.completed", &object)
            .await;
        assert_eq!(told, StatusCode::OK);
    }
    // nor by going where those go who paid
    let back = format!("/h5/?paid={}&success=true", text(&order["id"]));
    stall
        .world
        .request(Method::GET, &back)
        .send()
        .await
        .unwrap();
    assert_eq!(alice.order(&order).await["state"], "pending");
    assert_eq!(alice.balance().await, "0");
}

/// BEpusdt #195: a public operation changes the amount of an order.
#[tokio::test]
async fn nobody_changes_what_an_order_costs() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let path = format!("/api/v1/orders/{}", text(&order["id"]));
    for method in [Method::PATCH, Method::PUT, Method::POST, Method::DELETE] {
        for credential in [true, false] {
            let request = match credential {
                true => alice.request(method.clone(), &path),
                false => stall.world.request(method.clone(), &path),
            };
            let answer = request.json(&json!({"amount": "1"})).send().await.unwrap();
            assert!(
                answer.status().is_client_error(),
                "{method} {}",
                answer.status()
            );
        }
    }
    // a payment of another amount is not the order's
    let mut paid = stall.stripe.pays(session(&order)).await;
    paid["amount_total"] = json!(1);
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(alice.order(&order).await, order);
    assert_eq!(alice.balance().await, "0");
}

/// BEpusdt #64 #32: nobody hears of orders that expire or are given up.
#[tokio::test]
async fn an_order_that_ends_says_so_and_money_for_it_is_not_lost() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let mut expired: Value = stall.stripe.object(session(&order));
    expired["status"] = json!("expired");
    stall
        .tells("evt_1", "checkout.session.expired", &expired)
        .await;
    assert_eq!(alice.order(&order).await["state"], "expired");
    let told = |order: &Value, kind: &str| json!([kind, order["id"], null]);
    let expired = told(&order, "order_expired");
    assert_eq!(notices(&alice, "").await, slice::from_ref(&expired));
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_2", "checkout.session.completed", &paid)
        .await;
    assert_eq!(alice.order(&order).await["state"], "fulfilled");
    let given_up = alice.orders(&plan, "k2").await;
    let path = format!("/api/v1/orders/{}/cancel", text(&given_up["id"]));
    for _ in 0..2 {
        alice.post(&path, json!({}), StatusCode::OK).await;
    }
    assert_eq!(stall.stripe.object(session(&given_up))["status"], "expired");
    // each order once, whatever comes for it later
    let cancelled = told(&given_up, "order_cancelled");
    assert_eq!(
        notices(&alice, "").await,
        [cancelled.clone(), expired.clone()]
    );
    assert_eq!(notices(&alice, "?kind=order_expired").await, [expired]);
    assert!(notices(&alice, "?kind=low_balance").await.is_empty());
    let (bob, manager) = (acme.person("bob").await, acme.manager("mia").await);
    assert!(notices(&bob, "").await.is_empty());
    assert_eq!(notices(&manager, "?limit=1").await, [cancelled]);
    // Stripe says that nobody can pay there; if somebody could all the same, a person decides
    let mut paid = stall.stripe.object(session(&given_up));
    paid["payment_status"] = json!("paid");
    paid["payment_intent"] = json!(format!("pi_{}", Uuid::new_v4().simple()));
    stall
        .tells("evt_3", "checkout.session.completed", &paid)
        .await;
    assert_eq!(alice.order(&given_up).await["state"], "paid");
    let desk = stall
        .world
        .operator("ada", concierge::admin::Role::Admin)
        .await;
    let queued = desk.get("/clients/acme/payment-exceptions").await;
    assert_eq!(queued["items"][0]["reason"], "after_cancel");
    let path = format!(
        "/clients/acme/payment-exceptions/{}/resolve",
        text(&queued["items"][0]["id"])
    );
    let given = json!({"verdict": "fulfilled", "note": "the buyer wants it"});
    desk.post(&path, given, StatusCode::OK).await;
    assert_eq!(alice.order(&given_up).await["state"], "fulfilled");
    assert_eq!(alice.balance().await, "200");
    assert_eq!(notices(&alice, "").await.len(), 2);
    books_agree(&stall.world).await;
}

/// Kind, order and balance of somebody's notices.
async fn notices(who: &Person<'_>, query: &str) -> Vec<Value> {
    let page = who.get(&format!("/api/v1/notices{query}")).await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|one| {
            assert_eq!(one["begun_at"], one["ended_at"], "{one}");
            json!([one["kind"], one["order_id"], one["balance"]])
        })
        .collect()
}

/// The same, by three servers at once; and when it cannot be written down that it ended, it did not.
#[tokio::test]
async fn that_an_order_ended_is_told_of_once_by_three_servers() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let world = &stall.world;
    world.app.clock.forward(Duration::from_secs(2 * 86_400));
    // two days later she signs in anew
    let alice = acme.person("alice").await;
    let servers = world.three().await;
    let end = async || {
        let ends = servers.iter().map(|app| async {
            let mut tx = app.db.system().await.unwrap();
            jobs::money::orders(app, &mut tx, app.clock.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
        });
        join_all(ends).await;
    };
    let mut conn = world.superuser().await;
    conn.execute("alter table notice add constraint broken check (order_id is null) not valid")
        .await
        .unwrap();
    end().await;
    assert_eq!(alice.order(&order).await["state"], "pending");
    assert!(notices(&alice, "").await.is_empty());
    conn.execute("alter table notice drop constraint broken")
        .await
        .unwrap();
    end().await;
    end().await;
    assert_eq!(alice.order(&order).await["state"], "expired");
    let told = json!(["order_expired", order["id"], null]);
    assert_eq!(notices(&alice, "").await, [told]);
    assert_eq!(world.count("select count(*) from notice").await, 1);
}
