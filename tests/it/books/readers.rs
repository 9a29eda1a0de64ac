//! Who reads the providers: one server at a time, and no worker waits for it.

use std::time::Duration;

use concierge::{
    billing::{
        chain::Chains,
        recon::turn::{self, LEASE_SECONDS},
    },
    ids::ClientNo,
    jobs,
    queue::{self, Job},
};
use futures_util::future::join;

use super::reconcile::{DAY, later, pays, verified};
use crate::{
    orders::stall::Stall,
    world::{World, reading},
};

async fn enqueue(world: &World, client: ClientNo) {
    let mut tx = world.app.db.client(client).await.unwrap();
    let now = world.app.clock.now();
    queue::enqueue(&mut tx, Job::Reconcile, now).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn workers_ask_no_provider_and_wait_for_as_long_as_it_takes() {
    let stall = Stall::new().await;
    let world = &stall.world;
    let (acme, plan) = stall.seller("acme").await;
    let (other, _) = stall.seller("other").await;
    let order = acme.person("alice").await.orders(&plan, "one").await;
    pays(&stall, &order).await;
    later(world);
    for client in [acme.no, other.no] {
        enqueue(world, client).await;
    }
    let reading = reading(&world.app);
    let drain = || jobs::drain(&world.app, &reading);
    let (one, two) = join(drain(), drain()).await;
    one.and(two).unwrap();
    let read = "select count(*) from outside_read";
    assert_eq!(world.count(read).await, 0, "a worker read");
    // for longer than a job that fails is tried
    stall.stripe.goes_away(true);
    let chains = Chains::new(&world.app.config).unwrap();
    let next = || jobs::outside::next(&world.app, &chains, "stripe");
    next().await.unwrap_err();
    for _ in 0..6 {
        world.app.clock.forward(DAY / 100);
        drain().await.unwrap();
    }
    let waits = "select count(*) from job where last_error like 'stripe is not read for 20%yet: %'";
    assert_eq!(world.count(waits).await, 1);
    let given_up = "select count(*) from job where kind = 'reconcile' and (dead or attempts > 0)";
    assert_eq!(world.count(given_up).await, 0);
    assert_eq!(verified(world, acme.no).await.0, 0);
    stall.stripe.goes_away(false);
    let mut tx = world.app.db.system().await.unwrap();
    let killed = turn::begin(&mut tx, "stripe", world.app.clock.now());
    killed.await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert!(!next().await.unwrap(), "it is another server's turn");
    world
        .app
        .clock
        .forward(Duration::from_secs(LEASE_SECONDS + 1));
    assert!(next().await.unwrap());
    while next().await.unwrap() {}
    assert_eq!(world.count(read).await, 2, "each day once");
    world.app.clock.forward(DAY / 100);
    drain().await.unwrap();
    assert_eq!(verified(world, acme.no).await, (2, vec![]));
    let left = "select count(*) from job where kind = 'reconcile'";
    assert_eq!(world.count(left).await, 0);
}
