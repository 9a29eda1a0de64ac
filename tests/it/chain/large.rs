//! Nodes that tell less at once than they are asked for: they are asked for less, down to one address
//! of one block, and what is still too much is a problem of that chain by name.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use concierge::{billing::chain::Standing, jobs};
use serde_json::{Value, json};

use super::{
    Liar, Lie,
    anvil::{Anvil, number},
    believed::witnessed,
    lies::{between, log},
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till, XPUB},
};
use crate::verbs::reconciles;

/// More than an answer may have.
const BYTES: usize = (32 << 20) + 1;

/// It answers that the question is too large, in its own words or by an answer without an end.
pub fn refuses(answer: &mut Value, in_words: bool) {
    if in_words {
        let words = "query returned more than 10000 results";
        *answer = json!({"id": answer["id"], "error": {"code": -32005, "message": words}});
    } else {
        answer["padding"] = json!(BYTES);
    }
}

/// Blocks of a question for logs.
fn blocks(params: &Value) -> u64 {
    let filter = &params[0];
    number(&filter["toBlock"]) - number(&filter["fromBlock"]) + 1
}

/// Addresses of a question for logs.
fn addresses(params: &Value) -> usize {
    params[0]["topics"][2].as_array().unwrap().len()
}

#[tokio::test]
async fn a_node_that_tells_of_few_blocks_at_once_is_asked_for_few() {
    for in_words in [true, false] {
        let (till, liar) = between(vec![]).await;
        let deposit = till.orders("one", "local/USDT").await;
        till.looks().await.unwrap();
        for part in [PRICE - 1, 1] {
            till.anvil
                .sends_token(&till.usdt, &deposit.address, part)
                .await;
            till.anvil.mine(13).await;
        }
        let refused = Arc::<AtomicUsize>::default();
        let count = refused.clone();
        liar.says(Lie::changes(move |method, params, answer| {
            if method == "eth_getLogs" && blocks(params) > 3 {
                count.fetch_add(1, Ordering::SeqCst);
                refuses(answer, in_words);
            }
        }));
        till.looks().await.unwrap();
        let reach = till.reach().await;
        assert_eq!((reach.scanned, reach.failure), (reach.top, None));
        assert_eq!(till.credits().await, CREDITS);
        // the blocks behind it are asked for by as many at once
        assert!(refused.load(Ordering::SeqCst) <= 6, "{refused:?}");
        till.balances().await;
    }
}

#[tokio::test]
async fn a_block_that_is_too_much_is_read_by_parts() {
    for in_words in [true, false] {
        let (till, liar) = between(vec![]).await;
        let mut deposits = Vec::new();
        for n in 0..5 {
            deposits.push(till.orders(&format!("order-{n}"), "local/USDT").await);
        }
        let coin = till.orders("coin", "local/ETH").await;
        till.looks().await.unwrap();
        for deposit in &deposits {
            till.anvil
                .sends_token(&till.usdt, &deposit.address, PRICE)
                .await;
        }
        till.anvil.sends_coin(&coin.address, COIN_PRICE).await;
        till.anvil.mine(1).await;
        let block = till.anvil.top().await;
        till.anvil.mine(CONFIRMATIONS).await;
        let lacks = Arc::new(AtomicBool::new(true));
        let is_lacking = lacks.clone();
        liar.says(Lie::changes(move |method, params, answer| {
            if method == "eth_getTransactionByHash" && is_lacking.load(Ordering::SeqCst) {
                answer["result"] = Value::Null;
            }
            let is_too_much = match method {
                "eth_getLogs" if params[0]["blockHash"].is_null() => {
                    blocks(params) > 1
                        || number(&params[0]["fromBlock"]) == block && addresses(params) > 2
                }
                "eth_getBlockByNumber" => params[1] == true && number(&params[0]) == block,
                _ => false,
            };
            if is_too_much {
                refuses(answer, in_words);
            }
        }));
        // that a transaction is not told is no proof that it sent nothing
        let refused = till.looks().await.unwrap_err().causes();
        assert!(
            refused.contains("does not tell all transactions"),
            "{refused}"
        );
        lacks.store(false, Ordering::SeqCst);
        till.looks().await.unwrap();
        let reach = till.reach().await;
        assert_eq!((reach.scanned, reach.failure), (reach.top, None));
        assert_eq!(till.credits().await, 6 * CREDITS);
        till.balances().await;
    }
}

#[tokio::test]
async fn a_receipt_that_is_too_long_is_not_needed_where_all_nodes_have_the_log() {
    let (till, liar, witness) = witnessed().await;
    let (paid, forged) = (
        till.orders("paid", "local/USDT").await,
        till.orders("forged", "local/USDT").await,
    );
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &paid.address, PRICE)
        .await;
    till.anvil.mine(1).await;
    let block = till
        .anvil
        .ask("eth_getBlockByNumber", json!(["latest", false]))
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    // the first node makes up a log besides, and neither tells a receipt
    let made_up = log(
        &till.usdt,
        &forged.address,
        &block,
        &[("logIndex", json!("0x9"))],
    );
    let lie = |logs: Vec<Value>| {
        Lie::changes(move |method, _, answer| match method {
            "eth_getLogs" => answer["result"]
                .as_array_mut()
                .unwrap()
                .extend(logs.clone()),
            "eth_getTransactionReceipt" => refuses(answer, false),
            _ => {}
        })
    };
    liar.says(lie(vec![made_up]));
    witness.says(lie(vec![]));
    till.looks().await.unwrap();
    let reach = till.reach().await;
    assert_eq!((reach.scanned, reach.failure), (reach.top, None));
    assert_eq!(till.standing(paid.order_id).await, Standing::Paid);
    assert_eq!(till.verdicts(forged.order_id).await, []);
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn a_log_that_a_node_does_not_have_yet_waits_for_it() {
    let (till, liar, witness) = witnessed().await;
    let paid = till.orders("paid", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &paid.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS + 1).await;
    let behind = Arc::new(AtomicBool::new(true));
    let lie = |behind: Arc<AtomicBool>| {
        Lie::changes(move |method, params, answer| match method {
            "eth_getTransactionReceipt" => refuses(answer, false),
            "eth_getLogs"
                if behind.load(Ordering::SeqCst) && params[0]["blockHash"].is_string() =>
            {
                answer["result"] = json!([]);
            }
            "eth_getBlockByHash" if behind.load(Ordering::SeqCst) => answer["result"] = Value::Null,
            _ => {}
        })
    };
    liar.says(lie(Arc::default()));
    witness.says(lie(behind.clone()));
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 0);
    behind.store(false, Ordering::SeqCst);
    till.looks().await.unwrap();
    assert_eq!(till.standing(paid.order_id).await, Standing::Paid);
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn what_is_too_much_for_one_chain_keeps_no_other() {
    let second = Anvil::of(31_338).await;
    let usdt = second.deploy("Token", &["0".into()]).await;
    let anvil = Arc::new(Anvil::start().await);
    let liar = Liar::before(&anvil.url).await;
    let set = vec![
        ("chain.local.rpc_url", liar.url.clone()),
        ("chain.other.rpc_url", second.url.clone()),
        ("chain.other.chain_id", "31338".to_owned()),
        ("chain.other.xpub", XPUB.to_owned()),
        ("chain.other.tokens", format!("USDT {usdt} 6 100 usd")),
        ("chain.other.confirmations", CONFIRMATIONS.to_string()),
        ("chain.other.overlap_blocks", "32".to_owned()),
        ("chain.other.requests_per_second", "1000".to_owned()),
    ];
    let till = Till::with(anvil, set).await;
    let (app, other) = (&till.world.app, till.chains.find("other").unwrap());
    jobs::chain::catch_up(app, other).await.unwrap();
    let here = till.orders("here", "local/USDT").await;
    let there = till.orders("there", "other/USDT").await;
    for (anvil, usdt, deposit) in [(&*till.anvil, &till.usdt, &here), (&second, &usdt, &there)] {
        anvil.sends_token(usdt, &deposit.address, PRICE).await;
        anvil.mine(2 * CONFIRMATIONS).await;
    }
    let told = till.anvil.top().await;
    liar.says(Lie::changes(move |method, params, answer| {
        let is_of = |params: &Value| number(&params[0]["toBlock"]) + 3 > told;
        if method == "eth_getLogs" && is_of(params) {
            refuses(answer, true);
        }
    }));
    let refused = till.looks().await.unwrap_err().causes();
    assert!(
        refused.contains("the logs of block") && refused.contains("10000 results"),
        "{refused}"
    );
    let failure = till.reach().await.failure.unwrap();
    assert!(failure.contains("the logs of block"), "{failure}");
    jobs::chain::catch_up(app, other).await.unwrap();
    assert_eq!(till.standing(there.order_id).await, Standing::Paid);
    // so it is with the comparison: the other chain is read, and nothing is concluded
    liar.says(Lie::changes(|method, _, answer| {
        if method == "eth_getLogs" {
            refuses(answer, true);
        }
    }));
    till.days_go_by(2).await;
    let now = app.clock.now().unix_timestamp();
    second.mines_at(now, CONFIRMATIONS + 1).await;
    let refused = reconciles(app, till.client).await.unwrap_err();
    let refused = refused.causes();
    assert!(refused.contains("[chain.local]"), "{refused}");
    let read = "select count(*) from outside_block where chain = 'other'";
    assert_eq!(till.world.count(read).await, 1);
    assert_eq!(
        till.world.count("select count(*) from outside_read").await,
        0
    );
    liar.says(Lie::None);
    till.world.rests();
    reconciles(app, till.client).await.unwrap();
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 2 * CREDITS);
    till.balances().await;
}
