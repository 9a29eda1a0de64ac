//! Words, packed postings and fusion: tables and properties.

use std::collections::BTreeSet;

use concierge::knowledge::lexical::fusion::{Weights, fuse, language};
use concierge::knowledge::lexical::postings::{
    self, BLOCK_BYTES_MAX, Posting, VERSION_CHUNKS_MAX, pack, unpack,
};
use concierge::knowledge::lexical::words::{
    QUERY_TERMS_MAX, QueryTerm, TERM_BYTES_MAX, Term, query_terms, terms,
};
use concierge::models::Language;
use proptest::prelude::*;

fn asked(question: &str) -> Vec<Term> {
    query_terms(question)
        .into_iter()
        .map(|asked| asked.term)
        .collect()
}

fn words(terms: &[Term]) -> Vec<&str> {
    terms.iter().map(Term::as_str).collect()
}

/// The terms of the question that stand in the text.
fn shared(question: &str, text: &str) -> Vec<String> {
    let text: BTreeSet<Term> = terms(text).into_iter().collect();
    let asked = asked(question);
    asked
        .iter()
        .filter(|term| text.contains(term))
        .map(|term| term.as_str().to_owned())
        .collect()
}

#[test]
fn a_question_shares_terms_with_the_text_that_answers_it() {
    for (question, text, found) in [
        ("健康", "心理健康教育", "健康"),
        ("电池保修多久", "电池保修期为两年", "电池 保修"),
        ("保修期限", "整机保修期一年", "保修"),
        (
            "南京长江大桥",
            "南京市长江大桥于1968年通车",
            "南京 长江 大桥",
        ),
        // the dictionary knows neither the name nor the traditional characters
        ("霁川在哪", "联系人霁川，电话800", "霁川"),
        ("小明", "小明天天迟到", "小明"),
        ("電池容量", "電池的容量", "電池 容量"),
        ("错误 E05", "显示Ｅ０５时请加水", "e05"),
        ("error E-05", "when it shows E05, add water", "e05"),
        ("error E05", "code E_05: no water", "e05"),
        (
            "how long are batteries covered",
            "Battery cover: 2 years",
            "batteri cover",
        ),
        ("e-mail", "write us an email", "email"),
        (
            "the customer's order",
            "orders of customers",
            "custom order",
        ),
        ("PostgreSQL 18", "runs on PostgreSQL 18.4", "postgresql 18"),
        ("postgresql18.4", "PostgreSQL 18.4", "postgresql 18"),
        ("battery 800 mAh", "800mAh battery", "batteri 800 mah"),
        ("1000 元", "满1,000元减100", "1000 元"),
        ("１２０元", "120 元", "120 元"),
        ("1000元", "满１，０００元减１００", "1000 元"),
        ("第 5 题", "选2，5，100", "5"),
        ("100台", "型号5，100台", "100 台"),
        ("ﬁle", "file", "file"),
        ("hyphen\u{ad}ation", "hyphenation", "hyphen"),
        ("I won’t", "won't", "wont"),
        ("カメラ", "このカメラは", "カメ メラ"),
        ("영수증 발급", "영수증을 발급합니다", "영수 수증 발급"),
        ("iPhone15", "iPhone 15", "iphon 15"),
    ] {
        let mut expected: Vec<&str> = found.split(' ').collect();
        expected.retain(|&word| word != "don't");
        let shared = shared(question, text);
        for word in expected {
            assert!(
                shared.contains(&word.to_owned()),
                "{question} in {text}: {shared:?}"
            );
        }
        assert!(!shared.is_empty(), "{question} in {text}");
    }
}

#[test]
fn what_is_different_stays_different() {
    for (question, text) in [
        ("1.5", "15"),
        ("E05", "E06"),
        ("2024", "20240"),
        ("池保", "电池保修"),
        ("sale", "wholesale"),
        ("100", "1,000"),
    ] {
        assert_eq!(
            shared(question, text),
            Vec::<String>::new(),
            "{question} in {text}"
        );
    }
}

#[test]
fn a_question_is_asked_by_its_telling_words_once() {
    for (question, expected) in [
        ("How do I reset the password? Reset!", "reset password"),
        ("请问如何重置密码？", "重置 密码"),
        ("what is it", "what is it"),
        ("是什么", "是 什么"),
        ("", ""),
        ("？！ -- … 😀", ""),
    ] {
        assert_eq!(words(&asked(question)).join(" "), expected, "{question}");
    }
}

#[test]
fn a_word_within_a_word_of_the_question_weighs_less() {
    let weights = |question: &str| -> Vec<(String, f32)> {
        let asked = query_terms(question).into_iter();
        asked
            .map(|asked| (asked.term.as_str().to_owned(), asked.weight))
            .collect()
    };
    let expected = |terms: &[(&str, f32)]| -> Vec<(String, f32)> {
        terms
            .iter()
            .map(|&(term, weight)| (term.to_owned(), weight))
            .collect()
    };
    assert_eq!(
        weights("电池保修期"),
        expected(&[("电池", 1.0), ("保修期", 1.0), ("保修", 0.3)])
    );
    assert_eq!(
        weights("保修期，保修"),
        expected(&[("保修期", 1.0), ("保修", 1.0)])
    );
    assert_eq!(weights("batteries"), expected(&[("batteri", 1.0)]));
}

#[test]
fn a_chunk_counts_repetitions() {
    assert_eq!(
        words(&terms("Wash, washed the wash.")),
        ["wash", "wash", "the", "wash"]
    );
}

#[test]
fn terms_and_questions_are_bounded() {
    let long = "x".repeat(1_000) + " " + &"é".repeat(1_000) + " 100-" + &"200-".repeat(400) + "1";
    assert!(
        terms(&long)
            .iter()
            .all(|term| term.as_str().len() <= TERM_BYTES_MAX)
    );
    assert_eq!(
        shared(&long[..1_000], &long).len(),
        1,
        "a long word still finds itself"
    );

    let many: Vec<String> = (0..1_000).map(|n| format!("w{n}")).collect();
    let asked = asked(&many.join(" "));
    assert_eq!(asked.len(), QUERY_TERMS_MAX);
    assert_eq!(
        (asked[0].as_str(), asked[QUERY_TERMS_MAX - 1].as_str()),
        ("w0", "w999")
    );
}

#[test]
fn the_language_of_a_question() {
    for (question, expected) in [
        ("电池保修多久？", Language::Chinese),
        ("How long is the battery covered?", Language::English),
        ("PostgreSQL 18 的 WAL 是什么", Language::Chinese),
        ("What does 保修 mean in this contract?", Language::English),
        ("WiFi 密码", Language::Chinese),
        ("E05 怎么办", Language::Chinese),
        ("E05", Language::English),
        ("", Language::English),
        ("カメラの使い方", Language::Chinese),
        ("ＷｉＦｉ password", Language::English),
    ] {
        assert_eq!(language(question), expected, "{question}");
    }
}

fn any_postings() -> impl Strategy<Value = Vec<Posting>> {
    let one = (0..VERSION_CHUNKS_MAX, 1_u32..50, 0_u32..3_000);
    prop::collection::vec(one, 1..2_500).prop_map(|drawn| {
        let mut postings: Vec<Posting> = drawn
            .into_iter()
            .map(|(ordinal, frequency, more)| Posting {
                ordinal,
                frequency,
                chunk_terms: frequency + more,
            })
            .collect();
        postings.sort_by_key(|posting| posting.ordinal);
        postings.dedup_by_key(|posting| posting.ordinal);
        postings
    })
}

proptest! {
    #[test]
    fn packed_postings_come_back(postings in any_postings()) {
        prop_assert_eq!(unpack(&pack(&postings)).unwrap(), postings.clone());
        let blocks = postings::blocks(&postings);
        let mut back = Vec::new();
        for block in &blocks {
            prop_assert!(block.packed.len() <= BLOCK_BYTES_MAX);
            let part = unpack(&block.packed).unwrap();
            prop_assert_eq!(part[0].ordinal, block.first);
            back.extend(part);
        }
        prop_assert_eq!(back, postings);
    }

    #[test]
    fn dense_postings_take_few_blocks(count in 1_u32..20_000) {
        let one = |ordinal| Posting { ordinal, frequency: 1, chunk_terms: 90 };
        let postings: Vec<Posting> = (0..count).map(one).collect();
        let blocks = postings::blocks(&postings).len();
        prop_assert!(blocks <= count as usize / 890 + 1, "{} blocks", blocks);
    }

    #[test]
    fn corrupt_bytes_are_an_error_or_postings_in_order(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(postings) = unpack(&bytes) {
            prop_assert!(postings.is_sorted_by(|a, b| a.ordinal < b.ordinal));
            prop_assert!(postings.iter().all(|p| p.ordinal < VERSION_CHUNKS_MAX && p.frequency > 0));
        }
    }

    #[test]
    fn a_cut_or_lengthened_block_is_an_error(postings in any_postings(), at in any::<prop::sample::Index>()) {
        let mut packed = pack(&postings);
        prop_assert!(unpack(&packed[..at.index(packed.len())]).is_err());
        packed.push(0);
        prop_assert!(unpack(&packed).is_err());
    }

    #[test]
    fn what_stands_between_separators_is_found_wherever_it_stands(
        before in "[一-龥a-z0-9的]{0,8}",
        asked in "[一-龥]{1,6}|[a-z0-9]{1,9}",
        after in "[一-龥a-z0-9]{0,8}",
    ) {
        let text: BTreeSet<Term> = terms(&format!("{before}。{asked}，{after}")).into_iter().collect();
        for QueryTerm { term, .. } in query_terms(&asked) {
            prop_assert!(text.contains(&term), "{:?} of {asked}", term);
        }
    }

    #[test]
    fn width_and_case_do_not_matter(text in "[ -~]{0,40}") {
        let wide: String = text.chars().map(|c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
            c => c,
        }).collect();
        prop_assert_eq!(terms(&text), terms(&wide));
        prop_assert_eq!(terms(&text), terms(&text.to_uppercase()));
    }

    #[test]
    fn any_text_gives_bounded_terms(text in "\\PC{0,80}") {
        for term in terms(&text) {
            prop_assert!((1..=TERM_BYTES_MAX).contains(&term.as_str().len()), "{:?}", term);
        }
        prop_assert_eq!(query_terms(&text).is_empty(), terms(&text).is_empty());
    }
}

#[test]
fn fusion_adds_what_both_legs_say() {
    let lexical = [(1, 8.0), (2, 4.0)];
    let vector = [(2, 0.9), (3, 0.7), (4, 0.5), (1, f32::NAN)];
    let even = Weights {
        lexical: 1.0,
        vector: 1.0,
    };
    let fused = fuse(&lexical, &vector, even);
    let ranking: Vec<_> = fused
        .iter()
        .map(|scored| (scored.id, scored.score))
        .collect();
    assert_eq!(ranking, [(2, 0.75), (1, 0.5), (3, 0.25), (4, 0.0)]);
    assert_eq!((fused[0].lexical, fused[0].vector), (Some(4.0), Some(0.9)));
    assert_eq!((fused[1].lexical, fused[1].vector), (Some(8.0), None));
}

#[test]
fn fusion_with_one_leg_is_that_leg() {
    let vector = [(7, 0.9), (8, 0.8)];
    let scores = |fused: Vec<concierge::knowledge::lexical::fusion::Scored<i32>>| {
        fused
            .iter()
            .map(|scored| (scored.id, scored.score))
            .collect::<Vec<_>>()
    };
    let words_only = Weights::default().for_question(Language::Chinese, &[Language::English]);
    assert_eq!(
        scores(fuse(&[(9, 3.0), (5, 3.0)], &vector, words_only)),
        [(5, 1.0), (9, 1.0)]
    );
    assert_eq!(scores(fuse(&[], &vector, words_only)), []);
    assert_eq!(
        scores(fuse(
            &[],
            &[(3, 0.2)],
            Weights {
                lexical: 0.0,
                vector: 2.0
            }
        )),
        [(3, 1.0)]
    );
    let both = Weights::default().for_question(Language::English, &[Language::English]);
    assert_eq!(both, Weights::default());
    assert_eq!(scores(fuse::<i32>(&[], &[], both)), []);
}
