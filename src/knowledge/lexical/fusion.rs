//! One ranking out of two: a weighted sum of the scores of words and of meaning.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::script::{self, Script};
use crate::models::Language;

/// How much each leg says. Only their ratio matters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Of the words (BM25).
    pub lexical: f32,
    /// Of the meaning (cosine).
    pub vector: f32,
}

/// Equal shares. Measured on sections of two English handbooks (nDCG@10, built-in model): 0.650 and
/// 0.577 by the better leg alone, 0.689 and 0.616 fused; from 0.4 to 0.7 little changes.
impl Default for Weights {
    fn default() -> Self {
        Self {
            lexical: 0.5,
            vector: 0.5,
        }
    }
}

impl Weights {
    /// Takes the vectors out for a question that the embedder does not understand.
    pub fn for_question(self, question: Language, understood: &[Language]) -> Self {
        if understood.contains(&question) {
            self
        } else {
            Self {
                vector: 0.0,
                ..self
            }
        }
    }
}

/// A fused result, with the legs' own scores (BM25 and cosine) to explain it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored<Id> {
    /// What was found.
    pub id: Id,
    /// 0 to 1; comparable within one search only.
    pub score: f32,
    /// BM25, if the words found it.
    pub lexical: Option<f32>,
    /// Cosine similarity, if the vectors found it and counted.
    pub vector: Option<f32>,
}

/// Fuses two legs, best first, equal scores in the order of their ids.
///
/// BM25 is divided by its best, because 0 is its natural floor. A cosine has no floor that means
/// the same for every embedder, so it is stretched between the worst and the best candidate. What
/// a leg did not find, or found with a score that is not a number, gets nothing from it.
pub fn fuse<Id: Copy + Ord>(
    lexical: &[(Id, f32)],
    vector: &[(Id, f32)],
    weights: Weights,
) -> Vec<Scored<Id>> {
    let total = weights.lexical + weights.vector;
    let mut found: BTreeMap<Id, Scored<Id>> = BTreeMap::new();
    let mut add = |leg: &[(Id, f32)], floor: f32, weight: f32, note: fn(&mut Scored<Id>, f32)| {
        if weight <= 0.0 {
            return;
        }
        let best = finite(leg).map(|(_, score)| score).fold(floor, f32::max);
        for (id, score) in finite(leg) {
            let entry = found.entry(id).or_insert(Scored {
                id,
                score: 0.0,
                lexical: None,
                vector: None,
            });
            entry.score += weight / total * stretch(score, floor, best);
            note(entry, score);
        }
    };
    let worst = finite(vector)
        .map(|(_, score)| score)
        .fold(f32::INFINITY, f32::min);
    add(lexical, 0.0, weights.lexical, |entry, score| {
        entry.lexical = Some(score)
    });
    add(vector, worst, weights.vector, |entry, score| {
        entry.vector = Some(score)
    });
    let mut fused: Vec<Scored<Id>> = found.into_values().collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    fused
}

fn finite<Id: Copy>(leg: &[(Id, f32)]) -> impl Iterator<Item = (Id, f32)> {
    leg.iter().copied().filter(|(_, score)| score.is_finite())
}

fn stretch(score: f32, floor: f32, best: f32) -> f32 {
    // one candidate, or all alike: nothing speaks against any of them
    if best <= floor {
        1.0
    } else {
        ((score - floor) / (best - floor)).clamp(0.0, 1.0)
    }
}

/// The language a question is asked in: Chinese when it has at least as many characters of
/// Chinese (or of another script without spaces) as words in letters.
pub fn language(text: &str) -> Language {
    let normal: String = text.nfkc().collect();
    let (mut characters, mut words) = (0, 0);
    for (script, run) in script::runs(&normal) {
        match script {
            Script::Han | Script::Unspaced => characters += run.chars().count(),
            Script::Word if run.contains(char::is_alphabetic) => words += 1,
            Script::Word | Script::Break => {}
        }
    }
    if characters > 0 && characters >= words {
        Language::Chinese
    } else {
        Language::English
    }
}
