//! What is written for people is true, where that can be told cheaply: links, settings, commands,
//! licences, and the handbook.

mod commands;
mod handbook;
mod licences;
mod links;
mod readme;
mod settings;

use std::{
    fs,
    path::{Path, PathBuf},
};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Folders whose pages are not ours to keep true.
const NOT_OURS: [&str; 4] = ["target", "node_modules", "dist", "data"];

/// A page in Markdown.
pub struct Page {
    /// From the checkout on.
    pub path: String,
    pub text: String,
}

/// What a page shows as code: `inline`, or a block with its language.
#[derive(Debug, PartialEq)]
pub struct Code {
    pub language: Option<String>,
    pub text: String,
}

fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All our pages.
pub fn pages() -> Vec<Page> {
    let mut found = Vec::new();
    collect(&checkout(""), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    for expected in ["README.md", "README.zh.md", "docs/configure.md"] {
        assert!(
            found.iter().any(|page| page.path == expected),
            "{expected} is gone"
        );
    }
    found
}

fn collect(folder: &Path, found: &mut Vec<Page>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') || NOT_OURS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(checkout("")).unwrap();
            let path = path.to_str().unwrap().to_owned();
            found.push(Page { path, text });
        }
    }
}

impl Page {
    /// Its code, in order.
    pub fn code(&self) -> Vec<Code> {
        code(&self.text)
    }
}

fn code(text: &str) -> Vec<Code> {
    let (mut found, mut block): (Vec<Code>, Option<Code>) = (Vec::new(), None);
    for event in Parser::new(text) {
        match (event, &mut block) {
            (Event::Code(text), _) => found.push(Code {
                language: None,
                text: text.into_string(),
            }),
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                let language = match kind {
                    pulldown_cmark::CodeBlockKind::Fenced(language) => language.into_string(),
                    pulldown_cmark::CodeBlockKind::Indented => String::new(),
                };
                block = Some(Code {
                    language: Some(language),
                    text: String::new(),
                });
            }
            (Event::Text(text), Some(block)) => block.text.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => found.extend(block.take()),
            _ => {}
        }
    }
    found
}

#[test]
fn code_is_found_with_its_language() {
    let text = "Say `a b`.\n\n1. then\n\n   ```sh\n   c\n   d\n   ```\n";
    let found = code(text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].language.as_deref(), &*found[0].text),
        (None, "a b")
    );
    let (language, text) = (found[1].language.as_deref(), &*found[1].text);
    assert_eq!((language, text), (Some("sh"), "c\nd\n"));
}
