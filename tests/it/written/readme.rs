//! The two READMEs say the same, as far as that can be counted.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{Code, Page, pages};

fn page(path: &str) -> Page {
    pages().into_iter().find(|page| page.path == path).unwrap()
}

/// Blocks of code without what is said to people in them.
fn blocks(page: &Page) -> Vec<String> {
    let blocks = page
        .code()
        .into_iter()
        .filter(|code| code.language.is_some());
    let bare = |code: Code| {
        let lines = code
            .text
            .lines()
            .map(|line| line.split(" #").next().unwrap().trim_end());
        lines.collect::<Vec<_>>().join("\n")
    };
    blocks.map(bare).collect()
}

/// Headings by level, items of lists and rows of tables, in order.
fn shape(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for event in Parser::new_ext(&page.text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => found.push(level.to_string()),
            Event::Start(Tag::Item) => found.push("item".to_owned()),
            Event::Start(Tag::TableRow) => found.push("row".to_owned()),
            _ => {}
        }
    }
    found
}

fn links(page: &Page) -> BTreeSet<String> {
    let links = Parser::new(&page.text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    });
    // each leads to the other
    links.filter(|link| !link.starts_with("README")).collect()
}

/// Code in running text: commands, settings, names.
fn names(page: &Page) -> BTreeSet<String> {
    let code = page
        .code()
        .into_iter()
        .filter(|code| code.language.is_none());
    code.map(|code| code.text).collect()
}

#[test]
fn the_chinese_readme_has_all_that_the_english_one_has() {
    let (english, chinese) = (page("README.md"), page("README.zh.md"));
    assert_eq!(blocks(&chinese), blocks(&english));
    assert_eq!(shape(&chinese), shape(&english));
    assert_eq!(links(&chinese), links(&english));
    assert_eq!(names(&chinese), names(&english));
    assert!(blocks(&english).len() >= 7 && links(&english).len() >= 10);
}

#[test]
fn every_page_of_docs_is_linked_from_the_readme() {
    let readme = links(&page("README.md"));
    let docs = pages().into_iter().map(|page| page.path);
    let left: Vec<String> = docs
        .filter(|path| path.starts_with("docs/") && !readme.contains(path))
        .collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "README.md links to none of these"
    );
}
