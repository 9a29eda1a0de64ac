//! Where sentences end, in Chinese and in English.

use unicode_segmentation::UnicodeSegmentation;

use super::super::extract::wide::is_wide;

/// The sentences of a text with the code points at which they begin and end: `(start, end,
/// sentence)`. White space between them belongs to none, everything else to exactly one.
///
/// A line feed always ends a sentence. Marks like `[1]` directly behind its end, or behind one
/// space, still belong to it, since that is how answers cite. No sentence begins or ends inside
/// a grapheme.
pub fn sentences(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    Sentences {
        text,
        byte: 0,
        char: 0,
    }
}

struct Sentences<'a> {
    text: &'a str,
    byte: usize,
    char: usize,
}

impl<'a> Iterator for Sentences<'a> {
    type Item = (usize, usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.text[self.byte..];
        let blank: usize = rest
            .graphemes(true)
            .take_while(|g| is_blank(g))
            .map(str::len)
            .sum();
        self.advance(blank);
        let rest = &self.text[self.byte..];
        if rest.is_empty() {
            return None;
        }
        let sentence = trim_end(&rest[..end(rest)]);
        let start = self.char;
        self.advance(sentence.len());
        Some((start, self.char, sentence))
    }
}

impl Sentences<'_> {
    fn advance(&mut self, bytes: usize) {
        let passed = &self.text[self.byte..self.byte + bytes];
        self.char += passed.chars().count();
        self.byte += bytes;
    }
}

fn is_blank(grapheme: &str) -> bool {
    grapheme.chars().all(char::is_whitespace)
}

/// Without the blank graphemes at its end.
pub fn trim_end(text: &str) -> &str {
    let blank = text
        .graphemes(true)
        .rev()
        .take_while(|g| is_blank(g))
        .map(str::len);
    &text[..text.len() - blank.sum::<usize>()]
}

/// Bytes of the first sentence of a text.
fn end(text: &str) -> usize {
    let mut skip = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if at < skip {
            continue;
        }
        let Some(mark) = grapheme.chars().next() else {
            continue;
        };
        if mark == '\n' {
            return at;
        }
        if !is_terminator(mark) {
            continue;
        }
        let behind = at + tail(&text[at..]);
        if ends_here(&text[..at], mark, &text[behind..]) {
            return behind + citations(&text[behind..]);
        }
        skip = behind;
    }
    text.len()
}

fn is_terminator(c: char) -> bool {
    is_full_stop(c) || matches!(c, '.' | '!' | '?')
}

/// Ends a sentence whatever follows.
fn is_full_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '｡')
}

fn is_closer(c: char) -> bool {
    matches!(
        c,
        '”' | '’' | '」' | '』' | '）' | '】' | '》' | '〉' | '〕' | '"' | '\'' | ')' | ']'
    )
}

/// Bytes of terminators, then closing quotes and brackets.
fn tail(text: &str) -> usize {
    let first = |g: &&str, is: fn(char) -> bool| g.chars().next().is_some_and(is);
    let mut bytes = 0;
    let mut graphemes = text.graphemes(true).peekable();
    while let Some(g) = graphemes.next_if(|g| first(g, is_terminator)) {
        bytes += g.len();
    }
    while let Some(g) = graphemes.next_if(|g| first(g, is_closer)) {
        bytes += g.len();
    }
    bytes
}

/// Bytes of citation marks like `[1]`, `[2, 3]`, each behind at most one space.
fn citations(text: &str) -> usize {
    let mut bytes = 0;
    loop {
        let rest = &text[bytes..];
        let space = usize::from(rest.starts_with(' '));
        let Some(inside) = rest[space..].strip_prefix('[') else {
            return bytes;
        };
        let Some((numbers, behind)) = inside.split_once(']') else {
            return bytes;
        };
        let is_mark = (1..=CITATION_BYTES_MAX).contains(&numbers.len())
            && numbers.starts_with(|c: char| c.is_ascii_digit())
            && numbers
                .bytes()
                .all(|b| b.is_ascii_digit() || b", ".contains(&b));
        let whole = behind.graphemes(true).next();
        if !is_mark || whole.is_some_and(|g| g.starts_with(['(', ':'])) || !starts_clean(behind) {
            return bytes;
        }
        bytes += space + 1 + numbers.len() + 1;
    }
}

/// Bytes between the brackets of a citation mark.
const CITATION_BYTES_MAX: usize = 12;

/// No combining mark at the front, which would belong to what stands before it.
fn starts_clean(text: &str) -> bool {
    let mut probe = String::from("]");
    probe.extend(text.chars().next());
    probe.graphemes(true).next() == Some("]")
}

/// Whether a terminator, with its closers, ends a sentence between these texts.
fn ends_here(before: &str, mark: char, behind: &str) -> bool {
    let next = behind.chars().next();
    if is_full_stop(mark) {
        return true;
    }
    let cited = citations(behind) > 0;
    let apart = cited || next.is_none_or(char::is_whitespace);
    if mark != '.' {
        return apart || next.is_some_and(is_wide);
    }
    let last = before.chars().next_back();
    if next.is_some_and(is_wide) {
        return last.is_some_and(|c| is_wide(c) || is_closer(c));
    }
    apart && !is_number(before) && !is_abbreviation(before, behind) && !goes_on(behind)
}

/// Nothing but a number stands before the dot: `3. Battery`, or a single letter: `a. Battery`.
fn is_number(before: &str) -> bool {
    let before = before.trim_start_matches(['(', '[', '#', '*', '-', ' ']);
    let digits = !before.is_empty() && before.chars().all(|c| c.is_ascii_digit() || c == '.');
    digits || (before.len() == 1 && before.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The next word is written small: no sentence begins like that in English.
fn goes_on(behind: &str) -> bool {
    let next = behind.trim_start_matches([' ', '\t', '\u{a0}']);
    next.starts_with(char::is_lowercase)
}

fn is_abbreviation(before: &str, behind: &str) -> bool {
    let start = before
        .char_indices()
        .rev()
        .take(WORD_CHARS_MAX)
        .find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '.')
        .map_or(0, |(at, c)| at + c.len_utf8());
    let word = before[start..].to_ascii_lowercase();
    let number = behind
        .trim_start()
        .starts_with(|c: char| c.is_ascii_digit());
    let initial = before[start..].len() == 1 && word != "i" && before.ends_with(char::is_uppercase);
    initial
        || ABBREVIATIONS.contains(&word.as_str())
        || (number && BEFORE_NUMBERS.contains(&word.as_str()))
}

/// Letters of the longest abbreviation and one.
const WORD_CHARS_MAX: usize = 8;
/// Never at the end of a sentence.
const ABBREVIATIONS: [&str; 19] = [
    "e.g", "i.e", "eg", "ie", "cf", "vs", "viz", "mr", "mrs", "ms", "dr", "prof", "st", "messrs",
    "gen", "approx", "incl", "excl", "resp",
];
/// Not at the end of a sentence where a number follows.
const BEFORE_NUMBERS: [&str; 20] = [
    "no", "nos", "nr", "fig", "figs", "eq", "sec", "sect", "ch", "chap", "vol", "p", "pp", "art",
    "par", "para", "tab", "ref", "ver", "max",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).map(|(_, _, sentence)| sentence).collect()
    }

    #[test]
    fn chinese_and_english_sentences() {
        let cases: [(&str, &[&str]); 26] = [
            (
                "电池保修八年。电机保修五年！为什么？",
                &["电池保修八年。", "电机保修五年！", "为什么？"],
            ),
            (
                "保修八年；以先到者为准。",
                &["保修八年；", "以先到者为准。"],
            ),
            ("他说：“好。”然后走了。", &["他说：“好。”", "然后走了。"]),
            (
                "真的吗？！（是的。）好",
                &["真的吗？！", "（是的。）", "好"],
            ),
            (
                "续航约 3.5 小时。充电 0.5 h。",
                &["续航约 3.5 小时。", "充电 0.5 h。"],
            ),
            ("型号EV.9的电池", &["型号EV.9的电池"]),
            ("保修八年.电机五年", &["保修八年.", "电机五年"]),
            ("Really?是的", &["Really?", "是的"]),
            (
                "It lasts 3.5 years. Then stop.",
                &["It lasts 3.5 years.", "Then stop."],
            ),
            (
                "Parts, e.g. Brakes, wear. See Fig. 3 below.",
                &["Parts, e.g. Brakes, wear.", "See Fig. 3 below."],
            ),
            (
                "Ask Dr. Smith or J. R. Hill. Done.",
                &["Ask Dr. Smith or J. R. Hill.", "Done."],
            ),
            (
                "The answer is no. Next one.",
                &["The answer is no.", "Next one."],
            ),
            (
                "It was Part I. Then came more.",
                &["It was Part I.", "Then came more."],
            ),
            (
                "approx. 5 km etc. and more. End",
                &["approx. 5 km etc. and more.", "End"],
            ),
            (
                "He said \"Stop.\" Then left.",
                &["He said \"Stop.\"", "Then left."],
            ),
            ("Wait... what? Yes!", &["Wait... what?", "Yes!"]),
            ("1. Battery\n2. Motor", &["1. Battery", "2. Motor"]),
            (
                "1. Open the lid. 2. Close it.",
                &["1. Open the lid.", "2. Close it."],
            ),
            (
                "See http://a.example/b?c=d. Good",
                &["See http://a.example/b?c=d.", "Good"],
            ),
            ("One line\nanother line", &["One line", "another line"]),
            (
                "保修八年。[1][2]电机五年[3]。",
                &["保修八年。[1][2]", "电机五年[3]。"],
            ),
            (
                "Eight years. [1] Five years.[2, 3] End",
                &["Eight years. [1]", "Five years.[2, 3]", "End"],
            ),
            (
                "See this. [1](http://a) x",
                &["See this.", "[1](http://a) x"],
            ),
            ("Use v1.2.3 now. OK", &["Use v1.2.3 now.", "OK"]),
            ("  \n\n ", &[]),
            ("注意！\u{fe0f}电池", &["注意！\u{fe0f}", "电池"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn positions_are_code_points() {
        let found: Vec<_> = sentences("😀好。 b c. D").collect();
        assert_eq!(found, [(0, 3, "😀好。"), (4, 8, "b c."), (9, 10, "D")]);
    }

    proptest! {
        #[test]
        fn every_character_is_in_one_sentence(text in super::super::tests::prose()) {
            let chars: Vec<char> = text.chars().collect();
            let mut covered = vec![false; chars.len()];
            for (start, end, sentence) in sentences(&text) {
                prop_assert!(start < end);
                prop_assert_eq!(sentence, chars[start..end].iter().collect::<String>());
                for at in &mut covered[start..end] {
                    prop_assert!(!*at);
                    *at = true;
                }
            }
            for (at, c) in chars.iter().enumerate() {
                prop_assert!(covered[at] || c.is_whitespace());
            }
        }
    }
}
