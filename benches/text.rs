//! Made-up documents in Chinese and English, whose words are as unevenly spread as in a language.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// What Chinese words are taken from: pairs of neighbours in a real text.
const CHINESE: &str = include_str!("../samples/src/电动车保修手册.txt");
const SYLLABLES: &str =
    "ba cor den fil gra hun ist jam kel lor mun nop par quo ris sol tur vex wit zan";
const ENGLISH_WORDS: usize = 6_000;
/// The n-th word is about 1/(n + this) of all: after stop words the most frequent has less than 1 %.
const FLATNESS: f64 = 20.0;
/// Columns of a paragraph: it becomes one chunk, since two do not fit into one.
const PARAGRAPH_COLUMNS: usize = 600;
const SENTENCE_WORDS: usize = 12;

/// Writes texts that are the same in every run.
pub struct Writer {
    dice: StdRng,
    chinese: Vec<String>,
    english: Vec<String>,
}

impl Writer {
    /// A writer whose texts depend on the seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let chars: Vec<char> = CHINESE.chars().collect();
        let han = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
        let pairs = chars.windows(2).filter(|pair| pair.iter().all(han));
        let pairs: BTreeSet<String> = pairs.map(|pair| pair.iter().collect()).collect();
        let syllables: Vec<&str> = SYLLABLES.split(' ').collect();
        let mut english = BTreeSet::new();
        while english.len() < ENGLISH_WORDS {
            let count = dice.random_range(2..=4);
            let word = (0..count).map(|_| syllables[dice.random_range(0..syllables.len())]);
            english.insert(word.collect::<String>());
        }
        Self {
            chinese: shuffled(pairs, &mut dice),
            english: shuffled(english, &mut dice),
            dice,
        }
    }

    /// A document of so many paragraphs, each in one of the languages.
    pub fn document(&mut self, paragraphs: usize) -> String {
        let texts = (0..paragraphs).map(|n| self.paragraph(n % 2 == 0));
        texts.collect::<Vec<_>>().join("\n\n")
    }

    /// A document of at least so many bytes.
    pub fn document_of_bytes(&mut self, bytes: usize, chinese: bool) -> String {
        let mut text = String::with_capacity(bytes + 4 * PARAGRAPH_COLUMNS);
        while text.len() < bytes {
            text.push_str(&self.paragraph(chinese));
            text.push_str("\n\n");
        }
        text
    }

    /// Some words, as a question has them.
    pub fn question(&mut self, chinese: bool) -> String {
        let words: Vec<String> = (0..5).map(|_| self.word(chinese).to_owned()).collect();
        if chinese {
            format!("{}？", words.concat())
        } else {
            format!("{}?", words.join(" "))
        }
    }

    fn paragraph(&mut self, chinese: bool) -> String {
        let mut text = String::new();
        let columns = |text: &str| {
            if chinese {
                text.len() / 3 * 2
            } else {
                text.len()
            }
        };
        while columns(&text) < PARAGRAPH_COLUMNS {
            for at in 0..SENTENCE_WORDS {
                if at > 0 && !chinese {
                    text.push(' ');
                }
                let word = self.word(chinese);
                text.push_str(word);
            }
            text.push_str(if chinese { "。" } else { ". " });
        }
        text.trim_end().to_owned()
    }

    fn word(&mut self, chinese: bool) -> &str {
        let words = if chinese {
            &self.chinese
        } else {
            &self.english
        };
        let end = words.len() as f64 / FLATNESS + 1.0;
        let place = FLATNESS * (end.powf(self.dice.random_range(0.0..1.0)) - 1.0);
        &words[(place as usize).min(words.len() - 1)]
    }
}

fn shuffled(words: BTreeSet<String>, dice: &mut StdRng) -> Vec<String> {
    let mut words: Vec<String> = words.into_iter().collect();
    for at in (1..words.len()).rev() {
        words.swap(at, dice.random_range(0..=at));
    }
    words
}
