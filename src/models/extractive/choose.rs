//! Which sentences answer a question best, judged by the words they share with it.

use std::collections::{HashMap, HashSet};

use super::{
    sentence::{self, Sentence},
    terms::{self, Terms},
};

const SENTENCES_MAX: usize = 3;
/// Sentences of a passage that stands in for an answer.
const OPENING_SENTENCES: usize = 2;
/// A further sentence must be at least this good, measured by the best.
const SHARE_OF_BEST_MIN: f64 = 0.6;
/// Two sentences with this much in common say the same.
const SAME_SHARE_MIN: f64 = 0.7;
/// A sentence with fewer terms of its own than this hardly says more than the question.
const OWN_TERMS_ENOUGH: f64 = 3.0;
const QUANTITY_BONUS: f64 = 1.3;
/// For a heading or a row, which names things and says nothing of them.
const UNFINISHED_SHARE: f64 = 0.7;

/// The best sentences in the order of the passages; `None` when no sentence shares a word with
/// the question.
pub fn sentences(question: &str, passages: &[String]) -> Option<Vec<Sentence>> {
    let terms = Terms::new();
    let wanted = terms.of_question(question);
    let sentences = passages
        .iter()
        .enumerate()
        .flat_map(|(n, text)| sentence::split(n, text));
    let mut read: Vec<Read> = sentences.map(|it| Read::new(it, &terms, &wanted)).collect();
    rate(&mut read, wanted.len(), terms::asks_quantity(question));
    let chosen: Vec<Sentence> = pick(&read)
        .into_iter()
        .map(|index| read[index].sentence.clone())
        .collect();
    (!chosen.is_empty()).then_some(chosen)
}

/// The beginning of the first passage, for a question that shares no word with any.
pub fn opening(passages: &[String]) -> Vec<Sentence> {
    let Some(first) = passages.first() else {
        return Vec::new();
    };
    sentence::split(0, first)
        .into_iter()
        .take(OPENING_SENTENCES)
        .collect()
}

/// A sentence as the question sees it.
struct Read {
    sentence: Sentence,
    /// Which terms of the question it has, by their index.
    shared: HashSet<usize>,
    /// Terms it has besides.
    own: HashSet<String>,
    score: f64,
}

impl Read {
    fn new(sentence: Sentence, terms: &Terms, wanted: &[String]) -> Self {
        let mut shared = HashSet::new();
        let mut own = HashSet::new();
        terms.each(&sentence.text, |term| {
            match wanted.iter().position(|it| it == term) {
                Some(index) => {
                    shared.insert(index);
                }
                None => {
                    own.insert(term.to_owned());
                }
            }
        });
        Self {
            sentence,
            shared,
            own,
            score: 0.0,
        }
    }

    fn says_same(&self, other: &Self) -> bool {
        let common = self.own.intersection(&other.own).count() as f64;
        let fewer = self.own.len().min(other.own.len()) as f64;
        let same_words = self.shared == other.shared && common >= SAME_SHARE_MIN * fewer;
        // two rows of a table may differ in nothing but a number
        same_words && self.numbers().eq(other.numbers())
    }

    fn numbers(&self) -> impl Iterator<Item = char> {
        self.sentence.text.chars().filter(char::is_ascii_digit)
    }
}

/// Rare terms count more, as everywhere in search; here rare means in few of these sentences.
fn rate(read: &mut [Read], wanted: usize, quantity: bool) {
    let mut with: HashMap<usize, usize> = HashMap::new();
    for index in read.iter().flat_map(|it| &it.shared) {
        *with.entry(*index).or_default() += 1;
    }
    let all = read.len() as f64;
    let weights: Vec<f64> = (0..wanted)
        .map(|index| {
            let with = *with.get(&index).unwrap_or(&0) as f64;
            (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
        })
        .collect();
    for it in read {
        it.score = score(it, &weights, quantity);
    }
}

fn score(it: &Read, weights: &[f64], quantity: bool) -> f64 {
    let shared: f64 = it.shared.iter().map(|&index| weights[index]).sum();
    let own = ((it.own.len() as f64 + 0.5) / OWN_TERMS_ENOUGH).min(1.0);
    let bonus = if quantity && has_quantity(&it.sentence.text) {
        QUANTITY_BONUS
    } else {
        1.0
    };
    let finished = if it.sentence.is_finished() {
        1.0
    } else {
        UNFINISHED_SHARE
    };
    shared * own * bonus * finished
}

fn has_quantity(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let counted = |pair: &[char]| {
        "一二三四五六七八九十百千万两半".contains(pair[0])
            && "年月日天周个小时分元件次%".contains(pair[1])
    };
    chars.iter().any(|c| c.is_numeric()) || chars.windows(2).any(counted)
}

/// Indexes of the best ones, in order.
fn pick(read: &[Read]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..read.len()).filter(|&at| read[at].score > 0.0).collect();
    // passages come best first, and a stable sort keeps that among equals
    ranked.sort_by(|&a, &b| read[b].score.total_cmp(&read[a].score));
    let mut chosen: Vec<usize> = Vec::new();
    for &index in &ranked {
        let best = read[ranked[0]].score;
        let good = read[index].score >= SHARE_OF_BEST_MIN * best;
        let new = !chosen
            .iter()
            .any(|&other| read[other].says_same(&read[index]));
        if good && new && chosen.len() < SENTENCES_MAX {
            chosen.push(index);
        }
    }
    chosen.sort_unstable();
    chosen
}
