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
        ("a.pdf", None, png, "a PNG picture"),
        ("a.pdf", None, b"hello", "not one"),
        ("a.pdf", None, b"<html>%PDF-1.4", "not one"),
        ("a.txt", None, png, "a PNG picture"),
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
