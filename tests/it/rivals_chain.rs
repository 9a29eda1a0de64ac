//! What others got wrong with payments on chains (`rivals.md`), each as a test that would see it here.
//!
//! Elsewhere: a success that was signed for an unpaid order, epusdt #117 (`chain/lies.rs`: what a node
//! makes up counts for nothing); an expired order whose payment nobody hears of, #64
//! (`chain/states.rs`); an amount that the caller changes, BEpusdt #195 (`chain/http.rs`: asked for
//! again with another token, an order stays what it was).

use concierge::billing::{
    chain::{self, Standing, State, Verdict, watch},
    order::{self, Paid, Payment, Provider, Reason},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    chain::{CONFIRMATIONS, CREDITS, PRICE, Till},
    verbs::problem,
};

/// new-api #4353: a callback of one provider credits an order of another.
#[tokio::test]
async fn a_payment_by_another_provider_is_none_of_a_chains_order() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    let forged = Payment {
        provider: Provider::Stripe,
        reference: "pi_forged",
        amount: order::Units::parse(&PRICE.to_string()).unwrap(),
        currency: "usdt",
    };
    let now = till.world.app.clock.now();
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    let paid = order::paid(&mut tx, deposit.order_id, &forged, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(paid, Paid::Queued(Reason::ProviderDiffers));
    assert_eq!(till.credits().await, 0);
    // and the true payment still pays it
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

/// new-api #4700: one payment marks two orders.
#[tokio::test]
async fn one_payment_pays_one_order() {
    let till = Till::new().await;
    let (one, two) = (
        till.orders("one", "local/USDT").await,
        till.orders("two", "local/USDT").await,
    );
    assert_ne!(one.address, two.address);
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &one.address, 2 * PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    till.looks().await.unwrap();
    assert_eq!(till.standing(one.order_id).await, Standing::Paid);
    assert_eq!(till.standing(two.order_id).await, Standing::Open);
    assert_eq!(
        till.verdicts(one.order_id).await,
        [(State::Confirmed, Verdict::Over, PRICE.to_string())]
    );
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

/// new-api #4830 #4867 #4869, epusdt #74: paid, and never credited. Here the server dies between
/// having seen the payment and having credited it.
#[tokio::test]
async fn a_payment_that_was_seen_is_credited_whoever_dies_meanwhile() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    let (app, now) = (&till.world.app, till.world.app.clock.now());
    let mut tx = app.db.system().await.unwrap();
    let plan = watch::begin(&mut tx, &till.chain, now)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    let news = watch::read(&till.chain, &plan).await.unwrap();
    // the one that died before it could write holds the chain until its lease ends
    till.looks().await.unwrap();
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    app.clock
        .forward(std::time::Duration::from_secs(watch::LEASE_SECONDS + 1));
    let mut tx = app.db.system().await.unwrap();
    let other = watch::begin(&mut tx, &till.chain, app.clock.now())
        .await
        .unwrap()
        .unwrap();
    // what comes back from the dead has no say any more
    assert!(
        !watch::store(&mut tx, &till.chain, (&plan, &news), now)
            .await
            .unwrap()
    );
    let news = watch::read(&till.chain, &other).await.unwrap();
    assert!(
        watch::store(&mut tx, &till.chain, (&other, &news), now)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    // written down, not credited; the next look does it, though there is nothing new to read
    assert_eq!(
        (
            till.arrived(deposit.order_id).await.len(),
            till.credits().await
        ),
        (1, 0)
    );
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

/// BEpusdt #195: a public endpoint changes the amount.
#[tokio::test]
async fn nobody_names_the_amount_of_an_order() {
    let till = Till::new().await;
    let shop = till.world.partner("shop").await;
    let alice = shop.person("alice").await;
    for field in ["amount", "units", "currency", "address", "chain_id"] {
        let mut wish =
            json!({"plan_id": till.plan.plan_id, "provider": "chain", "pay_with": "local/USDT"});
        wish[field] = json!("1");
        let request = alice
            .request(Method::POST, "/api/v1/orders")
            .header("idempotency-key", "k");
        let refused = request.json(&wish).send().await.unwrap();
        problem(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
}

/// epusdt #32: what is paid for a cancelled order is lost.
#[tokio::test]
async fn a_payment_for_an_order_that_was_given_up_waits_for_a_person() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    let now = till.world.app.clock.now();
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    assert!(order::cancel(&mut tx, deposit.order_id, now).await.unwrap());
    tx.commit().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 0);
    assert_eq!(till.order(deposit.order_id).await.state, order::State::Paid);
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    let window = concierge::http::paging::Window::new(None, None).unwrap();
    let waits = order::exception::list(&mut tx, order::Verdict::Open, &window)
        .await
        .unwrap();
    assert_eq!(waits.len(), 1);
    assert_eq!(
        (waits[0].reason, waits[0].order_id),
        (Reason::AfterCancel, Some(deposit.order_id))
    );
    assert_eq!(
        chain::arrivals(&mut tx, deposit.order_id)
            .await
            .unwrap()
            .len(),
        1
    );
    drop(tx);
    till.balances().await;
}
