//! How soon an answer of the built-in model begins, meaning included.

use anyhow::{Result, ensure};

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, ms_since, repeat},
    server::{Cores, Server},
    text::Writer,
    user::Asker,
};

const CHUNKS: usize = 1_000;
const QUESTIONS: usize = 64;

/// Milliseconds from a question to the first byte of its answer, with MiniLM.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database("extractive")?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("embedding.minilm.threads", "2"),
    ];
    let mut server = Server::start(Cores::All, &set)?;
    let user = server.user()?;
    let base = user.base("first")?;
    let mut writer = Writer::new(4);
    let documents: Vec<String> = (0..CHUNKS / 50).map(|_| writer.document(50)).collect();
    let started = std::time::Instant::now();
    let chunks = user.fill(&base, &documents)?;
    let filled_seconds = ms_since(started) / 1_000.0;
    ensure!(
        chunks.abs_diff(CHUNKS as u64) < CHUNKS as u64 / 20,
        "{chunks} chunks"
    );
    server.again(Cores::One)?;
    // MiniLM reads English only: these are the questions that cost it something
    let questions: Vec<String> = (0..QUESTIONS).map(|_| writer.question(false)).collect();
    let mut turns = (0..QUESTIONS).cycle();
    let mut asker = Asker::new(&user)?;
    let mut first_bytes = Vec::new();
    let [text] = interleaved(
        bench.round,
        [&mut |time| {
            repeat(time, || {
                let question = &questions[turns.next().unwrap_or(0)];
                let (first, piece) = asker.ask(question, b"event: delta")?;
                first_bytes.push(first);
                Ok(piece)
            })
        }],
    )?;
    let first = crate::samples::percentile(first_bytes, 0.5);
    bench.report.add(Figure {
        name: "extractive answer, first text, p50".into(),
        value: text.median(),
        unit: "ms",
        target: Target::AtMost(60.0),
        quartiles: Some(text.quartiles_by(1.0)),
        note: format!(
            "first byte {first:.2} ms, p99 {:.2} ms; {chunks} chunks, read and embedded in {filled_seconds:.0} s; {} answers",
            text.percentile(0.99),
            text.count(),
        ),
    });
    Ok(())
}
