//! What a server calls a document.

use encoding_rs::WINDOWS_1252;
use percent_encoding::percent_decode_str;

/// Bytes of a name; a longer one is not a name.
const NAME_BYTES_MAX: usize = 1_024;

/// The name in a `Content-Disposition`: `filename*` before `filename` (RFC 6266). A name in plain
/// UTF-8, which many servers send, is taken too.
pub fn from_disposition(value: &[u8]) -> Option<String> {
    let value = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252
            .decode_without_bom_handling(value)
            .0
            .into_owned(),
    };
    let mut plain = None;
    for (name, value) in parameters(&value) {
        if name.eq_ignore_ascii_case("filename*") {
            let mut parts = value.splitn(3, '\'');
            let charset = parts.next().unwrap_or("");
            let encoded = parts.nth(1).unwrap_or("");
            if charset.eq_ignore_ascii_case("utf-8")
                && let Ok(name) = percent_decode_str(encoded).decode_utf8()
            {
                return usable(name.into_owned());
            }
        } else if name.eq_ignore_ascii_case("filename") && plain.is_none() {
            // some servers encode this one as well
            let decoded = percent_decode_str(&value).decode_utf8();
            plain = usable(decoded.map_or(value.clone(), |name| name.into_owned()));
        }
    }
    plain
}

/// The last part of a path.
pub fn from_path(path: &str) -> Option<String> {
    let last = path.rsplit('/').next()?;
    let name = percent_decode_str(last).decode_utf8().ok()?;
    usable(name.into_owned())
}

fn usable(name: String) -> Option<String> {
    (!name.trim().is_empty() && name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// The `name=value` pairs behind the first `;`; values may stand in quotes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let (value, after) = match behind.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, after) = behind.split_once(';').unwrap_or((behind, ""));
                (value.trim().to_owned(), after)
            }
        };
        found.push((name.trim_matches([' ', ';', '\t']).to_owned(), value));
        rest = after;
    }
    found
}

/// The text up to the closing quote, and what is behind it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            c => text.push(c),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_as_servers_write_them() {
        for (value, name) in [
            ("attachment; filename=\"manual.pdf\"", Some("manual.pdf")),
            ("inline;filename=manual.pdf;size=3", Some("manual.pdf")),
            (
                "attachment; filename=\"a \\\"b\\\"; c.pdf\"",
                Some("a \"b\"; c.pdf"),
            ),
            (
                "attachment; filename=\"x.pdf\"; filename*=UTF-8''%E4%BF%9D%E4%BF%AE.pdf",
                Some("保修.pdf"),
            ),
            ("attachment; filename*=utf-8'zh'%E4%BF%9D.md", Some("保.md")),
            ("attachment; filename=%E4%BF%9D.md", Some("保.md")),
            ("attachment; filename=\"保修.pdf\"", Some("保修.pdf")),
            ("attachment; filename=\"../../x\"", Some("../../x")),
            ("attachment; filename=\"\"", None),
            ("attachment", None),
            ("", None),
            ("attachment; filename=\"open", Some("open")),
        ] {
            assert_eq!(
                from_disposition(value.as_bytes()).as_deref(),
                name,
                "{value}"
            );
        }
        assert_eq!(
            from_disposition(b"a; filename=caf\xe9.txt").as_deref(),
            Some("café.txt")
        );
    }

    #[test]
    fn names_out_of_paths() {
        for (path, name) in [
            ("/a/%E4%BF%9D%E4%BF%AE.pdf", Some("保修.pdf")),
            ("/a/b/", None),
            ("/", None),
            ("/a%2fb.txt", Some("a/b.txt")),
            ("/%ff", None),
        ] {
            assert_eq!(from_path(path).as_deref(), name, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(value in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = from_disposition(&value);
        }
    }
}
