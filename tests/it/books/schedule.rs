//! The schedule: each slot is done once, late rather than never, and keeps no other from being done.

use std::{collections::BTreeMap, time::Duration};

use concierge::{
    app::App,
    billing::{
        Micros, Owner, notice,
        order::{Paid, State},
    },
    ids::{ClientNo, UserId},
    jobs::{self, Slot},
};
use futures_util::future::join_all;
use sqlx::{Executor, PgConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{agree, crowd, give};
use crate::{
    metering::{answer, billed, opened, users_pay},
    orders::Shop,
    verbs::count,
    world::World,
};

/// What is done, and every how many minutes.
const ALL: [(&str, u64); 9] = [
    ("sweep", 60),
    ("blobs", 1_440),
    ("bill", 10),
    ("orders", 5),
    ("holds", 10),
    ("notices", 15),
    ("usage", 60),
    ("late_usage", 1_440),
    ("reconcile", 360),
];
/// Minutes behind noon of the looks: each slot by itself, then a whole day without a server.
const LOOKS: [u64; 7] = [0, 5, 10, 15, 60, 360, 360 + 2 * 1_440];

/// Slots that are done by one of these servers, which tick at the same time, and by no other.
async fn done(apps: &[App]) -> Vec<&'static str> {
    let ticks = join_all(apps.iter().map(jobs::tick)).await;
    let mut times = BTreeMap::<&str, usize>::new();
    for (name, became) in ticks.into_iter().flatten() {
        assert_ne!(became, Slot::Failed, "{name}");
        *times.entry(name).or_default() += usize::from(became == Slot::Done);
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert_eq!(twice, []);
    let done = times.into_iter().filter(|(_, times)| *times == 1);
    done.map(|(name, _)| name).collect()
}

/// The slots in which something is due after so many minutes without a look.
fn due(minutes: u64, before: u64) -> Vec<&'static str> {
    // at noon half a slot of a day is over
    let begun = |minutes: u64, every: u64| (minutes + 720) / every;
    let due = ALL
        .iter()
        .filter(|(_, every)| begun(minutes, *every) > begun(before, *every));
    let mut due: Vec<&str> = due.map(|(name, _)| *name).collect();
    due.sort_unstable();
    due
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn three_servers_do_each_slot_once_and_late_rather_than_never() {
    let world = World::new().await;
    world.at_noon();
    let began = world.app.clock.now() - time::Duration::days(40);
    crowd(&world, 5, began).await;
    let apps = world.three().await;
    let mut all = ALL.map(|(name, _)| name);
    all.sort_unstable();
    assert_eq!(done(&apps).await, all, "nothing was done before");
    for pair in LOOKS.windows(2) {
        assert_eq!(done(&apps).await, [""; 0], "once");
        world.app.clock.forward(minutes(pair[1] - pair[0]));
        assert_eq!(done(&apps).await, due(pair[1], pair[0]), "{pair:?}");
    }
    // however many slots went by, and whoever did them: one job of each kind for each client
    for kind in ["bill", "reconcile", "sweep_blobs"] {
        let jobs = jobs_of(&mut world.superuser().await, kind).await;
        assert_eq!(
            jobs.len(),
            if kind == "reconcile" { 4 } else { 5 },
            "{kind}"
        );
    }
}

async fn jobs_of(conn: &mut PgConnection, kind: &str) -> Vec<ClientNo> {
    let sql = "select client_no from job where kind = $1 order by client_no";
    let rows = sqlx::query_scalar(sql).bind(kind);
    rows.fetch_all(conn).await.unwrap()
}

/// A client for which there is something to do in each slot, after an hour and some minutes.
async fn behind_with_everything(world: &World) -> (Shop<'_>, concierge::ids::OrderId) {
    let shop = world.shop("acme").await;
    let now = world.app.clock.now();
    let order = shop.orders(&shop.credit, "k").await.order_id;
    let who = Owner::User(UserId(Uuid::new_v4()));
    billed(world, shop.client, users_pay()).await;
    give(world, shop.client, who, 1_000_000, "gift").await;
    opened(world, shop.client, &answer(who, 100, 100))
        .await
        .unwrap();
    let mut tx = shop.tx().await;
    notice::set_threshold(&mut tx, Micros::new(5_000_000).ok(), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let conn = &mut world.superuser().await;
    for sql in [
        "insert into plan (client_no, plan_id, name, kind, credits, enabled, created_at)
         select client_no, gen_random_uuid(), 'monthly', 'monthly', 1000000, true, $1 from client",
        "insert into subscription (client_no, subscription_id, owner_id, plan_id, first_day, next_no, due_at, started_at)
         select client_no, gen_random_uuid(), '00000000-0000-0000-0000-000000000000', plan_id, $1::date, 0, $1, $1
         from plan where kind = 'monthly'",
        "insert into stray_event (provider, event_id, kind, body_hash, received_at)
         values ('stripe', 'evt_1', 'some.thing', sha256('1'), $1 - interval '91 days')",
        "insert into job_slot (name, slot_at) values ('old', $1 - interval '8 days')",
    ] {
        sqlx::query(sql).bind(now).execute(&mut *conn).await.unwrap();
    }
    used(world, shop.client, now - time::Duration::days(10)).await;
    (shop, order)
}

async fn used(world: &World, client: ClientNo, at: time::OffsetDateTime) {
    sqlx::query(
        "insert into usage (client_no, message_id, user_id, model, input_tokens, output_tokens, counted_by, outcome, created_at)
         values ($1, gen_random_uuid(), gen_random_uuid(), 'm', 1, 1, 'server', 'done', $2)",
    )
    .bind(client)
    .bind(at)
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
}

#[tokio::test]
async fn each_slot_does_what_it_is_named_after() {
    let world = World::new().await;
    world.at_noon();
    let (shop, order) = behind_with_everything(&world).await;
    let conn = &mut world.superuser().await;
    let looks = [
        (
            "holds",
            "select count(*) from meter where state = 'released'",
        ),
        (
            "orders",
            "select count(*) from payment_order where state = 'expired'",
        ),
        ("bill", "select count(*) from job where kind = 'bill'"),
        (
            "reconcile",
            "select count(*) from job where kind = 'reconcile'",
        ),
        (
            "blobs",
            "select count(*) from job where kind = 'sweep_blobs'",
        ),
        (
            "notices",
            "select count(*) from notice where kind = 'low_balance'",
        ),
        ("late_usage", "select count(*) from usage_hour"),
        ("sweep", "select 1 - count(*) from stray_event"),
        (
            "sweep",
            "select 1 - count(*) from job_slot where name = 'old'",
        ),
    ];
    world.app.clock.forward(minutes(65));
    for (name, sql) in looks {
        assert_eq!(count(conn, sql).await, 0, "{name} before");
    }
    let ticked = jobs::tick(&world.app).await;
    assert!(
        ticked.iter().all(|(_, became)| *became == Slot::Done),
        "{ticked:?}"
    );
    for (name, sql) in looks {
        assert_eq!(count(conn, sql).await, 1, "{name}");
    }
    assert_eq!(shop.order(order).await.state, State::Expired);
    // what was used just now is added up within the hour, not with the next day
    used(&world, shop.client, world.app.clock.now()).await;
    world.app.clock.forward(minutes(60));
    jobs::tick(&world.app).await;
    assert_eq!(world.count("select count(*) from usage_hour").await, 2);
    // and the jobs are those that bill and compare
    world.run_jobs().await;
    assert_eq!(world.count("select count(*) from job").await, 0);
    assert_eq!(world.count("select count(*) from fee").await, 1);
    agree(&world).await;
}

#[tokio::test]
async fn a_slot_that_fails_keeps_no_other_and_is_tried_again() {
    let world = World::new().await;
    world.at_noon();
    let (shop, order) = behind_with_everything(&world).await;
    world.app.clock.forward(minutes(65));
    let conn = &mut world.superuser().await;
    for sql in [
        "alter table usage_hour add constraint broken check (answers < 0) not valid",
        "alter table job add constraint broken check (kind <> 'bill')",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let failed = async || {
        let ticked = jobs::tick(&world.app).await.into_iter();
        let failed = ticked.filter(|(_, became)| *became == Slot::Failed);
        failed.map(|(name, _)| name).collect::<Vec<_>>()
    };
    // each time, as long as it is broken
    for _ in 0..2 {
        assert_eq!(failed().await, ["bill", "late_usage"]);
    }
    assert_eq!(shop.order(order).await.state, State::Expired);
    assert_eq!(jobs_of(conn, "reconcile").await, [shop.client]);
    for sql in [
        "alter table usage_hour drop constraint broken",
        "alter table job drop constraint broken",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let mended = jobs::tick(&world.app).await;
    let done: Vec<&str> = mended
        .into_iter()
        .filter(|(_, became)| *became == Slot::Done)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(done, ["bill", "late_usage"]);
    assert_eq!(jobs_of(conn, "bill").await, [shop.client]);
    assert_eq!(world.count("select count(*) from usage_hour").await, 1);
}

/// Who is frozen in the midst of a slot keeps the slot's row, and nobody waits for it.
#[tokio::test]
async fn a_slot_in_the_hands_of_a_server_that_is_frozen_is_left_alone() {
    let world = World::new().await;
    world.at_noon();
    let mut frozen = world.superuser().await;
    frozen.execute("begin").await.unwrap();
    let now = world.app.clock.now().unix_timestamp();
    sqlx::query("insert into job_slot (name, slot_at) values ('orders', $1)")
        .bind(time::OffsetDateTime::from_unix_timestamp(now - now.rem_euclid(300)).unwrap())
        .execute(&mut frozen)
        .await
        .unwrap();
    let tick = tokio::time::timeout(minutes(1), jobs::tick(&world.app));
    for (name, became) in tick.await.expect("it waits for the frozen one") {
        let expected = match name {
            "orders" => Slot::Before,
            _ => Slot::Done,
        };
        assert_eq!(became, expected, "{name}");
    }
    frozen.execute("rollback").await.unwrap();
    assert_eq!(done(std::slice::from_ref(&world.app)).await, ["orders"]);
}

#[tokio::test]
async fn a_tick_is_left_out_while_the_last_one_is_at_work() {
    let world = World::new().await;
    let last = Mutex::new(());
    let at_work = last.lock().await;
    assert_eq!(jobs::tick_alone(&world.app, &last).await, None);
    drop(at_work);
    for _ in 0..2 {
        let ticked = jobs::tick_alone(&world.app, &last).await;
        assert_eq!(ticked.map(|ticked| ticked.len()), Some(ALL.len()));
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_does_nothing_twice_and_stops_nothing() {
    let world = World::new().await;
    world.at_noon();
    let shop = world.shop("acme").await;
    let (clock, server) = (&world.app.clock, std::slice::from_ref(&world.app));
    let state_of = async |id| shop.order(id).await.state;
    let first = shop.orders(&shop.credit, "first").await.order_id;
    assert_eq!(done(server).await.len(), ALL.len());
    clock.forward(minutes(120));
    assert_eq!(done(server).await, due(120, 0));
    assert_eq!(state_of(first).await, State::Expired);
    clock.back(minutes(120));
    assert_eq!(done(server).await, [""; 0]);
    // what has ended stays ended, what is new has its whole hour
    let second = shop.orders(&shop.credit, "second").await.order_id;
    for (ahead, state) in [(50, State::Created), (15, State::Expired)] {
        clock.forward(minutes(ahead));
        assert!(
            done(server).await.contains(&"orders"),
            "no look had this slot"
        );
        assert_eq!(state_of(second).await, state);
        assert_eq!(state_of(first).await, State::Expired);
    }
    // weeks ahead by mistake, so that all slots of these days are forgotten
    let third = shop.orders(&shop.credit, "third").await.order_id;
    clock.forward(minutes(30 * 1_440));
    assert_eq!(done(server).await.len(), ALL.len());
    assert_eq!(state_of(third).await, State::Expired);
    clock.back(minutes(30 * 1_440));
    // done again, which changes nothing; and from here on as ever
    for _ in 0..2 {
        done(server).await;
        clock.forward(minutes(5));
        assert!(done(server).await.contains(&"orders"));
    }
    let paid = shop
        .pays(third, &crate::orders::payment("pi_1"))
        .await
        .unwrap();
    assert_eq!(paid, Paid::Fulfilled);
    for sql in [
        "select count(*) from job where kind = 'sweep_blobs'",
        "select count(*) from job where kind = 'reconcile'",
    ] {
        assert_eq!(world.count(sql).await, 1, "{sql}");
    }
    agree(&world).await;
}
