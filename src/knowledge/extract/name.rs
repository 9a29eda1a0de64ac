//! Names of files as people may see them: never a path, never a trick.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// Code points of a file name.
const NAME_CHARS_MAX: usize = 200;
/// Code points of a media type or another foreign word that is repeated in an error.
const SHOWN_CHARS_MAX: usize = 80;

/// A name to show, made of what a sender calls a file. It is never used as a path; still it
/// keeps nothing that would be one: the last part of a path is taken, control characters and
/// marks that turn the direction of writing are left out, characters that mean something to a
/// shell or a file system become `_`, and a name over 200 characters is cut before its extension.
///
/// # Errors
/// `Invalid` when nothing is left.
pub fn clean_file_name(raw: &str) -> Result<String> {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or("");
    let kept: String = last
        .nfc()
        .filter(|c| !c.is_control() && !is_unseen(*c))
        .map(|c| if "<>:\"|?*".contains(c) { '_' } else { c })
        .collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    let name = words.join(" ");
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        return Err(Error::invalid(
            "The file needs a name, like \"manual.pdf\"; this one is empty or a folder.",
        ));
    }
    Ok(shorten(name))
}

/// A foreign word made fit for an error message.
pub fn shown(word: &str) -> String {
    let kept = word.chars().filter(|c| !c.is_control() && !is_unseen(*c));
    kept.take(SHOWN_CHARS_MAX).collect()
}

/// Marks that change how a name looks and cannot be seen themselves. The two joiners stay:
/// some scripts and many emoji need them.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let extension = match name.rsplit_once('.') {
        Some((_, extension)) if extension.chars().count() <= 10 => format!(".{extension}"),
        _ => String::new(),
    };
    let room = NAME_CHARS_MAX - extension.chars().count();
    let stem: String = name.chars().take(room).collect();
    format!("{}{extension}", stem.trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_harmless_name_is_left() {
        let long = "长".repeat(400) + ".pdf";
        let cut = "长".repeat(196) + ".pdf";
        for (raw, name) in [
            ("电动车保修手册.pdf", "电动车保修手册.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("/etc/shadow", "shadow"),
            ("C:\\fakepath\\保修.pdf", "保修.pdf"),
            ("C:secret.txt", "C_secret.txt"),
            ("manual.pdf\0.exe", "manual.pdf.exe"),
            ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("\u{2066}a\u{2069}\u{200b}.txt", "a.txt"),
            (".bashrc", "bashrc"),
            ("a\r\nSet-Cookie: b.txt", "aSet-Cookie_ b.txt"),
            ("  a \t b .txt. ", "a b .txt"),
            ("cafe\u{301}.md", "café.md"),
            ("👩\u{200d}🔧.md", "👩\u{200d}🔧.md"),
            (&long, &cut),
        ] {
            assert_eq!(clean_file_name(raw).unwrap(), name, "{raw:?}");
        }
    }

    #[test]
    fn nothing_left_is_refused() {
        for raw in [
            "", ".", "..", "../", "/", "a/..", "\0", " ", "\u{202e}", "folder/", "\\",
        ] {
            assert_eq!(
                clean_file_name(raw).unwrap_err().code(),
                "invalid",
                "{raw:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_name_is_harmless_or_refused(raw in any::<String>()) {
            if let Ok(name) = clean_file_name(&raw) {
                prop_assert!(!name.is_empty() && name.chars().count() <= NAME_CHARS_MAX);
                let harmful = name.contains(['/', '\\', '\0', '\n', '\u{202e}']);
                prop_assert!(!harmful, "{}", name);
                prop_assert!(!name.starts_with('.') && !name.starts_with(' '));
                prop_assert_eq!(clean_file_name(&name).unwrap(), name.clone());
            }
        }
    }
}
