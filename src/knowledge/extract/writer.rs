//! Puts blocks together into one clean text and keeps their places in it.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::{Block, BlockKind, Extracted, Limits};
use crate::error::{Error, Result};

/// Collects blocks. Between two of them stands an empty line; between list items a line feed.
pub struct Writer<'l> {
    limits: &'l Limits,
    text: String,
    chars: u32,
    blocks: Vec<Block>,
    title: Option<String>,
}

/// How far a text has come.
#[derive(Clone, Copy)]
pub struct Mark {
    blocks: usize,
    bytes: usize,
    chars: u32,
}

impl<'l> Writer<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            text: String::new(),
            chars: 0,
            blocks: Vec::new(),
            title: None,
        }
    }

    /// Limits under which this document is read.
    pub fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// Code points so far.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// Blocks so far.
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Where the block of this number begins; the first is 0.
    pub fn start_of(&self, block: usize) -> Option<u32> {
        self.blocks.get(block).map(|block| block.start)
    }

    /// A place to which [`Self::back_to`] can go back.
    pub fn mark(&self) -> Mark {
        Mark {
            blocks: self.blocks.len(),
            bytes: self.text.len(),
            chars: self.chars,
        }
    }

    /// Takes back what was written since.
    pub fn back_to(&mut self, mark: Mark) {
        self.blocks.truncate(mark.blocks);
        self.text.truncate(mark.bytes);
        self.chars = mark.chars;
    }

    /// Where the last block begins.
    pub fn last_start(&self) -> u32 {
        self.blocks.last().map_or(self.chars, |block| block.start)
    }

    /// Kind of the last block.
    pub fn last_kind(&self) -> Option<BlockKind> {
        self.blocks.last().map(|block| block.kind)
    }

    /// Adds a block, unless nothing but white space is in it. Returns whether it did.
    ///
    /// # Errors
    /// `TooLarge` past `text_chars_max` or `blocks_max`.
    pub fn block(&mut self, kind: BlockKind, raw: &str) -> Result<bool> {
        let clean = clean(raw);
        let body = trim(&clean, kind);
        if body.trim().is_empty() {
            return Ok(false);
        }
        if self.blocks.len() >= self.limits.blocks_max {
            return Err(Error::TooLarge(format!(
                "The document has more than {} paragraphs, headings and tables.",
                self.limits.blocks_max
            )));
        }
        let items = kind == BlockKind::ListItem && self.last_kind() == Some(BlockKind::ListItem);
        let separator = match (self.text.is_empty(), items) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        self.push(separator)?;
        let start = self.chars;
        self.push(body)?;
        self.blocks.push(Block {
            start,
            end: self.chars,
            kind,
        });
        Ok(true)
    }

    /// Goes on with the last block: what follows belongs to the same paragraph. Returns where it
    /// begins.
    ///
    /// # Errors
    /// `TooLarge` past `text_chars_max`.
    pub fn extend(&mut self, joint: &str, raw: &str) -> Result<u32> {
        let clean = clean(raw);
        let body = clean.trim();
        // without a space a mark at the front would merge with the character before it
        let marked = body.starts_with(unicode_normalization::char::is_combining_mark);
        self.push(if marked { " " } else { joint })?;
        let start = self.chars;
        self.push(body)?;
        if let Some(last) = self.blocks.last_mut() {
            last.end = self.chars;
        }
        Ok(start)
    }

    /// Keeps the first title that says something.
    pub fn title(&mut self, raw: &str) {
        let flowing = super::wide::flow(raw);
        let title: String = clean(&flowing)
            .trim()
            .chars()
            .take(TITLE_CHARS_MAX)
            .collect();
        if self.title.is_none() && !title.is_empty() {
            self.title = Some(title.replace('\n', " "));
        }
    }

    /// The document, without pages.
    pub fn finish(self) -> Extracted {
        Extracted {
            text: self.text,
            blocks: self.blocks,
            title: self.title,
            pages: Vec::new(),
            page_errors: Vec::new(),
        }
    }

    fn push(&mut self, piece: &str) -> Result<()> {
        let chars = u32::try_from(piece.chars().count()).unwrap_or(u32::MAX);
        self.chars = self.chars.saturating_add(chars);
        if self.chars > self.limits.text_chars_max {
            return Err(Error::TooLarge(format!(
                "The document has more than {} characters of text.",
                self.limits.text_chars_max
            )));
        }
        self.text.push_str(piece);
        Ok(())
    }
}

/// Characters of a title that are kept.
const TITLE_CHARS_MAX: usize = 200;

/// Text in the form in which it is stored: NFC, line feeds, no control characters but line feed
/// and tab, no byte order marks.
pub fn clean(raw: &str) -> Cow<'_, str> {
    // most is clean as it comes, and may be large
    if raw.chars().all(is_kept) && is_nfc(raw) {
        return Cow::Borrowed(raw);
    }
    let mut clean = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            c if is_kept(c) => clean.push(c),
            _ => {}
        }
    }
    Cow::Owned(if is_nfc(&clean) {
        clean
    } else {
        clean.nfc().collect()
    })
}

fn is_kept(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{ad}' => false,
        c => !c.is_control(),
    }
}

/// Code keeps the indentation of its first line.
fn trim(text: &str, kind: BlockKind) -> &str {
    let text = text.trim_end();
    match kind {
        BlockKind::Code => text.trim_start_matches(['\n', '\r']),
        BlockKind::ListItem => text.trim_start_matches('\n'),
        _ => text.trim_start(),
    }
}
