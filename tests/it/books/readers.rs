//! Who reads the providers: one server at a time, and no worker waits for it.

use std::time::Duration;

use concierge::{
    billing::{
        Owner,
        chain::Chains,
        recon::turn::{self, LEASE_SECONDS},
    },
    ids::ClientNo,
    jobs,
    queue::{self, Job, Outcome},
};
use futures_util::future::join;

use super::{
    give, noon,
    reconcile::{DAY, later, pays, verified},
};
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
    noon(world);
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
    for _ in 0..2 {
        next().await.unwrap_err();
    }
    assert!(!next().await.unwrap(), "both days rest");
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
    // also by a clock that is four minutes ahead
    let ahead = world.app.clock.now() + time::Duration::minutes(4);
    let mut tx = world.app.db.system().await.unwrap();
    let taken = turn::begin(&mut tx, "stripe", ahead).await.unwrap();
    assert!(taken.is_none(), "{taken:?}");
    drop(tx);
    let lease = Duration::from_secs(LEASE_SECONDS + 1);
    world.app.clock.forward(lease);
    assert!(next().await.unwrap());
    while next().await.unwrap() {}
    assert_eq!(world.count(read).await, 2, "each day once");
    world.app.clock.forward(DAY / 100);
    drain().await.unwrap();
    assert_eq!(verified(world, acme.no).await, (2, vec![]));
    let left = "select count(*) from job where kind = 'reconcile'";
    assert_eq!(world.count(left).await, 0);
}

/// A client whose money cannot have moved by a provider does not wait for it; it is read all the same.
#[tokio::test]
async fn who_has_no_order_does_not_wait_for_a_provider_that_is_away() {
    let stall = Stall::new().await;
    let world = &stall.world;
    noon(world);
    let (acme, plan) = stall.seller("acme").await;
    let gifted = world.partner("gifted").await.no;
    give(world, gifted, Owner::Client, 1, "gift").await;
    acme.person("alice").await.orders(&plan, "one").await;
    stall.stripe.goes_away(true);
    later(world);
    let catch_up = async |client| jobs::reconcile::catch_up(&world.app, client).await;
    assert_eq!(catch_up(gifted).await.unwrap(), Outcome::Done);
    assert_eq!(verified(world, gifted).await, (2, vec![]));
    let asked = "select count(*) from outside_wish where provider = 'stripe'";
    assert_eq!(world.count(asked).await, 2);
    let waits = catch_up(acme.no).await.unwrap();
    assert!(matches!(waits, Outcome::Later { .. }), "{waits:?}");
    assert_eq!(verified(world, acme.no).await.0, 0);
}
