//! Cuts one block into parts that each fit into a chunk.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    super::extract::{
        BlockKind,
        wide::{columns, is_wide},
    },
    ChunkLimits,
    sentence::{sentences, trim_end},
};

/// A piece of the text, from code point `start` up to but not including `end`.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    pub start: u32,
    pub end: u32,
    pub text: &'a str,
}

impl<'a> Span<'a> {
    /// The part of this span at these bytes, `chars` code points behind its start.
    fn part(&self, chars: usize, text: &'a str) -> Self {
        let start = self.start + to_u32(chars);
        Self {
            start,
            end: start + to_u32(text.chars().count()),
            text,
        }
    }
}

/// Finds code points in a text; quick when asked in ascending order.
pub struct Cutter<'a> {
    whole: &'a str,
    byte: usize,
    char: u32,
}

impl<'a> Cutter<'a> {
    pub fn new(whole: &'a str) -> Self {
        Self {
            whole,
            byte: 0,
            char: 0,
        }
    }

    /// The text between two code points.
    pub fn text(&mut self, start: u32, end: u32) -> &'a str {
        let from = self.seek(start);
        let to = self.seek(end);
        &self.whole[from..to]
    }

    /// The same without the white space around it; `None` when nothing else is there.
    pub fn span(&mut self, start: u32, end: u32) -> Option<Span<'a>> {
        let text = trim_end(self.text(start, end));
        let blank = text
            .graphemes(true)
            .take_while(|grapheme| grapheme.chars().all(char::is_whitespace))
            .map(str::len)
            .sum::<usize>();
        let (before, text) = text.split_at(blank);
        let start = start + to_u32(before.chars().count());
        let end = start + to_u32(text.chars().count());
        (!text.is_empty()).then_some(Span { start, end, text })
    }

    fn seek(&mut self, char: u32) -> usize {
        if char < self.char {
            (self.byte, self.char) = (0, 0);
        }
        let rest = &self.whole[self.byte..];
        let ahead = (char - self.char) as usize;
        let bytes = rest
            .char_indices()
            .nth(ahead)
            .map_or(rest.len(), |(at, _)| at);
        self.byte += bytes;
        self.char = char;
        self.byte
    }
}

/// The parts of a block: itself if it fits, else its rows, lines or sentences, cut further where
/// even those do not fit.
pub fn parts<'a>(block: &Span<'a>, kind: BlockKind, limits: &ChunkLimits) -> Vec<Span<'a>> {
    if columns(block.text) <= limits.columns_max {
        return vec![*block];
    }
    let units: Vec<Span<'a>> = match kind {
        BlockKind::Table | BlockKind::Code => lines(block),
        _ => sentences(block.text)
            .map(|(start, _, text)| block.part(start, text))
            .collect(),
    };
    let mut parts = Vec::new();
    for unit in units {
        if columns(unit.text) <= limits.columns_max {
            parts.push(unit);
        } else {
            clauses(&unit, limits, &mut parts);
        }
    }
    parts
}

fn lines<'a>(block: &Span<'a>) -> Vec<Span<'a>> {
    let mut found = Vec::new();
    let mut chars = 0;
    for line in block.text.split_inclusive('\n') {
        let text = line.trim_end_matches('\n');
        if !text.trim().is_empty() {
            found.push(block.part(chars, text));
        }
        chars += line.chars().count();
    }
    found
}

/// Cuts what is too long behind the last comma that leaves at least half a chunk, else behind
/// the last space or between two Chinese characters, else between any two graphemes.
fn clauses<'a>(unit: &Span<'a>, limits: &ChunkLimits, parts: &mut Vec<Span<'a>>) {
    let most = limits.columns_target.max(1);
    let mut rest = *unit;
    while columns(rest.text) > most {
        let at = cut_at(rest.text, most);
        let head = trim_end(&rest.text[..at]);
        if !head.is_empty() {
            parts.push(rest.part(0, head));
        }
        let chars = rest.text[..at].chars().count();
        let tail = &rest.text[at..];
        let blank: usize = tail
            .graphemes(true)
            .take_while(|grapheme| grapheme.chars().all(char::is_whitespace))
            .map(str::len)
            .sum();
        let chars = chars + tail[..blank].chars().count();
        rest = rest.part(chars, &tail[blank..]);
    }
    if !rest.text.is_empty() {
        parts.push(rest);
    }
}

/// The byte at which a text is cut so that at most `most` columns stand before it.
fn cut_at(text: &str, most: u32) -> usize {
    let (mut comma, mut word, mut any) = (None, None, 0);
    let mut width = 0;
    let mut graphemes = text.grapheme_indices(true).peekable();
    while let Some((at, grapheme)) = graphemes.next() {
        let size = columns(grapheme);
        let end = at + grapheme.len();
        if width + size > most {
            break;
        }
        width += size;
        any = end;
        let c = grapheme.chars().next().unwrap_or(' ');
        let next = graphemes.peek().and_then(|(_, next)| next.chars().next());
        let apart = next.is_none_or(char::is_whitespace);
        if width * 2 >= most && (matches!(c, '，' | '、' | '：') || (",;:".contains(c) && apart))
        {
            comma = Some(end);
        }
        if width * 2 >= most && (c.is_whitespace() || is_wide(c) && next.is_some_and(is_letter)) {
            word = Some(end);
        }
    }
    match comma.or(word) {
        Some(at) => at,
        None if any > 0 => any,
        // one grapheme larger than a chunk: a heap of combining marks
        None => text
            .char_indices()
            .nth(most as usize / 2)
            .map_or(text.len(), |(at, _)| at.max(1)),
    }
}

/// A Chinese character, so not a mark that must not begin a line.
fn is_letter(c: char) -> bool {
    is_wide(c) && c.is_alphabetic()
}

fn to_u32(chars: usize) -> u32 {
    u32::try_from(chars).unwrap_or(u32::MAX)
}
