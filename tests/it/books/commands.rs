//! The commands about money as operators run them: what they print, and the code they end with.

use std::path::Path;

use concierge::{
    billing::{Book, Entry, Kind, Micros, Owner, wallet},
    jobs::reconcile,
};
use serde_json::{Value, json};
use sqlx::Executor;
use time::Duration;

use super::{
    bill::{monthly, subscribed, zone},
    give,
};
use crate::{
    process::{Ran, beside, run},
    verbs::text,
    world::World,
};

/// Runs what these words say.
fn does(at: &Path, words: &str) -> Ran {
    run(at, &words.split(' ').collect::<Vec<_>>())
}

/// The cells of each line.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines();
    lines
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[tokio::test]
async fn reconcile_compares_closes_lists_and_verifies() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let (now, folder) = (world.app.clock.now(), beside(&world));
    let (at, three_days_ago) = (folder.path(), now - Duration::days(3));
    // credits that say they came by Stripe, and of no order
    let entry = Entry {
        amount: Micros::new(7_000_000).unwrap(),
        key: "out of nowhere",
        subject: None,
        note: "",
    };
    let mut tx = world.app.db.client(client).await.unwrap();
    let deed = (Kind::TopUp, Book::Stripe);
    wallet::add(&mut tx, Owner::Client, deed, &entry, three_days_ago)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    // without days: from the first that is open to the latest that is over
    let (first, last) = (three_days_ago.date(), reconcile::latest(now));
    let done = &does(at, "reconcile --json").json()[0]["days"];
    let count = (last - first).whole_days() as usize + 1;
    assert_eq!(done.as_array().unwrap().len(), count, "{done}");
    let said = |day: &Value| {
        json!([
            day["client"],
            day["day"],
            day["lines"],
            day["healed"],
            day["open"]
        ])
    };
    assert_eq!(said(&done[0]), json!(["acme", first.to_string(), 1, 0, 1]));
    assert_eq!(
        said(&done[count - 1]),
        json!(["acme", last.to_string(), 0, 0, 0])
    );
    let hash = text(&done[count - 1]["hash"]);
    assert_eq!((hash.len(), &done[0]["fees"]), (64, &json!({})));
    // once more: nothing is open, so it is the latest day, as it was closed
    let again = does(at, "reconcile");
    let (first, last) = (first.to_string(), last.to_string());
    assert_eq!(
        cells(again.well()),
        [
            vec!["client", "day", "lines", "healed", "open", "fees", "closed"],
            vec!["acme", &last, "0", "-", "0", &hash[..16]],
        ]
    );
    let one = does(at, &format!("reconcile --from {first} --to {first}"));
    assert_eq!(cells(one.well())[1][..5], ["acme", &first, "1", "-", "1"]);

    let table = does(at, &format!("reconcile --csv --from {first} --to {last}"));
    let lines: Vec<&str> = table.well().lines().collect();
    assert!(
        lines[0].starts_with("client,day,area,provider,reference,"),
        "{table:?}"
    );
    let line = format!(
        "acme,{first},ledger,ledger,out of nowhere,,missing_here,,7000000,micro-credits,open,"
    );
    assert!(lines[1].starts_with(&line), "{table:?}");
    assert_eq!(lines.len(), 2);
    // the latest day has none
    assert_eq!(does(at, "reconcile --csv").well().lines().count(), 1);

    let sums = format!("{:<32} {last} {hash}\n", "acme");
    let sound = does(at, "reconcile --verify");
    assert_eq!(
        sound.well(),
        format!("{sums}{count} closed days of 1 clients\n")
    );
    let mut conn = world.superuser().await;
    conn.execute("set session_replication_role = replica; update transfer set note = 'forged'")
        .await
        .unwrap();
    let flawed = does(at, "reconcile --verify");
    assert!(
        flawed
            .refused(1)
            .contains("1 closed days are not what they were"),
        "{flawed:?}"
    );
    let flaw = "a transfer of the ledger was changed since it was closed";
    let expected = format!("{sums}acme, {first}: {flaw}\n{count} closed days of 1 clients\n");
    assert_eq!(flawed.out, expected);
    let flawed = does(at, "reconcile --verify --json");
    flawed.refused(1);
    assert_eq!(
        serde_json::from_str::<Value>(&flawed.out).unwrap(),
        json!({
            "days": count,
            "flaws": [{"client": "acme", "day": first, "what": flaw}],
            "last": [{"client": "acme", "day": last, "hash": hash}],
        })
    );
}

#[tokio::test]
async fn days_that_cannot_be_compared_are_refused() {
    let world = World::new().await;
    let folder = beside(&world);
    for (words, code, says) in [
        (
            "reconcile --from 2026-02-30",
            2,
            "write a day like 2026-11-30",
        ),
        (
            "reconcile --to ２０２６-01-01",
            2,
            "write a day like 2026-11-30",
        ),
        ("reconcile --verify --csv", 2, "cannot be used with"),
        (
            "reconcile --verify --from 2026-01-01",
            2,
            "cannot be used with",
        ),
        ("reconcile --csv --json", 2, "cannot be used with"),
        (
            "reconcile --from 2026-01-02 --to 2026-01-01",
            1,
            "--from comes before --to",
        ),
        ("reconcile --from 2020-01-01", 1, "at most 366 days in all"),
        (
            "reconcile --to 2099-01-01",
            1,
            "the latest day that is over is",
        ),
        ("bill", 2, "--until"),
        ("bill --until 2026-02-29", 2, "write a day like 2026-11-30"),
    ] {
        let refused = does(folder.path(), words);
        assert!(refused.refused(code).contains(says), "{words}: {refused:?}");
        assert_eq!(refused.out, "", "{words}");
    }
}

#[tokio::test]
async fn a_ledger_that_does_not_agree_is_told_of() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    give(&world, client, Owner::Client, 1_500_000, "gift").await;
    let folder = beside(&world);
    let sound = does(folder.path(), "ledger verify");
    let all = "1 transfers between 4 accounts, 0 open holds";
    let trial = [
        "acme promotion debit 1.5 credit 0",
        "acme wallet debit 0 credit 1.5",
    ];
    let words =
        |table: &str| -> Vec<String> { cells(table).iter().map(|cells| cells.join(" ")).collect() };
    assert_eq!(words(sound.well()), [trial[0], trial[1], all]);
    let mut conn = world.superuser().await;
    conn.execute("update account set balance = balance + 1 where kind = 'wallet'")
        .await
        .unwrap();
    let wrong = does(folder.path(), "ledger verify");
    let complaint = wrong.refused(1);
    assert!(
        complaint.contains("the books do not agree in 1 places"),
        "{wrong:?}"
    );
    let no = world
        .count("select account_no from account where kind = 'wallet'")
        .await;
    let finding = format!(
        "client {} account {no}: balance is 1.500001, should be 1.5",
        client.0
    );
    assert_eq!(words(&wrong.out), [trial[0], trial[1], &finding, all]);
    let wrong = does(folder.path(), "ledger verify --json");
    wrong.refused(1);
    let said: Value = serde_json::from_str(&wrong.out).unwrap();
    let finding = json!({
        "client_no": client.0, "account_no": no, "what": "balance", "is": 1_500_001, "should_be": 1_500_000,
    });
    assert_eq!(said["findings"], json!([finding]));
}

#[tokio::test]
async fn bill_looks_ahead_without_billing() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    zone(&world, client, "UTC").await;
    give(&world, client, Owner::Client, 5_000_000, "gift").await;
    let plan = monthly(&world, client, 1_250_000).await;
    let now = world.app.clock.now();
    // two periods have begun in forty days
    let began = now - Duration::days(40);
    subscribed(&world, client, &plan, began).await;
    let folder = beside(&world);
    let bill = |more: &str| does(folder.path(), &format!("bill --until {}{more}", now.date()));
    for _ in 0..2 {
        assert_eq!(
            bill(" --dry-run").well(),
            "Nothing was billed. It would be: 2 fees for 2.5 credits; 0 would be unpaid, 0 of 1 subscriptions cannot be billed.\n"
        );
    }
    assert_eq!(
        bill(" --dry-run --json").json(),
        [
            json!({"dry_run": true, "subscriptions": 1, "paid": 2, "credits": "2.5", "unpaid": 0, "problems": 0})
        ]
    );
    assert_eq!(world.count("select count(*) from fee").await, 0);
    assert_eq!(world.count("select count(*) from transfer").await, 1);
    let billed = bill(&format!(" --from {}", began.date()));
    assert_eq!(
        cells(billed.well())[1..],
        [
            vec!["client", "paid", "credits", "unpaid", "credits"],
            vec!["acme", "2", "2.5", "0", "0"],
            vec!["all", "2", "2.5", "0", "0"],
        ]
    );
    let after = bill(" --dry-run --json").json();
    assert_eq!(
        json!([after[0]["paid"], after[0]["credits"]]),
        json!([0, "0"])
    );
    assert_eq!(world.count("select count(*) from fee").await, 2);
}

#[tokio::test]
async fn prices_and_limits_are_set_and_shown() {
    let world = World::new().await;
    world.partner("acme").await;
    let folder = beside(&world);
    let at = folder.path();
    let set = "price set --client acme --model m --output 15.5 --cached-input 0 --input";
    for (input, says) in [("3", "3"), ("0.000001", "0.000001"), ("04.50", "4.5")] {
        let set = does(at, &format!("{set} {input}"));
        let rates = format!("input {says}, cached_input 0, output 15.5");
        assert_eq!(set.well(), format!("m costs this from now on: {rates}\n"));
    }
    let list = does(at, "price list --client acme");
    let line = list.well();
    assert!(
        line.starts_with("m ") && line.ends_with(": input 4.5, cached_input 0, output 15.5\n"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
    let all = does(at, "price list --client acme --all --json").json();
    let inputs: Vec<&Value> = all.iter().map(|price| &price["rates"]["input"]).collect();
    assert_eq!(inputs, ["4.5", "0.000001", "3"]);
    assert_eq!(
        all[0]["rates"],
        json!({"input": "4.5", "cached_input": "0", "output": "15.5", "embedding": null, "page": null, "image": null})
    );
    let show = || does(at, "billing show --client acme").json().remove(0);
    assert_eq!(
        show(),
        json!({
            "payer": "off", "free_uses_per_day": 0, "budget_per_month": null, "user_credits_per_day": null,
            "user_credits_per_month": null, "user_uses_per_day": null, "user_uses_per_month": null,
        })
    );
    let set = "billing set --client acme --payer user --free-uses-per-day 3 --budget-per-month 0 --user-uses-per-day 9";
    let set = does(at, set).json().remove(0);
    assert_eq!(
        set,
        json!({
            "payer": "user", "free_uses_per_day": 3, "budget_per_month": "0", "user_credits_per_day": null,
            "user_credits_per_month": null, "user_uses_per_day": 9, "user_uses_per_month": null,
        })
    );
    assert_eq!(show(), set);
    let nobody = does(at, "price list --client nobody");
    assert!(nobody.refused(1).contains("client nobody"), "{nobody:?}");
}

#[tokio::test]
async fn what_is_no_amount_changes_nothing() {
    let world = World::new().await;
    world.partner("acme").await;
    let folder = beside(&world);
    let at = folder.path();
    let (grant, price, billing) = (
        "wallet grant --client acme --key k --credits",
        "price set --client acme --model m --output 1 --input",
        "billing set --client acme --payer client --budget-per-month",
    );
    for amount in [
        "-1",
        "+1",
        "NaN",
        "inf",
        "1e308",
        "0.0000001",
        "１",
        "1,5",
        "1000000000.000001",
        "99999999999999999999",
    ] {
        for command in [grant, price, billing] {
            let refused = does(at, &format!("{command}={amount}"));
            let said = refused.refused(2);
            let is_told = ["Write credits as digits", "An amount is from"];
            assert!(
                is_told.iter().any(|text| said.contains(text)),
                "{amount}: {refused:?}"
            );
        }
    }
    for (words, code, says) in [
        (format!("{grant} 0"), 2, "An amount is from 0.000001"),
        (
            format!("{price} 1000000.000001"),
            1,
            "A rate is from 0 to 1000000 credits",
        ),
        (
            "price set --client acme --model m --input 1".into(),
            1,
            "belong together",
        ),
        (
            "price set --client acme --model m".into(),
            1,
            "at least one rate",
        ),
        (
            format!("{billing} 1 --free-uses-per-day=-1"),
            1,
            "A limit of uses is from 0 to 1000000",
        ),
        (
            format!("{billing} 1 --user-uses-per-day 1000001"),
            1,
            "A limit of uses is from 0 to 1000000",
        ),
        (
            format!("{billing} 1 --user-uses-per-month 1.5"),
            2,
            "invalid",
        ),
        (
            format!("{billing} 1 --user-uses-per-month ９"),
            2,
            "invalid",
        ),
        (
            "billing set --client acme --payer bank".into(),
            2,
            "invalid value 'bank'",
        ),
    ] {
        let refused = does(at, &words);
        assert!(refused.refused(code).contains(says), "{words}: {refused:?}");
    }
    for table in ["transfer", "price", "billing_settings"] {
        let mut conn = world.superuser().await;
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let rows: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}
