//! Each line of the list of what other systems get wrong about metering and budgets.

use std::time::Duration;

use concierge::{
    billing::{Billing, Owner, Source},
    error::Error,
    ids::UserId,
    jobs,
    models::{Scripted, Step, TokenUsage, tokens},
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    chat::{say, script},
    metering::{
        answer, assert_all_settled, billed, client_pays, gift, metered, opened, owner, payer,
        plans, settled, tx, used, users_pay, wallet_of,
    },
    reader::names,
    verbs::{problem, text},
    world::{Person, World, body},
};

/// More than the tests below spend.
const PLENTY: i64 = 1_000_000;
const SAID: &str = "电池保修期为24个月。";

/// What tokens cost at the price of these tests.
fn cost(usage: &Value) -> i64 {
    let tokens = |name: &str| usage[name].as_i64().unwrap();
    tokens("input_tokens") + 10 * tokens("output_tokens")
}

/// new-api #5288 #5290 #4168 #5235 #7062, litellm #35958 #14457
#[tokio::test]
async fn a_client_that_goes_before_the_usage_chunk_pays_for_what_was_written() {
    let usage = Step::Usage(TokenUsage {
        input: 70,
        cached: 20,
        output: 9,
    });
    let (world, model) = World::scripted(script([say(SAID), Step::Gate, usage])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let mut reader = ann.reads(&ann.session().await, "?").await;
    let id = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    // gone; the answer is written to its end all the same
    drop(reader);
    model.open_gate(1);
    ann.ended(&id).await;
    // 50 read anew, 20 read before at a tenth, 9 written
    let cost = 50 + 2 + 90;
    assert_eq!(
        metered(&world, &id).await,
        Some(("credit".into(), "settled".into(), cost))
    );
    assert_eq!(wallet_of(&world, client, who).await.balance, PLENTY - cost);

    // the vendor never counts: our own count of what was said
    model.push(script([say(SAID)]));
    let message = ann.asks(&ann.session().await, "?").await;
    assert_eq!(message["usage"]["output_tokens"], tokens::count(SAID));
    let (_, state, charged) = metered(&world, text(&message["id"])).await.unwrap();
    assert_eq!(
        (state.as_str(), charged),
        ("settled", self::cost(&message["usage"]))
    );
    assert_all_settled(&world).await;
}

/// The same numbers: the whole prompt, or the text of an error, charged as output.
#[tokio::test]
async fn an_error_costs_nothing_and_what_came_before_it_costs_what_it_is() {
    let (world, model) = World::scripted(script([Step::Fail])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let session = ann.session().await;
    let refused = ann.asks(&session, "?").await;
    assert_eq!(refused["state"], "failed");
    let (_, state, charged) = metered(&world, text(&refused["id"])).await.unwrap();
    assert_eq!((state.as_str(), charged), ("released", 0));
    assert_eq!(wallet_of(&world, client, who).await.balance, PLENTY);

    model.push(script([say(SAID), Step::Fail]));
    let broken = ann.asks(&session, "?").await;
    assert_eq!(
        (&broken["state"], &broken["content"]),
        (&json!("failed"), &json!(SAID))
    );
    assert_eq!(broken["usage"]["output_tokens"], tokens::count(SAID));
    let (_, _, charged) = metered(&world, text(&broken["id"])).await.unwrap();
    assert_eq!(charged, cost(&broken["usage"]));

    // stopped before the first word: nothing came, nothing is due
    model.push(script([Step::Hang]));
    let mut reader = ann.reads(&session, "?").await;
    let id = text(&reader.until("start").await.data["message_id"]).to_owned();
    ann.stops(&id).await;
    assert_eq!(metered(&world, &id).await.unwrap().2, 0);
    assert_all_settled(&world).await;
}

/// new-api #7486
#[tokio::test]
async fn a_stream_that_ends_early_is_billed_once() {
    let (world, _) = World::scripted(script([say(SAID), Step::Gate])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let mut reader = ann.reads(&ann.session().await, "?").await;
    let id = text(&reader.until("start").await.data["message_id"]).to_owned();
    reader.until("delta").await;
    crate::verbs::eventually("the first piece is stored", async || {
        (world.count("select count(*) from frame").await > 0).then_some(())
    })
    .await;
    // its writer is taken for dead, and ends it too when it finds out
    world.app.clock.forward(Duration::from_secs(11));
    jobs::end_orphans(&world.app).await.unwrap();
    jobs::end_orphans(&world.app).await.unwrap();
    assert_eq!(ann.message(&id).await["state"], "failed");
    let charged = metered(&world, &id).await.unwrap().2;
    assert_eq!(charged, 10 * i64::from(tokens::count(SAID)));
    crate::verbs::eventually("the writer has given up", async || {
        world.server.chat.live.is_empty().then_some(())
    })
    .await;
    assert_eq!(
        wallet_of(&world, client, who).await.balance,
        PLENTY - charged
    );
    assert_eq!(
        world
            .count("select count(*) from transfer where kind = 'charge'")
            .await,
        1
    );
    assert_all_settled(&world).await;
}

/// new-api #4429; the same when the answer panics: `chat::usage`.
#[tokio::test]
async fn nothing_stays_set_aside_for_ever() {
    let (world, _) = World::scripted(script([say(SAID), Step::Hang])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    // an answer that is being written, and one whose writer died and that was removed
    let mut reader = ann.reads(&ann.session().await, "?").await;
    let running = text(&reader.until("start").await.data["message_id"]).to_owned();
    let gone = answer(who, 100, 100);
    opened(&world, client, &gone).await.unwrap();
    world.app.clock.forward(Duration::from_secs(3_600));
    assert_eq!(jobs::end_stale_holds(&world.app).await.unwrap(), 1);
    assert_eq!(metered(&world, &running).await.unwrap().1, "open");
    assert_eq!(
        metered(&world, &gone.id.to_string()).await.unwrap().1,
        "released"
    );
    ann.stops(&running).await;
    assert_eq!(jobs::end_stale_holds(&world.app).await.unwrap(), 0);
    assert_all_settled(&world).await;
}

/// litellm #35524
#[tokio::test]
async fn what_has_no_price_is_refused_before_anything_runs() {
    let (world, model) = World::scripted(script([say(SAID)])).await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    billed(&world, acme.no, users_pay()).await;
    gift(&world, acme.no, owner(&ann).await, PLENTY).await;
    let other = concierge::billing::Estimate {
        model: "dear",
        ..answer(owner(&ann).await, 1, 1)
    };
    let refused = opened(&world, acme.no, &other).await.unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (409, "conflict")
    );
    // a price of something else is none
    let mut set = tx(&world, acme.no).await;
    let rates = concierge::billing::Rates {
        page: Some(1),
        ..concierge::billing::Rates::default()
    };
    world.app.clock.forward(Duration::from_secs(1));
    let now = world.app.clock.now();
    concierge::billing::price::set(&mut set, "scripted", rates, None, now)
        .await
        .unwrap();
    set.commit().await.unwrap();
    let session = ann.session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let asked = ann
        .request(Method::POST, &path)
        .json(&json!({"content": "?"}));
    let problem = problem(asked.send().await.unwrap(), StatusCode::CONFLICT).await;
    let why = "There is no price for scripted yet: nothing is used before its operator sets one.";
    assert_eq!(problem["detail"], why);
    assert!(model.requests().is_empty() && ann.messages(&session).await.is_empty());
    assert_all_settled(&world).await;
}

/// litellm #33923
#[tokio::test]
async fn a_reservation_that_fails_lets_nothing_through() {
    let (world, model) = World::scripted(script([say(SAID)])).await;
    let (ann, client, who) = payer(&world, 100).await;
    let session = ann.session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let asked = async || {
        let request = ann
            .request(Method::POST, &path)
            .json(&json!({"content": "?"}));
        request.send().await.unwrap()
    };
    let refused = problem(asked().await, StatusCode::PAYMENT_REQUIRED).await;
    assert_eq!(refused["code"], "out_of_credit");
    assert!(
        text(&refused["detail"]).ends_with("0.0001 are there."),
        "{refused}"
    );
    // the ledger refuses every hold, as a database out of order would
    let broken = "alter table hold add constraint broken check (amount < 0) not valid";
    sqlx::query(broken)
        .execute(&mut world.superuser().await)
        .await
        .unwrap();
    gift(&world, client, who, PLENTY).await;
    assert_eq!(asked().await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(model.requests().is_empty() && ann.messages(&session).await.is_empty());
    assert_eq!(world.count("select count(*) from meter").await, 0);
    assert_all_settled(&world).await;
}

/// litellm #40095
#[tokio::test]
async fn first_requests_at_once_do_not_pass_a_quota() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let who = Owner::User(UserId(Uuid::new_v4()));
    gift(&world, client, who, PLENTY).await;
    let quota = Billing {
        user_uses_per_day: Some(3),
        free_uses_per_day: 1,
        ..users_pay()
    };
    billed(&world, client, quota).await;
    // nobody has a row yet
    let asked: Vec<_> = (0..10).map(|_| answer(who, 10, 10)).collect();
    let got = join_all(asked.iter().map(|one| opened(&world, client, one))).await;
    let let_in: Vec<_> = got
        .iter()
        .filter_map(|got| got.as_ref().ok())
        .flatten()
        .collect();
    assert_eq!(let_in.len(), 3, "{got:?}");
    let free = let_in
        .iter()
        .filter(|opened| opened.source == Source::Allowance);
    assert_eq!(free.count(), 1);
    let over = |got: &Result<_, Error>| matches!(got, Err(Error::OverQuota(..)));
    assert_eq!(got.iter().filter(|got| over(got)).count(), 7);
}

/// The same in credits, which is what they reported.
#[tokio::test]
async fn first_requests_at_once_do_not_pass_a_quota_in_credits() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    let who = Owner::User(UserId(Uuid::new_v4()));
    gift(&world, client, who, PLENTY).await;
    // an answer of 100 tokens read and 100 written: 125 + 1000 micro-credits at most
    let quota = Billing {
        user_credits_per_day: Some(5_000),
        ..users_pay()
    };
    billed(&world, client, quota).await;
    assert_eq!(world.count("select count(*) from tally").await, 0);
    let asked: Vec<_> = (0..10).map(|_| answer(who, 100, 100)).collect();
    let got = join_all(asked.iter().map(|one| opened(&world, client, one))).await;
    let held = got
        .iter()
        .filter_map(|got| got.as_ref().ok())
        .map(|opened| opened.as_ref().unwrap().held);
    assert_eq!(held.clone().collect::<Vec<_>>(), [1_125; 4], "{got:?}");
    let over = |got: &Result<_, Error>| matches!(got, Err(Error::OverQuota(..)));
    assert_eq!(got.iter().filter(|got| over(got)).count(), 6);
    let during = wallet_of(&world, client, who).await;
    assert_eq!((during.held, during.balance), (4_500, PLENTY - 4_500));
    for one in &asked {
        settled(&world, client, one.id, used(100, 100)).await;
    }
    let left = wallet_of(&world, client, who).await;
    assert_eq!((left.held, left.balance), (0, PLENTY - 4 * 1_100));
    assert_all_settled(&world).await;
}

/// litellm #34732, where it was the budget of a session: there is none here. What two conversations of
/// one user can pass together is that user's wallet.
#[tokio::test]
async fn two_tabs_do_not_spend_the_last_credit_twice() {
    let (world, model) = World::scripted(script([say(SAID), Step::Gate])).await;
    let (ann, client, who) = payer(&world, 3_000).await;
    let sessions = [ann.session().await, ann.session().await];
    let asked = sessions
        .iter()
        .map(|session| ann.asks_streamed(session, json!({"content": "?"})));
    let statuses: Vec<u16> = join_all(asked)
        .await
        .iter()
        .map(|answer| answer.status().as_u16())
        .collect();
    let mut sorted = statuses.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 402]);
    let during = wallet_of(&world, client, who).await;
    assert_eq!(during.balance + during.held, 3_000);
    model.open_gate(2);
    crate::verbs::eventually("it ends", async || {
        (wallet_of(&world, client, who).await.held == 0).then_some(())
    })
    .await;
    assert_all_settled(&world).await;
}

/// Answers outside of a conversation are answers.
#[tokio::test]
async fn a_completion_is_paid_for_and_refused_like_an_answer() {
    let (world, model) = World::scripted(script([say(SAID)])).await;
    let (ann, client, who) = payer(&world, 20_000).await;
    let asked = async || {
        let request = ann.request(Method::POST, "/api/v1/completions");
        request.json(&json!({"content": "?"})).send().await.unwrap()
    };
    let answer = asked().await;
    assert_eq!(answer.status(), StatusCode::OK);
    drop(answer.text().await.unwrap());
    assert_eq!(
        world
            .count("select count(*) from meter where state = 'settled'")
            .await,
        1
    );
    let charged = world.count("select sum(charged)::bigint from meter").await;
    let left = wallet_of(&world, client, who).await.balance;
    assert!(charged > 0 && left == 20_000 - charged, "{charged} {left}");
    let none = Billing {
        user_credits_per_day: Some(charged),
        ..users_pay()
    };
    billed(&world, client, none).await;
    let refused = problem(asked().await, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(refused["code"], "throttled");
    assert_eq!(model.requests().len(), 1);
    assert_all_settled(&world).await;
}

/// litellm PR #40002
#[tokio::test]
async fn long_prompts_at_once_do_not_pass_a_cap() {
    let world = World::new().await;
    let client = world.partner("acme").await.no;
    gift(&world, client, Owner::Client, 1_000 * PLENTY).await;
    let cap = Billing {
        budget_per_month: Some(60_000),
        ..client_pays()
    };
    billed(&world, client, cap).await;
    let asked: Vec<_> = (0..5)
        .map(|_| answer(Owner::User(UserId(Uuid::new_v4())), 40_000, 100))
        .collect();
    let got = join_all(asked.iter().map(|one| opened(&world, client, one))).await;
    assert_eq!(got.iter().filter(|got| got.is_ok()).count(), 1, "{got:?}");
    for one in &asked {
        settled(&world, client, one.id, used(40_000, 100)).await;
    }
    assert_eq!(
        world.count("select sum(charged)::bigint from meter").await,
        41_000
    );
    assert_all_settled(&world).await;
}

/// litellm PR #38647
#[tokio::test]
async fn a_worst_case_does_not_lock_a_small_wallet() {
    let (world, model) = World::scripted(script([say(SAID)])).await;
    // a whole answer may cost ten times as much
    let (ann, client, who) = payer(&world, 4_000).await;
    let message = ann.asks(&ann.session().await, "?").await;
    assert_eq!(message["state"], "done");
    let asked = &model.requests()[0];
    assert!(
        (256..400).contains(&asked.output_tokens_max),
        "{}",
        asked.output_tokens_max
    );
    let charged = metered(&world, text(&message["id"])).await.unwrap().2;
    assert_eq!(
        wallet_of(&world, client, who).await.balance,
        4_000 - charged
    );
    assert!(charged < 1_000, "what was not needed came back: {charged}");
    assert_all_settled(&world).await;
}

/// litellm #15740 #36426 #6633 #37358
#[tokio::test]
async fn every_answer_has_one_row_of_what_it_spent() {
    let (world, model) = World::scripted(script([say(SAID)])).await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let session = ann.session().await;
    chaos(&model, &ann, &session, 12).await;
    // asked twice with one id, and answered once more
    let id = Uuid::now_v7();
    let path = format!("/api/v1/sessions/{session}/messages");
    for _ in 0..2 {
        ann.post(&path, json!({"id": id, "content": "?"}), StatusCode::OK)
            .await;
    }
    let last = ann.messages(&session).await.remove(0);
    let again = format!("/api/v1/messages/{}/regenerate", text(&last["id"]));
    ann.post(&again, json!({}), StatusCode::OK).await;
    for sql in [
        "select count(*) - 14 from usage",
        "select count(*) - 14 from meter",
        "select count(*) from meter where not exists (select from usage where message_id = meter_id)",
        "select count(*) from meter join usage on message_id = meter_id
         where charged <> case when usage.output_tokens = 0 then 0
           else usage.input_tokens + 10 * usage.output_tokens end",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    let spent = world.count("select sum(charged)::bigint from meter").await;
    assert_eq!(wallet_of(&world, client, who).await.balance, PLENTY - spent);
    assert_all_settled(&world).await;
}

/// Answers that end in every way there is, one after the other.
async fn chaos(model: &Scripted, ann: &Person<'_>, session: &str, count: usize) {
    for n in 0..count {
        model.push(match n % 4 {
            0 => script([Step::Fail]),
            1 => script([say(SAID), Step::Fail]),
            2 => script([say(SAID), say(SAID)]),
            _ => script([say(SAID), Step::Hang]),
        });
        let mut reader = ann.reads(session, "?").await;
        let id = text(&reader.until("start").await.data["message_id"]).to_owned();
        if n % 4 == 3 {
            reader.until("delta").await;
            ann.stops(&id).await;
        }
        let rest = reader.rest().await;
        assert!(
            matches!(names(&rest).last(), Some(&"done" | &"error")),
            "{rest:?}"
        );
    }
}

/// lago-api #5870
#[tokio::test]
async fn what_is_bought_twice_with_one_key_is_bought_once() {
    let world = World::new().await;
    let (ann, client, who) = payer(&world, PLENTY).await;
    let mut set = tx(&world, client).await;
    let plan = plans::offered(&mut set, plans::pack(10, 1_000)).await;
    set.commit().await.unwrap();
    let path = format!("/api/v1/plans/{}/purchase", plan.plan_id);
    let buy = |key: &'static str| {
        ann.request(Method::POST, &path)
            .header("Idempotency-Key", key)
            .send()
    };
    let bought = join_all((0..4).map(|_| buy("a"))).await;
    for answer in bought {
        let owned = body(answer.unwrap(), StatusCode::CREATED).await;
        assert_eq!(
            (&owned["uses"], &owned["used"]),
            (&json!(10), &json!(0)),
            "{owned}"
        );
    }
    assert_eq!(wallet_of(&world, client, who).await.balance, PLENTY - 1_000);
    body(buy("b").await.unwrap(), StatusCode::CREATED).await;
    assert_eq!(wallet_of(&world, client, who).await.balance, PLENTY - 2_000);
    let no_key = ann.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(
        problem(no_key, StatusCode::UNPROCESSABLE_ENTITY).await["code"],
        "invalid"
    );
    assert_eq!(
        ann.get("/api/v1/entitlements").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
