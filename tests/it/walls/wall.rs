//! The wall between clients as it stands: rows of both sides, and someone who tries.

use concierge::{boot, db::LOGIN_ROLE, ids::ClientNo};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{
    catalogue::tenant_tables,
    filled::{key, partner, settle, wait},
    roles::rights,
};
use crate::world::World;

/// PostgreSQL's code for what one may not do.
const NO_RIGHT: &str = "42501";

/// Its code for a write in a transaction that only reads.
const READ_ONLY: &str = "25006";

struct Sides {
    world: World,
    mine: ClientNo,
    other: ClientNo,
    tables: Vec<String>,
}

impl Sides {
    /// Rows of two clients in every table there is.
    async fn new() -> Self {
        let world = World::new().await;
        let (acme, rival) = (
            partner(&world, "acme").await,
            partner(&world, "rival").await,
        );
        let (alice, eve) = (acme.person("alice").await, rival.person("eve").await);
        let has = [settle(&world, &alice).await, settle(&world, &eve).await];
        wait(&alice, &has[0].base).await;
        wait(&eve, &has[1].base).await;
        key(&acme).await;
        key(&rival).await;
        let clients = [acme.no, rival.no];
        let conn = &mut world.superuser().await;
        let tables = tenant_tables(conn).await;
        for table in &tables {
            for client in &clients {
                let rows = count(conn, table, *client).await;
                assert!(
                    rows > 0,
                    "no row of client {} in {table}: fill it in filled.rs",
                    client.0
                );
            }
        }
        Self {
            mine: clients[0],
            other: clients[1],
            tables,
            world,
        }
    }

    async fn login(&self) -> PgConnection {
        let password = boot::login_password(self.world.access);
        let options = self.world.access.options(&self.world.database);
        PgConnection::connect_with(&options.username(LOGIN_ROLE).password(&password))
            .await
            .unwrap()
    }
}

async fn count(conn: &mut PgConnection, table: &str, client: ClientNo) -> i64 {
    let count = format!(
        "select count(*) from {table} where client_no = {}",
        client.0
    );
    sqlx::query_scalar(AssertSqlSafe(count))
        .fetch_one(conn)
        .await
        .unwrap()
}

async fn run(conn: &mut PgConnection, statement: String) -> Result<u64, sqlx::Error> {
    conn.execute(AssertSqlSafe(statement))
        .await
        .map(|done| done.rows_affected())
}

fn code(result: Result<u64, sqlx::Error>) -> String {
    let error = result.expect_err("it worked");
    error
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned()
}

#[tokio::test]
async fn the_wall_between_clients_stands() {
    let sides = Sides::new().await;
    the_login_role_alone_reads_nothing(&sides).await;
    without_a_client_every_table_fails_instead_of_being_empty(&sides).await;
    a_client_sees_its_own_rows_only(&sides).await;
    a_client_cannot_write_the_rows_of_another(&sides).await;
    the_gate_reads_clients_and_writes_nothing(&sides).await;
}

async fn the_login_role_alone_reads_nothing(sides: &Sides) {
    let mut login = sides.login().await;
    for table in &sides.tables {
        assert_eq!(
            code(run(&mut login, format!("select from {table}")).await),
            NO_RIGHT,
            "{table}"
        );
    }
    for step in [
        "set role concierge_owner",
        "set role postgres",
        "set session authorization postgres",
    ] {
        assert_eq!(
            code(run(&mut login, step.to_owned()).await),
            NO_RIGHT,
            "{step}"
        );
    }
}

/// On a connection that never had a client, and on one that had: there an unset setting is not null
/// but empty.
async fn without_a_client_every_table_fails_instead_of_being_empty(sides: &Sides) {
    let mut login = sides.login().await;
    for had_one_before in [false, true] {
        if had_one_before {
            let mine = format!(
                "begin; set local role concierge_client; set local app.client = '{}'",
                sides.mine.0
            );
            run(&mut login, mine).await.unwrap();
            assert!(count(&mut login, "client", sides.mine).await == 1);
            run(&mut login, "commit".to_owned()).await.unwrap();
        }
        for table in &sides.tables {
            let mut tx = login.begin().await.unwrap();
            tx.execute("set local role concierge_client").await.unwrap();
            let failed = code(run(&mut tx, format!("select from {table}")).await);
            assert_eq!(
                failed, NO_RIGHT,
                "{table}, had one before: {had_one_before}"
            );
        }
    }
}

async fn a_client_sees_its_own_rows_only(sides: &Sides) {
    let mut all = sides.world.superuser().await;
    for table in &sides.tables {
        let mut tx = sides.world.app.db.client(sides.mine).await.unwrap();
        let seen = format!("select client_no, count(*) from {table} group by client_no");
        let seen: Vec<(i32, i64)> = sqlx::query_as(AssertSqlSafe(seen))
            .fetch_all(tx.conn())
            .await
            .unwrap();
        assert_eq!(
            seen,
            [(sides.mine.0, count(&mut all, table, sides.mine).await)],
            "{table}"
        );
        let other = format!("where client_no = {}", sides.other.0);
        assert_eq!(
            run(tx.conn(), format!("select from {table} {other}"))
                .await
                .unwrap(),
            0,
            "{table}"
        );
        let deleted = run(tx.conn(), format!("delete from {table} {other}")).await;
        if rights(table).contains(&"delete") {
            assert_eq!(deleted.unwrap(), 0, "{table}");
        } else {
            assert_eq!(code(deleted), NO_RIGHT, "{table}");
        }
    }
}

async fn a_client_cannot_write_the_rows_of_another(sides: &Sides) {
    let (mine, other) = (sides.mine.0, sides.other.0);
    for table in &sides.tables {
        // the very row of the other side, word for word
        let row = format!("select to_jsonb(t) from {table} t where client_no = {other} limit 1");
        let row: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(row))
            .fetch_one(&mut sides.world.superuser().await)
            .await
            .unwrap();
        let insert = format!(
            "insert into {table} overriding system value
             select (jsonb_populate_record(null::{table}, $1)).*"
        );
        let mut tx = sides.world.app.db.client(sides.mine).await.unwrap();
        let refused = sqlx::query(AssertSqlSafe(insert))
            .bind(row)
            .execute(tx.conn())
            .await;
        assert_eq!(
            code(refused.map(|done| done.rows_affected())),
            NO_RIGHT,
            "{table}"
        );
        let mut tx = sides.world.app.db.client(sides.mine).await.unwrap();
        let give = format!("update {table} set client_no = {other} where client_no = {mine}");
        let refused = code(run(tx.conn(), give).await);
        // the number of a client cannot be changed at all
        let expected = if table == "client" { "428C9" } else { NO_RIGHT };
        assert_eq!(refused, expected, "{table}");
    }
}

async fn the_gate_reads_clients_and_writes_nothing(sides: &Sides) {
    for table in &sides.tables {
        let mut tx = sides.world.app.db.gate().await.unwrap();
        let read = run(tx.conn(), format!("select from {table}")).await;
        if matches!(table.as_str(), "client" | "client_key") {
            assert_eq!(read.unwrap(), 2, "{table}");
            // read only, whatever the rights
            assert_eq!(
                code(run(tx.conn(), format!("delete from {table}")).await),
                READ_ONLY,
                "{table}"
            );
        } else {
            assert_eq!(code(read), NO_RIGHT, "{table}");
        }
    }
}
