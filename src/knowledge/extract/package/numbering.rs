//! The numbers that a Word document shows in front of its paragraphs.

use std::collections::HashMap;

use super::xml::Element;

/// Levels of a list.
const LEVELS: usize = 9;

#[derive(Clone, Debug)]
struct Level {
    format: String,
    /// What is shown, such as `%1.%2` or `第%1条`.
    text: String,
    start: u32,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            format: "none".to_owned(),
            text: String::new(),
            start: 1,
        }
    }
}

/// The lists of a document and how far each has been counted.
#[derive(Default)]
pub struct Numbering {
    lists: HashMap<String, Vec<Level>>,
    /// Which abstract list a number stands for: they count together.
    of: HashMap<String, String>,
    /// What a number changes in its list.
    starts: HashMap<(String, usize), u32>,
    counts: HashMap<String, Vec<Option<u32>>>,
}

/// The marker of a paragraph.
#[derive(Debug, PartialEq)]
pub struct Marker {
    /// With a space behind it.
    pub text: String,
    pub level: usize,
}

impl Numbering {
    /// Reads `word/numbering.xml`.
    pub fn of(root: &Element) -> Self {
        let mut all = Self::default();
        for element in root.elements() {
            let id = |name| element.attribute(name).unwrap_or("").to_owned();
            match &*element.name {
                "abstractNum" => {
                    let mut levels = vec![Level::default(); LEVELS];
                    for level in element.elements().filter(|e| &*e.name == "lvl") {
                        if let Some(slot) =
                            number(level, "ilvl").and_then(|at| levels.get_mut(at as usize))
                        {
                            *slot = read_level(level);
                        }
                    }
                    all.lists.insert(id("abstractNumId"), levels);
                }
                "num" => {
                    let list = element.child("abstractNumId").and_then(value).unwrap_or("");
                    all.of.insert(id("numId"), list.to_owned());
                    for change in element.elements().filter(|e| &*e.name == "lvlOverride") {
                        let start = change.child("startOverride").and_then(value);
                        if let (Some(level), Some(start)) =
                            (number(change, "ilvl"), start.and_then(|s| s.parse().ok()))
                        {
                            all.starts.insert((id("numId"), level as usize), start);
                        }
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// The marker of the next paragraph of a list; `None` when it shows none.
    pub fn next(&mut self, id: &str, level: usize) -> Option<Marker> {
        let list = self.of.get(id)?;
        let levels = self.lists.get(list)?;
        let level = level.min(LEVELS - 1);
        // a number with a start of its own counts for itself
        let own = (0..LEVELS).any(|level| self.starts.contains_key(&(id.to_owned(), level)));
        let key = if own { format!("#{id}") } else { list.clone() };
        let counts = self.counts.entry(key).or_insert_with(|| vec![None; LEVELS]);
        let start = |at: usize| {
            let changed = self.starts.get(&(id.to_owned(), at)).copied();
            changed.unwrap_or(levels[at].start)
        };
        counts[level] = Some(counts[level].map_or(start(level), |count| count.saturating_add(1)));
        for (above, count) in counts.iter_mut().enumerate().take(level) {
            count.get_or_insert(start(above));
        }
        for deeper in counts.iter_mut().skip(level + 1) {
            *deeper = None;
        }
        let shown = &levels[level];
        let text = match shown.format.as_str() {
            "none" => return None,
            "bullet" => "-".to_owned(),
            _ => fill(&shown.text, levels, counts),
        };
        (!text.trim().is_empty()).then(|| Marker {
            text: format!("{} ", text.trim()),
            level,
        })
    }
}

fn read_level(level: &Element) -> Level {
    let of = |name| level.child(name).and_then(value);
    Level {
        format: of("numFmt").unwrap_or("decimal").to_owned(),
        text: of("lvlText").unwrap_or("").to_owned(),
        start: of("start")
            .and_then(|start| start.parse().ok())
            .unwrap_or(1),
    }
}

/// What `w:val` says.
pub fn value(element: &Element) -> Option<&str> {
    element.attribute("val")
}

fn number(element: &Element, name: &str) -> Option<u32> {
    element.attribute(name)?.parse().ok()
}

/// Puts the counts into a text like `%1.%2`.
fn fill(text: &str, levels: &[Level], counts: &[Option<u32>]) -> String {
    let mut filled = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let at = match chars.peek().and_then(|next| next.to_digit(10)) {
            Some(digit @ 1..=9) if c == '%' => digit as usize - 1,
            _ => {
                filled.push(c);
                continue;
            }
        };
        chars.next();
        filled.push_str(&shown(counts[at].unwrap_or(1), &levels[at].format));
    }
    filled
}

/// A count in one of Word's formats; those that are rare become plain numbers.
fn shown(count: u32, format: &str) -> String {
    match format {
        "lowerLetter" => letters(count, b'a'),
        "upperLetter" => letters(count, b'A'),
        "lowerRoman" => roman(count).to_lowercase(),
        "upperRoman" => roman(count),
        "decimalZero" => format!("{count:02}"),
        "chineseCounting"
        | "chineseCountingThousand"
        | "japaneseCounting"
        | "ideographDigital"
        | "taiwaneseCountingThousand" => chinese(count),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if (1..=20).contains(&count) => {
            char::from_u32(0x245f + count).map_or_else(|| count.to_string(), String::from)
        }
        _ => count.to_string(),
    }
}

fn letters(count: u32, first: u8) -> String {
    let (times, at) = (count.saturating_sub(1) / 26, count.saturating_sub(1) % 26);
    // the alphabet goes round as aa, bb; a list of ten thousand items is not told by letters
    if times > 8 {
        return count.to_string();
    }
    String::from(char::from(first + at as u8)).repeat(times as usize + 1)
}

fn roman(count: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..4_000).contains(&count) {
        return count.to_string();
    }
    let mut rest = count;
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while rest >= value {
            text.push_str(sign);
            rest -= value;
        }
    }
    text
}

/// Numbers up to 9,999 as regulations write them: 十二, 二十, 一百零五.
fn chinese(count: u32) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    if !(1..10_000).contains(&count) {
        return count.to_string();
    }
    let mut text = String::new();
    let mut gap = false;
    for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = count / unit % 10;
        if digit == 0 {
            gap = !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
            gap = false;
        }
        if !(digit == 1 && unit == 10 && text.is_empty()) {
            text.push(DIGITS[digit as usize]);
        }
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::xml, *};

    #[test]
    fn counts_are_written_as_word_does() {
        for (count, format, text) in [
            (3, "decimal", "3"),
            (28, "lowerLetter", "bb"),
            (1, "upperLetter", "A"),
            (1994, "upperRoman", "MCMXCIV"),
            (4, "lowerRoman", "iv"),
            (10, "chineseCounting", "十"),
            (12, "chineseCountingThousand", "十二"),
            (20, "japaneseCounting", "二十"),
            (105, "chineseCounting", "一百零五"),
            (1010, "chineseCounting", "一千零一十"),
            (3, "decimalEnclosedCircle", "③"),
            (0, "upperRoman", "0"),
        ] {
            assert_eq!(shown(count, format), text, "{count} {format}");
        }
    }

    #[test]
    fn levels_count_within_each_other() {
        let source = "<numbering><abstractNum abstractNumId='7'>\
            <lvl ilvl='0'><numFmt val='chineseCounting'/><lvlText val='第%1章'/></lvl>\
            <lvl ilvl='1'><start val='1'/><numFmt val='decimal'/><lvlText val='%1.%2'/></lvl>\
            <lvl ilvl='2'><numFmt val='bullet'/><lvlText val=''/></lvl></abstractNum>\
            <num numId='1'><abstractNumId val='7'/></num>\
            <num numId='2'><abstractNumId val='7'/><lvlOverride ilvl='0'><startOverride val='5'/></lvlOverride></num>\
            </numbering>";
        let mut numbering = Numbering::of(&xml::parse(source.as_bytes()).unwrap());
        let mut next = |id, level| numbering.next(id, level).map(|marker| marker.text);
        assert_eq!(next("1", 0).unwrap(), "第一章 ");
        assert_eq!(next("1", 1).unwrap(), "一.1 ");
        assert_eq!(next("1", 1).unwrap(), "一.2 ");
        assert_eq!(next("1", 2).unwrap(), "- ");
        assert_eq!(next("1", 0).unwrap(), "第二章 ");
        assert_eq!(next("1", 1).unwrap(), "二.1 ");
        assert_eq!(next("2", 0).unwrap(), "第五章 ");
        assert_eq!(next("9", 0), None);
    }
}
