//! What the server and its PDF worker say to each other: one JSON object a line.

use serde::{Deserialize, Serialize};

use super::{
    super::{Extracted, Kind, Limits, Ocr},
    Picture,
};

/// The first line the worker reads; the document follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// What is to be done with it.
    pub work: Work,
    /// Pages the document may have.
    pub pages_max: u32,
    /// Code points it may have.
    pub text_chars_max: u32,
    /// Headings, paragraphs, list items, tables it may have.
    pub blocks_max: usize,
    /// Seconds of processor time.
    pub seconds_max: u64,
    /// Address space in MiB.
    pub memory_mib_max: u64,
}

impl Task {
    /// Work under the limits of a document.
    pub fn new(work: Work, limits: &Limits) -> Self {
        Self {
            work,
            pages_max: limits.pages_max,
            text_chars_max: limits.text_chars_max,
            blocks_max: limits.blocks_max,
            seconds_max: limits.seconds_max,
            memory_mib_max: limits.memory_mib_max,
        }
    }

    /// The limits of a document.
    pub fn limits(&self) -> Limits {
        Limits {
            pages_max: self.pages_max,
            text_chars_max: self.text_chars_max,
            blocks_max: self.blocks_max,
            seconds_max: self.seconds_max,
            memory_mib_max: self.memory_mib_max,
            ..Limits::default()
        }
    }
}

/// What a worker can do with a document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Send the lines of a PDF, page by page.
    Lines,
    /// Draw a page of a PDF.
    Draw(Picture),
    /// Read a document of another kind.
    Read {
        /// Its kind.
        kind: Kind,
        /// The encoding its sender names.
        charset: Option<String>,
    },
    /// Recognise the text of a picture.
    Recognise(Ocr),
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
    /// A document that is no PDF.
    Whole(Extracted),
    /// The text of a picture; between pages stands a form feed.
    Recognised(String),
    /// It is not read, because of this.
    Failed {
        /// Whose turn it is.
        cause: Cause,
        /// Why, in a sentence for people.
        detail: String,
    },
}

/// The errors that a document can bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It is broken, protected or empty.
    Invalid,
    /// It is past a limit.
    TooLarge,
    /// It is of a kind that is not read.
    Unsupported,
    /// The fault is ours.
    Internal,
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
