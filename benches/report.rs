//! What is printed: a line per figure while it goes, a table at the end.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Less than this.
    Below(f64),
    /// Nothing: it is told for what it explains.
    None,
}

/// One thing measured.
pub struct Figure {
    /// Number and name.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit; `x` for a ratio.
    pub unit: &'static str,
    /// What it has to be.
    pub target: Target,
    /// First and third quartile, in the same unit.
    pub quartiles: Option<(f64, f64)>,
    /// The values behind it.
    pub note: String,
}

/// All figures of a run.
pub struct Report {
    head: Vec<String>,
    figures: Vec<Figure>,
}

impl Report {
    /// Begins with a line about the machine.
    pub fn begin(machine: String) -> Self {
        say(&machine);
        Self {
            head: vec![machine],
            figures: Vec::new(),
        }
    }

    /// Says something about the run as a whole.
    pub fn note(&mut self, text: &str) {
        say(text);
        self.head.push(text.to_owned());
    }

    /// Adds a figure.
    pub fn add(&mut self, figure: Figure) {
        say(&figure.line());
        self.figures.push(figure);
    }

    /// Prints the table and keeps it as `bench.md` in the build folder.
    pub fn finish(&self) -> Result<()> {
        let table = self.table();
        say(&format!("\n{table}"));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench.md");
        fs::write(&file, table).with_context(|| format!("write {}", file.display()))
    }

    fn table(&self) -> String {
        let mut table = format!("{}.\n\n", self.head.join("; "));
        table.push_str(
            "| benchmark | measured | IQR | target | | behind it |\n|---|--:|---|--:|---|---|\n",
        );
        for figure in &self.figures {
            table.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                figure.name,
                figure.measured(figure.value),
                figure.iqr(),
                figure.wanted(),
                figure.verdict(),
                figure.note,
            ));
        }
        table
    }
}

impl Figure {
    fn line(&self) -> String {
        let parts = [
            format!("{:<44} {:>10}", self.name, self.measured(self.value)),
            match self.target {
                Target::None => String::new(),
                _ => format!("target {}: {}", self.wanted(), self.verdict()),
            },
            match self.quartiles {
                Some(_) => format!("IQR {}", self.iqr()),
                None => String::new(),
            },
            self.note.clone(),
        ];
        let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        said.join("  ")
    }

    fn measured(&self, value: f64) -> String {
        let digits = if value.abs() >= 100.0 { 1 } else { 3 };
        format!("{value:.digits$} {}", self.unit)
    }

    fn iqr(&self) -> String {
        let between = |(low, high): (f64, f64)| format!("{low:.3} to {high:.3}");
        self.quartiles.map(between).unwrap_or_default()
    }

    fn wanted(&self) -> String {
        match self.target {
            Target::AtLeast(wanted) => format!(">= {wanted} {}", self.unit),
            Target::AtMost(wanted) => format!("<= {wanted} {}", self.unit),
            Target::Below(wanted) => format!("< {wanted} {}", self.unit),
            Target::None => String::new(),
        }
    }

    fn verdict(&self) -> String {
        let (met, wanted) = match self.target {
            Target::AtLeast(wanted) => (self.value >= wanted, wanted),
            Target::AtMost(wanted) => (self.value <= wanted, wanted),
            Target::Below(wanted) => (self.value < wanted, wanted),
            Target::None => return String::new(),
        };
        if met {
            return "met".into();
        }
        format!("MISSED by {}", self.measured((self.value - wanted).abs()))
    }
}

/// Prints a line; whoever reads may have gone.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
