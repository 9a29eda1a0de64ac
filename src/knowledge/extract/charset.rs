//! Bytes to text, whatever the encoding: named, marked or guessed.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::wide::is_wide;
use crate::error::{Error, Result};

/// Bytes at the front of an HTML page in which its encoding must be named.
const META_BYTES: usize = 4_096;
/// Code units that are looked at to recognise UTF-16 without a mark.
const UTF16_UNITS: usize = 4_096;

/// The text of a plain document. `label` is the encoding its sender names.
///
/// # Errors
/// `Unsupported` when more than a tenth of it cannot be read as text.
pub fn decode<'a>(bytes: &'a [u8], label: Option<&str>) -> Result<Cow<'a, str>> {
    decode_as(bytes, label.and_then(by_label))
}

/// The text of an HTML page, which may name its encoding itself.
///
/// # Errors
/// As [`decode`].
pub fn decode_html<'a>(bytes: &'a [u8], label: Option<&str>) -> Result<Cow<'a, str>> {
    decode_as(bytes, label.and_then(by_label).or_else(|| named(bytes)))
}

/// A mark at the front wins, then what is valid UTF-8, then the name given, then a guess:
/// names are often wrong, while other encodings hardly ever happen to be valid UTF-8.
fn decode_as<'a>(bytes: &'a [u8], given: Option<&'static Encoding>) -> Result<Cow<'a, str>> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return lossy(encoding, &bytes[mark..]);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return lossy(encoding, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    if let Some(encoding) = given
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return Ok(text);
    }
    lossy(guess(bytes), bytes)
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    if guess == GBK { GB18030 } else { guess }
}

fn by_label(label: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label.trim().as_bytes())?;
    Some(if encoding == GBK { GB18030 } else { encoding })
}

/// The encoding an HTML page names: `charset=` anywhere near its front. A page that can be read
/// so far is not UTF-16, whatever it says.
fn named(bytes: &[u8]) -> Option<&'static Encoding> {
    let front = bytes[..bytes.len().min(META_BYTES)].to_ascii_lowercase();
    let word = b"charset";
    let mut rest = front.as_slice();
    loop {
        let at = rest.windows(word.len()).position(|window| window == word)?;
        rest = &rest[at + word.len()..];
        let value = rest.trim_ascii_start();
        let Some(value) = value.strip_prefix(b"=") else {
            continue;
        };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_prefix(b"'").unwrap_or(value);
        let end = value
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte))
            .unwrap_or(value.len());
        let encoding = by_label(std::str::from_utf8(&value[..end]).ok()?)?;
        let wide = encoding == UTF_16LE || encoding == UTF_16BE;
        return Some(if wide { UTF_8 } else { encoding });
    }
}

/// UTF-16 without a mark: one byte order gives almost only characters of everyday scripts, the
/// other one does not.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.len() < 2 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    // valid UTF-8 without zero bytes is never UTF-16 in practice
    let front = &bytes[..bytes.len().min(2 * UTF16_UNITS)];
    if !front.contains(&0) && std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let share = |unit: fn([u8; 2]) -> u16| {
        let units = front.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let plain = char::decode_utf16(units)
            .filter(|unit| unit.as_ref().is_ok_and(|c| is_everyday(*c)))
            .count();
        plain * 200 / front.len()
    };
    let (little, big) = (share(u16::from_le_bytes), share(u16::from_be_bytes));
    if little >= 95 && big < 80 {
        Some(UTF_16LE)
    } else if big >= 95 && little < 80 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn is_everyday(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{24f}' | '\u{2010}'..='\u{2027}')
        || (is_wide(c) && !matches!(c, '\u{2e80}'..='\u{2fff}' | '\u{3400}'..='\u{4dbf}'))
}

fn lossy<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>> {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let lost = text.matches('\u{fffd}').count();
    // up to ten characters are forgiven: a cut at the end of a short text
    if lost > 10 && lost * 10 > text.chars().count() {
        return Err(Error::Unsupported(format!(
            "The document cannot be read as text (its encoding looked like {}).",
            encoding.name()
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use encoding_rs::BIG5;

    use super::*;

    const SIMPLE: &str = "电动车保修手册\r\n第一章 总则\r\n电池保修八年或十六万公里，以先到者为准。\
        请妥善保管购车发票，并按时到授权服务站进行保养。";
    const TRADITIONAL: &str = "電動車保固手冊\r\n第一章 總則\r\n電池保固八年或十六萬公里，以先到者為準。\
        請妥善保管購車發票，並按時到授權服務站進行保養。";

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn chinese_is_read_in_every_common_encoding() {
        let gb = GB18030.encode(SIMPLE).0.into_owned();
        let big5 = BIG5.encode(TRADITIONAL).0.into_owned();
        assert_eq!(decode(&gb, None).unwrap(), SIMPLE);
        assert_eq!(decode(&big5, None).unwrap(), TRADITIONAL);
        assert_eq!(decode(&gb, Some("gb2312")).unwrap(), SIMPLE);
        for text in [SIMPLE, TRADITIONAL, "Battery: 8 years\nBrakes: 2 years\n"] {
            for unit in [u16::to_le_bytes, u16::to_be_bytes] {
                let bytes = utf16(text, unit);
                let marked = [utf16("\u{feff}", unit), bytes.clone()].concat();
                assert_eq!(decode(&marked, None).unwrap(), text);
                assert_eq!(decode(&bytes, None).unwrap(), text, "without a mark");
            }
            let marked = ["\u{feff}", text].concat();
            assert_eq!(decode(marked.as_bytes(), None).unwrap(), text);
            assert_eq!(
                decode(text.as_bytes(), Some("gbk")).unwrap(),
                text,
                "wrong name"
            );
        }
    }

    #[test]
    fn four_byte_gb18030_and_mixed_text_survive() {
        let text = "型号：EV-9（2026款）😀 备注：𠮷野家";
        assert_eq!(
            decode(&GB18030.encode(text).0, Some("gb18030")).unwrap(),
            text
        );
    }

    #[test]
    fn a_page_may_name_its_encoding() {
        for head in [
            "<meta charset=\"gbk\">",
            "<META http-equiv=Content-Type content='text/html; charset = gb2312'>",
            "<p>charset</p><meta charset='GB18030'/>",
        ] {
            let page = [head, "电池"].concat();
            let bytes = GB18030.encode(&page).0.into_owned();
            assert_eq!(decode_html(&bytes, None).unwrap(), page, "{head}");
        }
        let page = "<meta charset=big5>電池";
        assert_eq!(decode_html(&BIG5.encode(page).0, None).unwrap(), page);
    }

    #[test]
    fn noise_is_refused() {
        let noise: Vec<u8> = (0..4_000_u32)
            .map(|i| (i * i * 31 + i * 7) as u8 | 0x80)
            .collect();
        let bytes = [&[0xef, 0xbb, 0xbf][..], &noise].concat();
        let error = decode(&bytes, None).unwrap_err();
        assert_eq!(error.code(), "unsupported");
    }
}
