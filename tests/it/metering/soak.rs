//! Many answers with everything that can go wrong in them: readers that go, vendors that break off or
//! never count, questions asked twice, answers removed and stopped. A few in each run, 20,000 in
//! `make soak`.

use concierge::{
    billing::{Billing, Owner},
    jobs,
    models::{Scripted, Step, TokenUsage},
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::{
    assert_all_settled, assert_charged_is_delivered, billed, client_pays, gift, owner, users_pay,
    wallet_of,
};
use crate::{
    chat::script,
    verbs::{eventually, text},
    world::{Person, World},
};

/// Far more than is spent.
const PLENTY: i64 = 1_000_000_000_000;

/// Numbers that decide what is done.
pub fn deeds(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

/// An answer that ends in one of many ways.
fn fate(deed: u64) -> concierge::models::Script {
    let mut steps: Vec<Step> = (0..deed % 7)
        .map(|n| Step::Say(format!("第{n}句。")))
        .collect();
    match deed >> 8 & 7 {
        0 => steps.insert(0, Step::Fail),
        1 => steps.push(Step::Fail),
        2 => steps.push(Step::Cut("length".into())),
        // no count
        3 | 4 => {}
        _ => steps.push(Step::Usage(TokenUsage {
            input: (deed >> 16) as u32 % 3_000,
            cached: (deed >> 32) as u32 % 2_000,
            output: (deed >> 40) as u32 % 500,
        })),
    }
    script(steps)
}

async fn asks(model: &Scripted, person: &Person<'_>, session: &str, deed: u64) {
    model.push(fate(deed));
    let question = json!({"id": Uuid::new_v4(), "content": "?"});
    let path = format!("/api/v1/sessions/{session}/messages");
    match deed >> 11 & 3 {
        // goes without a word
        0 => drop(person.asks_streamed(session, question).await),
        // asks twice
        1 => {
            for _ in 0..2 {
                person.post(&path, question.clone(), StatusCode::OK).await;
            }
        }
        2 => {
            let message = person.post(&path, question, StatusCode::OK).await;
            let path = format!("/api/v1/messages/{}", text(&message["id"]));
            let gone = person.request(Method::DELETE, &path).send().await.unwrap();
            assert!(gone.status().is_success(), "{}", gone.status());
        }
        _ => {
            let message = person.post(&path, question, StatusCode::OK).await;
            assert_ne!(message["state"], "running");
        }
    }
}

async fn answers(count: usize, billing: Billing) {
    let (world, model) = World::scripted(script([])).await;
    let acme = world.partner("acme").await;
    billed(&world, acme.no, billing).await;
    gift(&world, acme.no, Owner::Client, PLENTY).await;
    let hands = (0..4_usize).map(|hand| {
        let (world, model, acme) = (&world, &model, &acme);
        async move {
            let person = acme.person(&format!("u{hand}")).await;
            gift(world, acme.no, owner(&person).await, PLENTY).await;
            let mut session = person.session().await;
            for (n, deed) in deeds(hand as u64 + 1).take(count / 4).enumerate() {
                // a conversation does not grow for ever
                if n % 50 == 49 {
                    session = person.session().await;
                }
                asks(model, &person, &session, deed).await;
            }
            person
        }
    });
    let people = join_all(hands).await;
    eventually("all answers end", async || {
        jobs::end_orphans(&world.app).await.unwrap();
        world.server.chat.live.is_empty().then_some(())
    })
    .await;
    assert_all_settled(&world).await;
    let mut left = wallet_of(&world, acme.no, Owner::Client).await.balance;
    for person in &people {
        left += wallet_of(&world, acme.no, owner(person).await)
            .await
            .balance;
    }
    let charged = world.count("select sum(charged)::bigint from meter").await;
    assert!(charged > 0, "nothing was paid for");
    assert_eq!(left + charged, 5 * PLENTY);
    for sql in [
        "select count(*) from meter where not exists (select from usage where message_id = meter_id)",
        "select count(*) from usage where not exists (select from meter where message_id = meter_id)",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    assert_charged_is_delivered(&world).await;
}

#[tokio::test]
async fn whatever_becomes_of_answers_the_books_agree() {
    answers(80, users_pay()).await;
}

#[tokio::test]
#[ignore = "20,000 answers: in `make soak`"]
async fn whatever_becomes_of_20000_answers_the_books_agree() {
    answers(10_000, users_pay()).await;
    answers(10_000, client_pays()).await;
}
