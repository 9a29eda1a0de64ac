//! Vendors that fail, and what is written down for each answer.

use std::sync::Arc;

use concierge::{
    jobs,
    models::{ChatModel, ChatRequest, ChatStream, Step, TokenUsage, tokens},
};
use futures_util::{StreamExt, future::BoxFuture, stream};
use serde_json::json;
use tokio::sync::Notify;

use super::{MANUAL, QUESTION, say, script};
use crate::{
    metering::{assert_all_settled, assert_charged_is_delivered, metered, payer, wallet_of},
    reader::names,
    verbs::{eventually, text},
    world::{Person, World},
};

async fn ann_at(world: &World) -> Person<'_> {
    let ann = world.partner("acme").await.person("ann").await;
    ann.knows("policy", &[("手册.md", MANUAL)]).await;
    ann
}

#[tokio::test]
async fn a_vendor_that_refuses_costs_nothing() {
    let (world, _) = World::scripted(script([Step::Fail])).await;
    let ann = ann_at(&world).await;
    let session = ann.session().await;
    let events = ann.reads(&session, QUESTION).await.rest().await;
    assert_eq!(names(&events), ["start", "passages", "usage", "error"]);
    let error = &events.last().unwrap().data;
    assert_eq!(error["code"], "upstream");
    assert!(
        !text(&error["detail"]).contains("script"),
        "the cause stays in the log: {error}"
    );
    let answer = ann.message(text(&events[0].data["message_id"])).await;
    assert_eq!(
        (&answer["state"], &answer["content"]),
        (&"failed".into(), &"".into())
    );
    assert_eq!(&answer["error"], error);
    let booked = world.booked(text(&answer["id"])).await;
    assert_eq!(booked, [(0, 0, "server".into(), "failed".into())]);
    // whole, it is the same
    let answer = ann.asks(&session, QUESTION).await;
    assert_eq!(
        (&answer["state"], &answer["error"]["code"]),
        (&"failed".into(), &"upstream".into())
    );
}

#[tokio::test]
async fn a_vendor_that_breaks_off_is_paid_for_what_came() {
    let (world, _) = World::scripted(script([say("电池保修期为24个月[1]。"), Step::Fail])).await;
    let ann = ann_at(&world).await;
    let events = ann.reads(&ann.session().await, QUESTION).await.rest().await;
    assert_eq!(
        names(&events),
        ["start", "passages", "delta", "citations", "usage", "error"]
    );
    let answer = ann.message(text(&events[0].data["message_id"])).await;
    assert_eq!(answer["content"], "电池保修期为24个月[1]。");
    assert_eq!(
        (&answer["state"], &answer["error"]["code"]),
        (&"failed".into(), &"upstream".into())
    );
    let [(read, written, counted_by, outcome)] = &world.booked(text(&answer["id"])).await[..]
    else {
        panic!()
    };
    assert!(*read > 50 && (5..40).contains(written), "{read} {written}");
    assert_eq!(
        (counted_by.as_str(), outcome.as_str()),
        ("server", "failed")
    );
}

#[tokio::test]
async fn the_vendor_counts_when_it_can() {
    let usage = Step::Usage(TokenUsage {
        input: 1_234,
        cached: 0,
        output: 56,
    });
    let (world, model) = World::scripted(script([say("x"), usage.clone()])).await;
    let ann = ann_at(&world).await;
    let session = ann.session().await;
    let answer = ann.asks(&session, QUESTION).await;
    let counted = json!({"input_tokens": 1_234, "output_tokens": 56, "counted_by": "vendor"});
    assert_eq!(answer["usage"], counted);
    let booked = world.booked(text(&answer["id"])).await;
    assert_eq!(booked, [(1_234, 56, "vendor".into(), "done".into())]);

    model.push(script([say("x"), usage, Step::Fail]));
    assert_eq!(
        ann.asks(&session, QUESTION).await["usage"],
        counted,
        "also when it fails after that"
    );

    model.push(script([say("电池保修期为24个月")]));
    let usage = &ann.asks(&session, QUESTION).await["usage"];
    assert_eq!(usage["counted_by"], "server");
    assert!(usage["input_tokens"].as_i64() > Some(50) && usage["output_tokens"].as_i64() > Some(5));
    assert_eq!(world.count("select count(*) from usage").await, 3);
}

#[tokio::test]
async fn an_answer_of_nothing_is_an_answer() {
    let (world, _) = World::scripted(script([])).await;
    let ann = ann_at(&world).await;
    let events = ann.reads(&ann.session().await, QUESTION).await.rest().await;
    assert_eq!(names(&events), ["start", "passages", "usage", "done"]);
    assert_eq!(events[2].data["output_tokens"], 0);
}

/// What came before the panic.
const DELIVERED: &str = "电池";

/// Begins an answer and then panics, when it is told to.
struct Panics(Arc<Notify>);

impl ChatModel for Panics {
    /// The one that has a price.
    fn name(&self) -> &str {
        "scripted"
    }

    fn context_tokens(&self) -> u32 {
        8_192
    }

    fn answer(&self, _: ChatRequest) -> BoxFuture<'_, concierge::error::Result<ChatStream>> {
        let told = self.0.clone();
        Box::pin(async {
            let first = concierge::models::ChatEvent::Delta(DELIVERED.into());
            let broken = stream::once(async move {
                told.notified().await;
                panic!("a test panics on purpose")
            });
            Ok(stream::iter([Ok(first)]).chain(broken).boxed())
        })
    }
}

/// new-api #4429: nor does it leave credits set aside for ever.
#[tokio::test]
async fn a_panic_leaves_no_reader_waiting_and_nothing_running() {
    const THERE: i64 = 1_000_000;
    let now = Arc::new(Notify::new());
    let world = World::set(Arc::new(Panics(now.clone())), &[]).await;
    let (ann, client, who) = payer(&world, THERE).await;
    let mut reader = ann.reads(&ann.session().await, QUESTION).await;
    let answer = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    eventually("the first piece is stored", async || {
        (world.count("select count(*) from frame").await > 0).then_some(())
    })
    .await;
    now.notify_one();
    reader.rest().await;
    assert!(
        world.server.chat.live.is_empty(),
        "shutdown would wait for it"
    );
    assert_eq!(world.app.metrics.turns_running.get(), 0);
    let during = wallet_of(&world, client, who).await;
    assert!(during.held > 0 && during.balance + during.held == THERE);
    world.app.clock.forward(std::time::Duration::from_secs(11));
    for _ in 0..2 {
        jobs::end_orphans(&world.app).await.unwrap();
    }
    let events = ann.resumes(&answer, Some(2)).await.rest().await;
    assert_eq!(events.last().unwrap().name, "error");
    let message = ann.message(&answer).await;
    assert_eq!(
        (&message["state"], &message["content"]),
        (&"failed".into(), &DELIVERED.into())
    );
    assert_eq!(world.booked(&answer).await.len(), 1);
    // ten for each token that was written, and what was set aside is back
    let cost = 10 * i64::from(tokens::count(DELIVERED));
    assert_eq!(
        metered(&world, &answer).await,
        Some(("credit".into(), "settled".into(), cost))
    );
    let left = wallet_of(&world, client, who).await;
    assert_eq!((left.balance, left.held), (THERE - cost, 0));
    assert_all_settled(&world).await;
    assert_charged_is_delivered(&world).await;
}
