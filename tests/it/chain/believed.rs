//! What one node says alone is not believed: an amount of the coin, a block of another branch, a top at
//! which there is no block.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use concierge::{billing::chain::Standing, jobs};
use serde_json::{Value, json};

use super::{
    Anvil, Liar, Lie,
    anvil::number,
    large::refuses,
    lies::between,
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till},
};

/// A till with two nodes that tell the truth for now.
pub async fn witnessed() -> (Till, Liar, Liar) {
    let anvil = Arc::new(Anvil::start().await);
    let liar = Liar::before(&anvil.url).await;
    let witness = Liar::before(&anvil.url).await;
    let set = vec![
        ("chain.local.rpc_url", liar.url.clone()),
        ("chain.local.witness_url", witness.url.clone()),
    ];
    (Till::with(anvil, set).await, liar, witness)
}

/// It makes of every amount what an order costs.
fn more_of_the_coin() -> Lie {
    let price = || json!(format!("{COIN_PRICE:#x}"));
    Lie::changes(move |method, _, answer| match method {
        "eth_getBlockByNumber" => {
            let transactions = answer["result"].get_mut("transactions");
            let transactions = transactions.and_then(Value::as_array_mut);
            for one in transactions.into_iter().flatten() {
                if one.is_object() {
                    one["value"] = price();
                }
            }
        }
        "eth_getTransactionByHash" => answer["result"]["value"] = price(),
        _ => {}
    })
}

#[tokio::test]
async fn an_amount_of_the_coin_is_what_all_nodes_say() {
    let (till, liar, _witness) = witnessed().await;
    let deposit = till.orders("one", "local/ETH").await;
    till.looks().await.unwrap();
    liar.says(more_of_the_coin());
    till.anvil.sends_coin(&deposit.address, 1).await;
    for _ in 0..=CONFIRMATIONS {
        till.anvil.mine(1).await;
        till.looks().await.unwrap();
    }
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    assert_eq!(till.credits().await, 0);
    liar.says(Lie::None);
    till.anvil.sends_coin(&deposit.address, COIN_PRICE).await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn a_coin_waits_for_the_node_that_does_not_have_its_transaction_yet() {
    let (till, _liar, witness) = witnessed().await;
    let deposit = till.orders("one", "local/ETH").await;
    till.looks().await.unwrap();
    till.anvil.sends_coin(&deposit.address, COIN_PRICE).await;
    till.anvil.mine(CONFIRMATIONS).await;
    witness.says(Lie::changes(|method, _, answer| {
        if method == "eth_getTransactionByHash" {
            answer["result"] = Value::Null;
        }
    }));
    till.looks().await.unwrap();
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    witness.says(Lie::None);
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
}

#[tokio::test]
async fn a_block_of_another_branch_is_not_read_for_the_one_that_was_asked_for() {
    for by_hashes in [false, true] {
        let (till, liar) = between(vec![]).await;
        let deposit = till.orders("one", "local/ETH").await;
        till.looks().await.unwrap();
        till.anvil.sends_coin(&deposit.address, COIN_PRICE).await;
        till.anvil.mine(1).await;
        let block = till.anvil.top().await;
        till.anvil.mine(CONFIRMATIONS).await;
        let before = till.reach().await.scanned;
        // behind its address another node answers once the headers were told
        let is_other = AtomicBool::new(false);
        liar.says(Lie::changes(move |method, params, answer| {
            if method != "eth_getBlockByNumber" || number(&params[0]) != block {
                return;
            }
            let whole = params[1] == true;
            if whole && by_hashes {
                is_other.store(true, Ordering::SeqCst);
                refuses(answer, true);
            } else if whole || is_other.load(Ordering::SeqCst) {
                answer["result"]["hash"] = json!(format!("0x{:064x}", 7));
                answer["result"]["transactions"] = json!([]);
            }
        }));
        let refused = till.looks().await.unwrap_err().causes();
        assert!(
            refused.contains("is another than its header said"),
            "{refused}"
        );
        assert_eq!(till.reach().await.scanned, before);
        liar.says(Lie::None);
        till.looks().await.unwrap();
        assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
        assert_eq!(till.credits().await, CREDITS);
    }
}

#[tokio::test]
async fn a_top_at_which_there_is_no_block_moves_nothing() {
    let (till, liar) = between(vec![]).await;
    till.anvil.mine(CONFIRMATIONS).await;
    let before = till.reach().await.scanned;
    let far = till.anvil.top().await + 1_000;
    liar.says(Lie::changes(move |method, _, answer| {
        if method == "eth_blockNumber" {
            answer["result"] = json!(format!("{far:#x}"));
        }
    }));
    // nobody waits for anything: no other block is asked for
    let refused = till.looks().await.unwrap_err().causes();
    assert!(
        refused.contains(&format!("has no block {far}")),
        "{refused}"
    );
    assert_eq!(till.reach().await.scanned, before);
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    jobs::reconcile::read(app, day).await.unwrap_err();
    let read = "select count(*) from outside_block";
    assert_eq!(till.world.count(read).await, 0);
    liar.says(Lie::None);
    jobs::reconcile::read(app, day).await.unwrap();
    assert_eq!(till.world.count(read).await, 1);
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
}
