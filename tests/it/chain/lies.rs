//! Nodes that lie, stall or refuse: nothing is credited, and how far was read is not lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use concierge::billing::chain::Standing;
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Anvil, Liar, Lie,
    anvil::{number, word_of},
    till::{CONFIRMATIONS, CREDITS, PRICE, Till},
};

/// A till whose node is a liar that tells the truth for now.
pub async fn between(set: Vec<(&'static str, String)>) -> (Till, Liar) {
    let anvil = Arc::new(Anvil::start().await);
    let liar = Liar::before(&anvil.url).await;
    let mut all = vec![("chain.local.rpc_url", liar.url.clone())];
    all.extend(set);
    (Till::with(anvil, all).await, liar)
}

fn error(code: i64, message: &str) -> Lie {
    let error = json!({"code": code, "message": message});
    Lie::changes(move |_, _, answer| {
        answer["error"] = error.clone();
        answer.as_object_mut().unwrap().remove("result");
    })
}

#[tokio::test]
async fn a_node_that_fails_credits_nothing_and_loses_nothing() {
    let set = vec![("chain.local.timeout_seconds", "1".to_owned())];
    let (till, liar) = between(set).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    let before = till.reach().await.scanned;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS + 1).await;
    let text = |text: &str| text.to_owned();
    for (lie, says) in [
        (
            Lie::Says(StatusCode::TOO_MANY_REQUESTS, text("slow down")),
            "429",
        ),
        (
            Lie::Says(StatusCode::INTERNAL_SERVER_ERROR, text("")),
            "500",
        ),
        (Lie::Says(StatusCode::OK, text("<html>")), "is not JSON"),
        (
            Lie::Says(StatusCode::OK, text("[]")),
            "2 questions, 0 answers",
        ),
        (
            Lie::Says(StatusCode::OK, text("{\"error\":{\"code\":-32005}}")),
            "it refuses: {\"code\":-32005}",
        ),
        (
            Lie::Says(
                StatusCode::OK,
                text("[{\"id\":0,\"result\":1},{\"id\":0,\"result\":2}]"),
            ),
            "comes twice",
        ),
        (Lie::Says(StatusCode::OK, text("[1]")), "has no id"),
        (
            Lie::Says(
                StatusCode::OK,
                text("[{\"id\":7,\"result\":1},{\"id\":8,\"result\":2}]"),
            ),
            "another question",
        ),
        (Lie::Says(StatusCode::OK, " ".repeat(40 << 20)), "more than"),
        (Lie::Stalls, "no whole answer within 1 s"),
        (error(-32005, "rate limit"), "rate limit"),
    ] {
        liar.says(lie);
        let refused = till.looks().await.unwrap_err().causes();
        assert!(refused.contains(says), "{says}: {refused}");
        let reach = till.reach().await;
        assert_eq!((reach.scanned, till.credits().await), (before, 0), "{says}");
        assert!(reach.failure.unwrap().contains(says), "{says}");
    }
    liar.says(Lie::None);
    till.looks().await.unwrap();
    assert_eq!(
        (till.reach().await.failure, till.credits().await),
        (None, CREDITS)
    );
    till.balances().await;
}

#[tokio::test]
async fn lies_about_blocks_are_seen() {
    let (till, liar) = between(vec![]).await;
    till.anvil.mine(40).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS - 2).await;
    till.looks().await.unwrap();
    let top = till.anvil.top().await;
    let lies = [
        // another chain
        Lie::changes(|method, _, answer| {
            if method == "eth_chainId" {
                answer["result"] = json!("0x1");
            }
        }),
        // a top that is not there
        Lie::changes(|method, _, answer| {
            if method == "eth_blockNumber" {
                answer["result"] = json!("0xffffff");
            }
        }),
        Lie::changes(|method, _, answer| {
            if method == "eth_blockNumber" {
                answer["result"] = json!("0x1p4");
            }
        }),
        // far behind
        Lie::changes(|method, _, answer| {
            if method == "eth_blockNumber" {
                answer["result"] = json!("0x0");
            }
        }),
        // blocks of another branch, of other numbers, and out of a hat
        Lie::changes(move |method, _, answer| {
            if method == "eth_getBlockByNumber" && number(&answer["result"]["number"]) == top {
                answer["result"]["parentHash"] = json!(format!("0x{:064x}", 7));
            }
        }),
        Lie::changes(|method, _, answer| {
            if method == "eth_getBlockByNumber" {
                answer["result"]["number"] = json!("0x1");
            }
        }),
        Lie::changes(|method, _, answer| {
            if method == "eth_getBlockByNumber" {
                answer["result"]["hash"] = json!("0x12");
            }
        }),
        Lie::changes(|method, _, answer| {
            if method == "eth_getBlockByNumber" {
                answer["result"]["timestamp"] = json!("0xffffffffffffffff");
            }
        }),
        Lie::changes(|method, _, answer| {
            if method == "eth_getLogs" {
                answer["result"] = json!({});
            }
        }),
    ];
    for (n, lie) in lies.into_iter().enumerate() {
        liar.says(lie);
        let before = till.reach().await.scanned;
        assert!(till.looks().await.is_err(), "lie {n}");
        assert_eq!(
            (till.reach().await.scanned, till.credits().await),
            (before, 0),
            "lie {n}"
        );
    }
    liar.says(Lie::None);
    till.anvil.mine(2).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

/// A log as the token would write it.
pub fn log(token: &str, to: &str, block: &Value, changes: &[(&str, Value)]) -> Value {
    let mut log = json!({
        "address": token,
        "topics": [
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            format!("0x{:0>64}", "ab".repeat(20)),
            format!("0x{:0>64}", word_of(to)),
        ],
        "data": format!("0x{PRICE:064x}"),
        "blockNumber": block["number"],
        "blockHash": block["hash"],
        "transactionHash": format!("0x{:064x}", 99),
        "logIndex": "0x0",
        "removed": false,
    });
    for (key, value) in changes {
        log[*key] = value.clone();
    }
    log
}

#[tokio::test]
async fn logs_that_a_node_makes_up_count_for_nothing() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.anvil.mine(3).await;
    till.looks().await.unwrap();
    till.anvil.mine(1).await;
    let block = till
        .anvil
        .ask("eth_getBlockByNumber", json!(["latest", false]))
        .await;
    let to = deposit.address.as_str();
    let other = format!("0x{}", "cd".repeat(20));
    let topics = |count: usize| {
        let word = format!("0x{:0>64}", word_of(to));
        let all = [
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            &word,
            &word,
            &word,
        ];
        json!(all[..count])
    };
    let forged = [
        // well made, and its transaction is nowhere
        log(&till.usdt, to, &block, &[]),
        log(&other, to, &block, &[]),
        log(&till.usdt, &other, &block, &[]),
        log(&till.usdt, to, &block, &[("topics", topics(2))]),
        log(&till.usdt, to, &block, &[("topics", topics(4))]),
        log(&till.usdt, to, &block, &[("topics", json!("x"))]),
        log(&till.usdt, to, &block, &[("removed", json!(true))]),
        log(&till.usdt, to, &block, &[("data", json!("0x"))]),
        log(
            &till.usdt,
            to,
            &block,
            &[("data", json!(format!("0x{:064x}", 0)))],
        ),
        log(
            &till.usdt,
            to,
            &block,
            &[("data", json!(format!("0x{}", "1".repeat(128))))],
        ),
        log(&till.usdt, to, &block, &[("blockNumber", json!("0x0"))]),
        log(
            &till.usdt,
            to,
            &block,
            &[("blockNumber", json!("0xffffffff"))],
        ),
        log(
            &till.usdt,
            to,
            &block,
            &[("blockHash", json!(format!("0x{:064x}", 5)))],
        ),
        log(&till.usdt, to, &block, &[("blockHash", Value::Null)]),
        log(&till.usdt, to, &block, &[("transactionHash", json!("0x"))]),
        log(&till.usdt, to, &block, &[("logIndex", json!("-1"))]),
        json!(null),
        json!("0x"),
    ];
    let forged = Value::from(forged.to_vec());
    liar.says(Lie::changes(move |method, _, answer| {
        if method == "eth_getLogs" {
            answer["result"] = forged.clone();
        }
    }));
    for _ in 0..=CONFIRMATIONS {
        till.anvil.mine(1).await;
        till.looks().await.unwrap();
    }
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    assert_eq!(till.credits().await, 0);
}

#[tokio::test]
async fn a_node_that_leaves_logs_out_is_asked_again() {
    let (till, liar) = between(vec![]).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(10).await;
    liar.says(Lie::changes(|method, _, answer| {
        if method == "eth_getLogs" {
            answer["result"] = json!([]);
        }
    }));
    till.looks().await.unwrap();
    assert_eq!(
        till.reach().await.scanned,
        Some(till.anvil.top().await.cast_signed())
    );
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    // it was read to the top, and what was left out is found all the same
    liar.says(Lie::None);
    till.looks().await.unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
    till.balances().await;
}

#[tokio::test]
async fn a_node_that_lies_without_a_slip_is_found_out_by_the_second_one() {
    let anvil = Arc::new(Anvil::start().await);
    let liar = Liar::before(&anvil.url).await;
    let set = vec![
        ("chain.local.rpc_url", liar.url.clone()),
        ("chain.local.witness_url", anvil.url.clone()),
    ];
    let till = Till::with(anvil, set).await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil.mine(1).await;
    let block = till
        .anvil
        .ask("eth_getBlockByNumber", json!(["latest", false]))
        .await;
    let log = log(&till.usdt, &deposit.address, &block, &[]);
    let receipt = json!({"status": "0x1", "blockHash": block["hash"], "transactionHash": log["transactionHash"],
        "logs": [log]});
    liar.says(Lie::changes(move |method, _, answer| match method {
        "eth_getLogs" => answer["result"] = json!([log]),
        "eth_getTransactionReceipt" => answer["result"] = receipt.clone(),
        _ => {}
    }));
    for _ in 0..=CONFIRMATIONS {
        till.anvil.mine(1).await;
        till.looks().await.unwrap();
    }
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    // a branch of its own
    liar.says(Lie::changes(|method, _, answer| {
        if method == "eth_getBlockByNumber" {
            answer["result"]["hash"] = json!(format!("0x{:064x}", 5));
        }
    }));
    let refused = till.looks().await.unwrap_err().causes();
    assert!(
        refused.contains("other blocks than the first node"),
        "{refused}"
    );
    // and both tell the truth again
    liar.says(Lie::None);
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn the_node_is_not_asked_more_often_than_allowed_nor_for_nothing() {
    let set = vec![("chain.local.requests_per_second", "20".to_owned())];
    let (till, liar) = between(set).await;
    till.looks().await.unwrap();
    // nobody waits for anything: the number on top, and its block
    let before = liar.asked();
    till.anvil.mine(50).await;
    till.looks().await.unwrap();
    assert_eq!(liar.asked() - before, 2);
    till.orders("one", "local/USDT").await;
    let (before, started) = (liar.asked(), Instant::now());
    till.looks().await.unwrap();
    let (first, took) = (liar.asked() - before, started.elapsed());
    // one every 50 ms, but for what a clock is off by
    let least = Duration::from_millis(45) * u32::try_from(first - 1).unwrap();
    assert!(took >= least, "{first} requests in {took:?}");
    // blocks whose hash is known are not read again
    let before = liar.asked();
    till.looks().await.unwrap();
    let second = liar.asked() - before;
    assert!(first > 32 && second == 4, "{first} and {second} requests");
}
