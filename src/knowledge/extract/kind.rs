//! Which format a document is in: its name, its media type and its first bytes must agree.

use super::Kind;
use crate::error::{Error, Result};

/// Formats that are read, as people know them.
const KNOWN: &str = "PDF (.pdf), Word (.docx), PowerPoint (.pptx), Excel (.xlsx, .xls), \
    OpenDocument (.odt, .ods, .odp), EPUB (.epub), mail (.eml), RTF (.rtf), Markdown (.md), \
    reStructuredText (.rst), HTML (.html), plain text (.txt), CSV (.csv, .tsv), JSON (.json, \
    .jsonl), XML (.xml) and pictures of text (.png, .jpg, .tiff, .webp)";

/// Bytes at the front in which a PDF may begin; some writers put other things before it.
const PDF_FRONT_BYTES: usize = 1_024;

/// The format of a document. `head` is the document or its first
/// [`HEAD_BYTES`](super::HEAD_BYTES) or more. The extension
/// decides before the media type; without either the bytes do. What is in a ZIP container, its
/// entries tell when it is read.
///
/// # Errors
/// `Invalid` for an empty document, `Unsupported` (naming what is read) for a format that is not
/// read or a name that does not fit the bytes.
pub fn kind(file_name: &str, media_type: Option<&str>, head: &[u8]) -> Result<Kind> {
    if head.is_empty() {
        return Err(Error::invalid("The document is empty."));
    }
    let extension = extension(file_name);
    let by_type = media_type.and_then(by_media_type);
    let claimed = by_extension(&extension).or(by_type);
    let found = signature(head);
    let bare = extension.is_empty() && media_type.is_none_or(says_nothing);
    match (claimed, found) {
        (Some(claimed), Found::Text) if claimed.is_text() => Ok(claimed),
        // programs export tables for Excel that are web pages
        (Some(Kind::Ole), Found::Text)
            if looks_like(head, &[b"<!doctype html", b"<html", b"<table"]) =>
        {
            Ok(Kind::Html)
        }
        // old and new Office files and RTF are often called by each other's names
        (Some(claimed), Found::Is(kind, _))
            if claimed == kind || (claimed.is_office() && kind.is_office()) =>
        {
            Ok(kind)
        }
        // a page on the web may be called anything
        (Some(_), Found::Is(kind, _)) if by_type == Some(kind) => Ok(kind),
        (Some(claimed), found) => Err(unsupported(&format!(
            "The document is called {}, but it is {}.",
            claimed.name(),
            found.name()
        ))),
        (None, Found::Is(kind, _)) if extension.is_empty() => Ok(kind),
        (None, Found::Text) if bare => Ok(guess_text(head)),
        (None, Found::Other(name)) => Err(unsupported(&format!("The document is {name}."))),
        (None, _) => Err(unsupported(&match media_type {
            _ if !extension.is_empty() => format!("Documents of type .{extension} are not read."),
            Some(media_type) => format!(
                "Documents of type {} are not read.",
                super::name::shown(essence(media_type))
            ),
            None => "Documents of this type are not read.".to_owned(),
        })),
    }
}

fn unsupported(what: &str) -> Error {
    Error::Unsupported(format!("{what} What can be read: {KNOWN}."))
}

impl Kind {
    /// Whether its bytes are text that no signature tells from any other.
    fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Pdf | Self::Package | Self::Ole | Self::Rtf | Self::Picture
        )
    }

    fn is_office(self) -> bool {
        matches!(self, Self::Package | Self::Ole | Self::Rtf)
    }

    /// What people call it, with its article.
    fn name(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF",
            Self::Package => "an Office document or a book",
            Self::Ole => "an old Office document",
            Self::Rtf => "an RTF document",
            Self::Picture => "a picture",
            Self::Mail => "a mail",
            _ => "a text",
        }
    }
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A format that is read, with its name.
    Is(Kind, &'static str),
    /// Something else.
    Other(&'static str),
    /// Nothing: it may be text.
    Text,
}

impl Found {
    fn name(self) -> &'static str {
        match self {
            Self::Is(_, name) | Self::Other(name) => name,
            Self::Text => "not one",
        }
    }
}

/// The extension in lower case, if it looks like one.
fn extension(file_name: &str) -> String {
    match file_name.rsplit_once('.') {
        Some((_, extension))
            if (1..=10).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            extension.to_ascii_lowercase()
        }
        _ => String::new(),
    }
}

fn by_extension(extension: &str) -> Option<Kind> {
    Some(match extension {
        "pdf" => Kind::Pdf,
        "md" | "markdown" | "mdown" | "mkd" => Kind::Markdown,
        "html" | "htm" | "xhtml" => Kind::Html,
        "txt" | "text" | "log" => Kind::Text,
        // the letters m and t: with macros, which are not looked at, and templates
        "docx" | "docm" | "dotx" | "dotm" | "pptx" | "pptm" | "ppsx" | "ppsm" | "potx" | "xlsx"
        | "xlsm" | "xltx" | "xltm" | "xlsb" | "odt" | "ott" | "ods" | "ots" | "odp" | "otp"
        | "epub" => Kind::Package,
        "doc" | "dot" | "xls" | "xlt" | "ppt" | "pps" | "wps" | "et" | "msg" => Kind::Ole,
        "rtf" => Kind::Rtf,
        "csv" | "tsv" | "tab" => Kind::Delimited,
        "eml" => Kind::Mail,
        "json" | "geojson" => Kind::Json,
        "jsonl" | "ndjson" => Kind::JsonLines,
        "xml" => Kind::Xml,
        "rst" | "rest" => Kind::Rst,
        "png" | "jpg" | "jpeg" | "tif" | "tiff" | "webp" => Kind::Picture,
        _ => return None,
    })
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or("").trim()
}

fn by_media_type(media_type: &str) -> Option<Kind> {
    Some(match essence(media_type).to_ascii_lowercase().as_str() {
        "application/pdf" | "application/x-pdf" => Kind::Pdf,
        "text/markdown" | "text/x-markdown" => Kind::Markdown,
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "text/plain" => Kind::Text,
        "text/csv" | "text/tab-separated-values" => Kind::Delimited,
        "message/rfc822" => Kind::Mail,
        "application/json" => Kind::Json,
        "application/jsonl" | "application/x-ndjson" => Kind::JsonLines,
        "application/xml" | "text/xml" => Kind::Xml,
        "text/x-rst" | "text/prs.fallenstein.rst" => Kind::Rst,
        "application/rtf" | "text/rtf" => Kind::Rtf,
        "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint" => {
            Kind::Ole
        }
        "application/epub+zip" => Kind::Package,
        "image/png" | "image/jpeg" | "image/tiff" | "image/webp" => Kind::Picture,
        kind if kind.starts_with("application/vnd.openxmlformats-officedocument.") => Kind::Package,
        kind if kind.starts_with("application/vnd.oasis.opendocument.") => Kind::Package,
        _ => return None,
    })
}

fn says_nothing(media_type: &str) -> bool {
    matches!(
        essence(media_type),
        "" | "application/octet-stream" | "binary/octet-stream"
    )
}

/// What a text without a name is.
fn guess_text(head: &[u8]) -> Kind {
    if looks_like(head, &[b"<!doctype html", b"<html"]) {
        Kind::Html
    } else if looks_like(head, &[b"<?xml"]) {
        Kind::Xml
    } else {
        Kind::Text
    }
}

fn looks_like(head: &[u8], starts: &[&[u8]]) -> bool {
    let front = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    starts
        .iter()
        .any(|start| front.len() >= start.len() && front[..start.len()].eq_ignore_ascii_case(start))
}

/// What the first bytes say it is.
fn signature(head: &[u8]) -> Found {
    let front = &head[..head.len().min(PDF_FRONT_BYTES)];
    let known = SIGNATURES
        .iter()
        .find(|(start, _)| head.starts_with(start))
        .map(|(_, found)| *found);
    let is_pdf = head.starts_with(b"%PDF-")
        || (known.is_none()
            && !front.trim_ascii_start().starts_with(b"<")
            && front.windows(5).any(|window| window == b"%PDF-")
            && front.iter().any(|byte| *byte >= 0x80 || *byte == 0));
    if is_pdf || front.trim_ascii_start().starts_with(b"%PDF-") {
        return Found::Is(Kind::Pdf, "a PDF");
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Found::Other("a video");
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Found::Is(Kind::Picture, "a WebP picture");
    }
    let binary = is_binary(head).then_some(Found::Other("not text"));
    known.or(binary).unwrap_or(Found::Text)
}

const SIGNATURES: [(&[u8], Found); 18] = [
    (b"\x89PNG", Found::Is(Kind::Picture, "a PNG picture")),
    (b"\xff\xd8\xff", Found::Is(Kind::Picture, "a JPEG picture")),
    (b"II*\0", Found::Is(Kind::Picture, "a TIFF picture")),
    (b"MM\0*", Found::Is(Kind::Picture, "a TIFF picture")),
    (
        b"PK\x03\x04",
        Found::Is(Kind::Package, "a ZIP archive or an Office document"),
    ),
    (
        b"\xd0\xcf\x11\xe0",
        Found::Is(Kind::Ole, "an old Office document"),
    ),
    (b"{\\rtf", Found::Is(Kind::Rtf, "an RTF document")),
    (b"GIF8", Found::Other("a GIF picture")),
    (b"BM\0", Found::Other("a bitmap")),
    (b"RIFF", Found::Other("a sound or a video")),
    (b"ID3", Found::Other("a sound")),
    (b"OggS", Found::Other("a sound or a video")),
    (b"PK\x05\x06", Found::Other("an empty ZIP archive")),
    (b"\x1f\x8b", Found::Other("a gzip archive")),
    (b"7z\xbc\xaf", Found::Other("a 7z archive")),
    (b"Rar!", Found::Other("a RAR archive")),
    (b"\x7fELF", Found::Other("a program")),
    (b"SQLite format 3", Found::Other("a database")),
];

/// Zero bytes that no 16-bit encoding explains: those stand on one side of each pair only.
fn is_binary(head: &[u8]) -> bool {
    let zeros = |side: usize| {
        let bytes = head.iter().skip(side).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    even.min(odd) * 50 > head.len()
        || (head.len() % 2 == 1 && head.len() < super::HEAD_BYTES && even + odd > 0)
}

#[cfg(test)]
mod tests;
