//! The order in which things are used up: free uses of the day, a pass, packs, credits.

use std::time::Duration;

use concierge::{
    billing::{Billing, Owner, Source, entitlement, plan::PassUnit},
    error::Error,
    ids::UserId,
};
use uuid::Uuid;

use super::{
    answer, assert_all_settled, billed, gift, opened, plans, settled, tx, used, users_pay,
    wallet_of,
};
use crate::world::World;

/// A day, in a model of what must come out.
const DAY: Duration = Duration::from_secs(86_400);

/// What is left, as simple as it can be said.
struct Model {
    free: i32,
    pass_days: i64,
    packs: i32,
    credit: i64,
}

impl Model {
    fn source(&self) -> Option<Source> {
        [
            (self.free > 0, Source::Allowance),
            (self.pass_days > 0, Source::Pass),
            (self.packs > 0, Source::Pack),
            // 100 tokens read and a margin, 100 written
            (self.credit >= 1_125, Source::Credit),
        ]
        .into_iter()
        .find_map(|(has, source)| has.then_some(source))
    }

    fn take(&mut self, source: Source) {
        match source {
            Source::Allowance => self.free -= 1,
            Source::Pack => self.packs -= 1,
            Source::Credit => self.credit -= 1_100,
            Source::Pass => {}
        }
    }
}

/// The same deeds every time.
fn deeds(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

async fn play(seed: u64, steps: usize) {
    let world = World::new().await;
    // far from midnight, which is not a deed of this play
    let second = world.app.clock.now().unix_timestamp().rem_euclid(86_400) as u64;
    world
        .app
        .clock
        .forward(Duration::from_secs(86_400 + 43_200 - second));
    let client = world.partner("acme").await.no;
    let who = Owner::User(UserId(Uuid::new_v4()));
    let billing = Billing {
        free_uses_per_day: 2,
        ..users_pay()
    };
    billed(&world, client, billing).await;
    let mut first = tx(&world, client).await;
    let pack = plans::offered(&mut first, plans::pack(3, 1)).await;
    let pass = plans::offered(&mut first, plans::pass(PassUnit::Day, 1, 1)).await;
    first.commit().await.unwrap();
    let mut model = Model {
        free: 2,
        pass_days: 0,
        packs: 0,
        credit: 0,
    };
    for (n, deed) in deeds(seed).take(steps).enumerate() {
        match deed % 10 {
            0 => {
                gift(&world, client, who, 2_500).await;
                model.credit += 2_500;
            }
            1 => {
                let mut tx = tx(&world, client).await;
                let plan = if deed & 1024 == 0 { &pack } else { &pass };
                let now = world.app.clock.now();
                entitlement::grant(&mut tx, who, plan, &format!("{n}"), now)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                if deed & 1024 == 0 {
                    model.packs += 3;
                } else {
                    model.pass_days += 1;
                }
            }
            2 => {
                // passes count from their moment, free uses from midnight: a day is a day for both
                world.app.clock.forward(DAY);
                model.free = 2;
                model.pass_days = (model.pass_days - 1).max(0);
            }
            _ => {
                let one = answer(who, 100, 100);
                let got = opened(&world, client, &one).await;
                let expected = model.source();
                match (expected, got) {
                    (Some(source), Ok(Some(opened))) => {
                        assert_eq!(opened.source, source, "{seed} {n}")
                    }
                    (None, Err(Error::OutOfCredit(_))) => continue,
                    (expected, got) => panic!("{seed} {n}: {expected:?}, not {got:?}"),
                }
                // nothing delivered, nothing taken
                let delivered = deed & 4096 == 0;
                let use_of = used(100, if delivered { 100 } else { 0 });
                let end = settled(&world, client, one.id, use_of).await.unwrap();
                assert_eq!(Some(end.source), expected);
                if delivered {
                    model.take(end.source);
                }
            }
        }
        assert_eq!(
            wallet_of(&world, client, who).await.balance,
            model.credit,
            "{seed} {n}"
        );
    }
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn what_is_used_first_is_what_the_order_says() {
    play(1, 60).await;
    play(7, 60).await;
}

#[tokio::test]
#[ignore = "60 worlds: in `make soak`"]
async fn what_is_used_first_is_what_the_order_says_at_length() {
    for seed in 100..160 {
        play(seed, 200).await;
    }
}
