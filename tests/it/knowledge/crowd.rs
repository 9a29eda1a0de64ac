//! Two hundred documents of every kind, good and broken: each ends ready or with a reason.

use std::time::Instant;

use reqwest::{Method, StatusCode};

use super::file;
use crate::{
    verbs::text,
    world::{World, body},
};

/// Seconds that all of them may take, in a debug build on a busy machine.
const SECONDS_MAX: u64 = 240;

/// What other programs wrote, and the end it comes to.
const FIXTURES: [(&str, &str); 15] = [
    ("python-docx.docx", "ready"),
    ("libreoffice.docx", "ready"),
    ("libreoffice.odt", "ready"),
    ("libreoffice.rtf", "ready"),
    ("libreoffice.odp", "ready"),
    ("libreoffice.ods", "ready"),
    ("libreoffice.xlsx", "ready"),
    ("openpyxl.xlsx", "ready"),
    ("xlwt.xls", "ready"),
    ("python-pptx.pptx", "ready"),
    ("ebooklib.epub", "ready"),
    ("python-email.eml", "ready"),
    ("msoffcrypto.docx", "failed"),
    // refused at the door, or by a server without tesseract
    ("libreoffice.doc", "failed"),
    ("pillow.png", "failed"),
];

/// The documents: their names, bytes and ends. No two are alike.
fn crowd() -> Vec<(String, Vec<u8>, &'static str)> {
    let mut all = Vec::new();
    for (name, end) in FIXTURES {
        let bytes = file(&format!("tests/fixtures/documents/{name}"));
        if end == "ready" {
            all.push((
                format!("half {name}"),
                bytes[..bytes.len() / 2].to_vec(),
                "any",
            ));
        }
        all.push((name.to_owned(), bytes, end));
    }
    for name in ["电动车保修手册.pdf", "charging-guide.md", "faq.html"] {
        all.push((name.to_owned(), file(&format!("samples/{name}")), "ready"));
    }
    let mut n = 0;
    while all.len() < 200 {
        n += 1;
        let said = format!("第 {n} 号部件的保修期是 {n} 个月。Part {n} is covered for {n} months.");
        let (suffix, source, end) = match n % 14 {
            0 => ("txt", said, "ready"),
            1 => ("md", format!("# 部件 {n}\n\n{said}\n"), "ready"),
            2 => ("html", format!("<h1>部件 {n}</h1><p>{said}</p>"), "ready"),
            3 => (
                "csv",
                format!("部件,说明\n{n},{said}\n{n},=1+{n}\n"),
                "ready",
            ),
            4 => (
                "json",
                format!("{{\"part\":{n},\"text\":\"{said}\"}}"),
                "ready",
            ),
            5 => (
                "jsonl",
                format!("{{\"a\":\"{said}\"}}\n{{broken\n"),
                "ready",
            ),
            6 => (
                "xml",
                format!("<part id='{n}'><text>{said}</text></part>"),
                "ready",
            ),
            7 => ("rst", format!("部件 {n}\n=======\n\n{said}\n"), "ready"),
            8 => (
                "rtf",
                format!("{{\\rtf1\\ansi Part {n} is covered.\\par}}"),
                "ready",
            ),
            9 => (
                "eml",
                format!("From: a@b.example\r\nSubject: {n}\r\n\r\n{said}\r\n"),
                "ready",
            ),
            10 => ("json", format!("{{\"part\":{n}"), "failed"),
            11 => (
                "xml",
                format!("<!DOCTYPE a [<!ENTITY b \"{n}\">]><a>&b;</a>"),
                "failed",
            ),
            12 => ("eml", format!("no mail {n}"), "failed"),
            _ => ("pdf", format!("%PDF-1.7 nothing {n}"), "failed"),
        };
        all.push((format!("{n}.{suffix}"), source.into_bytes(), end));
    }
    all
}

#[tokio::test]
async fn two_hundred_mixed_files_end_ready_or_with_a_reason() {
    let no_limit = vec![("limits.requests_per_second", "0".to_owned())];
    let world = World::configured(no_limit).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("crowd").await;
    let started = Instant::now();
    let mut ends = std::collections::HashMap::new();
    for (name, bytes, end) in crowd() {
        let answer = ann.upload(&base, &name, bytes).await;
        if answer.status() != StatusCode::ACCEPTED {
            let problem = body(answer, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
            assert!(
                end != "ready" && !text(&problem["detail"]).is_empty(),
                "{name}: {problem}"
            );
            continue;
        }
        ends.insert(name, end);
    }
    assert!(ends.len() > 190, "{}", ends.len());
    world.run_jobs().await;
    let mut cursor = String::new();
    let mut seen = 0;
    loop {
        let path = format!("/api/v1/knowledge-bases/{base}/documents?limit=100{cursor}");
        let page = ann.request(Method::GET, &path).send().await.unwrap();
        let page = body(page, StatusCode::OK).await;
        for document in page["items"].as_array().unwrap() {
            let (name, state) = (text(&document["name"]), text(&document["state"]));
            let expected = ends[name];
            seen += 1;
            assert!(expected == "any" || expected == state, "{document}");
            match state {
                "ready" => assert!(document["chunks"].as_i64() > Some(0), "{document}"),
                "failed" => assert!(text(&document["reason"]).len() > 20, "{document}"),
                _ => panic!("left in doubt: {document}"),
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ends.len());
    let seconds = started.elapsed().as_secs();
    assert!(seconds < SECONDS_MAX, "{seconds} s");
}
