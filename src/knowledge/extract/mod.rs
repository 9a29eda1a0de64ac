//! Turns the bytes of a document into clean text with its structure.
//!
//! The text is a rendering, not the source: what a reader sees, without front matter, comments,
//! emphasis marks and the like. Quotes are cut out of it and shown to people, so it must read
//! well on its own; and every format yields the same shapes, so nothing behind this door needs to
//! know where a text came from. Tables are Markdown tables, list items begin with their marker.
//! All positions are counted in Unicode code points.

mod charset;
mod confined;
mod delimited;
mod grid;
mod html;
mod json;
mod kind;
mod mail;
mod markdown;
mod markup;
mod name;
mod package;
pub mod pdf;
mod picture;
mod plain;
mod rst;
mod rtf;
mod table;
mod tree;
pub(in crate::knowledge) mod wide;
mod writer;
mod xml;

#[cfg(test)]
mod tests;

pub use kind::kind;
pub use name::{clean_file_name, shown};
pub use picture::Ocr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use pdf::Worker;
use writer::Writer;

/// Text that people write in the form in which documents are stored.
pub fn clean_text(raw: &str) -> String {
    writer::clean(raw).into_owned()
}

/// What can be read in a piece of HTML, as one text.
///
/// # Errors
/// `TooLarge` or `Invalid` for one that is too long, or takes too long to read.
pub fn text_of_html(source: &str) -> Result<String> {
    let limits = Limits {
        text_chars_max: 1 << 20,
        blocks_max: 10_000,
        seconds_max: 1,
        ..Limits::default()
    };
    let mut writer = Writer::new(&limits);
    html::read(&mut writer, source)?;
    Ok(writer.finish().text)
}

/// Bytes at the front of a document that [`kind()`] wants to see, where there are so many.
pub const HEAD_BYTES: usize = 4_096;

/// What was found in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// The text: NFC, lines end with LF, no control characters besides LF and tab.
    pub text: String,
    /// Where each page or slide stands in the text; empty for formats without pages. In order,
    /// without overlap; a page without text is an empty span.
    pub pages: Vec<PageSpan>,
    /// Pages that could not be read; the others were. Where there are no pages, it is a part that
    /// is counted: a sheet, a chapter, a line, an attachment.
    pub page_errors: Vec<PageError>,
    /// The parts of the text: in order, without overlap, and everything that is not white space
    /// is in one of them.
    pub blocks: Vec<Block>,
    /// The title the document gives itself.
    pub title: Option<String>,
}

/// The text of one page, from code point `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSpan {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// First code point.
    pub start: u32,
    /// Code point behind the last.
    pub end: u32,
}

/// A page that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageError {
    /// Number of the page; the first is 1.
    pub page: u32,
    /// Why, in a sentence for people.
    pub detail: String,
}

/// A part of the text, from code point `start` up to but not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// First code point.
    pub start: u32,
    /// Code point behind the last.
    pub end: u32,
    /// What it is.
    pub kind: BlockKind,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// PDF with a text layer.
    Pdf,
    /// Markdown (CommonMark with tables).
    Markdown,
    /// HTML.
    Html,
    /// Plain text in any common encoding.
    Text,
    /// A ZIP container: Word, PowerPoint, Excel, OpenDocument, EPUB. Its entries tell which.
    Package,
    /// A container of old Office programs; sheets in it are read.
    Ole,
    /// RTF.
    Rtf,
    /// CSV and its kin.
    Delimited,
    /// A mail with what it carries.
    Mail,
    /// JSON.
    Json,
    /// JSON, a value a line.
    JsonLines,
    /// XML that is no HTML.
    Xml,
    /// reStructuredText.
    Rst,
    /// A picture of text: PNG, JPEG, TIFF, WebP.
    Picture,
}

impl Kind {
    /// Whether it is read in the confined process: what is packed, nested or needs a program of
    /// others can take far more memory than its size tells.
    fn is_confined(self) -> bool {
        matches!(
            self,
            Self::Package | Self::Ole | Self::Json | Self::JsonLines | Self::Xml
        )
    }
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
    /// Pages of a PDF, slides, sheets.
    pub pages_max: u32,
    /// Seconds for reading it, by the clock on the wall and by the processor.
    pub seconds_max: u64,
    /// Memory of the process that reads a document, in MiB of address space.
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

/// Reads a document: what is risky in a process of its own, everything else on a blocking thread.
///
/// # Errors
/// `TooLarge` past a limit (the text names it), `Invalid` for a document that is empty, broken,
/// protected, or has no text, `Unsupported` for one that turns out to be of a kind that is not
/// read, `Internal` when the worker cannot be started.
pub async fn extract(source: Source, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    read_one(source, limits, worker, true).await
}

/// Reads a document; `opens` says whether what it carries is read too.
async fn read_one(
    source: Source,
    limits: &Limits,
    worker: &Worker,
    opens: bool,
) -> Result<Extracted> {
    if source.bytes.len() > limits.bytes_max {
        return Err(Error::TooLarge(format!(
            "The document is larger than {} bytes.",
            limits.bytes_max
        )));
    }
    let is_picture = source.kind == Kind::Picture;
    let extracted = match source.kind {
        Kind::Pdf => pdf::extract(source.bytes, limits, worker).await?,
        Kind::Picture => picture::extract(source.bytes, limits, worker).await?,
        Kind::Mail => mail::extract(source.bytes, limits, worker, opens).await?,
        kind if kind.is_confined() => confined::extract(source, limits, worker).await?,
        _ => {
            let limits = limits.clone();
            tokio::task::spawn_blocking(move || read(source, &limits))
                .await
                .map_err(Error::internal)??
        }
    };
    if extracted.text.is_empty() {
        return Err(Error::invalid(match extracted.page_errors.first() {
            Some(error) => format!(
                "No page of the document could be read. Page {}: {}",
                error.page, error.detail
            ),
            None if is_picture => "No text was recognised in the picture.".to_owned(),
            None => "There is no text in the document. Scanned pages must go through text \
                     recognition first."
                .to_owned(),
        }));
    }
    Ok(extracted)
}

/// Reads a document that needs no other program.
fn read(source: Source, limits: &Limits) -> Result<Extracted> {
    let Source {
        kind,
        charset: label,
        bytes,
    } = source;
    let text = || charset::decode(&bytes, label.as_deref());
    let mut writer = Writer::new(limits);
    let mut page_errors = Vec::new();
    match kind {
        Kind::Html => html::read(
            &mut writer,
            &charset::decode_html(&bytes, label.as_deref())?,
        )?,
        Kind::Markdown => markdown::read(&mut writer, &text()?)?,
        Kind::Text => plain::read(&mut writer, &text()?)?,
        Kind::Rst => rst::read(&mut writer, &text()?)?,
        Kind::Rtf => rtf::read(&mut writer, &bytes)?,
        Kind::Xml => markup::read(&mut writer, &bytes)?,
        Kind::Json => json::read(&mut writer, &text()?)?,
        Kind::JsonLines => page_errors = json::read_lines(&mut writer, &text()?)?,
        Kind::Delimited => {
            let missing = delimited::read(&mut writer, &text()?)?;
            page_errors.extend(missing.map(|detail| PageError { page: 1, detail }));
        }
        Kind::Package => return package::read(bytes, limits),
        Kind::Ole => return package::read_old(bytes, limits),
        Kind::Pdf | Kind::Picture | Kind::Mail => {
            return Err(Error::Internal(anyhow::anyhow!(
                "{kind:?} is read elsewhere"
            )));
        }
    }
    Ok(Extracted {
        page_errors,
        ..writer.finish()
    })
}
