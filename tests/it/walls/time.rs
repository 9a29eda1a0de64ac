//! The database has no clock of its own: the time in a statement is always a bind.

use std::{fs, path::Path};

use sqlx::Row;

use super::{source::sources, statements::is_sql};
use crate::world::World;

/// What PostgreSQL calls the present.
const PRESENT: [&str; 12] = [
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "timeofday",
    "today",
    "tomorrow",
    "transaction_timestamp",
];

/// Words of the present in a text of SQL, comments left out.
fn present(sql: &str) -> Vec<String> {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap());
    let text = lines.collect::<Vec<_>>().join("\n").to_lowercase();
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words
        .filter(|word| PRESENT.contains(word))
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_statement_asks_the_database_for_the_time() {
    for source in sources() {
        for word in source
            .words()
            .iter()
            .filter(|word| word.string && is_sql(&word.text))
        {
            assert_eq!(
                present(&word.text),
                [""; 0],
                "{}:{}",
                source.path,
                word.line
            );
        }
    }
}

#[test]
fn no_migration_asks_the_database_for_the_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            present(&fs::read_to_string(&path).unwrap()),
            [""; 0],
            "{}",
            path.display()
        );
        read += 1;
    }
    assert!(read >= 6, "{read} migrations");
}

/// Defaults, functions, policies, constraints and views, as the catalogue has them in the end.
#[tokio::test]
async fn nothing_in_the_catalogue_asks_for_the_time() {
    let world = World::new().await;
    let texts = sqlx::query(
        "select d.adrelid::regclass || '.' || d.adnum, pg_get_expr(d.adbin, d.adrelid)
         from pg_attrdef d join pg_class c on c.oid = d.adrelid
         where c.relnamespace = 'public'::regnamespace and c.relname <> '_sqlx_migrations'
         union all
         select p.oid::regprocedure::text, p.prosrc from pg_proc p
         where p.pronamespace = 'public'::regnamespace
         and not exists (select from pg_depend e where e.objid = p.oid and e.deptype = 'e')
         union all
         select policyname, concat(qual, ' ', with_check) from pg_policies
         union all
         select conname, pg_get_constraintdef(oid) from pg_constraint
         where connamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut world.superuser().await)
    .await
    .unwrap();
    assert!(texts.len() > 80, "only {} texts", texts.len());
    for row in texts {
        let (what, text): (String, String) = (row.get(0), row.get(1));
        assert_eq!(present(&text), [""; 0], "{what}: {text}");
    }
}

#[test]
fn a_planted_clock_is_found() {
    for (text, expected) in [
        ("select now()", 1),
        ("select a -- now()\n from b where c < CURRENT_TIMESTAMP", 1),
        ("created_at timestamptz default 'now'", 1),
        ("select known, snow, now_us from b", 0),
    ] {
        assert_eq!(present(text).len(), expected, "{text}");
    }
}
