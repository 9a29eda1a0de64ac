//! Lines of pages to paragraphs, headings and tables.

mod margins;
mod measure;

use super::{
    super::{
        BlockKind, Extracted, PageError, PageSpan, Writer,
        wide::{flow, joint},
    },
    Line, Pages,
};
use crate::error::Result;
use measure::Measure;

/// Ends of a sentence, behind which no paragraph goes on over the edge of a page.
const ENDS: &str = "。！？；：.!?;:”」";

/// Writes the pages.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn write(writer: Writer<'_>, mut pages: Pages) -> Result<Extracted> {
    margins::drop_repeated(&mut pages);
    let measure = Measure::of(pages.iter().filter_map(|(_, lines)| lines.as_ref().ok()));
    let mut layout = Layout {
        writer,
        measure,
        spans: Vec::new(),
        tail: None,
    };
    let mut page_errors = Vec::new();
    for (page, content) in pages {
        match content {
            Ok(lines) => layout.page(page, &lines)?,
            Err(detail) => {
                page_errors.push(PageError { page, detail });
                layout.tail = None;
                layout.page(page, &[])?;
            }
        }
    }
    let mut extracted = layout.writer.finish();
    extracted.pages = layout.spans;
    extracted.page_errors = page_errors;
    Ok(extracted)
}

/// Lines that belong together.
struct Part {
    kind: BlockKind,
    text: String,
    /// Where its lines begin, behind a first-line indent.
    left: f32,
    last: Line,
    lines: usize,
}

struct Layout<'l> {
    writer: Writer<'l>,
    measure: Measure,
    spans: Vec<PageSpan>,
    /// The last part of the page before, if it may go on.
    tail: Option<Part>,
}

impl Layout<'_> {
    fn page(&mut self, page: u32, lines: &[Line]) -> Result<()> {
        let mut start = None;
        let mut tail = self.tail.take();
        let parts = self.parts(lines);
        let last = parts.len().saturating_sub(1);
        for (at, mut part) in parts.into_iter().enumerate() {
            let from = match tail.take().filter(|tail| at == 0 && turns(tail, &part)) {
                Some(tail) => Some(self.go_on(&tail, &part.text)?),
                None => self.block(&mut part)?,
            };
            start = start.or(from);
            if at == last && is_prose(part.kind) && is_cut(lines) {
                self.tail = Some(part);
            }
        }
        let end = self.writer.chars();
        self.spans.push(PageSpan {
            page,
            start: start.unwrap_or(end),
            end,
        });
        Ok(())
    }

    fn parts(&self, lines: &[Line]) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let kind = self.measure.kind(line);
            if let Some(part) = parts.last_mut() {
                if kind == BlockKind::Table && part.kind == kind {
                    part.append("\n", line);
                    continue;
                }
                if self.belongs(part, kind, lines, at) {
                    part.join(line);
                    continue;
                }
            }
            parts.push(Part {
                kind,
                text: line.text.clone(),
                left: line.left,
                last: line.clone(),
                lines: 1,
            });
        }
        parts
    }

    /// Whether line `at` goes on with the part before it.
    fn belongs(&self, part: &Part, kind: BlockKind, lines: &[Line], at: usize) -> bool {
        let line = &lines[at];
        let last = &part.last;
        let fits = match (part.kind, kind) {
            (BlockKind::Table, _) | (_, BlockKind::Table | BlockKind::ListItem) => false,
            (BlockKind::ListItem, BlockKind::Paragraph) => true,
            (before, now) => before == now,
        };
        let step = last.bottom - line.bottom;
        // a line further up begins another column
        let near = if step > 0.0 {
            step <= self.measure.step(line.size) * 1.35
        } else {
            !part.text.ends_with(|c| ENDS.contains(c))
        };
        let indented = step > 0.0
            && part.kind != BlockKind::ListItem
            && line.left > part.left + 0.9 * line.size;
        fits && near
            && !indented
            && same_size(last, line)
            && measure::is_full(lines, at - 1, &line.text)
    }

    fn block(&mut self, part: &mut Part) -> Result<Option<u32>> {
        if part.kind == BlockKind::Table && part.lines == 1 {
            part.kind = BlockKind::Paragraph;
        }
        let text = match part.kind {
            BlockKind::Table => part.text.clone(),
            _ => flow(&part.text),
        };
        let text = text.replace('\u{ad}', "-");
        let written = self.writer.block(part.kind, &text)?;
        if let BlockKind::Heading(1) = part.kind {
            self.writer.title(&text);
        }
        Ok(written.then(|| self.writer.last_start()))
    }

    /// Goes on with a paragraph of the page before.
    fn go_on(&mut self, tail: &Part, text: &str) -> Result<u32> {
        let text = flow(text).replace('\u{ad}', "-");
        let before = tail.text.chars().next_back().unwrap_or(' ');
        let after = text.chars().next().unwrap_or(' ');
        let broken = before == '-' && after.is_lowercase();
        let joint = if broken { "" } else { joint(before, after) };
        self.writer.extend(joint, &text)
    }
}

fn same_size(a: &Line, b: &Line) -> bool {
    a.size.max(b.size) <= a.size.min(b.size) * measure::SAME_SIZE
}

fn is_prose(kind: BlockKind) -> bool {
    matches!(kind, BlockKind::Paragraph | BlockKind::ListItem)
}

/// Whether the last line of a page is as long as lines in mid-paragraph are.
fn is_cut(lines: &[Line]) -> bool {
    let last = lines.len().saturating_sub(1);
    measure::is_full(lines, last, "")
}

/// Whether a part at the top of a page goes on with the last one of the page before: in mid
/// sentence, in the same size, at the same edge.
fn turns(tail: &Part, part: &Part) -> bool {
    part.kind == BlockKind::Paragraph
        && !tail.text.ends_with(|c| ENDS.contains(c) || c == '\u{ad}')
        && same_size(&tail.last, &part.last)
        && part.left <= tail.left + 0.9 * part.last.size
}

impl Part {
    fn append(&mut self, joint: &str, line: &Line) {
        self.text.push_str(joint);
        self.text.push_str(&line.text);
        // further up: another column begins, with another edge
        let column = line.bottom >= self.last.bottom;
        self.left = if column {
            line.left
        } else {
            self.left.min(line.left)
        };
        self.last = line.clone();
        self.lines += 1;
    }

    /// Puts the parts of a broken word together, and words or Chinese characters side by side.
    fn join(&mut self, line: &Line) {
        let after = line.text.chars().next().unwrap_or(' ');
        if self.text.ends_with('\u{ad}') && after.is_lowercase() {
            self.text.pop();
            self.append("", line);
        } else if self.text.ends_with(['-', '\u{ad}']) && after.is_alphanumeric() {
            self.append("", line);
        } else {
            let before = self.text.chars().next_back().unwrap_or(' ');
            self.append(joint(before, after), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::Limits, *};

    /// A line in size 10 at this height, from `left` on, as long as its text.
    fn line(text: &str, left: f32, bottom: f32) -> Line {
        let width = super::super::super::wide::columns(text) as f32 * 5.0;
        Line {
            text: text.to_owned(),
            left,
            right: left + width,
            bottom,
            size: 10.0,
        }
    }

    fn read(pages: Vec<Vec<Line>>) -> String {
        let limits = Limits::default();
        let pages = (1..).zip(pages.into_iter().map(Ok)).collect();
        write(Writer::new(&limits), pages).unwrap().text
    }

    #[test]
    fn paragraphs_begin_with_an_indent_or_after_a_short_line() {
        let page = vec![
            line("电池自交付之日起保修八年或者十六万公里", 70.0, 700.0),
            line("以先达到者为准，事故造成的损坏不在此列内", 50.0, 684.0),
            line("车主应当妥善保管购车的发票和保养的记录", 70.0, 668.0),
            line("并且按时保养。", 50.0, 652.0),
            line("短行", 50.0, 636.0),
            line("保修期从签收当天开始计算，没有签收记录的", 50.0, 620.0),
            line("从发票日期开始计算。", 50.0, 604.0),
        ];
        let expected = "电池自交付之日起保修八年或者十六万公里以先达到者为准，事故造成的损坏不在此列内\n\n\
            车主应当妥善保管购车的发票和保养的记录并且按时保养。\n\n短行\n\n\
            保修期从签收当天开始计算，没有签收记录的从发票日期开始计算。";
        assert_eq!(read(vec![page]), expected);
    }

    #[test]
    fn a_gap_between_lines_parts_paragraphs() {
        let page = vec![
            line("电池自交付之日起保修八年或者十六万公里", 50.0, 700.0),
            line("以先达到者为准，事故造成的损坏不在此列", 50.0, 684.0),
            line("车主应当妥善保管购车的发票和保养的记录", 50.0, 656.0),
            line("以先达到者为准，事故造成的损坏不在此列", 50.0, 640.0),
        ];
        assert_eq!(read(vec![page]).lines().count(), 3);
    }

    #[test]
    fn broken_words_are_mended_and_columns_follow_each_other() {
        let page = vec![
            line("the warranty of the bat\u{ad}", 50.0, 700.0),
            line("tery ends after a well-", 50.0, 684.0),
            line("known time of eight long", 50.0, 668.0),
            line("years and some more days", 300.0, 700.0),
            line("of summer.", 300.0, 684.0),
        ];
        let expected = "the warranty of the battery ends after a well-known time of eight long \
            years and some more days of summer.";
        assert_eq!(read(vec![page]), expected);
    }

    #[test]
    fn a_heading_at_the_foot_of_a_page_does_not_run_into_the_next() {
        let first = vec![
            line("保修期从签收当天开始计算，没有记录的", 50.0, 100.0),
            line("注意事项", 50.0, 84.0),
        ];
        let second = vec![line(
            "电池保修八年，电机保修五年，车架保修三年",
            50.0,
            700.0,
        )];
        assert!(read(vec![first, second]).contains("注意事项\n\n电池"));
    }
}
