//! Documents that are broken, protected, disguised or meant to do harm.

use std::{
    io::{Cursor, Write},
    time::Instant,
};

use concierge::knowledge::{
    chunk::{ChunkLimits, split},
    extract::{Limits, PageError},
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{
    formats::{fixture, read_named, read_within},
    refused, worker,
};

/// A container of these entries.
pub fn container(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(1));
    for (name, bytes) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The entry that says which part an Office container begins with.
fn begins_with(part: &str) -> String {
    format!(
        "<Relationships><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='{part}'/>\
         </Relationships>"
    )
}

/// A Word document of this XML.
pub fn docx(document: &str) -> Vec<u8> {
    container(&[
        ("_rels/.rels", begins_with("word/document.xml").as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

fn paragraph(text: &str) -> String {
    format!("<w:document><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")
}

/// A workbook of these sheets, each the rows of one.
pub fn xlsx(sheets: &[(&str, &str)]) -> Vec<u8> {
    let list: String = (1..)
        .zip(sheets)
        .map(|(n, (name, _))| format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"r{n}\"/>"))
        .collect();
    let book = format!(
        "<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>"
    );
    let relations: String = (1..=sheets.len())
        .map(|n| {
            let kind =
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
            format!("<Relationship Id=\"r{n}\" Type=\"{kind}\" Target=\"worksheets/s{n}.xml\"/>")
        })
        .collect();
    let relations = format!("<Relationships>{relations}</Relationships>");
    let parts: Vec<(String, String)> = (1..)
        .zip(sheets)
        .map(|(n, (_, rows))| {
            let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
            (format!("xl/worksheets/s{n}.xml"), sheet)
        })
        .collect();
    let root = begins_with("xl/workbook.xml");
    let mut entries: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
    ];
    entries.extend(
        parts
            .iter()
            .map(|(name, sheet)| (name.as_str(), sheet.as_bytes())),
    );
    container(&entries)
}

fn text_cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[tokio::test]
async fn broken_containers_are_refused() {
    for name in [
        "python-docx.docx",
        "openpyxl.xlsx",
        "python-pptx.pptx",
        "libreoffice.odt",
        "libreoffice.ods",
        "ebooklib.epub",
    ] {
        let bytes = fixture(name);
        let half = bytes[..bytes.len() / 2].to_vec();
        refused(read_named(name, half).await, "invalid", "damaged");
        refused(read_named(name, Vec::new()).await, "invalid", "empty");
        refused(
            read_named(name, b"plain text".to_vec()).await,
            "unsupported",
            "not one",
        );
    }
    refused(
        read_named("a.docx", docx("<w:document><w:body>")).await,
        "invalid",
        "damaged",
    );
    refused(
        read_named("a.docx", docx(&paragraph(" "))).await,
        "invalid",
        "no text",
    );
    let noise: Vec<u8> = (0..40_000_u64).map(|n| (n * n * 31 + n) as u8).collect();
    let mut damaged = fixture("xlwt.xls");
    damaged.truncate(1_500);
    for (name, front, bytes) in [
        ("a.docx", &b"PK\x03\x04"[..], &noise),
        ("a.xls", b"", &damaged),
    ] {
        let bytes = [front, bytes].concat();
        let error = read_named(name, bytes).await.unwrap_err();
        assert!(
            matches!(error.code(), "invalid" | "unsupported"),
            "{name}: {error}"
        );
    }
    refused(
        read_named("a.rtf", b"{\\rtf1 ".to_vec()).await,
        "invalid",
        "no text",
    );
    refused(
        read_named("a.eml", b"no mail at all".to_vec()).await,
        "invalid",
        "not a mail",
    );
    refused(
        read_named("a.json", b"{\"a\":".to_vec()).await,
        "invalid",
        "not valid JSON",
    );
    refused(
        read_named("a.xml", b"<a><b></a>".to_vec()).await,
        "invalid",
        "damaged",
    );
}

#[tokio::test]
async fn what_needs_a_password_is_refused() {
    let locked = fixture("msoffcrypto.docx");
    for name in ["a.docx", "a.xlsx", "a.pptx", "a.doc"] {
        refused(
            read_named(name, locked.clone()).await,
            "invalid",
            "password-protected",
        );
    }
    // the bit that says so, in every local and central header
    let mut bytes = docx(&paragraph("geheim"));
    for at in 0..bytes.len() - 10 {
        match bytes[at..at + 4] {
            [b'P', b'K', 3, 4] => bytes[at + 6] |= 1,
            [b'P', b'K', 1, 2] => bytes[at + 8] |= 1,
            _ => {}
        }
    }
    refused(
        read_named("a.docx", bytes).await,
        "invalid",
        "password-protected",
    );
    let manifest = b"<manifest><file-entry><encryption-data/></file-entry></manifest>";
    for kind in ["text", "presentation"] {
        let kind = format!("application/vnd.oasis.opendocument.{kind}");
        let bytes = container(&[
            ("mimetype", kind.as_bytes()),
            ("META-INF/manifest.xml", manifest),
            ("content.xml", b"noise"),
        ]);
        refused(
            read_named("a.odt", bytes).await,
            "invalid",
            "password-protected",
        );
    }
}

#[tokio::test]
async fn old_formats_say_what_to_do() {
    let old = fixture("libreoffice.doc");
    for name in ["a.doc", "a.docx"] {
        refused(
            read_named(name, old.clone()).await,
            "unsupported",
            ".docx or PDF",
        );
    }
    let book = container(&[
        ("_rels/.rels", begins_with("xl/workbook.bin").as_bytes()),
        ("xl/workbook.bin", b"x"),
    ]);
    refused(
        read_named("a.xlsb", book).await,
        "unsupported",
        "save it as .xlsx",
    );
}

#[tokio::test]
async fn macros_are_not_looked_at() {
    for (name, like) in [
        ("python-docx.docx", "a.docm"),
        ("libreoffice.xlsx", "a.xlsm"),
    ] {
        let bytes = fixture(name);
        let mut archive = ZipArchive::new(Cursor::new(bytes.clone())).unwrap();
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..archive.len() {
            writer
                .raw_copy_file(archive.by_index_raw(at).unwrap())
                .unwrap();
        }
        let folder = if like.ends_with('m') && like.contains("docm") {
            "word"
        } else {
            "xl"
        };
        let options = SimpleFileOptions::default();
        writer
            .start_file(format!("{folder}/vbaProject.bin"), options)
            .unwrap();
        writer
            .write_all(b"Sub AutoOpen() Shell \"calc\" End Sub")
            .unwrap();
        let with_macro = writer.finish().unwrap().into_inner();
        let read = read_named(like, with_macro).await.unwrap();
        assert_eq!(read, read_named(name, bytes).await.unwrap());
        assert!(!read.text.contains("AutoOpen"));
    }
}

#[tokio::test]
async fn bombs_are_refused_before_they_go_off() {
    let started = Instant::now();
    let blank = paragraph(&" ".repeat(40 << 20));
    let bomb = docx(&blank);
    assert!(bomb.len() < 1 << 20);
    refused(
        read_named("a.docx", bomb.clone()).await,
        "too_large",
        "unpacks to more than",
    );
    let root = begins_with("xl/workbook.xml");
    let strings = container(&[
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", blank.as_bytes()),
    ]);
    refused(
        read_named("a.xlsx", strings).await,
        "too_large",
        "unpacks to more than",
    );
    // one that lies about its size
    let mut liar = bomb;
    let size = ((40_u32 << 20) + paragraph("").len() as u32).to_le_bytes();
    let places: Vec<usize> = (0..liar.len() - 4)
        .filter(|at| liar[*at..at + 4] == size)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        liar[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    let error = read_named("a.docx", liar).await.unwrap_err();
    assert!(matches!(error.code(), "too_large" | "invalid"), "{error}");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[tokio::test]
async fn archives_in_archives_are_not_opened() {
    let inner = docx(&paragraph("innen"));
    for name in ["a.docx", "a.epub"] {
        let nested = container(&[("a.zip", &inner), ("b.docx", &inner)]);
        refused(read_named(name, nested).await, "unsupported", "not opened");
    }
    let many: Vec<(String, &[u8])> = (0..20_001).map(|n| (format!("p{n}"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    refused(
        read_named("a.docx", container(&many)).await,
        "too_large",
        "20001 parts",
    );
}

#[tokio::test]
async fn entities_are_never_expanded() {
    let laughs =
        "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;\">]>";
    let outside = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    for (declared, used) in [(laughs, "&c;"), (outside, "&x;")] {
        let source = format!("{declared}{}", paragraph(used));
        refused(
            read_named("a.xml", source.clone().into_bytes()).await,
            "invalid",
            "entities",
        );
        refused(
            read_named("a.docx", docx(&source)).await,
            "invalid",
            "entities",
        );
        let page = format!("{declared}<html><p>一{used}二</p></html>");
        let read = read_named("a.html", page.into_bytes()).await.unwrap();
        assert!(
            !read.text.contains("root:") && !read.text.contains("haha"),
            "{}",
            read.text
        );
    }
    let deep = "<w:a>".repeat(10_000) + &"</w:a>".repeat(10_000);
    refused(read_named("a.docx", docx(&deep)).await, "invalid", "deeper");
}

#[tokio::test]
async fn workbooks_without_end_are_bounded() {
    let names: Vec<String> = (0..100_000).map(|n| format!("s{n}")).collect();
    let list: String = names
        .iter()
        .map(|name| format!("<sheet name=\"{name}\" sheetId=\"1\" r:id=\"r1\"/>"))
        .collect();
    let book = format!(
        "<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>"
    );
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{kind}\" Target=\"worksheets/s1.xml\"/></Relationships>"
    );
    let bytes = container(&[
        ("_rels/.rels", begins_with("xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        (
            "xl/worksheets/s1.xml",
            b"<worksheet><sheetData/></worksheet>",
        ),
    ]);
    refused(
        read_named("a.xlsx", bytes).await,
        "too_large",
        "100000 sheets",
    );

    // a million rows that look like data: the first hundred thousand are kept
    let rows: String = (1..=1_000_000)
        .map(|n| {
            format!(
                "<row r=\"{n}\"><c r=\"A{n}\"><v>{}</v></c></row>",
                n * 7 % 1_000_003
            )
        })
        .collect();
    let (first, last) = (text_cell("A1", "x"), text_cell("XFD1048576", "far"));
    let sparse = format!(
        "<row r=\"1\">{first}{}</row><row r=\"1048576\">{last}</row>",
        text_cell("B1", "y")
    );
    let bytes = xlsx(&[
        ("rows", &rows),
        ("sparse", &sparse),
        ("ok", &format!("<row r=\"1\">{first}</row>")),
    ]);
    let started = Instant::now();
    let read = read_named("a.xlsx", bytes).await.unwrap();
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let errors: Vec<(u32, bool, bool)> = read
        .page_errors
        .iter()
        .map(|PageError { page, detail }| {
            (
                *page,
                detail.contains("rows after the first 100000"),
                detail.contains("columns after"),
            )
        })
        .collect();
    assert_eq!(errors, [(1, true, false), (2, false, true)]);
    assert!(read.text.ends_with("ok\n\nx"), "the sheet behind is kept");
}

#[tokio::test]
async fn huge_cells_are_cut_into_chunks_that_fit() {
    let huge = "电池保修八年。".repeat(5_000);
    let sheet = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}{}</row>",
        text_cell("A1", "问"),
        text_cell("B1", "答"),
        text_cell("A2", "多久？"),
        text_cell("B2", &huge)
    );
    let read = read_named("a.xlsx", xlsx(&[("faq", &sheet)]))
        .await
        .unwrap();
    let limits = ChunkLimits::default();
    let chunks = split(&read, &limits);
    assert!(chunks.len() > 50);
    for chunk in &chunks {
        assert!(chunk.text.chars().count() <= limits.columns_max as usize / 2 + 20);
        assert!(chunk.context.starts_with("faq"));
    }
    assert!(
        chunks[1..]
            .iter()
            .all(|chunk| chunk.context == "faq > 问 | 答")
    );
}

#[tokio::test]
async fn a_wrong_extension_is_seen_through_or_named() {
    let word = fixture("python-docx.docx");
    let read = read_named("a.xlsx", word.clone()).await.unwrap();
    assert!(read.text.contains("十六万公里"));
    refused(
        read_named("a.txt", word.clone()).await,
        "unsupported",
        "ZIP archive",
    );
    refused(
        read_named("a.docx", fixture("pillow.png")).await,
        "unsupported",
        "a PNG picture",
    );
    refused(read_named("a.png", word).await, "unsupported", "Office");
    let table = "<html><table><tr><td>部件<td>期限<tr><td>电池<td>8 年</table>";
    let read = read_named("export.xls", table.as_bytes().to_vec())
        .await
        .unwrap();
    assert!(read.text.contains("| 电池 | 8 年 |"), "{}", read.text);
}

#[tokio::test]
async fn formulas_are_never_worked_out() {
    let row = "<row r=\"1\"><c r=\"A1\"><f>1+1</f><v>3</v></c><c r=\"B1\"><f>WEBSERVICE(\"http://evil.example\")</f></c>\
        <c r=\"C1\" t=\"str\"><f>\"a\"&amp;\"b\"</f><v>kept</v></c></row>";
    let read = read_named("a.xlsx", xlsx(&[("f", row)])).await.unwrap();
    assert_eq!(read.text, "f\n\n| 3 |  | kept |\n| --- | --- | --- |");
    let csv = b"name,value\n\"=WEBSERVICE(\"\"http://evil.example\"\")\",=1+1\n".to_vec();
    let read = read_named("a.csv", csv).await.unwrap();
    assert!(
        read.text
            .contains("| =WEBSERVICE(\"http://evil.example\") | =1+1 |"),
        "{}",
        read.text
    );
}

#[tokio::test]
async fn a_damaged_part_costs_itself() {
    let good = format!("<row r=\"1\">{}</row>", text_cell("A1", "gut"));
    let bytes = xlsx(&[
        ("eins", &good),
        ("zwei", "<row r=\"1\"><c r=\"A1\"><v>1</v></d></row>"),
        ("drei", &good),
    ]);
    let read = read_named("a.xlsx", bytes).await.unwrap();
    assert_eq!(read.page_errors.len(), 1, "{:?}", read.page_errors);
    assert!(read.page_errors[0].detail.contains("“zwei”"));
    assert!(
        read.text.starts_with("eins") && read.text.contains("drei\n\ngut"),
        "{}",
        read.text
    );
}

#[tokio::test]
async fn memory_and_time_are_bounded_for_every_kind() {
    let limits = Limits {
        memory_mib_max: 160,
        ..Limits::default()
    };
    let wide = "<w:p/>".repeat(2_000_000);
    let document = format!("<w:document><w:body>{wide}</w:body></w:document>");
    // random ids keep the ratio down
    let document = (0..300_000).fold(document, |mut all, n: u64| {
        all.push_str(&format!(
            "<!--{:x}-->",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ));
        all
    });
    let outcome = read_within("a.docx", docx(&document), &limits, &worker()).await;
    refused(outcome, "invalid", "160 MiB of memory");
}
