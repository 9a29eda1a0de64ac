//! Words of Chinese text: out of a dictionary, and pairs of characters where it knows none.

use std::sync::OnceLock;

use jieba_rs::Jieba;

/// These stand next to any word: pairs with them would find nothing but themselves.
const FUNCTION: &str = "的了着吗呢吧啊嘛么是在请也都就把被这那及或我你您他她它";

/// Hands every word of `run`, which is Chinese characters only, to `emit`.
///
/// The cut has no statistical guessing of unknown words: a guess depends on what stands around
/// it, so a chunk and a question would disagree. Instead each character that the dictionary
/// leaves alone is paired with both its neighbours.
pub fn words(run: &str, mut emit: impl FnMut(&str)) {
    let tokens = dictionary().cut_for_search(run, false);
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    let mut alone = vec![false; starts.len()];
    for token in &tokens {
        emit(token.word);
        if token.end - token.start == 1 {
            alone[token.start] = true;
        }
    }
    for (at, pair) in alone.windows(2).enumerate() {
        let end = starts.get(at + 2).copied().unwrap_or(run.len());
        let text = &run[starts[at]..end];
        if (pair[0] || pair[1]) && !text.contains(|c| FUNCTION.contains(c)) {
            emit(text);
        }
    }
}

/// Loaded at the first Chinese text of the process, which takes a fraction of a second.
fn dictionary() -> &'static Jieba {
    static DICTIONARY: OnceLock<Jieba> = OnceLock::new();
    DICTIONARY.get_or_init(Jieba::new)
}
