//! Quotas of users and budgets of clients, under crowds and across midnight.

use std::time::Duration;

use concierge::{
    billing::{Billing, Owner, Source, meter},
    error::Error,
    ids::UserId,
};
use futures_util::future::{join, join_all};
use sqlx::Executor;
use uuid::Uuid;

use super::{
    answer, assert_all_settled, assert_books_agree, billed, client_pays, gift, opened, settled, tx,
    used, users_pay, waits,
};
use crate::world::World;

fn someone() -> Owner {
    Owner::User(UserId(Uuid::new_v4()))
}

#[tokio::test]
async fn where_nobody_pays_nothing_is_kept() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let estimate = answer(someone(), 100, 1_000);
    assert_eq!(opened(&world, client, &estimate).await.unwrap(), None);
    billed(&world, client, Billing::default()).await;
    assert_eq!(opened(&world, client, &estimate).await.unwrap(), None);
    assert_eq!(
        settled(&world, client, estimate.id, used(100, 10)).await,
        None
    );
    assert_eq!(world.count("select count(*) from meter").await, 0);
}

#[tokio::test]
async fn a_budget_holds_whoever_asks_at_once() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    gift(&world, client, Owner::Client, 1_000_000_000).await;
    // an answer of 100 tokens read and 100 written: 125 + 1000 micro-credits at most
    let budget = Billing {
        budget_per_month: Some(5_000),
        ..client_pays()
    };
    billed(&world, client, budget).await;
    let asked: Vec<_> = (0..12).map(|_| answer(someone(), 100, 100)).collect();
    let opened = join_all(asked.iter().map(|one| opened(&world, client, one))).await;
    let let_in: Vec<_> = asked
        .iter()
        .zip(&opened)
        .filter(|(_, opened)| opened.is_ok())
        .collect();
    assert_eq!(let_in.len(), 4, "{opened:?}");
    let refused = opened.iter().filter_map(|opened| opened.as_ref().err());
    assert!(
        refused
            .clone()
            .all(|error| matches!(error, Error::OutOfCredit(_))),
        "{opened:?}"
    );
    // what they did not need can be spent again
    for (one, _) in &let_in {
        settled(&world, client, one.id, used(100, 10))
            .await
            .unwrap();
    }
    let again = answer(someone(), 100, 100);
    assert!(
        super::opened(&world, client, &again)
            .await
            .unwrap()
            .is_some()
    );
    settled(&world, client, again.id, used(100, 10))
        .await
        .unwrap();
    let sum = "select credits from tally where owner_id = '00000000-0000-0000-0000-000000000000'";
    assert_eq!(world.count(sum).await, 5 * 200);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn a_budget_counts_what_was_used_before_it_was_set() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    gift(&world, client, Owner::Client, 1_000_000).await;
    billed(&world, client, client_pays()).await;
    let done = answer(someone(), 100, 100);
    opened(&world, client, &done).await.unwrap();
    settled(&world, client, done.id, used(100, 90))
        .await
        .unwrap();
    let running = answer(someone(), 100, 100);
    opened(&world, client, &running).await.unwrap();
    let budget = Billing {
        budget_per_month: Some(1_000 + 1_125 + 1_124),
        ..client_pays()
    };
    billed(&world, client, budget).await;
    let refused = opened(&world, client, &answer(someone(), 100, 100)).await;
    assert!(matches!(refused, Err(Error::OutOfCredit(_))), "{refused:?}");
    settled(&world, client, running.id, used(100, 90))
        .await
        .unwrap();
    let fits = answer(someone(), 100, 100);
    assert!(opened(&world, client, &fits).await.unwrap().is_some());
    settled(&world, client, fits.id, used(100, 90))
        .await
        .unwrap();
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn quotas_of_a_user_end_with_the_day_of_the_client_and_bind_nobody_else() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let mut first = tx(&world, client).await;
    let zone = "update client set time_zone = 'Pacific/Auckland' where client_no = $1";
    sqlx::query(zone)
        .bind(client)
        .execute(first.conn())
        .await
        .unwrap();
    first.commit().await.unwrap();
    let quota = Billing {
        user_uses_per_day: Some(2),
        user_credits_per_month: Some(3_000),
        ..users_pay()
    };
    billed(&world, client, quota).await;
    let (ann, bob) = (someone(), someone());
    for owner in [ann, bob] {
        gift(&world, client, owner, 1_000_000).await;
    }
    for _ in 0..2 {
        let one = answer(ann, 100, 50);
        assert_eq!(
            opened(&world, client, &one).await.unwrap().unwrap().source,
            Source::Credit
        );
        settled(&world, client, one.id, used(100, 50))
            .await
            .unwrap();
    }
    let refused = opened(&world, client, &answer(ann, 100, 50))
        .await
        .unwrap_err();
    let Error::OverQuota(text, wait) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (429, "throttled")
    );
    assert!(
        text.starts_with("What you may use today is used up."),
        "{text}"
    );
    assert!(*wait <= Duration::from_secs(25 * 3_600), "{wait:?}");
    let of_bob = answer(bob, 100, 50);
    assert!(opened(&world, client, &of_bob).await.is_ok());
    settled(&world, client, of_bob.id, used(100, 50))
        .await
        .unwrap();
    // the moment it ends
    world.app.clock.forward(*wait);
    let next = answer(ann, 100, 50);
    assert!(opened(&world, client, &next).await.is_ok());
    settled(&world, client, next.id, used(100, 50))
        .await
        .unwrap();
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn a_quota_in_credits_shortens_the_answer_and_then_refuses_it() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let ann = someone();
    gift(&world, client, ann, 1_000_000_000).await;
    let quota = Billing {
        user_credits_per_day: Some(20_000),
        ..users_pay()
    };
    billed(&world, client, quota).await;
    let first = answer(ann, 100, 4_000);
    let cut = opened(&world, client, &first).await.unwrap().unwrap();
    assert_eq!((cut.held, cut.output_tokens_max), (125 + 19_870, 1_987));
    let refused = opened(&world, client, &answer(ann, 100, 4_000)).await;
    assert!(matches!(refused, Err(Error::OverQuota(..))), "{refused:?}");
    // a vendor that writes more than it was asked for is not paid for it by the user
    let charged = settled(&world, client, first.id, used(100, 9_999))
        .await
        .unwrap();
    assert_eq!(charged.charged, cut.held);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn many_hands_settle_and_open_without_waiting_in_a_circle() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    gift(&world, client, Owner::Client, 1_000_000_000).await;
    let all = Billing {
        free_uses_per_day: 3,
        budget_per_month: Some(900_000_000),
        user_credits_per_day: Some(900_000_000),
        user_uses_per_month: Some(1_000),
        ..client_pays()
    };
    billed(&world, client, all).await;
    let users = [someone(), someone()];
    let hands = (0..8_usize).map(|hand| {
        let (world, who) = (&world, users[hand % 2]);
        async move {
            for n in 0..10 {
                let one = answer(who, 100, 100);
                opened(world, client, &one).await.unwrap().unwrap();
                // every third brings nothing, and is settled by two at once
                let used = used(100, if n % 3 == 0 { 0 } else { 100 });
                let ends = join_all([0, 1].map(|_| settled(world, client, one.id, used))).await;
                assert_eq!(ends.iter().flatten().count(), 1);
            }
        }
    });
    join_all(hands).await;
    assert_all_settled(&world).await;
    let budget = "select credits - (select sum(charged) from meter)::bigint from tally
         where owner_id = '00000000-0000-0000-0000-000000000000'";
    assert_eq!(world.count(budget).await, 0);
    assert_eq!(world.count("select sum(free_uses) from tally").await, 6);
    assert_books_agree(&world).await;
}

#[tokio::test]
async fn what_is_given_back_locks_the_day_before_the_month() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let free = Billing {
        free_uses_per_day: 1,
        ..users_pay()
    };
    billed(&world, client, free).await;
    let one = answer(someone(), 10, 10);
    opened(&world, client, &one).await.unwrap().unwrap();
    let conn = &mut world.superuser().await;
    for sql in [
        // so that whoever goes by the table comes to the month first
        "with gone as (delete from tally returning *)
         insert into tally select * from gone order by period desc",
        "begin",
        "select from tally where period = 'day' for update",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let looks = async {
        waits(&world).await;
        let month = "select period from tally where period = 'month' for update skip locked";
        assert_eq!(
            sqlx::query(month)
                .fetch_all(&mut *conn)
                .await
                .unwrap()
                .len(),
            1
        );
        conn.execute("rollback").await.unwrap();
    };
    let (end, ()) = join(settled(&world, client, one.id, used(10, 0)), looks).await;
    assert_eq!(end.unwrap().source, Source::Allowance);
    let left = "select count(*) from tally where uses > 0 or free_uses > 0";
    assert_eq!(world.count(left).await, 0);
}

#[tokio::test]
async fn a_budget_that_is_set_again_goes_on_with_its_sum() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    gift(&world, client, Owner::Client, 1_000_000).await;
    let budget = |micros| Billing {
        budget_per_month: Some(micros),
        ..client_pays()
    };
    billed(&world, client, budget(5_000)).await;
    let one = answer(someone(), 10, 10);
    let held = opened(&world, client, &one).await.unwrap().unwrap().held;
    assert_eq!(
        held,
        10 + 3 + 100,
        "a quarter more, of a short question too"
    );
    let mut settling = tx(&world, client).await;
    let now = world.app.clock.now();
    meter::settle(&mut settling, one.id, &used(10, 1), now)
        .await
        .unwrap();
    // adding up anew would wait for this, and then write what was before it
    let set = billed(&world, client, budget(6_000));
    tokio::time::timeout(Duration::from_secs(5), set)
        .await
        .expect("it waits for nobody");
    settling.commit().await.unwrap();
    let sum = "select credits from tally where owner_id = '00000000-0000-0000-0000-000000000000'";
    assert_eq!(world.count(sum).await, 20);
    assert_all_settled(&world).await;
}
