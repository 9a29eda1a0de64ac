//! Our own source: as files, as Rust, and as the words it is made of.

use std::{fs, path::Path};

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};

/// A file under `src/`.
pub struct Source {
    /// From `src/` on, such as `chat/turn.rs`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// A word of Rust: an identifier, a punctuation mark, a literal, a bracket.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// As it is written; what is inside of quotes for a string.
    pub text: String,
    /// Whether it is a string literal.
    pub string: bool,
    /// The line it stands on.
    pub line: usize,
}

/// All files under `src/`, in order.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        found.len() > 60,
        "only {} files: is this still the source?",
        found.len()
    );
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push(Source {
                path: name.to_owned(),
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

impl Source {
    /// The module on the first level: `chat` for `chat/turn.rs` and for `chat.rs`.
    pub fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Whether there is nothing but tests in it.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
    }

    /// The file as Rust.
    pub fn syntax(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }

    /// Its words, in order: without comments, and without tests.
    pub fn words(&self) -> Vec<Word> {
        if self.is_test() {
            Vec::new()
        } else {
            words(&self.text, true)
        }
    }

    /// Its words with those of its tests.
    pub fn words_with_tests(&self) -> Vec<Word> {
        words(&self.text, false)
    }
}

/// The words of a Rust text.
pub fn words(text: &str, without_tests: bool) -> Vec<Word> {
    let stream: TokenStream = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut words = Vec::new();
    flatten(stream, without_tests, &mut words);
    words
}

fn flatten(stream: TokenStream, without_tests: bool, words: &mut Vec<Word>) {
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if is(&token, '#') {
            // `#!` for the file, `#` for the item
            drop(tokens.next_if(|token| is(token, '!')));
            let attribute = match tokens.peek() {
                Some(TokenTree::Group(group)) => group.stream().to_string(),
                _ => String::new(),
            };
            if attribute.starts_with("doc ") {
                tokens.next();
                continue;
            }
            if without_tests && attribute == "cfg (test)" {
                // up to the end of the item that is only there for tests
                tokens.next();
                tokens.by_ref().find(ends_item);
                continue;
            }
        }
        push(token, without_tests, words);
    }
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is(other, ';'),
    }
}

fn push(token: TokenTree, without_tests: bool, words: &mut Vec<Word>) {
    let LineColumn { line, .. } = token.span().start();
    let mut word = |text: String, string| words.push(Word { text, string, line });
    match token {
        TokenTree::Ident(ident) => word(ident.to_string(), false),
        TokenTree::Punct(mark) => word(mark.to_string(), false),
        TokenTree::Literal(literal) => match syn::parse_str::<syn::LitStr>(&literal.to_string()) {
            Ok(string) => word(string.value(), true),
            Err(_) => word(literal.to_string(), false),
        },
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            word(open.to_owned(), false);
            flatten(group.stream(), without_tests, words);
            let line = group.span_close().start().line;
            words.push(Word {
                text: close.to_owned(),
                string: false,
                line,
            });
        }
    }
}

/// Whether the words at this place are these.
pub fn stands(words: &[Word], at: usize, expected: &[&str]) -> bool {
    let here = words.get(at..).unwrap_or_default().iter();
    expected.len() <= words.len().saturating_sub(at)
        && here
            .zip(expected)
            .all(|(word, expected)| !word.string && word.text == *expected)
}

#[test]
fn comments_and_tests_are_no_words() {
    let text = "//! now()\n/// now()\nfn f() { g(\"a\\\"b\", b\"x\"); }\n#[cfg(test)]\nmod tests { fn t() {} }\nconst C: u8 = 1;";
    let texts = |without| {
        words(text, without)
            .into_iter()
            .map(|word| word.text)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        texts(true),
        "fn f ( ) { g ( a\"b , b\"x\" ) ; } const C : u8 = 1 ;"
    );
    assert!(texts(false).contains("mod tests"));
    let word = words(text, true)
        .into_iter()
        .find(|word| word.string)
        .unwrap();
    assert_eq!((word.text.as_str(), word.line), ("a\"b", 3));
}
