//! Every table of a client is keyed by the client, and so is what refers to it.

use sqlx::{FromRow, PgConnection};

use crate::world::World;

/// Tables that belong to no client.
const SHARED: [&str; 17] = [
    "_sqlx_migrations",
    "chain_block",
    "chain_watch",
    "job_slot",
    "operator",
    "operator_event",
    "operator_link",
    "operator_place",
    "operator_session",
    "operator_try",
    "outside_block",
    "outside_read",
    "outside_stray",
    "outside_turn",
    "outside_wish",
    "rate_bucket",
    "stray_event",
];

/// Unique indexes that do not start with the client, with the reason.
const UNIQUE_FOR_ALL: [&str; 1] = [
    // the public name of a client is unique among clients
    "client_id_key",
];

/// Rows of a statement about the catalogue.
pub async fn ask<T>(conn: &mut PgConnection, statement: &'static str) -> Vec<T>
where
    T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(statement).fetch_all(conn).await.unwrap()
}

/// Names of the tables with the column that makes them a client's.
pub async fn tenant_tables(conn: &mut PgConnection) -> Vec<String> {
    let tables: Vec<(String,)> = ask(
        conn,
        "select c.relname::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_no'
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1",
    )
    .await;
    let tables: Vec<String> = tables.into_iter().map(|(name,)| name).collect();
    assert!(tables.len() >= 20, "only {} tables", tables.len());
    tables
}

#[tokio::test]
async fn every_table_is_behind_the_wall_or_on_the_list() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let tenant = tenant_tables(conn).await;
    let all: Vec<(String, String)> = ask(
        conn,
        "select relname::text, relkind::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind not in ('i', 'I', 'S') order by 1",
    )
    .await;
    let mut shared = Vec::new();
    for (name, kind) in &all {
        // a view would read with the rights of its owner
        assert!(
            matches!(kind.as_str(), "r" | "p"),
            "{name} is no table but `{kind}`"
        );
        if !tenant.contains(name) {
            shared.push(name.as_str());
        }
    }
    assert_eq!(shared, SHARED);
}

#[tokio::test]
async fn keys_start_with_the_client() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let tenant = tenant_tables(conn).await;
    let indexes: Vec<(String, String, bool, Option<String>)> = ask(
        conn,
        "select t.relname::text, i.relname::text, x.indisprimary, a.attname::text
         from pg_index x
         join pg_class t on t.oid = x.indrelid
         join pg_class i on i.oid = x.indexrelid
         left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
         where t.relnamespace = 'public'::regnamespace and (x.indisunique or x.indisexclusion)",
    )
    .await;
    let mut keyed = Vec::new();
    for (table, index, primary, first) in indexes.iter().filter(|index| tenant.contains(&index.0)) {
        if *primary {
            keyed.push(table.clone());
        }
        if !UNIQUE_FOR_ALL.contains(&index.as_str()) {
            assert_eq!(first.as_deref(), Some("client_no"), "{index} on {table}");
        }
    }
    keyed.sort_unstable();
    assert_eq!(keyed, tenant, "every table has a primary key");
}

#[tokio::test]
async fn references_start_with_the_client_on_both_sides() {
    let world = World::new().await;
    let keys: Vec<(String, String, String)> = ask(
        &mut world.superuser().await,
        "select k.conname::text, here.attname::text, there.attname::text from pg_constraint k
         join pg_attribute here on here.attrelid = k.conrelid and here.attnum = k.conkey[1]
         join pg_attribute there on there.attrelid = k.confrelid and there.attnum = k.confkey[1]
         where k.contype = 'f' and k.connamespace = 'public'::regnamespace
         and not (k.conrelid::regclass::text like 'operator\\_%' and k.confrelid = 'operator'::regclass)",
    )
    .await;
    assert!(keys.len() >= 18, "only {} references", keys.len());
    for (key, here, there) in keys {
        assert_eq!(
            (here.as_str(), there.as_str()),
            ("client_no", "client_no"),
            "{key}"
        );
    }
}

/// References that no index helps, with the reason.
const WITHOUT_INDEX: [&str; 3] = [
    // no account is ever deleted
    "hold_client_no_held_no_fkey",
    "hold_client_no_wallet_no_fkey",
    // no row of a user is ever deleted, and sessions are swept by the hour
    "login_session_client_no_user_id_fkey",
];

/// Deleting what is referred to looks for what refers to it.
#[tokio::test]
async fn references_can_be_followed_backwards_by_an_index() {
    let world = World::new().await;
    let bare: Vec<(String,)> = ask(
        &mut world.superuser().await,
        "select k.conname::text from pg_constraint k
         where k.contype = 'f' and k.connamespace = 'public'::regnamespace
         and not exists (select from pg_index x where x.indrelid = k.conrelid and x.indpred is null
           and (string_to_array(x.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)] @> k.conkey)
         order by k.conname",
    )
    .await;
    let bare: Vec<String> = bare.into_iter().map(|(name,)| name).collect();
    assert_eq!(bare, WITHOUT_INDEX);
}
