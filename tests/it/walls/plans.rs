//! No statement of a request reads a whole table, nor all rows of its client, and the hot ones go by
//! the index made for them.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use super::statements::{Statement, is_sql, statements};
use crate::world::World;

/// Roles that serve requests. What runs by itself may read what it sweeps.
const SERVING: [&str; 2] = ["concierge_client", "concierge_gate"];

/// Statements that read all rows of a client, with the reason.
const WHOLE: [(&str, &str); 32] = [
    // a client has one row of it
    ("billing/store/meters.rs", "terms"),
    ("billing/store/settings.rs", "settings"),
    // a client has 2,000 recommended questions at most, and what its bases suggest
    ("knowledge/store/questions.rs", "questions_counted"),
    ("knowledge/store/questions.rs", "questions"),
    ("knowledge/store/questions.rs", "picked_questions"),
    // a client has one row of it; of all days that were read there are a few hundred
    ("billing/store/notices.rs", "threshold"),
    ("billing/store/notices.rs", "remove_threshold"),
    ("billing/recon/store/outside.rs", "is_read_here"),
    ("billing/recon/store/balance.rs", "since"),
    // one row from the end of an index
    ("billing/recon/store/days.rs", "last"),
    ("billing/recon/store/days.rs", "last_no"),
    ("billing/recon/store/days.rs", "first_moment"),
    ("billing/recon/store/outside.rs", "used"),
    // once a day, by what compares and closes it
    ("billing/recon/store/days.rs", "moved"),
    ("billing/recon/store/ours.rs", "strays"),
    ("billing/recon/store/arrivals.rs", "ours"),
    ("billing/recon/store/balance.rs", "moved"),
    ("billing/recon/store/balance.rs", "taken"),
    ("billing/recon/store/ours.rs", "payments"),
    ("billing/recon/store/ours.rs", "reversals"),
    ("billing/recon/store/ours.rs", "orders"),
    ("billing/recon/store/ours.rs", "fees"),
    // a client has a handful of plans and prices
    ("billing/store/plans.rs", "count"),
    ("billing/store/plans.rs", "plans"),
    ("billing/store/prices.rs", "prices"),
    // once a day: whether any document still names a file
    ("blobs.rs", "sweep"),
    // a client has a handful of keys
    ("identity/store/keys.rs", "active_keys"),
    ("identity/store/keys.rs", "newest_public_key"),
    ("identity/store/keys.rs", "retire_keys"),
    ("identity/store/keyring.rs", "sealed_keys"),
    ("identity/store/keyring.rs", "keys"),
    ("identity/store/keyring.rs", "api_keys"),
];

/// The index that a hot statement goes by; a list comes out of it in order, without sorting.
const HOT: [(&str, &str, &[&str]); 43] = [
    (
        "billing/store/usage.rs",
        "of_user",
        &["usage_of_user", "meter_pkey", "meter_by_month", "sorts"],
    ),
    (
        "identity/store/clients.rs",
        "client_at_gate",
        &["client_id_key"],
    ),
    (
        "identity/store/keys.rs",
        "active_keys",
        &["client_key_pkey", "sorts"],
    ),
    (
        "identity/store/users.rs",
        "user_by_name",
        &["app_user_external_key"],
    ),
    (
        "identity/store.rs",
        "session_user",
        &["login_session_pkey", "app_user_pkey"],
    ),
    ("identity/store.rs", "api_key", &["api_key_secret_key"]),
    ("chat/store/sessions.rs", "session", &["chat_session_pkey"]),
    (
        "chat/store/sessions.rs",
        "sessions",
        &["chat_session_of_user"],
    ),
    (
        "chat/store.rs",
        "messages",
        &["message_of_session", "usage_pkey"],
    ),
    ("chat/store.rs", "message", &["message_pkey", "usage_pkey"]),
    (
        "chat/store/tree.rs",
        "answer_to",
        &["message_pkey", "message_children", "sorts"],
    ),
    // the branch comes out of the tree in no order
    (
        "chat/store/tree.rs",
        "told",
        &["message_of_session", "prompt_name_key", "sorts"],
    ),
    (
        "chat/store/tree.rs",
        "branch",
        &["message_of_session", "usage_pkey", "sorts"],
    ),
    ("chat/store/tree.rs", "leaf", &["message_children"]),
    (
        "chat/store/history.rs",
        "found_messages",
        &["message_of_user"],
    ),
    (
        "chat/store/history.rs",
        "found_titles",
        &["chat_session_of_user"],
    ),
    (
        "chat/store/sessions.rs",
        "session_to_ask",
        &["chat_session_pkey", "message_running"],
    ),
    ("chat/store/tree.rs", "add_turn", &["chat_session_pkey"]),
    ("chat/store/writing.rs", "frames", &["frame_pkey"]),
    ("chat/store/writing.rs", "orphans", &["message_lease"]),
    (
        "knowledge/store/bases.rs",
        "base",
        &["base_pkey", "base_stats_pkey", "document_of_base"],
    ),
    (
        "knowledge/store/bases.rs",
        "bases",
        &[
            "base_name_key",
            "base_stats_pkey",
            "document_of_base",
            "sorts",
        ],
    ),
    (
        "knowledge/store/bases.rs",
        "readable_bases",
        &["base_name_key", "sorts"],
    ),
    (
        "knowledge/store/documents.rs",
        "document",
        &["document_pkey", "base_no_key"],
    ),
    (
        "knowledge/store/documents.rs",
        "documents",
        &["document_of_base", "base_no_key"],
    ),
    ("knowledge/store/chunks.rs", "text", &["document_text_pkey"]),
    ("knowledge/store/chunks.rs", "chunks", &["chunk_order"]),
    (
        "knowledge/store/chunks.rs",
        "chunk",
        &["chunk_pkey", "document_no_key", "base_no_key"],
    ),
    (
        "knowledge/store/documents.rs",
        "document_named",
        &["document_name_key"],
    ),
    (
        "knowledge/store/versions.rs",
        "versions",
        &["document_version_pkey"],
    ),
    ("knowledge/search/reads.rs", "postings", &["posting_pkey"]),
    (
        "knowledge/search/reads.rs",
        "vectors_of_texts",
        &["chunk_of_text"],
    ),
    ("billing/order/store.rs", "lock", &["payment_order_pkey"]),
    (
        "billing/order/store.rs",
        "of_owner",
        &["payment_order_of_owner"],
    ),
    ("billing/order/store.rs", "all", &["payment_order_by_time"]),
    ("billing/order/store.rs", "order_of", &["payment_once"]),
    ("billing/chain/store.rs", "deposit", &["chain_address_pkey"]),
    (
        "billing/chain/store.rs",
        "arrivals",
        &["chain_arrival_once", "sorts"],
    ),
    ("billing/chain/store.rs", "left", &["chain_arrival_left"]),
    (
        "billing/chain/store.rs",
        "waiting",
        &["payment_order_of_buyer", "chain_address_pkey"],
    ),
    (
        "billing/recon/store/arrivals.rs",
        "time_of",
        &["chain_arrival_of_block"],
    ),
    // clients are few, whatever leads to them
    (
        "billing/recon/store/outside.rs",
        "clients_of_orders",
        &["payment_order_pkey"],
    ),
    ("queue.rs", "claim", &["job_due", "job_pkey"]),
];

/// How PostgreSQL would run a statement in this role, whatever is bound.
async fn plan(conn: &mut PgConnection, statement: &Statement, role: &str) -> String {
    let mut tx = conn.begin().await.unwrap();
    tx.execute("set local app.client = '1'").await.unwrap();
    tx.execute(AssertSqlSafe(format!("set local role {role}")))
        .await
        .unwrap();
    let explain = format!("explain (generic_plan) {}", statement.text);
    let lines = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    lines.join("\n")
}

/// Whether a plan reads a table from end to end, or an index by nothing but the client.
fn reads_all(plan: &str) -> bool {
    let mut scan = "";
    plan.lines().any(|line| {
        let condition = line.trim_start().strip_prefix("Index Cond: (client_no = ");
        // the number of a client is the whole key of the table of clients
        let by_client =
            condition.is_some_and(|rest| !rest.contains(" AND ")) && !scan.contains("client_pkey");
        scan = line;
        by_client || line.contains("Seq Scan")
    })
}

#[tokio::test]
async fn statements_go_by_an_index() {
    let world = World::crowded().await;
    let conn = &mut world.superuser().await;
    let (statements, _) = statements();
    no_request_reads_a_whole_table(conn, &statements).await;
    hot_statements_go_by_the_index_made_for_them(conn, &statements).await;
    a_planted_scan_is_found(conn).await;
}

async fn no_request_reads_a_whole_table(conn: &mut PgConnection, statements: &[Statement]) {
    let (mut complaints, mut looked_at) = (Vec::new(), 0);
    for statement in statements
        .iter()
        .filter(|statement| is_sql(&statement.text))
    {
        let Statement {
            path,
            function,
            roles,
            text,
        } = statement;
        for role in roles.iter().filter(|role| SERVING.contains(role)) {
            looked_at += 1;
            let plan = plan(conn, statement, role).await;
            let known = WHOLE.contains(&(path, function));
            if reads_all(&plan) != known {
                complaints.push(format!("{path}: {function} as {role}\n{text}\n{plan}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(looked_at > 70, "only {looked_at} plans");
}

async fn hot_statements_go_by_the_index_made_for_them(
    conn: &mut PgConnection,
    statements: &[Statement],
) {
    for (path, function, expected) in HOT {
        let statement = statements
            .iter()
            .find(|found| (found.path.as_str(), found.function.as_str()) == (path, function));
        let statement = statement.unwrap_or_else(|| panic!("no statement in {function} of {path}"));
        let plan = plan(conn, statement, statement.roles[0]).await;
        for index in expected.iter().filter(|index| **index != "sorts") {
            assert!(
                plan.contains(&format!(" {index} ")) || plan.contains(&format!(" {index}\n")),
                "{function}: {index}\n{plan}"
            );
        }
        let sorts = plan.contains("Sort Key");
        assert_eq!(sorts, expected.contains(&"sorts"), "{function}\n{plan}");
    }
}

/// Statements inside of functions are not seen by `explain`: what they read is counted.
#[tokio::test]
async fn metering_reads_a_handful_of_rows() {
    let world = World::crowded().await;
    let conn = &mut world.superuser().await;
    let mut tx = conn.begin().await.unwrap();
    for statement in [
        // the crowd numbered its rows itself
        "select setval(pg_get_serial_sequence('account', 'account_no'), 1000000),
           setval(pg_get_serial_sequence('transfer', 'no'), 1000000)",
        "set local role concierge_client",
        "set local app.client = '1'",
        "create temporary table metered on commit drop as
           select gen_random_uuid() id, user_id, '2026-06-01'::timestamptz at from app_user
           where client_no = 1 limit 1",
        "select wallet_lock(1, user_id, at) from metered",
        "update entitlement set used = uses from metered where client_no = 1 and owner_id = user_id",
        "update account set balance = 1000000000 from metered
         where client_no = 1 and owner_id = user_id and kind = 'wallet'",
    ] {
        tx.execute(statement).await.unwrap();
    }
    let deeds = [
        "select verdict from metered, meter_open(1, id, null, user_id, 'answer', 'm7', 10, 0, 0, 0, 0, 100, id, at)",
        "select source from metered, meter_settle(1, id, true, 10, 0, 5, 0, 0, 0, gen_random_uuid(), gen_random_uuid(), at)",
    ];
    let before = read(&mut tx).await;
    for (deed, word) in deeds.into_iter().zip(["opened", "credit"]) {
        let said: String = sqlx::query_scalar(deed).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(said, word);
    }
    let after = read(&mut tx).await;
    for ((table, scans, rows), (_, scans_before, rows_before)) in after.iter().zip(&before) {
        assert_eq!(scans, scans_before, "{table} was read from end to end");
        let rows = rows - rows_before;
        assert!(rows <= 20, "{rows} rows of {table} were read");
    }
    let moved = after.iter().zip(&before);
    let moved = moved.filter(|((_, _, rows), (_, _, before))| rows > before);
    assert!(moved.count() >= 5, "{after:?}");
}

/// Scans of whole tables, and rows read by an index, in this transaction.
async fn read(conn: &mut PgConnection) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "select relname::text, seq_scan, coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
         where relname in ('account', 'entitlement', 'hold', 'meter', 'price', 'tally', 'transfer')
         order by relname",
    )
    .fetch_all(conn)
    .await
    .unwrap()
}

/// An operator that is not leakproof cannot go by an index behind a policy.
async fn a_planted_scan_is_found(conn: &mut PgConnection) {
    let index = "create index planted on chat_session (client_no, title text_pattern_ops)";
    conn.execute(index).await.unwrap();
    for (text, all) in [
        (
            "select from chat_session where client_no = $1 and title ~~ 'a%'",
            true,
        ),
        (
            "select from chat_session where client_no = $1 and title = $2",
            false,
        ),
        (
            "select from chat_session where client_no = $1 and created_at > $2",
            true,
        ),
        ("select from chat_session", true),
        ("select from client where client_no = $1", false),
    ] {
        let (path, function, text) = (String::new(), String::new(), text.to_owned());
        let statement = Statement {
            path,
            function,
            roles: vec![],
            text,
        };
        let plan = plan(conn, &statement, "concierge_client").await;
        assert_eq!(reads_all(&plan), all, "{}\n{plan}", statement.text);
    }
}
