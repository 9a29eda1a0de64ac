//! Broken JSON, in the words of Python's decoder, and at the places that it names.

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::detail;

const VALUE: &str = "Expecting value";
const NAME: &str = "Expecting property name enclosed in double quotes";
/// The words that are values. Python takes the last three for numbers.
const WORDS: [&str; 6] = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];

/// 422 with the place, in characters, and the reason.
pub fn answer(text: &str, error: &serde_json::Error) -> Response {
    #[derive(Serialize)]
    struct Broken {
        #[serde(rename = "type")]
        kind: &'static str,
        loc: (&'static str, usize),
        msg: &'static str,
        input: Value,
        ctx: Value,
    }
    // what Python reads and we do not: values too deep, half a surrogate, what is no number
    let (place, reason) = flaw(text).map_or_else(
        || (0, error.to_string()),
        |(place, why)| (place, why.to_owned()),
    );
    let broken = Broken {
        kind: "json_invalid",
        loc: ("body", place),
        msg: "JSON decode error",
        input: json!({}),
        ctx: json!({"error": reason}),
    };
    detail(StatusCode::UNPROCESSABLE_ENTITY, [broken])
}

/// The first thing that Python finds wrong: how many characters stand before it, and what it is.
fn flaw(text: &str) -> Option<(usize, &'static str)> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
    };
    let Flaw(byte, why) = reader.document().err()?;
    let before = text.char_indices().take_while(|(at, _)| *at < byte);
    Some((before.count(), why))
}

/// The byte that does not fit, and why.
struct Flaw(usize, &'static str);

/// Goes over the text as Python's decoder does, and makes nothing of it.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How the objects and lists end in which it is.
    open: Vec<u8>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Flaw> {
        self.space();
        loop {
            self.value()?;
            if !self.goes_on()? {
                return Ok(());
            }
        }
    }

    /// A value, or the beginning of one that holds others.
    fn value(&mut self) -> Result<(), Flaw> {
        loop {
            let end = match self.peek() {
                Some(b'{') => b'}',
                Some(b'[') => b']',
                Some(b'"') => return self.string(),
                _ => return self.bare(),
            };
            self.step();
            if self.peek() == Some(end) {
                self.at += 1;
                return Ok(());
            }
            self.open.push(end);
            if end == b'}' {
                self.name()?;
            }
        }
    }

    /// What stands behind a value: whether another one follows.
    fn goes_on(&mut self) -> Result<bool, Flaw> {
        loop {
            self.space();
            let next = self.peek();
            let Some(end) = self.open.last().copied() else {
                return match next {
                    None => Ok(false),
                    Some(_) => Err(Flaw(self.at, "Extra data")),
                };
            };
            if next == Some(end) {
                self.open.pop();
                self.at += 1;
            } else if next == Some(b',') {
                self.step();
                if end == b'}' {
                    self.name()?;
                }
                return Ok(true);
            } else {
                return Err(Flaw(self.at, "Expecting ',' delimiter"));
            }
        }
    }

    /// The name of a field, and the colon behind it.
    fn name(&mut self) -> Result<(), Flaw> {
        if self.peek() != Some(b'"') {
            return Err(Flaw(self.at, NAME));
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(Flaw(self.at, "Expecting ':' delimiter"));
        }
        self.step();
        Ok(())
    }

    fn string(&mut self) -> Result<(), Flaw> {
        let begin = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape(begin)?,
                0..b' ' => return Err(Flaw(self.at, "Invalid control character at")),
                _ => self.at += 1,
            }
        }
        Err(Flaw(begin, "Unterminated string starting at"))
    }

    fn escape(&mut self, begin: usize) -> Result<(), Flaw> {
        match self.bytes.get(self.at + 1) {
            None => Err(Flaw(begin, "Unterminated string starting at")),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                let digits = digits.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit));
                // the string cannot end there
                if !digits || self.at + 6 == self.bytes.len() {
                    return Err(Flaw(self.at + 1, "Invalid \\uXXXX escape"));
                }
                self.at += 6;
                Ok(())
            }
            Some(_) => Err(Flaw(self.at, "Invalid \\escape")),
        }
    }

    /// A word or a number.
    fn bare(&mut self) -> Result<(), Flaw> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let word = WORDS.iter().find(|word| rest.starts_with(word.as_bytes()));
        let length = word.map(|word| word.len()).or_else(|| number(rest));
        self.at += length.ok_or(Flaw(self.at, VALUE))?;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// On to the next byte that is no space.
    fn step(&mut self) {
        self.at += 1;
        self.space();
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

/// Bytes of the number with which a text begins.
fn number(text: &[u8]) -> Option<usize> {
    let is = |at: usize, among: &[u8]| text.get(at).is_some_and(|byte| among.contains(byte));
    let digits = |from: usize| {
        let rest = text.iter().skip(from);
        rest.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let sign = usize::from(is(0, b"-"));
    let whole = if is(sign, b"0") { 1 } else { digits(sign) };
    let mut end = sign + whole;
    let part = if is(end, b".") { digits(end + 1) } else { 0 };
    if part > 0 {
        end += 1 + part;
    }
    if is(end, b"eE") {
        let sign = usize::from(is(end + 1, b"+-"));
        let power = digits(end + 1 + sign);
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    (whole > 0).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `json.loads` of Python 3.11 says.
    const SAID: &[(&str, usize, &str)] = &[
        ("", 0, VALUE),
        (" ", 1, VALUE),
        ("{", 1, NAME),
        ("[", 1, VALUE),
        ("nope", 0, VALUE),
        ("{\"a\": }", 6, VALUE),
        ("{\"a\" 1}", 5, "Expecting ':' delimiter"),
        ("{\"a\": 1 \"b\"}", 8, "Expecting ',' delimiter"),
        ("{\"a\": 1} x", 9, "Extra data"),
        ("{\"电池\": x}", 7, VALUE),
        ("{\n\"a\": x}", 7, VALUE),
        ("{\"a\": 1,}", 8, NAME),
        ("[1,]", 3, VALUE),
        ("{\"a\"", 4, "Expecting ':' delimiter"),
        ("{\"a\": 1,", 8, NAME),
        ("{\"a\": 1, ", 9, NAME),
        ("{\"a\": 1", 7, "Expecting ',' delimiter"),
        ("{\"a\":", 5, VALUE),
        ("{\"a\": \"x", 6, "Unterminated string starting at"),
        ("{\"a", 1, "Unterminated string starting at"),
        ("{\"a\": \"电\\", 6, "Unterminated string starting at"),
        ("{\"a\": \"\\q\"}", 7, "Invalid \\escape"),
        ("{\"a\": \"\\u12\"}", 8, "Invalid \\uXXXX escape"),
        ("{\"a\": \"\\u12g4\"}", 8, "Invalid \\uXXXX escape"),
        ("{\"a\": \"é\\u00zz\"}", 9, "Invalid \\uXXXX escape"),
        ("\"\\u1234", 2, "Invalid \\uXXXX escape"),
        ("{\"a\": \"\\ud800\\u12\"}", 14, "Invalid \\uXXXX escape"),
        ("{\"a\": \"x\ny\"}", 8, "Invalid control character at"),
        ("[1 2]", 3, "Expecting ',' delimiter"),
        ("[1", 2, "Expecting ',' delimiter"),
        ("[1,", 3, VALUE),
        ("[,]", 1, VALUE),
        ("{,}", 1, NAME),
        ("{a: 1}", 1, NAME),
        ("{'a': 1}", 1, NAME),
        ("{\"a\": nul}", 6, VALUE),
        ("{\"a\": tru", 6, VALUE),
        ("{\"a\": nullx}", 10, "Expecting ',' delimiter"),
        ("{\"a\": 01}", 7, "Expecting ',' delimiter"),
        ("{\"a\": 1.}", 7, "Expecting ',' delimiter"),
        ("{\"a\": -}", 6, VALUE),
        ("{\"a\": .5}", 6, VALUE),
        ("{\"a\": 1e}", 7, "Expecting ',' delimiter"),
        ("{\"a\": 1E+}", 7, "Expecting ',' delimiter"),
        ("{\"a\": +1}", 6, VALUE),
        ("{\"a\": -Inf}", 6, VALUE),
        ("{\"a\": 1}}", 8, "Extra data"),
        ("{\"a\": 1},", 8, "Extra data"),
        ("{\"a\": {\"b\": [1, 2}", 17, "Expecting ',' delimiter"),
        ("{\"a\":1,,\"b\":2}", 7, NAME),
        ("{1: 2}", 1, NAME),
        ("{\"a\": 1 // c\n}", 8, "Expecting ',' delimiter"),
        ("{\"a\": 1, \"b\"  x}", 14, "Expecting ':' delimiter"),
        ("{\"a\": 1,\n}", 9, NAME),
        ("[1,\n  ]", 6, VALUE),
        ("{ }x", 3, "Extra data"),
        ("{ \"a\" :1 ,  \"b\" : }", 18, VALUE),
        ("[\"a\",\"b", 5, "Unterminated string starting at"),
        ("\u{a0}{}", 0, VALUE),
    ];

    #[test]
    fn places_and_reasons_are_those_of_python() {
        for (text, place, why) in SAID {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
            assert_eq!(flaw(text), Some((*place, *why)), "{text}");
        }
    }

    #[test]
    fn what_python_reads_has_no_flaw() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for text in [
            r#"{"a": [1, -0.5e+3, {"b": {}}, [], "\u00e9\"\\"], "电池": null}"#,
            " [true, false, NaN, -Infinity] \r\n",
            r#""\ud800""#,
            "1e999",
            deep.as_str(),
        ] {
            assert_eq!(flaw(text), None, "{:.50}", text);
        }
        assert_eq!(flaw(&deep[..100_000]), Some((100_000, VALUE)));
    }
}
