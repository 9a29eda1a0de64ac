//! JSON and JSON lines, in the order in which they were written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{
    PageError, Writer,
    tree::{self, Tree},
};
use crate::error::{Error, Result};

/// Lines that are not JSON and are named one by one.
const ERRORS_MAX: usize = 20;

/// Reads one value.
///
/// # Errors
/// `Invalid` when it is no JSON or nested too deep, `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, text: &str) -> Result<()> {
    let value: Tree = serde_json::from_str(text).map_err(|error| broken(&error))?;
    tree::write(writer, &value, 0)
}

/// Reads a value a line. Lines that are none are named; the others are kept.
///
/// # Errors
/// As [`read`].
pub fn read_lines(writer: &mut Writer<'_>, text: &str) -> Result<Vec<PageError>> {
    let mut values = Vec::new();
    let mut errors = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(value) => values.push(value),
            Err(error) if errors.len() < ERRORS_MAX => errors.push(PageError {
                page: number,
                detail: format!("Line {number} is not JSON: {}.", cause(&error)),
            }),
            Err(_) => {}
        }
    }
    tree::write(writer, &Tree::List(values), 0)?;
    Ok(errors)
}

fn broken(error: &serde_json::Error) -> Error {
    Error::invalid(format!("The document is not valid JSON: {}.", cause(error)))
}

fn cause(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(value.to_owned()))
    }

    fn visit_unit<E>(self) -> std::result::Result<Tree, E> {
        Ok(Tree::Leaf(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> std::result::Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            map.push(pair);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{BlockKind::*, Limits, tests::outline},
        *,
    };

    #[test]
    fn names_become_headings_and_records_tables() {
        let source = r#"{"产品":"EV-9","warranty":{"电池":{"年":8,"条件":null},"notes":["事故除外","改装除外"]},
            "parts":[{"部件":"电池","期限":8},{"部件":"电机","价":1.5}],"empty":[],"on":true}"#;
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        read(&mut writer, source).unwrap();
        let expected = [
            (ListItem, "- 产品: EV-9"),
            (ListItem, "- on: true"),
            (Heading(1), "warranty"),
            (Heading(2), "电池"),
            (ListItem, "- 年: 8"),
            (Heading(2), "notes"),
            (ListItem, "- 事故除外"),
            (ListItem, "- 改装除外"),
            (Heading(1), "parts"),
            (
                Table,
                "| 部件 | 期限 | 价 |\n| --- | --- | --- |\n| 电池 | 8 |  |\n| 电机 |  | 1.5 |",
            ),
        ];
        assert_eq!(
            outline(&writer.finish()),
            expected.map(|(kind, text)| (kind, text.to_owned()))
        );
    }

    #[test]
    fn broken_lines_cost_themselves() {
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        let errors = read_lines(&mut writer, "{\"q\":\"一\"}\n{oops\n\n{\"q\":\"二\"}\n").unwrap();
        assert_eq!((errors.len(), errors[0].page), (1, 2));
        assert_eq!(writer.finish().text, "| q |\n| --- |\n| 一 |\n| 二 |");
    }

    #[test]
    fn broken_and_bottomless_json_is_refused() {
        let limits = Limits::default();
        let deep = "[".repeat(100_000);
        for source in ["{", "{'a':1}", deep.as_str(), "1 2"] {
            let error = read(&mut Writer::new(&limits), source).unwrap_err();
            assert!(error.to_string().contains("not valid JSON"), "{error}");
        }
    }
}
