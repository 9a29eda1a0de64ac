//! Nodes that are behind, and servers that do two things at once: what was paid in time is not lost,
//! and nothing is concluded from what was not read.

use std::time::Duration;

use concierge::{
    billing::chain::{Standing, State, Verdict, watch},
    jobs,
};
use poem::http::StatusCode;
use serde_json::json;
use sqlx::{Connection, Executor};

use super::{
    Lie,
    lies::between,
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till},
};
use crate::verbs::{count, eventually};

fn no_receipts() -> Lie {
    Lie::changes(|method, _, answer| {
        if method == "eth_getTransactionReceipt" {
            answer["result"] = json!(null);
        }
    })
}

#[tokio::test]
async fn what_has_no_receipt_yet_is_asked_for_again() {
    let (till, liar) = between(vec![]).await;
    let seen = till.orders("seen", "local/USDT").await;
    let (coin, token) = (
        till.orders("coin", "local/ETH").await,
        till.orders("token", "local/USDT").await,
    );
    let waits = [(State::Seen, Verdict::Waiting, "0".to_owned())];
    till.anvil
        .sends_token(&till.usdt, &seen.address, PRICE)
        .await;
    till.anvil.mine(1).await;
    till.looks().await.unwrap();
    assert_eq!(till.verdicts(seen.order_id).await, waits);
    till.anvil.sends_coin(&coin.address, COIN_PRICE).await;
    till.anvil
        .sends_token(&till.usdt, &token.address, PRICE)
        .await;
    till.anvil.mine(1).await;
    let block = till.anvil.top().await.cast_signed();
    till.anvil.mine(100).await;
    liar.says(no_receipts());
    till.looks().await.unwrap();
    // what is not known stays within the 32 blocks that are read again; what was seen is below them
    let reach = till.reach().await;
    assert_eq!(reach.scanned, Some(block + 31));
    let failure = reach.failure.unwrap();
    assert!(
        failure.contains(&format!("arrived in block {block}")),
        "{failure}"
    );
    assert_eq!(till.verdicts(seen.order_id).await, waits);
    for deposit in [&coin, &token] {
        assert_eq!(till.verdicts(deposit.order_id).await, []);
    }
    liar.says(Lie::None);
    till.looks().await.unwrap();
    let reach = till.reach().await;
    assert_eq!((reach.scanned, reach.failure), (reach.top, None));
    for deposit in [&seen, &coin, &token] {
        assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
    }
    assert_eq!(till.credits().await, 3 * CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn who_orders_and_pays_while_a_look_begins_is_seen() {
    let till = Till::new().await;
    till.orders("before", "local/ETH").await;
    let (app, now) = (&till.world.app, till.world.app.clock.now());
    let mut tx = app.db.system().await.unwrap();
    let plan = watch::begin(&mut tx, &till.chain, now).await.unwrap();
    let plan = plan.unwrap();
    tx.commit().await.unwrap();
    let deposit = till.orders("meanwhile", "local/ETH").await;
    till.anvil.sends_coin(&deposit.address, COIN_PRICE).await;
    till.anvil.mine(1).await;
    let news = jobs::chain::read(app, &till.chain, &plan).await.unwrap();
    let mut tx = app.db.system().await.unwrap();
    let stored = watch::store(&mut tx, &till.chain, (&plan, &news), now).await;
    assert!(stored.unwrap());
    tx.commit().await.unwrap();
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
}

#[tokio::test]
async fn what_changes_while_it_is_weighed_is_weighed_again() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    let mut holder = till.world.superuser().await;
    let mut held = holder.begin().await.unwrap();
    held.execute("select from payment_order for update")
        .await
        .unwrap();
    let mut other = till.world.superuser().await;
    let meanwhile = async {
        let waiting = "select count(*) from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()";
        eventually("the order is paid", async || {
            (count(&mut other, waiting).await > 0).then_some(())
        })
        .await;
        // as another server does that has the chain by now
        other
            .execute("update chain_arrival set state = 'reorged', settled = false")
            .await
            .unwrap();
        held.rollback().await.unwrap();
    };
    let (looked, ()) = tokio::join!(till.looks(), meanwhile);
    looked.unwrap();
    let unsettled = "select count(*) from chain_arrival where not settled";
    assert_eq!(till.world.count(unsettled).await, 1);
    till.looks().await.unwrap();
    assert_eq!(till.world.count(unsettled).await, 0);
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn an_order_is_not_short_before_its_chain_was_read_to_its_end() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    let (id, address) = (deposit.order_id, deposit.address.as_str());
    let counted = (State::Confirmed, Verdict::Counted, "0".to_owned());
    till.anvil.sends_token(&till.usdt, address, PRICE - 1).await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    // the rest comes in time, and the node is away until time is over
    till.anvil.sends_token(&till.usdt, address, 1).await;
    till.anvil.mine(CONFIRMATIONS).await;
    liar.says(Lie::Says(StatusCode::BAD_GATEWAY, String::new()));
    till.world.app.clock.forward(Duration::from_secs(3 * 3_600));
    till.looks().await.unwrap_err();
    assert_eq!(till.standing(id).await, Standing::Open);
    assert_eq!(till.verdicts(id).await, std::slice::from_ref(&counted));
    liar.says(Lie::None);
    till.looks().await.unwrap();
    assert_eq!(till.standing(id).await, Standing::Paid);
    assert_eq!(till.verdicts(id).await, [counted.clone(), counted]);
    till.balances().await;
}

#[tokio::test]
async fn a_chain_is_not_left_alone_for_as_long_as_a_clock_goes_back() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    let clock = &till.world.app.clock;
    let taken = async || {
        let mut tx = till.world.app.db.system().await.unwrap();
        let plan = watch::begin(&mut tx, &till.chain, clock.now()).await;
        tx.commit().await.unwrap();
        plan.unwrap().is_some()
    };
    let lease = Duration::from_secs(watch::LEASE_SECONDS);
    // whoever has it dies over it
    assert!(taken().await);
    assert!(!taken().await);
    // a server whose clock is behind by as long as a look may take leaves it to whoever has it
    clock.back(lease - Duration::from_secs(5));
    assert!(!taken().await);
    clock.back(Duration::from_secs(3_600));
    assert!(taken().await);
    assert!(!taken().await);
    clock.forward(lease + Duration::from_secs(1));
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
    assert_eq!(till.credits().await, CREDITS);
}
