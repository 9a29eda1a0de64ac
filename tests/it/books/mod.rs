//! What runs by itself with money: fees, roll-ups, notices, the reconciliation and its closed days.

mod balance;
mod bill;
mod closed;
mod commands;
mod injected;
mod looked_after;
mod readers;
mod reconcile;
mod schedule;
mod walk;

use concierge::{
    billing::{Book, Entry, Kind, Micros, Owner, verify, wallet},
    ids::ClientNo,
};
use futures_util::{StreamExt, stream};
use time::OffsetDateTime;

use crate::world::World;

/// Clients in every third time zone of a list, each with a plan that costs `1 + n % 7` credits a month
/// and a subscription of the client's own which began at this time; every fifth can pay for no month.
pub async fn crowd(world: &World, count: i32, began: OffsetDateTime) -> Vec<ClientNo> {
    let mut conn = world.superuser().await;
    let clients: Vec<ClientNo> = sqlx::query_scalar(
        "insert into client (client_id, name, description, enabled, v1_tokens, token_realm, members_may, time_zone, created_at)
         select 'crowd-' || lpad(n::text, 6, '0'), 'n', '', true, 'header', 'partner', 'own',
           (array['Asia/Shanghai', 'America/New_York', 'Africa/Cairo', 'UTC'])[1 + n % 4], $2
         from generate_series(1, $1) n
         returning client_no",
    )
    .bind(count)
    .bind(began)
    .fetch_all(&mut conn)
    .await
    .unwrap();
    for text in [
        "insert into plan (client_no, plan_id, name, kind, credits, enabled, created_at)
         select client_no, gen_random_uuid(), 'monthly', 'monthly', (1 + client_no % 7) * 1000000, true, $1
         from client where client_id like 'crowd-%'",
        "insert into subscription (client_no, subscription_id, owner_id, plan_id, first_day, next_no, due_at, started_at)
         select client_no, gen_random_uuid(), '00000000-0000-0000-0000-000000000000', plan_id,
           ($1 at time zone time_zone)::date, 0, $1, $1
         from plan join client using (client_no) where client_id like 'crowd-%'",
    ] {
        sqlx::query(text).bind(began).execute(&mut conn).await.unwrap();
    }
    let gifts = clients.iter().filter(|client| client.0 % 5 != 0);
    stream::iter(gifts.map(|client| give(world, *client, Owner::Client, 100_000_000, "gift")))
        .buffer_unordered(8)
        .collect::<Vec<()>>()
        .await;
    clients
}

/// Gives micro-credits.
pub async fn give(world: &World, client: ClientNo, owner: Owner, amount: i64, key: &str) {
    let mut tx = world.app.db.client(client).await.unwrap();
    let entry = Entry {
        amount: Micros::new(amount).unwrap(),
        key,
        subject: None,
        note: "",
    };
    let from = (Kind::Grant, Book::Promotion);
    wallet::add(&mut tx, owner, from, &entry, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The next day begins, and half of it goes by: days come out alike at whatever time a test runs.
pub fn noon(world: &World) {
    let clock = &world.app.clock;
    let past = clock.now() - clock.now().replace_time(time::Time::MIDNIGHT);
    clock.forward(reconcile::DAY + reconcile::DAY / 2 - past.unsigned_abs());
}

/// The books agree.
pub async fn agree(world: &World) {
    let mut tx = world.app.db.system().await.unwrap();
    let (_, findings) = verify::books(&mut tx).await.unwrap();
    assert_eq!(findings, []);
}
