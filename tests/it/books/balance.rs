//! The balance at Stripe before a double of it: money that came, went back and was claimed is compared
//! with what was paid, and nothing of the account's own is taken for it.

use concierge::{
    admin::Role,
    billing::recon::{
        Area, Standing, State, close,
        desk::{self, Kept},
        look,
    },
    error::Error,
    ids::ClientNo,
    jobs::reconcile,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::Executor;

use super::{
    agree, noon,
    reconcile::{DAY, changes, later, lines, pays, reconciled, told, verified},
};
use crate::{
    orders::{double::Move, stall::Stall},
    verbs::{reconciles, text},
    world::World,
};

/// Somebody pays for an order, and we are told. The payment, and its charge.
async fn sold(stall: &Stall, order: &Value) -> (String, String) {
    let (paid, intent) = pays(stall, order).await;
    let event = format!("evt_{intent}");
    let told = stall
        .tells(&event, "checkout.session.completed", &paid)
        .await;
    assert_eq!(told, StatusCode::OK);
    let charge = text(&stall.stripe.object(&intent)["latest_charge"]).to_owned();
    (intent, charge)
}

async fn stall() -> Stall {
    let stall = Stall::new().await;
    noon(&stall.world);
    stall
}

fn now(stall: &Stall) -> i64 {
    stall.world.app.clock.now().unix_timestamp()
}

/// What lines of the balance say, by what they are about.
async fn balance(world: &World, client: ClientNo) -> Vec<Kept> {
    let mut lines = lines(world, client, None).await;
    lines.retain(|line| line.area == Area::Balance);
    lines.sort_by_key(|line| (line.reference.clone(), line.day));
    lines
}

fn refund(stall: &Stall, id: &str, intent: &str, amount: i64) -> Value {
    json!({
        "id": id, "object": "refund", "amount": amount, "currency": "usd", "status": "succeeded",
        "payment_intent": intent, "metadata": {}, "created": now(stall),
    })
}

fn dispute(stall: &Stall, id: &str, intent: &str, status: &str) -> Value {
    json!({
        "id": id, "object": "dispute", "amount": 1_250, "currency": "usd", "status": status,
        "payment_intent": intent, "metadata": {}, "created": now(stall),
    })
}

/// A bank claims a payment: Stripe takes the money and fifteen dollars.
async fn claims(stall: &Stall, id: &str, intent: &str) {
    let dispute = dispute(stall, id, intent, "needs_response");
    stall.stripe.put(&dispute);
    stall.stripe.moves(&Move {
        category: "dispute",
        fee: 1_500,
        ..Move::of("adjustment", id, -1_250, now(stall))
    });
    let told = stall
        .tells(&format!("evt_{id}"), "charge.dispute.created", &dispute)
        .await;
    assert_eq!(told, StatusCode::OK);
}

async fn decided(stall: &Stall, id: &str, status: &str) {
    changes(stall, id, |dispute| dispute["status"] = status.into());
    if status == "won" {
        stall.stripe.moves(&Move {
            category: "dispute_reversal",
            fee: -1_500,
            ..Move::of("adjustment", id, 1_250, now(stall))
        });
    }
    let told = stall
        .tells(
            &format!("evt_{id}_{status}"),
            "charge.dispute.closed",
            &stall.stripe.object(id),
        )
        .await;
    assert_eq!(told, StatusCode::OK);
}

/// What a line says of one thing: its state, our amount and Stripe's, its fee, and what becomes of it.
fn says(lines: &[Kept], reference: &str) -> Vec<(State, Value, Standing)> {
    let of = lines.iter().filter(|line| line.reference == reference);
    of.map(|line| {
        let amounts = json!([line.ours, line.theirs, line.fee, line.settled_in]);
        (line.state, amounts, line.standing)
    })
    .collect()
}

#[tokio::test]
async fn what_was_paid_is_in_the_balance_and_what_is_the_accounts_own_is_nobodys() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let (intent, charge) = sold(&stall, &alice.orders(&plan, "one").await).await;
    let refund = refund(&stall, "re_half", &intent, 625);
    stall.stripe.gives_back(&refund);
    stall.tells("evt_re", "refund.created", &refund).await;
    // one that nobody told us of is made good by its own line
    let (_, unheard) = pays(&stall, &alice.orders(&plan, "two").await).await;
    // the account's own, other shops', and a fee that Stripe takes apart from the charge
    let (at, stripe) = (now(&stall), &stall.stripe);
    stripe.moves(&Move::of("payout", "po_1", -50_000, at));
    stripe.moves(&Move {
        category: "fee",
        ..Move::of("stripe_fee", "fee_1", -200, at)
    });
    stripe.moves(&Move::of("topup", "tu_1", 1_000, at));
    stripe.moves(&Move::of("charge", "ch_of_another_shop", 777, at));
    stripe.moves(&Move::of("reserve_hold", &charge, -100, at));
    stripe.moves(&Move {
        category: "fee",
        ..Move::of("stripe_fee", &charge, -5, at)
    });
    later(world);
    reconciled(world, acme.no).await;
    let first = balance(world, acme.no).await;
    assert_eq!(
        says(&first, &intent),
        [(
            State::Matched,
            json!(["1250", "1250", "71", "usd"]),
            Standing::Fine
        )]
    );
    assert_eq!(
        says(&first, "re_half"),
        [(
            State::Refunded,
            json!(["-625", "-625", "0", "usd"]),
            Standing::Fine
        )]
    );
    // of what was there on the day, whether it was ours by then or not
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let day = first[0].at.date();
    assert_eq!(
        desk::fees(&mut tx, day).await.unwrap(),
        [("usd".to_owned(), 71 + 66)]
    );
    drop(tx);
    // it was ours only today: its day tells of it
    assert_eq!((says(&first, &unheard), first.len()), (vec![], 2));
    later(world);
    reconciled(world, acme.no).await;
    let second = balance(world, acme.no).await;
    assert_eq!(
        says(&second, &unheard),
        [(
            State::Matched,
            json!(["1250", "1250", "66", "usd"]),
            Standing::Fine
        )]
    );
    assert_eq!(told(world, acme.no, Standing::Open).await, []);
    // read and compared once more, nothing is told twice
    later(world);
    reconciled(world, acme.no).await;
    assert_eq!(balance(world, acme.no).await, second);
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    let kept = "select count(*) from outside_balance";
    assert_eq!(world.count(kept).await, 4, "what is nobody's is not kept");
    agree(world).await;
}

#[tokio::test]
async fn money_that_is_not_in_the_balance_waits_for_a_person() {
    let stall = stall().await;
    let (world, stripe) = (&stall.world, &stall.stripe);
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let mut sales = Vec::new();
    for n in 0..5 {
        let order = alice.orders(&plan, &format!("order-{n}")).await;
        sales.push(sold(&stall, &order).await);
    }
    let txn = |charge: &str| stripe.moved(charge).remove(0);
    // one came never, one came short, one came in another currency, one a day late
    stripe.takes_away(&txn(&sales[0].1));
    changes(&stall, &txn(&sales[1].1), |txn| {
        txn["amount"] = 1_200.into()
    });
    // what is taken apart in another currency hides nothing
    stripe.moves(&Move {
        category: "fee",
        currency: "eur",
        ..Move::of("stripe_fee", &sales[1].1, -20, now(&stall))
    });
    changes(&stall, &txn(&sales[2].1), |txn| {
        (txn["amount"], txn["currency"], txn["fee"]) = (1_164.into(), "eur".into(), 62.into());
    });
    let late = stripe.object(&txn(&sales[3].1));
    stripe.takes_away(text(&late["id"]));
    // a refund that Stripe says went, and whose money is still there
    let gone = refund(&stall, "re_gone", &sales[4].0, 100);
    stripe.put(&gone);
    stall.tells("evt_gone", "refund.created", &gone).await;
    // money for an order whose payment is not said to have come
    let order = alice.orders(&plan, "odd").await;
    let (_, odd) = pays(&stall, &order).await;
    changes(&stall, &odd, |intent| {
        intent["status"] = "requires_payment_method".into()
    });
    // the same of a method that takes days is no news
    let order = alice.orders(&plan, "slow").await;
    let (_, slow) = pays(&stall, &order).await;
    changes(&stall, &slow, |intent| {
        intent["status"] = "processing".into()
    });
    // nothing is in doubt on the day itself
    world.app.clock.forward(DAY * 3 / 4);
    reconciled(world, acme.no).await;
    assert_eq!(told(world, acme.no, Standing::Open).await, []);
    let today = now(&stall);
    let mut late = late;
    late["created"] = today.into();
    stripe.put(&late);
    for _ in 0..3 {
        world.app.clock.forward(DAY);
        reconciled(world, acme.no).await;
    }
    let mut open = lines(world, acme.no, Some(Standing::Open)).await;
    open.sort_by_key(|line| line.reference.clone());
    let mut expected = vec![
        (
            sales[0].0.as_str(),
            State::MissingThere,
            json!(["1250", null]),
        ),
        (
            sales[1].0.as_str(),
            State::AmountDiffers,
            json!(["1250", "1200"]),
        ),
        ("re_gone", State::MissingThere, json!(["-100", null])),
        (odd.as_str(), State::MissingHere, json!([null, "1250"])),
    ];
    expected.sort_by_key(|line| line.0);
    let found: Vec<_> = open
        .iter()
        .map(|line| {
            assert_eq!(line.area, Area::Balance);
            assert!(!line.reason.is_empty());
            (
                line.reference.as_str(),
                line.state,
                json!([line.ours, line.theirs]),
            )
        })
        .collect();
    assert_eq!(found, expected);
    let all = balance(world, acme.no).await;
    assert_eq!(
        says(&all, &sales[2].0),
        [(
            State::Matched,
            json!(["1250", null, "62", "eur"]),
            Standing::Fine
        )]
    );
    let other = all
        .iter()
        .find(|line| line.reference == sales[2].0)
        .unwrap();
    assert_eq!(other.settled.as_deref(), Some("1164"));
    assert!(other.reason.contains("kept in eur"), "{}", other.reason);
    assert_eq!(says(&all, &sales[3].0)[0].0, State::Matched);
    assert_eq!(says(&all, &slow), []);
    // an operator sees the same
    let rex = world.operator("rex", Role::ReadOnly).await;
    let shown = rex.get("/clients/acme/book-lines?standing=open").await;
    assert_eq!(shown["items"].as_array().map(Vec::len), Some(4), "{shown}");
    let all = rex.get("/clients/acme/book-lines?limit=100").await;
    let fees = all["items"].as_array().unwrap().iter();
    assert!(
        fees.clone()
            .any(|line| line["fee"] == "62" && line["settled_in"] == "eur"),
        "{all}"
    );
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    agree(world).await;
}

#[tokio::test]
async fn a_question_that_becomes_a_claim_after_weeks_is_followed() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let (intent, _) = sold(&stall, &alice.orders(&plan, "one").await).await;
    // the balance has been read for forty days, and the bank asked five days later
    let then = world.app.clock.now() - time::Duration::days(40);
    sqlx::query(
        "insert into outside_read (provider, day, facts, read_at, balance_since)
         values ('stripe', $1, 0, $2, $3)",
    )
    .bind(then.date())
    .bind(then + time::Duration::DAY)
    .bind(then - time::Duration::days(30))
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    claims(&stall, "dp_slow", &intent).await;
    let asked = now(&stall) - 35 * 86_400;
    changes(&stall, "dp_slow", |dispute| {
        dispute["created"] = asked.into();
    });
    later(world);
    reconciled(world, acme.no).await;
    assert_eq!(
        says(&balance(world, acme.no).await, "dp_slow"),
        [(
            State::Disputed,
            json!(["-1250", "-1250", "1500", "usd"]),
            Standing::Fine
        )]
    );
}

#[tokio::test]
async fn what_failed_and_what_was_claimed_moves_the_balance_there_and_back() {
    let stall = stall().await;
    let (world, stripe) = (&stall.world, &stall.stripe);
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let mut sales = Vec::new();
    for n in 0..4 {
        let order = alice.orders(&plan, &format!("order-{n}")).await;
        sales.push(sold(&stall, &order).await.0);
    }
    let back = refund(&stall, "re_failed", &sales[0], 1_250);
    stripe.gives_back(&back);
    stall.tells("evt_re", "refund.created", &back).await;
    for (id, intent) in [("dp_lost", &sales[1]), ("dp_won", &sales[2])] {
        claims(&stall, id, intent).await;
    }
    // a question of a bank, for which no money moves
    let asked = dispute(&stall, "dp_asked", &sales[3], "warning_needs_response");
    stripe.put(&asked);
    stall
        .tells("evt_asked", "charge.dispute.created", &asked)
        .await;
    later(world);
    reconciled(world, acme.no).await;
    // weeks later: what took the money is not listed any more
    world.app.clock.forward(35 * DAY);
    reconciled(world, acme.no).await;
    decided(&stall, "dp_lost", "lost").await;
    decided(&stall, "dp_won", "won").await;
    changes(&stall, "re_failed", |refund| {
        refund["status"] = "failed".into()
    });
    stripe.moves(&Move::of("refund_failure", "re_failed", 1_250, now(&stall)));
    stall
        .tells("evt_failed", "refund.failed", &stripe.object("re_failed"))
        .await;
    later(world);
    reconciled(world, acme.no).await;
    later(world);
    reconciled(world, acme.no).await;
    let all = balance(world, acme.no).await;
    let fine = |state, ours: &str, theirs: &str, fee: &str| {
        (state, json!([ours, theirs, fee, "usd"]), Standing::Fine)
    };
    assert_eq!(
        says(&all, "dp_lost"),
        [
            fine(State::Disputed, "-1250", "-1250", "1500"),
            fine(State::Disputed, "-1250", "-1250", "1500")
        ]
    );
    assert_eq!(
        says(&all, "dp_won"),
        [
            fine(State::Disputed, "-1250", "-1250", "1500"),
            fine(State::Matched, "0", "0", "0")
        ]
    );
    assert_eq!(says(&all, "dp_asked"), []);
    assert_eq!(
        says(&all, "re_failed"),
        [
            fine(State::Refunded, "-1250", "-1250", "0"),
            fine(State::Matched, "0", "0", "0")
        ]
    );
    assert_eq!(told(world, acme.no, Standing::Open).await, []);
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    agree(world).await;
}

/// What a person has resolved is told of again when it says something else by then, and only then.
#[tokio::test]
async fn a_resolved_line_keeps_no_later_one_from_being_told() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let (intent, charge) = sold(&stall, &alice.orders(&plan, "one").await).await;
    changes(&stall, &stall.stripe.moved(&charge)[0], |txn| {
        txn["amount"] = 1_200.into()
    });
    let open = async || {
        let lines = lines(world, acme.no, Some(Standing::Open)).await;
        assert!(lines.iter().all(|line| line.area == Area::Balance));
        lines
    };
    let differs = |theirs: &str, fee: &str| {
        let amounts = json!(["1250", theirs, fee, "usd"]);
        vec![(State::AmountDiffers, amounts, Standing::Open)]
    };
    for _ in 0..2 {
        later(world);
        reconciled(world, acme.no).await;
        assert_eq!(says(&open().await, &intent), differs("1200", "66"));
    }
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let told = open().await[0].line_id;
    desk::resolve(&mut tx, told, "Stripe mends it.", world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    later(world);
    reconciled(world, acme.no).await;
    assert_eq!(open().await, []);
    // ten days later all of it is gone
    world.app.clock.forward(10 * DAY);
    let gone = Move::of("payment_failure_refund", &charge, -1_200, now(&stall));
    stall.stripe.moves(&gone);
    for _ in 0..2 {
        later(world);
        reconciled(world, acme.no).await;
        assert_eq!(says(&open().await, &intent), differs("0", "66"));
    }
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
}

#[tokio::test]
async fn a_key_without_the_right_closes_no_day_and_says_which_right() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    sold(&stall, &alice.orders(&plan, "one").await).await;
    later(world);
    stall.stripe.bars(Some("/v1/balance_transactions"));
    let done = reconciles(&world.app, acme.no).await;
    let Err(Error::Conflict(said)) = done else {
        panic!("{done:?}");
    };
    for part in [
        "balance transactions",
        "Balance: Read",
        "required permissions",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(verified(world, acme.no).await.0, 0);
    assert_eq!(lines(world, acme.no, None).await, []);
    stall.stripe.bars(None);
    world.rests();
    reconciled(world, acme.no).await;
    assert_eq!(balance(world, acme.no).await.len(), 1);
    assert_eq!(told(world, acme.no, Standing::Open).await, []);
}

/// Days that were read and closed before anybody compared the balance stay as they are, and what was
/// begun before it was read is no alarm.
#[tokio::test]
async fn days_from_before_the_balance_was_compared_still_verify() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let (intent, _) = sold(&stall, &alice.orders(&plan, "one").await).await;
    claims(&stall, "dp_old", &intent).await;
    // as the books were written then: lines without the balance, and a hash over them
    let mut conn = world.superuser().await;
    later(world);
    let day = world.app.clock.now().date() - time::Duration::days(2);
    reconcile::read(&world.app, day).await.unwrap();
    conn.execute("update outside_read set balance_since = null; delete from outside_balance")
        .await
        .unwrap();
    reconcile::day(&world.app, acme.no, day).await.unwrap();
    let closed = reconcile::close(&world.app, acme.no, day).await.unwrap();
    assert_eq!(balance(world, acme.no).await, []);
    let lines_then = lines(world, acme.no, None).await;
    assert!(lines_then.len() > 2 && lines_then.iter().all(|line| line.fee.is_none()));
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    assert_eq!(close::find(&mut tx, day).await.unwrap(), closed);
    drop(tx);
    // the server is a new one: what the balance says is part of the hash of the days since
    let alice = acme.person("alice").await;
    let (second, _) = sold(&stall, &alice.orders(&plan, "two").await).await;
    later(world);
    reconciled(world, acme.no).await;
    assert_eq!(says(&balance(world, acme.no).await, &second).len(), 1);
    let (days, flaws) = verified(world, acme.no).await;
    assert!(days > 2 && flaws.is_empty(), "{days} {flaws:?}");
    sqlx::query("update recon_line set fee = fee + 1 where area = 'balance' and reference = $1")
        .bind(&second)
        .execute(&mut conn)
        .await
        .unwrap();
    let (_, flaws) = verified(world, acme.no).await;
    assert_eq!(
        flaws,
        ["its lines or its balance were changed since it was closed"]
    );
}

#[tokio::test]
async fn what_was_begun_before_the_balance_was_read_is_no_alarm() {
    let stall = stall().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    for id in ["dp_lost", "dp_won"] {
        let (intent, _) = sold(&stall, &alice.orders(&plan, id).await).await;
        claims(&stall, id, &intent).await;
    }
    // two months later the server is a new one, and the disputes are decided
    world.app.clock.forward(60 * DAY);
    decided(&stall, "dp_lost", "lost").await;
    decided(&stall, "dp_won", "won").await;
    later(world);
    let day = world.app.clock.now().date() - time::Duration::days(1);
    reconcile::read(&world.app, day).await.unwrap();
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    for day in [day - time::Duration::DAY, day] {
        let found = look(&mut tx, day).await.unwrap();
        assert!(
            found.iter().all(|line| line.area != Area::Balance),
            "{found:?}"
        );
    }
    let moves = "select count(*) from outside_balance";
    assert_eq!(world.count(moves).await, 0, "a part of a sum is no sum");
}
