//! The benchmarks: each a ratio or a figure measured in one run on one machine, next to its target.
//!
//! `make bench` runs all of them; `cargo bench --bench bench -- auth search` runs some.
//! `BENCH_SECONDS` is the length of a round, `BENCH_ANYWAY=1` measures on a busy machine too.

mod auth;
mod bare;
mod cluster;
mod cold;
mod dialect;
mod extractive;
mod load;
mod machine;
mod money;
mod pdf;
mod process;
mod purchase;
mod report;
mod samples;
mod search;
mod server;
mod start;
mod text;
mod ttft;
mod upload;
mod user;
mod vendor;
mod webhooks;
mod wire;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{cluster::Cluster, report::Report};

/// Seconds of a round unless `BENCH_SECONDS` says otherwise; 10 is the full rule.
const ROUND_SECONDS: u64 = 5;

/// What every benchmark is given.
pub struct Bench {
    /// PostgreSQL, on any core.
    pub cluster: Cluster,
    /// How long one side is measured at a time.
    pub round: Duration,
    /// Where figures go.
    pub report: Report,
}

type Run = fn(&mut Bench) -> Result<()>;

const ALL: [(&str, Run); 12] = [
    ("auth", auth::run),
    ("cold", cold::run),
    ("search", search::run),
    ("ttft", ttft::run),
    ("extractive", extractive::run),
    ("upload", upload::run),
    ("start", start::run),
    ("pdf", pdf::run),
    ("dialect", dialect::run),
    ("webhooks", webhooks::run),
    ("money", money::run),
    ("purchase", purchase::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [command, port] if command == bare::COMMAND => bare::serve(port),
        _ => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &[String]) -> Result<()> {
    // cargo adds --bench
    let names: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--bench")
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| ALL.iter().all(|(known, _)| known != *name))
    {
        bail!(
            "{unknown} is no benchmark: {}",
            ALL.map(|(name, _)| name).join(", ")
        );
    }
    let mut report = Report::begin(machine::describe());
    machine::wait_for_quiet(&mut report)?;
    // before this process goes to its core: PostgreSQL may use them all
    let cluster = Cluster::start()?;
    machine::pin([machine::LOAD_CORE]);
    let round = Duration::from_secs(seconds()?);
    report.note(&format!("rounds of {} s", round.as_secs()));
    let mut bench = Bench {
        cluster,
        round,
        report,
    };
    let chosen = |name: &str| names.is_empty() || names.contains(&name);
    for (name, run) in ALL.iter().filter(|(name, _)| chosen(name)) {
        run(&mut bench).with_context(|| (*name).to_owned())?;
    }
    bench.cluster.stop()?;
    bench.report.finish()
}

fn seconds() -> Result<u64> {
    match machine::environment("BENCH_SECONDS") {
        None => Ok(ROUND_SECONDS),
        Some(text) => match text.parse() {
            Ok(seconds @ 1..=600) => Ok(seconds),
            _ => bail!("BENCH_SECONDS = {text}: must be from 1 to 600"),
        },
    }
}
