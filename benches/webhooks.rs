//! Benchmark 10, webhooks: how long an event of Stripe takes from its bytes to the committed credit.

use std::{
    thread,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, bail, ensure};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use serde_json::json;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{ms_since, percentile},
    server::{Cores, Server},
    wire::{self, Wire},
};

const DATABASE: &str = "webhooks";
const SECRET: &str = "whsec_of_the_benchmark_0123456789";
/// Events that are measured one by one; some more go before them.
const EVENTS: usize = 5_000;
const WARM_UP: usize = 200;
/// Events that come at the same time, and how many of them each time: Stripe does not wait for us.
const CROWD: usize = 2_000;
const HANDS: usize = 4;

/// Milliseconds of `POST /hooks/stripe` for a payment that is new.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database(DATABASE)?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
        ("stripe.secret_key", "sk_test_bench"),
        ("stripe.webhook_secret", SECRET),
        // nothing is asked of it: the events say everything
        ("stripe.api_base", "http://127.0.0.1:9"),
        ("stripe.success_url", "https://bench.example/"),
        ("stripe.cancel_url", "https://bench.example/"),
    ];
    let server = Server::start(Cores::One, &set)?;
    server.user()?;
    let orders = orders(bench)?;
    let orders: Vec<(usize, String)> = orders.into_iter().enumerate().collect();
    let (alone, crowd) = orders.split_at(WARM_UP + EVENTS);
    let alone = taken(server.port, alone)?.split_off(WARM_UP);
    let hands = crowd.chunks(CROWD / HANDS);
    let crowd = thread::scope(|scope| {
        let hands: Vec<_> = hands
            .map(|orders| scope.spawn(|| taken(server.port, orders)))
            .collect();
        let hands = hands.into_iter().map(|hand| match hand.join() {
            Ok(taken) => taken,
            Err(_) => bail!("a hand let go"),
        });
        hands.collect::<Result<Vec<_>>>()
    })?;
    let crowd = crowd.concat();
    for (name, taken, part, target) in [
        ("10 webhook intake p50", &alone, 0.5, Target::None),
        ("10 webhook intake p99", &alone, 0.99, Target::AtMost(20.0)),
        (
            "10 webhook intake p99, four at once",
            &crowd,
            0.99,
            Target::None,
        ),
    ] {
        bench.report.add(Figure {
            name: name.into(),
            value: percentile(taken.clone(), part),
            unit: "ms",
            target,
            quartiles: None,
            note: format!("{} payments, each credited and committed", taken.len()),
        });
    }
    credited(bench)
}

/// Milliseconds that each event took, one after the other.
fn taken(port: u16, orders: &[(usize, String)]) -> Result<Vec<f64>> {
    let mut wire = Wire::connect(port)?;
    let send = |(n, order): &(usize, String)| {
        let request = request(*n, order)?;
        let started = Instant::now();
        wire.send(&request)?;
        wire.skip()?;
        Ok(ms_since(started))
    };
    orders.iter().map(send).collect()
}

/// Orders that wait for money, of different users.
fn orders(bench: &mut Bench) -> Result<Vec<String>> {
    let mut conn = bench.cluster.superuser(DATABASE)?;
    let insert = "insert into payment_order (client_no, order_id, owner_id, buyer_id, plan_id, title, goods, credits,
           provider, amount, currency, decimals, state, key, created_at, expires_at, changed_at)
         select client_no, gen_random_uuid(), user_id, user_id, user_id, 'bench', 'credit', 1000000,
           'stripe', 1250, 'usd', 2, 'pending', n::text, 'epoch', 'epoch', 'epoch'
         from client, (select n, gen_random_uuid() user_id from generate_series(1, $1) n) buyer
         where client_id = 'bench'
         returning order_id::text";
    let made = sqlx::query_scalar(insert).bind((EVENTS + WARM_UP + CROWD) as i32);
    bench.cluster.wait(made.fetch_all(&mut conn))
}

fn request(n: usize, order: &str) -> Result<Vec<u8>> {
    let metadata = json!({"concierge_client": "bench", "concierge_order": order});
    let event = json!({
        "id": format!("evt_{n}"),
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": false,
        "data": {"object": {
            "id": format!("cs_{n}"),
            "object": "checkout.session",
            "payment_status": "paid",
            "payment_intent": format!("pi_{n}"),
            "amount_total": 1250,
            "currency": "usd",
            "metadata": metadata,
        }},
    });
    let body = event.to_string();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let key = Key::new(HMAC_SHA256, SECRET.as_bytes());
    let tag = hex::encode(sign(&key, format!("{now}.{body}").as_bytes()));
    let headers =
        format!("content-type: application/json\r\nstripe-signature: t={now},v1={tag}\r\n");
    Ok(wire::request(
        "POST",
        "/hooks/stripe",
        &headers,
        body.as_bytes(),
    ))
}

/// Every event had its effect.
fn credited(bench: &mut Bench) -> Result<()> {
    let mut conn = bench.cluster.superuser(DATABASE)?;
    let count = sqlx::query_scalar("select count(*) from transfer where kind = 'top_up'");
    let count: i64 = bench.cluster.wait(count.fetch_one(&mut conn))?;
    ensure!(
        count == (EVENTS + WARM_UP + CROWD) as i64,
        "{count} credits"
    );
    Ok(())
}
