//! Documents that other people's programs wrote, and what is read out of them.

use concierge::{
    error::Result,
    knowledge::extract::{
        self, BlockKind, Extracted, HEAD_BYTES, Limits, Source, extract, pdf::Worker,
    },
};

use super::{file, slice, worker};

/// Reads a document as an upload of this name is read.
pub async fn read_named(name: &str, bytes: Vec<u8>) -> Result<Extracted> {
    read_within(name, bytes, &Limits::default(), &worker()).await
}

pub async fn read_within(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
    worker: &Worker,
) -> Result<Extracted> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let source = Source {
        kind: extract::kind(name, None, head)?,
        charset: None,
        bytes,
    };
    extract(source, limits, worker).await
}

pub fn fixture(name: &str) -> Vec<u8> {
    file(&format!("tests/fixtures/documents/{name}"))
}

async fn read(name: &str) -> Extracted {
    let read = read_named(name, fixture(name)).await;
    read.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What python-docx wrote, whatever LibreOffice made of it.
const MANUAL: &str = "EV-9 保修手册\n\n电池\n\n电池自交付之日起保修八年或十六万公里，以先到者为准。\n\n\
    1. 登记车辆\n2. 保存发票\n- 事故损坏不在保修范围内\n\nTerms by part\n\n\
    | Part | Years | Kilometres |\n| --- | --- | --- |\n| Battery | 8 | 160,000 |\n\
    | Motor | 5 | 100,000 |\n| Brakes \\| pads | 2 | 40,000 |\n\
    | Whichever is reached first |  |  |\n\nCall before you repair.";

#[tokio::test]
async fn word_and_its_kin_are_read_alike() {
    for name in [
        "python-docx.docx",
        "libreoffice.docx",
        "libreoffice.odt",
        "libreoffice.rtf",
    ] {
        let read = read(name).await;
        assert_eq!(read.text, MANUAL, "{name}");
        assert_eq!(read.title.as_deref(), Some("EV-9 保修手册"), "{name}");
        let headings = read.blocks.iter().filter_map(|block| match block.kind {
            BlockKind::Heading(level) => Some((level, slice(&read, block.start, block.end))),
            _ => None,
        });
        let headings: Vec<(u8, String)> = headings.collect();
        let known =
            [(1, "电池"), (2, "Terms by part")].map(|(level, text)| (level, text.to_owned()));
        assert!(headings.ends_with(&known), "{name}: {headings:?}");
    }
}

#[tokio::test]
async fn sheets_show_the_values_that_were_saved() {
    let sums = [
        ("openpyxl.xlsx", ["", "", ""]),
        ("libreoffice.xlsx", ["113000", "56500.565", "0.339"]),
        ("libreoffice.ods", ["113000", "56500.565", "0.339"]),
    ];
    for (name, sums) in sums {
        let read = read(name).await;
        // calamine knows the formats of cells in xlsx only
        let (rate, yes) = if name.ends_with("ods") {
            ("0.13", "1")
        } else {
            ("13%", "TRUE")
        };
        let rows = [
            ("电池", "100000", "01"),
            ("电机", "50000.5", "02"),
            ("轮胎", "0.3", "03"),
        ];
        let rows: String = rows
            .iter()
            .zip(sums)
            .map(|((part, price, day), sum)| {
                format!("\n| {part} | {price} | {rate} | 2026-03-{day} | {sum} |")
            })
            .collect();
        let text = format!(
            "价格 2026\n\n2026 年价格表\n\n| 部件 | 单价 | 税率 | 日期 | 合计 |\n\
             | --- | --- | --- | --- | --- |{rows}\n\nStock\n\n| Part | Count | In stock |\n\
             | --- | --- | --- |\n| Battery | 12 | {yes} |\n| Motor |"
        );
        assert!(read.text.starts_with(&text), "{name}: {}", read.text);
        assert!(!read.text.contains("空白"), "an empty sheet");
        assert_eq!((read.pages.len(), read.page_errors.len()), (0, 0));
    }
    let old = read("xlwt.xls").await.text;
    assert_eq!(
        old,
        "价格\n\n| 部件 | 单价 |\n| --- | --- |\n| 电池 | 100000 |\n| 电机 | 1.5 |"
    );
}

#[tokio::test]
async fn slides_are_pages_with_their_notes() {
    for name in ["python-pptx.pptx", "libreoffice.odp"] {
        let read = read(name).await;
        let pages = read
            .pages
            .iter()
            .map(|page| slice(&read, page.start, page.end));
        let pages: Vec<String> = pages.collect();
        let expected = [
            "EV-9 产品介绍\n\n2026 年春季",
            "Battery\n\n- Eight years or 160,000 km\n  - Whichever is first\n\n\
             Mention that accidents are not covered.",
            "价格\n\n| 部件 | 价格 |\n| --- | --- |\n| 电池 | 10 万 |",
            "Slide 4\n\nA slide without a title.",
        ];
        assert_eq!(pages, expected, "{name}");
    }
}

#[tokio::test]
async fn a_book_is_read_in_its_order() {
    let read = read("ebooklib.epub").await;
    assert_eq!(
        read.text,
        "第一章 电池\n\n电池保修八年。\n\n| 部件 | 期限 |\n| --- | --- |\n| 电池 | 8 年 |\n\n\
         Chapter 2 Charging\n\nCharge to 80 percent for daily use.\n\n- At home\n- On the road"
    );
    assert_eq!(read.title.as_deref(), Some("EV-9 车主之书"));
}

#[tokio::test]
async fn a_mail_brings_its_attachments() {
    let chinese = read("python-email-gb18030.eml").await.text;
    assert!(chinese.contains("订单已发货，请查收。"), "{chinese}");
    let read = read("python-email.eml").await;
    assert_eq!(read.title.as_deref(), Some("保修问题 EV-9"));
    for piece in [
        "From: 张三 <zhang@example.com>\nTo: Support <help@example.com>\nDate: 2026-03-21T10:00:00+08:00",
        "您好，电池的保修期是多久？",
        &format!("说明书.docx\n\n{MANUAL}"),
        "parts.csv\n\n| 部件 | 期限 |\n| --- | --- |\n| 电池 | 8 |",
        "The inner text.",
    ] {
        assert!(read.text.contains(piece), "{piece}\n---\n{}", read.text);
    }
    assert!(!read.text.contains("too deep"));
    let errors: Vec<&str> = read
        .page_errors
        .iter()
        .map(|error| error.detail.as_str())
        .collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].starts_with("Attachment “tool.exe” is not read."),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("deep.txt") && errors[1].contains("attached itself"),
        "{errors:?}"
    );
    let mut next = 0;
    for block in &read.blocks {
        assert!(next <= block.start && block.start < block.end, "{block:?}");
        next = block.end;
    }
    assert_eq!(next as usize, read.text.chars().count());
}
