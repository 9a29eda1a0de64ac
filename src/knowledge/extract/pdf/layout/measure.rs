//! What is usual in a document: the size of its text, the distance of its lines.

use std::collections::HashMap;

use super::super::super::{
    BlockKind, plain,
    wide::{columns, is_wide},
};
use super::super::Line;

/// Text so much larger than the rest is a heading.
const HEADING_SIZE: f32 = 1.14;
/// Text up to so much larger is of the same size.
pub const SAME_SIZE: f32 = 1.04;
/// Longest heading, in columns.
const HEADING_COLUMNS_MAX: u32 = 120;
/// Distance of lines that do not tell, as a multiple of their size.
const STEP_USUAL: f32 = 1.6;
/// Lines before and behind that show where the right edge of a column is.
const NEIGHBOURS: usize = 30;

/// Measures of a document.
#[derive(Debug)]
pub struct Measure {
    body: f32,
    /// Sizes of headings, the largest first.
    headings: Vec<f32>,
    /// Usual distance of lines, as a multiple of their size.
    step: f32,
}

impl Measure {
    pub fn of<'a>(pages: impl Iterator<Item = &'a Vec<Line>> + Clone) -> Self {
        let mut chars: HashMap<i32, usize> = HashMap::new();
        let mut steps = Vec::new();
        for lines in pages.clone() {
            for line in lines {
                *chars.entry(key(line.size)).or_default() += line.text.chars().count();
            }
            steps.extend(lines.windows(2).filter_map(|pair| step(&pair[0], &pair[1])));
        }
        steps.sort_by(f32::total_cmp);
        let most = chars.iter().max_by_key(|(size, count)| (**count, **size));
        let body = most.map_or(0.0, |(size, _)| *size as f32 / 2.0);
        let mut measure = Self {
            body,
            headings: Vec::new(),
            step: steps.get(steps.len() / 2).copied().unwrap_or(STEP_USUAL),
        };
        let mut sizes: Vec<f32> = pages
            .flatten()
            .filter(|line| measure.is_large(line))
            .map(|line| line.size)
            .collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        sizes.dedup();
        measure.headings = sizes;
        measure
    }

    /// What a line is by itself.
    pub fn kind(&self, line: &Line) -> BlockKind {
        let text = line.text.as_str();
        if self.is_large(line) {
            let rank = self.headings.iter().position(|size| *size == line.size);
            let level = rank.map_or(6, |rank| (rank + 1).min(6));
            return BlockKind::Heading(u8::try_from(level).unwrap_or(6));
        }
        if let Some(level) = plain::heading_level(text) {
            let below = u8::try_from(self.headings.len()).unwrap_or(6);
            return BlockKind::Heading(level.saturating_add(below).min(6));
        }
        match text.matches('\t').count() {
            0 | 1 if plain::starts_item(text) => BlockKind::ListItem,
            0 => BlockKind::Paragraph,
            _ => BlockKind::Table,
        }
    }

    /// The usual distance of lines of a size, in points.
    pub fn step(&self, size: f32) -> f32 {
        self.step * size
    }

    fn is_large(&self, line: &Line) -> bool {
        let large = line.size >= self.body * HEADING_SIZE
            || (line.size > self.body * SAME_SIZE && starts_with_number(&line.text));
        large
            && columns(&line.text) <= HEADING_COLUMNS_MAX
            && line.text.chars().any(char::is_alphabetic)
            && !line.text.ends_with(['。', '；', '，', ','])
    }
}

/// `5.2 保养时间表`, `3、保养`, `二、保养`.
fn starts_with_number(text: &str) -> bool {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let number = text.split(char::is_whitespace).next().unwrap_or("");
    let dotted = digits && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    (dotted && number.len() < text.len()) || plain::starts_item(text)
}

fn key(size: f32) -> i32 {
    (size * 2.0).round() as i32
}

/// The distance of two lines of one size, as a multiple of it.
fn step(upper: &Line, lower: &Line) -> Option<f32> {
    let step = (upper.bottom - lower.bottom) / lower.size;
    (upper.size == lower.size && step > 0.5 && step < 3.0).then_some(step)
}

/// Whether a line ends where the next word, the first of `next`, would not have fit.
pub fn is_full(lines: &[Line], at: usize, next: &str) -> bool {
    let Some(line) = lines.get(at) else {
        return false;
    };
    let near = &lines[at.saturating_sub(NEIGHBOURS)..lines.len().min(at + NEIGHBOURS)];
    let edge = near
        .iter()
        .filter(|other| other.left < line.right && other.right > line.left)
        .map(|other| other.right)
        .fold(line.right, f32::max);
    let word: String = next.chars().take_while(|c| !c.is_whitespace()).collect();
    let letters = match word.chars().position(is_wide) {
        Some(0) => 2,
        Some(letters) => letters,
        None => word.chars().count(),
    };
    edge - line.right <= (letters.min(LETTERS_MAX) as f32 / 2.0 + 1.0) * line.size
}

/// Letters of a word; longer ones are broken anywhere.
const LETTERS_MAX: usize = 30;
