//! Which pieces of the passages answer a question best, judged by the words they share with it.

use std::collections::{HashMap, HashSet};

use super::{
    asked::{self, Kind},
    piece::{self, Piece, Shape},
    terms::{self, Term, Terms},
};
use crate::models::{Excerpt, Language};

const PIECES_MAX: usize = 3;
/// A piece is quoted when it and what stands above it have this share of what the question tells,
/// by weight. More than half: of two words one is enough only if it is the rarer one.
const COVERAGE_MIN: f64 = 0.51;
/// A further piece must be at least this good, measured by the best.
const SHARE_OF_BEST_MIN: f64 = 0.7;
/// A word that stands only above a piece, against one in it.
const ABOVE: f64 = 0.8;
/// What a word that is not demanded adds.
const VAGUE: f64 = 0.3;
/// What a quantity of the kind asked for weighs, against words.
const KIND: f64 = 2.5;
/// For a heading that is about what the question is about, and nothing else.
const TOPIC_BONUS: f64 = 0.5;
/// For text that ends in the middle, and for text in another language.
const FRAGMENT_SHARE: f64 = 0.6;
const FOREIGN_SHARE: f64 = 0.6;
/// Each passage counts a little less than the one before it: search knows more than words.
const RANK_LOSS: f64 = 0.03;
/// And each piece of a passage less than the one before it: what matters most comes first.
const PLACE_LOSS: f64 = 0.01;
const PLACES_MAX: usize = 10;
/// Two pieces with this much in common say the same.
const SAME_SHARE_MIN: f64 = 0.7;
/// A piece with fewer words of its own than this hardly says more than the question.
const OWN_WORDS_ENOUGH: f64 = 3.0;

/// The best pieces, the best one first; none when no piece has enough of the question.
pub fn pieces(question: &str, passages: &[Excerpt]) -> Vec<Piece> {
    let terms = Terms::new();
    let asked = Asked {
        terms: terms.of_question(question),
        kind: asked::kind(&terms::normal(question)),
        language: terms::language(question),
    };
    let pieces = passages
        .iter()
        .enumerate()
        .flat_map(|(n, excerpt)| piece::split(n, excerpt));
    let mut headings = HashMap::new();
    let mut read: Vec<Read> = pieces
        .map(|piece| Read::new(piece, &terms, &asked, &mut headings))
        .collect();
    let weights = weights(&read, asked.terms.len());
    for it in &mut read {
        it.score = it.rate(&asked, &weights);
    }
    pick(read)
}

/// What a question wants.
struct Asked {
    terms: Vec<Term>,
    kind: Option<&'static Kind>,
    language: Language,
}

/// A piece as the question sees it.
struct Read {
    piece: Piece,
    /// How much of each term it has itself.
    inside: Vec<f64>,
    /// How much of each term stands above it.
    above: Vec<f64>,
    /// Of what stands above it, how closely the closest is about the terms.
    topic: f64,
    has_kind: bool,
    /// Words that it has besides.
    own: HashSet<String>,
    score: f64,
}

impl Read {
    fn new(
        piece: Piece,
        terms: &Terms,
        asked: &Asked,
        headings: &mut HashMap<String, Heading>,
    ) -> Self {
        let text = terms.text(&piece.text);
        let inside: Vec<f64> = asked.terms.iter().map(|term| text.has(term)).collect();
        let mut above = vec![0.0; asked.terms.len()];
        let mut topic = 0.0_f64;
        for words in &piece.above {
            // most pieces stand under the same ones
            let heading = headings
                .entry(words.clone())
                .or_insert_with(|| Heading::new(words, terms, asked));
            for (most, has) in above.iter_mut().zip(&heading.has) {
                *most = has.max(*most);
            }
            topic = topic.max(heading.topic);
        }
        let has_kind = asked
            .kind
            .is_some_and(|kind| kind.is_in(&terms::normal(&piece.text)));
        let is_own = |word: &&String| !asked.terms.iter().any(|term| term.word == **word);
        Self {
            own: text.words.iter().filter(is_own).cloned().collect(),
            piece,
            inside,
            above,
            topic,
            has_kind,
            score: 0.0,
        }
    }

    /// 0 when too little of the question is in it.
    fn rate(&self, asked: &Asked, weights: &[f64]) -> f64 {
        let kind = if asked.kind.is_some() { KIND } else { 0.0 };
        let own_kind = if self.has_kind { kind } else { 0.0 };
        let (mut told, mut covered, mut score) = (0.0, 0.0, own_kind);
        for (at, term) in asked.terms.iter().enumerate() {
            let (inside, above) = (self.inside[at], self.above[at]);
            let counts = inside.max(above * ABOVE) * weights[at];
            if term.vague {
                score += counts * VAGUE;
            } else {
                score += counts;
                told += weights[at];
                covered += inside.max(above) * weights[at];
            }
        }
        // words first: a number answers nothing by itself
        if told == 0.0 || covered == 0.0 || covered + own_kind < COVERAGE_MIN * (told + kind) {
            return 0.0;
        }
        let own = ((self.own.len() as f64 + 0.5) / OWN_WORDS_ENOUGH).min(1.0);
        let whole = if self.piece.shape == Shape::Fragment {
            FRAGMENT_SHARE
        } else {
            1.0
        };
        let foreign = terms::language(&self.piece.text) != asked.language;
        let understood = if foreign { FOREIGN_SHARE } else { 1.0 };
        let rank = 1.0 - RANK_LOSS * (self.piece.passage as f64).min(20.0);
        let place = 1.0 - PLACE_LOSS * self.piece.place.min(PLACES_MAX) as f64;
        let share = score / (told + kind);
        share * (1.0 + TOPIC_BONUS * self.topic) * own * whole * understood * rank * place
    }

    /// Whether this one has all that the other has of the question, and more: in and above it, or
    /// in it when that is the same.
    fn tells_more(&self, other: &Self) -> bool {
        let both = |it: &Self| -> Vec<f64> {
            it.inside
                .iter()
                .zip(&it.above)
                .map(|(a, b)| a.max(*b))
                .collect()
        };
        let (mine, others) = (both(self), both(other));
        let kind = self.has_kind >= other.has_kind;
        kind && (exceeds(&mine, &others) || mine == others && exceeds(&self.inside, &other.inside))
    }

    fn says_same(&self, other: &Self) -> bool {
        let common = self.own.intersection(&other.own).count() as f64;
        let fewer = self.own.len().min(other.own.len()) as f64;
        // two rows of a table may differ in nothing but a number
        common >= SAME_SHARE_MIN * fewer && self.numbers().eq(other.numbers())
    }

    fn numbers(&self) -> impl Iterator<Item = char> {
        self.piece.text.chars().filter(char::is_ascii_digit)
    }
}

fn exceeds(a: &[f64], b: &[f64]) -> bool {
    let pairs = || a.iter().zip(b);
    pairs().all(|(a, b)| a >= b) && pairs().any(|(a, b)| a > b)
}

/// A heading as the question sees it.
struct Heading {
    /// How much of each term it has.
    has: Vec<f64>,
    /// How closely it is about the terms: all of it and all of them is 1.
    topic: f64,
}

impl Heading {
    fn new(words: &str, terms: &Terms, asked: &Asked) -> Self {
        let text = terms.text(words);
        let has: Vec<f64> = asked.terms.iter().map(|term| text.has(term)).collect();
        let telling = |term: &&Term| !term.vague;
        let own = terms.of_question(words);
        let own: Vec<&Term> = own.iter().filter(telling).collect();
        let wanted: Vec<&Term> = asked.terms.iter().filter(telling).collect();
        let found: f64 = wanted.iter().map(|term| text.has(term)).sum();
        let meant = own
            .iter()
            .filter(|word| wanted.iter().any(|term| term.word == word.word))
            .count();
        let all = (wanted.len() * own.len()) as f64;
        let topic = if all > 0.0 {
            found * meant as f64 / all
        } else {
            0.0
        };
        Self { has, topic }
    }
}

/// Rare words tell more, as everywhere in search; here rare means in few of these pieces. One that
/// is in none tells as much as the rarest.
fn weights(read: &[Read], terms: usize) -> Vec<f64> {
    let all = read.len() as f64 + 1.0;
    let weight = |at: usize| {
        let with = read
            .iter()
            .filter(|it| it.inside[at].max(it.above[at]) > 0.0)
            .count();
        1.0 + (all / (with.max(1) as f64 + 1.0)).ln().max(0.0)
    };
    (0..terms).map(weight).collect()
}

/// The best ones that add something to each other, the best first.
fn pick(mut read: Vec<Read>) -> Vec<Piece> {
    read.retain(|it| it.score > 0.0);
    // passages come best first, and a stable sort keeps that among equals
    read.sort_by(|a, b| b.score.total_cmp(&a.score));
    let good = read
        .first()
        .map_or(0.0, |best| best.score * SHARE_OF_BEST_MIN);
    let mut chosen: Vec<Read> = Vec::new();
    for it in read {
        let new = !chosen
            .iter()
            .any(|other| other.says_same(&it) || other.tells_more(&it));
        if it.score >= good && new && chosen.len() < PIECES_MAX {
            chosen.push(it);
        }
    }
    chosen.into_iter().map(|it| it.piece).collect()
}
