//! Turns the bytes of a document into clean text with its structure.
//!
//! The text is a rendering, not the source: what a reader sees, without front matter, comments,
//! emphasis marks and the like. Quotes are cut out of it and shown to people, so it must read
//! well on its own; and every format yields the same shapes, so nothing behind this door needs to
//! know where a text came from. Tables are Markdown tables, list items begin with their marker.
//! All positions are counted in Unicode code points.

mod charset;
mod html;
mod kind;
mod markdown;
mod name;
pub mod pdf;
mod plain;
mod table;
pub(in crate::knowledge) mod wide;
mod writer;

#[cfg(test)]
mod tests;

pub use kind::kind;
pub use name::clean_file_name;

use crate::error::{Error, Result};
use writer::Writer;

/// Text that people write in the form in which documents are stored.
pub fn clean_text(raw: &str) -> String {
    writer::clean(raw).into_owned()
}

/// Bytes at the front of a document that [`kind()`] wants to see, where there are so many.
pub const HEAD_BYTES: usize = 4_096;

/// What was found in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// The text: NFC, lines end with LF, no control characters besides LF and tab.
    pub text: String,
    /// Where each page stands in the text; empty for formats without pages. In order, without
    /// overlap; a page without text is an empty span.
    pub pages: Vec<PageSpan>,
    /// Pages that could not be read; the others were.
    pub page_errors: Vec<PageError>,
    /// The parts of the text: in order, without overlap, and everything that is not white space
    /// is in one of them.
    pub blocks: Vec<Block>,
    /// The title the document gives itself.
    pub title: Option<String>,
}

/// The text of one page, from code point `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSpan {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// First code point.
    pub start: u32,
    /// Code point behind the last.
    pub end: u32,
}

/// A page that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// Why, in a sentence for people.
    pub detail: String,
}

/// A part of the text, from code point `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// First code point.
    pub start: u32,
    /// Code point behind the last.
    pub end: u32,
    /// What it is.
    pub kind: BlockKind,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading; 1 is the highest level, 6 the lowest.
    Heading(u8),
    /// Running text.
    Paragraph,
    /// An item of a list, with its marker.
    ListItem,
    /// A Markdown table (or, out of a PDF, lines of columns).
    Table,
    /// Lines that are kept as they are.
    Code,
}

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PDF with a text layer.
    Pdf,
    /// Markdown (CommonMark with tables).
    Markdown,
    /// HTML.
    Html,
    /// Plain text in any common encoding.
    Text,
}

/// How much one document may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes_max: usize,
    /// Code points of its text.
    pub text_chars_max: u32,
    /// Headings, paragraphs, list items, tables.
    pub blocks_max: usize,
    /// Pages of a PDF.
    pub pages_max: u32,
    /// Seconds for reading it, by the clock on the wall and by the processor.
    pub seconds_max: u64,
    /// Memory of the process that reads a PDF, in MiB of address space.
    pub memory_mib_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 50 << 20,
            text_chars_max: 5_000_000,
            blocks_max: 200_000,
            pages_max: 5_000,
            seconds_max: 120,
            memory_mib_max: 1_024,
        }
    }
}

/// A document to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its format, from [`kind()`].
    pub kind: Kind,
    /// The encoding its sender names (`charset` of the media type), if any.
    pub charset: Option<String>,
    /// The document.
    pub bytes: Vec<u8>,
}

/// Reads a document: PDF in a process of its own, everything else on a blocking thread.
///
/// # Errors
/// `TooLarge` past a limit (the text names it), `Invalid` for a document that is empty, broken,
/// protected, or has no text, `Internal` when the PDF worker cannot be started.
pub async fn extract(source: Source, limits: &Limits, worker: &pdf::Worker) -> Result<Extracted> {
    if source.bytes.len() > limits.bytes_max {
        return Err(Error::TooLarge(format!(
            "The document is larger than {} bytes.",
            limits.bytes_max
        )));
    }
    let extracted = if source.kind == Kind::Pdf {
        pdf::extract(source.bytes, limits, worker).await?
    } else {
        let limits = limits.clone();
        tokio::task::spawn_blocking(move || read(&source, &limits))
            .await
            .map_err(Error::internal)??
    };
    if extracted.text.is_empty() {
        return Err(Error::invalid(match extracted.page_errors.first() {
            Some(error) => format!(
                "No page of the document could be read. Page {}: {}",
                error.page, error.detail
            ),
            None => "There is no text in the document. Scanned pages must go through text \
                     recognition first."
                .to_owned(),
        }));
    }
    Ok(extracted)
}

/// Reads a document of any kind but PDF.
fn read(source: &Source, limits: &Limits) -> Result<Extracted> {
    let label = source.charset.as_deref();
    let mut writer = Writer::new(limits);
    match source.kind {
        Kind::Html => html::read(&mut writer, &charset::decode_html(&source.bytes, label)?)?,
        Kind::Markdown => markdown::read(&mut writer, &charset::decode(&source.bytes, label)?)?,
        Kind::Text => plain::read(&mut writer, &charset::decode(&source.bytes, label)?)?,
        Kind::Pdf => return Err(Error::Internal(anyhow::anyhow!("a PDF is read elsewhere"))),
    }
    Ok(writer.finish())
}
