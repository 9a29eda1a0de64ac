//! Roll-ups, notices, and orders that nobody paid: safe to do twice, late, and by three at once.

use concierge::{
    billing::{Micros, Owner, notice, order, rollup},
    ids::{OrderId, UserId},
    jobs::money,
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Row;
use time::Duration;

use super::{agree, give};
use crate::{
    orders::stall::Stall,
    verbs::text,
    world::{World, body},
};

async fn rows(world: &World) -> Vec<(String, i32, i64, i64)> {
    sqlx::query("select model, answers, input_tokens, output_tokens from usage_hour order by hour, user_id, model")
        .fetch_all(&mut world.superuser().await)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

async fn used(world: &World, user: UserId, at: time::OffsetDateTime, tokens: i32) {
    sqlx::query(
        "insert into usage (client_no, message_id, user_id, model, input_tokens, output_tokens, counted_by, outcome, created_at)
         select client_no, gen_random_uuid(), $1, 'm', $2, 1, 'server', 'done', $3 from app_user where user_id = $1",
    )
    .bind(user.0)
    .bind(tokens)
    .bind(at)
    .execute(&mut world.superuser().await)
    .await
    .unwrap();
}

#[tokio::test]
async fn hours_add_up_to_what_was_used_however_often() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let alice = acme.person("alice").await;
    let me = alice.get("/api/v1/me").await;
    let user = UserId(text(&me["id"]).parse().unwrap());
    let now = world.app.clock.now().replace_minute(30).unwrap() + Duration::hours(2);
    for tokens in [10, 20] {
        used(&world, user, now - Duration::minutes(5), tokens).await;
    }
    used(&world, user, now - Duration::minutes(65), 5).await;
    let add_up = async || {
        let mut tx = world.app.db.system().await.unwrap();
        let rows = rollup::fresh(&mut tx, now).await.unwrap();
        tx.commit().await.unwrap();
        rows
    };
    let changed = join_all((0..3).map(|_| add_up())).await;
    assert_eq!(changed.iter().sum::<u64>(), 2, "three at once do it once");
    let expected = [("m".to_owned(), 1, 5, 1), ("m".to_owned(), 2, 30, 2)];
    assert_eq!(rows(&world).await, expected);
    assert_eq!(add_up().await, 0);
    // ten days late, beyond what is looked at by the hour
    used(&world, user, now - Duration::days(10), 7).await;
    assert_eq!(add_up().await, 0);
    for changed in [1, 0] {
        let mut tx = world.app.db.system().await.unwrap();
        assert_eq!(rollup::late(&mut tx, now).await.unwrap(), changed);
        tx.commit().await.unwrap();
    }
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let times = (now - Duration::days(30), now + Duration::days(1));
    let used = rollup::used(&mut tx, times, 100).await.unwrap();
    assert_eq!(used.iter().map(|used| used.input_tokens).sum::<i64>(), 42);
}

async fn look(world: &World) -> usize {
    let mut tx = world.app.db.system().await.unwrap();
    let begun = notice::look(&mut tx, world.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    begun.len()
}

#[tokio::test]
async fn a_wallet_that_falls_low_is_told_of_once() {
    let world = World::new().await;
    let (acme, other) = (world.partner("acme").await, world.partner("other").await);
    let (alice, bob) = (acme.person("alice").await, acme.person("bob").await);
    let me = alice.get("/api/v1/me").await;
    let owner = Owner::User(UserId(text(&me["id"]).parse().unwrap()));
    for client in [acme.no, other.no] {
        give(&world, client, Owner::Client, 3_000_000, "gift").await;
    }
    give(&world, acme.no, owner, 3_000_000, "gift of alice").await;
    assert_eq!(look(&world).await, 0, "nobody wants to be told");
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let threshold = Micros::new(5_000_000).unwrap();
    notice::set_threshold(&mut tx, Some(threshold), world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let looks = join_all((0..3).map(|_| look(&world))).await;
    assert_eq!(
        looks.iter().sum::<usize>(),
        2,
        "the client's wallet and hers, once"
    );
    let notices = alice.get("/api/v1/notices").await;
    let items = notices["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{notices}");
    assert_eq!(
        json!([
            items[0]["kind"],
            items[0]["balance"],
            items[0]["needed"],
            items[0]["ended_at"]
        ]),
        json!(["low_balance", "3", "5", null])
    );
    assert_eq!(bob.get("/api/v1/notices").await["items"], json!([]));
    // it rises, and falls again: told of again
    give(&world, acme.no, owner, 3_000_000, "more").await;
    assert_eq!(look(&world).await, 0);
    let notices = alice.get("/api/v1/notices").await;
    assert!(notices["items"][0]["ended_at"].is_string(), "{notices}");
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let threshold = Micros::new(7_000_000).unwrap();
    notice::set_threshold(&mut tx, Some(threshold), world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(look(&world).await, 1);
    assert_eq!(
        alice.get("/api/v1/notices").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn an_order_that_nobody_paid_ends_once() {
    let stall = Stall::new().await;
    let (app, (acme, plan)) = (&stall.world.app, stall.seller("acme").await);
    let alice = acme.person("alice").await;
    let (stuck, order) = (
        alice.orders(&plan, "stuck").await,
        alice.orders(&plan, "one").await,
    );
    let id = |order: &serde_json::Value| OrderId(text(&order["id"]).parse().unwrap());
    let (stuck, id) = (id(&stuck), id(&order));
    let state_of = async |id| {
        let mut tx = app.db.client(acme.no).await.unwrap();
        order::find(&mut tx, id).await.unwrap().state
    };
    let state = async || state_of(id).await;
    // one that cannot be ended comes first, and keeps no other
    let never = format!(
        "alter table payment_order add constraint stuck check (order_id <> '{stuck}' or state <> 'expired')"
    );
    sqlx::query(sqlx::AssertSqlSafe(never))
        .execute(&mut stall.world.superuser().await)
        .await
        .unwrap();
    let end = async || {
        let mut tx = app.db.system().await.unwrap();
        money::orders(app, &mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    };
    end().await;
    assert_eq!(state().await, order::State::Pending);
    app.clock
        .forward(std::time::Duration::from_secs(2 * 86_400));
    join_all((0..3).map(|_| end())).await;
    assert_eq!(state().await, order::State::Expired);
    assert_eq!(state_of(stuck).await, order::State::Pending);
    agree(&stall.world).await;
}

#[tokio::test]
async fn an_operator_has_a_plan_paid_by_the_month() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    acme.person("alice").await;
    let fay = world.operator("fay", concierge::admin::Role::Finance).await;
    let plan: uuid::Uuid = sqlx::query_scalar(
        "insert into plan (client_no, plan_id, name, kind, credits, enabled, created_at)
         values ($1, gen_random_uuid(), 'Team', 'monthly', 2000000, true, 'epoch') returning plan_id",
    )
    .bind(acme.no)
    .fetch_one(&mut world.superuser().await)
    .await
    .unwrap();
    let begin = |user: Option<&str>| {
        let wish = json!({"plan_id": plan, "user": user});
        fay.request(Method::POST, "/clients/acme/subscriptions")
            .json(&wish)
            .send()
    };
    let made = body(begin(Some("alice")).await.unwrap(), StatusCode::CREATED).await;
    assert_eq!(json!([made["plan"], made["credits"]]), json!(["Team", "2"]));
    assert_eq!(
        begin(Some("alice")).await.unwrap().status(),
        StatusCode::CONFLICT
    );
    assert_eq!(
        begin(Some("nobody")).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    body(begin(None).await.unwrap(), StatusCode::CREATED).await;
    let owner = Owner::User(UserId(text(&made["user_id"]).parse().unwrap()));
    give(&world, acme.no, owner, 3_000_000, "gift").await;
    concierge::jobs::bill::client(&world.app, acme.no)
        .await
        .unwrap();
    let path = format!("/clients/acme/subscriptions/{}", text(&made["id"]));
    let fees = fay.get(&format!("{path}/fees")).await;
    assert_eq!(
        json!([fees["items"][0]["state"], fees["items"][0]["credits"]]),
        json!(["paid", "2"])
    );
    // the client has nothing to pay with: that is told of
    assert_eq!(look(&world).await, 1);
    let ended = fay
        .request(Method::POST, &format!("{path}/end"))
        .send()
        .await
        .unwrap();
    assert!(body(ended, StatusCode::OK).await["ended_at"].is_string());
    let all = fay.get("/clients/acme/subscriptions").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let low = fay
        .json(
            Method::PUT,
            "/clients/acme/low-balance",
            json!({"credits": "5"}),
            StatusCode::OK,
        )
        .await;
    assert_eq!(low["credits"], "5");
    assert_eq!(fay.get("/clients/acme/low-balance").await["credits"], "5");
    assert_eq!(fay.get("/clients/acme/usage").await, json!([]));
}
