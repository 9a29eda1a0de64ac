//! How long a start on existing data takes, and how much memory an idle server.

use std::time::Instant;

use anyhow::Result;

use crate::{
    Bench, cluster,
    process::resident_mb,
    report::{Figure, Target},
    samples::ms_since,
    server::{Cores, Server},
};

const STARTS: usize = 3;

/// Seconds from the command to the first `ready`, PostgreSQL's start included.
pub fn run(bench: &mut Bench) -> Result<()> {
    let data_dir = cluster::data_dir("bench-start")?;
    let data_dir = data_dir.display().to_string();
    let set = [("database.data_dir", data_dir.as_str())];
    let mut server = Server::start(Cores::All, &set)?;
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        server.end()?;
        let started = Instant::now();
        server.resume(Cores::All)?;
        seconds.push(ms_since(started) / 1_000.0);
    }
    bench.report.add(Figure {
        name: "second start".into(),
        value: crate::samples::percentile(seconds.clone(), 0.5),
        unit: "s",
        target: Target::AtMost(5.0),
        quartiles: None,
        note: format!("{seconds:.2?}, PostgreSQL and MiniLM included"),
    });
    bench.report.add(Figure {
        name: "memory of an idle server".into(),
        value: resident_mb(server.pid())?,
        unit: "MB",
        target: Target::None,
        quartiles: None,
        note: "as shipped, without PostgreSQL".into(),
    });
    server.end()
}
