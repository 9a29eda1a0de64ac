//! Broken JSON, in the words of Python's decoder.

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::detail;

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
    let broken = Broken {
        kind: "json_invalid",
        loc: ("body", place(text, error)),
        msg: "JSON decode error",
        input: json!({}),
        ctx: json!({"error": reason(text, error)}),
    };
    detail(StatusCode::UNPROCESSABLE_ENTITY, [broken])
}

/// Characters before the one that does not fit.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let lines: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    // the column counts the byte that does not fit, unless the text just ends
    let fits = usize::from(!error.is_eof());
    let mut byte = (lines + error.column().saturating_sub(fits)).min(text.len());
    if error.to_string().starts_with("expected ident") {
        // inside of a word that began like `null`
        let word = |byte: &u8| byte.is_ascii_alphabetic();
        byte -= text.as_bytes()[..byte]
            .iter()
            .rev()
            .take_while(|byte| word(byte))
            .count();
    }
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    text[..byte].chars().count()
}

fn reason(text: &str, error: &serde_json::Error) -> &'static str {
    let said = error.to_string();
    let opened = text.trim_end().ends_with(['{', ',']);
    match said.split(" at line").next().unwrap_or_default() {
        "key must be a string" => "Expecting property name enclosed in double quotes",
        "EOF while parsing an object" if opened => {
            "Expecting property name enclosed in double quotes"
        }
        "trailing comma" => "Expecting value",
        "expected `:`" => "Expecting ':' delimiter",
        "expected `,` or `}`"
        | "expected `,` or `]`"
        | "EOF while parsing an object"
        | "EOF while parsing a list" => "Expecting ',' delimiter",
        "trailing characters" => "Extra data",
        "EOF while parsing a string" => "Unterminated string starting at",
        "invalid escape" => "Invalid \\escape",
        said if said.starts_with("control character") => "Invalid control character at",
        _ => "Expecting value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_reasons_are_those_of_python() {
        for (text, at, why) in [
            ("{", 1, "Expecting property name enclosed in double quotes"),
            ("nope", 0, "Expecting value"),
            ("{\"a\": }", 6, "Expecting value"),
            ("{\"a\" 1}", 5, "Expecting ':' delimiter"),
            ("{\"a\": 1 \"b\"}", 8, "Expecting ',' delimiter"),
            ("{\"a\": 1} x", 9, "Extra data"),
            ("{\"电池\": x}", 7, "Expecting value"),
            ("{\n\"a\": x}", 7, "Expecting value"),
        ] {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(
                (place(text, &error), reason(text, &error)),
                (at, why),
                "{text}: {error}"
            );
        }
    }
}
