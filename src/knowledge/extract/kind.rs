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
        (Some(claimed), Found::Is(kind))
            if claimed == kind || (claimed.is_office() && kind.is_office()) =>
        {
            Ok(kind)
        }
        // a page on the web may be called anything
        (Some(_), Found::Is(kind)) if by_type == Some(kind) => Ok(kind),
        (Some(claimed), found) => Err(unsupported(&format!(
            "The document is called {}, but it is {}.",
            claimed.name(),
            found.name()
        ))),
        (None, Found::Is(kind)) if extension.is_empty() => Ok(kind),
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
    /// A format that is read.
    Is(Kind),
    /// Something else.
    Other(&'static str),
    /// Nothing: it may be text.
    Text,
}

impl Found {
    fn name(self) -> &'static str {
        match self {
            Self::Is(Kind::Package) => "a ZIP archive or an Office document",
            Self::Is(kind) => kind.name(),
            Self::Other(name) => name,
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
        return Found::Is(Kind::Pdf);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Found::Other("a video");
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Found::Is(Kind::Picture);
    }
    let binary = is_binary(head).then_some(Found::Other("not text"));
    known.or(binary).unwrap_or(Found::Text)
}

const SIGNATURES: [(&[u8], Found); 18] = [
    (b"\x89PNG", Found::Is(Kind::Picture)),
    (b"\xff\xd8\xff", Found::Is(Kind::Picture)),
    (b"II*\0", Found::Is(Kind::Picture)),
    (b"MM\0*", Found::Is(Kind::Picture)),
    (b"PK\x03\x04", Found::Is(Kind::Package)),
    (b"\xd0\xcf\x11\xe0", Found::Is(Kind::Ole)),
    (b"{\\rtf", Found::Is(Kind::Rtf)),
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
mod tests {
    use super::*;

    #[test]
    fn names_types_and_bytes_decide_together() {
        use Kind::{
            Delimited, Html, Json, JsonLines, Mail, Markdown, Ole, Package, Pdf, Picture, Rst, Rtf,
            Text, Xml,
        };
        let (zip, ole) = (b"PK\x03\x04".as_slice(), b"\xd0\xcf\x11\xe0".as_slice());
        let utf16: Vec<u8> = "电池 8 years"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let cases: [(&str, Option<&str>, &[u8], Kind); 34] = [
            ("a.pdf", None, b"%PDF-1.7\n", Pdf),
            (
                "A.PDF",
                Some("application/octet-stream"),
                b"\n%PDF-1.4",
                Pdf,
            ),
            ("a.pdf", None, b"\0\x01HTTP junk\r\n%PDF-1.4", Pdf),
            ("保修.md", None, b"# a", Markdown),
            ("a.markdown", Some("text/plain"), b"# a", Markdown),
            ("a.htm", None, b"<p>", Html),
            ("a.txt", None, b"<html>", Text),
            ("a.txt", None, b"how %PDF-1.4 begins", Text),
            ("a.txt", Some("image/png"), b"a", Text),
            ("a.txt", None, &utf16, Text),
            ("index.php", Some("text/html; charset=gbk"), b"<p>", Html),
            ("get", Some("application/pdf"), b"%PDF-1.7", Pdf),
            ("page.html", Some("application/pdf"), b"%PDF-1.7", Pdf),
            ("README", None, b"hello", Text),
            (
                "README",
                Some("application/octet-stream"),
                b" <!DOCTYPE HTML>",
                Html,
            ),
            ("v1.2 notes", None, b"hello", Text),
            ("scan", None, b"%PDF-1.7", Pdf),
            ("a.docx", None, zip, Package),
            ("A.XLSM", Some("application/zip"), zip, Package),
            ("book.epub", None, zip, Package),
            ("a.docx", None, ole, Ole),
            ("a.xls", None, ole, Ole),
            ("a.xls", None, zip, Package),
            ("a.doc", None, b"{\\rtf1", Rtf),
            ("a.xls", None, b"\n<TABLE><tr>", Html),
            ("a.csv", None, b"a,b", Delimited),
            ("a.eml", None, b"From: a", Mail),
            ("a.json", None, b"{}", Json),
            ("a.ndjson", None, b"{}", JsonLines),
            ("feed", Some("text/xml"), b"<a/>", Xml),
            ("a.rst", None, b"a", Rst),
            ("a.jpg", None, b"\x89PNG\r\n", Picture),
            ("a.webp", None, b"RIFF\0\0\0\0WEBPVP8 ", Picture),
            ("upload", None, zip, Package),
        ];
        for (name, media_type, head, expected) in cases {
            let found = kind(name, media_type, head);
            assert_eq!(found.ok(), Some(expected), "{name} {media_type:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused_by_name() {
        let png = b"\x89PNG\r\n\x1a\n".as_slice();
        let cases: [(&str, Option<&str>, &[u8], &str); 16] = [
            ("a.pdf", None, png, "a picture"),
            ("a.pdf", None, b"hello", "not one"),
            ("a.pdf", None, b"<html>%PDF-1.4", "not one"),
            ("a.txt", None, png, "a picture"),
            ("a.docx", None, b"hello", "not one"),
            ("a.docx", None, b"%PDF-1.7", "a PDF"),
            ("a.png", None, b"hello", "not one"),
            ("a.png", None, b"GIF89a", "GIF"),
            ("a.zip", None, b"PK\x03\x04", ".zip"),
            ("a.csv", None, b"PK\x03\x04", "ZIP"),
            ("a.txt", None, b"%PDF-1.7", "PDF"),
            ("a.md", None, b"PK\x03\x04", "ZIP"),
            ("a.xyz", None, b"hello", ".xyz"),
            ("a", Some("video/mp4"), b"hello", "video/mp4"),
            ("a.html", None, b"\0\0\0\0\0\0\0\0", "not text"),
            ("a.txt", None, b"a\0b", "not text"),
        ];
        for (name, media_type, head, word) in cases {
            let error = kind(name, media_type, head).unwrap_err();
            assert_eq!(error.code(), "unsupported", "{name}");
            let text = error.to_string();
            assert!(
                text.contains(word) && text.contains("Markdown (.md)"),
                "{name}: {text}"
            );
        }
        assert_eq!(kind("a.txt", None, b"").unwrap_err().code(), "invalid");
    }
}
