//! Ordering by Stripe: one page for one order, whatever dies in between.

use concierge::billing::{Billing, Offer, Plan, subscription};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    books_agree,
    double::Fault,
    offer,
    stall::{Stall, session},
};
use crate::{
    metering::{billed, client_pays, owner, tx, users_pay},
    verbs::{problem, text},
    world::{Person, body},
};

#[tokio::test]
async fn an_order_is_made_once_and_paid_once() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let orders = join_all((0..12).map(|_| alice.orders(&plan, "one"))).await;
    let order = &orders[0];
    assert!(orders.iter().all(|other| other["id"] == order["id"]));
    assert_eq!(stall.stripe.count("cs_"), 1);
    let frozen = "select count(*) from payment_call";
    assert_eq!(stall.world.count(frozen).await, 1);
    let offers = alice.get("/api/v1/plans").await;
    assert_eq!(offers["providers"], json!(["stripe"]));
    let bound = json!([
        order["amount"],
        order["currency"],
        order["provider"],
        order["state"],
        order["credits"]
    ]);
    assert_eq!(bound, json!(["1250", "usd", "stripe", "pending", "100"]));
    let asked = &stall.stripe.asked()[0];
    let id = text(&order["id"]);
    for part in [
        "mode=payment",
        &format!("metadata%5Bconcierge_order%5D={id}"),
        "metadata%5Bconcierge_client%5D=acme",
        &format!("payment_intent_data%5Bmetadata%5D%5Bconcierge_order%5D={id}"),
        &format!("success_url=https%3A%2F%2Facme.example%2Fpaid%3Forder%3D{id}"),
    ] {
        assert!(asked.body.contains(part), "{part}: {}", asked.body);
    }
    let paid = stall.stripe.pays(session(order)).await;
    let told =
        join_all((0..3).map(|_| stall.tells("evt_1", "checkout.session.completed", &paid))).await;
    assert_eq!(told, [StatusCode::OK; 3]);
    // the same payment, told of in another way
    let intent = stall.stripe.object(text(&paid["payment_intent"]));
    let both = [
        stall.tells("evt_2", "payment_intent.succeeded", &intent),
        stall.tells("evt_3", "payment_intent.succeeded", &intent),
    ];
    assert_eq!(join_all(both).await, [StatusCode::OK; 2]);
    assert_eq!(alice.order(order).await["state"], "fulfilled");
    assert_eq!(alice.order(order).await["pay_url"], Value::Null);
    assert_eq!(alice.balance().await, "100");
    assert_eq!(books_agree(&stall.world).await.transfers, 1);
    let statement = alice.get("/api/v1/wallet/statement").await;
    assert_eq!(statement["items"][0]["subject"], order["id"]);
}

#[tokio::test]
async fn a_page_is_made_once_whatever_dies_in_between() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    stall.stripe.fails(&[Fault::Away, Fault::Unheard]);
    for _ in 0..2 {
        let away = alice.tries_to_order(&plan, "k").await;
        assert_eq!(
            problem(away, StatusCode::BAD_GATEWAY).await["code"],
            "upstream"
        );
    }
    let order = alice.orders(&plan, "k").await;
    assert_eq!(
        (&order["state"], stall.stripe.count("cs_")),
        (&json!("pending"), 1)
    );
    // to the last byte, by the same key
    let asked = stall.stripe.asked();
    assert!(
        asked.len() == 3 && asked.iter().all(|one| *one == asked[0]),
        "{asked:?}"
    );
    assert_eq!(
        alice.get("/api/v1/orders").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // nobody heard of the page, and it was paid all the same
    stall.stripe.fails(&[Fault::Unheard]);
    alice.tries_to_order(&plan, "unheard").await;
    let paid = stall.stripe.pays("cs_test_00000002").await;
    assert_eq!(
        stall
            .tells("evt_1", "checkout.session.completed", &paid)
            .await,
        StatusCode::OK
    );
    let again = alice.orders(&plan, "unheard").await;
    assert_eq!(again["state"], "fulfilled");
    assert_eq!(alice.balance().await, "100");

    // what Stripe refuses is over
    stall.stripe.fails(&[Fault::Refused]);
    let refused = alice.tries_to_order(&plan, "refused").await;
    problem(refused, StatusCode::BAD_GATEWAY).await;
    assert_eq!(alice.orders(&plan, "refused").await["state"], "cancelled");
    books_agree(&stall.world).await;
}

/// An amount is nowhere to be said, right or wrong; where operators say one, wrong ones are tried in
/// `metering::refused` and `orders::refunds`.
#[tokio::test]
async fn what_an_order_costs_is_not_the_buyers_to_say() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let (alice, client) = (acme.person("alice").await, acme.no);
    let wish = json!({"plan_id": plan.plan_id, "provider": "stripe"});
    let tries = async |wish: &Value, key: Option<&str>| {
        let mut request = alice.request(Method::POST, "/api/v1/orders").json(wish);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.send().await.unwrap()
    };
    for (name, value) in [
        ("amount", json!("1")),
        ("amount", json!(-1)),
        ("amount", json!(0)),
        ("amount", json!(1e308)),
        ("amount", json!("NaN")),
        ("amount", json!("１２")),
        ("amount", json!(0.000_000_1)),
        ("currency", json!("jpy")),
        ("credits", json!("1000000")),
        ("provider", json!("cash")),
        ("plan_id", json!("x")),
        ("plan_id", json!(["x"])),
        ("for_client", json!("yes")),
    ] {
        let mut wish = wish.clone();
        wish[name] = value;
        problem(
            tries(&wish, Some("k")).await,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    for key in [None, Some(""), Some("a b"), Some(&*"k".repeat(129))] {
        problem(tries(&wish, key).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut monthly = offer("Monthly", Offer::Monthly, Some(1), None);
    (monthly.price_minor, monthly.currency) = (None, None);
    let monthly = stall.offers(client, monthly).await;
    problem(
        alice.tries_to_order(&monthly, "m").await,
        StatusCode::CONFLICT,
    )
    .await;
    let chain = json!({"plan_id": plan.plan_id, "provider": "chain"});
    problem(
        tries(&chain, Some("c")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    let client = json!({"plan_id": plan.plan_id, "provider": "stripe", "for_client": true});
    problem(tries(&client, Some("f")).await, StatusCode::FORBIDDEN).await;
    let manager = acme.manager("mia").await;
    let request = manager
        .request(Method::POST, "/api/v1/orders")
        .json(&client);
    let order = request.header("Idempotency-Key", "f").send().await.unwrap();
    assert_eq!(body(order, StatusCode::CREATED).await["for_client"], true);
    // another client's plan reads like none
    let (rival, _) = stall.seller("rival").await;
    let eve = rival.person("eve").await;
    problem(eve.tries_to_order(&plan, "e").await, StatusCode::NOT_FOUND).await;
    assert_eq!(alice.get("/api/v1/orders").await["items"], json!([]));
    assert_eq!(stall.stripe.count("cs_"), 1);
}

#[tokio::test]
async fn nobody_is_sold_what_is_of_no_use_to_them() {
    let stall = Stall::new().await;
    let (acme, credit) = stall.seller("acme").await;
    let pack = offer("Ten uses", Offer::Uses, None, Some(10));
    let pack = stall.offers(acme.no, pack).await;
    let (alice, mia) = (acme.person("alice").await, acme.manager("mia").await);
    let tries = async |who: &Person<'_>, plan: &Plan, for_client: bool| {
        let key = format!("{} {for_client} {}", plan.plan_id, Uuid::new_v4()).replace(' ', ".");
        let wish = json!({"plan_id": plan.plan_id, "provider": "stripe", "for_client": for_client});
        let request = who.request(Method::POST, "/api/v1/orders").json(&wish);
        let answer = request.header("Idempotency-Key", key).send().await;
        answer.unwrap().status()
    };
    let (yes, no) = (StatusCode::CREATED, StatusCode::CONFLICT);
    let first = alice.orders(&credit, "first").await;
    for (billing, alices, clients) in [
        (users_pay(), [yes, yes], [yes, no]),
        (client_pays(), [no, no], [yes, yes]),
        // the client's wallet may be filled before anything is paid out of it
        (Billing::default(), [no, no], [yes, no]),
    ] {
        billed(&stall.world, acme.no, billing).await;
        for (nth, plan) in [&credit, &pack].into_iter().enumerate() {
            assert_eq!(tries(&alice, plan, false).await, alices[nth], "{billing:?}");
            assert_eq!(tries(&mia, plan, true).await, clients[nth], "{billing:?}");
        }
        // what was ordered before stays what it was
        assert_eq!(alice.orders(&credit, "first").await["id"], first["id"]);
    }
    let said = alice.tries_to_order(&credit, "k").await;
    let said = problem(said, StatusCode::CONFLICT).await;
    assert_eq!(said["detail"], "Nothing is paid for here.");

    // who pays by the month pays out of the wallet, whoever pays for answers
    let mut monthly = offer("Monthly", Offer::Monthly, Some(1), None);
    (monthly.price_minor, monthly.currency) = (None, None);
    let monthly = stall.offers(acme.no, monthly).await;
    let now = stall.world.app.clock.now();
    let mut books = tx(&stall.world, acme.no).await;
    let whose = owner(&alice).await;
    let pays = subscription::start(&mut books, whose, &monthly, now).await;
    let pays = pays.unwrap().subscription_id;
    books.commit().await.unwrap();
    assert_eq!(tries(&alice, &credit, false).await, yes);
    assert_eq!(tries(&alice, &pack, false).await, no);
    let mut books = tx(&stall.world, acme.no).await;
    subscription::end(&mut books, pays, now).await.unwrap();
    books.commit().await.unwrap();
    assert_eq!(tries(&alice, &credit, false).await, no);
}

#[tokio::test]
async fn an_order_is_seen_by_its_owner_and_by_managers() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let (alice, bob) = (acme.person("alice").await, acme.person("bob").await);
    let order = alice.orders(&plan, "k").await;
    let path = format!("/api/v1/orders/{}", text(&order["id"]));
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/receipt")),
        (Method::POST, format!("{path}/cancel")),
    ] {
        assert_eq!(
            bob.status(method, &path).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(bob.get("/api/v1/orders").await["items"], json!([]));
    // the same key of somebody else is another order
    let other = bob.orders(&plan, "k").await;
    assert_ne!(other["id"], order["id"]);
    let manager = acme.manager("mia").await;
    let seen = manager.get("/api/v1/orders?limit=1").await;
    assert_eq!(seen["items"][0]["id"], other["id"]);
    let cursor = text(&seen["next_cursor"]);
    let seen = manager
        .get(&format!("/api/v1/orders?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(seen["items"][0]["id"], order["id"]);
    assert_eq!(manager.get(&path).await["id"], order["id"]);
    let own = manager.get("/api/v1/orders?of=me").await;
    assert_eq!(own["items"], json!([]));
    let request = bob.request(Method::GET, "/api/v1/orders?of=client");
    problem(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn an_order_that_is_given_up_cannot_be_paid() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "k").await;
    let path = format!("/api/v1/orders/{}/cancel", text(&order["id"]));
    for _ in 0..2 {
        let given_up = alice.post(&path, json!({}), StatusCode::OK).await;
        assert_eq!(given_up["state"], "cancelled");
    }
    assert_eq!(stall.stripe.object(session(&order))["status"], "expired");
    // one that is being paid stays
    let order = alice.orders(&plan, "k2").await;
    let paid = stall.stripe.pays(session(&order)).await;
    let path = format!("/api/v1/orders/{}/cancel", text(&order["id"]));
    let answer = alice.request(Method::POST, &path).send().await.unwrap();
    problem(answer, StatusCode::CONFLICT).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(alice.order(&order).await["state"], "fulfilled");
    let answer = alice.request(Method::POST, &path).send().await.unwrap();
    problem(answer, StatusCode::CONFLICT).await;
    assert_eq!(alice.balance().await, "100");
}

#[tokio::test]
async fn a_receipt_is_for_programs_and_for_people() {
    let stall = Stall::new().await;
    let (acme, _) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let name = "<b>包</b> & \"50\"";
    let plan = offer(name, Offer::Credit, Some(1), None);
    let plan = stall.offers(acme.no, plan).await;
    let order = alice.orders(&plan, "k").await;
    let path = format!("/api/v1/orders/{}/receipt", text(&order["id"]));
    let unpaid = alice.request(Method::GET, &path).send().await.unwrap();
    problem(unpaid, StatusCode::CONFLICT).await;
    let paid = stall.stripe.pays(session(&order)).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    let receipt = alice.get(&path).await;
    assert_eq!(
        (
            &receipt["total"],
            &receipt["title"],
            &receipt["seller"],
            &receipt["payment"]
        ),
        (
            &json!("12.50 USD"),
            &json!(name),
            &json!("acme"),
            &paid["payment_intent"]
        )
    );
    for (asks, accept, title) in [
        ("?format=html&lang=zh", "application/json", "<h1>收据</h1>"),
        ("?lang=en", "text/html,*/*;q=0.8", "<h1>Receipt</h1>"),
        ("", "text/html", "<h1>收据</h1>"),
    ] {
        let request = alice.request(Method::GET, &format!("{path}{asks}"));
        let request = request
            .header("accept", accept)
            .header("accept-language", "zh-CN,en;q=0.5");
        let page = request.send().await.unwrap();
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
        let page = page.text().await.unwrap();
        assert!(page.contains(title) && page.contains("12.50 USD"), "{page}");
        assert!(
            page.contains("&lt;b&gt;包&lt;/b&gt; &amp; &quot;50&quot;"),
            "{page}"
        );
        assert!(!page.contains("<b>") && !page.contains("<script"), "{page}");
    }
}
