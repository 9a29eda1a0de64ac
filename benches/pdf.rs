//! How true the text of a Chinese PDF is.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::{
    Bench,
    report::{Figure, Target},
    server::{Cores, Server},
};

const SAMPLE: &str = "电动车保修手册";
/// Characters of a text that one call returns at most.
const PIECE_CHARS: usize = 20_000;

/// Agreement of what the server read with what was written.
pub fn run(bench: &mut Bench) -> Result<()> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let pdf = fs::read(samples.join(format!("{SAMPLE}.pdf"))).context("the sample")?;
    let written = fs::read_to_string(samples.join(format!("src/{SAMPLE}.txt")))?;
    let url = bench.cluster.database("pdf")?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("models.embedding", "none"),
    ];
    let server = Server::start(Cores::All, &set)?;
    let user = server.user()?;
    let id = user.upload(&user.base("pdf")?, "sample.pdf", &pdf)?;
    let read = user.until_read(&id)?;
    ensure!(read.state == "ready", "{}", read.reason);
    let mut text = String::new();
    loop {
        let start = text.chars().count();
        let path = format!(
            "/api/v1/documents/{id}/text?start={start}&end={}",
            start + PIECE_CHARS
        );
        let piece = user.call(&user.get(&path))?;
        text.push_str(piece["text"].as_str().context("a piece of text")?);
        if text.chars().count() as u64 >= piece["total"].as_u64().context("a length")? {
            break;
        }
    }
    bench.report.add(Figure {
        name: "Chinese PDF, bigram F1".into(),
        value: bigram_f1(&text, &written),
        unit: "",
        target: Target::AtLeast(0.97),
        quartiles: None,
        note: format!(
            "{} characters read, {} written",
            text.chars().count(),
            written.chars().count()
        ),
    });
    Ok(())
}

/// The harmonic mean of the shares of character pairs of each text that are in the other, white
/// space aside.
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
    let shared =
        |(pair, n): (&(char, char), &usize)| (*n).min(expected.get(pair).copied().unwrap_or(0));
    let both: usize = found.iter().map(shared).sum();
    2.0 * both as f64 / (found.values().sum::<usize>() + expected.values().sum::<usize>()) as f64
}
