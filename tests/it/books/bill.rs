//! Plans that are paid by the month: once, whoever bills, however often, and whatever breaks.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use concierge::{
    billing::{
        Micros, NewPlan, Offer, Owner, Plan,
        fee::{self, FeeState, Limit, Sum},
        plan,
        subscription::{self, Subscription},
        wallet,
    },
    error::Error,
    http::paging::Window,
    ids::ClientNo,
    jobs::bill,
};
use futures_util::future::join_all;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime, macros::date};

use super::{agree, crowd, give};
use crate::{
    process::{beside, command, run},
    verbs::count,
    world::World,
};

const ALL: Window = Window {
    after: None,
    limit: 100,
};

pub async fn monthly(world: &World, client: ClientNo, micros: i64) -> Plan {
    let new = NewPlan {
        name: "monthly".into(),
        kind: Offer::Monthly,
        credits: Some(Micros::new(micros).unwrap()),
        price_minor: None,
        currency: None,
        uses: None,
        pass_unit: None,
        pass_count: None,
    };
    let mut tx = world.app.db.client(client).await.unwrap();
    let plan = plan::offer(&mut tx, new, None, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    plan
}

pub async fn subscribed(
    world: &World,
    client: ClientNo,
    plan: &Plan,
    at: OffsetDateTime,
) -> Subscription {
    let mut tx = world.app.db.client(client).await.unwrap();
    let made = subscription::start(&mut tx, Owner::Client, plan, at)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made
}

async fn billed(world: &World, now: OffsetDateTime) -> bill::Run {
    bill::run(&world.app, &Limit::by(now), false).await.unwrap()
}

async fn periods(world: &World, client: ClientNo, of: &Subscription) -> Vec<(String, FeeState)> {
    let mut tx = world.app.db.client(client).await.unwrap();
    let fees = fee::list(&mut tx, of.subscription_id, &ALL).await.unwrap();
    let mut fees: Vec<_> = fees
        .into_iter()
        .map(|fee| (fee.period.to_string(), fee.state))
        .collect();
    fees.reverse();
    fees
}

pub async fn zone(world: &World, client: ClientNo, name: &str) {
    sqlx::query("update client set time_zone = $2 where client_no = $1")
        .bind(client)
        .bind(name)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
}

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
}

#[tokio::test]
async fn months_end_where_they_end_and_begin_where_the_client_is() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    zone(&world, client, "Asia/Shanghai").await;
    give(&world, client, Owner::Client, 100_000_000, "gift").await;
    let plan = monthly(&world, client, 1_000_000).await;
    // the last day of January there, the 30th in UTC
    let of = subscribed(&world, client, &plan, at("2028-01-30T18:00:00Z")).await;
    assert_eq!(of.first_day, date!(2028 - 01 - 31));
    for (now, expected) in [
        ("2028-01-30T18:00:00Z", 1),
        // a leap day: the 29th of February begins there at 16:00 of the 28th
        ("2028-02-28T15:59:59Z", 1),
        ("2028-02-28T16:00:00Z", 2),
        // a clock that jumps back, and forward again
        ("2027-06-01T00:00:00Z", 2),
        ("2028-02-28T16:00:00Z", 2),
        ("2028-03-30T16:00:00Z", 3),
        // late by two months: both are billed
        ("2028-05-31T00:00:00Z", 5),
    ] {
        // twice: the second time changes nothing
        billed(&world, at(now)).await;
        billed(&world, at(now)).await;
        assert_eq!(periods(&world, client, &of).await.len(), expected, "{now}");
    }
    let days: Vec<String> = periods(&world, client, &of)
        .await
        .into_iter()
        .map(|(day, state)| {
            assert_eq!(state, FeeState::Paid);
            day
        })
        .collect();
    assert_eq!(
        days,
        [
            "2028-01-31",
            "2028-02-29",
            "2028-03-31",
            "2028-04-30",
            "2028-05-31"
        ]
    );
    agree(&world).await;
}

#[tokio::test]
async fn a_change_of_the_time_zone_bills_no_month_twice() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    give(&world, client, Owner::Client, 100_000_000, "gift").await;
    zone(&world, client, "Pacific/Kiritimati").await;
    let plan = monthly(&world, client, 1_000_000).await;
    let of = subscribed(&world, client, &plan, at("2026-03-01T12:00:00Z")).await;
    assert_eq!(of.first_day, date!(2026 - 03 - 02));
    billed(&world, at("2026-04-01T10:00:00Z")).await;
    assert_eq!(periods(&world, client, &of).await.len(), 2);
    zone(&world, client, "Pacific/Pago_Pago").await;
    for hours in 0..72 {
        billed(&world, at("2026-04-01T10:00:00Z") + Duration::hours(hours)).await;
    }
    assert_eq!(periods(&world, client, &of).await.len(), 2);
    agree(&world).await;
}

#[tokio::test]
async fn a_fee_that_cannot_be_paid_is_tried_again() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let plan = monthly(&world, client, 2_000_000).await;
    give(&world, client, Owner::Client, 3_000_000, "little").await;
    let start = at("2026-01-15T00:00:00Z");
    let of = subscribed(&world, client, &plan, start).await;
    billed(&world, start).await;
    let run = billed(&world, start + Duration::days(31)).await;
    assert_eq!((run.paid, run.unpaid), (0, 1));
    // three unpaid months, and no fourth
    billed(&world, start + Duration::days(150)).await;
    let states: Vec<FeeState> = periods(&world, client, &of)
        .await
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    use FeeState::{Paid, Unpaid};
    assert_eq!(states, [Paid, Unpaid, Unpaid, Unpaid]);
    give(&world, client, Owner::Client, 50_000_000, "more").await;
    let run = billed(&world, start + Duration::days(151)).await;
    // those three, and the two months that have begun since
    assert_eq!((run.paid, run.unpaid, run.problems), (5, 0, 0));
    let mut tx = world.app.db.client(client).await.unwrap();
    let wallet = wallet::find(&mut tx, Owner::Client).await.unwrap();
    assert_eq!(wallet.balance, 53_000_000 - 6 * 2_000_000);
    drop(tx);
    agree(&world).await;
}

/// Nobody filled the wallet for years: what is owed for certain is paid when somebody does, whatever
/// is in doubt about the rest.
#[tokio::test]
async fn what_is_unpaid_is_paid_though_the_rest_is_in_doubt() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let plan = monthly(&world, client, 2_000_000).await;
    let start = at("2026-01-15T00:00:00Z");
    subscribed(&world, client, &plan, start).await;
    let run = billed(&world, start + Duration::days(100)).await;
    assert_eq!((run.paid, run.unpaid), (0, 3));
    give(&world, client, Owner::Client, 50_000_000, "late").await;
    let years = start + Duration::days(1_000);
    let run = billed(&world, years).await;
    assert_eq!((run.paid, run.unpaid, run.problems), (3, 0, 0));
    let run = billed(&world, years).await;
    assert_eq!((run.paid, run.unpaid, run.problems), (0, 0, 1));
    let mut tx = world.app.db.client(client).await.unwrap();
    let wallet = wallet::find(&mut tx, Owner::Client).await.unwrap();
    assert_eq!(wallet.balance, 50_000_000 - 3 * 2_000_000);
    drop(tx);
    agree(&world).await;
}

#[tokio::test]
async fn in_doubt_nothing_is_billed_and_the_others_are() {
    let world = World::new().await;
    let doubtful = world.partner("doubtful").await.no;
    let sound = world.partner("sound").await.no;
    let start = at("2026-01-15T00:00:00Z");
    let mut of = Vec::new();
    for client in [doubtful, sound] {
        give(&world, client, Owner::Client, 100_000_000, "gift").await;
        let plan = monthly(&world, client, 1_000_000).await;
        of.push(subscribed(&world, client, &plan, start).await);
    }
    zone(&world, doubtful, "Factory").await;
    let run = billed(&world, start).await;
    assert_eq!((run.paid, run.problems), (1, 1));
    assert!(run.reasons[0].2.contains("Factory"), "{run:?}");
    zone(&world, doubtful, "UTC").await;
    // a clock that is years ahead would bill years
    let run = billed(&world, start + Duration::days(2_000)).await;
    assert_eq!((run.paid, run.problems), (0, 2));
    let mut tx = world.app.db.client(sound).await.unwrap();
    let found = subscription::find(&mut tx, of[1].subscription_id)
        .await
        .unwrap();
    assert!(found.problem.unwrap().contains("is the clock right?"));
    drop(tx);
    for (client, of) in [(doubtful, &of[0]), (sound, &of[1])] {
        let expected = usize::from(client == sound);
        assert_eq!(periods(&world, client, of).await.len(), expected);
    }
    // by hand, a part of them; what was put off is looked at anyway
    let limit = Limit {
        now: start + Duration::days(2_000),
        day: Some(date!(2026 - 03 - 31)),
        ahead: false,
    };
    let run = bill::run(&world.app, &limit, false).await.unwrap();
    assert_eq!((run.paid, run.problems), (5, 0));
    agree(&world).await;
}

#[tokio::test]
async fn only_what_is_paid_by_the_month_is() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let plan = monthly(&world, client, 1_000_000).await;
    let now = at("2026-01-15T00:00:00Z");
    let of = subscribed(&world, client, &plan, now).await;
    let mut tx = world.app.db.client(client).await.unwrap();
    let again = subscription::start(&mut tx, Owner::Client, &plan, now).await;
    assert!(matches!(again, Err(Error::Taken(_))), "{again:?}");
    drop(tx);
    let mut tx = world.app.db.client(client).await.unwrap();
    let ended = plan::enable(&mut tx, plan.plan_id, false).await.unwrap();
    let refused = subscription::start(&mut tx, Owner::Client, &ended, now).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    subscription::end(&mut tx, of.subscription_id, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    give(&world, client, Owner::Client, 100_000_000, "gift").await;
    assert_eq!(billed(&world, now).await, bill::Run::default());
}

#[tokio::test]
async fn a_look_ahead_bills_nothing() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    give(&world, client, Owner::Client, 100_000_000, "gift").await;
    let plan = monthly(&world, client, 1_000_000).await;
    let now = at("2026-01-15T00:00:00Z");
    let of = subscribed(&world, client, &plan, now).await;
    let limit = Limit {
        now,
        day: Some(date!(2026 - 03 - 20)),
        ahead: true,
    };
    let run = bill::run(&world.app, &limit, true).await.unwrap();
    assert_eq!((run.paid, run.micros), (3, 3_000_000));
    assert_eq!(periods(&world, client, &of).await, []);
}

#[tokio::test]
async fn the_schedule_bills_by_jobs() {
    let world = World::new().await;
    let began = world.app.clock.now() - Duration::days(40);
    crowd(&world, 7, began).await;
    for _ in 0..2 {
        let mut tx = world.app.db.system().await.unwrap();
        bill::enqueue(&world.app, &mut tx, world.app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.run_jobs().await;
    }
    let sums = sums(&world).await;
    assert_eq!(sums.len(), 7);
    assert!(
        sums.iter().all(|sum| sum.paid + sum.unpaid == 2),
        "{sums:?}"
    );
    agree(&world).await;
}

async fn sums(world: &World) -> Vec<Sum> {
    let mut tx = world.app.db.system().await.unwrap();
    fee::sums(&mut tx, (date!(2000 - 01 - 01), date!(2099 - 01 - 01)))
        .await
        .unwrap()
}

const ARGUMENTS: [&str; 5] = ["bill", "--until", "2026-06-30", "--from", "2026-01-01"];

fn three(folder: &Path) -> [Child; 3] {
    let log = File::options().create(true).append(true).open(said(folder));
    let log = log.unwrap();
    [(); 3].map(|()| {
        let mut command = command(folder, &ARGUMENTS);
        let log = log.try_clone().unwrap();
        let quiet = command.stdout(Stdio::null()).stderr(log);
        quiet.spawn().unwrap()
    })
}

/// Where they say what went wrong.
fn said(folder: &Path) -> PathBuf {
    folder.join("said.log")
}

/// Three programs bill at once. So many times all of them are killed, each time in the midst of it:
/// when this many more fees are there. Then three bill to the end; the table of it.
async fn billed_by_three(world: &World, (kills, fees_more): (usize, i64)) -> String {
    let folder = beside(world);
    let conn = &mut world.superuser().await;
    let mut killed_at = vec![0];
    for _ in 0..kills {
        let mut children = three(folder.path());
        let before = *killed_at.last().unwrap();
        while fees(conn).await < before + fees_more {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            let ended = children
                .iter_mut()
                .find_map(|child| child.try_wait().unwrap());
            let said = || fs::read_to_string(said(folder.path())).unwrap();
            assert_eq!(ended, None, "{killed_at:?}: {}", said());
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        killed_at.push(fees(conn).await);
    }
    let mut children = three(folder.path());
    let path = folder.path().to_owned();
    let rest = tokio::task::spawn_blocking(move || {
        for child in &mut children {
            let ended = child.wait().unwrap();
            assert!(
                ended.success(),
                "{}",
                fs::read_to_string(said(&path)).unwrap()
            );
        }
        let table = run(&path, &ARGUMENTS);
        let again = run(&path, &[&ARGUMENTS[..], &["--json"]].concat());
        assert!(again.well().starts_with('{'), "{again:?}");
        table.well().to_owned()
    });
    let table = rest.await.unwrap();
    let all = fees(conn).await;
    eprintln!("{all} fees, killed at {:?}", &killed_at[1..]);
    // each life billed something, and left something to bill
    killed_at.push(all);
    assert!(
        killed_at.is_sorted_by(|less, more| less < more),
        "{killed_at:?}"
    );
    table
}

async fn fees(conn: &mut PgConnection) -> i64 {
    count(conn, "select count(*) from fee").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_that_bill_at_once_and_are_killed_bill_the_same() {
    let began = at("2026-01-31T00:00:00Z");
    let mut tables = Vec::new();
    for kills in [(0, 0), (3, 40)] {
        let world = World::new().await;
        crowd(&world, 60, began).await;
        tables.push(billed_by_three(&world, kills).await);
        agree(&world).await;
    }
    assert_eq!(tables[0], tables[1], "to the last byte");
    let last = tables[0].lines().last().unwrap();
    let words: Vec<&str> = last.split_whitespace().collect();
    assert_eq!(
        (words[0], words[1], words[3]),
        ("all", "288", "36"),
        "{}",
        tables[0]
    );
}

#[tokio::test]
async fn tasks_that_bill_at_once_and_break_off_bill_the_same() {
    let began = at("2026-01-31T00:00:00Z");
    let now = at("2026-07-01T12:00:00Z");
    let world = World::new().await;
    crowd(&world, 30, began).await;
    for milliseconds in [3, 9, 20, 45] {
        let limit = Limit::by(now);
        let tasks = (0..3).map(|_| bill::run(&world.app, &limit, false));
        let time = std::time::Duration::from_millis(milliseconds);
        drop(tokio::time::timeout(time, join_all(tasks)).await);
    }
    let limit = Limit::by(now);
    let tasks = (0..3).map(|_| bill::run(&world.app, &limit, false));
    for run in join_all(tasks).await {
        assert_eq!(run.unwrap().problems, 0);
    }
    let sums = sums(&world).await;
    let (paid, unpaid) = sums.iter().fold((0, 0), |(paid, unpaid), sum| {
        (paid + sum.paid, unpaid + sum.unpaid)
    });
    // 24 can pay for January to June, 6 of them for nothing
    assert_eq!((sums.len(), paid, unpaid), (30, 24 * 6, 6 * 3));
    agree(&world).await;
}

/// Ten thousand clients billed in one run, after runs that were killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: for `make soak`"]
async fn ten_thousand_clients_are_billed_in_one_run() {
    let began = at("2026-01-31T00:00:00Z");
    let mut tables = Vec::new();
    // 54,000 fees in all
    for kills in [(0, 0), (10, 4_500)] {
        let world = World::new().await;
        crowd(&world, 10_000, began).await;
        let started = std::time::Instant::now();
        tables.push(billed_by_three(&world, kills).await);
        eprintln!(
            "10,000 clients, {} times killed: {:?}",
            kills.0,
            started.elapsed()
        );
        agree(&world).await;
    }
    assert_eq!(tables[0], tables[1], "to the last byte");
}
