//! The reconciliation reads a chain by parts: what is behind is caught up with, however much it is.

use std::time::{Duration, Instant};

use concierge::{
    billing::recon::{Area, Standing, State, close, turn},
    jobs,
};
use futures_util::future::join;
use serde_json::json;

use super::{
    Lie,
    anvil::number,
    injected::wrong,
    lies::between,
    till::{CONFIRMATIONS, CREDITS, PRICE, Till},
};
use crate::verbs::reconciles;

#[tokio::test]
async fn what_was_read_is_kept_when_a_node_breaks_off() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let since = "select since_block from chain_address";
    let first = till.world.count(since).await;
    till.anvil.mine(520).await;
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    let (last, top) = (first.unsigned_abs() + 499, till.anvil.top().await);
    liar.says(Lie::changes(move |method, params, answer| {
        if method == "eth_getBlockByNumber" && (last + 1..top).contains(&number(&params[0])) {
            answer["error"] = json!({"code": -32000, "message": "pruned"});
        }
    }));
    let refused = jobs::reconcile::read(app, day).await.unwrap_err().causes();
    assert!(refused.contains("pruned"), "{refused}");
    let read = "select max(top) from outside_block";
    assert_eq!(till.world.count(read).await, first + 499);
    liar.says(Lie::None);
    let before = liar.asked();
    jobs::reconcile::read(app, day).await.unwrap();
    let top = till.anvil.top().await - CONFIRMATIONS;
    assert_eq!(till.world.count(read).await, top.cast_signed());
    assert!(liar.asked() - before < 100, "what is left, and no more");
    let facts = "select count(*) from outside_fact";
    assert_eq!(till.world.count(facts).await, 1);
}

#[tokio::test]
async fn the_watch_and_the_comparison_ask_a_node_no_faster_than_one_of_them_may() {
    let set = vec![("chain.local.requests_per_second", "50".to_owned())];
    let (till, liar) = between(set).await;
    till.orders("one", "local/USDT").await;
    till.anvil.mine(40).await;
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    let mut tx = app.db.system().await.unwrap();
    turn::wish(&mut tx, "chain", (day, day)).await.unwrap();
    tx.commit().await.unwrap();
    let (before, began) = (liar.asked(), Instant::now());
    let reading = jobs::outside::next(app, &till.chains, "chain");
    let (looked, read) = join(till.looks(), reading).await;
    looked.unwrap();
    assert!(read.unwrap());
    let (asked, took) = (liar.asked() - before, began.elapsed());
    assert!(asked > 60, "both of them asked: {asked}");
    let least = Duration::from_millis(20) * u32::try_from(asked - 1).unwrap();
    assert!(took >= least, "{asked} requests in {took:?}");
}

/// A till at which somebody has paid.
async fn paid() -> (Till, concierge::ids::OrderId) {
    let till = Till::new().await;
    till.anvil.mine(2 * CONFIRMATIONS).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, CREDITS);
    (till, deposit.order_id)
}

/// A node that stands still and answers all the same: what it does not have yet may be of the day.
#[tokio::test]
async fn a_day_is_open_as_long_as_the_chain_was_not_read_to_its_end() {
    let (till, _) = paid().await;
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    till.anvil.mine(2 * CONFIRMATIONS).await;
    app.clock.forward(Duration::from_secs(2 * 86_400));
    let refused = reconciles(app, till.client).await.unwrap_err().causes();
    for part in [
        "[chain.local]",
        "its last block that counts",
        "stands still",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    let closed = async || {
        let mut tx = app.db.client(till.client).await.unwrap();
        close::is_closed(&mut tx, day).await.unwrap()
    };
    assert!(!closed().await);
    // what there is was read, and one block behind the end of the day is enough
    let facts = "select count(*) from outside_fact where area = 'arrival'";
    assert_eq!(till.world.count(facts).await, 1);
    till.days_go_by(0).await;
    till.world.rests();
    reconciles(app, till.client).await.unwrap();
    assert!(closed().await);
    assert_eq!(wrong(&till).await, []);
    let matched = "select count(*) from recon_line where area = 'arrival' and state = 'matched'";
    assert_eq!(till.world.count(matched).await, 1);
}

/// The chain takes a block back after it was compared, and the watch has not seen that.
#[tokio::test]
async fn what_a_chain_takes_back_after_it_was_compared_is_found() {
    let (till, order) = paid().await;
    till.reconciles_later().await;
    let facts = "select count(*) from outside_fact where area = 'arrival'";
    assert_eq!(till.world.count(facts).await, 1);
    assert_eq!(wrong(&till).await, []);
    till.anvil.reorganises(3 * CONFIRMATIONS, &[]).await;
    let found = (Some(order), Area::Arrival, State::Reorged, Standing::Open);
    for _ in 0..2 {
        till.reconciles_later().await;
        assert_eq!(till.world.count(facts).await, 0);
        assert_eq!(wrong(&till).await, [found]);
    }
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 0);
    till.reconciles_later().await;
    assert_eq!(wrong(&till).await, [found]);
    till.balances().await;
}
