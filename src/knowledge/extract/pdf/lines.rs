//! Characters of a page, as PDFium gives them, to lines.

use super::frame::Line;

/// A gap of so many times the font size is one between columns.
const COLUMN_GAP: f32 = 0.9;

/// Where a character stands, in points.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Left edge.
    pub left: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
}

/// Puts characters together, in the order in which they come.
#[derive(Debug, Default)]
pub struct LineBuilder {
    lines: Vec<Line>,
    open: Line,
    sizes: Vec<(f32, u32)>,
    placed: bool,
    chars: usize,
    surrogate: Option<u32>,
}

impl LineBuilder {
    /// Characters so far.
    pub fn chars(&self) -> usize {
        self.chars
    }

    /// Adds a character: a code point or a half of a surrogate pair.
    pub fn push(&mut self, unit: u32, size: f32, place: Option<Place>) {
        let high = self.surrogate.take();
        let c = match (high, unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00))
            }
            (_, 0xd800..=0xdbff) => {
                self.surrogate = Some(unit);
                return;
            }
            _ => char::from_u32(unit),
        };
        self.chars += 1;
        match c {
            Some('\r' | '\n' | '\u{2028}') => self.end_line(),
            // PDFium's mark for a hyphen that only breaks a word
            Some('\u{2}' | '\u{fffe}') => self.open.text.push('\u{ad}'),
            Some(c) if c.is_control() || c == '\u{ffff}' => {}
            Some(c) => self.add(c, size, place),
            None => self.add('\u{fffd}', size, place),
        }
    }

    /// The lines that say something.
    pub fn finish(mut self) -> Vec<Line> {
        self.end_line();
        self.lines
    }

    fn add(&mut self, c: char, size: f32, place: Option<Place>) {
        if c.is_whitespace() {
            if !self.open.text.is_empty() && !self.open.text.ends_with([' ', '\t']) {
                self.open.text.push(' ');
            }
            return;
        }
        if let Some(place) = place.filter(|place| place.left.is_finite() && place.right.is_finite())
        {
            self.place(place, size);
        }
        self.open.text.push(c);
    }

    fn place(&mut self, place: Place, size: f32) {
        if self.placed && place.left - self.open.right > COLUMN_GAP * size && size > 0.0 {
            let text = self.open.text.trim_end().len();
            self.open.text.truncate(text);
            self.open.text.push('\t');
        }
        if self.placed {
            self.open.left = self.open.left.min(place.left);
            self.open.bottom = self.open.bottom.min(place.bottom);
            self.open.right = self.open.right.max(place.right);
        } else {
            self.open.left = place.left;
            self.open.right = place.right;
            self.open.bottom = place.bottom;
            self.placed = true;
        }
        let size = (size * 2.0).round() / 2.0;
        if let Some((_, count)) = self.sizes.iter_mut().find(|(known, _)| *known == size) {
            *count += 1;
        } else if self.sizes.len() < SIZES_MAX {
            self.sizes.push((size, 1));
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.open);
        let most = self.sizes.iter().max_by_key(|(_, count)| *count);
        line.size = most.map_or(0.0, |(size, _)| *size);
        self.sizes.clear();
        self.placed = false;
        line.text.truncate(line.text.trim_end().len());
        if !line.text.is_empty() {
            self.lines.push(line);
        }
    }
}

/// Different font sizes that are counted in one line.
const SIZES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(builder: LineBuilder) -> Vec<String> {
        builder.finish().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn halves_of_a_pair_are_one_character() {
        let mut builder = LineBuilder::default();
        for unit in "a😀"
            .encode_utf16()
            .chain([0xd83d, u16::from(b'b'), 0xde00])
        {
            builder.push(u32::from(unit), 10.0, None);
        }
        assert_eq!(builder.chars(), 4);
        assert_eq!(texts(builder), ["a😀b\u{fffd}"]);
    }

    #[test]
    fn wide_gaps_are_tabs_and_empty_lines_go() {
        let mut builder = LineBuilder::default();
        let mut left = 0.0;
        for (c, gap) in [
            ('电', 0.0),
            ('池', 0.0),
            (' ', 0.0),
            ('8', 2.0),
            ('年', 9.5),
            ('\r', 0.0),
        ] {
            left += gap;
            let place = Place {
                left,
                right: left + 10.0,
                bottom: 5.0,
            };
            builder.push(u32::from(c), 10.0, Some(place));
            left += if c == ' ' { 0.0 } else { 10.0 };
        }
        for c in "\n  \r\n".chars() {
            builder.push(u32::from(c), 10.0, None);
        }
        let lines = builder.finish();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].text.as_str(), lines[0].size),
            ("电池 8\t年", 10.0)
        );
        assert_eq!((lines[0].left, lines[0].right), (0.0, 51.5));
    }
}
