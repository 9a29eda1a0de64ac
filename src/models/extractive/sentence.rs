//! Lines and sentences of a passage, as a reader sees them.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{table, terms::is_han};

/// Longer ones are cut.
const PIECE_CHARS_MAX: usize = 300;
/// A line as wide as this that does not end a sentence goes on in the next; a Chinese character
/// counts twice. Shorter ones are headings or entries of lists.
const WRAPPED_WIDTH_MIN: usize = 36;

/// Words that end in a stop and do not end a sentence.
const ABBREVIATIONS: [&str; 14] = [
    "dr.", "mr.", "mrs.", "ms.", "no.", "fig.", "e.g.", "i.e.", "vs.", "approx.", "sec.", "art.",
    "inc.", "ltd.",
];

/// Sentences that say nothing without the next one.
const ANSWERS: [&str; 14] = [
    "yes",
    "no",
    "of course",
    "是",
    "是的",
    "不是",
    "能",
    "不能",
    "可以",
    "不可以",
    "会",
    "不会",
    "需要",
    "不需要",
];

const CLOSERS: [char; 6] = ['"', '”', '’', '」', ')', '）'];

/// Whether a text ends as a sentence does.
pub fn is_finished(text: &str) -> bool {
    text.trim_end_matches(CLOSERS).ends_with(ends_sentence)
}

/// Whether the first line of a text stands above the others.
pub fn is_title(line: &str) -> bool {
    width(line) < WRAPPED_WIDTH_MIN && !line.ends_with(ends_sentence) && entry(line).is_none()
}

/// Lines that were broken only for their width, put together again.
pub fn unwrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(|line| line.trim_matches(' ')) {
        let is_row = table::cells(line).is_some();
        match lines.last_mut() {
            Some(last) if goes_on && !line.is_empty() && !is_row && !begins_entry(line) => {
                if !(last.ends_with(is_han) || line.starts_with(is_han)) {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
        goes_on = !is_row && width(line) >= WRAPPED_WIDTH_MIN && !line.ends_with(ends_sentence);
    }
    lines
}

fn width(line: &str) -> usize {
    line.chars().map(|c| if is_han(c) { 2 } else { 1 }).sum()
}

fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | ':' | ';' | '。' | '！' | '？' | '：' | '；' | '…'
    )
}

fn begins_entry(line: &str) -> bool {
    line.starts_with(['-', '*', '•', '·', '#', '>', '（', '('])
        || line.starts_with(|c: char| c.is_ascii_digit())
}

/// The entry of a list without its mark: `- `, `2. `, `（3）`. The dash in `-20 °C` is no mark.
pub fn entry(line: &str) -> Option<&str> {
    let bullet = line.trim_start_matches(['*', '-', '•', '·', '>']);
    if bullet.len() < line.len() && bullet.starts_with(char::is_whitespace)
        || line.starts_with(['•', '·'])
    {
        let rest = bullet.trim_start();
        return Some(entry(rest).unwrap_or(rest));
    }
    let bare = line.trim_start_matches(['(', '（']);
    let number = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = bare.len() - number.len();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let rest = match number.strip_prefix([')', '）', '、']) {
        Some(rest) => rest,
        None => number
            .strip_prefix('.')
            .filter(|rest| rest.starts_with(char::is_whitespace))?,
    };
    Some(rest.trim_start())
}

/// The sentences of a line.
pub fn sentences(line: &str) -> Vec<String> {
    let line = line.trim_start_matches('#').trim();
    let mut sentences: Vec<String> = Vec::new();
    let mut open = false;
    let pieces = line
        .unicode_sentences()
        .flat_map(|piece| piece.split_inclusive('；'));
    for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
        match sentences.last_mut() {
            Some(last) if open => {
                if !(last.ends_with('。') || last.ends_with(is_han)) {
                    last.push(' ');
                }
                last.push_str(piece);
            }
            _ => sentences.push(piece.to_owned()),
        }
        open = ends_in_abbreviation(piece) || is_answer(piece);
    }
    sentences
}

fn ends_in_abbreviation(piece: &str) -> bool {
    let word = piece
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default()
        .to_lowercase();
    ABBREVIATIONS.contains(&word.trim_start_matches(['(', '（', '"']))
}

/// Whether a text asks.
pub fn is_question(text: &str) -> bool {
    text.ends_with(['?', '？'])
}

/// Whether a text begins with a yes or a no, which is about the question before it.
pub fn opens_with_answer(text: &str) -> bool {
    text.split_inclusive(['.', '!', ',', '。', '！', '，'])
        .next()
        .is_some_and(is_answer)
}

fn is_answer(piece: &str) -> bool {
    let word = piece.to_lowercase();
    ANSWERS.contains(&word.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// Without numbers in brackets, which would read as citations, and not too long.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some(open) = rest.find('[') {
        let inside = &rest[open + 1..];
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        clean.push_str(&rest[..open]);
        if digits > 0 && inside[digits..].starts_with(']') {
            rest = &inside[digits + 1..];
        } else {
            clean.push('[');
            rest = inside;
        }
    }
    clean.push_str(rest);
    match clean.char_indices().nth(PIECE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}
