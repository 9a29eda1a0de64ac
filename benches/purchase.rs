//! Benchmark 10, through the API: packs bought with credits, beside the very statements that a
//! purchase sends, as `pgbench` would run them.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use concierge::clock::Clock;
use futures_util::future::try_join_all;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::interleaved,
    server::{Cores, Server},
    user::User,
};

const DATABASE: &str = "purchase";
const CLIENT: &str = "shop";
/// Who buys at the same time, each out of a wallet of their own.
const HANDS: usize = 8;

/// Purchases a second over HTTP, by those of their statements alone.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database(DATABASE)?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
    ];
    let server = Server::start(Cores::One, &set)?;
    let users = server.buyers(CLIENT, HANDS)?;
    let mut conn = bench.cluster.superuser(DATABASE)?;
    let (client, plan): (i32, Uuid) = bench.cluster.wait(
        sqlx::query_as(
            "insert into plan (client_no, plan_id, name, kind, credits, uses, enabled, created_at)
             select client_no, gen_random_uuid(), 'ten', 'uses', 1, 10, true, 'epoch' from client
             where client_id = $1
             returning client_no, plan_id",
        )
        .bind(CLIENT)
        .fetch_one(&mut conn),
    )?;
    let owners: Vec<Uuid> = bench.cluster.wait(
        sqlx::query_scalar("select owner_id from account where client_no = $1 and kind = 'wallet'")
            .bind(client)
            .fetch_all(&mut conn),
    )?;
    ensure!(owners.len() == HANDS, "{} wallets", owners.len());
    let hands = (0..HANDS).map(|_| bench.cluster.login(DATABASE));
    let mut hands = hands.collect::<Result<Vec<PgConnection>>>()?;
    let path = format!("/api/v1/plans/{plan}/purchase");
    let (round, cluster) = (bench.round, &bench.cluster);
    let [bought, raw] = interleaved(
        round,
        [&mut |time| bought(&users, &path, time), &mut |time| {
            let buyers = hands.iter_mut().zip(&owners);
            let buyers = buyers.map(|(conn, owner)| Buyer {
                conn,
                client,
                plan,
                owner: *owner,
            });
            cluster.wait(statements(buyers, time))
        }],
    )?;
    bench.report.add(Figure {
        name: "10 purchases through the API / their statements alone".into(),
        value: bought.median() / raw.median(),
        unit: "x",
        target: Target::AtLeast(0.5),
        quartiles: None,
        note: format!(
            "{:.0} and {:.0} a second, {HANDS} buyers",
            bought.median(),
            raw.median()
        ),
    });
    Ok(())
}

/// Purchases a second over HTTP.
fn bought(users: &[User], path: &str, time: Duration) -> Result<Vec<f64>> {
    let started = Instant::now();
    let counts = thread::scope(|scope| {
        let hands: Vec<_> = users
            .iter()
            .map(|user| scope.spawn(move || buy(user, path, started, time)))
            .collect();
        let ended = hands.into_iter().map(|hand| match hand.join() {
            Ok(count) => count,
            Err(_) => Err(anyhow::anyhow!("a buyer panicked")),
        });
        ended.collect::<Result<Vec<u32>>>()
    })?;
    Ok(vec![a_second(counts.iter().sum(), started)])
}

fn buy(user: &User, path: &str, started: Instant, time: Duration) -> Result<u32> {
    let (mut wire, mut count) = (user.wire()?, 0);
    while started.elapsed() < time {
        let key = format!("idempotency-key: {}\r\n", Uuid::new_v4());
        wire.send(&user.post_empty(path, &key))?;
        wire.skip()?;
        count += 1;
    }
    Ok(count)
}

fn a_second(count: u32, started: Instant) -> f64 {
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// A connection that buys.
struct Buyer<'a> {
    conn: &'a mut PgConnection,
    client: i32,
    plan: Uuid,
    owner: Uuid,
}

async fn statements(
    buyers: impl Iterator<Item = Buyer<'_>>,
    time: Duration,
) -> sqlx::Result<Vec<f64>> {
    let started = Instant::now();
    let hands = buyers.map(|mut buyer| async move {
        let mut count = 0_u32;
        while started.elapsed() < time {
            buyer.purchase().await?;
            count += 1;
        }
        Ok::<u32, sqlx::Error>(count)
    });
    let counts = try_join_all(hands).await?;
    Ok(vec![a_second(counts.iter().sum(), started)])
}

impl Buyer<'_> {
    /// What `POST /plans/{plan}/purchase` sends, one after the other.
    async fn purchase(&mut self) -> sqlx::Result<()> {
        let (now, key) = (Clock::default().now(), Uuid::new_v4().to_string());
        let Self {
            conn,
            client,
            plan,
            owner,
        } = self;
        let begin =
            format!("begin; set local role concierge_client; set local app.client = '{client}'");
        conn.execute(sqlx::AssertSqlSafe(begin)).await?;
        sqlx::query("select * from plan where client_no = $1 and plan_id = $2")
            .bind(*client)
            .bind(*plan)
            .fetch_one(&mut **conn)
            .await?;
        sqlx::query("select * from billing_settings where client_no = $1")
            .bind(*client)
            .fetch_one(&mut **conn)
            .await?;
        let wallet: i64 = lock(conn, *client, *owner, now).await?;
        let revenue: i64 = sqlx::query_scalar(
            "select account_no from account where client_no = $1 and owner_id = $2 and kind = 'revenue'",
        )
        .bind(*client)
        .bind(Uuid::nil())
        .fetch_one(&mut **conn)
        .await?;
        sqlx::query(
            "select debit_no, credit_no, amount from transfer where client_no = $1 and key = $2",
        )
        .bind(*client)
        .bind(&key)
        .fetch_optional(&mut **conn)
        .await?;
        let after: i64 = sqlx::query_scalar(
            "update account set balance = balance - 1
             where client_no = $1 and account_no = $2 and balance >= 1
             returning balance",
        )
        .bind(*client)
        .bind(wallet)
        .fetch_one(&mut **conn)
        .await?;
        sqlx::query(
            "insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount,
               debit_after, credit_after, key, subject, note, at)
             values ($1, $2, 'purchase', $3, $4, 1, $5, null, $6, $7, 'ten', $8)",
        )
        .bind(*client)
        .bind(Uuid::new_v4())
        .bind(wallet)
        .bind(revenue)
        .bind(after)
        .bind(&key)
        .bind(*plan)
        .bind(now)
        .execute(&mut **conn)
        .await?;
        lock(conn, *client, *owner, now).await?;
        given(conn, *client, &key).await?;
        sqlx::query(
            "insert into entitlement (client_no, entitlement_id, owner_id, plan_id, kind, key, uses, used,
               starts_at, created_at)
             values ($1, $2, $3, $4, 'uses', $5, 10, 0, $6, $6)",
        )
        .bind(*client)
        .bind(Uuid::new_v4())
        .bind(*owner)
        .bind(*plan)
        .bind(&key)
        .bind(now)
        .execute(&mut **conn)
        .await?;
        given(conn, *client, &key).await?;
        conn.execute("commit").await?;
        Ok(())
    }
}

async fn lock(
    conn: &mut PgConnection,
    client: i32,
    owner: Uuid,
    now: time::OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar("select wallet_no from wallet_lock($1, $2, $3)")
        .bind(client)
        .bind(owner)
        .bind(now)
        .fetch_one(conn)
        .await
}

async fn given(conn: &mut PgConnection, client: i32, key: &str) -> sqlx::Result<()> {
    sqlx::query(
        "select * from entitlement join plan using (client_no, plan_id)
         where client_no = $1 and key = $2",
    )
    .bind(client)
    .bind(key)
    .fetch_optional(conn)
    .await?;
    Ok(())
}
