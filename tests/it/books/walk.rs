//! The whole walk of money: top up by Stripe, ask until the money ends, top up on a chain, read the
//! statement, reconcile, close the day and prove it. `scripts/walk-money` shows it.

use std::{sync::Arc, time::Duration};

use concierge::{
    billing::{
        Rates,
        chain::Chain,
        price,
        recon::{Area, Standing, State, close, desk},
    },
    ids::{ClientNo, OrderId},
    jobs,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::macros::date;

use super::agree;
use crate::{
    chain::{
        anvil::Anvil,
        till::{CONFIRMATIONS, Till},
    },
    metering::{billed, users_pay},
    orders::{
        double::{Double, KEY, SECRET},
        stall::{Stall, session},
    },
    process::{beside, run},
    verbs::{reconciles, text},
    world::{Person, World, body},
};

/// A tenth of a credit for a token that is written.
const RATES: Rates = Rates {
    input: Some(1_000_000),
    cached_input: None,
    output: Some(100_000_000_000),
    embedding: None,
    page: None,
    image: None,
};
/// Questions that are asked at most.
const QUESTIONS_MAX: usize = 60;

fn tell(step: &str) {
    eprintln!("walk: {step}");
}

/// A chain, and a token on it.
struct Coins {
    anvil: Arc<Anvil>,
    chain: Arc<Chain>,
    usdt: String,
}

/// A server before a double of Stripe and a chain, whose answers cost money.
async fn shop() -> (Stall, Coins) {
    let (stripe, anvil) = (Double::alone().await, Arc::new(Anvil::start().await));
    let set = [
        ("chain.local.rpc_url", anvil.url.clone()),
        ("stripe.secret_key", KEY.to_owned()),
        ("stripe.webhook_secret", SECRET.to_owned()),
        ("stripe.api_base", stripe.base.clone()),
        ("stripe.success_url", "https://acme.example/".to_owned()),
        ("stripe.cancel_url", "https://acme.example/".to_owned()),
        ("models.chat", "scripted".to_owned()),
        ("chat.scripted.kind", "scripted".to_owned()),
        ("chat.scripted.script", "电池保修期为24个月。".repeat(6)),
    ];
    let till = Till::with(anvil, set.into()).await;
    let Till {
        world,
        anvil,
        chain,
        usdt,
        ..
    } = till;
    (Stall { world, stripe }, Coins { anvil, chain, usdt })
}

async fn asks_until_it_costs_too_much(alice: &Person<'_>) -> usize {
    let session = alice.session().await;
    for answers in 0..QUESTIONS_MAX {
        let path = format!("/api/v1/sessions/{session}/messages");
        let asked = alice
            .request(Method::POST, &path)
            .json(&json!({"content": "电池保修多久？"}))
            .send()
            .await
            .unwrap();
        if asked.status() == StatusCode::PAYMENT_REQUIRED {
            let said = body(asked, StatusCode::PAYMENT_REQUIRED).await;
            assert_eq!(said["code"], "out_of_credit", "{said}");
            return answers;
        }
        assert_eq!(asked.status(), StatusCode::OK);
    }
    panic!("{QUESTIONS_MAX} answers, and the money never ended");
}

/// The statement from its last line to its first: it adds up to what is there.
async fn statement_adds_up(alice: &Person<'_>) -> usize {
    let (mut cursor, mut lines) = (String::new(), Vec::<Value>::new());
    loop {
        let page = alice
            .get(&format!("/api/v1/wallet/statement?limit=100{cursor}"))
            .await;
        lines.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let micros = |text: &str| -> i64 {
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        sign * format!("{whole}{part:0<6}").parse::<i64>().unwrap()
    };
    let mut balance = 0;
    for line in lines.iter().rev() {
        balance += micros(text(&line["amount"]));
        assert_eq!(micros(text(&line["balance"])), balance, "{line}");
    }
    assert_eq!(micros(&alice.balance().await), balance);
    lines.len()
}

async fn closed(world: &World, client: ClientNo) -> (usize, String) {
    let mut tx = world.app.db.client(client).await.unwrap();
    let days = (date!(2020 - 01 - 01), date!(2090 - 01 - 01));
    let open = desk::lines(&mut tx, days, Some(Standing::Open), None, 100)
        .await
        .unwrap();
    assert_eq!(open, [], "nothing waits for a person");
    let (days, flaws) = close::verify(&mut tx).await.unwrap();
    assert_eq!(flaws, []);
    let last = close::last(&mut tx).await.unwrap().unwrap();
    (days, hex::encode(last.hash))
}

fn order_id(order: &Value) -> OrderId {
    OrderId(text(&order["id"]).parse().unwrap())
}

fn sorted(mut lines: Vec<(OrderId, Area)>) -> Vec<(OrderId, Area)> {
    lines.sort_by_key(|(order, area)| (order.0, *area));
    lines
}

/// The lines about orders on which both sides agree.
async fn matched(world: &World, client: ClientNo) -> Vec<(OrderId, Area)> {
    let mut tx = world.app.db.client(client).await.unwrap();
    let days = (date!(2020 - 01 - 01), date!(2090 - 01 - 01));
    let fine = desk::lines(&mut tx, days, Some(Standing::Fine), None, 100)
        .await
        .unwrap();
    let of_orders = fine
        .into_iter()
        .filter(|line| line.state == State::Matched)
        .filter_map(|line| Some((line.order_id?, line.area)));
    sorted(of_orders.collect())
}

/// What an operator runs finds the days closed and sound, and the ledger too.
fn commands_say_the_same(world: &World, (days, hash): (usize, &str)) {
    let folder = beside(world);
    let does = |words: &str| {
        let ran = run(folder.path(), &words.split(' ').collect::<Vec<_>>());
        ran.well().to_owned()
    };
    // of the day before today, since the program's clock is not ahead
    let done = does("reconcile");
    assert!(done.contains("walker"), "{done}");
    let sound = does("reconcile --verify");
    let count = format!("{days} closed days of 1 clients");
    assert!(sound.contains(hash) && sound.contains(&count), "{sound}");
    let agrees = does("ledger verify");
    assert!(
        agrees.contains("walker") && agrees.contains(" transfers between "),
        "{agrees}"
    );
}

#[tokio::test]
async fn money_walks_from_the_first_top_up_to_the_closed_day() {
    let (stall, coins) = shop().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("walker").await;
    billed(world, acme.no, users_pay()).await;
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let later = world.app.clock.now() + time::Duration::SECOND;
    price::set(
        &mut tx,
        "scripted",
        RATES,
        Some(later),
        world.app.clock.now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.app.clock.forward(Duration::from_secs(2));
    let alice = acme.person("alice").await;

    let by_stripe = alice.orders(&plan, "by-stripe").await;
    let paid = stall.stripe.pays(session(&by_stripe)).await;
    let id = text(&paid["payment_intent"]);
    stall
        .stripe
        .dates(id, world.app.clock.now().unix_timestamp());
    let told = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::OK);
    assert_eq!(alice.balance().await, "100");
    tell("topped up by Stripe: 100 credits");

    let answers = asks_until_it_costs_too_much(&alice).await;
    assert!(answers > 0);
    tell(&format!(
        "{answers} answers, then 402; {} credits are left",
        alice.balance().await
    ));

    let wish = json!({"plan_id": plan.plan_id, "provider": "chain", "pay_with": "local/USDT"});
    let made = alice
        .request(Method::POST, "/api/v1/orders")
        .header("Idempotency-Key", "on-chain")
        .json(&wish);
    let on_chain = body(made.send().await.unwrap(), StatusCode::CREATED).await;
    let deposit = alice
        .get(&format!("/api/v1/orders/{}/deposit", text(&on_chain["id"])))
        .await;
    let amount: u128 = text(&on_chain["amount"]).parse().unwrap();
    coins
        .anvil
        .sends_token(&coins.usdt, text(&deposit["address"]), amount)
        .await;
    coins.anvil.mine(CONFIRMATIONS).await;
    jobs::chain::catch_up(&world.app, &coins.chain)
        .await
        .unwrap();
    assert_eq!(alice.order(&on_chain).await["state"], "fulfilled");
    tell(&format!(
        "topped up on a chain: {} credits to spend",
        alice.balance().await
    ));
    let session = alice.session().await;
    assert_eq!(
        alice.asks(&session, "电池保修多久？").await["state"],
        "done"
    );

    let lines = statement_adds_up(&alice).await;
    tell(&format!(
        "{lines} lines of the statement add up to the balance"
    ));
    agree(world).await;

    // on the chain, too: the comparison wants blocks of after the day
    world.app.clock.forward(Duration::from_secs(2 * 86_400));
    let now = world.app.clock.now().unix_timestamp();
    coins.anvil.mines_at(now, CONFIRMATIONS + 1).await;
    reconciles(&world.app, acme.no).await.unwrap();
    let (days, hash) = closed(world, acme.no).await;
    assert!(days >= 1);
    let (by_stripe, on_chain) = (order_id(&by_stripe), order_id(&on_chain));
    assert_eq!(
        matched(world, acme.no).await,
        sorted(vec![
            (by_stripe, Area::Payment),
            (by_stripe, Area::Balance),
            (by_stripe, Area::Order),
            (on_chain, Area::Payment),
            (on_chain, Area::Arrival),
            (on_chain, Area::Order),
        ])
    );
    commands_say_the_same(world, (days, &hash));
    agree(world).await;
    tell(&format!(
        "{days} days reconciled, closed and verified, the last by {hash}"
    ));
}
