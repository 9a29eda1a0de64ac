//! Documents read for real: PDFium in its worker process, broken and hostile files, the samples.

mod formats;
pub mod hostile;
pub mod paper;
mod pictures;
mod worker;

use std::{collections::HashMap, path::Path};

use concierge::{
    error::{Error, Result},
    knowledge::{
        chunk::{self, ChunkLimits},
        extract::{BlockKind, Extracted, Kind, Limits, Source, extract, pdf::Worker},
    },
};
use encoding_rs::{BIG5, GB18030};

use crate::cluster::runtime_dir;

fn worker() -> Worker {
    let pdfium = runtime_dir().join("pdfium/libpdfium.so");
    assert!(pdfium.exists(), "scripts/fetch-runtime has not run");
    Worker::new(env!("CARGO_BIN_EXE_concierge"), &pdfium)
}

fn file(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

async fn read_with(bytes: Vec<u8>, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    let source = Source {
        kind: Kind::Pdf,
        charset: None,
        bytes,
    };
    extract(source, limits, worker).await
}

async fn read(bytes: Vec<u8>) -> Result<Extracted> {
    read_with(bytes, &Limits::default(), &worker()).await
}

fn slice(document: &Extracted, start: u32, end: u32) -> String {
    let chars = document.text.chars();
    chars
        .skip(start as usize)
        .take((end - start) as usize)
        .collect()
}

#[track_caller]
fn refused(outcome: Result<Extracted>, code: &str, word: &str) {
    let error = outcome.expect_err("this document must be refused");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(word), "{error}");
}

/// A document with one piece of it changed.
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut windows = bytes.windows(from.len());
    let at = windows
        .position(|window| window == from.as_bytes())
        .unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// How well two texts agree, white space aside: the harmonic mean of the shares of character
/// pairs of each that are in the other.
fn bigram_f1(found: &str, expected: &str) -> f64 {
    let count = |text: &str| {
        let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut pairs: HashMap<(char, char), usize> = HashMap::new();
        for pair in chars.windows(2) {
            *pairs.entry((pair[0], pair[1])).or_default() += 1;
        }
        pairs
    };
    let (found, expected) = (count(found), count(expected));
    let both: usize = found
        .iter()
        .map(|(pair, n)| (*n).min(expected.get(pair).copied().unwrap_or(0)))
        .sum();
    2.0 * both as f64 / (found.values().sum::<usize>() + expected.values().sum::<usize>()) as f64
}

#[test]
fn the_measure_of_agreement_tells_texts_apart() {
    assert!((bigram_f1("电池 保修\n八年", "电池保修八年") - 1.0).abs() < 1e-9);
    assert!(bigram_f1("电池保修八年", "电机保养五次") < 0.5);
    assert!(
        bigram_f1("电池保修八年电池保修八年", "电池保修八年") < 0.7,
        "said twice"
    );
}

#[tokio::test]
async fn the_sample_manual_is_read_as_it_was_written() {
    let written = String::from_utf8(file("samples/src/电动车保修手册.txt")).unwrap();
    let document = read(file("samples/电动车保修手册.pdf")).await.unwrap();
    let f1 = bigram_f1(&document.text, &written);
    assert!(f1 >= 0.97, "bigram F1 {f1:.4}");
    assert_eq!(document.title.as_deref(), Some("晨星电动车保修手册"));
    // sentences that the page broke into lines are whole again
    let lines: Vec<&str> = written
        .lines()
        .filter(|line| line.ends_with('。'))
        .collect();
    let whole = lines
        .iter()
        .filter(|line| document.text.contains(**line))
        .count();
    assert!(
        lines.len() > 50 && whole * 100 >= lines.len() * 97,
        "{whole} of {}",
        lines.len()
    );
    let heading =
        |block: &&concierge::knowledge::extract::Block| matches!(block.kind, BlockKind::Heading(_));
    let headings: Vec<String> = document
        .blocks
        .iter()
        .filter(heading)
        .map(|block| slice(&document, block.start, block.end))
        .collect();
    assert!(
        headings.iter().any(|text| text == "第2章 保修期限"),
        "{headings:?}"
    );
    assert!(
        !document.text.contains("第 3 页"),
        "page numbers are not text"
    );
    assert!(
        document.text.contains("\n电机\t36 个月\t"),
        "rows of tables stay rows"
    );
    pages_are_where_they_should_be(&document);
}

fn pages_are_where_they_should_be(document: &Extracted) {
    let mut before = 0;
    for (number, span) in (1..).zip(&document.pages) {
        assert_eq!(span.page, number);
        assert!(before <= span.start && span.start <= span.end);
        before = span.end;
    }
    assert_eq!(before as usize, document.text.chars().count());
    let chunks = chunk::split(document, &ChunkLimits::default());
    let found = chunks
        .iter()
        .find(|chunk| chunk.text.contains("整车保修"))
        .or(chunks.first());
    let span = &document.pages[found.unwrap().page.unwrap() as usize - 1];
    assert!((span.start..span.end).contains(&found.unwrap().start));
}

#[tokio::test]
async fn chinese_without_an_embedded_font_is_read() {
    let text = [
        "电池保修期为八年或十六万公里，以先到者为准。",
        "请妥善保管发票。",
    ];
    let utf16 = |line: &str| {
        line.encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<u8>>()
    };
    let gbk = |line: &str| GB18030.encode(line).0.into_owned();
    for (encoding, lines) in [
        ("GBK-EUC-H", text.map(gbk)),
        ("GBKp-EUC-H", text.map(gbk)),
        ("GBK2K-H", text.map(gbk)),
        ("UniGB-UCS2-H", text.map(utf16)),
        ("UniGB-UTF16-H", text.map(utf16)),
    ] {
        let document = read(paper::chinese(encoding, "GB1", &lines)).await.unwrap();
        let f1 = bigram_f1(&document.text, &text.concat());
        assert!(f1 >= 0.97, "{encoding}: {f1:.3} {}", document.text);
    }
    let text = "電池保固期為八年，以先到者為準。";
    let lines = [BIG5.encode(text).0.into_owned()];
    let document = read(paper::chinese("ETen-B5-H", "CNS1", &lines))
        .await
        .unwrap();
    assert_eq!(document.text, text);
}

#[tokio::test]
async fn paragraphs_go_on_over_lines_and_pages() {
    let page_1 = [
        "The battery is covered for eight years or one hundred and sixty",
        "thousand kilometres, whichever is reached first by the owner of",
        "the car.",
        "Chapter 2",
        "Damage by accidents, by changes to the car or by missing main-",
    ];
    let page_2 = [
        "tenance, by water above the axle, by fire, war or by an earthquake",
        "is not covered.",
    ];
    let document = read(paper::english(&[&page_1, &page_2])).await.unwrap();
    let blocks: Vec<(BlockKind, String)> = document
        .blocks
        .iter()
        .map(|block| (block.kind, slice(&document, block.start, block.end)))
        .collect();
    assert_eq!(blocks.len(), 3, "{blocks:#?}");
    assert!(blocks[0].1.contains("sixty thousand") && blocks[0].1.ends_with("the car."));
    assert!(matches!(blocks[1].0, BlockKind::Heading(_)));
    assert!(blocks[2].1.contains("above the axle") && blocks[2].1.ends_with("not covered."));
    let second = document.pages[1];
    assert!(slice(&document, second.start, second.end).starts_with("tenance"));
}

#[tokio::test]
async fn a_bad_page_does_not_spoil_the_others() {
    let good = paper::english(&[&["First page."], &["Second page."], &["Third page."]]);
    // the second page is object 5; its place in the tree now names an object that is not there
    let bytes = replace(
        &good,
        "/Kids[4 0 R 5 0 R 6 0 R ]",
        "/Kids[4 0 R 99 0 R 6 0 R]",
    );
    let document = read(bytes).await.unwrap();
    assert_eq!(document.text, "First page.\n\nThird page.");
    let errors: Vec<u32> = document
        .page_errors
        .iter()
        .map(|error| error.page)
        .collect();
    assert_eq!(errors, [2]);
    let spans: Vec<_> = document
        .pages
        .iter()
        .map(|span| (span.start, span.end))
        .collect();
    assert_eq!(spans, [(0, 11), (11, 11), (13, 24)]);
}

#[tokio::test]
async fn broken_documents_are_refused_with_a_reason() {
    refused(
        read(file("tests/fixtures/pdf/user-password.pdf")).await,
        "invalid",
        "password",
    );
    let sample = file("samples/电动车保修手册.pdf");
    refused(
        read(sample[..sample.len() / 3].to_vec()).await,
        "invalid",
        "",
    );
    refused(read(b"%PDF-1.7\n".to_vec()).await, "invalid", "damaged");
    refused(read(vec![0; 100_000]).await, "invalid", "damaged");
    refused(read(paper::english(&[])).await, "invalid", "");
    refused(
        read(paper::english(&[&[], &[]])).await,
        "invalid",
        "no text",
    );
}

#[tokio::test]
async fn damaged_copies_are_read_or_refused() {
    let sample = file("samples/电动车保修手册.pdf");
    let mut dice = 42_usize;
    let mut roll = |sides: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let (mut read_all, mut refused) = (0, 0);
    for copy in 0..40 {
        let mut bytes = sample.clone();
        for _ in 0..=copy * 5 {
            let at = roll(bytes.len());
            bytes[at] = roll(256) as u8;
        }
        if copy % 4 == 0 {
            let from = roll(bytes.len() - 5_000);
            bytes.drain(from..from + roll(5_000));
        }
        match read(bytes).await {
            Ok(_) => read_all += 1,
            Err(Error::Invalid(_) | Error::TooLarge(_)) => refused += 1,
            Err(error) => panic!("copy {copy}: {error:?}"),
        }
    }
    assert!(
        read_all > 0 && read_all + refused == 40,
        "{read_all} read, {refused} refused"
    );
}

#[tokio::test]
async fn a_document_that_only_forbids_changes_is_read() {
    let document = read(file("tests/fixtures/pdf/owner-password.pdf"))
        .await
        .unwrap();
    assert_eq!(document.text, "The battery is covered for eight years.");
}

#[tokio::test]
async fn limits_hold_for_pages_text_and_bytes() {
    let page: &[&str] = &["A line of text."];
    let limits = Limits {
        pages_max: 3,
        text_chars_max: 60,
        ..Limits::default()
    };
    let four = paper::english(&[page; 4]);
    refused(
        read_with(four, &limits, &worker()).await,
        "too_large",
        "3 pages",
    );
    let three = paper::english(&[&["A line of text that goes on and on."][..]; 3]);
    refused(
        read_with(three, &limits, &worker()).await,
        "too_large",
        "60 characters",
    );
    let limits = Limits {
        bytes_max: 100,
        ..limits
    };
    refused(
        read_with(paper::english(&[page]), &limits, &worker()).await,
        "too_large",
        "100 bytes",
    );
    // a tree that claims a million pages, and one that contains itself
    let one = paper::english(&[page]);
    for lie in [
        replace(&one, "/Count 1>>", "/Count 1000000>>"),
        replace(
            &one,
            "/Kids[4 0 R ]/Count 1>>",
            "/Kids[2 0 R 2 0 R 4 0 R]/Count 3>>",
        ),
    ] {
        if let Err(error) = read(lie).await {
            assert!(
                matches!(error, Error::Invalid(_) | Error::TooLarge(_)),
                "{error}"
            );
        }
    }
}
