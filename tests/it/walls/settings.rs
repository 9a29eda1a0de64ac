//! Settings: every key is explained and read, and every key that is read is there.

use std::collections::BTreeSet;

use concierge::config::SHIPPED;

use super::source::{Word, sources, stands, words};

/// What reads a key of a section.
const READERS: [&str; 7] = ["flag", "list", "number", "path", "secret", "text", "value"];

/// Kinds of sections of which there can be many; the shipped file explains them as `[kind.NAME]`.
const KINDS: [&str; 5] = ["chain", "chat", "datagpt", "embedding", "search"];
/// Those of them whose keys are read by the same functions.
const MODELS: [&str; 2] = ["chat", "embedding"];

type Key = (String, String);

fn template(section: &str) -> String {
    match section.split_once('.') {
        Some((kind, _)) if KINDS.contains(&kind) => format!("{kind}.NAME"),
        _ => section.to_owned(),
    }
}

/// The keys of a settings file, and those without a comment on the line above.
fn keys(text: &str) -> (BTreeSet<Key>, Vec<Key>) {
    let (mut section, mut above, mut all, mut bare) =
        (String::new(), "", BTreeSet::new(), Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = template(name.trim_end_matches(']'));
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with(';')) {
            let key = (section.clone(), key.trim().to_owned());
            if !above.starts_with("; ") {
                bare.push(key.clone());
            }
            all.insert(key);
        }
        above = line;
    }
    (all, bare)
}

/// A key as the code names it. Of which section it is may be known only when it runs.
#[derive(Debug, PartialEq)]
struct Read {
    sections: Vec<String>,
    key: String,
    line: usize,
}

/// What these words read: `config.text("a", "b")`, with the section in a variable too, and
/// `number("b")` after `let number = |key| config.number("a", key)`.
fn reads(words: &[Word]) -> Vec<Read> {
    let (mut found, mut short): (Vec<Read>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for at in 0..words.len() {
        let Some(arguments) = call(words, at) else {
            continue;
        };
        let (first, line) = (&words[arguments], words[arguments].line);
        let short_for = short
            .iter()
            .rev()
            .find(|(name, _)| stands(words, at, &[name, "("]));
        if let Some((_, section)) = short_for.filter(|_| first.string) {
            found.push(Read {
                sections: vec![section.clone()],
                key: first.text.clone(),
                line,
            });
        }
        if at == 0 || words[at - 1].text != "." || !READERS.contains(&words[at].text.as_str()) {
            continue;
        }
        let comma = (arguments..words.len())
            .find(|at| stands(words, *at, &[","]))
            .unwrap_or(arguments);
        let Some(second) = words.get(comma + 1).filter(|_| comma <= arguments + 2) else {
            continue;
        };
        match (first.string, second.string) {
            (true, true) => found.push(Read {
                sections: vec![first.text.clone()],
                key: second.text.clone(),
                line,
            }),
            (false, true) => {
                let sections = sections_of_function(&words[..at]);
                found.push(Read {
                    sections,
                    key: second.text.clone(),
                    line,
                });
            }
            (true, false) => short
                .extend(closure(&words[..at], &second.text).map(|name| (name, first.text.clone()))),
            (false, false) => {}
        }
    }
    found
}

/// Where the arguments of the call begin whose name stands here.
fn call(words: &[Word], at: usize) -> Option<usize> {
    let mut next = at + 1;
    if stands(words, next, &[":", ":", "<"]) {
        next = (next..words.len()).find(|at| stands(words, *at, &[">"]))? + 1;
    }
    let asks = stands(words, next, &["("]) && !stands(words, next, &["(", ")"]);
    (asks && next + 1 < words.len()).then_some(next + 1)
}

/// The kinds of section that the function around these words names; those of models when none.
fn sections_of_function(before: &[Word]) -> Vec<String> {
    let begins = (0..before.len())
        .rev()
        .find(|at| stands(before, *at, &["fn"]))
        .unwrap_or(0);
    let named = |kind: &&str| {
        let prefix = format!("{kind}.");
        before[begins..]
            .iter()
            .any(|word| word.string && word.text.starts_with(&prefix))
    };
    let named: Vec<&str> = KINDS.into_iter().filter(named).collect();
    let kinds = if named.is_empty() {
        MODELS.to_vec()
    } else {
        named
    };
    kinds
        .into_iter()
        .map(|kind| format!("{kind}.NAME"))
        .collect()
}

/// The name of the closure whose first parameter this is.
fn closure(before: &[Word], parameter: &str) -> Option<String> {
    let begins = (0..before.len())
        .rev()
        .find(|at| stands(before, *at, &["=", "|", parameter]))?;
    Some(before[begins - 1].text.clone())
}

#[test]
fn every_key_is_explained() {
    let (all, bare) = keys(SHIPPED);
    assert!(
        all.len() > 50,
        "only {} keys: is this still the file?",
        all.len()
    );
    assert!(bare.is_empty(), "no comment above {bare:?}");
}

#[test]
fn every_key_is_read_and_every_key_that_is_read_is_there() {
    let (known, _) = keys(SHIPPED);
    let (mut unread, mut complaints) = (known.clone(), Vec::new());
    for source in sources().iter().filter(|source| source.path != "config.rs") {
        for Read {
            sections,
            key,
            line,
        } in reads(&source.words())
        {
            for section in sections {
                let read = (template(&section), key.clone());
                unread.remove(&read);
                if !known.contains(&read) {
                    complaints.push(format!(
                        "{}:{line}: config.ini has no [{section}] {key}",
                        source.path
                    ));
                }
            }
        }
    }
    complaints.extend(
        unread
            .iter()
            .map(|(section, key)| format!("config.ini: nobody reads [{section}] {key}")),
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_way_to_read_a_key_is_seen() {
    let text = r#"
        fn plain() { config.text("server", "listen"); self.app.config.value::<u32>("a", "b"); }
        fn short() { let number = |key, range| config.number("chat", key, range); number("passages", 1..=2); }
        fn named() { let section = format!("chat.{name}"); config.text(&section, "kind"); }
        fn helper(section: &str) { config.secret(section, "api_key"); }
        fn none() { path("x", "y"); map.value(a, b); other.number(1, "z"); }"#;
    let read = |section: &str, key: &str| (section.to_owned(), key.to_owned());
    let found: Vec<Key> = reads(&words(text, true))
        .into_iter()
        .flat_map(|read| {
            read.sections
                .into_iter()
                .map(move |section| (section, read.key.clone()))
        })
        .collect();
    let expected = [
        read("server", "listen"),
        read("a", "b"),
        read("chat", "passages"),
        read("chat.NAME", "kind"),
        read("chat.NAME", "api_key"),
        read("embedding.NAME", "api_key"),
        // wrong, and seen as such: no section has this key
        read("chat.NAME", "z"),
        read("embedding.NAME", "z"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_key_without_a_comment_is_found() {
    let (all, bare) =
        keys("[a]\n; why\nb = 1\nc = 2\n\n; why\n\nd = 3\n[chat.x]\n; why\nkind = y\n");
    assert_eq!(all.len(), 4);
    let key = |section: &str, key: &str| (section.to_owned(), key.to_owned());
    assert_eq!(bare, [key("a", "c"), key("a", "d")]);
    assert!(all.contains(&key("chat.NAME", "kind")));
}
