//! The reconciliation reads a chain by parts: what is behind is caught up with, however much it is.

use std::time::{Duration, Instant};

use concierge::{billing::recon::turn, jobs};
use futures_util::future::join;
use serde_json::json;

use super::{
    Lie,
    anvil::number,
    lies::between,
    till::{CONFIRMATIONS, PRICE},
};

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
