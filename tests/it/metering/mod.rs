//! What things cost, who pays, and what is bought: under crowds, crashes and clocks.

mod api;
mod back;
mod costs;
mod crash;
mod ends;
mod ingestion;
mod kill;
mod order;
pub mod plans;

mod quotas;
mod refused;
mod soak;

use concierge::{
    billing::{
        Amounts, Billing, Book, Entry, Estimate, Kind, Micros, Owner, Payer, Rates, Used, Wallet,
        What,
        meter::{self, Opened, Settled},
        price, settings, verify, wallet,
    },
    db::ClientTx,
    error::Result,
    ids::{ClientNo, UserId},
};
use sqlx::Row;
use uuid::Uuid;

use crate::{
    verbs::eventually,
    world::{Person, World},
};

/// A micro-credit for a token read, ten for one written.
pub const RATES: Rates = Rates {
    input: Some(1_000_000),
    cached_input: Some(100_000),
    output: Some(10_000_000),
    embedding: Some(1_000_000),
    page: Some(1_000),
    image: Some(50_000),
};

/// An amount.
pub fn micros(amount: i64) -> Micros {
    Micros::new(amount).unwrap()
}

/// A transaction of a client.
pub async fn tx(world: &World, client: ClientNo) -> ClientTx {
    world.app.db.client(client).await.unwrap()
}

/// Gives micro-credits.
pub async fn gift(world: &World, client: ClientNo, owner: Owner, amount: i64) {
    let mut tx = tx(world, client).await;
    let key = format!("gift {}", Uuid::new_v4());
    let entry = Entry {
        amount: micros(amount),
        key: &key,
        subject: None,
        note: "",
    };
    let from = (Kind::Grant, Book::Promotion);
    wallet::add(&mut tx, owner, from, &entry, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What a wallet holds.
pub async fn wallet_of(world: &World, client: ClientNo, owner: Owner) -> Wallet {
    wallet::find(&mut tx(world, client).await, owner)
        .await
        .unwrap()
}

/// Adds everything up.
pub async fn assert_books_agree(world: &World) -> verify::Totals {
    let mut tx = world.app.db.system().await.unwrap();
    let (totals, findings) = verify::books(&mut tx).await.unwrap();
    assert_eq!(findings, []);
    totals
}

/// Sets who pays, and prices for the model of the tests and for documents.
pub async fn billed(world: &World, client: ClientNo, billing: Billing) {
    let (mut tx, now) = (tx(world, client).await, world.app.clock.now());
    settings::set(&mut tx, &billing, now).await.unwrap();
    if price::list(&mut tx, false, now).await.unwrap().is_empty() {
        for model in ["scripted", price::INGESTION] {
            price::set(&mut tx, model, RATES, None, now).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// The users pay.
pub fn users_pay() -> Billing {
    Billing {
        payer: Payer::User,
        ..Billing::default()
    }
}

/// The client pays.
pub fn client_pays() -> Billing {
    Billing {
        payer: Payer::Client,
        ..Billing::default()
    }
}

/// Who a person is in the books.
pub async fn owner(person: &Person<'_>) -> Owner {
    let me = person.get("/api/v1/me").await;
    Owner::User(UserId(me["id"].as_str().unwrap().parse().unwrap()))
}

/// An answer to be: so many tokens read, and so many written at most.
pub fn answer(who: Owner, input: u32, output_tokens_max: u32) -> Estimate<'static> {
    Estimate {
        id: Uuid::new_v4(),
        subject: None,
        who,
        what: What::Answer,
        model: "scripted",
        certain: Amounts {
            input,
            ..Amounts::default()
        },
        output_tokens_max,
    }
}

/// Sets aside what it may cost.
pub async fn opened(
    world: &World,
    client: ClientNo,
    estimate: &Estimate<'_>,
) -> Result<Option<Opened>> {
    let mut tx = tx(world, client).await;
    let opened = meter::open(&mut tx, estimate, world.app.clock.now()).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Settles it.
pub async fn settled(world: &World, client: ClientNo, id: Uuid, used: Used) -> Option<Settled> {
    let mut tx = tx(world, client).await;
    let settled = meter::settle(&mut tx, id, &used, world.app.clock.now()).await;
    tx.commit().await.unwrap();
    settled.unwrap()
}

/// So many tokens were read and written.
pub fn used(input: u32, output: u32) -> Used {
    Used {
        amounts: Amounts {
            input,
            output,
            ..Amounts::default()
        },
        delivered: output > 0,
    }
}

/// A user who pays for answers, with credits to spend.
pub async fn payer<'w>(world: &'w World, credits: i64) -> (Person<'w>, ClientNo, Owner) {
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let who = owner(&ann).await;
    billed(world, acme.no, users_pay()).await;
    gift(world, acme.no, who, credits).await;
    (ann, acme.no, who)
}

/// Waits until somebody waits for a lock.
pub async fn waits(world: &World) {
    let sql = "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'";
    let waiting = async || (world.count(sql).await > 0).then_some(());
    eventually("somebody waits for a lock", waiting).await;
}

/// What an answer cost, and how it was metered: source, state, micro-credits.
pub async fn metered(world: &World, answer: &str) -> Option<(String, String, i64)> {
    let sql = "select source, state, charged from meter where meter_id = $1";
    let row = sqlx::query(sql).bind(crate::verbs::uuid(answer));
    let row = row
        .fetch_optional(&mut world.superuser().await)
        .await
        .unwrap()?;
    Some((row.get(0), row.get(1), row.get(2)))
}

/// Nothing is set aside, and what was charged is what went out of wallets.
pub async fn assert_all_settled(world: &World) {
    assert_eq!(assert_books_agree(world).await.open_holds, 0);
    for (what, sql) in [
        ("open meters", "select count(*) from meter where state = 'open'"),
        (
            "charges that are not in the books",
            "select coalesce((select sum(charged) from meter), 0)::bigint
               - coalesce((select sum(amount) from transfer where kind = 'charge'), 0)::bigint",
        ),
        (
            "quotas that do not add up",
            "select count(*) from tally where period = 'month' and owner_id <> '00000000-0000-0000-0000-000000000000'
               and credits <> (select coalesce(sum(charged), 0) from meter
                 where meter.client_no = tally.client_no and meter.owner_id = tally.owner_id and month = begins)",
        ),
    ] {
        assert_eq!(world.count(sql).await, 0, "{what}");
    }
}

/// What was charged is what was delivered, answer by answer, at the rates of these tests.
pub async fn assert_charged_is_delivered(world: &World) {
    for sql in [
        "select count(*) from message where state = 'running'",
        "select count(*) from meter where source <> 'credit' and charged > 0",
        // answers with words that cost nothing, and the other way round
        "select count(*) from message join meter on meter_id = message_id
         where role = 'assistant' and (content = '') = (charged > 0)",
        "select count(*) from message where role = 'assistant' and content <> ''
         and not exists (select from meter where meter_id = message_id)",
        // a micro-credit for a token that was read, a tenth when the vendor knew it, ten for one written
        "select count(*) from meter where state = 'settled' and source = 'credit' and abs(charged - least(held,
           input_tokens - least(cached_tokens, input_tokens) * 0.9 + output_tokens * 10)) >= 1",
        // what is told of as used is what was charged for
        "select count(*) from meter join usage on message_id = meter_id
         where state = 'settled' and (usage.input_tokens, usage.output_tokens)
           is distinct from (meter.input_tokens, meter.output_tokens)",
        "select count(*) from meter where state = 'released'
         and exists (select from usage where message_id = meter_id and counted_by = 'server' and output_tokens > 0)",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    assert_counted_is_written(world).await;
}

/// Where the vendor said nothing, what was written was counted by us.
async fn assert_counted_is_written(world: &World) {
    let counted: Vec<(String, i32)> = sqlx::query_as(
        "select content, output_tokens from message join usage using (client_no, message_id)
         where counted_by = 'server' and state <> 'running'",
    )
    .fetch_all(&mut world.superuser().await)
    .await
    .unwrap();
    for (content, tokens) in counted {
        let written = concierge::models::tokens::count(&content);
        assert_eq!(tokens, written.cast_signed(), "{content}");
    }
}
