//! Every statement in our source fits the schema, in the role that runs it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};

use super::{
    source::sources,
    statements::{OWNER, Statement, is_sql, statements},
};
use crate::world::World;

/// Statements are counted, so that a search that finds nothing is noticed.
const STATEMENTS_MIN: usize = 80;

/// Files that put statements together at run time.
const BUILDERS: [&str; 0] = [];

/// Has PostgreSQL look up every name in a statement and the role's rights to it, without running it.
async fn check(
    conn: &mut PgConnection,
    statement: &Statement,
    role: &str,
) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin().await?;
    tx.execute("set local app.client = '1'").await?;
    if role != OWNER {
        tx.execute(AssertSqlSafe(format!("set local role {role}")))
            .await?;
    }
    let text = &statement.text;
    if is_sql(text) {
        // as it is done when the server runs it
        tx.prepare(AssertSqlSafe(text.clone()).into_sql_str())
            .await?;
        // and, since that does not ask for rights
        let explain = format!("explain (generic_plan) {text}");
        sqlx::raw_sql(AssertSqlSafe(explain))
            .execute(&mut *tx)
            .await?;
    } else {
        // `set` and its like are not prepared, but harmless within a transaction that is rolled back
        tx.execute(AssertSqlSafe(text.clone())).await?;
    }
    tx.rollback().await
}

#[tokio::test]
async fn every_statement_fits_the_schema_in_the_role_that_runs_it() {
    let world = World::new().await;
    let mut conn = world.superuser().await;
    let (statements, _) = statements();
    let (mut complaints, mut checked) = (Vec::new(), 0);
    for statement in &statements {
        let Statement {
            path,
            function,
            roles,
            text,
        } = statement;
        if roles.is_empty() {
            complaints.push(format!("{path}: {function}: which role runs this?\n{text}"));
        }
        for role in roles {
            checked += 1;
            if let Err(error) = check(&mut conn, statement, role).await {
                complaints.push(format!("{path}: {function} as {role}: {error}\n{text}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(checked > STATEMENTS_MIN, "only {checked} statements");
}

#[test]
fn no_statement_is_missed() {
    let (statements, unknown) = statements();
    let built = |call: &&String| !BUILDERS.iter().any(|path| call.starts_with(path));
    let unknown: Vec<&String> = unknown.iter().filter(built).collect();
    assert!(
        unknown.is_empty(),
        "statements that are not in the source: {unknown:?}"
    );
    for source in sources().iter().filter(|source| !source.is_test()) {
        for word in source
            .words()
            .iter()
            .filter(|word| word.string && is_sql(&word.text))
        {
            let known = statements
                .iter()
                .any(|statement| statement.text == word.text);
            assert!(
                known,
                "{}:{}: how is this run?\n{}",
                source.path, word.line, word.text
            );
        }
    }
}

#[tokio::test]
async fn a_planted_mistake_is_found() {
    let world = World::new().await;
    let mut conn = world.superuser().await;
    for (role, text, right) in [
        (
            "concierge_client",
            "select title from chat_session where client_no = $1",
            true,
        ),
        (
            "concierge_client",
            "select titel from chat_session where client_no = $1",
            false,
        ),
        ("concierge_client", "delete from job_slot", false),
        (
            "concierge_gate",
            "select name from client where client_no = $1",
            true,
        ),
        ("concierge_gate", "update client set name = $1", false),
        ("concierge_gate", "select username from app_user", false),
        ("concierge_login", "select name from client", false),
        ("concierge_client", "set local nonsense = on", false),
        (
            "concierge_client",
            "set local synchronous_commit = off",
            true,
        ),
    ] {
        let statement = Statement {
            path: String::new(),
            function: String::new(),
            roles: vec![],
            text: text.to_owned(),
        };
        assert_eq!(
            check(&mut conn, &statement, role).await.is_ok(),
            right,
            "{role}: {text}"
        );
    }
}
