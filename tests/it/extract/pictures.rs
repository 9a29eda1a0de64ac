//! Pictures of text: with tesseract, without it, and with one that misbehaves.

use std::{os::unix::fs::PermissionsExt, path::Path};

use concierge::{
    error::Result,
    knowledge::extract::{Extracted, Limits, Ocr},
};

use super::{
    formats::{fixture, read_named, read_within},
    refused, slice, worker,
};

async fn recognised(program: &Path, name: &str, limits: &Limits) -> Result<Extracted> {
    let ocr = Ocr {
        program: program.to_owned(),
        languages: "chi_sim+eng".to_owned(),
    };
    let worker = worker().with_ocr(Some(ocr));
    read_within(name, fixture(name), limits, &worker).await
}

/// A program that does what the script says, in place of tesseract.
async fn with_script(script: &str, limits: &Limits) -> Result<Extracted> {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tesseract");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    recognised(&program, "pillow.png", limits).await
}

#[tokio::test]
async fn without_tesseract_it_is_said_what_is_missing() {
    for name in ["pillow.png", "pillow.jpg", "pillow.tiff", "pillow.webp"] {
        let outcome = read_named(name, fixture(name)).await;
        refused(outcome, "unsupported", "tesseract");
    }
}

#[tokio::test]
async fn pages_come_as_the_program_sends_them() {
    let script = "cat >/dev/null; printf '第一章 总则\\n电池保修八年。\\n\\f\\fSecond page.\\n\\f'";
    let read = with_script(script, &Limits::default()).await.unwrap();
    assert_eq!(read.text, "第一章 总则\n\n电池保修八年。\n\nSecond page.");
    let pages = read
        .pages
        .iter()
        .map(|page| slice(&read, page.start, page.end));
    let pages: Vec<String> = pages.collect();
    assert_eq!(pages, ["第一章 总则\n\n电池保修八年。", "", "Second page."]);
}

#[tokio::test]
async fn a_program_that_fails_costs_its_picture() {
    let limits = Limits {
        seconds_max: 2,
        ..Limits::default()
    };
    for (script, code, word) in [
        ("exit 1", "invalid", "damaged or too large"),
        (
            "echo \"couldn't load any languages!\" >&2; exit 1",
            "unsupported",
            "ocr_languages",
        ),
        (
            "cat >/dev/null; printf '  \\n\\f'",
            "invalid",
            "No text was recognised",
        ),
        ("exec sleep 1000", "invalid", "more than 2 seconds"),
    ] {
        refused(with_script(script, &limits).await, code, word);
    }
    let nowhere = recognised(Path::new("/nowhere/tesseract"), "pillow.png", &limits).await;
    refused(nowhere, "invalid", "gave up");
}

#[tokio::test]
async fn tesseract_reads_every_kind_of_picture_where_it_is_installed() {
    let program = Path::new("/usr/bin/tesseract");
    let languages = std::process::Command::new(program)
        .arg("--list-langs")
        .output();
    let languages = languages.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let chinese = languages
        .as_ref()
        .is_ok_and(|list| list.contains("chi_sim"));
    for name in ["pillow.png", "pillow.jpg", "pillow.tiff", "pillow.webp"] {
        let outcome = recognised(program, name, &Limits::default()).await;
        if languages.is_err() {
            refused(outcome, "invalid", "gave up");
            continue;
        }
        let read = outcome.unwrap();
        assert!(
            read.text.contains("covered for eight years"),
            "{name}: {}",
            read.text
        );
        assert!(
            !chinese || read.text.contains("电池保修八年"),
            "{name}: {}",
            read.text
        );
        let pages = if name.ends_with("tiff") { 2 } else { 1 };
        assert_eq!(read.pages.len(), pages, "{name}");
    }
}
