//! Clients with thousands of rows each, so that it matters how a statement reads.

use concierge::ids::ClientNo;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::world::World;

/// The clients that have a crowd each.
pub const CLIENTS: [ClientNo; 2] = [ClientNo(1), ClientNo(2)];
/// How many there are besides, with a key each and nothing else.
const OTHER_CLIENTS: i32 = 2_000;
/// Rows of each client in a table that grows.
const ROWS: i32 = 4_000;
/// Users of each client; the rows are theirs by turns.
const USERS: i32 = 100;

/// What is in row `n` of client `c`, in the order of the table's columns: `id`, `hash` and `at` are
/// its own, `u` is its user and `session` its conversation.
const TABLES: [(&str, &str); 48] = [
    ("app_user", "c, id, n, 'partner', 'u' || n, 'name', 'member', true, at"),
    ("login_session", "c, hash, u, at, at + interval '1 day'"),
    ("burnt_token", "c, hash, at"),
    ("api_key", "c, id, 'key', hash, '{}', at, null"),
    ("job", "c, id, 'ingest', id, at, 0, null, null, n > 50, at"),
    // some are the client's, most are users' own
    ("base", "c, id, n, case when n > 100 then u end, 'b' || n, '', '', 'refuse', at"),
    ("blob", "c, hash, 1, at"),
    (
        "document",
        "c, id, n, n % 200 + 1, 'd' || n, 'text/plain', null, hash, 1, 'ready', null, null, '[]', 2, 1, 0, 0, at, at",
    ),
    (
        "document_version",
        "c, n, 1, 'current', null, 'd' || n, 'text/plain', null, hash, 1, null, '[]', 2, null, false, at",
    ),
    ("document_text", "c, n, 1, 4, 'text'"),
    ("chunk", "c, id, n, (n / 2 + 1) % 200 + 1, n / 2 + 1, 1, n % 2, 0, 4, null, '', 'text', sha256(hash)"),
    ("document_index", "c, n, n % 200 + 1, 1, 2, 10"),
    ("base_stats", "c, n, 2, 10"),
    ("posting", "n, c, n % 200 + 1, 1, 0, 'term' || n % 500, hash"),
    ("chunk_vector", "n, c, n % 200 + 1, 1, 0, 'test', '[1,0,0]'"),
    ("chat_session", "c, id, u, 'title', null, at, at"),
    (
        "message",
        "c, id, n, session, u, case n % 2 when 0 then 'user' else 'assistant' end,
         'text', case when n % 500 = 1 then 'running' else 'done' end,
         '[]', null, null, 'model', null, at, at, at, case when n % 20 > 0 or n % 2 = 1 then n - 1 end",
    ),
    ("frame", "c, id, 1, 9, hash"),
    ("usage", "c, id, u, 'm', 1, 1, 'server', 'done', at"),
    ("prompt", "c, id, 'p' || n, null, 1, '', '', 'text', null"),
    (
        "payment_order",
        "c, id, u, u, id, 'title', 'credit', 1, 'stripe', 1, 'usd', 'pending', 0, 0, 0, 0, false, 0,
         'k' || n, 'r' || n, null, at, at, null, null, at, 2",
    ),
    ("payment", "c, id, id, 'stripe', 'r' || n, 1, 'usd', 'good', at"),
    ("payment_reversal", "c, 'stripe', 'r' || n, id, null, 'refund', 1, 'usd', 'stands', at, at"),
    ("payment_event", "c, 'stripe', 'e' || n, 'kind', null, id, sha256(hash), at"),
    (
        "payment_exception",
        "c, id, id, 'stripe', 'r' || n, 'after_cancel', 1, 'usd', '', case when n % 100 = 0 then 'open' else 'dismissed' end,
         null, at, case when n % 100 > 0 then at end",
    ),
    ("payment_call", "c, id, id, 'refund', '/', 'b', 'done', at, at, 'v'"),
    (
        "chain_address",
        "c, id, n, '0x' || lpad(to_hex(n), 40, '0'), 'main', 1, 'asset', 'USDT', 6, 1, 12, at, at,
         case n % 100 when 0 then 'open' else 'paid' end, 0, at, n",
    ),
    (
        "chain_arrival",
        "c, id, id, 'main', n, '0x' || encode(sha256(hash), 'hex'), at, '0x' || encode(sha256(hash), 'hex'), 0, 'asset',
         'payer', 2, 'confirmed', case n % 100 when 0 then 'over' else 'counted' end, 1, true, at, at, null, null",
    ),
    ("chain_watch", "'w' || c || ' ' || n, 1, 1, 1, at, null, null, null, null"),
    ("account", "c, n, 'wallet', id, n, at"),
    ("transfer", "c, id, n, 'charge', n, n + 1, 1, 1, 1, 'k' || n, id, '', at"),
    ("hold", "c, id, n, n, 1, case when n > 50 then 'settled' else 'open' end, at, case when n > 50 then at end"),
    ("plan", "c, id, 'p' || n, 'uses', 1, null, null, 1, null, null, n % 100 = 0, null, at"),
    ("entitlement", "c, id, u, id, 'uses', 'k' || n, 1, n % 2, at, null, null, at"),
    ("price", "c, id, 'm' || n % 100, 1, 1, 1, 1, 1, 1, at, at"),
    (
        "tally",
        "c, u, case n % 2 when 0 then 'day' else 'month' end, '2026-01-01'::date + n, 0, 0, 0",
    ),
    (
        "meter",
        "c, id, u, case when n % 10 > 0 then 'answer' else 'ingestion' end, case when n % 10 = 0 then id end,
         id, 'credit', null, case when n > 50 then 'settled' else 'open' end, 1, 0, '2026-01-01'::date + n / 100,
         date_trunc('month', '2026-01-01'::date + n / 100)::date, 0, 0, 0, 0, 0, 0, at, case when n > 50 then at end",
    ),
    ("recommended_question", "c, id, n, n % 200 + 1, 'q' || n, '', 0, true, null, at"),
    (
        "subscription",
        "c, id, u, id, at::date, 0, at, null, at, case when n % 10 > 0 then at end",
    ),
    ("fee", "c, u, id, '2026-01-01'::date + n, id, 1, case when n % 10 > 0 then 'paid' else 'unpaid' end, 1, at, at,
      case when n % 10 > 0 then at end"),
    ("outside_fact", "c, 'stripe', 'payment', 'r' || n, id, 1, 'usd', 'stands', at, at"),
    (
        "outside_balance",
        "c, 't' || n, 'payment', 'r' || n, 's' || n, id, 1, 0, 'usd', at, at",
    ),
    ("recon_run", "c, id, '2026-01-01'::date + n, 1, 0, 0, at, at"),
    (
        "recon_line",
        "c, id, '2026-01-01'::date + n / 100, id, 'payment', 'stripe', 'r' || n, id, 'matched', 1, 1, 'usd',
         case when n % 100 = 0 then 'open' else 'fine' end, '', null, at, null",
    ),
    ("book_day", "c, '2026-01-01'::date + n, n, 1, 0, '', sha256(hash), sha256(hash), at"),
    ("usage_hour", "c, at, u, 'm', 1, 1, 0, 1, 0"),
    ("notice", "c, id, u, 'low_balance', 1, 2, at, at"),
    ("prompt_version", "c, id, 1, 'text', null, '', u, null, at"),
];

impl World {
    /// A world with a crowd in it, and statistics of it.
    pub async fn crowded() -> Self {
        let world = Self::new().await;
        let mut conn = world.superuser().await;
        fill(&mut conn).await;
        world
    }
}

async fn fill(conn: &mut PgConnection) {
    let mut tx = conn.begin().await.unwrap();
    // references among rows that are made in one go need no proof here
    tx.execute("set local session_replication_role = replica")
        .await
        .unwrap();
    for statement in [
        "insert into client overriding system value
         select n, 'c' || n, 'name', '', true, 'header', 'partner', 'own', 'UTC', null, 'epoch'
         from generate_series(1, $1) n",
        "insert into billing_settings select n, 'user', 0, null, null, null, null, null, 'epoch'
         from generate_series(1, $1) n",
        "insert into client_key select n, gen_random_uuid(), '', '', 2048, 'epoch', null
         from generate_series(1, $1) n",
        "insert into low_balance select n, 1, 'epoch' from generate_series(1, $1) n",
    ] {
        sqlx::query(statement)
            .bind(OTHER_CLIENTS)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    for client in CLIENTS {
        for (table, columns) in TABLES {
            let rows = rows(client);
            let insert = format!(
                "insert into {table} overriding system value select {columns} from ({rows}) rows"
            );
            let done = tx.execute(AssertSqlSafe(insert)).await;
            done.unwrap_or_else(|error| panic!("{table}: {error}"));
        }
    }
    tx.commit().await.unwrap();
    conn.execute("vacuum analyze").await.unwrap();
}

fn rows(client: ClientNo) -> String {
    let id = |n: &str| {
        format!(
            "('00000000-0000-7000-' || lpad(to_hex({}), 4, '0') || '-' || lpad(to_hex({n}), 12, '0'))::uuid",
            client.0
        )
    };
    format!(
        "select {c} as c, n, {id} as id, {user} as u, {session} as session,
           decode(lpad(to_hex({c}), 8, '0') || lpad(to_hex(n), 24, '0'), 'hex') as hash,
           'epoch'::timestamptz + n * interval '1 minute' as at
         from generate_series(1, {ROWS}) n",
        c = client.0,
        id = id("n"),
        user = id(&format!("n % {USERS} + 1")),
        session = id("n / 20 + 1"),
    )
}
