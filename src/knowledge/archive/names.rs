//! The names in an archive: read in whatever letters they are, and never used as paths.

use std::io::Read;

use encoding_rs::GB18030;
use zip::read::ZipFile;

use crate::{
    error::{Error, Result},
    knowledge::extract,
};

/// Between the folders in the name of a document.
const FOLDER: &str = " - ";

/// Whether a file is to be unpacked, by its name.
pub fn is_archive(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// Where a file stood. Programs on Chinese Windows write GBK without saying so, all others UTF-8 or
/// the letters of the first PC.
pub fn path<R: Read>(file: &ZipFile<'_, R>) -> String {
    let raw = file.name_raw();
    if let Ok(name) = std::str::from_utf8(raw) {
        return name.to_owned();
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(raw) {
        Some(name) if !name.chars().any(char::is_control) => name.into_owned(),
        _ => file
            .name()
            .map_or_else(|_| String::from_utf8_lossy(raw).into_owned(), Into::into),
    }
}

/// What systems put into archives beside the files of people.
pub fn is_left_behind(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| {
        part == "__MACOSX"
            || part.eq_ignore_ascii_case("thumbs.db")
            || part.starts_with("._")
            || part == ".DS_Store"
    })
}

/// The name of a document that stood at a path in an archive: `guide/zh/a.md` is `guide - zh - a.md`.
///
/// # Errors
/// `Invalid` for a path that leads out of the archive.
pub fn document_name(path: &str) -> Result<String> {
    let absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    if absolute || parts.contains(&"..") {
        return Err(Error::invalid(
            "Its name leads out of the archive; nothing is taken from there.",
        ));
    }
    let kept = parts
        .iter()
        .filter(|part| !part.is_empty() && **part != ".");
    let parts: Vec<String> = kept
        .map(|part| extract::clean_file_name(part))
        .collect::<Result<_>>()?;
    extract::clean_file_name(&parts.join(FOLDER))
}

/// A path fit to be shown, whatever is in it.
pub fn shown(path: &str) -> String {
    let plain = path.chars().filter(|c| !c.is_control());
    plain.take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_name_or_is_refused() {
        for (path, name) in [
            ("a.md", "a.md"),
            ("手册/第一章/电池.md", "手册 - 第一章 - 电池.md"),
            ("./a//b\\c.txt", "a - b - c.txt"),
            ("a\u{202e}b.txt", "ab.txt"),
        ] {
            assert_eq!(document_name(path).unwrap(), name, "{path}");
        }
        for path in [
            "../a.md",
            "a/../../b.md",
            "/etc/passwd",
            "\\\\host\\a",
            "C:\\a.md",
            "c:a.md",
            "",
            "./",
        ] {
            assert!(document_name(path).is_err(), "{path}");
        }
    }

    #[test]
    fn an_archive_is_told_by_its_name() {
        for (name, is) in [
            ("a.zip", true),
            ("A.ZIP", true),
            ("a.docx", false),
            ("zip", false),
        ] {
            assert_eq!(is_archive(name), is, "{name}");
        }
    }
}
