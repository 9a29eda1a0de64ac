//! Plans, and the packs and passes that come out of them.

use concierge::{
    billing::{
        Micros, NewPlan, Offer, Owner, Plan, Posted, entitlement,
        plan::{self, PassUnit},
    },
    db::ClientTx,
    error::{Error, Result},
    identity::MembersMay,
    identity::V1Tokens,
    ids::UserId,
};
use futures_util::future::join_all;
use time::{OffsetDateTime, macros::datetime};

use super::{assert_books_agree, gift, micros, tx, wallet_of};
use crate::world::World;

/// A pack of uses for some micro-credits.
pub fn pack(uses: i32, credits: i64) -> NewPlan {
    NewPlan {
        name: format!("{uses} uses"),
        kind: Offer::Uses,
        credits: Micros::new(credits).ok(),
        price_minor: None,
        currency: None,
        uses: Some(uses),
        pass_unit: None,
        pass_count: None,
    }
}

/// A pass for some micro-credits.
pub fn pass(unit: PassUnit, count: i32, credits: i64) -> NewPlan {
    NewPlan {
        name: format!("{count} {unit:?}"),
        kind: Offer::Pass,
        uses: None,
        pass_unit: Some(unit),
        pass_count: Some(count),
        ..pack(1, credits)
    }
}

/// Puts a plan on offer.
pub async fn offered(tx: &mut ClientTx, new: NewPlan) -> Plan {
    plan::offer(tx, new, None, datetime!(2026-01-01 00:00 UTC))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_changed_plan_is_another_one_and_the_old_stays_readable() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let mut tx = tx(&world, client).await;
    let old = offered(&mut tx, pack(10, 5_000_000)).await;
    let now = datetime!(2026-01-02 00:00 UTC);
    let dearer = plan::offer(&mut tx, pack(10, 6_000_000), Some(old.plan_id), now).await;
    let dearer = dearer.unwrap();
    assert_eq!(dearer.replaces, Some(old.plan_id));
    assert_eq!(
        plan::list(&mut tx, false).await.unwrap(),
        std::slice::from_ref(&dearer)
    );
    assert_eq!(plan::list(&mut tx, true).await.unwrap().len(), 2);
    let ended = plan::find(&mut tx, old.plan_id).await.unwrap();
    assert_eq!((ended.enabled, ended.credits), (false, old.credits));

    let again = plan::offer(&mut tx, pack(11, 1), Some(old.plan_id), now).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let unknown = plan::offer(
        &mut tx,
        pack(11, 1),
        Some(concierge::ids::PlanId::new(now)),
        now,
    )
    .await;
    assert!(
        matches!(unknown, Err(Error::NotFound("plan"))),
        "{unknown:?}"
    );
    let same_name = plan::offer(&mut tx, pack(10, 1), None, now).await;
    assert!(
        matches!(same_name, Err(Error::Taken("name"))),
        "{same_name:?}"
    );
}

#[tokio::test]
async fn the_terms_of_a_plan_cannot_be_changed_even_by_sql() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let mut tx = tx(&world, client).await;
    let old = offered(&mut tx, pack(10, 5_000_000)).await;
    let update = "update plan set credits = 1 where client_no = $1 and plan_id = $2";
    let refused = sqlx::query(update)
        .bind(client)
        .bind(old.plan_id)
        .execute(tx.conn())
        .await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("offer another one")
    );
}

#[tokio::test]
async fn what_cannot_be_offered_is_refused_in_words() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let money = |price, currency: &str| NewPlan {
        price_minor: Some(price),
        currency: Some(currency.to_owned()),
        ..pack(10, 1)
    };
    let of_kind = |kind| NewPlan {
        kind,
        uses: None,
        ..pack(10, 1)
    };
    let wrong = [
        NewPlan {
            name: " ".into(),
            ..pack(10, 1)
        },
        NewPlan {
            name: "字".repeat(101),
            ..pack(10, 1)
        },
        NewPlan {
            name: "a\0b".into(),
            ..pack(10, 1)
        },
        NewPlan {
            uses: None,
            ..pack(10, 1)
        },
        NewPlan {
            credits: None,
            ..pack(10, 1)
        },
        NewPlan {
            currency: Some("CNY".into()),
            ..pack(10, 1)
        },
        pack(0, 1),
        pack(-1, 1),
        pack(1_000_001, 1),
        pass(PassUnit::Day, 0, 1),
        pass(PassUnit::Year, 367, 1),
        money(0, "CNY"),
        money(-1, "CNY"),
        money(1_250, "ISK"),
        money(1_255, "KWD"),
        money(1_250, "UGX"),
        money(1, "cny"),
        money(1, "人民币"),
        money(1, "C"),
        of_kind(Offer::Credit),
        NewPlan {
            credits: None,
            ..of_kind(Offer::Monthly)
        },
        NewPlan {
            kind: Offer::Monthly,
            uses: None,
            ..money(1, "CNY")
        },
    ];
    for new in wrong {
        let mut tx = tx(&world, client).await;
        let text = format!("{new:?}");
        let refused = plan::offer(&mut tx, new, None, world.app.clock.now()).await;
        assert!(
            matches!(refused, Err(Error::Invalid(_))),
            "{text}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_pack_is_bought_once_however_often_it_is_asked_for() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let owner = Owner::User(UserId::new(world.app.clock.now()));
    gift(&world, client, owner, 12_000_000).await;
    let mut first = tx(&world, client).await;
    let plan = offered(&mut first, pack(10, 5_000_000)).await;
    let dear = offered(&mut first, pack(20, 8_000_000)).await;
    first.commit().await.unwrap();
    let buy = async |plan: &Plan, key: &str| -> Result<Posted> {
        let mut tx = tx(&world, client).await;
        let posted = plan::purchase(&mut tx, owner, plan, key, world.app.clock.now()).await?;
        tx.commit().await?;
        Ok(posted)
    };
    let bought = join_all((0..6).map(|_| buy(&plan, "a"))).await;
    let now = bought
        .iter()
        .filter(|posted| matches!(posted, Ok(Posted::Now)));
    assert_eq!(now.count(), 1, "{bought:?}");
    assert!(bought.iter().all(Result::is_ok), "{bought:?}");
    assert_eq!(wallet_of(&world, client, owner).await.balance, 7_000_000);
    // the same key for something else, and more than there is
    assert!(matches!(buy(&dear, "a").await, Err(Error::Taken(_))));
    assert!(matches!(buy(&dear, "b").await, Err(Error::OutOfCredit(_))));
    // what was bought before its offer ended is not lost on a second try
    let mut end = tx(&world, client).await;
    plan::enable(&mut end, plan.plan_id, false).await.unwrap();
    end.commit().await.unwrap();
    let ended = plan::find(&mut tx(&world, client).await, plan.plan_id)
        .await
        .unwrap();
    assert_eq!(buy(&ended, "a").await.unwrap(), Posted::Before);
    assert!(matches!(buy(&ended, "c").await, Err(Error::Conflict(_))));

    let mut tx = tx(&world, client).await;
    let owned = entitlement::list(&mut tx, owner, world.app.clock.now())
        .await
        .unwrap();
    assert_eq!(owned.len(), 1);
    assert_eq!(
        (owned[0].uses, owned[0].used, owned[0].kind),
        (Some(10), 0, Offer::Uses)
    );
    assert_eq!(assert_books_agree(&world).await.transfers, 2);
}

#[tokio::test]
async fn passes_follow_each_other_through_the_calendar_of_the_client() {
    let world = World::new().await;
    let partner = world
        .partner_with("acme", V1Tokens::Header, MembersMay::Own)
        .await;
    let owner = Owner::User(UserId::new(world.app.clock.now()));
    let mut tx = tx(&world, partner.no).await;
    // summer time begins on 2026-03-29 and ends on 2026-10-25
    let zone = "update client set time_zone = 'Europe/Berlin' where client_no = $1";
    sqlx::query(zone)
        .bind(partner.no)
        .execute(tx.conn())
        .await
        .unwrap();
    let month = offered(&mut tx, pass(PassUnit::Month, 1, 1)).await;
    let quarter = offered(&mut tx, pass(PassUnit::Quarter, 1, 1)).await;
    let year = offered(&mut tx, pass(PassUnit::Year, 1, 1)).await;
    let days = offered(&mut tx, pass(PassUnit::Day, 3, 1)).await;
    // 10:00 in Berlin on the last day of January
    let bought = datetime!(2026-01-31 09:00 UTC);
    for (plan, key) in [
        (&month, "1"),
        (&month, "2"),
        (&quarter, "3"),
        (&year, "4"),
        (&days, "5"),
    ] {
        let given = entitlement::grant(&mut tx, owner, plan, key, bought).await;
        assert_eq!(given.unwrap(), Posted::Now);
    }
    let owned = entitlement::list(&mut tx, owner, bought).await.unwrap();
    let mut times: Vec<(OffsetDateTime, OffsetDateTime)> = owned
        .iter()
        .map(|one| (one.starts_at, one.ends_at.unwrap()))
        .collect();
    times.sort_unstable();
    assert_eq!(
        times,
        [
            (bought, datetime!(2026-02-28 09:00 UTC)),
            (
                datetime!(2026-02-28 09:00 UTC),
                datetime!(2026-03-28 09:00 UTC)
            ),
            // an hour less, since it is summer then
            (
                datetime!(2026-03-28 09:00 UTC),
                datetime!(2026-06-28 08:00 UTC)
            ),
            (
                datetime!(2026-06-28 08:00 UTC),
                datetime!(2027-06-28 08:00 UTC)
            ),
            (
                datetime!(2027-06-28 08:00 UTC),
                datetime!(2027-07-01 08:00 UTC)
            ),
        ]
    );
    // a leap day
    let other = Owner::User(UserId::new(bought));
    let leap = datetime!(2028-02-29 12:00 UTC);
    entitlement::grant(&mut tx, other, &year, "leap", leap)
        .await
        .unwrap();
    let given = entitlement::find(&mut tx, "leap").await.unwrap().unwrap();
    assert_eq!(given.ends_at, Some(datetime!(2029-02-28 12:00 UTC)));
}

#[tokio::test]
async fn what_is_taken_back_counts_no_more_and_is_taken_back_once() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let now = world.app.clock.now();
    let mut tx = tx(&world, client).await;
    let plan = offered(&mut tx, pack(10, 1)).await;
    let credit = NewPlan {
        kind: Offer::Credit,
        credits: Some(micros(1)),
        price_minor: Some(100),
        currency: Some("CNY".into()),
        uses: None,
        ..pack(1, 1)
    };
    let credit = offered(&mut tx, credit).await;
    let owner = Owner::Client;
    let given = entitlement::grant(&mut tx, owner, &plan, "order 1", now).await;
    assert_eq!(given.unwrap(), Posted::Now);
    let given = entitlement::grant(&mut tx, owner, &plan, "order 1", now).await;
    assert_eq!(given.unwrap(), Posted::Before);
    let other = Owner::User(UserId::new(now));
    let taken = entitlement::grant(&mut tx, other, &plan, "order 1", now).await;
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    let wrong = entitlement::grant(&mut tx, owner, &credit, "order 2", now).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");

    assert_eq!(
        entitlement::revoke(&mut tx, "order 1", now).await.unwrap(),
        Posted::Now
    );
    assert_eq!(
        entitlement::revoke(&mut tx, "order 1", now).await.unwrap(),
        Posted::Before
    );
    assert_eq!(entitlement::list(&mut tx, owner, now).await.unwrap(), []);
    let unknown = entitlement::revoke(&mut tx, "order 9", now).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
}
