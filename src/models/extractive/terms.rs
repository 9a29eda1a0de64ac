//! What two texts can have in common: pairs of Chinese characters, stems of English words.

use rust_stemmers::{Algorithm, Stemmer};

use crate::models::Language;

/// Words that ask and bind but name nothing, longest first where one begins another.
const CHINESE_STOPS: [&str; 47] = [
    "可不可以",
    "什么时候",
    "多长时间",
    "为什么",
    "怎么样",
    "能不能",
    "是不是",
    "有没有",
    "告诉我",
    "哪儿",
    "何时",
    "多大",
    "哪些",
    "多少",
    "想问",
    "哪个",
    "需要",
    "你们",
    "知道",
    "了解",
    "请问",
    "怎样",
    "多长",
    "哪里",
    "如何",
    "为何",
    "是否",
    "我想",
    "几个",
    "什么",
    "多久",
    "可以",
    "可否",
    "怎么",
    "能否",
    "我们",
    "吗",
    "请",
    "我",
    "的",
    "您",
    "是",
    "你",
    "啊",
    "呢",
    "了",
    "吧",
];

/// Sorted; "s" is what an apostrophe leaves of a genitive.
const ENGLISH_STOPS: [&str; 77] = [
    "a", "about", "after", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been",
    "before", "but", "by", "can", "could", "did", "do", "does", "for", "from", "get", "had", "has",
    "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "may", "me",
    "my", "no", "not", "of", "on", "or", "our", "please", "s", "she", "should", "so", "tell",
    "than", "that", "the", "their", "them", "there", "they", "this", "to", "us", "was", "we",
    "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// Two words that ask together, of which the second alone would name something.
const ENGLISH_ASKING: [&str; 6] = [
    "how long",
    "how many",
    "how much",
    "how often",
    "how far",
    "how old",
];

/// Words that ask for a number or a time.
const QUANTITY: [&str; 19] = [
    "多久",
    "多长",
    "多少",
    "多大",
    "多高",
    "多重",
    "几",
    "何时",
    "什么时候",
    "how long",
    "how many",
    "how much",
    "how often",
    "how far",
    "how old",
    "when",
    "what time",
    "what date",
    "what percentage",
];

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

/// Whether a question asks for a number or a time.
pub fn asks_quantity(question: &str) -> bool {
    let question = question.to_lowercase();
    QUANTITY.iter().any(|words| question.contains(words))
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

    /// Hands every term of `text` to `take`.
    pub fn each(&self, text: &str, mut take: impl FnMut(&str)) {
        let mut run = String::new();
        let mut han_run = false;
        for c in text.chars().chain([' ']) {
            let han = is_han(c);
            if !run.is_empty() && (han != han_run || !c.is_alphanumeric()) {
                self.end_run(&run, han_run, &mut take);
                run.clear();
            }
            if c.is_alphanumeric() {
                run.push(c);
                han_run = han;
            }
        }
    }

    /// The terms of a question that name something.
    pub fn of_question(&self, question: &str) -> Vec<String> {
        let mut question = question.to_lowercase();
        for words in CHINESE_STOPS.iter().chain(&ENGLISH_ASKING) {
            question = question.replace(words, " ");
        }
        let mut terms: Vec<String> = Vec::new();
        self.each(&question, |term| {
            if !terms.iter().any(|known| known == term) {
                terms.push(term.to_owned());
            }
        });
        terms
    }

    fn end_run(&self, run: &str, han: bool, take: &mut impl FnMut(&str)) {
        if !han {
            let word = run.to_lowercase();
            if ENGLISH_STOPS.binary_search(&word.as_str()).is_err() {
                take(&self.stemmer.stem(&word));
            }
            return;
        }
        let starts: Vec<usize> = run
            .char_indices()
            .map(|(at, _)| at)
            .chain([run.len()])
            .collect();
        if starts.len() == 2 {
            take(run);
        }
        for pair in starts.windows(3) {
            take(&run[pair[0]..pair[2]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_name_something_are_left() {
        let cases: [(&str, &[&str]); 7] = [
            ("电池保修多久？", &["电池", "池保", "保修"]),
            ("请问你们的退货政策是什么？", &["退货", "货政", "政策"]),
            (
                "How long is the battery's warranty?",
                &["batteri", "warranti"],
            ),
            ("Tell me about batteries", &["batteri"]),
            ("X200的重量是多少kg?", &["x200", "重量", "kg"]),
            ("水", &["水"]),
            ("这是什么", &["这"]),
        ];
        for (question, wanted) in cases {
            assert_eq!(Terms::new().of_question(question), wanted, "{question}");
        }
    }

    #[test]
    fn the_list_of_stops_is_sorted_for_the_search() {
        assert!(ENGLISH_STOPS.is_sorted());
    }
}
