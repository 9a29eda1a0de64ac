//! The words of a question that tell what it is about, and whether a text has them.

use std::collections::HashSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    asked,
    stop::{CHINESE_ASKING, CHINESE_STOPS, CHINESE_VAGUE, ENGLISH_STOPS, ENGLISH_VAGUE},
};
use crate::{dictionary::dictionary, models::Language};

/// What a word in part counts against the whole word.
const PART: f64 = 0.5;
/// Characters that a short form of a Chinese word leaves out at most: 快充 is 快速充电.
const LEFT_OUT_MAX: usize = 2;
/// Bytes that two forms of an English word share at least.
const SHARED_BYTES_MIN: usize = 4;

/// Whether a character is written Chinese.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

/// The language that a text is answered in.
pub fn language(text: &str) -> Language {
    if text.chars().any(is_han) {
        Language::Chinese
    } else {
        Language::English
    }
}

/// One form for what reads the same.
pub fn normal(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// A word of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// A stem, a number, or Chinese characters.
    pub word: String,
    /// A text may answer without it.
    pub vague: bool,
}

/// Finds terms, with the stemmer that it needs.
pub struct Terms {
    stemmer: Stemmer,
}

impl Terms {
    pub fn new() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
        }
    }

    /// The terms of a question, each once. What asks for a quantity is no term.
    pub fn of_question(&self, question: &str) -> Vec<Term> {
        let mut question = asked::without(&normal(question));
        for words in CHINESE_ASKING {
            question = question.replace(words, " ");
        }
        let mut terms: Vec<Term> = Vec::new();
        let mut add = |word: String, vague: bool| {
            if !terms.iter().any(|known| known.word == word) {
                terms.push(Term { word, vague });
            }
        };
        for (run, han) in runs(&question) {
            if han {
                chinese(run, &mut add);
            } else if ENGLISH_STOPS.binary_search(&run).is_err() {
                let stem = self.stemmer.stem(run).into_owned();
                let vague = ENGLISH_VAGUE.binary_search(&stem.as_str()).is_ok();
                add(stem, vague || asked::names_kind(run));
            }
        }
        if terms.iter().all(|term| term.vague) {
            terms.iter_mut().for_each(|term| term.vague = false);
        }
        terms
    }

    /// A text as terms are looked for in it.
    pub fn text(&self, text: &str) -> Text {
        let chars = normal(text);
        let mut words = HashSet::new();
        for (run, han) in runs(&chars) {
            if han {
                let run: Vec<char> = run.chars().collect();
                words.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
            } else if ENGLISH_STOPS.binary_search(&run).is_err() {
                words.insert(self.stemmer.stem(run).into_owned());
            }
        }
        Text { chars, words }
    }
}

/// A text, ready to be looked into.
#[derive(Debug, Default)]
pub struct Text {
    chars: String,
    /// Stems of English words, and pairs of Chinese characters.
    pub words: HashSet<String>,
}

impl Text {
    /// How much of a term it has: all of it is 1.
    pub fn has(&self, term: &Term) -> f64 {
        let word = term.word.as_str();
        if !word.starts_with(is_han) {
            return self.has_stem(word);
        }
        if self.chars.contains(word) {
            return 1.0;
        }
        let chars: Vec<char> = word.chars().collect();
        let half = match chars[..] {
            [] | [_] => false,
            [first, last] => self.has_long_form(first, last),
            _ => {
                let pairs = chars.windows(2).map(|pair| pair.iter().collect::<String>());
                let found = pairs.filter(|pair| self.words.contains(pair)).count();
                2 * found >= chars.len() - 1
            }
        };
        if half { PART } else { 0.0 }
    }

    fn has_stem(&self, stem: &str) -> f64 {
        if self.words.contains(stem) {
            1.0
        } else if self.words.iter().any(|word| are_forms(word, stem)) {
            PART
        } else {
            0.0
        }
    }

    fn has_long_form(&self, first: char, last: char) -> bool {
        let mut rest = self.chars.chars();
        while rest.by_ref().any(|c| c == first) {
            let near = rest.clone().take(LEFT_OUT_MAX + 1);
            if near.take_while(|&c| is_han(c)).any(|c| c == last) {
                return true;
            }
        }
        false
    }
}

/// Whether two stems are of one family: store and storag(e), long and longer.
fn are_forms(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let letters = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let shared = short
        .bytes()
        .zip(long.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    shared >= SHARED_BYTES_MIN
        && short.len() - shared <= 1
        && long.len() - shared <= 2
        && letters(short)
        && letters(long)
}

/// Runs of Chinese characters, and words of letters and digits.
fn runs(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.flat_map(|word| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let han = is_han(rest.chars().next()?);
            let end = rest.find(|c| is_han(c) != han).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            rest = after;
            Some((run, han))
        })
    })
}

fn chinese(run: &str, add: &mut impl FnMut(String, bool)) {
    let is_stop = |word: &str| CHINESE_STOPS.binary_search(&word).is_ok();
    let mut alone = String::new();
    let end = |alone: &mut String, add: &mut dyn FnMut(String, bool)| {
        // characters that the dictionary leaves alone are a word that it does not know
        if !alone.is_empty() {
            let vague = alone.chars().nth(1).is_none();
            add(std::mem::take(alone), vague);
        }
    };
    for token in dictionary().cut(run, false) {
        let word = token.word;
        let stop = is_stop(word);
        if word.chars().nth(1).is_none() && !stop {
            alone.push_str(word);
            continue;
        }
        end(&mut alone, add);
        if !stop {
            let vague = CHINESE_VAGUE.binary_search(&word).is_ok();
            add(word.to_owned(), vague || asked::names_kind(word));
        }
    }
    end(&mut alone, add);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_name_something_are_left() {
        let cases: [(&str, &[&str], &[&str]); 9] = [
            ("电池保修多久？", &["电池", "保修"], &[]),
            ("退货要满足什么条件？", &["退货"], &["满足", "条件"]),
            ("请问你们的退货政策是什么？", &["退货"], &["政策"]),
            (
                "How long is the battery's warranty?",
                &["batteri", "warranti"],
                &[],
            ),
            ("Tell me about batteries", &["batteri"], &[]),
            ("Ｘ200的重量是多少kg?", &["x200", "kg"], &["重量"]),
            ("快充多长时间能充满？", &["快充", "充满"], &[]),
            ("what does E12 mean", &["e12"], &["mean"]),
            ("这是什么意思", &["意思"], &[]),
        ];
        for (question, telling, vague) in cases {
            let terms = Terms::new().of_question(question);
            let words = |vague: bool| -> Vec<&str> {
                let terms = terms.iter().filter(|term| term.vague == vague);
                terms.map(|term| term.word.as_str()).collect()
            };
            assert_eq!(
                (words(false), words(true)),
                (telling.to_vec(), vague.to_vec()),
                "{question}"
            );
        }
    }

    #[test]
    fn a_word_is_found_in_its_other_forms() {
        let cases = [
            ("电池", "电池保修", 1.0),
            ("快充", "选购的快速充电器", PART),
            ("快充", "尽快先把它充满", 0.0),
            ("充电器", "充电时间", PART),
            ("保修", "保养和维修", 0.0),
            ("e07", "代码 E07", 1.0),
            ("store", "Storage", PART),
            ("long", "Longer than", PART),
            ("contact", "it contains", 0.0),
            ("c1", "C12", 0.0),
        ];
        let terms = Terms::new();
        for (word, text, found) in cases {
            let word = if word.is_ascii() {
                terms.stemmer.stem(word).into_owned()
            } else {
                word.to_owned()
            };
            let term = Term { word, vague: false };
            assert_eq!(
                terms.text(text).has(&term),
                found,
                "{} in {text}",
                term.word
            );
        }
    }
}
