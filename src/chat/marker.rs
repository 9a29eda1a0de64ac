//! Citation markers in a streamed answer: `[2]` is held back until it is whole, and dropped when there
//! is no passage 2.

/// Longest marker that is held back, in bytes: `[12, 13, 14]` and the like.
const MARKER_BYTES_MAX: usize = 40;

/// Cleans an answer piece by piece.
#[derive(Debug, Default)]
pub struct Markers {
    passages: u32,
    held: String,
    /// What is held stands behind a bracket that was held before, and came to nothing.
    nested: bool,
    code: Code,
}

/// In code, brackets are brackets. A run of backticks opens it, one of the same length closes it
/// (CommonMark 0.31, 4.5 and 6.1).
#[derive(Debug, Default)]
struct Code {
    run: usize,
    open: usize,
}

impl Code {
    /// Takes a character; whether it is code, or a backtick.
    fn is_inside(&mut self, c: char) -> bool {
        if c == '`' {
            self.run += 1;
            return true;
        }
        match (self.run, self.open) {
            (0, _) => {}
            (run, 0) => self.open = run,
            (run, open) if run == open => self.open = 0,
            _ => {}
        }
        self.run = 0;
        self.open > 0
    }
}

impl Markers {
    /// For an answer that was given this many passages.
    pub fn new(passages: usize) -> Self {
        Self {
            passages: u32::try_from(passages).unwrap_or(u32::MAX),
            ..Self::default()
        }
    }

    /// Takes a piece; returns what can be shown now.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            self.take(c, &mut out);
        }
        out
    }

    /// What was held back when the answer ended.
    pub fn finish(mut self) -> String {
        std::mem::take(&mut self.held)
    }

    fn take(&mut self, c: char, out: &mut String) {
        let code = self.code.is_inside(c);
        if self.held.is_empty() {
            match c {
                '[' | '【' if !code => {
                    self.nested = false;
                    self.held.push(c);
                }
                _ => out.push(c),
            }
            return;
        }
        match c {
            ']' | '】' => {
                self.held.push(c);
                self.close(out);
            }
            '0'..='9' | ',' | '，' | '、' | ' ' | '^' if self.held.len() < MARKER_BYTES_MAX => {
                self.held.push(c)
            }
            _ => {
                out.push_str(&std::mem::take(&mut self.held));
                if matches!(c, '[' | '【') && !code {
                    self.nested = true;
                    self.held.push(c)
                } else {
                    out.push(c)
                }
            }
        }
    }

    fn close(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        let inside = held.trim_matches(['[', ']', '【', '】', '^']);
        let numbers: Option<Vec<u32>> = inside.split([',', '，', '、']).map(number).collect();
        match numbers {
            None => out.push_str(&held),
            Some(mut numbers) => {
                numbers.retain(|n| (1..=self.passages).contains(n));
                // or what stands around it would become a marker that nobody wrote
                if numbers.is_empty() && self.nested {
                    out.push(' ');
                }
                for n in numbers {
                    out.push_str(&format!("[{n}]"));
                }
            }
        }
    }
}

/// The number of a passage; one that is too large for any is 0, which none has.
fn number(digits: &str) -> Option<u32> {
    let digits = digits.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(0))
}

/// A marker in a finished text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The passage it names.
    pub n: u32,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// The markers of a text that came out of [`Markers`].
pub fn find(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut code = Code::default();
    let mut open = None;
    for (at, c) in text.char_indices() {
        let inside = code.is_inside(c);
        match (c, open) {
            ('[', _) if !inside => open = Some(at),
            (']', Some(start)) => {
                let inside = &text[start + 1..at];
                if let (Ok(n), true) = (inside.parse(), inside.len() <= MARKER_BYTES_MAX) {
                    found.push(Marker {
                        n,
                        start,
                        end: at + 1,
                    });
                }
                open = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(text: &str, passages: usize) -> String {
        let mut markers = Markers::new(passages);
        markers.push(text) + &markers.finish()
    }

    #[test]
    fn markers_of_passages_that_exist_stay() {
        for (text, shown) in [
            ("保修24个月[1]。", "保修24个月[1]。"),
            ("a[1][2] b [3]", "a[1][2] b [3]"),
            ("a [9] b", "a  b"),
            ("a [0] b[4294967297]", "a  b"),
            ("a [1, 9,2]", "a [1][2]"),
            ("见【2】", "见[2]"),
            ("[^3]", "[3]"),
            ("[a] [ 1 ] [", "[a] [1] ["),
            ("x[1", "x[1"),
            ("[[1]]", "[[1]]"),
            ("[【4】0] [1[9]] [[9]2]", "[ 0] [1 ] [ 2]"),
            ("`a[9]` a[9]", "`a[9]` a"),
            ("```\nx[9]\n``\n```\n[9]!", "```\nx[9]\n``\n```\n!"),
            ("[link](http://x) [7]", "[link](http://x) "),
        ] {
            assert_eq!(cleaned(text, 3), shown, "{text}");
        }
    }

    #[test]
    fn markers_are_found_again() {
        assert_eq!(
            find("a[1]。`b[1]` c[12] [x]"),
            [
                Marker {
                    n: 1,
                    start: 1,
                    end: 4
                },
                Marker {
                    n: 12,
                    start: 15,
                    end: 19
                }
            ]
        );
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "[\\[\\]0-9,`a【】 ^中]{0,60}", cut in 0usize..60) {
            let at = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
            let mut markers = Markers::new(3);
            let pieces = markers.push(&text[..at]) + &markers.push(&text[at..]) + &markers.finish();
            prop_assert_eq!(&pieces, &cleaned(&text, 3));
            for marker in find(&pieces) {
                prop_assert!(!text.contains('`') || marker.n > 0);
            }
            if !text.contains('`') {
                let known = find(&pieces).iter().all(|marker| (1..=3).contains(&marker.n));
                prop_assert!(known, "{} -> {}", text, pieces);
            }
        }
    }
}
