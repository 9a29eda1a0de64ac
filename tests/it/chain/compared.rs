//! The reconciliation reads a chain by parts: what is behind is caught up with, however much it is.

use concierge::jobs;
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
    let last = first.unsigned_abs() + 499;
    liar.says(Lie::changes(move |method, params, answer| {
        if method == "eth_getBlockByNumber" && number(&params[0]) > last {
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
