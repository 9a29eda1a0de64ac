//! What the server and its PDF worker say to each other: one JSON object a line.

use serde::{Deserialize, Serialize};

use super::Picture;

/// The first line the worker reads; the document follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// Pages the document may have.
    pub pages_max: u32,
    /// Code points it may have.
    pub text_chars_max: u32,
    /// Seconds of processor time.
    pub seconds_max: u64,
    /// Address space in MiB.
    pub memory_mib_max: u64,
    /// A page to draw, instead of reading all of them.
    pub picture: Option<Picture>,
}

/// A line the worker writes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// The document could be opened.
    Document {
        /// Its pages.
        pages: u32,
        /// The title in its properties.
        title: Option<String>,
    },
    /// A page was read.
    Page {
        /// Its number; the first is 1.
        page: u32,
        /// Its lines, in reading order.
        lines: Vec<Line>,
    },
    /// A page could not be read.
    PageError {
        /// Its number; the first is 1.
        page: u32,
        /// Why.
        detail: String,
    },
    /// Nothing more will come, because of this.
    Refused(Refusal),
    /// A page as it looks.
    Picture {
        /// PNG in base64.
        png: String,
    },
    /// All pages have been sent.
    Done,
}

/// Why a document is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It opens with a password only.
    Password,
    /// Its protection is of a kind PDFium does not know.
    Security,
    /// It is not a PDF, or too damaged.
    Damaged,
    /// It has no page.
    NoPages,
    /// The page to draw is not there.
    NoSuchPage,
    /// It has more than `pages_max`.
    TooManyPages,
    /// It has more than `text_chars_max`.
    TooMuchText,
    /// The PDFium library cannot be used: the fault is ours.
    Library,
}

/// A line of text on a page, in points from the lower left corner. A tab in the text is a gap as
/// between the columns of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// Left edge.
    pub left: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Size of most of its characters.
    pub size: f32,
}
