//! reStructuredText as a reader sees it: marks go, structure stays.

mod inline;
mod tables;

use super::{
    BlockKind, Writer,
    plain::starts_item,
    wide::{columns, flow},
};
use crate::error::Result;
use inline::plain;

/// Marks that under- and overline titles.
const ADORNMENTS: &str = "=-~`'\"^_*+#:.<>!$%&(),/;?@[]{}|\\";

/// Reads a document.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, text: &str) -> Result<()> {
    let text = super::writer::clean(text);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end().replace('\t', "    "))
        .collect();
    let mut reader = Reader {
        writer,
        lines: &lines,
        at: 0,
        styles: Vec::new(),
        literal: false,
    };
    while reader.at < lines.len() {
        reader.block()?;
    }
    Ok(())
}

struct Reader<'r, 'w, 't> {
    writer: &'r mut Writer<'w>,
    lines: &'t [String],
    at: usize,
    /// Adornments of titles in the order in which they came: their levels.
    styles: Vec<(char, bool)>,
    /// The paragraph before ended with `::`.
    literal: bool,
}

impl<'t> Reader<'_, '_, 't> {
    fn line(&self, ahead: usize) -> &'t str {
        self.lines.get(self.at + ahead).map_or("", String::as_str)
    }

    fn block(&mut self) -> Result<()> {
        let line = self.line(0);
        if line.is_empty() {
            self.at += 1;
            return Ok(());
        }
        if self.literal && indent(line) > 0 {
            return self.code(1);
        }
        self.literal = false;
        if self.title()? {
            return Ok(());
        }
        if let Some((table, length)) = tables::read(&self.lines[self.at..]) {
            self.at += length;
            self.writer.block(BlockKind::Table, &table.render())?;
            return Ok(());
        }
        let front = line.trim_start();
        if front == ".." || front.starts_with(".. ") {
            return self.explicit();
        }
        if adornment(line).is_some() && columns(line) >= 4 {
            self.at += 1;
            return Ok(());
        }
        self.paragraph()
    }

    /// A title, if one begins here.
    fn title(&mut self) -> Result<bool> {
        let over = adornment(self.line(0)).filter(|_| indent(self.line(0)) == 0);
        let (style, title, length) = match over {
            Some(mark) if adornment(self.line(2)) == Some(mark) && !self.line(1).is_empty() => {
                ((mark, true), self.line(1), 3)
            }
            _ => match adornment(self.line(1)) {
                Some(mark) if fits(self.line(0), self.line(1)) => ((mark, false), self.line(0), 2),
                _ => return Ok(false),
            },
        };
        let title = plain(title.trim());
        let known = self.styles.iter().position(|known| *known == style);
        let level = known.unwrap_or_else(|| {
            self.styles.push(style);
            self.styles.len() - 1
        });
        self.at += length;
        self.writer.title(&title);
        let level = u8::try_from(level + 1).unwrap_or(6).min(6);
        self.writer.block(BlockKind::Heading(level), &title)?;
        Ok(true)
    }

    /// Lines that are kept, as far as they are indented by `least` or more.
    fn code(&mut self, least: usize) -> Result<()> {
        self.literal = false;
        let from = self.at;
        while self.at < self.lines.len()
            && (self.line(0).is_empty() || indent(self.line(0)) >= least)
        {
            self.at += 1;
        }
        let lines = &self.lines[from..self.at];
        let cut = lines
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| indent(line))
            .min();
        let cut = cut.unwrap_or(0);
        let code: Vec<&str> = lines
            .iter()
            .map(|line| line.get(cut..).unwrap_or(""))
            .collect();
        self.writer.block(BlockKind::Code, &code.join("\n"))?;
        Ok(())
    }

    /// A directive, a footnote, a target or a comment.
    fn explicit(&mut self) -> Result<()> {
        let depth = indent(self.line(0));
        let line = self.line(0).trim_start();
        let body = line.strip_prefix("..").unwrap_or("").trim().to_owned();
        if let Some((mark, text)) = body.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let mut note = format!("[{mark}]: {}", text.trim());
            self.at += 1;
            while !self.line(0).is_empty() && indent(self.line(0)) > depth {
                note.push(' ');
                note.push_str(self.line(0).trim());
                self.at += 1;
            }
            self.writer.block(BlockKind::ListItem, &plain(&note))?;
            return Ok(());
        }
        self.at += 1;
        let (name, argument) = body.split_once("::").unwrap_or(("", ""));
        match name.trim() {
            "code-block" | "code" | "sourcecode" | "parsed-literal" | "literalinclude" => {
                self.options(depth);
                self.code(depth + 1)
            }
            // its text stands below, as that of the page around it
            "note" | "warning" | "tip" | "important" | "caution" | "danger" | "hint"
            | "attention" | "error" | "admonition" | "topic" | "sidebar" | "epigraph" | "table"
            | "list-table" | "figure" | "rubric" | "versionadded" | "versionchanged"
            | "deprecated" | "seealso" => {
                let is_file = name.trim() == "figure";
                if !is_file {
                    self.writer
                        .block(BlockKind::Paragraph, &plain(argument.trim()))?;
                }
                self.options(depth);
                Ok(())
            }
            _ => {
                while self.at < self.lines.len()
                    && (self.line(0).is_empty() || indent(self.line(0)) > depth)
                {
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    /// Skips the options of a directive.
    fn options(&mut self, depth: usize) {
        while indent(self.line(0)) > depth && self.line(0).trim_start().starts_with(':') {
            self.at += 1;
        }
    }

    /// Running text, or an item of a list with the lines that belong to it.
    fn paragraph(&mut self) -> Result<()> {
        let depth = indent(self.line(0));
        let first = self.line(0).trim_start().to_owned();
        let field = first
            .strip_prefix(':')
            .and_then(|rest| rest.split_once(": "));
        let is_item = starts_item(&first) || first.starts_with("#. ");
        let mut text = match field {
            Some((name, value)) if !name.contains('`') => format!("- {name}: {value}"),
            _ => first.strip_prefix("| ").unwrap_or(&first).to_owned(),
        };
        let is_list = is_item || text.starts_with("- ");
        let by_line = first.starts_with("| ");
        self.at += 1;
        while !self.line(0).is_empty() {
            let line = self.line(0).trim_start();
            let next = starts_item(line) || line.starts_with("#. ") || line.starts_with(':');
            let apart = next && (is_list || indent(self.line(0)) != depth);
            if apart
                || line.starts_with(".. ")
                || (adornment(self.line(1)).is_some() && fits(line, self.line(1)))
            {
                break;
            }
            text.push(if by_line { '\u{2028}' } else { '\n' });
            text.push_str(line.strip_prefix("| ").unwrap_or(line));
            self.at += 1;
        }
        if let Some(before) = text.strip_suffix("::") {
            self.literal = true;
            let colon = if before.is_empty() || before.ends_with(' ') {
                ""
            } else {
                ":"
            };
            text = format!("{}{colon}", before.trim_end());
        }
        let kind = if is_list {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        };
        let space = if is_list {
            " ".repeat(depth.min(16))
        } else {
            String::new()
        };
        self.writer.block(kind, &(space + &flow(&plain(&text))))?;
        Ok(())
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The mark of which a line consists, if it is only one.
fn adornment(line: &str) -> Option<char> {
    let line = line.trim();
    let mark = line.chars().next().filter(|c| ADORNMENTS.contains(*c))?;
    (line.len() >= 2 && line.chars().all(|c| c == mark)).then_some(mark)
}

/// Whether a line of marks is long enough for a title; Chinese ones are often too short.
fn fits(title: &str, line: &str) -> bool {
    let title_is_text = !title.is_empty() && adornment(title).is_none() && indent(title) == 0;
    title_is_text && line.len() >= title.trim().chars().count().min(4)
}

#[cfg(test)]
mod tests;
