//! What is said while files are taken in: a bar on a terminal, plain lines elsewhere, JSON for programs.

use std::{io::IsTerminal, path::Path};

use anyhow::Result;
use concierge::ids::DocumentId;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::say;

/// What became of a file.
pub enum Fate {
    /// It is a new document, of so many chunks.
    Added(i32),
    /// It is a new version, of so many chunks.
    Replaced(i32),
    /// The base has it as it is.
    Unchanged,
    /// Its document was removed.
    Removed,
    /// It could not be read, and why.
    Failed(String),
}

/// How many of each.
#[derive(Default)]
struct Counts {
    added: usize,
    replaced: usize,
    unchanged: usize,
    removed: usize,
    failed: usize,
}

/// Says what happens, and counts it.
pub struct Report {
    bar: Option<ProgressBar>,
    json: bool,
    counts: Counts,
}

impl Report {
    /// Of so many files.
    pub fn new(files: usize, json: bool) -> Self {
        let bar = !json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self {
            bar: bar.then(|| self::bar(files)),
            json,
            counts: Counts::default(),
        }
    }

    /// Which file it is, and what is done with it.
    pub fn at(&self, path: &Path, doing: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{doing} {}", path.display()));
        }
    }

    /// A file is through.
    pub fn done(&mut self, path: &Path, document: Option<DocumentId>, fate: Fate) -> Result<()> {
        let path = path.display();
        let counts = &mut self.counts;
        let (word, count, chunks, problem) = match &fate {
            Fate::Added(chunks) => ("added", &mut counts.added, Some(*chunks), None),
            Fate::Replaced(chunks) => ("replaced", &mut counts.replaced, Some(*chunks), None),
            Fate::Unchanged => ("unchanged", &mut counts.unchanged, None, None),
            Fate::Removed => ("removed", &mut counts.removed, None, None),
            Fate::Failed(why) => ("failed", &mut counts.failed, None, Some(why)),
        };
        *count += 1;
        if let (Some(bar), false) = (&self.bar, matches!(fate, Fate::Removed)) {
            bar.inc(1);
        }
        if self.json {
            let document = document.map(|id| id.0.to_string());
            return say(json!({
                "file": path.to_string(), "outcome": word, "document_id": document,
                "chunks": chunks, "problem": problem,
            }));
        }
        let line = match (&fate, chunks) {
            (Fate::Failed(why), _) => format!("{path}: {why}"),
            (Fate::Added(_), Some(chunks)) => format!("{path}: {chunks} chunks"),
            (_, Some(chunks)) => format!("{path}: {word}, {chunks} chunks"),
            _ => format!("{path}: {word}"),
        };
        match (&self.bar, &fate) {
            // the bar counts what went well
            (Some(bar), Fate::Failed(_) | Fate::Removed) => bar.println(line),
            (Some(_), _) => {}
            (None, _) => say(line)?,
        }
        Ok(())
    }

    /// The sum, and how many failed.
    pub fn end(self) -> Result<usize> {
        let Counts {
            added,
            replaced,
            unchanged,
            removed,
            failed,
        } = self.counts;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.json {
            say(json!({
                "added": added, "replaced": replaced, "unchanged": unchanged,
                "removed": removed, "failed": failed,
            }))?;
        } else {
            say(format!(
                "{added} added, {replaced} replaced, {unchanged} unchanged, {removed} removed, {failed} failed"
            ))?;
        }
        Ok(failed)
    }
}

fn bar(files: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
    let bar = ProgressBar::new(files as u64);
    // the time goes on while one file takes long
    bar.enable_steady_tick(std::time::Duration::from_millis(500));
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
