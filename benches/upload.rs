//! How much memory a large upload takes, and reading it.

use anyhow::Result;

use crate::{
    Bench,
    process::{forget_peak, peak_mb, resident_mb},
    report::{Figure, Target},
    server::{Cores, Server, Set},
    text::Writer,
};

const UPLOAD_BYTES: usize = 20_000_000;
/// A Chinese text that is just below what one document may hold (5,000,000 characters).
const READABLE_BYTES: usize = 14_000_000;

/// Growth of the server's memory by the size of the file.
pub fn run(bench: &mut Bench) -> Result<()> {
    let text = Writer::new(5).document_of_bytes(UPLOAD_BYTES, true);
    // no workers: the upload alone
    add(
        bench,
        "20 MB upload, memory",
        Target::Below(3.0),
        &[("jobs.workers", "0")],
        &text,
        false,
    )?;
    add(
        bench,
        "20 MB upload and its reading, memory",
        Target::Below(3.0),
        &[],
        &text,
        true,
    )?;
    let end = text.floor_char_boundary(READABLE_BYTES);
    add(
        bench,
        "14 MB upload and its reading, memory",
        Target::None,
        &[],
        &text[..end],
        true,
    )
}

fn add(
    bench: &mut Bench,
    name: &str,
    target: Target,
    set: Set,
    text: &str,
    read: bool,
) -> Result<()> {
    let database: String = name
        .split(' ')
        .collect::<Vec<_>>()
        .concat()
        .replace(',', "")
        .to_lowercase();
    let url = bench.cluster.database(&database)?;
    let common = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
    ];
    let server = Server::start(Cores::One, &[&common, set].concat())?;
    let user = server.user()?;
    let base = user.base("large")?;
    // whatever is made once at the first document is no growth by size
    if read {
        user.fill(&base, &["A first document. 第一份文件。".to_owned()])?;
    }
    let before = resident_mb(server.pid())?;
    forget_peak(server.pid())?;
    let id = user.upload(&base, "large.txt", text.as_bytes())?;
    let end = if read {
        Some(user.until_read(&id)?)
    } else {
        None
    };
    let growth = peak_mb(server.pid())? - before;
    let after = resident_mb(server.pid())?;
    let megabytes = text.len() as f64 / 1e6;
    let outcome = end.map_or_else(String::new, |end| {
        format!("; {}: {} chunks {}", end.state, end.chunks, end.reason)
    });
    bench.report.add(Figure {
        name: name.into(),
        value: growth / megabytes,
        unit: "x",
        target,
        quartiles: None,
        note: format!("{before:.1} MB, at most {growth:.1} MB more, then {after:.1} MB{outcome}"),
    });
    Ok(())
}
