//! Discrepancies of a chain, injected among payments that are in order: the reconciliation finds each
//! of them, makes good what can be proved, and leaves the rest alone.

use concierge::{
    billing::{
        Book, Entry, Kind, Micros, Owner,
        chain::{Deposit, settle, watch},
        recon::{Area, Standing, State, close, desk},
        wallet,
    },
    ids::OrderId,
    jobs,
};
use serde_json::json;
use sqlx::AssertSqlSafe;
use time::macros::date;

use super::{
    Lie,
    anvil::{call, word, word_of},
    lies::{between, log},
    till::{COIN_PRICE, CONFIRMATIONS, CREDITS, PRICE, Till},
};
use crate::verbs::reconciles;

type Line = (Option<OrderId>, Area, State, Standing);

/// The lines that tell of something wrong.
pub async fn wrong(till: &Till) -> Vec<Line> {
    let mut tx = till.world.app.db.client(till.client).await.unwrap();
    let days = (date!(2020 - 01 - 01), date!(2090 - 01 - 01));
    let all = desk::lines(&mut tx, days, None, None, 10_000)
        .await
        .unwrap();
    let mut wrong: Vec<Line> = all
        .into_iter()
        .filter(|line| line.standing != Standing::Fine)
        .map(|line| (line.order_id, line.area, line.state, line.standing))
        .collect();
    wrong.sort_by_key(|(order, area, ..)| (order.map(|id| id.0), *area));
    wrong
}

impl Till {
    async fn pays(&self, deposit: &Deposit, amount: u128) {
        self.anvil
            .sends_token(&self.usdt, &deposit.address, amount)
            .await;
    }

    /// A statement behind the server's back, about one order or two.
    async fn forges(&self, text: &str, [one, other]: [&Deposit; 2]) {
        let text = text
            .replace("$one", &format!("'{}'", one.order_id))
            .replace("$other", &format!("'{}'", other.order_id));
        let done = sqlx::query(AssertSqlSafe(text))
            .execute(&mut self.world.superuser().await)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// Two days go by, and the days that are over are compared and closed.
    pub async fn reconciles_later(&self) {
        self.days_go_by(2).await;
        reconciles(&self.world.app, self.client).await.unwrap();
    }
}

/// Payments of every kind that are in order, and one that only looks like one.
async fn in_order(till: &Till) {
    let orders = [
        ("token", "local/USDT"),
        ("coin", "local/ETH"),
        ("parts", "local/USDT"),
        ("over", "local/USDT"),
        ("again", "local/USDT"),
        ("wrong", "local/USDT"),
        ("spoofed", "local/USDT"),
        ("unpaid", "local/USDT"),
    ];
    let mut deposits = Vec::new();
    for (key, pay_with) in orders {
        deposits.push(till.orders(key, pay_with).await);
    }
    let [token, coin, parts, over, again, wrong, spoofed, _] = deposits.try_into().unwrap();
    till.pays(&token, PRICE).await;
    till.anvil.sends_coin(&coin.address, COIN_PRICE).await;
    for (deposit, amount) in [
        (&parts, PRICE - 1),
        (&parts, 1),
        (&over, PRICE + 3),
        (&again, PRICE),
        (&again, 5),
    ] {
        till.pays(deposit, amount).await;
    }
    till.anvil
        .sends_token(&till.fee, &wrong.address, PRICE)
        .await;
    let forger = till.anvil.deploy("Forger", &[]).await;
    let words = [word_of(&spoofed.address), word(PRICE)];
    let data = call("Forger", "forge", &words);
    till.anvil.sends(json!({"to": forger, "data": data})).await;
    till.anvil.mine(1).await;
}

/// A server that has read the chain dies before it has brought any order to it but this one.
async fn dies_behind(till: &Till, settled: &Deposit) {
    let app = &till.world.app;
    let mut tx = app.db.system().await.unwrap();
    let plan = watch::begin(&mut tx, &till.chain, app.clock.now()).await;
    let plan = plan.unwrap().unwrap();
    tx.commit().await.unwrap();
    let news = jobs::chain::read(app, &till.chain, &plan).await.unwrap();
    let (mut tx, now) = (app.db.system().await.unwrap(), app.clock.now());
    let ours = watch::store(&mut tx, &till.chain, (&plan, &news), now).await;
    assert!(ours.unwrap());
    tx.commit().await.unwrap();
    let mut tx = app.db.client(till.client).await.unwrap();
    settle::settle(&mut tx, settled.order_id, None, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Credits that are given once more for an order.
async fn given_twice(till: &Till, deposit: &Deposit) {
    let app = &till.world.app;
    let mut tx = app.db.client(till.client).await.unwrap();
    let entry = Entry {
        amount: Micros::new(CREDITS).unwrap(),
        key: "once more",
        subject: Some(deposit.order_id.0),
        note: "",
    };
    let deed = (Kind::TopUp, Book::Chain);
    wallet::add(&mut tx, Owner::Client, deed, &entry, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_discrepancy_of_a_chain_is_found_and_nothing_else() {
    let till = Till::new().await;
    in_order(&till).await;
    let mut deposits = Vec::new();
    for key in [
        "crashed", "blind", "missed", "gone", "differs", "mixed", "other", "twice", "forged",
    ] {
        deposits.push(till.orders(key, "local/USDT").await);
    }
    let all: [Deposit; 9] = deposits.try_into().unwrap();
    let [
        crashed,
        blind,
        missed,
        gone,
        differs,
        mixed,
        other,
        twice,
        forged,
    ] = &all;
    for deposit in [differs, mixed, other, twice, forged] {
        till.pays(deposit, PRICE).await;
    }
    till.anvil.mine(CONFIRMATIONS).await;
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 10 * CREDITS);
    // two whose credits a crash kept back, and one that the chain takes back while nobody looks
    till.pays(crashed, PRICE).await;
    till.pays(blind, PRICE).await;
    till.anvil.mine(1).await;
    till.pays(gone, PRICE).await;
    till.anvil.mine(CONFIRMATIONS).await;
    dies_behind(&till, gone).await;
    assert_eq!(till.credits().await, 11 * CREDITS);
    till.anvil.reorganises(CONFIRMATIONS, &[]).await;
    // one that arrives while nobody looks
    till.pays(missed, PRICE).await;
    till.anvil.mine(2 * CONFIRMATIONS).await;
    let arrival = "update chain_arrival set";
    till.forges(
        &format!("{arrival} settled = true where order_id = $one"),
        [blind, blind],
    )
    .await;
    till.forges(
        &format!("{arrival} amount = amount + 1 where order_id = $one"),
        [differs, differs],
    )
    .await;
    till.forges(
        &format!("{arrival} order_id = $other where order_id = $one"),
        [mixed, other],
    )
    .await;
    given_twice(&till, twice).await;
    till.forges(
        "insert into chain_arrival
         select (jsonb_populate_record(chain_arrival, jsonb_build_object('arrival_id', gen_random_uuid(), 'log_no', 77,
           'verdict', 'again', 'left_over', amount, 'tx_hash', '0x' || repeat('7', 64)))).*
         from chain_arrival where order_id = $one",
        [forged, forged],
    )
    .await;

    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    till.days_go_by(2).await;
    jobs::reconcile::read(app, day).await.unwrap();
    jobs::reconcile::day(app, till.client, day).await.unwrap();
    let found = wrong(&till).await;
    let expected =
        |deposit: &Deposit, area, state, standing| (Some(deposit.order_id), area, state, standing);
    let mut all = vec![
        expected(crashed, Area::Payment, State::MissingHere, Standing::Healed),
        expected(blind, Area::Payment, State::MissingHere, Standing::Healed),
        expected(missed, Area::Arrival, State::MissingHere, Standing::Open),
        expected(gone, Area::Arrival, State::Reorged, Standing::Open),
        expected(differs, Area::Payment, State::AmountDiffers, Standing::Open),
        expected(differs, Area::Arrival, State::AmountDiffers, Standing::Open),
        expected(mixed, Area::Payment, State::AmountDiffers, Standing::Open),
        expected(other, Area::Payment, State::AmountDiffers, Standing::Open),
        expected(other, Area::Arrival, State::Duplicate, Standing::Open),
        expected(twice, Area::Order, State::Duplicate, Standing::Open),
        expected(forged, Area::Arrival, State::Reorged, Standing::Open),
    ];
    all.sort_by_key(|(order, area, ..)| (order.map(|id| id.0), *area));
    assert_eq!(found, all);
    assert_eq!(till.credits().await, 13 * CREDITS);
    // again, by three at once, and on the days after it: the same, and nothing is done twice
    jobs::reconcile::day(app, till.client, day).await.unwrap();
    assert_eq!(wrong(&till).await, all);
    let servers = (0..3).map(|_| reconciles(app, till.client));
    for done in futures_util::future::join_all(servers).await {
        done.unwrap();
    }
    till.reconciles_later().await;
    assert_eq!(wrong(&till).await, all);
    assert_eq!(till.credits().await, 13 * CREDITS);
    // the watch is back: it takes what arrived, and takes back what went
    till.looks().await.unwrap();
    assert_eq!(till.credits().await, 13 * CREDITS);
    assert_eq!(
        (
            till.standing(gone.order_id).await,
            till.standing(missed.order_id).await
        ),
        (
            concierge::billing::chain::Standing::Open,
            concierge::billing::chain::Standing::Paid
        )
    );
    till.reconciles_later().await;
    assert_eq!(wrong(&till).await, all);
    let mut tx = app.db.client(till.client).await.unwrap();
    let (days, flaws) = close::verify(&mut tx).await.unwrap();
    assert!(days >= 6 && flaws.is_empty(), "{days} {flaws:?}");
    till.balances().await;
}

#[tokio::test]
async fn nothing_is_concluded_from_a_log_that_no_receipt_confirms() {
    let (till, liar) = between(vec![]).await;
    let (paid, spoofed) = (
        till.orders("paid", "local/USDT").await,
        till.orders("spoofed", "local/USDT").await,
    );
    till.pays(&paid, PRICE).await;
    till.anvil.mine(2 * CONFIRMATIONS).await;
    till.looks().await.unwrap();
    let number = till.arrived(paid.order_id).await[0].block_no;
    let block = till
        .anvil
        .ask(
            "eth_getBlockByNumber",
            json!([format!("{number:#x}"), false]),
        )
        .await;
    let made_up = log(&till.usdt, &spoofed.address, &block, &[]);
    liar.says(Lie::changes(move |method, _, answer| {
        if method == "eth_getLogs" {
            let logs = answer["result"].as_array_mut().unwrap();
            logs.push(made_up.clone());
        }
    }));
    let (app, day) = (&till.world.app, till.world.app.clock.now().date());
    till.days_go_by(2).await;
    let refused = reconciles(app, till.client).await.unwrap_err();
    let refused = refused.causes();
    assert!(
        refused.contains("[chain.local]") && refused.contains("no receipt"),
        "{refused}"
    );
    let mut tx = app.db.client(till.client).await.unwrap();
    assert!(!close::is_closed(&mut tx, day).await.unwrap());
    drop(tx);
    liar.says(Lie::None);
    till.world.rests();
    reconciles(app, till.client).await.unwrap();
    assert_eq!(wrong(&till).await, []);
    assert_eq!(till.credits().await, CREDITS);
}
