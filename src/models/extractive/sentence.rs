//! Cuts passages into sentences that can stand in an answer.

use unicode_segmentation::UnicodeSegmentation as _;

use super::terms::is_han;

/// Longer ones, such as rows of a table without stops, are cut.
const SENTENCE_CHARS_MAX: usize = 300;
/// A line as wide as this that does not end a sentence goes on in the next; a Chinese character
/// counts twice. Shorter ones are headings or entries of lists.
const WRAPPED_WIDTH_MIN: usize = 36;

/// Words that end in a stop and do not end a sentence.
const ABBREVIATIONS: [&str; 14] = [
    "dr.", "mr.", "mrs.", "ms.", "no.", "fig.", "e.g.", "i.e.", "vs.", "approx.", "sec.", "art.",
    "inc.", "ltd.",
];

/// A sentence and where it stands.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// Index of its passage.
    pub passage: usize,
    /// As it reads, in one line.
    pub text: String,
}

impl Sentence {
    /// Whether it ends as a sentence does.
    pub fn is_finished(&self) -> bool {
        self.text
            .trim_end_matches(['"', '”', '’', '」', ')', '）'])
            .ends_with(ends_sentence)
    }

    /// What it says: without the question that it answers.
    pub fn said(&self) -> &str {
        let answer = self
            .text
            .split_once(['?', '？'])
            .map(|(_, answer)| answer.trim());
        answer
            .filter(|answer| !answer.is_empty())
            .unwrap_or(&self.text)
    }

    /// Whether it asks rather than says.
    pub fn asks(&self) -> bool {
        self.text.ends_with(['?', '？'])
    }
}

/// The sentences of a passage in their order. A question keeps the sentence that answers it.
pub fn split(passage: usize, text: &str) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    for paragraph in paragraphs(text) {
        let mut open = false;
        for piece in paragraph
            .unicode_sentences()
            .flat_map(|piece| piece.split_inclusive('；'))
        {
            let piece = piece.trim();
            match sentences.last_mut() {
                Some(last) if open => {
                    last.text.push(' ');
                    last.text.push_str(piece);
                }
                _ => sentences.push(Sentence {
                    passage,
                    text: piece.to_owned(),
                }),
            }
            open = ends_in_abbreviation(piece);
        }
    }
    sentences
        .iter_mut()
        .for_each(|sentence| sentence.text = clean(&sentence.text));
    sentences.retain(|sentence| sentence.text.chars().any(char::is_alphanumeric));
    join_answers(sentences)
}

/// Lines that were broken only for their width, put together again.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if goes_on && !line.is_empty() && !begins_entry(line) => {
                if !(last.ends_with(is_han) || line.starts_with(is_han)) {
                    last.push(' ');
                }
                last.push_str(line);
            }
            _ => paragraphs.push(line.to_owned()),
        }
        goes_on = width(line) >= WRAPPED_WIDTH_MIN && !line.ends_with(ends_sentence);
    }
    paragraphs
}

fn width(line: &str) -> usize {
    line.chars().map(|c| if is_han(c) { 2 } else { 1 }).sum()
}

fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | ':' | ';' | '|' | '。' | '！' | '？' | '：' | '；' | '…'
    )
}

fn begins_entry(line: &str) -> bool {
    line.starts_with(['-', '*', '•', '·', '#', '|', '>', '（', '('])
        || line.starts_with(|c: char| c.is_ascii_digit())
}

fn ends_in_abbreviation(piece: &str) -> bool {
    let word = piece
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default()
        .to_lowercase();
    ABBREVIATIONS.contains(&word.trim_start_matches(['(', '（', '"']))
}

/// Without marks of lists and headings, without numbers in brackets, which would read as
/// citations, and not too long.
fn clean(text: &str) -> String {
    let text = without_marks(text);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
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
    match clean.char_indices().nth(SENTENCE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// Only marks with a space behind them: the dash in `-20 °C` is no mark.
fn without_marks(text: &str) -> &str {
    let marked = text.trim_start_matches(['#', '*', '-', '•', '·', '>', '|']);
    if marked.starts_with(char::is_whitespace) {
        without_marks(marked.trim_start())
    } else {
        text.trim_start_matches(['•', '·']).trim()
    }
}

/// In lists of questions and answers the words of the question are found, and the answer follows.
fn join_answers(sentences: Vec<Sentence>) -> Vec<Sentence> {
    let mut joined: Vec<Sentence> = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        match joined.last_mut() {
            Some(last) if last.asks() && !sentence.asks() => {
                last.text.push(' ');
                last.text.push_str(&sentence.text);
            }
            _ => joined.push(sentence),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let long = "表".repeat(400);
        let cut = format!("{}…", "表".repeat(300));
        let cases: [(&str, &[&str]); 12] = [
            ("* -20℃至60℃\n| a | b |", &["-20℃至60℃", "a | b |"]),
            (
                "电池保修期为24个月。充电器保修一年！",
                &["电池保修期为24个月。", "充电器保修一年！"],
            ),
            ("一、范围；二、期限。", &["一、范围；", "二、期限。"]),
            (
                "See Fig. 3 of v2.1 now. Dr. Wu agrees.",
                &["See Fig. 3 of v2.1 now.", "Dr. Wu agrees."],
            ),
            ("## 保修\n电池两年。", &["保修", "电池两年。"]),
            (
                "- one thing\n- another thing",
                &["one thing", "another thing"],
            ),
            (
                "The warranty covers the battery and the\ncharger for two years.",
                &["The warranty covers the battery and the charger for two years."],
            ),
            (
                "本产品自购买之日起享受整机保修服务，其中电池\n保修期为24个月。",
                &["本产品自购买之日起享受整机保修服务，其中电池保修期为24个月。"],
            ),
            ("电池保修多久？\n24个月。", &["电池保修多久？ 24个月。"]),
            ("As shown [3] before [x].", &["As shown  before [x]."]),
            ("——\n\n…", &[]),
            (&long, &[&cut]),
        ];
        for (text, wanted) in cases {
            let sentences = split(0, text);
            let texts: Vec<&str> = sentences.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(texts, wanted, "{text}");
        }
    }
}
