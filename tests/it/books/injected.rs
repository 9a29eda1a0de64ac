//! Discrepancies injected as rows of the database, a seeded choice among orders that are right: what
//! the reconciliation reads of them and compares finds all of them and nothing else.

use std::collections::BTreeMap;

use concierge::{
    billing::{
        Owner,
        order::{self, Payment},
        recon::{Area, Line, Remedy, State, look},
    },
    ids::ClientNo,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use time::{Date, Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::date};
use uuid::Uuid;

use super::{give, noon};
use crate::{
    ledger::deeds,
    orders::{payment, units},
    world::World,
};

const DAY: Date = date!(2026 - 03 - 10);
const ORDERS: usize = 200;
const DISCREPANCIES: usize = 70;

/// An order and all that is written of it, here and there.
struct Story {
    n: usize,
    order: Value,
    payments: Vec<Value>,
    reversals: Vec<Value>,
    fees: Vec<Value>,
    transfers: Vec<Value>,
    entitlements: Vec<Value>,
    facts: Vec<Value>,
    moved: Vec<Value>,
}

/// The accounts that credits move between.
#[derive(Clone, Copy)]
struct Books {
    client: ClientNo,
    wallet: i64,
    stripe: i64,
    revenue: i64,
}

type Found = (Area, State, String);

fn id(what: u128, n: usize) -> String {
    Uuid::from_u128((what << 64) + n as u128 + 1).to_string()
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

fn fact(books: Books, n: usize, area: &str, reference: &str, at: &str) -> Value {
    json!({
        "client_no": books.client.0, "provider": "stripe", "area": area, "reference": reference,
        "order_id": id(1, n), "amount": 1_250, "currency": "usd", "stage": "stands", "at": at, "read_at": at,
    })
}

/// Money that moved the balance for what a fact says.
fn moved(fact: &Value, txn: &str, amount: i64) -> Value {
    json!({
        "client_no": fact["client_no"], "txn": txn, "area": fact["area"], "reference": fact["reference"],
        "source": format!("source of {}", fact["reference"]), "order_id": fact["order_id"], "amount": amount,
        "fee": 66, "currency": "usd", "at": fact["at"], "read_at": fact["at"],
    })
}

impl Story {
    /// Nobody has paid it yet.
    fn unpaid(books: Books, n: usize, at: OffsetDateTime) -> Self {
        let (hour, at) = (Duration::HOUR, text(at));
        let around = |by: Duration| text(OffsetDateTime::parse(&at, &Rfc3339).unwrap() + by);
        let order = json!({
            "client_no": books.client.0, "order_id": id(1, n), "owner_id": Uuid::nil(), "buyer_id": Uuid::nil(),
            "plan_id": id(2, 0), "title": "credit", "goods": "credit", "credits": 5_000_000, "provider": "stripe",
            "amount": 1_250, "currency": "usd", "state": "pending", "refunded": 0, "disputed": 0, "taken_back": 0,
            "revoked": false, "decimals": 2, "key": format!("key {n}"), "created_at": around(-hour), "expires_at": around(hour),
            "paid_at": null, "fulfilled_at": null, "changed_at": at,
        });
        Self {
            n,
            order,
            payments: Vec::new(),
            reversals: Vec::new(),
            fees: Vec::new(),
            transfers: Vec::new(),
            entitlements: Vec::new(),
            facts: Vec::new(),
            moved: Vec::new(),
        }
    }

    fn at(&self) -> Value {
        self.order["changed_at"].clone()
    }

    fn moves(&mut self, kind: &str, [debit, credit]: [i64; 2], amount: i64, key: &str) {
        let row = json!({
            "client_no": self.order["client_no"], "transfer_id": id(3 + self.transfers.len() as u128, self.n),
            "kind": kind, "debit_no": debit, "credit_no": credit, "amount": amount, "key": format!("{key} {}", self.n),
            "subject": self.order["order_id"], "note": "", "at": self.at(),
        });
        self.transfers.push(row);
    }

    fn pays(&mut self, books: Books, reference: &str, state: &str) {
        let at = self.at();
        self.payments.push(json!({
            "client_no": books.client.0, "payment_id": id(10 + self.payments.len() as u128, self.n),
            "order_id": self.order["order_id"], "provider": "stripe", "reference": reference, "amount": 1_250,
            "currency": "usd", "state": state, "at": at,
        }));
        let fact = fact(books, self.n, "payment", reference, at.as_str().unwrap());
        self.moved
            .push(moved(&fact, &format!("txn of {reference}"), 1_250));
        self.facts.push(fact);
    }

    fn paid(books: Books, n: usize, at: OffsetDateTime) -> Self {
        let mut story = Self::unpaid(books, n, at);
        story.pays(books, &format!("pi_{n}"), "good");
        story.moves("top_up", [books.stripe, books.wallet], 5_000_000, "order");
        for field in ["paid_at", "fulfilled_at"] {
            story.order[field] = story.at();
        }
        story.order["state"] = "fulfilled".into();
        story
    }

    fn goes_back(&mut self, books: Books, kind: &str, amount: i64, stage: &str) {
        let reference = format!("{}_{}", if kind == "refund" { "re" } else { "dp" }, self.n);
        let at = self.at();
        self.reversals.push(json!({
            "client_no": books.client.0, "provider": "stripe", "reference": reference,
            "order_id": self.order["order_id"], "payment": format!("pi_{}", self.n), "kind": kind, "amount": amount,
            "currency": "usd", "stage": stage, "created_at": at, "changed_at": at,
        }));
        let mut fact = fact(books, self.n, kind, &reference, at.as_str().unwrap());
        (fact["amount"], fact["stage"]) = (amount.into(), stage.into());
        self.moved
            .push(moved(&fact, &format!("txn of {reference}"), -amount));
        self.facts.push(fact);
        if stage == "undone" {
            let mut again = moved(&self.facts[1], &format!("txn of {reference} again"), amount);
            again["fee"] = (-66).into();
            self.moved.push(again);
            return;
        }
        // four thousand micro-credits a unit
        let credits = amount * 4_000;
        self.moves("refund", [books.wallet, books.stripe], credits, "back");
        self.order["taken_back"] = credits.into();
    }

    /// As if it were a pack that was bought.
    fn gives_a_pack(&mut self) {
        self.transfers.clear();
        (self.order["goods"], self.order["credits"]) = ("uses".into(), Value::Null);
        self.entitlements.push(json!({
            "client_no": self.order["client_no"], "entitlement_id": id(30, self.n), "owner_id": Uuid::nil(),
            "plan_id": id(2, 0), "kind": "uses", "key": format!("order {}", id(1, self.n)), "uses": 10, "used": 0,
            "starts_at": self.at(), "revoked_at": null, "created_at": self.at(),
        }));
    }

    /// As if its money had never gone back, by our books.
    fn forgets_what_went_back(&mut self) {
        self.reversals.clear();
        self.transfers.truncate(1);
        for field in ["refunded", "disputed", "taken_back"] {
            self.order[field] = 0.into();
        }
        (self.order["state"], self.order["revoked"]) = ("fulfilled".into(), false.into());
    }

    /// As if its money had never come, by our books.
    fn forgets_what_was_paid(&mut self) {
        self.payments.clear();
        self.transfers.clear();
        self.order["state"] = "pending".into();
        (self.order["paid_at"], self.order["fulfilled_at"]) = (Value::Null, Value::Null);
    }

    fn named(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.n)
    }
}

const RIGHT: usize = 11;

/// A story that is right: none of it may raise an alarm.
fn right(kind: usize, books: Books, n: usize, at: OffsetDateTime) -> Story {
    let mut story = match kind {
        3 | 8 => Story::unpaid(books, n, at),
        _ => Story::paid(books, n, at),
    };
    match kind {
        1 => {
            story.goes_back(books, "refund", 250, "stands");
            story.order["refunded"] = 250.into();
        }
        2 => {
            story.goes_back(books, "dispute", 1_250, "open");
            story.order["disputed"] = 1_250.into();
            (story.order["state"], story.order["revoked"]) = ("disputed".into(), true.into());
        }
        // it came when the order was over
        4 => story.order["expires_at"] = story.order["created_at"].clone(),
        // a refund that failed
        5 => story.goes_back(books, "refund", 250, "undone"),
        6 => (story.moved[0]["amount"], story.moved[0]["currency"]) = (1_150.into(), "eur".into()),
        // paid twice: it waits among the exceptions, and both sides know of it
        7 => story.pays(books, &format!("pi_{n}_again"), "queued"),
        8 => {
            let plan = id(20, n);
            let at = story.at();
            story.moves("fee", [books.wallet, books.revenue], 70, "fee");
            story.transfers[0]["key"] = format!("fee {} {plan} {DAY}", Uuid::nil()).into();
            story.transfers[0]["subject"] = Value::Null;
            story.fees.push(json!({
                "client_no": books.client.0, "owner_id": Uuid::nil(), "plan_id": plan, "period": DAY.to_string(),
                "subscription_id": id(21, n), "amount": 70, "state": "paid", "tries": 0, "due_at": at, "made_at": at,
                "paid_at": at,
            }));
        }
        9 => story.gives_a_pack(),
        // all of its money went back
        10 => {
            story.goes_back(books, "refund", 1_250, "stands");
            story.gives_a_pack();
            (story.order["refunded"], story.order["taken_back"]) = (1_250.into(), 0.into());
            (story.order["state"], story.order["revoked"]) = ("refunded".into(), true.into());
            story.entitlements[0]["revoked_at"] = story.at();
        }
        _ => (),
    }
    story
}

const WRONG: usize = 33;

/// A story that is wrong in one thing, and what that is.
fn wrong(kind: usize, books: Books, n: usize, at: OffsetDateTime) -> (Story, Found) {
    use Area::{Balance, Dispute, Fee, Ledger, Order, Payment, Refund};
    use State::{AmountDiffers, Duplicate, MissingHere, MissingThere};
    let base = match kind {
        0..=11 => 0,
        12..=17 => 1,
        18..=20 => 2,
        21..=23 => 3,
        24 => 5,
        25 => 6,
        26..=28 => 8,
        29 | 30 => 1,
        _ => 10,
    };
    let mut story = right(base, books, n, at);
    let (of_payment, of_refund, of_dispute) =
        (story.named("pi"), story.named("re"), story.named("dp"));
    let (of_order, of_fee) = (id(1, n), format!("fee {} {} {DAY}", Uuid::nil(), id(20, n)));
    let found = match kind {
        0 => {
            story.forgets_what_was_paid();
            (Payment, MissingHere, of_payment)
        }
        1 => {
            story.facts.clear();
            (Payment, MissingThere, of_payment)
        }
        2 => {
            story.facts[0]["amount"] = 1_251.into();
            (Payment, AmountDiffers, of_payment)
        }
        3 => {
            story.facts[0]["currency"] = "eur".into();
            (Payment, AmountDiffers, of_payment)
        }
        4 => {
            story.facts[0]["order_id"] = id(99, n).into();
            (Payment, Duplicate, of_payment)
        }
        5 => {
            let second = story.named("pi_second");
            story.pays(books, &second, "queued");
            story.payments.pop();
            story.facts[1]["at"] = text(at + Duration::MINUTE).into();
            (Payment, Duplicate, second)
        }
        6 => {
            story.transfers.clear();
            (Order, MissingHere, of_order)
        }
        7 => {
            story.transfers[0]["amount"] = 4_999_999.into();
            (Order, AmountDiffers, of_order)
        }
        8 => {
            story.moves(
                "top_up",
                [books.stripe, books.wallet],
                5_000_000,
                "order once more",
            );
            (Order, Duplicate, of_order)
        }
        9 => {
            story.transfers.clear();
            (story.order["state"], story.order["fulfilled_at"]) = ("paid".into(), Value::Null);
            (Order, MissingHere, of_order)
        }
        10 => {
            // a pack that was paid, and is not there
            story.transfers.clear();
            (story.order["goods"], story.order["credits"]) = ("uses".into(), Value::Null);
            (Order, MissingHere, of_order)
        }
        11 => {
            story.moved.clear();
            (Balance, MissingThere, of_payment)
        }
        12 => {
            story.forgets_what_went_back();
            (Refund, MissingHere, of_refund)
        }
        13 => {
            story.facts.truncate(1);
            (Refund, MissingThere, of_refund)
        }
        14 => {
            story.facts[1]["amount"] = 251.into();
            (Refund, AmountDiffers, of_refund)
        }
        15 => {
            story.reversals[0]["stage"] = "open".into();
            (Refund, MissingHere, of_refund)
        }
        16 => {
            story.transfers.truncate(1);
            (Order, AmountDiffers, of_order)
        }
        17 => {
            story.moved[1]["amount"] = (-249).into();
            (Balance, AmountDiffers, of_refund)
        }
        18 => {
            story.forgets_what_went_back();
            (Dispute, MissingHere, of_dispute)
        }
        19 => {
            story.facts.truncate(1);
            (Dispute, MissingThere, of_dispute)
        }
        20 => {
            story.facts[1]["stage"] = "undone".into();
            (Dispute, MissingHere, of_dispute)
        }
        21 => {
            story.moves("top_up", [books.stripe, books.wallet], 5_000_000, "order");
            (Order, MissingThere, of_order)
        }
        22 => {
            story.moves("top_up", [books.stripe, books.wallet], 7, "out of nowhere");
            story.transfers[0]["subject"] = id(98, n).into();
            (Ledger, MissingHere, format!("out of nowhere {n}"))
        }
        23 => {
            let at = story.at();
            let fact = fact(books, n, "payment", &of_payment, at.as_str().unwrap());
            story
                .moved
                .push(moved(&fact, &format!("txn of {of_payment}"), 1_250));
            (Balance, MissingHere, of_payment)
        }
        24 => {
            story.moved.truncate(2);
            (Balance, AmountDiffers, of_refund)
        }
        25 => {
            story.moved[0]["amount"] = 0.into();
            (Balance, AmountDiffers, of_payment)
        }
        26 => {
            story.transfers.clear();
            (Fee, MissingThere, of_fee)
        }
        27 => {
            story.fees.clear();
            (Fee, MissingHere, of_fee)
        }
        28 => {
            story.fees[0]["amount"] = 71.into();
            (Fee, AmountDiffers, of_fee)
        }
        29 => {
            // its money went back, and nothing was taken for it
            story.transfers.truncate(1);
            story.order["taken_back"] = 0.into();
            (Order, AmountDiffers, of_order)
        }
        30 => {
            // it was taken, and the order does not know that
            story.order["taken_back"] = 0.into();
            (Order, AmountDiffers, of_order)
        }
        31 => {
            story.order["revoked"] = false.into();
            story.entitlements[0]["revoked_at"] = Value::Null;
            (Order, MissingThere, of_order)
        }
        _ => {
            story.order["revoked"] = false.into();
            (Order, AmountDiffers, of_order)
        }
    };
    (story, found)
}

/// Writes rows that all name the same columns.
async fn insert(conn: &mut PgConnection, table: &str, rows: Vec<Value>) {
    let Some(first) = rows.first() else { return };
    let columns: Vec<&str> = first
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let columns = columns.join(", ");
    let text = format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1::jsonb)"
    );
    let insert = sqlx::query(AssertSqlSafe(text)).bind(Value::from(rows).to_string());
    insert.execute(conn).await.unwrap();
}

async fn written(conn: &mut PgConnection, stories: Vec<Story>) {
    let mut tables: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for story in stories {
        for (table, rows) in [
            ("payment_order", vec![story.order]),
            ("payment", story.payments),
            ("payment_reversal", story.reversals),
            ("fee", story.fees),
            ("transfer", story.transfers),
            ("entitlement", story.entitlements),
            ("outside_fact", story.facts),
            ("outside_balance", story.moved),
        ] {
            tables.entry(table).or_default().extend(rows);
        }
    }
    for (table, rows) in tables {
        insert(conn, table, rows).await;
    }
}

/// A client with accounts, and Stripe read to the end of these days.
async fn books(world: &World, conn: &mut PgConnection, name: &str) -> Books {
    let client = world.partner(name).await.no;
    give(world, client, Owner::Client, 1, "gift").await;
    // neither plans nor subscriptions stand behind the rows below, nor is a balance kept of them
    sqlx::query("set session_replication_role = replica")
        .execute(&mut *conn)
        .await
        .unwrap();
    let stripe = "insert into account (client_no, kind, owner_id, created_at)
         select client_no, 'stripe', owner_id, created_at from account where client_no = $1 and kind = 'wallet'";
    sqlx::query(stripe)
        .bind(client)
        .execute(&mut *conn)
        .await
        .unwrap();
    let read = "insert into outside_read (provider, day, facts, read_at, balance_since)
         select 'stripe', $1 + n, 0, $1 + n + 1, $1 - 40 from generate_series(0, 1) n on conflict do nothing";
    sqlx::query(read)
        .bind(DAY)
        .execute(&mut *conn)
        .await
        .unwrap();
    let mut no = async |kind: &str| {
        let no = "select account_no from account where client_no = $1 and kind = $2";
        let no = sqlx::query_scalar(no).bind(client).bind(kind);
        no.fetch_one(&mut *conn).await.unwrap()
    };
    Books {
        client,
        wallet: no("wallet").await,
        stripe: no("stripe").await,
        revenue: no("revenue").await,
    }
}

async fn looked(world: &World, client: ClientNo, day: Date) -> Vec<Line> {
    let mut tx = world.app.db.client(client).await.unwrap();
    look(&mut tx, day).await.unwrap()
}

/// What a person or a remedy is needed for.
fn alarms(lines: &[Line], of: impl Fn(Area) -> bool) -> Vec<Found> {
    let alarms = lines
        .iter()
        .filter(|line| line.remedy != Remedy::Fine && of(line.area));
    sorted(
        alarms
            .map(|line| (line.area, line.state, line.reference.clone()))
            .collect(),
    )
}

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort();
    found
}

fn fine(lines: &[Line], state: State) -> usize {
    let fine = lines
        .iter()
        .filter(|line| line.remedy == Remedy::Fine && line.area == Area::Payment);
    fine.filter(|line| line.state == state).count()
}

/// Injects discrepancies by a seed into the books of a client of its own, and finds them. How many.
async fn all_are_found(world: &World, conn: &mut PgConnection, seed: u64) -> usize {
    let books = books(world, conn, &format!("seed-{seed}")).await;
    let mut chance = deeds(seed);
    let mut pick = |of: usize| chance.next().unwrap() as usize % of;
    let mut places: Vec<usize> = (0..ORDERS).collect();
    (0..DISCREPANCIES).for_each(|n| places.swap(n, n + pick(ORDERS - n)));
    let (mut stories, mut injected) = (Vec::new(), Vec::new());
    let (mut late, mut twice) = (0, 0);
    for (n, place) in places.into_iter().enumerate() {
        let at = DAY.midnight().assume_utc() + Duration::seconds(3_600 + pick(79_200) as i64);
        if n < DISCREPANCIES {
            // each kind twice at the least, the rest by chance
            let kind = if n < 2 * WRONG {
                n % WRONG
            } else {
                pick(WRONG)
            };
            let (story, found) = wrong(kind, books, place, at);
            stories.push(story);
            injected.push(found);
        } else {
            let kind = pick(RIGHT);
            (late, twice) = (
                late + usize::from(kind == 4),
                twice + usize::from(kind == 7),
            );
            stories.push(right(kind, books, place, at));
        }
    }
    written(conn, stories).await;
    assert_eq!(injected.len(), DISCREPANCIES);
    let expected = |of: &dyn Fn(Area) -> bool| {
        sorted(
            injected
                .iter()
                .filter(|found| of(found.0))
                .cloned()
                .collect(),
        )
    };
    let lines = looked(world, books.client, DAY).await;
    // the balance is judged when the day after is looked at
    let at_once = |area: Area| area != Area::Balance;
    assert_eq!(alarms(&lines, |_| true), expected(&at_once), "seed {seed}");
    let orders = lines.iter().filter(|line| line.area == Area::Order).count();
    assert_eq!(orders, ORDERS, "each is compared with the ledger, once");
    assert_eq!(
        (fine(&lines, State::Late), fine(&lines, State::Duplicate)),
        (late, twice)
    );
    // what both sides knew then and the balance does not; and what still is as it was
    let next = looked(world, books.client, DAY.next_day().unwrap()).await;
    let still = |area: Area| {
        matches!(
            area,
            Area::Balance | Area::Payment | Area::Refund | Area::Dispute
        )
    };
    assert_eq!(
        alarms(&next, |_| true),
        expected(&still),
        "seed {seed}, a day later"
    );
    injected.len()
}

#[tokio::test]
async fn discrepancies_in_the_database_are_all_found_and_nothing_else_is() {
    let world = World::new().await;
    let mut conn = world.superuser().await;
    for seed in 1..4 {
        all_are_found(&world, &mut conn, seed).await;
    }
}

#[tokio::test]
#[ignore = "soak"]
async fn a_thousand_discrepancies_in_the_database_are_all_found() {
    let world = World::new().await;
    let mut conn = world.superuser().await;
    let (mut injected, mut seeds) = (0, 0);
    while injected < 1_000 {
        seeds += 1;
        injected += all_are_found(&world, &mut conn, 100 + seeds).await;
    }
    eprintln!(
        "{injected} discrepancies among {} orders, by {seeds} seeds: all found, and nothing else",
        seeds * ORDERS as u64
    );
}

/// What we know of a payment is said of it when both sides agree, and only then.
#[tokio::test]
async fn a_payment_that_is_known_to_be_late_double_or_another_amount_is_told_of_as_that() {
    let world = World::new().await;
    noon(&world);
    let shop = world.shop("acme").await;
    let mut conn = world.superuser().await;
    let (now, mut facts) = (world.app.clock.now(), Vec::new());
    let mut told = async |order: &order::Order, reference: &'static str, amount: u128| {
        let paid = Payment {
            amount: units(amount),
            ..payment(reference)
        };
        shop.pays(order.order_id, &paid).await.unwrap();
        facts.push(json!({
            "client_no": shop.client.0, "provider": "stripe", "area": "payment", "reference": reference,
            "order_id": order.order_id.0, "amount": amount as u64, "currency": "usd", "stage": "stands",
            "at": text(now), "read_at": text(now),
        }));
    };
    let in_time = shop.orders(&shop.credit, "in time").await;
    told(&in_time, "pi_in_time", 1_250).await;
    told(&in_time, "pi_second", 1_250).await;
    let other = shop.orders(&shop.credit, "another amount").await;
    told(&other, "pi_less", 1_249).await;
    let late = shop.orders(&shop.credit, "late").await;
    // it ended unpaid, and is paid all the same
    world
        .app
        .clock
        .forward(std::time::Duration::from_secs(7_200));
    let mut tx = shop.tx().await;
    assert!(
        order::expire(&mut tx, late.order_id, world.app.clock.now())
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    told(&late, "pi_late", 1_250).await;
    insert(&mut conn, "outside_fact", facts).await;
    let read =
        "insert into outside_read (provider, day, facts, read_at) values ('stripe', $1, 0, $2)";
    sqlx::query(read)
        .bind(now.date())
        .bind(now)
        .execute(&mut conn)
        .await
        .unwrap();
    let payments = async || {
        let lines = looked(&world, shop.client, now.date()).await;
        let of = lines.into_iter().filter(|line| line.area == Area::Payment);
        let mut of: Vec<(String, State, bool)> = of
            .map(|line| (line.reference, line.state, line.remedy == Remedy::Fine))
            .collect();
        of.sort();
        of
    };
    let of = |reference: &str, state, is_fine| (reference.to_owned(), state, is_fine);
    assert_eq!(
        payments().await,
        [
            of("pi_in_time", State::Matched, true),
            of("pi_late", State::Late, true),
            of("pi_less", State::AmountDiffers, true),
            of("pi_second", State::Duplicate, true),
        ]
    );
    sqlx::query("update outside_fact set amount = amount + 1")
        .execute(&mut conn)
        .await
        .unwrap();
    let wrong = payments().await;
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(
        wrong
            .iter()
            .all(|(_, state, is_fine)| *state == State::AmountDiffers && !is_fine),
        "{wrong:?}"
    );
}
