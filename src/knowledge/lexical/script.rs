//! Splits normalised text into runs that are cut into words in the same way.

use unicode_normalization::char::is_combining_mark;

/// How the words of a run are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Chinese characters: words come out of a dictionary.
    Han,
    /// Other scripts without spaces, or where a space does not end a word: pairs of characters.
    Unspaced,
    /// Letters and digits between spaces, with the marks that join them ("E-05", "1.5").
    Word,
    /// Everything that separates.
    Break,
}

/// The script of one character, without regard to its neighbours.
pub fn of(c: char) -> Script {
    match c {
        '\u{3005}' | '\u{3007}' => Script::Han,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Script::Han,
        '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => Script::Han,
        // Thai, Lao, Myanmar, Khmer, kana, Hangul
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => unspaced(c),
        '\u{3041}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}' => unspaced(c),
        _ if c.is_alphanumeric() || is_combining_mark(c) => Script::Word,
        _ => Script::Break,
    }
}

fn unspaced(c: char) -> Script {
    if c.is_alphabetic() || is_combining_mark(c) {
        Script::Unspaced
    } else if c.is_numeric() {
        Script::Word
    } else {
        Script::Break
    }
}

/// The runs of `text`, separators left out. A joining mark belongs to the word around it.
pub fn runs(text: &str) -> impl Iterator<Item = (Script, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c| of(c) != Script::Break)?;
        rest = &rest[start..];
        let script = rest.chars().next().map_or(Script::Break, of);
        let (run, after) = rest.split_at(length_bytes(rest, script));
        rest = after;
        Some((script, run))
    })
}

fn length_bytes(text: &str, script: Script) -> usize {
    let mut previous = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        if of(c) != script && !(script == Script::Word && joins(previous, c, next)) {
            return at;
        }
        previous = Some(c);
    }
    text.len()
}

fn joins(previous: Option<char>, c: char, next: Option<char>) -> bool {
    let (Some(previous), Some(next)) = (previous, next) else {
        return false;
    };
    let inside = match c {
        '-' | '_' | '.' | '\'' => Script::Word,
        ',' if previous.is_ascii_digit() && next.is_ascii_digit() => Script::Word,
        _ => return false,
    };
    of(previous) == inside && of(next) == inside
}
