//! Turns text into the terms it is found by: those of a question are all among those of a chunk
//! that says the same.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::{
    han::{self, Found},
    script::{self, Script},
    stop,
};

/// A longer term is cut here (at a character), in chunks and questions alike.
pub const TERM_BYTES_MAX: usize = 64;

/// A longer question is searched by the terms of its beginning and its end.
pub const QUERY_TERMS_MAX: usize = 128;

/// A normalised word, stem, number or pair of characters, of at most [`TERM_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(Box<str>);

impl Term {
    /// The term as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A term of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTerm {
    /// What chunks are looked up by.
    pub term: Term,
    /// How much it says, against the other terms of the question.
    pub weight: f32,
}

/// What a word within a word says of the question, against the whole word. Measured on sections of
/// two Chinese handbooks: between 0.2 and 0.5 nothing changes, 0 and 1 are worse.
const PART_WEIGHT: f32 = 0.3;

/// The terms of a chunk, as often as they stand in it.
pub fn terms(text: &str) -> Vec<Term> {
    let mut found = Vec::new();
    cut(&normalise(text), Side::Chunk, |word, _| {
        found.push(term(word))
    });
    found
}

/// The terms of a question: each once, stop words only if there is nothing else, at most
/// [`QUERY_TERMS_MAX`].
pub fn query_terms(text: &str) -> Vec<QueryTerm> {
    let mut found: Vec<(QueryTerm, bool)> = Vec::new();
    let mut places: HashMap<Term, usize> = HashMap::new();
    cut(&normalise(text), Side::Question, |word, weight| {
        let (term, stop) = (term(word), stop::is_stop(word));
        let at = *places.entry(term.clone()).or_insert(found.len());
        if let Some((known, known_stop)) = found.get_mut(at) {
            known.weight = known.weight.max(weight);
            *known_stop &= stop;
        } else {
            found.push((QueryTerm { term, weight }, stop));
        }
    });
    let telling = found.iter().any(|(_, stop)| !stop);
    found.retain(|(_, stop)| !(telling && *stop));
    let mut terms: Vec<QueryTerm> = found.into_iter().map(|(term, _)| term).collect();
    if terms.len() > QUERY_TERMS_MAX {
        // who pastes a long text asks before it or after it
        let half = QUERY_TERMS_MAX / 2;
        terms.drain(half..terms.len() - half);
    }
    terms
}

/// One form for what reads the same: full width, ligatures, case, invisible hyphens and joiners.
fn normalise(text: &str) -> String {
    let mut before = None;
    text.chars()
        .map(|c| match (before.replace(c), c) {
            // one form would make thousands of it, as in "1,000"
            (Some('0'..='9'), '，') => ' ',
            (_, c) => c,
        })
        .nfkc()
        .filter(|c| {
            !matches!(
                c,
                '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
            )
        })
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{2010}' | '\u{2011}' => '-',
            c => c,
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Side {
    Chunk,
    Question,
}

/// Hands each word with its weight to `emit`.
fn cut(text: &str, side: Side, mut emit: impl FnMut(&str, f32)) {
    for (script, run) in script::runs(text) {
        let mut whole = |word: &str| emit(word, 1.0);
        match (script, side) {
            (Script::Han, Side::Chunk) => han::of_chunk(run, whole),
            (Script::Han, Side::Question) => han::of_question(run, |found| match found {
                Found::Word(word) => emit(word, 1.0),
                Found::Part(word) => emit(word, PART_WEIGHT),
            }),
            (Script::Unspaced, _) => pairs(run, &mut whole),
            (Script::Word, _) if run.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b',')) => {
                number(run, &mut whole);
            }
            (Script::Word, _) => compound(run, &mut whole),
            (Script::Break, _) => {}
        }
    }
}

fn pairs(run: &str, emit: &mut impl FnMut(&str)) {
    let mut starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    if starts.len() < 2 {
        return emit(run);
    }
    starts.push(run.len());
    for pair in starts.windows(3) {
        emit(&run[pair[0]..pair[2]]);
    }
}

/// "1,000" is 1000; "18.4" is found by itself and by 18; other commas only separate.
fn number(run: &str, emit: &mut impl FnMut(&str)) {
    let whole = run.split('.').next().unwrap_or(run);
    let mut groups = whole.split(',');
    let grouped = groups.next().is_some_and(|first| first.len() <= 3)
        && groups.all(|group| group.len() == 3)
        && !run[whole.len()..].contains(',');
    let pieces = if grouped {
        vec![run.replace(',', "")]
    } else {
        split(run, ',')
    };
    for piece in pieces {
        emit(&piece);
        if let Some((major, _)) = piece.split_once('.') {
            emit(major);
        }
    }
}

fn split(text: &str, mark: char) -> Vec<String> {
    text.split(mark).map(str::to_owned).collect()
}

/// Words held together by marks are found by each part and by all of them together, so that
/// "E-05", "E_05" and "E05" are the same.
fn compound(run: &str, emit: &mut impl FnMut(&str)) {
    let run = run.strip_suffix("'s").unwrap_or(run);
    let parts: Vec<&str> = run.split(['-', '_', '.', '\'', ',']).collect();
    for part in &parts {
        emit(part);
        letters_and_digits(part, emit);
    }
    if parts.len() > 1 {
        emit(&parts.concat());
    }
}

/// "800mah" is found by "800 mah" too; a code like "e05" or a hash stays whole.
fn letters_and_digits(part: &str, emit: &mut impl FnMut(&str)) {
    const PIECES_MAX: usize = 3;
    const LETTERS_MIN: usize = 2;
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, pair) in part.as_bytes().windows(2).enumerate() {
        if pair[0].is_ascii_digit() != pair[1].is_ascii_digit() {
            pieces.push(&part[start..=at]);
            start = at + 1;
        }
    }
    pieces.push(&part[start..]);
    let readable = |piece: &&str| {
        piece.len() >= LETTERS_MIN || piece.bytes().all(|byte| byte.is_ascii_digit())
    };
    if part.is_ascii() && (2..=PIECES_MAX).contains(&pieces.len()) && pieces.iter().all(readable) {
        pieces.into_iter().for_each(emit);
    }
}

fn term(word: &str) -> Term {
    let word = &word[..word.floor_char_boundary(TERM_BYTES_MAX)];
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        Term(Stemmer::create(Algorithm::English).stem(word).into())
    } else {
        Term(word.into())
    }
}
