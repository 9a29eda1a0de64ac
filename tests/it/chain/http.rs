//! Paying on a chain, as buyers and operators see it.

use std::sync::Arc;

use concierge::admin::Role;
use concierge::billing::plan;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    Anvil,
    till::{CONFIRMATIONS, PRICE, Till, hundred},
};
use crate::{
    metering::{billed, users_pay},
    verbs::problem,
    world::{Person, body},
};

async fn orders(person: &Person<'_>, key: &str, json: Value) -> reqwest::Response {
    let request = person.request(Method::POST, "/api/v1/orders").json(&json);
    request.header("idempotency-key", key).send().await.unwrap()
}

#[tokio::test]
async fn an_order_shows_where_it_is_paid_and_how_far_its_payment_has_come() {
    let till = Till::new().await;
    let shop = till.world.partner("shop").await;
    billed(&till.world, shop.no, users_pay()).await;
    let now = till.world.app.clock.now();
    let mut tx = till.world.app.db.client(shop.no).await.unwrap();
    let plan = plan::offer(&mut tx, hundred(), None, now).await.unwrap();
    tx.commit().await.unwrap();
    let (alice, bob) = (shop.person("alice").await, shop.person("bob").await);

    let offers = alice.get("/api/v1/plans").await;
    assert_eq!(offers["providers"], json!(["chain"]));
    let quotes = alice.get("/api/v1/quotes").await;
    let ways: Vec<&str> = quotes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["pay_with"].as_str().unwrap())
        .collect();
    assert_eq!(ways, ["local/ETH", "local/USDT", "local/FEE"]);
    assert_eq!(quotes["items"][1]["amount"], "12.5");
    assert_eq!(quotes["items"][1]["contract"], till.usdt);

    let wish = |pay_with: &str| json!({"plan_id": plan.plan_id, "provider": "chain", "pay_with": pay_with});
    for pay_with in ["", "local", "local/DAI", "other/USDT"] {
        let refused = problem(
            orders(&alice, "no", wish(pay_with)).await,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
        assert!(
            refused["detail"]
                .as_str()
                .unwrap()
                .contains("takes no such payment"),
            "{refused}"
        );
    }
    let order = body(
        orders(&alice, "mine", wish("local/USDT")).await,
        StatusCode::CREATED,
    )
    .await;
    assert_eq!(
        (order["state"].as_str(), order["currency"].as_str()),
        (Some("pending"), Some("usdt"))
    );
    assert_eq!(order["amount"], PRICE.to_string());
    // with the same key, and another token, it stays what it was
    let again = body(
        orders(&alice, "mine", wish("local/ETH")).await,
        StatusCode::CREATED,
    )
    .await;
    assert_eq!(again, order);

    let path = format!("/api/v1/orders/{}/deposit", order["id"].as_str().unwrap());
    let deposit = alice.get(&path).await;
    let address = deposit["address"].as_str().unwrap();
    let uri = format!(
        "ethereum:{}@31337/transfer?address={address}&uint256={PRICE}",
        till.usdt
    );
    assert_eq!(
        (deposit["uri"].as_str(), order["pay_url"].as_str()),
        (Some(uri.as_str()), Some(uri.as_str()))
    );
    assert_eq!(deposit["chain_id"], 31_337);
    assert_eq!(
        (deposit["confirmations"].as_u64(), deposit["state"].as_str()),
        (Some(CONFIRMATIONS), Some("open"))
    );
    let stranger = bob.request(Method::GET, &path).send().await.unwrap();
    problem(stranger, StatusCode::NOT_FOUND).await;

    till.looks().await.unwrap();
    till.anvil.sends_token(&till.usdt, address, PRICE + 3).await;
    till.anvil.mine(2).await;
    till.looks().await.unwrap();
    let seen = alice.get(&path).await;
    assert_eq!(seen["arrivals"][0]["confirmations"], 2);
    assert_eq!(seen["arrivals"][0]["state"], "seen");
    till.anvil.mine(2).await;
    till.looks().await.unwrap();
    let paid = alice.get(&path).await;
    assert_eq!(
        (
            paid["state"].as_str(),
            paid["arrivals"][0]["verdict"].as_str()
        ),
        (Some("paid"), Some("over"))
    );
    assert_eq!(alice.get("/api/v1/wallet").await["balance"], "100");
    let receipt = format!("/api/v1/orders/{}/receipt", order["id"].as_str().unwrap());
    let said = alice.get(&receipt).await;
    assert_eq!(
        (said["total"].as_str(), said["decimals"].as_i64()),
        (Some("12.5 USDT"), Some(6))
    );
    let page = alice.request(Method::GET, &format!("{receipt}?format=html&lang=zh"));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<th>金额<td>12.5 USDT"), "{page}");
    assert_eq!(
        alice.get("/api/v1/wallet/statement").await["items"][0]["kind"],
        "top_up"
    );
    till.balances().await;
}

#[tokio::test]
async fn nobody_orders_before_it_is_known_where_to_begin() {
    let anvil = Arc::new(Anvil::start().await);
    let set = vec![("chain.local.rpc_url", anvil.url.clone())];
    let till = Till::unread(anvil, set).await;
    let shop = till.world.partner("shop").await;
    billed(&till.world, shop.no, users_pay()).await;
    let now = till.world.app.clock.now();
    let mut tx = till.world.app.db.client(shop.no).await.unwrap();
    let plan = plan::offer(&mut tx, hundred(), None, now).await.unwrap();
    tx.commit().await.unwrap();
    let alice = shop.person("alice").await;
    let wish = json!({"plan_id": plan.plan_id, "provider": "chain", "pay_with": "local/USDT"});
    problem(
        orders(&alice, "one", wish.clone()).await,
        StatusCode::SERVICE_UNAVAILABLE,
    )
    .await;
    till.looks().await.unwrap();
    body(orders(&alice, "one", wish).await, StatusCode::CREATED).await;
}

#[tokio::test]
async fn an_operator_sees_how_far_chains_were_read_and_what_is_left() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE + 3)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let desk = till.world.operator("fay", Role::Finance).await;
    let watched = desk.get("/chains").await;
    assert_eq!(
        (
            watched["items"][0]["name"].as_str(),
            watched["items"][0]["failure"].is_null()
        ),
        (Some("local"), true)
    );
    assert_eq!(watched["items"][0]["scanned"], till.anvil.top().await);
    let left = desk.get("/clients/acme/chain-arrivals").await;
    let item = &left["items"][0];
    assert_eq!(
        (item["verdict"].as_str(), item["left_over"].as_str()),
        (Some("over"), Some("3"))
    );
    let path = format!(
        "/clients/acme/chain-arrivals/{}/resolve",
        item["id"].as_str().unwrap()
    );
    let resolve = |json: Value| desk.request(Method::POST, &path).json(&json).send();
    problem(
        resolve(json!({"resolution": " "})).await.unwrap(),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    let said = json!({"resolution": "Sent back."});
    assert_eq!(
        resolve(said.clone()).await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    problem(resolve(said).await.unwrap(), StatusCode::CONFLICT).await;
    let none = Vec::<Value>::new();
    assert_eq!(
        desk.get("/clients/acme/chain-arrivals").await["items"],
        json!(none)
    );
    let resolved = desk.get("/clients/acme/chain-arrivals?resolved=true").await;
    assert_eq!(resolved["items"][0]["resolution"], "Sent back.");
}
