//! What amounts cost: exact until the end, and rounded up once.

use concierge::{
    billing::{Estimate, Owner, price},
    error::Error,
    ids::UserId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{answer, billed, gift, opened, tx, users_pay};
use crate::world::World;

/// Micro-credits per million tokens, or each.
#[derive(Clone, Copy, Default)]
struct Rates {
    input: Option<i64>,
    cached_input: Option<i64>,
    output: Option<i64>,
    embedding: Option<i64>,
    page: Option<i64>,
    image: Option<i64>,
}

const RATES: Rates = Rates {
    input: Some(3_000_000),
    cached_input: Some(300_000),
    output: Some(15_000_000),
    embedding: Some(20_000),
    page: Some(1_000),
    image: None,
};

/// Tokens read, those of them that were read before, tokens written and embedded, pages, pictures.
async fn cost(conn: &mut PgConnection, rates: &Rates, used: [i64; 6]) -> Option<i64> {
    sqlx::query_scalar(
        "select price_rounded(price_millionths(
           row(1, null, '', $1, $2, $3, $4, $5, $6, null, null)::price, $7, $8, $9, $10, $11, $12))",
    )
    .bind(rates.input)
    .bind(rates.cached_input)
    .bind(rates.output)
    .bind(rates.embedding)
    .bind(rates.page)
    .bind(rates.image)
    .bind(used[0])
    .bind(used[1])
    .bind(used[2])
    .bind(used[3])
    .bind(used[4])
    .bind(used[5])
    .fetch_one(conn)
    .await
    .unwrap()
}

#[tokio::test]
async fn amounts_are_rounded_up_once() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    for (used, micros) in [
        ([0, 0, 0, 0, 0, 0], Some(0)),
        ([1, 0, 0, 0, 0, 0], Some(3)),
        ([1_000, 0, 100, 0, 0, 0], Some(4_500)),
        ([1_000, 1_000, 0, 0, 0, 0], Some(300)),
        // 0.3 of one is one
        ([1, 1, 0, 0, 0, 0], Some(1)),
        // no more of them are cached than were read
        ([1, 9, 0, 0, 0, 0], Some(1)),
        ([0, 0, 0, 50, 2, 0], Some(2_001)),
        // what has no price is not sold
        ([0, 0, 0, 0, 0, 1], None),
    ] {
        assert_eq!(cost(conn, &RATES, used).await, micros, "{used:?}");
    }
    // without a price of their own, tokens that were read before cost as others do
    let plain = Rates {
        cached_input: None,
        ..RATES
    };
    assert_eq!(
        cost(conn, &plain, [1_000, 1_000, 0, 0, 0, 0]).await,
        Some(3_000)
    );
    assert_eq!(cost(conn, &Rates::default(), [0; 6]).await, Some(0));
    assert_eq!(
        cost(conn, &Rates::default(), [1, 0, 0, 0, 0, 0]).await,
        None
    );
}

#[tokio::test]
async fn what_is_used_without_end_costs_no_more_than_can_be_moved() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let dear = Some(concierge::billing::price::PRICE_MAX);
    let rates = Rates {
        input: dear,
        cached_input: dear,
        output: dear,
        embedding: dear,
        page: dear,
        image: dear,
    };
    let all = i64::from(u32::MAX);
    let most = concierge::billing::Micros::MAX.get();
    assert_eq!(
        cost(conn, &rates, [all, 0, all, all, all, all]).await,
        Some(most)
    );
}

#[tokio::test]
async fn what_can_be_afforded_costs_no_more_than_there_is() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let client = world.partner("acme").await.no;
    billed(&world, client, users_pay()).await;
    let rates = Rates {
        input: Some(300_000),
        output: Some(1_700_000),
        ..Rates::default()
    };
    let odd = price::Rates {
        input: rates.input,
        output: rates.output,
        ..price::Rates::default()
    };
    let (mut tx, now) = (tx(&world, client).await, world.app.clock.now());
    price::set(&mut tx, "odd", odd, None, now).await.unwrap();
    tx.commit().await.unwrap();
    for there in [1, 472, 473, 474, 475, 476, 900, 1_737, 1_738, 10_000] {
        let who = Owner::User(UserId(Uuid::new_v4()));
        gift(&world, client, who, there).await;
        let wish = Estimate {
            model: "odd",
            ..answer(who, 100, 1_000)
        };
        // a quarter more is set aside for what is read: 125 tokens; 256 have to be left to write
        let costs = async |conn: &mut PgConnection, output| {
            cost(conn, &rates, [125, 0, output, 0, 0, 0]).await.unwrap()
        };
        match opened(&world, client, &wish).await {
            Err(Error::OutOfCredit(_)) => assert!(costs(conn, 256).await > there, "{there}"),
            Ok(Some(opened)) => {
                let output = i64::from(opened.output_tokens_max);
                assert_eq!(opened.held, costs(conn, output).await, "{there}");
                assert!(opened.held <= there && output >= 256, "{there}");
                let more = output == 1_000 || costs(conn, output + 1).await > there;
                assert!(
                    more,
                    "{there}: {output} tokens are fewer than can be paid for"
                );
            }
            other => panic!("{there}: {other:?}"),
        }
    }
}
