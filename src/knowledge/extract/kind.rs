//! Which format a document is in: its name, its media type and its first bytes must agree.

use super::Kind;
use crate::error::{Error, Result};

/// Formats that are read, as people know them.
const KNOWN: &str = "PDF (.pdf), Markdown (.md), HTML (.html) and plain text (.txt)";

/// Bytes at the front in which a PDF may begin; some writers put other things before it.
const PDF_FRONT_BYTES: usize = 1_024;

/// The format of a document. `head` is the document or its first
/// [`HEAD_BYTES`](super::HEAD_BYTES) or more. The extension
/// decides before the media type; without either the bytes do.
///
/// # Errors
/// `Invalid` for an empty document, `Unsupported` (naming what is read) for a format that is not
/// read or a name that does not fit the bytes.
pub fn kind(file_name: &str, media_type: Option<&str>, head: &[u8]) -> Result<Kind> {
    if head.is_empty() {
        return Err(Error::invalid("The document is empty."));
    }
    let extension = extension(file_name);
    let named = by_extension(&extension);
    let claimed = named.or_else(|| media_type.and_then(by_media_type));
    let found = signature(head);
    match (claimed, found) {
        (Some(Kind::Pdf), Some("PDF")) => Ok(Kind::Pdf),
        (Some(Kind::Pdf), _) => Err(unsupported(&format!(
            "The document is called a PDF, but it is {}.",
            found.unwrap_or("not one")
        ))),
        // a page on the web may be called anything
        (Some(_), Some("PDF")) if media_type.and_then(by_media_type) == Some(Kind::Pdf) => {
            Ok(Kind::Pdf)
        }
        (Some(_), Some(found)) => Err(unsupported(&format!(
            "The document is called a text, but it is {found}."
        ))),
        (Some(kind), None) => Ok(kind),
        (None, Some("PDF")) if extension.is_empty() => Ok(Kind::Pdf),
        (None, None) if extension.is_empty() && media_type.is_none_or(says_nothing) => {
            Ok(if looks_like_html(head) {
                Kind::Html
            } else {
                Kind::Text
            })
        }
        (None, Some(found)) => Err(unsupported(&format!("The document is {found}."))),
        (None, None) => Err(unsupported(&match media_type {
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
        _ => return None,
    })
}

fn says_nothing(media_type: &str) -> bool {
    matches!(
        essence(media_type),
        "" | "application/octet-stream" | "binary/octet-stream"
    )
}

fn looks_like_html(head: &[u8]) -> bool {
    let front = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| front.len() >= start.len() && front[..start.len()].eq_ignore_ascii_case(start))
}

/// What the first bytes say it is, if they are not text.
fn signature(head: &[u8]) -> Option<&'static str> {
    let front = &head[..head.len().min(PDF_FRONT_BYTES)];
    let binary = SIGNATURES
        .iter()
        .find(|(start, _)| head.starts_with(start))
        .map(|(_, name)| *name);
    let is_pdf = head.starts_with(b"%PDF-")
        || (binary.is_none()
            && !front.trim_ascii_start().starts_with(b"<")
            && front.windows(5).any(|window| window == b"%PDF-")
            && front.iter().any(|byte| *byte >= 0x80 || *byte == 0));
    if is_pdf || front.trim_ascii_start().starts_with(b"%PDF-") {
        return Some("PDF");
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Some("a video");
    }
    binary.or_else(|| is_binary(head).then_some("not text"))
}

const SIGNATURES: [(&[u8], &str); 18] = [
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM\0", "a bitmap"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"RIFF", "a sound, a video or a WebP picture"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound or a video"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
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
        use Kind::{Html, Markdown, Pdf, Text};
        let utf16: Vec<u8> = "电池 8 years"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let cases: [(&str, Option<&str>, &[u8], Kind); 17] = [
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
        ];
        for (name, media_type, head, expected) in cases {
            let found = kind(name, media_type, head);
            assert_eq!(found.ok(), Some(expected), "{name} {media_type:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused_by_name() {
        let png = b"\x89PNG\r\n\x1a\n".as_slice();
        let cases: [(&str, Option<&str>, &[u8], &str); 11] = [
            ("a.pdf", None, png, "PNG"),
            ("a.pdf", None, b"hello", "not one"),
            ("a.pdf", None, b"<html>%PDF-1.4", "not one"),
            ("a.txt", None, png, "PNG"),
            ("a.txt", None, b"%PDF-1.7", "PDF"),
            ("a.md", None, b"PK\x03\x04", "ZIP"),
            ("a.docx", None, b"PK\x03\x04", "Office"),
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
