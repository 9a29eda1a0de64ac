//! Each way a payment can go, on a chain.

use std::time::Duration;

use concierge::{
    billing::{
        chain::{Chains, Standing, State, Verdict},
        order,
    },
    jobs,
};
use serde_json::json;

use super::{
    anvil::{call, transfer, word, word_of},
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till},
};

fn counted() -> (State, Verdict, String) {
    (State::Confirmed, Verdict::Counted, "0".into())
}

fn left(verdict: Verdict, amount: u128) -> (State, Verdict, String) {
    (State::Confirmed, verdict, amount.to_string())
}

impl Till {
    /// As many blocks as a payment needs, and a look.
    async fn confirms(&self) {
        self.anvil.mine(CONFIRMATIONS).await;
        self.looks().await.unwrap();
    }
}

#[tokio::test]
async fn a_payment_counts_when_it_is_deep_enough_and_not_a_block_before() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    assert_eq!(deposit.amount.to_string(), PRICE.to_string());
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    // in no block yet
    till.looks().await.unwrap();
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    for depth in 1..=CONFIRMATIONS + 1 {
        till.anvil.mine(1).await;
        // twice: nothing is done twice, and a depth that was written down is looked at again
        till.looks().await.unwrap();
        till.looks().await.unwrap();
        let paid = depth >= CONFIRMATIONS;
        let expected = if paid {
            (CREDITS, order::State::Fulfilled)
        } else {
            (0, order::State::Pending)
        };
        let order = till.order(deposit.order_id).await;
        assert_eq!((till.credits().await, order.state), expected, "{depth}");
        let arrived = till.arrived(deposit.order_id).await;
        assert_eq!(arrived.len(), 1);
        assert_eq!(
            till.reach().await.depth(arrived[0].block_no),
            depth.cast_signed()
        );
    }
    assert_eq!(till.verdicts(deposit.order_id).await, [counted()]);
    till.balances().await;
}

#[tokio::test]
async fn the_coin_pays_and_so_does_what_a_fee_leaves() {
    let till = Till::new().await;
    let (coin, fee) = (
        till.orders("coin", "local/ETH").await,
        till.orders("fee", "local/FEE").await,
    );
    assert_eq!(coin.amount.to_string(), COIN_PRICE.to_string());
    till.looks().await.unwrap();
    till.anvil.sends_coin(&coin.address, COIN_PRICE).await;
    till.anvil.sends_token(&till.fee, &fee.address, PRICE).await;
    till.confirms().await;
    assert_eq!(till.standing(coin.order_id).await, Standing::Paid);
    // a tenth stayed with the contract: what arrived counts, not what was sent
    assert_eq!(till.standing(fee.order_id).await, Standing::Open);
    assert_eq!(
        till.arrived(fee.order_id).await[0].amount.to_string(),
        (PRICE * 9 / 10).to_string()
    );
    till.anvil
        .sends_token(&till.fee, &fee.address, PRICE.div_ceil(9))
        .await;
    till.confirms().await;
    assert_eq!(till.standing(fee.order_id).await, Standing::Paid);
    assert_eq!(till.credits().await, 2 * CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn parts_make_a_whole_and_more_than_that_is_left_for_a_person() {
    let till = Till::new().await;
    let deposit = till.orders("parts", "local/USDT").await;
    till.looks().await.unwrap();
    let (id, address) = (deposit.order_id, deposit.address.as_str());
    till.anvil
        .sends_token(&till.usdt, address, PRICE - 10)
        .await;
    till.confirms().await;
    assert_eq!(
        (till.standing(id).await, till.credits().await),
        (Standing::Open, 0)
    );
    // two logs in one transaction are two arrivals
    let twice = call("Token", "twice", &[word_of(address), word(4), word(7)]);
    till.anvil
        .sends(json!({"to": till.usdt, "data": twice}))
        .await;
    till.confirms().await;
    till.anvil.sends_token(&till.usdt, address, 5).await;
    till.confirms().await;
    assert_eq!(
        (till.standing(id).await, till.credits().await),
        (Standing::Paid, CREDITS)
    );
    let expected = [
        counted(),
        counted(),
        left(Verdict::Over, 1),
        left(Verdict::Again, 5),
    ];
    assert_eq!(till.verdicts(id).await, expected);
    till.balances().await;
}

#[tokio::test]
async fn too_little_too_late_and_the_wrong_thing_wait_for_a_person() {
    let till = Till::new().await;
    let (short, late) = (
        till.orders("short", "local/USDT").await,
        till.orders("late", "local/USDT").await,
    );
    let wrong = till.orders("wrong", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &short.address, PRICE - 1)
        .await;
    till.anvil
        .sends_token(&till.fee, &wrong.address, PRICE)
        .await;
    till.anvil.sends_coin(&wrong.address, COIN_PRICE).await;
    till.confirms().await;
    assert_eq!(till.standing(short.order_id).await, Standing::Open);
    let hours = 3 * 3_600;
    till.world.app.clock.forward(Duration::from_secs(hours));
    till.anvil.waits(hours).await;
    till.anvil
        .sends_token(&till.usdt, &late.address, PRICE)
        .await;
    till.confirms().await;
    // only time has passed for these
    till.looks().await.unwrap();
    assert_eq!(
        till.verdicts(short.order_id).await,
        [left(Verdict::Short, PRICE - 1)]
    );
    assert_eq!(
        till.verdicts(late.order_id).await,
        [left(Verdict::Late, PRICE)]
    );
    let both = till.verdicts(wrong.order_id).await;
    assert!(
        both.contains(&left(Verdict::WrongToken, PRICE * 9 / 10)),
        "{both:?}"
    );
    assert!(
        both.contains(&left(Verdict::WrongToken, COIN_PRICE)),
        "{both:?}"
    );
    for id in [short.order_id, late.order_id, wrong.order_id] {
        assert_eq!(till.standing(id).await, Standing::Short);
    }
    assert_eq!(till.credits().await, 0);
    till.balances().await;
}

#[tokio::test]
async fn what_was_mined_in_time_pays_an_order_that_has_expired() {
    let till = Till::new().await;
    let deposit = till.orders("slow", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(1).await;
    till.world.app.clock.forward(Duration::from_secs(90 * 60));
    let now = till.world.app.clock.now();
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    assert!(order::expire(&mut tx, deposit.order_id, now).await.unwrap());
    tx.commit().await.unwrap();
    till.confirms().await;
    assert_eq!(
        till.order(deposit.order_id).await.state,
        order::State::Fulfilled
    );
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn logs_that_only_look_like_a_transfer_count_for_nothing() {
    let till = Till::new().await;
    let deposit = till.orders("forged", "local/USDT").await;
    till.looks().await.unwrap();
    let forger = till.anvil.deploy("Forger", &[]).await;
    let to = word_of(&deposit.address);
    let forge = call("Forger", "forge", &[to.clone(), word(PRICE)]);
    till.anvil.sends(json!({"to": forger, "data": forge})).await;
    // a real token, and nothing: the call is taken back; and a transfer of zero
    let fail = call("Token", "fail", &[to.clone(), word(PRICE)]);
    till.anvil
        .sends(json!({"to": till.usdt, "data": fail}))
        .await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, 0)
        .await;
    // a coin that a contract passes on is not seen: the limit that config.ini names
    let pass = call("Forger", "pass", &[to]);
    let value = format!("{COIN_PRICE:#x}");
    till.anvil
        .sends(json!({"to": forger, "data": pass, "value": value}))
        .await;
    till.confirms().await;
    assert_eq!(till.verdicts(deposit.order_id).await, []);
    assert_eq!(till.credits().await, 0);
    till.balances().await;
}

#[tokio::test]
async fn a_payment_that_the_chain_takes_back_is_taken_back_here() {
    let till = Till::new().await;
    let deposit = till.orders("reorged", "local/USDT").await;
    let (id, address) = (deposit.order_id, deposit.address.as_str());
    // so that the deepest reorganisation leaves the contracts where they are
    till.anvil.mine(12).await;
    till.looks().await.unwrap();
    let pays = transfer(&till.usdt, address, PRICE);
    till.anvil.sends(pays.clone()).await;
    till.anvil.mine(CONFIRMATIONS - 1).await;
    till.looks().await.unwrap();
    // before it counted: nothing to take back
    till.anvil.reorganises(CONFIRMATIONS, &[]).await;
    till.confirms().await;
    assert_eq!(
        till.verdicts(id).await,
        [(State::Reorged, Verdict::Gone, "0".into())]
    );
    till.anvil.sends(pays.clone()).await;
    till.confirms().await;
    assert_eq!(
        (till.standing(id).await, till.credits().await),
        (Standing::Paid, CREDITS)
    );
    // after it counted, three times over: gone, and there again in another block
    for round in 0..3 {
        till.anvil.reorganises(12, &[]).await;
        till.looks().await.unwrap();
        assert_eq!(
            (till.standing(id).await, till.credits().await),
            (Standing::Open, 0),
            "{round}"
        );
        assert_eq!(till.order(id).await.state, order::State::Refunded);
        till.balances().await;
        till.anvil.mine(8).await;
        till.anvil.reorganises(6, &[(pays.clone(), 0)]).await;
        till.confirms().await;
        assert_eq!(
            (till.standing(id).await, till.credits().await),
            (Standing::Paid, CREDITS),
            "{round}"
        );
        assert_eq!(till.order(id).await.state, order::State::Fulfilled);
        till.balances().await;
    }
}

#[tokio::test]
async fn addresses_are_never_used_twice() {
    let till = Till::new().await;
    let other = till.world.partner("other").await.no;
    let mut tx = till.world.app.db.client(other).await.unwrap();
    let now = till.world.app.clock.now();
    let plan = concierge::billing::plan::offer(&mut tx, super::till::hundred(), None, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut seen = std::collections::HashSet::new();
    for n in 0..5 {
        let key = format!("order {n}");
        seen.insert(till.orders(&key, "local/USDT").await.address);
        seen.insert(
            till.orders_as(other, &plan, &key, "local/ETH")
                .await
                .address,
        );
    }
    assert_eq!(seen.len(), 10);
    // the same order asked for again has the address that it had
    assert!(seen.contains(&till.orders("order 3", "local/USDT").await.address));
}

#[tokio::test]
async fn three_servers_at_once_do_it_once() {
    let till = Till::new().await;
    let servers = till.world.three().await;
    let servers = servers.map(|app| (Chains::new(&app.config).unwrap(), app));
    let deposit = till.orders("twins", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    for _ in 0..3 {
        let looks = servers.iter().chain(&servers).map(|(chains, app)| {
            let chain = chains.find("local").unwrap();
            jobs::chain::catch_up(app, chain)
        });
        for looked in futures_util::future::join_all(looks).await {
            looked.unwrap();
        }
    }
    assert_eq!(till.verdicts(deposit.order_id).await, [counted()]);
    assert_eq!(till.credits().await, CREDITS);
    till.balances().await;
}

#[tokio::test]
async fn a_server_that_was_away_reads_what_it_missed() {
    let till = Till::new().await;
    let deposit = till.orders("away", "local/USDT").await;
    till.looks().await.unwrap();
    till.anvil.mine(20).await;
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(1_200).await;
    till.looks().await.unwrap();
    assert_eq!(
        till.reach().await.scanned,
        Some(till.anvil.top().await.cast_signed())
    );
    assert_eq!(
        (till.standing(deposit.order_id).await, till.credits().await),
        (Standing::Paid, CREDITS)
    );
    till.balances().await;
}
