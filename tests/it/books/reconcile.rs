//! The reconciliation before a double of Stripe: what is missing is found and made good, what is wrong
//! waits for a person, nothing else is touched, and closed days stay what they were.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use concierge::{
    admin::Role,
    billing::{
        Book, Entry, Kind, Micros, Owner,
        order::{self, Payment, Provider, Units},
        recon::{
            Area, Remedy, Standing, State,
            close::{self, Flaw},
            desk::{self, Kept},
            look,
            turn::LEASE_SECONDS,
        },
        wallet,
    },
    error::Error,
    ids::{ClientNo, OrderId},
    jobs::reconcile,
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use time::{Date, OffsetDateTime, macros::date};

use super::agree;
use crate::{
    orders::{
        double::Move,
        stall::{Stall, session},
    },
    verbs::{reconciles, text},
    world::{Person, World, body},
};

const COUNTS: &str = "it does not tell of as many lines as there are";

pub const DAY: Duration = Duration::from_secs(86_400);

/// A payment at Stripe for an order, made now; the object, and the id of the payment.
pub async fn pays(stall: &Stall, order: &Value) -> (Value, String) {
    let paid = stall.stripe.pays(session(order)).await;
    let id = text(&paid["payment_intent"]).to_owned();
    let now = stall.world.app.clock.now().unix_timestamp();
    stall.stripe.dates(&id, now);
    (paid, id)
}

pub fn changes(stall: &Stall, id: &str, change: impl Fn(&mut Value)) {
    let mut object = stall.stripe.object(id);
    change(&mut object);
    stall.stripe.put(&object);
}

/// Two days go by.
pub fn later(world: &World) {
    world.app.clock.forward(2 * DAY);
}

pub async fn reconciled(world: &World, client: ClientNo) {
    reconciles(&world.app, client).await.unwrap();
}

pub async fn lines(world: &World, client: ClientNo, standing: Option<Standing>) -> Vec<Kept> {
    let mut tx = world.app.db.client(client).await.unwrap();
    let days = (date!(2020 - 01 - 01), date!(2090 - 01 - 01));
    desk::lines(&mut tx, days, standing, None, 1_000)
        .await
        .unwrap()
}

pub async fn told(world: &World, client: ClientNo, standing: Standing) -> Vec<(Area, State)> {
    let mut told: Vec<_> = lines(world, client, Some(standing))
        .await
        .into_iter()
        .map(|line| (line.area, line.state))
        .collect();
    told.sort();
    told
}

pub async fn verified(world: &World, client: ClientNo) -> (usize, Vec<&'static str>) {
    let mut tx = world.app.db.client(client).await.unwrap();
    let (days, flaws): (usize, Vec<Flaw>) = close::verify(&mut tx).await.unwrap();
    (days, flaws.into_iter().map(|flaw| flaw.what).collect())
}

async fn balance(person: &Person<'_>, client: ClientNo, order: &Value) -> i64 {
    let mut tx = person.world.app.db.client(client).await.unwrap();
    let id = OrderId(text(&order["id"]).parse().unwrap());
    let owner = order::find(&mut tx, id).await.unwrap().owner();
    wallet::find(&mut tx, owner).await.unwrap().balance
}

#[tokio::test]
async fn what_was_paid_and_never_heard_of_is_credited() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    let (_, intent) = pays(&stall, &order).await;
    let refunded = alice.orders(&plan, "two").await;
    let (paid, other) = pays(&stall, &refunded).await;
    assert_eq!(
        stall
            .tells("evt_1", "checkout.session.completed", &paid)
            .await,
        StatusCode::OK
    );
    // a half of it went back, and nobody told us
    stall.stripe.gives_back(&json!({
        "id": "re_unheard", "object": "refund", "amount": 625, "currency": "usd", "status": "succeeded",
        "payment_intent": other, "metadata": {}, "created": stall.world.app.clock.now().unix_timestamp(),
    }));
    later(&stall.world);
    reconciled(&stall.world, acme.no).await;
    assert_eq!(balance(&alice, acme.no, &order).await, 150_000_000);
    assert_eq!(
        told(&stall.world, acme.no, Standing::Healed).await,
        [
            (Area::Payment, State::MissingHere),
            (Area::Refund, State::MissingHere)
        ]
    );
    assert_eq!(told(&stall.world, acme.no, Standing::Open).await, []);
    let healed = lines(&stall.world, acme.no, Some(Standing::Healed)).await;
    assert!(
        healed.iter().any(|line| line.reference == intent),
        "{healed:?}"
    );
    let (days, flaws) = verified(&stall.world, acme.no).await;
    assert!(days >= 1 && flaws.is_empty(), "{days} {flaws:?}");
    // once more, and the days after it: nothing is done twice
    for _ in 0..2 {
        later(&stall.world);
        reconciled(&stall.world, acme.no).await;
    }
    assert_eq!(balance(&alice, acme.no, &order).await, 150_000_000);
    assert_eq!(told(&stall.world, acme.no, Standing::Healed).await.len(), 2);
    assert_eq!(told(&stall.world, acme.no, Standing::Open).await, []);
    agree(&stall.world).await;
}

/// What is made good is told of each time, however alike, and what waits elsewhere is told of once.
#[tokio::test]
async fn a_second_healing_of_the_same_thing_is_told_of() {
    let stall = Stall::new().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    let (paid, intent) = pays(&stall, &order).await;
    let told_of = stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told_of, StatusCode::OK);
    let now = || world.app.clock.now().unix_timestamp();
    // nobody tells us of any of it: one can be taken in, one cannot
    for (id, amount, currency) in [("re_1", 625, "usd"), ("re_odd", 5, "eur")] {
        stall.stripe.gives_back(&json!({
            "id": id, "object": "refund", "amount": amount, "currency": currency, "status": "succeeded",
            "payment_intent": intent, "metadata": {}, "created": now(),
        }));
    }
    let healed = async || {
        later(world);
        reconciled(world, acme.no).await;
        assert_eq!(told(world, acme.no, Standing::Open).await, []);
        let lines = lines(world, acme.no, Some(Standing::Healed)).await;
        let mut of: Vec<String> = lines.into_iter().map(|line| line.reference).collect();
        of.sort();
        of
    };
    for _ in 0..2 {
        assert_eq!(healed().await, ["re_1", "re_odd"]);
        assert_eq!(balance(&alice, acme.no, &order).await, 50_000_000);
    }
    changes(&stall, "re_1", |refund| refund["status"] = "failed".into());
    stall
        .stripe
        .moves(&Move::of("refund_failure", "re_1", 625, now()));
    for _ in 0..2 {
        assert_eq!(healed().await, ["re_1", "re_1", "re_odd"]);
        assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
    }
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    agree(world).await;
}

/// A payment that did not fit was sent back at Stripe, as it should be, and nobody told us: what the
/// good payment gave stays.
#[tokio::test]
async fn what_goes_back_unheard_is_of_the_payment_that_it_is_of() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    let (paid, good) = pays(&stall, &order).await;
    let mut short = stall.stripe.object(&good);
    short["id"] = json!("pi_short");
    short["amount"] = json!(1_000);
    short["amount_received"] = json!(1_000);
    stall.stripe.put(&short);
    for (event, kind, object) in [
        ("evt_1", "payment_intent.succeeded", &short),
        ("evt_2", "checkout.session.completed", &paid),
    ] {
        assert_eq!(stall.tells(event, kind, object).await, StatusCode::OK);
    }
    assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
    stall.stripe.gives_back(&json!({
        "id": "re_unheard", "object": "refund", "amount": 1_000, "currency": "usd", "status": "succeeded",
        "payment_intent": "pi_short", "metadata": {}, "created": stall.world.app.clock.now().unix_timestamp(),
    }));
    later(&stall.world);
    reconciled(&stall.world, acme.no).await;
    assert_eq!(
        told(&stall.world, acme.no, Standing::Healed).await,
        [(Area::Refund, State::MissingHere)]
    );
    assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
    agree(&stall.world).await;
}

/// A server is killed when it has made something good, and before its run has ended.
#[tokio::test]
async fn what_was_made_good_is_told_of_though_the_run_was_killed() {
    let stall = Stall::new().await;
    let app = &stall.world.app;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    pays(&stall, &order).await;
    let day = app.clock.now().date();
    later(&stall.world);
    reconcile::read(app, day).await.unwrap();
    let mut tx = app.db.client(acme.no).await.unwrap();
    let found = look(&mut tx, day).await.unwrap();
    let run = desk::begin(&mut tx, day, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    for line in found.iter().filter(|line| line.remedy != Remedy::Fine) {
        let mut tx = app.db.client(acme.no).await.unwrap();
        let healed = desk::heal(&mut tx, (run, day), line, app.clock.now()).await;
        assert_eq!(healed.unwrap().unwrap().0, Standing::Healed);
        tx.commit().await.unwrap();
    }
    assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
    reconciled(&stall.world, acme.no).await;
    assert_eq!(
        told(&stall.world, acme.no, Standing::Healed).await,
        [(Area::Payment, State::MissingHere)]
    );
    assert_eq!(told(&stall.world, acme.no, Standing::Open).await, []);
    assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
    // the run that was broken off is seen as such
    let window = concierge::http::paging::Window {
        after: None,
        limit: 100,
    };
    let mut tx = app.db.client(acme.no).await.unwrap();
    let runs = desk::runs(&mut tx, &window).await.unwrap();
    let ended = |run: &&desk::Run| run.ended_at.is_some();
    assert_eq!(
        runs.len() - runs.iter().filter(ended).count(),
        1,
        "{runs:?}"
    );
    // whoever is late finds the day closed, and does nothing
    let mut tx = app.db.client(acme.no).await.unwrap();
    let late = desk::heal(&mut tx, (run, day), &found[0], app.clock.now()).await;
    assert_eq!(late.unwrap(), None);
}

/// Things that are wrong with what is here or there: each is found, and what is right is left alone.
#[tokio::test]
async fn what_is_wrong_waits_for_a_person_and_nothing_else_does() {
    let stall = Stall::new().await;
    let (world, app) = (&stall.world, &stall.world.app);
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let mut orders = Vec::new();
    for n in 0..8 {
        orders.push(alice.orders(&plan, &format!("order-{n}")).await);
    }
    let mut intents = Vec::new();
    for (n, order) in orders.iter().take(6).enumerate() {
        let (paid, id) = pays(&stall, order).await;
        let told = stall
            .tells(&format!("evt_{n}"), "checkout.session.completed", &paid)
            .await;
        assert_eq!(told, StatusCode::OK);
        intents.push(id);
    }
    // another amount there
    changes(&stall, &intents[0], |intent| {
        intent["amount"] = 9_999.into()
    });
    // a second payment for the same order, which nobody told us of
    let mut second = stall.stripe.object(&intents[1]);
    second["id"] = "pi_second".into();
    let at = app.clock.now().unix_timestamp() + 1;
    (second["created"], second["latest_charge"]) = (at.into(), "ch_second".into());
    stall.stripe.put(&second);
    stall
        .stripe
        .moves(&Move::of("charge", "ch_second", 1_250, at));
    // a payment that Stripe does not know of
    let mut tx = app.db.client(acme.no).await.unwrap();
    let id = OrderId(text(&orders[6]["id"]).parse().unwrap());
    let forged = Payment {
        provider: Provider::Stripe,
        reference: "pi_forged",
        amount: Units::new(1_250).unwrap(),
        currency: "usd",
    };
    order::paid(&mut tx, id, &forged, app.clock.now())
        .await
        .unwrap();
    // credits that say they came of an order which never was
    let entry = Entry {
        amount: Micros::new(7).unwrap(),
        key: "out of nowhere",
        subject: Some(uuid::Uuid::new_v4()),
        note: "",
    };
    let deed = (Kind::TopUp, Book::Stripe);
    wallet::add(&mut tx, Owner::Client, deed, &entry, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // one that was given up and paid all the same: a person sent the money back, and said so
    let given_up = alice.orders(&plan, "given-up").await;
    let (paid, _) = pays(&stall, &given_up).await;
    let id = OrderId(text(&given_up["id"]).parse().unwrap());
    let mut tx = app.db.client(acme.no).await.unwrap();
    assert!(order::cancel(&mut tx, id, app.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    let told_of = stall
        .tells("evt_up", "checkout.session.completed", &paid)
        .await;
    assert_eq!(told_of, StatusCode::OK);
    sqlx::query(
        "update payment_exception set state = 'dismissed', note = 'sent back', resolved_at = created_at
         where order_id = $1",
    )
    .bind(id)
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
    // a payment at Stripe that is no client's here
    stall.stripe.put(&json!({
        "id": "pi_other_shop", "object": "payment_intent", "status": "succeeded", "amount": 5,
        "currency": "usd", "created": app.clock.now().unix_timestamp(), "metadata": {},
    }));
    // one whose money came, and for which nothing was given
    sqlx::query("update payment_order set state = 'paid', paid_at = $2, changed_at = $2 where order_id = $1")
        .bind(text(&orders[7]["id"]).parse::<uuid::Uuid>().unwrap())
        .bind(app.clock.now())
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    later(world);
    let servers = (0..3).map(|_| reconciles(app, acme.no));
    for done in join_all(servers).await {
        done.unwrap();
    }
    assert_eq!(
        told(world, acme.no, Standing::Open).await,
        [
            (Area::Payment, State::MissingThere),
            (Area::Payment, State::AmountDiffers),
            (Area::Ledger, State::MissingHere),
        ]
    );
    assert_eq!(
        told(world, acme.no, Standing::Healed).await,
        [
            // it waits among the payment exceptions
            (Area::Payment, State::Duplicate),
            (Area::Order, State::MissingHere),
        ]
    );
    // seven that were credited, and the one that was made good
    assert_eq!(balance(&alice, acme.no, &orders[0]).await, 800_000_000);
    let strays: i64 =
        sqlx::query_scalar("select count(*) from outside_stray where reference = 'pi_other_shop'")
            .fetch_one(&mut world.superuser().await)
            .await
            .unwrap();
    assert_eq!(strays, 1);
    // credits that were given twice for an order of another day
    let entry = Entry {
        amount: Micros::new(100_000_000).unwrap(),
        key: "once more",
        subject: Some(text(&orders[5]["id"]).parse().unwrap()),
        note: "",
    };
    let mut tx = app.db.client(acme.no).await.unwrap();
    let deed = (Kind::TopUp, Book::Stripe);
    wallet::add(&mut tx, Owner::Client, deed, &entry, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // the rest is told of once
    later(world);
    reconciled(world, acme.no).await;
    assert_eq!(
        told(world, acme.no, Standing::Open).await,
        [
            (Area::Payment, State::MissingThere),
            (Area::Payment, State::AmountDiffers),
            (Area::Order, State::Duplicate),
            (Area::Ledger, State::MissingHere),
        ]
    );
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    agree(world).await;
}

/// The same as far as it comes within so many steps; none when it is broken off then, as by a kill.
async fn broken_off<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), steps);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Broken off after one step, after two, and so on, each time on what the last one left.
#[tokio::test]
async fn broken_off_anywhere_it_comes_to_the_same() {
    let stall = Stall::new().await;
    let app = &stall.world.app;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let mut orders = Vec::new();
    for n in 0..3 {
        let order = alice.orders(&plan, &format!("order-{n}")).await;
        let (_, intent) = pays(&stall, &order).await;
        orders.push((order, intent));
    }
    changes(&stall, &orders[2].1, |intent| {
        intent["amount"] = 9_999.into()
    });
    later(&stall.world);
    let mut broken = 0;
    while broken_off(broken + 1, reconciles(app, acme.no))
        .await
        .is_none()
    {
        broken += 1;
        // what it had in its hands is anybody's again
        app.clock.forward(Duration::from_secs(LEASE_SECONDS + 1));
    }
    assert!(broken > 20, "it was broken off {broken} times");
    assert_eq!(
        told(&stall.world, acme.no, Standing::Healed).await,
        [
            (Area::Payment, State::MissingHere),
            (Area::Payment, State::MissingHere),
            // it waits among the payment exceptions
            (Area::Payment, State::MissingHere),
        ]
    );
    assert_eq!(told(&stall.world, acme.no, Standing::Open).await, []);
    assert_eq!(balance(&alice, acme.no, &orders[0].0).await, 200_000_000);
    let (days, flaws) = verified(&stall.world, acme.no).await;
    assert!(days >= 1 && flaws.is_empty(), "{days} {flaws:?}");
    agree(&stall.world).await;
}

#[tokio::test]
async fn nothing_is_concluded_while_stripe_is_away() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    pays(&stall, &order).await;
    later(&stall.world);
    stall.stripe.goes_away(true);
    let done = reconciles(&stall.world.app, acme.no).await;
    assert!(
        matches!(done, Err(Error::Upstream(_) | Error::Unavailable(_))),
        "{done:?}"
    );
    assert_eq!(verified(&stall.world, acme.no).await.0, 0);
    assert_eq!(lines(&stall.world, acme.no, None).await, []);
    stall.stripe.goes_away(false);
    stall.world.rests();
    reconciled(&stall.world, acme.no).await;
    assert_eq!(balance(&alice, acme.no, &order).await, 100_000_000);
}

#[tokio::test]
async fn a_changed_old_line_is_found() {
    let stall = Stall::new().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    let (paid, _) = pays(&stall, &order).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    world.app.clock.forward(5 * DAY);
    reconciled(world, acme.no).await;
    let (days, flaws) = verified(world, acme.no).await;
    assert!(
        days >= 4 && flaws.is_empty(),
        "late by days, every one is closed: {days} {flaws:?}"
    );
    let mut conn = world.superuser().await;
    let lines = "its lines or its balance were changed since it was closed";
    let first = "where day = (select min(day) from book_day)";
    let counts = ["lines", "open"].map(|count| {
        let by = |sign: char| format!("update book_day set {count} = {count} {sign} 1 {first}");
        (by('+'), by('-'))
    });
    for (forge, mend) in counts {
        conn.execute(AssertSqlSafe(forge)).await.unwrap();
        assert_eq!(verified(world, acme.no).await.1, [COUNTS]);
        conn.execute(AssertSqlSafe(mend)).await.unwrap();
    }
    for (forge, mend, flaw) in [
        (
            "update recon_line set theirs = theirs + 1 where area = 'payment'",
            "update recon_line set theirs = theirs - 1 where area = 'payment'",
            lines,
        ),
        (
            "update recon_line set standing = 'healed' where area = 'payment'",
            "update recon_line set standing = 'fine' where area = 'payment'",
            lines,
        ),
        (
            "update recon_line set state = 'refunded' where area = 'payment'",
            "update recon_line set state = 'matched' where area = 'payment'",
            lines,
        ),
        (
            "update book_day set trial = trial || ' ' where day = (select min(day) from book_day)",
            "update book_day set trial = rtrim(trial, ' ') where day = (select min(day) from book_day)",
            lines,
        ),
        (
            "set session_replication_role = replica; update transfer set amount = amount + 1 where kind = 'top_up'",
            "update transfer set amount = amount - 1 where kind = 'top_up'; set session_replication_role = origin",
            "the transfers of the ledger do not add up to what they did",
        ),
        (
            "update book_day set hash = sha256('forged') where day = (select min(day) from book_day)",
            "",
            lines,
        ),
    ] {
        conn.execute(forge).await.unwrap();
        let (_, flaws) = verified(world, acme.no).await;
        assert!(flaws.contains(&flaw), "{forge}: {flaws:?}");
        if !mend.is_empty() {
            conn.execute(mend).await.unwrap();
            assert_eq!(verified(world, acme.no).await.1, [""; 0], "{mend}");
        }
    }
    // a day whose hash is made to fit does not fit the day after it
    let (_, flaws) = verified(world, acme.no).await;
    assert!(
        flaws.contains(&"it does not follow the day before"),
        "{flaws:?}"
    );
}

#[tokio::test]
async fn an_operator_reads_the_lines_and_says_what_became_of_them() {
    let stall = Stall::new().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    let (paid, intent) = pays(&stall, &order).await;
    stall
        .tells("evt_1", "checkout.session.completed", &paid)
        .await;
    changes(&stall, &intent, |intent| intent["amount"] = 1.into());
    later(world);
    reconciled(world, acme.no).await;
    let (fay, rex) = (
        world.operator("fay", Role::Finance).await,
        world.operator("rex", Role::ReadOnly).await,
    );
    let all = "from=2020-01-01&to=2020-12-31";
    let none = rex.get(&format!("/clients/acme/book-lines?{all}")).await;
    assert_eq!(none["items"], json!([]));
    let open = rex.get("/clients/acme/book-lines?standing=open").await;
    let line = &open["items"][0];
    assert_eq!(
        json!([
            line["area"],
            line["state"],
            line["ours"],
            line["theirs"],
            line["reference"]
        ]),
        json!(["payment", "amount_differs", "1250", "1", intent])
    );
    let table = rex
        .request(Method::GET, "/clients/acme/book-lines.csv")
        .send()
        .await
        .unwrap();
    let table = table.text().await.unwrap();
    assert!(
        table.starts_with("client,day,area,provider,reference,order,state,ours,theirs"),
        "{table}"
    );
    assert!(
        table.contains(",amount_differs,1250,1,usd,open,"),
        "{table}"
    );
    let path = format!("/clients/acme/book-lines/{}/resolve", text(&line["id"]));
    world.app.clock.forward(Duration::from_secs(600));
    let said = |note: &str, desk: &crate::console::Desk<'_>| {
        desk.request(Method::POST, &path)
            .json(&json!({ "note": note }))
            .send()
    };
    assert_eq!(
        said("no", &rex).await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        said(" ", &fay).await.unwrap().status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for wrong in ["a\0b", &*"x".repeat(501)] {
        let said = said(wrong, &fay).await.unwrap().status();
        assert_eq!(said, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    let kept = body(
        said("Stripe mended it.", &fay).await.unwrap(),
        StatusCode::OK,
    )
    .await;
    assert_eq!(
        json!([kept["standing"], kept["note"]]),
        json!(["resolved", "Stripe mended it."])
    );
    assert_eq!(
        said("again", &fay).await.unwrap().status(),
        StatusCode::CONFLICT
    );
    let days = rex.get("/clients/acme/book-days").await;
    assert_eq!(text(&days["items"][0]["hash"]).len(), 64);
    let runs = rex.get("/clients/acme/reconciliations").await;
    assert!(
        runs["items"]
            .as_array()
            .is_some_and(|runs| !runs.is_empty())
    );
    // what a person says later is not a change of the day, and how many lines waited then is not either
    assert_eq!(verified(world, acme.no).await.1, [""; 0]);
    let mut conn = world.superuser().await;
    for (open, flaws) in [(0, vec![COUNTS]), (1, vec![])] {
        let forge = format!("update book_day set open = {open} where lines > 0");
        conn.execute(AssertSqlSafe(forge)).await.unwrap();
        assert_eq!(verified(world, acme.no).await.1, flaws);
    }
    assert!(fay.acts().await.contains(&"book_line.resolve".to_owned()));
}

#[tokio::test]
async fn a_day_that_is_not_over_is_not_closed() {
    let stall = Stall::new().await;
    let (acme, plan) = stall.seller("acme").await;
    let alice = acme.person("alice").await;
    let order = alice.orders(&plan, "one").await;
    pays(&stall, &order).await;
    let now = stall.world.app.clock.now();
    let mut tx = stall.world.app.db.client(acme.no).await.unwrap();
    for day in [now.date(), now.date() + time::Duration::DAY] {
        let refused = close::close(&mut tx, day, now).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let over = |day: Date, at: OffsetDateTime| close::is_over(day, at);
    let day = date!(2026 - 11 - 20);
    let end = date!(2026 - 11 - 21).midnight().assume_utc();
    assert!(!over(day, end) && !over(day, end + time::Duration::minutes(59)));
    assert!(over(day, end + time::Duration::minutes(60)));
}
