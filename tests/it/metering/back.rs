//! A clock that was ahead and goes back: nothing is had twice, and nothing ends too early.

use std::time::Duration;

use concierge::{
    billing::{Billing, Owner, Source, price},
    error::Error,
    ids::{ClientNo, UserId},
    jobs,
};
use uuid::Uuid;

use super::{
    RATES, answer, assert_all_settled, billed, gift, opened, settled, tx, used, users_pay,
    wallet_of,
};
use crate::world::World;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn someone() -> Owner {
    Owner::User(UserId(Uuid::new_v4()))
}

/// An answer that is delivered: by what it is paid, or that it is refused.
async fn answered(world: &World, client: ClientNo, who: Owner) -> Result<Source, Error> {
    let one = answer(who, 100, 100);
    let source = opened(world, client, &one).await?.unwrap().source;
    settled(world, client, one.id, used(100, 100))
        .await
        .unwrap();
    Ok(source)
}

#[tokio::test]
async fn a_day_that_was_used_up_stays_used_up() {
    let world = World::new().await;
    world.at_noon();
    let client = world.partner("acme").await.no;
    let who = someone();
    let billing = Billing {
        free_uses_per_day: 2,
        user_uses_per_day: Some(3),
        ..users_pay()
    };
    billed(&world, client, billing).await;
    gift(&world, client, who, 1_000_000).await;
    let clock = &world.app.clock;
    let uses_up = async || {
        for expected in [Source::Allowance, Source::Allowance, Source::Credit] {
            assert_eq!(answered(&world, client, who).await.unwrap(), expected);
        }
    };
    let is_over = async || {
        let refused = answered(&world, client, who).await.unwrap_err();
        let Error::OverQuota(text, wait) = refused else {
            panic!("{refused:?}")
        };
        assert!(text.starts_with("What you may use today"), "{text}");
        assert!(wait <= DAY, "{wait:?}");
    };
    uses_up().await;
    clock.forward(DAY);
    uses_up().await;
    // twice over midnight, back and forth
    for _ in 0..2 {
        clock.back(DAY);
        is_over().await;
        clock.forward(DAY);
        is_over().await;
    }
    clock.back(Duration::from_secs(60));
    is_over().await;
    let free = "select sum(free_uses)::bigint from tally where period = 'day'";
    assert_eq!(world.count(free).await, 4);
    let days = "select count(*) from tally where period = 'day'";
    assert_eq!(world.count(days).await, 2);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn what_is_settled_on_another_day_counts_on_the_one_it_was_opened() {
    let world = World::new().await;
    world.at_noon();
    let client = world.partner("acme").await.no;
    let who = someone();
    let quota = Billing {
        user_credits_per_day: Some(1_200),
        ..users_pay()
    };
    billed(&world, client, quota).await;
    gift(&world, client, who, 1_000_000).await;
    let clock = &world.app.clock;
    clock.forward(DAY);
    let one = answer(who, 100, 100);
    opened(&world, client, &one).await.unwrap().unwrap();
    clock.back(DAY);
    settled(&world, client, one.id, used(100, 100))
        .await
        .unwrap();
    // this day has its own quota, and that one has none left
    answered(&world, client, who).await.unwrap();
    for day in [DAY, Duration::ZERO] {
        clock.forward(day);
        let refused = answered(&world, client, who).await;
        assert!(matches!(refused, Err(Error::OverQuota(..))), "{refused:?}");
        clock.back(day);
    }
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn a_price_counts_from_its_time_on_and_for_what_was_opened_by_it() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let who = someone();
    billed(&world, client, users_pay()).await;
    gift(&world, client, who, 1_000_000).await;
    let clock = &world.app.clock;
    clock.forward(2 * HOUR);
    let dearer = price::Rates {
        output: Some(20_000_000),
        ..RATES
    };
    let set = async |rates| {
        let mut tx = tx(&world, client).await;
        price::set(&mut tx, "scripted", rates, None, clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    set(dearer).await;
    let by_the_new = answer(who, 100, 100);
    opened(&world, client, &by_the_new).await.unwrap();
    clock.back(HOUR);
    let balance = async || wallet_of(&world, client, who).await.balance;
    let before = balance().await;
    let by_the_old = answer(who, 100, 100);
    let held = opened(&world, client, &by_the_old)
        .await
        .unwrap()
        .unwrap()
        .held;
    assert_eq!(held, 125 + 1_000, "not dearer before its time");
    for (one, charged) in [(by_the_old, 1_100), (by_the_new, 2_100)] {
        let end = settled(&world, client, one.id, used(100, 100))
            .await
            .unwrap();
        assert_eq!(end.charged, charged);
    }
    assert_eq!(balance().await, before - 1_100 + 2_125 - 2_100);
    // a price of an hour from now is not outdone by one that is set now
    set(RATES).await;
    clock.forward(HOUR);
    let again = answer(who, 100, 100);
    let held = opened(&world, client, &again).await.unwrap().unwrap().held;
    assert_eq!(held, 125 + 2_000);
    settled(&world, client, again.id, used(0, 0)).await.unwrap();
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn what_is_set_aside_is_given_back_late_and_never_early() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let who = someone();
    billed(&world, client, users_pay()).await;
    gift(&world, client, who, 1_000_000).await;
    let clock = &world.app.clock;
    clock.forward(5 * HOUR);
    let gone = answer(who, 100, 100);
    opened(&world, client, &gone).await.unwrap();
    clock.back(3 * HOUR);
    for (hours, ended) in [(0, 0), (3, 0), (1, 1), (0, 0)] {
        clock.forward(hours * HOUR);
        assert_eq!(jobs::end_stale_holds(&world.app).await.unwrap(), ended);
    }
    let wallet = wallet_of(&world, client, who).await;
    assert_eq!((wallet.balance, wallet.held), (1_000_000, 0));
    // ended by a clock that is behind when it began
    let done = answer(who, 100, 100);
    opened(&world, client, &done).await.unwrap();
    clock.back(DAY);
    settled(&world, client, done.id, used(100, 100))
        .await
        .unwrap();
    assert_all_settled(&world).await;
}
