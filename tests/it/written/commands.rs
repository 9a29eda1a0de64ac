//! Commands that are named exist, with the options that are shown.

use std::{collections::HashMap, fs, process::Command};

use super::{Code, checkout, pages};
use crate::world::PROGRAM;

/// Texts besides the pages that name commands.
const TEXTS: [&str; 2] = [
    "samples/src/handbook/使用手册.txt",
    "samples/handbook/faq.md",
];

/// What the program says about its commands, asked once each.
#[derive(Default)]
struct Helps(HashMap<Vec<String>, String>);

impl Helps {
    fn of(&mut self, path: &[String]) -> &str {
        self.0.entry(path.to_owned()).or_insert_with(|| {
            let output = Command::new(PROGRAM).args(path).arg("--help").output();
            let output = output.unwrap();
            assert!(output.status.success(), "concierge {path:?} --help");
            String::from_utf8(output.stdout).unwrap()
        })
    }

    fn has(&mut self, path: &[String], command: &str) -> bool {
        let help = self.of(path);
        let commands = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let commands = commands.split("\n\n").next().unwrap();
        commands
            .lines()
            .any(|line| line.split_whitespace().next() == Some(command))
    }

    /// What is wrong with the words behind `concierge`.
    fn fault(&mut self, words: &[&str]) -> Option<String> {
        let mut path = Vec::new();
        for word in words.iter().filter(|word| !word.starts_with('-')) {
            if self.has(&path, word) {
                path.push((*word).to_owned());
            }
        }
        let first = words
            .iter()
            .find(|word| !word.starts_with('-') && !word.contains('='));
        if path.first().map(String::as_str) != first.copied() {
            return Some(format!("there is no command {}", first.unwrap()));
        }
        let help = self.of(&path).to_owned();
        let mut options = words.iter().filter(|word| word.starts_with("--"));
        let known = |option: &str| {
            help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n"))
        };
        let unknown = options.find(|option| !known(option.split('=').next().unwrap()));
        unknown.map(|option| format!("{} has no {option}", path.join(" ")))
    }
}

/// The words of each command in a text: what follows `concierge ` up to the end of the line or what
/// can be no part of a command.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices("concierge ") {
            let before = line[..at].chars().next_back();
            let rest = &line[at + "concierge ".len()..];
            let ends = |it: char| !it.is_ascii() || "`|;&#()…".contains(it);
            let rest = rest.split(ends).next().unwrap();
            let words: Vec<&str> = rest.split_whitespace().collect();
            if before.is_none_or(|it| !it.is_ascii_alphanumeric() && it != '/') && !words.is_empty()
            {
                found.push(words);
            }
        }
    }
    found
}

#[test]
fn every_command_that_is_named_exists() {
    let (mut helps, mut seen, mut faults) = (Helps::default(), 0, Vec::new());
    let mut look = |place: &str, words: &[&str]| {
        seen += 1;
        faults.extend(helps.fault(words).map(|fault| format!("{place}: {fault}")));
    };
    for page in pages() {
        // in SQL it may be the name of a database
        let is_sql = |code: &Code| code.language.as_deref() == Some("sql");
        for code in page.code().into_iter().filter(|code| !is_sql(code)) {
            for words in commands(&code.text) {
                look(&page.path, &words);
            }
        }
    }
    for path in TEXTS {
        let text = fs::read_to_string(checkout(path)).unwrap();
        for mut words in commands(&text) {
            // in running text the sentence goes on
            words.truncate(1);
            look(path, &words);
        }
    }
    assert!(seen > 20, "only {seen} commands: are these the pages?");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_no_command_is_found() {
    let mut helps = Helps::default();
    let mut fault = |text: &str| helps.fault(&commands(text)[0]);
    assert_eq!(fault("concierge client create --name \"A\" --id a"), None);
    assert_eq!(
        fault("运行 concierge --set server.listen=0.0.0.0:80 serve，然后"),
        None
    );
    assert_eq!(
        fault("concierge client --nonsense"),
        Some("client has no --nonsense".into())
    );
    assert_eq!(
        fault("concierge frobnicate"),
        Some("there is no command frobnicate".into())
    );
    assert_eq!(
        commands("cargo run --bin concierge"),
        Vec::<Vec<&str>>::new()
    );
}
