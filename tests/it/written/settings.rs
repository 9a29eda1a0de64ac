//! Settings that are named exist, and have the default that is said.

use std::{fs, path::PathBuf};

use concierge::config::{Config, SECRETS};

use super::{Code, Page, checkout, pages};

/// `section.key` of what `[section] key`, `CONCIERGE__SECTION__KEY` or `--set section.key=…` name.
fn named(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some((section, key)) = code
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        let key = key.split(" =").next().unwrap_or(key);
        found.push((section.to_owned(), key.to_owned()));
    }
    for word in code.split_whitespace() {
        if let Some(rest) = word.strip_prefix("CONCIERGE__") {
            let name = rest.to_lowercase().replace("__", ".");
            found.extend(pair(&name).filter(|(section, _)| section != "section"));
        }
    }
    if let Some((_, rest)) = code.split_once("--set ") {
        found.extend(pair(rest.split('=').next().unwrap()));
    }
    let name = |text: &str| {
        let mut chars = text.chars();
        chars.all(|it| it.is_ascii_lowercase() || it == '_')
    };
    if let Some((_, key)) = code.split_once("concierge setting ") {
        found.extend(pair(key.trim()));
    } else if let Some((section, key)) = pair(code)
        && name(&section)
        && name(&key)
        // a file of the source may be called as a section is
        && key != "rs"
        && Config::is_known(&section, first_key(&section))
    {
        found.push((section, key));
    }
    found
}

fn pair(name: &str) -> Option<(String, String)> {
    let (section, key) = name.rsplit_once('.')?;
    Some((section.to_owned(), key.to_owned()))
}

/// A key that tells whether there is such a section.
fn first_key(section: &str) -> &'static str {
    let text = concierge::config::SHIPPED;
    let section = format!("[{section}]\n");
    let inside = text.split_once(&section).map_or("", |(_, inside)| inside);
    let mut lines = inside.lines().take_while(|line| !line.starts_with('['));
    let line = lines.find(|line| !line.starts_with(';') && line.contains('='));
    line.and_then(|line| line.split(" =").next()).unwrap_or("")
}

fn exists(section: &str, key: &str) -> bool {
    let secret = |key: &str| SECRETS.contains(&key) && Config::is_known(section, key);
    Config::is_known(section, key) || key.strip_suffix("_file").is_some_and(secret)
}

#[test]
fn every_setting_that_a_page_names_exists() {
    let (mut seen, mut unknown) = (0, Vec::new());
    // decisions tell of settings that are not there, too
    let told = |page: &Page| page.path != "docs/decisions.md";
    for page in pages().into_iter().filter(told) {
        for Code { text, .. } in page.code() {
            for (section, key) in text.lines().flat_map(named) {
                seen += 1;
                if !exists(&section, &key) {
                    unknown.push(format!("{}: [{section}] {key}", page.path));
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} settings: are these the pages?");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn every_example_of_settings_is_one() {
    let mut seen = 0;
    for page in pages() {
        let is_ini = |code: &Code| code.language.as_deref() == Some("ini");
        for example in page.code().iter().filter(|code| is_ini(code)) {
            seen += 1;
            if let Err(error) = Config::assemble(&example.text, PathBuf::new(), [], &[]) {
                panic!("{}: {error:#}\n{}", page.path, example.text);
            }
        }
    }
    assert!(seen >= 6, "only {seen} examples: are these the pages?");
}

#[test]
fn the_handbook_tells_the_defaults() {
    let table = fs::read_to_string(checkout("samples/src/handbook/settings.tsv")).unwrap();
    let config = Config::assemble("", PathBuf::new(), [], &[]).unwrap();
    for row in table.lines().skip(1) {
        let mut cells = row.split('\t');
        let (name, default) = (cells.next().unwrap(), cells.next().unwrap());
        let (section, key) = name.rsplit_once('.').unwrap();
        assert!(Config::is_known(section, key), "{name}");
        assert_eq!(config.text(section, key), default, "{name}");
    }
}

#[test]
fn the_ways_to_name_a_setting_are_seen() {
    let one = |section: &str, key: &str| vec![(section.to_owned(), key.to_owned())];
    assert_eq!(named("[chat.NAME] base_url"), one("chat.NAME", "base_url"));
    assert_eq!(named("server.listen"), one("server", "listen"));
    assert_eq!(named("server.nonsense"), one("server", "nonsense"));
    assert_eq!(named("[demo] code = x"), one("demo", "code"));
    assert_eq!(named("chat.rs"), []);
    let exported = "CONCIERGE__CHAT__BIG__API_KEY=x run";
    assert_eq!(named("export A=b"), []);
    assert_eq!(named("CONCIERGE__SECTION__KEY"), []);
    assert_eq!(
        named(exported.split('=').next().unwrap()),
        one("chat.big", "api_key")
    );
    let set = "concierge --set server.nonsense=1 serve";
    assert_eq!(named(set), one("server", "nonsense"));
    for other in ["config.ini", "e.data", "openapi/native.json", "[1]"] {
        assert_eq!(named(other), [], "{other}");
    }
    assert!(exists("database", "url_file") && !exists("database", "data_dir_file"));
}
