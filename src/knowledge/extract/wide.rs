//! Which characters are written without spaces between words, and how wide a text is.

/// Whether the character belongs to a script that puts no spaces between words, or is its
/// punctuation. A line break between two of these is not a space. (Korean does use spaces.)
pub fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{2e80}'..='\u{2fdf}'     // radicals
        | '\u{3000}'..='\u{30ff}'   // punctuation, kana
        | '\u{3100}'..='\u{312f}'   // bopomofo
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'   // ideographs
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}'   // full-width forms
        | '\u{20000}'..='\u{3fffd}')
}

/// Marks that Chinese shares with European languages; beside a wide character they are wide too.
fn is_shared_mark(c: char) -> bool {
    matches!(
        c,
        '\u{2014}' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{2026}' | '\u{b7}'
    )
}

/// Columns the text takes in a typewriter face: two for a wide character, one for any other. A
/// Chinese character says about as much as two letters, so this measures both alike.
pub fn columns(text: &str) -> u32 {
    text.chars()
        .map(|c| 1 + u32::from(is_wide(c)))
        .fold(0, u32::saturating_add)
}

/// What stands between two lines of one paragraph once they are joined: a space, or nothing
/// between two wide characters.
pub fn joint(before: char, after: char) -> &'static str {
    let tight = (is_wide(before) && (is_wide(after) || is_shared_mark(after)))
        || (is_shared_mark(before) && is_wide(after));
    if tight { "" } else { " " }
}

/// Running text as a reader sees it: each run of white space becomes one space, or none where
/// a line was broken between two wide characters. U+2028 is a break that stays, as a line feed.
pub fn flow(raw: &str) -> String {
    let mut flowed = String::with_capacity(raw.len());
    let (mut space, mut line) = (false, false);
    for c in raw.chars() {
        if c == '\u{2028}' {
            flowed.truncate(flowed.trim_end_matches(' ').len());
            flowed.push('\n');
            (space, line) = (false, false);
        } else if c.is_whitespace() && c != '\u{3000}' {
            space = true;
            line |= c == '\n';
        } else {
            match flowed.chars().next_back() {
                None | Some('\n') => {}
                Some(before) if space && line => flowed.push_str(joint(before, c)),
                Some(_) if space => flowed.push(' '),
                Some(_) => {}
            }
            flowed.push(c);
            (space, line) = (false, false);
        }
    }
    flowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_as_their_script_wants() {
        for (raw, flowed) in [
            ("电池保修\n八年", "电池保修八年"),
            ("电池 保修", "电池 保修"),
            ("他说“好”\n然后", "他说“好”然后"),
            ("保修\n——以先到为准", "保修——以先到为准"),
            ("eight\n  years", "eight years"),
            ("保修 8\n年", "保修 8 年"),
            ("BMS\nis covered", "BMS is covered"),
            ("  a \t\u{a0} b  ", "a b"),
            ("一\u{2028} 二\u{2028}\u{2028}三", "一\n二\n\n三"),
            ("", ""),
        ] {
            assert_eq!(flow(raw), flowed, "{raw:?}");
        }
    }

    #[test]
    fn a_chinese_character_is_two_columns() {
        assert_eq!(columns("电池 8 years"), 12);
        assert_eq!(columns("😀"), 1);
    }
}
