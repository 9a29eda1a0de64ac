//! Documents are set aside for when their size is known, and paid for when they can be searched.
//! Pictures go by the same verbs.

use concierge::{
    billing::{Amounts, Billing, Estimate, Micros, Owner, Source, Used, What},
    error::Error,
    jobs,
};
use futures_util::future::join;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::Executor;
use uuid::Uuid;

use super::{
    RATES, answer, assert_all_settled, billed, client_pays, gift, opened, owner, payer, settled,
    used, users_pay, waits, wallet_of,
};
use crate::{
    vendor::Vendor,
    verbs::text,
    world::{World, body},
};

/// An attempt to read a document of a page, for the client.
fn read(subject: Uuid) -> Estimate<'static> {
    Estimate {
        id: Uuid::new_v4(),
        subject: Some(subject),
        who: Owner::Client,
        what: What::Ingestion,
        model: "ingestion",
        certain: Amounts {
            pages: 1,
            ..Amounts::default()
        },
        output_tokens_max: 0,
    }
}

#[tokio::test]
async fn the_owner_of_a_base_pays_for_its_documents_once_they_are_read() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    billed(&world, acme.no, users_pay()).await;
    let whose = owner(&ann).await;
    gift(&world, acme.no, whose, 10_000).await;
    let base = ann.base("policy").await;
    // 5,000 characters are three pages where a format has none
    ann.document(&base, "long.txt", &"字".repeat(5_000)).await;
    assert_eq!(wallet_of(&world, acme.no, whose).await.balance, 7_000);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn a_document_that_cannot_be_paid_for_is_not_read_and_says_why() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    billed(&world, acme.no, client_pays()).await;
    gift(&world, acme.no, Owner::Client, 1_500).await;
    let base = ann.base("policy").await;
    let long = "字".repeat(5_000);
    let document = body(
        ann.upload(&base, "long.txt", long).await,
        StatusCode::ACCEPTED,
    )
    .await;
    world.run_jobs().await;
    let document = ann.document_now(text(&document["id"])).await;
    assert_eq!(document["state"], "failed");
    let reason = "This service is out of credit. Whoever offers it can add some.";
    assert_eq!(document["reason"], reason);
    // a short one can be
    ann.document(&base, "short.txt", "字").await;
    assert_eq!(wallet_of(&world, acme.no, Owner::Client).await.balance, 500);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn what_was_set_aside_for_a_document_that_is_gone_is_given_back_and_no_other() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    billed(&world, acme.no, client_pays()).await;
    gift(&world, acme.no, Owner::Client, 10_000).await;
    let base = ann.base("policy").await;
    let waits = body(
        ann.upload(&base, "a.txt", "waits").await,
        StatusCode::ACCEPTED,
    )
    .await;
    let being_read = read(text(&waits["id"]).parse().unwrap());
    for one in [being_read, read(Uuid::new_v4())] {
        opened(&world, acme.no, &one).await.unwrap().unwrap();
    }
    assert_eq!(wallet_of(&world, acme.no, Owner::Client).await.held, 2_000);
    assert_eq!(
        jobs::end_stale_holds(&world.app).await.unwrap(),
        0,
        "too early"
    );
    world
        .app
        .clock
        .forward(std::time::Duration::from_secs(3_600));
    assert_eq!(jobs::end_stale_holds(&world.app).await.unwrap(), 1);
    assert_eq!(wallet_of(&world, acme.no, Owner::Client).await.held, 1_000);
    // the next attempt takes the place of the one whose worker died
    world.run_jobs().await;
    assert_eq!(
        wallet_of(&world, acme.no, Owner::Client).await.balance,
        9_000
    );
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn pictures_are_metered_by_the_same_verbs() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    billed(&world, client, client_pays()).await;
    gift(&world, client, Owner::Client, 120_000).await;
    let pictures = |images| Estimate {
        id: Uuid::new_v4(),
        subject: None,
        who: Owner::Client,
        what: What::Image,
        model: "scripted",
        certain: Amounts {
            images,
            ..Amounts::default()
        },
        output_tokens_max: 0,
    };
    let refused = opened(&world, client, &pictures(3)).await;
    assert!(matches!(refused, Err(Error::OutOfCredit(_))), "{refused:?}");
    let two = pictures(2);
    let held = opened(&world, client, &two).await.unwrap().unwrap();
    assert_eq!(
        (held.source, held.held),
        (Source::Credit, 2 * RATES.image.unwrap())
    );
    // one of them came
    let came = Used {
        amounts: Amounts {
            images: 1,
            ..Amounts::default()
        },
        delivered: true,
    };
    assert_eq!(
        settled(&world, client, two.id, came).await.unwrap().charged,
        50_000
    );
    assert_eq!(settled(&world, client, two.id, came).await, None);
    assert_eq!(
        wallet_of(&world, client, Owner::Client).await.balance,
        70_000
    );
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn an_attempt_begins_when_the_one_before_it_has_let_go() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let budget = Billing {
        budget_per_month: Some(1_000_000),
        ..client_pays()
    };
    billed(&world, acme.no, budget).await;
    gift(&world, acme.no, Owner::Client, 10_000).await;
    let base = ann.base("policy").await;
    let waiting = ann.upload(&base, "a.txt", "waits").await;
    let waiting = body(waiting, StatusCode::ACCEPTED).await;
    let died = read(text(&waiting["id"]).parse().unwrap());
    let asked = answer(owner(&ann).await, 10, 10);
    for one in [&died, &asked] {
        opened(&world, acme.no, one).await.unwrap().unwrap();
    }
    settled(&world, acme.no, asked.id, used(10, 10)).await;
    let conn = &mut world.superuser().await;
    for sql in [
        "begin",
        "select from tally where owner_id <> '00000000-0000-0000-0000-000000000000' for update",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let looks = async {
        // what the user used comes first, what the client did last
        waits(&world).await;
        let budget = "select credits from tally
             where owner_id = '00000000-0000-0000-0000-000000000000' for update skip locked";
        assert_eq!(
            sqlx::query(budget)
                .fetch_all(&mut *conn)
                .await
                .unwrap()
                .len(),
            1
        );
        conn.execute("rollback").await.unwrap();
    };
    join(world.run_jobs(), looks).await;
    let read = ann.document_now(text(&waiting["id"])).await;
    assert_eq!(read["state"], "ready", "{read}");
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn vectors_of_texts_are_counted_once() {
    let vendor = Vendor::start().await;
    let world = World::configured(vec![
        ("models.embedding", "mock".into()),
        ("embedding.mock.kind", "openai".into()),
        ("embedding.mock.base_url", vendor.base_url()),
        ("embedding.mock.api_key", "key".into()),
        ("embedding.mock.model", "m".into()),
        ("embedding.mock.dimensions", "8".into()),
    ])
    .await;
    let (ann, ..) = payer(&world, 10_000).await;
    let texts = json!({"texts": ["电池保修期为24个月。", "b"]});
    ann.post("/api/v1/embeddings", texts, StatusCode::OK).await;
    let usage = ann.get("/api/v1/usage").await;
    let lines = usage["items"].as_array().unwrap().iter();
    let told: i64 = lines
        .map(|line| Micros::parse(text(&line["charged"])).map_or(0, Micros::get))
        .sum();
    let charged = world.count("select sum(charged)::bigint from meter").await;
    assert!(charged > 0 && told == charged, "{charged} {usage}");
    assert_all_settled(&world).await;
}
