//! Documents that other people's programs wrote, and what is read out of them.

use concierge::{
    error::Result,
    knowledge::extract::{self, Extracted, HEAD_BYTES, Limits, Ocr, Source, extract, pdf::Worker},
};

use super::{file, refused, worker};

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

#[tokio::test]
async fn print_them() {
    for name in [
        "python-docx.docx",
        "libreoffice.docx",
        "libreoffice.odt",
        "libreoffice.rtf",
        "openpyxl.xlsx",
        "libreoffice.xlsx",
        "libreoffice.ods",
        "xlwt.xls",
        "python-pptx.pptx",
        "libreoffice.odp",
        "ebooklib.epub",
        "python-email.eml",
        "python-email-gb18030.eml",
    ] {
        let read = read_named(name, fixture(name)).await;
        match read {
            Ok(e) => eprintln!(
                "=== {name} {:?} {:?} {:?}\n{}\n{:?}",
                e.title,
                e.pages,
                e.page_errors,
                e.text,
                e.blocks
                    .iter()
                    .map(|b| format!("{:?}", b.kind))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            Err(e) => eprintln!("=== {name} ERR {e}"),
        }
    }
    let ocr = Ocr {
        program: "/usr/bin/tesseract".into(),
        languages: "chi_sim+eng".into(),
    };
    let w = worker().with_ocr(Some(ocr));
    for name in ["pillow.png", "pillow.jpg", "pillow.tiff", "pillow.webp"] {
        eprintln!(
            "=== {name} {:?}",
            read_within(name, fixture(name), &Limits::default(), &w).await
        );
    }
}
