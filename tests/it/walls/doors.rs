//! Doors that few may open: who does is data here, so that one more is a decision.

use super::source::{Word, sources, stands, words};

/// Words that open a door, and the files that say them; a folder ends with `/`, and may be silent.
struct Door {
    words: &'static [&'static str],
    files: &'static [&'static str],
    why: &'static str,
}

const DOORS: [Door; 9] = [
    Door {
        words: &[".", "system", "(", ")"],
        files: &[
            "admin/api/chains.rs",
            "admin/api/clients.rs",
            "admin/api/looks.rs",
            "admin/api/mod.rs",
            "cli/books.rs",
            "cli/check.rs",
            "cli/client.rs",
            "cli/money.rs",
            "cli/serve.rs",
            "cli/vault.rs",
            "hooks/stripe.rs",
            "jobs/bill.rs",
            "jobs/chain.rs",
            "jobs/mod.rs",
            "jobs/outside.rs",
            "jobs/reconcile.rs",
            "jobs/run.rs",
            "jobs/schedule.rs",
            "jobs/stale.rs",
            "quota/mod.rs",
        ],
        why: "sees the rows of all clients: the schedule, the buckets of limits, the queue's claim, the operator's commands and console, events of payment providers",
    },
    Door {
        words: &[".", "gate", "(", ")"],
        files: &["identity/debug.rs", "identity/gatekeeper/known.rs"],
        why: "reads clients and keys before anybody is known",
    },
    Door {
        words: &[".", "admin", "(", ")"],
        files: &["admin/", "cli/operator.rs", "cli/vault.rs"],
        why: "sees operators and what they did",
    },
    Door {
        words: &["AssertSqlSafe"],
        files: &["db/mod.rs", "db/roles.rs"],
        why: "SQL that is put together at run time",
    },
    Door {
        words: &["raw_sql"],
        files: &[],
        why: "several statements in one text",
    },
    Door {
        words: &["PgPool"],
        files: &["db/mod.rs"],
        why: "a connection that sees nothing, or everything",
    },
    Door {
        words: &["PgConnection", ":", ":"],
        files: &["db/embedded/postmaster.rs", "db/roles.rs"],
        why: "a connection of the database's owner",
    },
    Door {
        words: &["reqwest"],
        files: &[
            "billing/chain/rpc.rs",
            "billing/stripe/",
            "fetch/",
            "models/",
        ],
        why: "requests to elsewhere: to addresses of users, to vendors, and to nodes that the operator names",
    },
    Door {
        words: &["Command", ":", ":", "new"],
        files: &[
            "db/embedded/",
            "knowledge/extract/pdf/mod.rs",
            "knowledge/extract/picture.rs",
        ],
        why: "other programs",
    },
];

fn lines(words: &[Word], door: &Door) -> Vec<usize> {
    let places = (0..words.len()).filter(|at| stands(words, *at, door.words));
    places.map(|at| words[at].line).collect()
}

fn covers(entry: &str, path: &str) -> bool {
    entry == path || (entry.ends_with('/') && path.starts_with(entry))
}

#[test]
fn doors_are_opened_where_the_list_says_and_nowhere_else() {
    let files = sources().into_iter();
    let files: Vec<(String, Vec<Word>)> = files
        .map(|source| (source.path.clone(), source.words()))
        .collect();
    let mut complaints = Vec::new();
    for door in &DOORS {
        let mut opened = Vec::new();
        for (path, words) in &files {
            for line in lines(words, door) {
                opened.push(path);
                if !door.files.iter().any(|entry| covers(entry, path)) {
                    let what = door.words.concat();
                    complaints.push(format!("{path}:{line}: `{what}`: {}", door.why));
                }
            }
        }
        let silent =
            |entry: &&&str| !entry.ends_with('/') && !opened.iter().any(|path| covers(entry, path));
        for entry in door.files.iter().filter(silent) {
            let what = door.words.concat();
            complaints.push(format!("{entry} does not say `{what}` any more"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_planted_opening_is_found() {
    let found = |door: usize, text| lines(&words(text, true), &DOORS[door]);
    assert_eq!(found(0, "fn f() {\n app.db\n .system().await; }"), [3]);
    assert_eq!(
        found(0, "fn system() { x.system_of() } // .system()"),
        [0; 0]
    );
    assert_eq!(found(3, "fn f() { q(sqlx::AssertSqlSafe(\"x\")) }"), [1]);
}
