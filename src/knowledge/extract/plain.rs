//! Plain text: paragraphs between empty lines, hard line breaks undone, numbered headings seen.

use super::{
    BlockKind, Writer,
    wide::{columns, joint},
};
use crate::error::Result;

/// Widest line, in columns, of a text that was broken by hand or by a mail program.
const WRAP_COLUMNS_MAX: u32 = 120;
/// Narrowest such line.
const WRAP_COLUMNS_MIN: u32 = 40;
/// Longest heading, in columns.
const HEADING_COLUMNS_MAX: u32 = 60;

/// Reads a plain text.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, text: &str) -> Result<()> {
    let text = super::writer::clean(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let wrap = wrap_columns(&lines);
    let mut paragraph = String::new();
    let mut previous = "";
    for line in lines {
        let heading = heading_level(line);
        if line.is_empty() || heading.is_some() {
            writer.block(BlockKind::Paragraph, &paragraph)?;
            paragraph.clear();
        }
        if let Some(level) = heading {
            writer.title(line);
            writer.block(BlockKind::Heading(level), line)?;
        } else if !line.is_empty() {
            if !paragraph.is_empty() {
                paragraph.push_str(between(previous, line, wrap));
            }
            let joined = wrap.is_some() && !paragraph.ends_with('\n');
            paragraph.push_str(if joined { line.trim_start() } else { line });
        }
        previous = if heading.is_some() { "" } else { line };
    }
    writer.block(BlockKind::Paragraph, &paragraph)?;
    Ok(())
}

/// The width at which the lines of a text were broken, if they were: most lines that another one
/// follows are about equally long.
fn wrap_columns(lines: &[&str]) -> Option<u32> {
    let widest = lines.iter().map(|line| columns(line)).max()?;
    if !(WRAP_COLUMNS_MIN..=WRAP_COLUMNS_MAX).contains(&widest) {
        return None;
    }
    let followed = lines.windows(2).filter(|pair| {
        let apart = pair[1].starts_with(char::is_whitespace) || starts_item(pair[1]);
        !pair[0].is_empty() && !pair[1].is_empty() && !apart
    });
    let (mut all, mut full) = (0, 0);
    for pair in followed {
        all += 1;
        full += u32::from(is_full(pair[0], widest));
    }
    (all >= 3 && full * 5 >= all * 4).then_some(widest)
}

/// A line so long that the next word would not have fit.
fn is_full(line: &str, widest: u32) -> bool {
    columns(line) * 4 >= widest * 3
}

fn between(previous: &str, line: &str, wrap: Option<u32>) -> &'static str {
    let goes_on = wrap.is_some_and(|widest| is_full(previous, widest))
        && !line.starts_with(char::is_whitespace)
        && !starts_item(line);
    match (previous.chars().next_back(), line.chars().next()) {
        (Some(before), Some(after)) if goes_on => joint(before, after),
        _ => "\n",
    }
}

/// Whether a line begins with the marker of a list item.
pub fn starts_item(line: &str) -> bool {
    let line = line.trim_start();
    let mut chars = line.chars();
    match chars.next() {
        Some('-' | '*' | '+' | '·' | '•' | '●' | '■' | '◆' | '○' | '–' | '→' | '※') => {
            chars.next().is_some_and(char::is_whitespace) || !line.starts_with(['-', '*', '+'])
        }
        Some('①'..='⑳') => true,
        Some('（' | '(') => {
            let number: String = chars.by_ref().take_while(|c| !")）".contains(*c)).collect();
            is_number(&number)
        }
        Some(_) => {
            let number = line
                .split(['.', '、', ')', '）', '．'])
                .next()
                .unwrap_or("");
            let after = line[number.len()..].chars().nth(1);
            number.len() < line.len()
                && is_number(number)
                && after.is_none_or(|c| !c.is_ascii_digit())
        }
        None => false,
    }
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.chars().count())
        && (text.chars().all(|c| c.is_ascii_digit()) || text.chars().all(is_chinese_digit))
}

fn is_chinese_digit(c: char) -> bool {
    "〇零一二三四五六七八九十百".contains(c)
}

/// The level of a line like `第三章 保养`, `第二节 …` or `Chapter 4`, which are headings in any
/// Chinese regulation or English manual. The `第…条` of a regulation is text, not a heading.
pub fn heading_level(line: &str) -> Option<u8> {
    let line = line.trim();
    if columns(line) > HEADING_COLUMNS_MAX || line.ends_with(['。', '；', ';', '，', ',', '：'])
    {
        return None;
    }
    if let Some(rest) = line.strip_prefix('第') {
        let number: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || is_chinese_digit(*c))
            .collect();
        let rest = &rest[number.len()..];
        let mut rest = rest.strip_suffix("部分").unwrap_or(rest).chars();
        let level = match rest.next()? {
            '编' | '篇' | '部' | '編' => 1,
            '章' => 2,
            '节' | '節' => 3,
            _ => return None,
        };
        let apart = rest
            .next()
            .is_none_or(|c| c.is_whitespace() || "：:、".contains(c));
        return (is_number(&number) && apart).then_some(level);
    }
    let mut words = line.split_whitespace();
    let level = match words.next()? {
        "Part" | "PART" => 1,
        "Chapter" | "CHAPTER" => 2,
        "Section" | "SECTION" => 3,
        _ => return None,
    };
    let number = words.next()?.trim_end_matches(['.', ':']);
    let numbered = number.chars().all(|c| c.is_ascii_digit() || c == '.')
        || number.chars().all(|c| "IVXLC".contains(c));
    let sentence = line.ends_with('.') && words.next().is_some();
    (!number.is_empty() && numbered && !sentence).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, tests::outline};
    use super::*;

    fn read_all(text: &str) -> Vec<(BlockKind, String)> {
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        read(&mut writer, text).unwrap();
        outline(&writer.finish())
    }

    #[test]
    fn paragraphs_and_headings_are_seen() {
        use BlockKind::{Heading, Paragraph};
        let found = read_all(
            "电动车保修手册\n\n第一章 总则\n第一条 本手册适用于全部车型。\n第二条 保修期八年。\n\n\
             第二章  电池\r\n电池保修八年。\r\n第2节 例外\n事故除外。",
        );
        let expected = [
            (Paragraph, "电动车保修手册"),
            (Heading(2), "第一章 总则"),
            (
                Paragraph,
                "第一条 本手册适用于全部车型。\n第二条 保修期八年。",
            ),
            (Heading(2), "第二章  电池"),
            (Paragraph, "电池保修八年。"),
            (Heading(3), "第2节 例外"),
            (Paragraph, "事故除外。"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn lines_broken_by_hand_are_joined() {
        let english = "The battery of the car is covered for eight years or for\n\
            one hundred and sixty thousand kilometres, whichever is\n\
            reached first. Damage by accidents is not covered, nor\n\
            is wear.\n\nItems:\n- the battery, its case and its management system and\n  cables\n- the motor";
        let found = read_all(english);
        assert_eq!(found[0].1.lines().count(), 1, "{found:?}");
        assert!(found[0].1.contains("or for one hundred"));
        assert_eq!(found[1].1.lines().count(), 4);
        let chinese = "电池自交付之日起保修八年或者行驶十六万公里，以先达到者\n\
            为准。因事故、改装或者未按规定保养造成的损坏，不在保修\n\
            范围之内。车主应当妥善保管购车发票，并按时到授权的服务\n站进行保养。";
        assert!(read_all(chinese)[0].1.contains("以先达到者为准"));
    }

    #[test]
    fn short_lines_stay_lines() {
        let poem = "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡";
        assert_eq!(read_all(poem)[0].1, poem);
        let shell = "cargo build --release --offline --locked\nls\ncargo test\nexit";
        assert_eq!(read_all(shell)[0].1, shell);
    }

    #[test]
    fn markers_of_items_are_known() {
        for item in [
            "- a",
            "• a",
            "•a",
            "1. a",
            "12) a",
            "三、保养",
            "（二）保养",
            "(3) a",
            "①甲",
        ] {
            assert!(starts_item(item), "{item}");
        }
        for text in [
            "-5 度",
            "3.5 公斤",
            "2026 年",
            "a. b",
            "（参见附录）",
            "",
            "三月",
        ] {
            assert!(!starts_item(text), "{text}");
        }
    }
}
