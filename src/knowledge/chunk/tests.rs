use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::knowledge::extract::PageSpan;

/// Texts with everything that makes cutting hard.
pub fn prose() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "电池",
        "保修八年",
        "。",
        "！",
        "；",
        "，",
        "……",
        "“",
        "”",
        "（",
        "）",
        "battery",
        "Warranty",
        "e.g.",
        "3.5",
        "No. 7",
        ". ",
        "? ",
        "! ",
        ", ",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\u{3000}",
        "[1]",
        " [2, 3]",
        "😀",
        "👩\u{200d}🔧",
        "🇨🇳",
        "e\u{301}",
        "\u{301}",
        "！\u{fe0f}",
        "ก็",
        "| a | b |",
        "http://a.example/x?y=z",
        "1. ",
        "- ",
        "第一章 总则",
        "a",
        "Z",
        "ü",
        "한국어",
        "-",
        "…",
    ]);
    prop::collection::vec(pieces, 0..120).prop_map(|pieces| pieces.concat())
}

/// Any text, cut into blocks of any kind at any place.
fn document() -> impl Strategy<Value = Extracted> {
    let text = prop_oneof![prose(), any::<String>()];
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..9), 0..12);
    (text, cuts).prop_map(|(text, cuts)| {
        let chars = text.chars().count();
        let mut places: Vec<(usize, u8)> = cuts
            .into_iter()
            .map(|(at, kind)| (at.index(chars + 1), kind))
            .collect();
        places.sort_unstable();
        let starts = places.iter();
        let ends = places.iter().skip(1).map(|(at, _)| *at).chain([chars]);
        let blocks = starts.zip(ends).map(|(&(start, kind), end)| Block {
            start: start as u32,
            end: end as u32,
            kind: match kind {
                0..3 => BlockKind::Heading(kind + 1),
                3 => BlockKind::Table,
                4 => BlockKind::Code,
                5 => BlockKind::ListItem,
                _ => BlockKind::Paragraph,
            },
        });
        Extracted {
            blocks: blocks.collect(),
            text,
            ..Extracted::default()
        }
    })
}

fn limits() -> ChunkLimits {
    ChunkLimits {
        columns_target: 30,
        columns_max: 40,
        context_chars_max: 20,
    }
}

proptest! {
    #[test]
    fn chunks_are_exact_and_cover_everything_once(document in document()) {
        let chunks = split(&document, &limits());
        let chars: Vec<char> = document.text.chars().collect();
        let mut next = 0;
        for (ordinal, chunk) in chunks.iter().enumerate() {
            prop_assert_eq!(chunk.ordinal as usize, ordinal);
            let (start, end) = (chunk.start as usize, chunk.end as usize);
            prop_assert!(next <= start && start < end && end <= chars.len());
            prop_assert_eq!(&chunk.text, &chars[start..end].iter().collect::<String>());
            prop_assert!(chars[next..start].iter().all(|c| c.is_whitespace()), "lost text");
            prop_assert!(!chunk.text.trim().is_empty());
            next = end;
        }
        prop_assert!(chars[next..].iter().all(|c| c.is_whitespace()), "lost text");
        prop_assert_eq!(split(&document, &limits()), chunks);
    }

    #[test]
    fn chunks_fit_and_graphemes_stay_whole(text in prose()) {
        let document = Extracted { text, ..Extracted::default() };
        let mut edges = vec![0];
        edges.extend(document.text.graphemes(true).scan(0, |at, grapheme| {
            *at += grapheme.chars().count() as u32;
            Some(*at)
        }));
        for chunk in split(&document, &limits()) {
            let size = columns(&chunk.text);
            let single = chunk.text.graphemes(true).count() == 1;
            prop_assert!(size <= limits().columns_max || single, "{} columns", size);
            prop_assert!(edges.binary_search(&chunk.start).is_ok(), "cut in a grapheme");
            prop_assert!(edges.binary_search(&chunk.end).is_ok(), "cut in a grapheme");
        }
    }
}

/// A document of these blocks, with an empty line between them.
fn of(blocks: &[(BlockKind, &str)]) -> Extracted {
    let mut document = Extracted::default();
    for (kind, text) in blocks {
        if !document.text.is_empty() {
            document.text.push_str("\n\n");
        }
        let start = document.text.chars().count() as u32;
        document.text.push_str(text);
        document.blocks.push(Block {
            start,
            end: document.text.chars().count() as u32,
            kind: *kind,
        });
    }
    document
}

fn shown(document: &Extracted) -> Vec<(String, String)> {
    let chunks = split(document, &limits());
    chunks
        .into_iter()
        .map(|chunk| (chunk.context, chunk.text))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

use BlockKind::{Code, Heading, Paragraph, Table};

#[test]
fn headings_begin_chunks_and_are_their_context() {
    let document = of(&[
        (Paragraph, "前言。"),
        (Heading(1), "保修"),
        (Heading(2), "电池"),
        (Paragraph, "电池保修八年。"),
        (Heading(2), "电机"),
        (Paragraph, "电机保修五年。"),
        (Heading(1), "保养"),
    ]);
    let expected = [
        ("", "前言。"),
        ("保修 > 电池", "保修\n\n电池\n\n电池保修八年。"),
        ("保修 > 电机", "电机\n\n电机保修五年。"),
        ("保养", "保养"),
    ];
    assert_eq!(shown(&document), pairs(&expected));
}

#[test]
fn long_paragraphs_are_cut_between_sentences() {
    let document = of(&[
        (Heading(1), "保修"),
        (
            Paragraph,
            "电池保修八年。电机保修五年。整车保修三年。易损件保修半年。",
        ),
    ]);
    let expected = [
        ("保修", "保修\n\n电池保修八年。"),
        ("保修", "电机保修五年。整车保修三年。"),
        ("保修", "易损件保修半年。"),
    ];
    assert_eq!(shown(&document), pairs(&expected));
}

#[test]
fn a_sentence_that_is_too_long_is_cut_behind_a_comma() {
    let text = "因事故改装或者未按规定保养，以及擅自拆卸电池造成的任何损坏，均不保修。";
    let document = of(&[(Paragraph, text)]);
    let texts: Vec<String> = shown(&document).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts[0], "因事故改装或者未按规定保养，");
    assert_eq!(texts.concat(), text);
    let text = "the quick brown fox jumps over the lazy dog again and again";
    for (_, part) in shown(&of(&[(Paragraph, text)])) {
        assert!(text.split(' ').any(|word| part.ends_with(word)), "{part}");
    }
}

#[test]
fn a_table_is_cut_between_rows_and_keeps_its_head_as_context() {
    let table = "| 部件 | 期限 |\n| --- | --- |\n| 电池 | 八年 |\n| 电机 | 五年 |\n| 轮胎 | 半年 |";
    let document = of(&[(Heading(1), "保修"), (Table, table)]);
    let chunks = shown(&document);
    assert!(chunks.len() > 1, "{chunks:?}");
    assert_eq!(chunks[0].0, "保修");
    for (context, text) in &chunks[1..] {
        assert_eq!(context, "保修 > 部件 | 期限");
        assert!(
            text.lines()
                .all(|row| row.starts_with('|') && row.ends_with('|'))
        );
    }
}

#[test]
fn the_head_of_a_table_is_read_as_it_is_meant() {
    for (row, head) in [
        ("| 部件 | 期限 |", "部件 | 期限"),
        ("| a\\|b |  | c |", "a|b |  | c"),
        ("Part\tYears", "Part | Years"),
        ("|  | Years |", " | Years"),
    ] {
        assert_eq!(table_head(row), head, "{row}");
    }
}

#[test]
fn a_long_context_keeps_what_is_nearest() {
    let table =
        "| Part | Years |\n| --- | --- |\n| Battery | eight |\n| Motor | five |\n| Brakes | two |";
    let document = of(&[
        (Heading(1), "Warranty"),
        (Heading(2), "Terms"),
        (Table, table),
    ]);
    let chunks = shown(&document);
    let (context, _) = chunks.last().unwrap();
    // "Warranty > Terms > Part | Years" has more than the 20 characters that fit
    assert_eq!(context, "Terms > Part | Years");
    let document = of(&[
        (Heading(1), "Warranty of the car"),
        (Heading(2), "电池"),
        (Paragraph, "八年。"),
    ]);
    assert_eq!(shown(&document)[0].0, "电池");
}

#[test]
fn a_sentence_over_the_end_of_a_page_stays_whole() {
    for (text, cut) in [
        ("这款电池保修八年。十六万公里以先到者为准。", 12),
        ("The battery is covered. It ends after eight years.", 30),
    ] {
        let mut document = of(&[(Paragraph, text)]);
        let end = text.chars().count() as u32;
        document.pages = vec![
            PageSpan {
                page: 1,
                start: 0,
                end: cut,
            },
            PageSpan {
                page: 2,
                start: cut,
                end,
            },
        ];
        let chunks = split(&document, &limits());
        assert!(chunks.len() > 1, "{chunks:?}");
        for chunk in &chunks {
            assert!(chunk.text.ends_with(['。', '.']), "{chunk:?}");
            assert_ne!(chunk.end, cut);
        }
        assert_eq!(chunks.last().unwrap().page, Some(1), "it begins there");
    }
}

#[test]
fn code_is_cut_between_lines() {
    let code = "fn main() {\n    let a = 1;\n    let b = 2;\n    run(a, b);\n}";
    for (_, text) in shown(&of(&[(Code, code)])) {
        assert!(code.contains(&text) && text.lines().all(|line| code.lines().any(|l| l == line)));
    }
}

#[test]
fn a_chunk_names_the_page_on_which_it_begins() {
    let mut document = of(&[
        (Paragraph, "第一页。"),
        (Heading(1), "题"),
        (Paragraph, "第三页。"),
    ]);
    document.pages = vec![
        PageSpan {
            page: 1,
            start: 0,
            end: 4,
        },
        PageSpan {
            page: 2,
            start: 4,
            end: 4,
        },
        PageSpan {
            page: 3,
            start: 6,
            end: 13,
        },
    ];
    let pages: Vec<_> = split(&document, &limits())
        .iter()
        .map(|chunk| chunk.page)
        .collect();
    assert_eq!(pages, [Some(1), Some(3)]);
}

#[test]
fn default_chunks_fit_the_built_in_model() {
    let english = "The battery of the car is covered for eight years or 160,000 km. ".repeat(100);
    let chinese = "电池自交付之日起保修八年或十六万公里，以先到者为准。".repeat(100);
    for (text, least, most) in [(english, 500, 900), (chinese, 250, 450)] {
        let document = Extracted {
            text,
            ..Extracted::default()
        };
        let chunks = split(&document, &ChunkLimits::default());
        let (_, full) = chunks.split_last().unwrap();
        assert!(full.len() > 3);
        for chunk in full {
            let chars = chunk.text.chars().count();
            assert!((least..=most).contains(&chars), "{chars}");
        }
    }
}
