//! What one run of PostgreSQL says in its log.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{POLL, home::Home};

/// How much of the log goes into an error.
const TAIL_LINES: usize = 20;
/// How much of the log is looked through for them.
const TAIL_BYTES: u64 = 64 << 10;
/// How long the log's writer may take longer than the process whose words it writes.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);
/// Only what PostgreSQL says of itself: with an error of a statement it may quote rows.
const KINDS: [&str; 5] = ["LOG: ", "WARNING: ", "FATAL: ", "PANIC: ", "HINT: "];

/// Where the log of a run begins: a day's file holds earlier runs too.
#[derive(Debug)]
pub(super) struct Mark {
    file: Option<PathBuf>,
    bytes: u64,
}

impl Mark {
    /// At what is written from now on.
    pub fn here(home: &Home) -> Self {
        let file = current(home);
        let bytes = file.as_ref().and_then(|file| fs::metadata(file).ok());
        Self {
            bytes: bytes.map_or(0, |meta| meta.len()),
            file,
        }
    }

    /// The end of what the run has said so far.
    pub fn tail(&self, home: &Home) -> String {
        let mut text = home.start_log_text();
        if let Some(log) = current(home).and_then(|file| self.read(&file)) {
            let of_itself = |line: &&str| KINDS.iter().any(|kind| line.contains(kind));
            text.extend(
                log.lines()
                    .filter(of_itself)
                    .map(|line| format!("{line}\n")),
            );
        }
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// The same of a run that broke off with a word about it, which may need a moment to arrive.
    pub async fn last_words(&self, home: &Home) -> String {
        let started = Instant::now();
        loop {
            let log = self.tail(home);
            let said = log.contains("FATAL") || log.contains("PANIC");
            if said || started.elapsed() > LAST_WORDS_MAX {
                return log;
            }
            sleep(POLL).await;
        }
    }

    fn read(&self, path: &PathBuf) -> Option<String> {
        let mut file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        // a file that is shorter now was begun anew
        let goes_on = self.file.as_ref() == Some(path) && self.bytes <= length;
        let begin = if goes_on { self.bytes } else { 0 };
        let from = begin.max(length.saturating_sub(TAIL_BYTES));
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn current(home: &Home) -> Option<PathBuf> {
    let names = fs::read_to_string(home.pgdata().join("current_logfiles")).ok()?;
    let name = names.lines().find_map(|line| line.strip_prefix("stderr "));
    Some(home.pgdata().join(name?))
}
