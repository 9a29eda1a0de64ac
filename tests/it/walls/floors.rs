//! Imports point down: a module uses those of lower floors and itself, never its neighbours.

use super::source::{Source, Word, sources, stands, words};

/// From the ground up. `docs/decisions.md` says why the ground has two levels.
const FLOORS: [&[&str]; 15] = [
    &[
        "clock",
        "dictionary",
        "disk",
        "error",
        "ids",
        "secret",
        "telemetry",
    ],
    &["config"],
    &["db", "fetch", "vault"],
    &["blobs", "engines", "http", "models", "queue"],
    &["app"],
    &["quota"],
    &["identity"],
    &["billing"],
    &["knowledge"],
    &["prompts"],
    &["chat"],
    &["admin", "compat", "hooks", "jobs"],
    &["boot", "server"],
    &["cli"],
    &["main"],
];

/// What stands on no floor: the list of modules itself.
const LIST: &str = "lib";

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// A module that a file names, and where.
#[derive(Debug, PartialEq)]
struct Import {
    module: String,
    line: usize,
}

/// The modules on the first level that these words name, in `use` and in any other path.
fn imports(words: &[Word]) -> Vec<Import> {
    let mut found = Vec::new();
    for at in 0..words.len() {
        let root = ["crate", "concierge"]
            .iter()
            .any(|root| stands(words, at, &[root, ":", ":"]));
        // `other::crate::` does not exist, `other::concierge::` is none of ours
        if !root || (at > 0 && words[at - 1].text == ":") {
            continue;
        }
        let first = &words[at + 3];
        if first.text == "{" {
            found.extend(firsts_of_group(&words[at + 4..]));
        } else {
            found.push(Import {
                module: first.text.clone(),
                line: first.line,
            });
        }
    }
    found
}

/// The first word of each path in `{a::b, c::{d, e}}`.
fn firsts_of_group(words: &[Word]) -> Vec<Import> {
    let (mut depth, mut begins, mut found) = (0, true, Vec::new());
    for word in words {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => begins = true,
            _ if begins => {
                found.push(Import {
                    module: word.text.clone(),
                    line: word.line,
                });
                begins = false;
            }
            _ => {}
        }
    }
    found
}

/// Places where `super` climbs out of the module on the first level, past the table.
fn climbs(path: &str, words: &[Word]) -> Vec<usize> {
    let levels = path
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .count();
    let (mut inline, mut open, mut lines) = (Vec::new(), 0, Vec::new());
    for at in 0..words.len() {
        match words[at].text.as_str() {
            "{" => {
                open += 1;
                if at >= 2 && stands(words, at - 2, &["mod"]) {
                    inline.push(open);
                }
            }
            "}" => {
                if inline.last() == Some(&open) {
                    inline.pop();
                }
                open -= 1;
            }
            "super" if !stands(words, at.saturating_sub(3), &["super", ":", ":", "super"]) => {
                let steps = (0..)
                    .take_while(|n| stands(words, at + 3 * n, &["super"]))
                    .count();
                if steps >= levels + inline.len() {
                    lines.push(words[at].line);
                }
            }
            _ => {}
        }
    }
    lines
}

/// What is wrong with a file, in sentences.
fn complaints(module: &str, path: &str, words: &[Word]) -> Vec<String> {
    let mut complaints = Vec::new();
    let own = floor(module);
    if own.is_none() && module != LIST {
        complaints.push(format!("{path}: `{module}` stands on no floor"));
    }
    for Import { module: used, line } in imports(words) {
        match (own, floor(&used)) {
            _ if used == module => {}
            (_, None) => complaints.push(format!("{path}:{line}: `{used}` stands on no floor")),
            (Some(own), Some(lower)) if lower < own => {}
            _ => complaints.push(format!("{path}:{line}: `{module}` may not know `{used}`")),
        }
    }
    for line in climbs(path, words) {
        complaints.push(format!(
            "{path}:{line}: `super` leaves the module: write `crate::`"
        ));
    }
    complaints
}

fn modules() -> Vec<String> {
    let mut modules: Vec<String> = sources()
        .iter()
        .map(|source| source.module().to_owned())
        .collect();
    modules.dedup();
    modules
}

#[test]
fn imports_point_down() {
    let judged =
        |source: &Source| complaints(source.module(), &source.path, &source.words_with_tests());
    let complaints: Vec<String> = sources().iter().flat_map(judged).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn the_table_holds_every_module_and_no_other() {
    let mut table: Vec<&str> = FLOORS.concat();
    table.push(LIST);
    table.sort_unstable();
    assert_eq!(table, modules());
}

#[test]
fn the_list_of_modules_is_in_the_order_of_the_floors() {
    let words = sources()
        .iter()
        .find(|source| source.path == "lib.rs")
        .unwrap()
        .words();
    let declared = (0..words.len()).filter(|at| stands(&words, *at, &["pub", "mod"]));
    let floors: Vec<usize> = declared
        .map(|at| floor(&words[at + 2].text).unwrap())
        .collect();
    assert!(floors.is_sorted(), "{floors:?}");
    assert_eq!(
        floors.len(),
        FLOORS.concat().len() - 2,
        "all but `cli` and `main`"
    );
}

#[test]
fn a_planted_violation_is_found() {
    for (why, path, text, expected) in [
        ("up", "chat/turn.rs", "use crate::jobs::run;", 1),
        ("sideways", "db/mod.rs", "use crate::vault::Vault;", 1),
        (
            "in a group",
            "db/mod.rs",
            "use crate::{error::Error, chat::{store, turn}, ids::ClientNo};",
            1,
        ),
        (
            "deep in a group",
            "chat/api.rs",
            "use crate::{http::{Tags, paging::Page}, knowledge::base};",
            0,
        ),
        (
            "in an expression",
            "queue.rs",
            "fn f() { let x = crate::jobs::run(crate::ids::A); }",
            1,
        ),
        (
            "in a macro",
            "queue.rs",
            "fn f() { assert_eq!(crate::app::X, 1); }",
            1,
        ),
        (
            "in a type",
            "ids.rs",
            "pub struct A(Option<crate::app::App>);",
            1,
        ),
        ("behind super", "queue.rs", "use super::jobs::run;", 1),
        (
            "far behind super",
            "chat/api.rs",
            "use super::super::jobs;",
            1,
        ),
        (
            "within super",
            "chat/api.rs",
            "use super::turn; mod tests { use super::super::turn; }",
            0,
        ),
        (
            "out of an inline module",
            "queue.rs",
            "mod a { fn f() {} } mod tests { use super::super::jobs; }",
            1,
        ),
        (
            "a re-export",
            "http/mod.rs",
            "pub use crate::identity::Who;",
            1,
        ),
        (
            "of an unknown",
            "chat/api.rs",
            "use crate::nowhere::hold;",
            1,
        ),
        (
            "down",
            "chat/api.rs",
            "use crate::{app::App, identity::Member}; pub(in crate::chat) mod a;",
            0,
        ),
        (
            "the library's name",
            "cli/mod.rs",
            "use concierge::{app::App, boot::{self, Mode}};",
            0,
        ),
        (
            "the library's name, up",
            "cli/mod.rs",
            "use concierge::{app::App, main::x};",
            1,
        ),
        (
            "a comment",
            "ids.rs",
            "/// See [`crate::chat`].\npub struct A;",
            0,
        ),
    ] {
        let source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let found = complaints(source.module(), path, &words(text, false));
        assert_eq!(found.len(), expected, "{why}: {text}: {found:?}");
    }
}
