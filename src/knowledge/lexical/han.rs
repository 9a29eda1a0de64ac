//! Words of Chinese text: out of a dictionary, and pairs of characters where it knows none.
//!
//! The dictionary does not guess at unknown words: a guess depends on what stands around it, so a
//! chunk and a question would disagree. A chunk is found by more than a question asks for, so that
//! what a question takes for words is there whatever the chunk has around it.

use jieba_rs::Token;

use crate::dictionary::dictionary;

/// These stand next to any word: pairs with them would find nothing but themselves.
const FUNCTION: &str = "的了着吗呢吧啊嘛么是在请也都就把被这那及或我你您他她它";

/// Hands to `emit` all that `run`, which is Chinese characters only, can be found by: words, words
/// within words, and each character that is none of a word, alone and with either neighbour.
pub fn of_chunk(run: &str, mut emit: impl FnMut(&str)) {
    let tokens = dictionary().cut_for_search(run, false);
    tokens.iter().for_each(|token| emit(token.word));
    let alone = Alone::of(run, &tokens);
    for at in 0..alone.flags.len() {
        if alone.at(at) || alone.at(at + 1) {
            alone.pair(at).into_iter().for_each(&mut emit);
        }
    }
}

/// A word of a question.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A word, or a pair of characters that may be one.
    Word(&'a str),
    /// A word within a word.
    Part(&'a str),
}

/// Hands to `emit` what `run` asks for.
pub fn of_question(run: &str, mut emit: impl FnMut(Found<'_>)) {
    let tokens = dictionary().cut(run, false);
    let alone = Alone::of(run, &tokens);
    // of two unknown neighbours the pair says enough
    let pair = |at| alone.pair(at).filter(|_| alone.at(at) && alone.at(at + 1));
    for token in &tokens {
        let after_pair = token.start > 0 && pair(token.start - 1).is_some();
        match pair(token.start) {
            Some(pair) => emit(Found::Word(pair)),
            None if after_pair => {}
            None => emit(Found::Word(token.word)),
        }
    }
    for token in dictionary().cut_for_search(run, false) {
        if tokens
            .binary_search_by_key(&(token.start, token.end), |t| (t.start, t.end))
            .is_err()
        {
            emit(Found::Part(token.word));
        }
    }
}

/// The characters of a run that the dictionary leaves alone.
struct Alone<'a> {
    run: &'a str,
    flags: Vec<bool>,
    starts: Vec<usize>,
}

impl<'a> Alone<'a> {
    fn of(run: &'a str, tokens: &[Token<'_>]) -> Self {
        let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
        let mut flags = vec![false; starts.len()];
        for token in tokens.iter().filter(|token| token.end - token.start == 1) {
            flags[token.start] = true;
        }
        Self { run, flags, starts }
    }

    fn at(&self, at: usize) -> bool {
        self.flags.get(at).copied().unwrap_or(false)
    }

    /// The character here and the next one, unless one of them stands next to anything.
    fn pair(&self, at: usize) -> Option<&'a str> {
        self.starts.get(at + 1)?;
        let end = self.starts.get(at + 2).copied().unwrap_or(self.run.len());
        let pair = &self.run[self.starts[at]..end];
        (!pair.contains(|c| FUNCTION.contains(c))).then_some(pair)
    }
}
