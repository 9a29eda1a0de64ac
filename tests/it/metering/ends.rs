//! Ends of answers that are not the usual ones: each is paid for once.

use std::time::Duration;

use concierge::{
    billing::{Estimate, Owner, What, price},
    chat::complete::Complete,
    jobs,
    models::{Step, TokenUsage},
};
use futures_util::future::{join, join_all};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Executor;

use super::{answer, assert_all_settled, metered, opened, payer, settled, used, waits};
use crate::{
    chat::{say, script},
    reader::{Reader, names},
    verbs::{eventually, problem, text},
    world::World,
};

/// More than the tests below spend.
const PLENTY: i64 = 1_000_000;
const SAID: &str = "电池保修期为24个月。";

#[tokio::test]
async fn the_id_of_an_answer_without_a_conversation_is_taken() {
    let (world, model) = World::scripted(script([say(SAID), Step::Gate])).await;
    let (ann, ..) = payer(&world, PLENTY).await;
    // a base without documents: what is said of it costs nothing
    ann.base("empty").await;
    let free = ann.asks(&ann.session().await, "?").await;
    let asked = ann.request(Method::POST, "/api/v1/completions");
    let asked = asked.header("accept", "text/event-stream");
    let mut reader = Reader::new(asked.json(&json!({"content": "?"})).send().await.unwrap());
    let id = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    let path = format!("/api/v1/messages/{}/regenerate", text(&free["id"]));
    let again = async || {
        let again = ann.request(Method::POST, &path).json(&json!({"id": id}));
        problem(again.send().await.unwrap(), StatusCode::CONFLICT).await
    };
    assert_eq!(again().await["code"], "taken");
    assert_eq!(metered(&world, &id).await.unwrap().1, "open");
    model.open_gate(1);
    assert_eq!(names(&reader.rest().await).last(), Some(&"done"));
    let (_, state, charged) = metered(&world, &id).await.unwrap();
    assert!(state == "settled" && charged > 0, "{state} {charged}");
    assert_eq!(again().await["code"], "taken");
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_ends_and_is_paid() {
    let (world, _) = World::scripted(script([say(SAID), Step::Hang])).await;
    let (ann, ..) = payer(&world, PLENTY).await;
    let mut reader = ann.reads(&ann.session().await, "?").await;
    let id = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    drop(reader);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(45 * 60)).await;
    tokio::time::resume();
    let ended = ann.ended(&id).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert_eq!(ended["content"], SAID);
    let (_, state, charged) = metered(&world, &id).await.unwrap();
    assert!(state == "settled" && charged > 0, "{state} {charged}");
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn an_end_that_the_database_refuses_once_is_paid_all_the_same() {
    // a count that no column holds
    let counted = Step::Usage(TokenUsage {
        input: u32::MAX,
        cached: 0,
        output: u32::MAX,
    });
    let (world, _) = World::scripted(script([say(SAID), counted])).await;
    let (ann, ..) = payer(&world, PLENTY).await;
    let mut conn = world.superuser().await;
    for sql in [
        "create sequence refusals",
        "create function refuse_once() returns trigger language plpgsql security definer as $$
         begin
           if nextval('public.refusals') = 1 then raise exception 'not now'; end if;
           return new;
         end $$",
        "create trigger refuse_once before insert on usage for each row execute function refuse_once()",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let whole = ann
        .post(
            "/api/v1/completions",
            json!({"content": "?"}),
            StatusCode::OK,
        )
        .await;
    assert_eq!(
        (&whole["content"], &whole["error"]),
        (&json!(SAID), &json!(null))
    );
    let all = "select count(*) from meter where state = 'settled' and charged = held and held > 0";
    assert_eq!(world.count(all).await, 1);
    let booked = "select count(*) from usage where input_tokens = 2147483647";
    assert_eq!(world.count(booked).await, 1);
    assert_all_settled(&world).await;
}

#[tokio::test]
async fn whoever_goes_while_an_answer_is_opened_leaves_nothing_set_aside() {
    let (world, _) = World::scripted(script([Step::Hang])).await;
    let (_ann, client, who) = payer(&world, PLENTY).await;
    let Owner::User(user) = who else {
        panic!("{who:?}")
    };
    let mut conn = world.superuser().await;
    for sql in [
        "create function wait_at_commit() returns trigger language plpgsql as $$
         begin
           perform pg_advisory_xact_lock_shared(1);
           return null;
         end $$",
        "create constraint trigger wait_at_commit after insert on meter
         deferrable initially deferred for each row execute function wait_at_commit()",
        "select pg_advisory_lock(1)",
    ] {
        conn.execute(sql).await.unwrap();
    }
    let ask = Complete {
        content: "?".into(),
        ..Complete::default()
    };
    tokio::select! {
        _ = world.server.chat.complete(client, user, ask) => panic!("it does not wait"),
        () = waits(&world) => {}
    }
    // its asker is gone, and now it is committed
    conn.execute("select pg_advisory_unlock(1)").await.unwrap();
    eventually("it is given back", async || {
        let ended = "select count(*) from meter where state = 'released'";
        (world.count(ended).await == 1).then_some(())
    })
    .await;
    assert_all_settled(&world).await;
}

/// What is set aside for things that are gone, while some of them are settled after all.
#[tokio::test]
async fn what_nobody_gave_back_is_given_back_once_by_three_at_once() {
    let (world, _) = World::scripted(script([say(SAID), Step::Hang])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let mut reader = ann.reads(&ann.session().await, "?").await;
    let running = text(&reader.until("start").await.data["message_id"]).to_owned();
    let mut gone = Vec::new();
    for n in 0..24 {
        let read = Estimate {
            what: What::Ingestion,
            model: price::INGESTION,
            subject: (n % 4 == 1).then(uuid::Uuid::new_v4),
            ..answer(who, 100, 0)
        };
        let one = if n % 2 == 0 {
            answer(who, 100, 100)
        } else {
            read
        };
        opened(&world, client, &one).await.unwrap().unwrap();
        gone.push(one.id);
    }
    world.app.clock.forward(Duration::from_secs(3_600));
    let apps = world.three().await;
    let stale = join_all(apps.iter().map(jobs::end_stale_holds));
    let late = join_all(
        gone[..8]
            .iter()
            .map(|id| settled(&world, client, *id, used(10, 1))),
    );
    let (ended, late) = join(stale, late).await;
    let ended: u32 = ended.into_iter().map(Result::unwrap).sum();
    let late = late.iter().flatten().count();
    assert_eq!(ended as usize + late, gone.len(), "each of them once");
    assert_eq!(metered(&world, &running).await.unwrap().1, "open");
    let released = "select count(*) from transfer where kind = 'release'";
    assert!(world.count(released).await >= i64::from(ended));
    ann.stops(&running).await;
    assert_all_settled(&world).await;
}
