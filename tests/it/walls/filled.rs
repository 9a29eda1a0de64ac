//! A world with something of everything in it: two users of one client, and one of another.

use std::collections::BTreeMap;

use concierge::{
    billing::{
        Amounts, Billing, Book, Entry, Estimate, Kind, Micros, Owner, What, meter, settings, wallet,
    },
    identity::{MembersMay, V1Tokens, api_key},
    ids::UserId,
    secret::Secret,
};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use uuid::Uuid;

use crate::{
    extract::paper,
    metering::users_pay,
    world::{Partner, Person, World, body},
};

/// What a user has.
#[derive(Clone, Debug)]
pub struct Belongings {
    /// A base of the user's own.
    pub base: String,
    /// A document in it that can be searched.
    pub document: String,
    /// A chunk that was added to it.
    pub chunk: String,
    /// A question that is recommended in it.
    pub recommended: String,
    /// A conversation.
    pub session: String,
    /// What was asked in it.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// An order that nobody paid.
    pub order: String,
    /// An order that was paid.
    pub paid: String,
}

/// A client whose tokens are exchanged once.
pub async fn partner<'w>(world: &'w World, id: &str) -> Partner<'w> {
    world
        .partner_with(id, V1Tokens::ExchangeOnce, MembersMay::Own)
        .await
}

/// Gives a user something of everything.
pub async fn settle(world: &World, person: &Person<'_>) -> Belongings {
    let base = person.base("warranty").await;
    let text = [
        "The battery has a warranty of eight years.",
        "The paint has a warranty of two years.",
    ];
    // a PDF: its pages can be shown
    let document = person
        .upload(&base, "battery.pdf", paper::english(&[&text]))
        .await;
    let document = body(document, StatusCode::ACCEPTED).await;
    let document = document["id"].as_str().unwrap().to_owned();
    world.run_jobs().await;
    let chunk = json!({"text": "The bell has a warranty of one year."});
    let path = format!("/api/v1/documents/{document}/chunks");
    let chunk = person.post(&path, chunk, StatusCode::CREATED).await;
    let recommended = json!({"query": "How long?", "knowledge_base_id": base});
    let path = "/api/v1/recommended-questions";
    let recommended = person.post(path, recommended, StatusCode::CREATED).await;
    let session = person.session().await;
    let answer = person
        .asks(&session, "How long is the warranty of the battery?")
        .await;
    assert_eq!(answer["state"], "done", "{answer}");
    with_vectors(&mut world.superuser().await).await;
    with_prompts(&mut world.superuser().await).await;
    with_plans(&mut world.superuser().await).await;
    with_books(&mut world.superuser().await).await;
    with_money(person).await;
    let [order, paid] = with_orders(person).await;
    let id = |name: &str| answer[name].as_str().unwrap().to_owned();
    Belongings {
        base,
        document,
        chunk: chunk["id"].as_str().unwrap().to_owned(),
        recommended: recommended["id"].as_str().unwrap().to_owned(),
        session,
        question: id("reply_to"),
        answer: id("id"),
        order,
        paid,
    }
}

/// A vector for each first chunk: tests do without the model that would make them.
async fn with_vectors(conn: &mut PgConnection) {
    let insert = "insert into chunk_vector (client_no, base_no, document_no, version, ordinal, embedder, embedding)
         select client_no, base_no, document_no, version, 0, 'test', '[1,0,0]' from document_index
         on conflict do nothing";
    sqlx::query(insert).execute(conn).await.unwrap();
}

/// A prompt for each client: no ordinary user makes one.
async fn with_prompts(conn: &mut PgConnection) {
    for insert in [
        "insert into prompt (client_no, prompt_id, name, version, title, description, en)
         select client_no, gen_random_uuid(), 'wall', 1, '', '', '{{passages}}' from client
         on conflict do nothing",
        "insert into prompt_version (client_no, prompt_id, version, en, note, created_at)
         select client_no, prompt_id, 1, en, '', 'epoch' from prompt on conflict do nothing",
    ] {
        conn.execute(insert).await.unwrap();
    }
}

/// Something that can be bought from each client, and somebody who has it.
async fn with_plans(conn: &mut PgConnection) {
    for insert in [
        "insert into plan (client_no, plan_id, name, kind, credits, uses, enabled, created_at)
         select client_no, gen_random_uuid(), 'wall', 'uses', 1, 1, true, 'epoch' from client
         on conflict do nothing",
        "insert into entitlement (client_no, entitlement_id, owner_id, plan_id, kind, key, uses, used,
           starts_at, created_at)
         select client_no, gen_random_uuid(), user_id, plan_id, 'uses', user_id::text, 1, 0, 'epoch', 'epoch'
         from plan join app_user using (client_no) on conflict do nothing",
        "insert into price (client_no, price_id, model, page, valid_from, created_at)
         select client_no, gen_random_uuid(), 'wall', 1, 'epoch', 'epoch' from client on conflict do nothing",
        "insert into billing_settings (client_no, payer, free_uses_per_day, changed_at)
         select client_no, 'off', 0, 'epoch' from client on conflict do nothing",
        "insert into tally (client_no, owner_id, period, begins, uses, free_uses, credits)
         select client_no, user_id, 'day', '2026-01-01', 1, 0, 1 from app_user on conflict do nothing",
        "insert into meter (client_no, meter_id, owner_id, kind, price_id, source, state, held, charged, day,
           month, opened_at)
         select client_no, user_id, user_id, 'answer', price_id, 'credit', 'open', 1, 0, '2026-01-01',
           '2026-01-01', 'epoch'
         from price join app_user using (client_no) on conflict do nothing",
    ] {
        conn.execute(insert).await.unwrap();
    }
}

/// An order that nobody paid, and one that was paid.
async fn with_orders(person: &Person<'_>) -> [String; 2] {
    let insert = "insert into payment_order (client_no, order_id, owner_id, buyer_id, plan_id, title, goods, provider,
           amount, currency, decimals, state, key, created_at, expires_at, paid_at, fulfilled_at, changed_at)
         select client_no, gen_random_uuid(), user_id, user_id, gen_random_uuid(), 'wall', 'uses', 'stripe',
           1250, 'usd', 2, state, state, 'epoch', 'epoch', paid_at, paid_at, 'epoch'
         from app_user, (values ('created', null), ('fulfilled', timestamptz 'epoch')) state (state, paid_at)
         where user_id = $1
         returning order_id::text";
    let me = person.get("/api/v1/me").await;
    let me: Uuid = me["id"].as_str().unwrap().parse().unwrap();
    let made = sqlx::query_scalar(insert).bind(me);
    let conn = &mut person.world.superuser().await;
    let made: Vec<String> = made.fetch_all(&mut *conn).await.unwrap();
    for insert in [
        "insert into chain_index (client_no, next) select client_no, 1 from client on conflict do nothing",
        "insert into chain_watch (name, chain_id, scanned, top) values ('wall', 1, 1, 1) on conflict do nothing",
        "insert into chain_block (name, block_no, block_hash) values ('wall', 1, '') on conflict do nothing",
        "insert into chain_address (client_no, order_id, address_no, address, chain, chain_id, asset, symbol, decimals,
           amount, confirmations, deadline, watched_until, state, undone, created_at)
         select client_no, order_id, ('x' || right(order_id::text, 7))::bit(28)::int,
           '0x' || lpad(replace(order_id::text, '-', ''), 40, '0'), 'wall', 1, 'eip155:1/slip44:60', 'ETH', 18,
           1, 12, 'epoch', 'epoch', 'paid', 0, 'epoch'
         from payment_order on conflict do nothing",
        "insert into chain_arrival (client_no, arrival_id, order_id, chain, block_no, block_hash, block_at, tx_hash,
           log_no, asset, payer, amount, state, verdict, left_over, settled, seen_at, changed_at)
         select client_no, gen_random_uuid(), order_id, 'wall', 1, '0x' || repeat('0', 64), 'epoch',
           '0x' || repeat('0', 64), -1, asset, address, 2, 'confirmed', 'over', 1, true, 'epoch', 'epoch'
         from chain_address on conflict do nothing",
        "insert into payment (client_no, payment_id, order_id, provider, reference, amount, currency, state, at)
         select client_no, gen_random_uuid(), order_id, 'stripe', order_id::text, 1, 'usd', 'good', 'epoch'
         from payment_order on conflict do nothing",
        "insert into payment_reversal (client_no, provider, reference, order_id, kind, amount, currency, stage,
           created_at, changed_at)
         select client_no, 'stripe', order_id::text, order_id, 'refund', 1, 'usd', 'stands', 'epoch', 'epoch'
         from payment_order on conflict do nothing",
        "insert into payment_event (client_no, provider, event_id, kind, order_id, body_hash, received_at)
         select client_no, 'stripe', order_id::text, 'wall', order_id, sha256(''), 'epoch'
         from payment_order on conflict do nothing",
        "insert into payment_exception (client_no, exception_id, order_id, provider, reference, reason, detail, state,
           created_at)
         select client_no, order_id, order_id, 'stripe', order_id::text, 'after_cancel', '', 'open', 'epoch'
         from payment_order on conflict do nothing",
        "insert into payment_call (client_no, call_id, order_id, what, path, body, version, state, created_at)
         select client_no, order_id, order_id, 'refund', '/', 'b', 'v', 'waiting', 'epoch'
         from payment_order on conflict do nothing",
    ] {
        conn.execute(insert).await.unwrap();
    }
    made.try_into().unwrap()
}

/// What runs by itself leaves behind.
async fn with_books(conn: &mut PgConnection) {
    for insert in [
        "insert into subscription (client_no, subscription_id, owner_id, plan_id, first_day, next_no, due_at, started_at)
         select client_no, gen_random_uuid(), user_id, plan_id, '2026-01-01', 0, 'epoch', 'epoch'
         from app_user join plan using (client_no) on conflict do nothing",
        "insert into fee (client_no, owner_id, plan_id, period, subscription_id, amount, state, tries, due_at, made_at)
         select client_no, owner_id, plan_id, '2026-01-01', subscription_id, 1, 'unpaid', 1, 'epoch', 'epoch'
         from subscription on conflict do nothing",
        "insert into outside_fact (client_no, provider, area, reference, amount, currency, stage, at, read_at)
         select client_no, 'stripe', 'payment', 'wall', 1, 'usd', 'stands', 'epoch', 'epoch' from client
         on conflict do nothing",
        "insert into outside_balance (client_no, txn, area, reference, source, amount, fee, currency, at, read_at)
         select client_no, 'wall', 'payment', 'wall', 'wall', 1, 1, 'usd', 'epoch', 'epoch' from client
         on conflict do nothing",
        "insert into recon_run (client_no, run_id, day, lines, healed, open, started_at, ended_at)
         select client_no, md5(client_id)::uuid, '2026-01-01', 1, 0, 0, 'epoch', 'epoch' from client
         on conflict do nothing",
        "insert into recon_line (client_no, line_id, day, run_id, area, provider, reference, state, currency, standing,
           reason, at)
         select client_no, run_id, day, run_id, 'payment', 'stripe', 'wall', 'matched', 'usd', 'fine', '', 'epoch'
         from recon_run on conflict do nothing",
        "insert into book_day (client_no, day, last_no, lines, open, trial, before, hash, closed_at)
         select client_no, '2026-01-01', 0, 1, 0, '', sha256(''), sha256(''), 'epoch' from client
         on conflict do nothing",
        "insert into usage_hour (client_no, hour, user_id, model, answers, input_tokens, cached_tokens, output_tokens,
           charged)
         select client_no, 'epoch', user_id, 'wall', 1, 1, 0, 1, 1 from app_user on conflict do nothing",
        "insert into low_balance (client_no, threshold, changed_at) select client_no, 1, 'epoch' from client
         on conflict do nothing",
        "insert into notice (client_no, notice_id, owner_id, kind, amount, threshold, begun_at)
         select client_no, gen_random_uuid(), user_id, kind, 0, 1, 'epoch'
         from app_user, (values ('low_balance'), ('fee_unpaid')) kind (kind) on conflict do nothing",
        "insert into notice (client_no, notice_id, owner_id, kind, order_id, begun_at, ended_at)
         select client_no, gen_random_uuid(), owner_id, 'order_expired', order_id, 'epoch', 'epoch'
         from payment_order on conflict do nothing",
    ] {
        conn.execute(insert).await.unwrap();
    }
}

/// Credits given twice, and some of them set aside.
async fn with_money(person: &Person<'_>) {
    let app = &person.world.app;
    let me = person.get("/api/v1/me").await;
    let owner = Owner::User(UserId(me["id"].as_str().unwrap().parse().unwrap()));
    let client = sqlx::query_scalar("select client_no from app_user where user_id = $1")
        .bind(owner.id())
        .fetch_one(&mut person.world.superuser().await)
        .await
        .unwrap();
    let (mut tx, now) = (app.db.client(client).await.unwrap(), app.clock.now());
    for key in ["first", "second"] {
        let entry = Entry {
            amount: Micros::new(1_000).unwrap(),
            key: &format!("{key} {}", owner.id()),
            subject: None,
            note: "",
        };
        let from = (Kind::Grant, Book::Promotion);
        wallet::add(&mut tx, owner, from, &entry, now)
            .await
            .unwrap();
    }
    let read = Estimate {
        id: Uuid::new_v4(),
        subject: None,
        who: owner,
        what: What::Ingestion,
        model: "wall",
        certain: Amounts {
            pages: 500,
            ..Amounts::default()
        },
        output_tokens_max: 0,
    };
    // nobody pays for what else is done here
    settings::set(&mut tx, &users_pay(), now).await.unwrap();
    meter::open(&mut tx, &read, now).await.unwrap().unwrap();
    settings::set(&mut tx, &Billing::default(), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A key for a program of the client, with every right there is.
pub async fn key(partner: &Partner<'_>) -> Secret {
    let app = &partner.world.app;
    let mut tx = app.db.client(partner.no).await.unwrap();
    let scopes = [
        api_key::Scope::KnowledgeRead,
        api_key::Scope::KnowledgeWrite,
    ];
    let (_, key) = api_key::create(&mut tx, &partner.id, "program", &scopes, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    key
}

/// Uploads a document that no worker has read yet.
pub async fn wait(person: &Person<'_>, base: &str) {
    let waiting = person
        .upload(base, "waits.md", "This waits for a worker.")
        .await;
    body(waiting, StatusCode::ACCEPTED).await;
}

/// Every table with a sum over its rows, their versions and their locks: whatever writes changes it.
pub async fn fingerprint(conn: &mut PgConnection) -> BTreeMap<String, String> {
    let tables = "select relname::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    let mut sums = BTreeMap::new();
    for table in tables {
        let sum = format!(
            "select count(*) || ' ' || md5(coalesce(string_agg(concat_ws(' ', ctid, xmin, xmax, t), '|' order by ctid), ''))
             from {table} t"
        );
        let sum: String = sqlx::query_scalar(AssertSqlSafe(sum))
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        sums.insert(table, sum);
    }
    sums
}
