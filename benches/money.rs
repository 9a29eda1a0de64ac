//! Benchmark 10: what money adds to an answer, and how fast credits move.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use concierge::{
    billing::{Book, Entry, Kind, Micros, Owner, wallet},
    clock::Clock,
    db::Db,
    ids::{ClientNo, UserId},
};
use futures_util::future::try_join_all;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, repeat},
    server::{Cores, Server},
    user::Asker,
};

/// Connections that move credits at the same time.
const HANDS: usize = 8;
const MODEL: &str = "mute";

/// Milliseconds that holding and settling add to an answer; transfers a second through the verbs, by
/// the same statements alone, and out of one wallet.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database("money")?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
        ("models.chat", MODEL),
        ("chat.mute.kind", "scripted"),
        ("chat.mute.script", "ok"),
        ("chat.mute.script_pause_ms", "0"),
    ];
    let server = Server::start(Cores::One, &set)?;
    let (free, paying) = (server.user()?, server.payer("paying", MODEL)?);
    answers(bench, Asker::new(&free)?, Asker::new(&paying)?)?;
    transfers(bench, &url)
}

fn answers(bench: &mut Bench, mut free: Asker<'_>, mut paying: Asker<'_>) -> Result<()> {
    let done = b"event: done";
    let [with, without] = interleaved(
        bench.round,
        [
            &mut |time| repeat(time, || Ok(paying.ask("How are you?", done)?.1)),
            &mut |time| repeat(time, || Ok(free.ask("How are you?", done)?.1)),
        ],
    )?;
    let (with_ms, without_ms) = (with.median(), without.median());
    bench.report.add(Figure {
        name: "10 hold and settle add to an answer, p50".into(),
        value: with_ms - without_ms,
        unit: "ms",
        target: Target::AtMost(0.3),
        quartiles: None,
        note: format!(
            "{with_ms:.3} - {without_ms:.3} ms, {} answers",
            with.count()
        ),
    });
    Ok(())
}

fn transfers(bench: &mut Bench, url: &str) -> Result<()> {
    let mut conn = bench.cluster.superuser("money")?;
    let client = "select client_no from client where client_id = 'paying'";
    let client: ClientNo = bench
        .cluster
        .wait(sqlx::query_scalar(client).fetch_one(&mut conn))?;
    let options: PgConnectOptions = url.parse()?;
    let owners = (0..HANDS).map(|_| Owner::User(UserId(Uuid::new_v4())));
    let owners: Vec<Owner> = owners.collect();
    let one = vec![owners[0]; HANDS];
    let hands = (0..HANDS).map(|_| bench.cluster.superuser("money"));
    let hands = hands.collect::<Result<Vec<PgConnection>>>()?;
    let round = bench.round;
    let (spread, hot, raw) = bench.cluster.wait(async {
        let db = Db::open(options, HANDS as u32).await?;
        for owner in &owners {
            move_credit(&db, client, *owner, Some(1_000_000_000)).await?;
        }
        let spread = verbs(&db, client, &owners, round).await?;
        let hot = verbs(&db, client, &one, round).await?;
        let raw = statements(hands, client, &owners, round).await?;
        db.close().await;
        anyhow::Ok((spread, hot, raw))
    })?;
    ensure!(spread > 0.0 && raw > 0.0, "nothing moved");
    for (name, value, target, note) in [
        (
            "10 transfers by the verbs / by their statements alone",
            spread / raw,
            0.5,
            format!("{spread:.0} and {raw:.0} a second"),
        ),
        (
            "10 transfers of one wallet / of many",
            hot / spread,
            0.3,
            format!("{hot:.0} and {spread:.0} a second"),
        ),
    ] {
        bench.report.add(Figure {
            name: name.into(),
            value,
            unit: "x",
            target: Target::AtLeast(target),
            quartiles: None,
            note,
        });
    }
    Ok(())
}

/// Moves a micro-credit out of a wallet, or gives it so many.
async fn move_credit(db: &Db, client: ClientNo, owner: Owner, gift: Option<i64>) -> Result<()> {
    let (mut tx, now) = (db.client(client).await?, Clock::default().now());
    let key = Uuid::new_v4().to_string();
    let entry = Entry {
        amount: Micros::new(gift.unwrap_or(1))?,
        key: &key,
        subject: None,
        note: "",
    };
    match gift {
        Some(_) => wallet::add(&mut tx, owner, (Kind::Grant, Book::Promotion), &entry, now).await?,
        None => wallet::spend(&mut tx, owner, (Kind::Fee, Book::Revenue), &entry, now).await?,
    };
    Ok(tx.commit().await?)
}

/// Transfers a second.
async fn verbs(db: &Db, client: ClientNo, owners: &[Owner], time: Duration) -> Result<f64> {
    let started = Instant::now();
    let hands = owners.iter().map(|owner| async move {
        let mut count = 0_u32;
        while started.elapsed() < time {
            move_credit(db, client, *owner, None).await?;
            count += 1;
        }
        anyhow::Ok(count)
    });
    let counts = try_join_all(hands).await?;
    Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}

/// The same by the statements that a transfer needs, as `pgbench` would run them: on connections of
/// their own, past the pool and the wall.
async fn statements(
    hands: Vec<PgConnection>,
    client: ClientNo,
    owners: &[Owner],
    time: Duration,
) -> Result<f64> {
    let started = Instant::now();
    let hands = hands
        .into_iter()
        .zip(owners)
        .map(|(mut conn, owner)| async move {
            let mut count = 0_u32;
            while started.elapsed() < time {
                statement(&mut conn, client, *owner).await?;
                count += 1;
            }
            conn.close().await?;
            anyhow::Ok(count)
        });
    let counts = try_join_all(hands).await?;
    Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}

async fn statement(conn: &mut PgConnection, client: ClientNo, owner: Owner) -> Result<()> {
    let mut tx = conn.begin().await?;
    let (no, after): (i64, i64) = sqlx::query_as(
        "update account set balance = balance - 1
         where client_no = $1 and owner_id = $2 and kind = 'wallet' and balance >= 1
         returning account_no, balance",
    )
    .bind(client)
    .bind(owner.id())
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query(
        "insert into transfer (client_no, transfer_id, kind, debit_no, credit_no, amount, debit_after, key, note, at)
         select $1, $2, 'fee', $3, account_no, 1, $4, $5, '', $6 from account
         where client_no = $1 and owner_id = $7 and kind = 'revenue'",
    )
    .bind(client)
    .bind(Uuid::new_v4())
    .bind(no)
    .bind(after)
    .bind(Uuid::new_v4().to_string())
    .bind(Clock::default().now())
    .bind(Uuid::nil())
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
