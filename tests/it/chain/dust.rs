//! Dust: whoever sends much of it makes looks many, and none of them long.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use concierge::billing::chain::{Standing, State};
use serde_json::{Value, json};

use super::{
    Lie,
    anvil::{call, word, word_of},
    large::refuses,
    lies::{between, log},
    till::{CONFIRMATIONS, PRICE},
};

/// Transactions that a look asks about: new ones, and those that have become deep enough.
const ASKED_MAX: usize = 2 * 200;

#[tokio::test]
async fn dust_is_asked_about_by_parts() {
    let dust = ASKED_MAX + 50;
    let (till, liar) = between(vec![]).await;
    let dusty = till.orders("dusty", "local/USDT").await;
    let paid = till.orders("paid", "local/USDT").await;
    till.anvil.mine(1).await;
    let latest = json!(["latest", false]);
    let block = till.anvil.ask("eth_getBlockByNumber", latest).await;
    let one = format!("0x{:064x}", 1);
    let logs = (1..=dust).map(|n| {
        let tx = json!(format!("0x{n:064x}"));
        let place = json!(format!("{n:#x}"));
        let changes = [
            ("transactionHash", tx),
            ("logIndex", place),
            ("data", json!(one)),
        ];
        log(&till.usdt, &dusty.address, &block, &changes)
    });
    let logs: Vec<Value> = logs.collect();
    let by_tx = |log: &Value| {
        (
            log["transactionHash"].as_str().unwrap().to_owned(),
            log.clone(),
        )
    };
    let receipts: HashMap<String, Value> = logs.iter().map(by_tx).collect();
    // receipts that each look asks for
    let asked = Arc::<Mutex<Vec<usize>>>::default();
    let counter = asked.clone();
    liar.says(Lie::changes(move |method, params, answer| match method {
        "eth_chainId" => counter.lock().unwrap().push(0),
        "eth_getLogs" => answer["result"]
            .as_array_mut()
            .unwrap()
            .extend(logs.clone()),
        "eth_getTransactionReceipt" => {
            *counter.lock().unwrap().last_mut().unwrap() += 1;
            if let Some(log) = receipts.get(params[0].as_str().unwrap()) {
                answer["result"] = json!({"status": "0x1", "blockHash": log["blockHash"],
                    "transactionHash": log["transactionHash"], "logs": [log]});
            }
        }
        _ => {}
    }));
    for (state, asked_about) in [(State::Seen, dust), (State::Confirmed, 2 * dust + 1)] {
        till.looks().await.unwrap();
        let reach = till.reach().await;
        assert_eq!((reach.scanned, reach.failure), (reach.top, None));
        let verdicts = till.verdicts(dusty.order_id).await;
        assert_eq!(verdicts.len(), dust);
        assert!(verdicts.iter().all(|(is, ..)| *is == state));
        let asked = asked.lock().unwrap().clone();
        assert!(asked.iter().all(|some| *some <= ASKED_MAX), "{asked:?}");
        assert_eq!(asked.iter().sum::<usize>(), asked_about, "{asked:?}");
        till.anvil
            .sends_token(&till.usdt, &paid.address, PRICE)
            .await;
        till.anvil.mine(CONFIRMATIONS).await;
    }
    assert_eq!(till.standing(paid.order_id).await, Standing::Paid);
    till.balances().await;
}

#[tokio::test]
async fn a_transaction_without_a_receipt_costs_one_question_for_all_that_it_brought() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    let asked = Arc::<AtomicUsize>::default();
    let counter = asked.clone();
    liar.says(Lie::changes(move |method, params, answer| match method {
        "eth_getTransactionReceipt" => refuses(answer, false),
        "eth_getLogs" if params[0]["blockHash"].is_string() => {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        _ => {}
    }));
    let words = [word_of(&deposit.address), word(4), word(PRICE)];
    let twice = call("Token", "twice", &words);
    till.anvil
        .sends(json!({"to": till.usdt, "data": twice}))
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(till.verdicts(deposit.order_id).await.len(), 2);
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
}
