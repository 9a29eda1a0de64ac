//! Cuts a document into chunks: pieces small enough to be found and quoted, whole enough to be
//! understood.
//!
//! Chunks do not overlap: a word that stood in two of them would count twice in the lexical leg,
//! and a quote would have two places. What an overlap gives, the context gives: the headings a
//! chunk stands under, and the head of a table that goes on in it.

mod cut;
mod sentence;

pub use sentence::sentences;

use aws_lc_rs::digest::{SHA256, digest};

use super::extract::{Block, BlockKind, Extracted, wide::columns};
use cut::{Cutter, Span};

/// How large chunks are, in columns: a letter takes one, a Chinese character two.
#[derive(Clone, Debug)]
pub struct ChunkLimits {
    /// A chunk is closed when the next sentence would take it past this.
    pub columns_target: u32,
    /// No chunk is larger, unless a single grapheme is.
    pub columns_max: u32,
    /// Code points of the context.
    pub context_chars_max: usize,
}

/// The built-in MiniLM reads 256 tokens, about 1,100 English letters; 900 with a context of
/// headings stay below that. In Chinese it is 450 characters, which models for Chinese take whole
/// too (most read 512 tokens, at most one and a half per character), and close to what one
/// section of a manual or a regulation has.
impl Default for ChunkLimits {
    fn default() -> Self {
        Self {
            columns_target: 700,
            columns_max: 900,
            context_chars_max: 200,
        }
    }
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its number; the first is 0.
    pub ordinal: u32,
    /// First code point.
    pub start: u32,
    /// Code point behind the last.
    pub end: u32,
    /// Exactly the text from `start` to `end`.
    pub text: String,
    /// The headings above it, the highest first, like `保修 > 电池`; then the head of a table
    /// that began earlier.
    pub context: String,
    /// The page on which it begins.
    pub page: Option<u32>,
    /// What its sender says about it.
    pub metadata: Option<serde_json::Value>,
}

/// SHA-256 of the text by which a chunk is searched.
pub type TextHash = [u8; 32];

impl Chunk {
    /// A chunk is searched together with the headings above it.
    pub fn searched_text(&self) -> String {
        if self.context.is_empty() {
            self.text.clone()
        } else {
            format!("{}\n{}", self.context, self.text)
        }
    }

    /// By what the same text is known again.
    pub fn searched_hash(&self) -> TextHash {
        let mut hash = [0; 32];
        let text = self.searched_text();
        hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        hash
    }
}

/// Cuts a document. Every character that is not white space is in exactly one chunk. A heading
/// begins a chunk; blocks stay whole where they fit, then sentences and rows, then clauses and
/// words; a grapheme is never cut unless it alone is larger than a chunk may be.
pub fn split(extracted: &Extracted, limits: &ChunkLimits) -> Vec<Chunk> {
    let mut cutter = Cutter::new(&extracted.text);
    let mut packer = Packer {
        limits,
        chunks: Vec::new(),
        path: Vec::new(),
        table: None,
        open: None,
    };
    for block in covering(extracted) {
        let Some(whole) = cutter.span(block.start, block.end) else {
            continue;
        };
        match block.kind {
            BlockKind::Table => packer.table(&whole, page(extracted, whole.start)),
            BlockKind::Heading(level) => packer.heading(level, &whole),
            _ => packer.table = None,
        }
        for part in cut::parts(&whole, block.kind, limits) {
            packer.add(&part, matches!(block.kind, BlockKind::Heading(_)));
        }
    }
    packer.close();
    let mut chunks = packer.chunks;
    for (ordinal, chunk) in (0..).zip(&mut chunks) {
        chunk.ordinal = ordinal;
        chunk.text = cutter.text(chunk.start, chunk.end).to_owned();
        chunk.page = page(extracted, chunk.start);
    }
    chunks
}

/// The blocks, and paragraphs for whatever they leave out.
fn covering(extracted: &Extracted) -> Vec<Block> {
    let end = u32::try_from(extracted.text.chars().count()).unwrap_or(u32::MAX);
    let gap = |start, end| Block {
        start,
        end,
        kind: BlockKind::Paragraph,
    };
    let mut all = Vec::with_capacity(extracted.blocks.len());
    let mut at = 0;
    for block in &extracted.blocks {
        let start = block.start.clamp(at, end);
        let stop = block.end.clamp(start, end);
        all.push(gap(at, start));
        all.push(Block {
            start,
            end: stop,
            kind: block.kind,
        });
        at = stop;
    }
    all.push(gap(at, end));
    all
}

fn page(extracted: &Extracted, start: u32) -> Option<u32> {
    let behind = extracted.pages.partition_point(|span| span.start <= start);
    let span = extracted.pages.get(behind.checked_sub(1)?)?;
    Some(span.page)
}

/// Between the cells of a head.
const CELL: &str = " | ";

/// The first row of a table, with ` | ` between its cells.
fn table_head(table: &str) -> String {
    let row = table.lines().next().unwrap_or("").trim_matches(' ');
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut chars = row.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, cells.last_mut()) {
            // a mark that belongs to the text of its cell
            ('\\', Some(cell)) if chars.next_if_eq(&'|').is_some() => cell.push('|'),
            ('|' | '\t', _) => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    let flat = |cell: &String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
    cells.iter().map(flat).collect::<Vec<_>>().join(CELL)
}

struct Open {
    start: u32,
    end: u32,
    columns: u32,
    context: String,
    only_headings: bool,
}

struct Table {
    head: String,
    page: Option<u32>,
}

struct Packer<'a> {
    limits: &'a ChunkLimits,
    chunks: Vec<Chunk>,
    /// The headings above, with their levels.
    path: Vec<(u8, String)>,
    /// The table that is being packed.
    table: Option<Table>,
    open: Option<Open>,
}

impl Packer<'_> {
    /// A table at the top of a page goes on with one of as many columns on the page before.
    fn table(&mut self, span: &Span<'_>, page: Option<u32>) {
        let head = table_head(span.text);
        let columns = |head: &str| head.matches(CELL).count();
        let before = self.table.take().filter(|before| {
            let next = before.page.map(|page| page.saturating_add(1));
            next.is_some() && next == page && columns(&before.head) == columns(&head)
        });
        let head = before.map_or(head, |before| before.head);
        self.table = Some(Table { head, page });
    }

    /// A heading ends the chunk before it, unless that is only headings.
    fn heading(&mut self, level: u8, span: &Span<'_>) {
        self.table = None;
        if self.open.as_ref().is_some_and(|open| !open.only_headings) {
            self.close();
        }
        self.path.retain(|(above, _)| *above < level);
        let words: Vec<&str> = span.text.split_whitespace().collect();
        self.path.push((level, words.join(" ")));
    }

    fn add(&mut self, part: &Span<'_>, is_heading: bool) {
        let size = columns(part.text);
        let limits = self.limits;
        // the space between the two counts as well
        let sum = self.open.as_ref().map_or(0, |open| {
            let space = part.start.saturating_sub(open.end).saturating_mul(2);
            open.columns.saturating_add(space).saturating_add(size)
        });
        let fits = self.open.as_ref().is_some_and(|open| {
            sum <= limits.columns_target
                || (sum <= limits.columns_max
                    && (open.columns < limits.columns_target / 2 || open.only_headings))
        });
        if !fits {
            let goes_on = self.open.is_some();
            self.close();
            let table = self.table.as_ref().filter(|_| goes_on);
            let table = table.map_or_else(String::new, |table| table.head.clone());
            self.open = Some(Open {
                start: part.start,
                end: part.end,
                columns: size,
                context: self.context(&table),
                only_headings: is_heading,
            });
            return;
        }
        let context = self.context("");
        if let Some(open) = &mut self.open {
            if open.only_headings {
                open.context = context;
            }
            open.end = part.end;
            open.columns = sum;
            open.only_headings &= is_heading;
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.chunks.push(Chunk {
                ordinal: 0,
                start: open.start,
                end: open.end,
                text: String::new(),
                context: open.context,
                page: None,
                metadata: None,
            });
        }
    }

    /// What is too long loses its highest headings first: the nearest say most. The head of a
    /// table takes at most two thirds.
    fn context(&self, table: &str) -> String {
        let most = self.limits.context_chars_max;
        let cut = |text: &str, chars| text.chars().take(chars).collect::<String>();
        let path = self.path.iter().map(|(_, heading)| cut(heading, most));
        let table = cut(
            table,
            if self.path.is_empty() {
                most
            } else {
                most * 2 / 3
            },
        );
        let parts = path.chain([table]).filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.collect();
        let whole = (0..parts.len()).map(|from| parts[from..].join(" > "));
        let mut fitting = whole.filter(|whole| whole.chars().count() <= most);
        fitting.next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
