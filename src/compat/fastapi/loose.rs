//! Values read as loosely as pydantic 1.10 reads them: `"3"` is a number, `1` is true.

use serde_json::{Map, Value};

use super::fields::{Complaint, Rule};

/// Where a value stands, and what was wrong so far.
pub struct Reading<'a> {
    pub(super) loc: Vec<Value>,
    pub(super) complaints: &'a mut Vec<Complaint>,
}

impl Reading<'_> {
    /// Says what is wrong here, in pydantic's words.
    pub fn complain(&mut self, text: impl Into<String>, kind: &'static str, ctx: Option<Value>) {
        self.complaints.push(Complaint {
            loc: self.loc.clone(),
            msg: text.into(),
            kind,
            ctx,
        });
    }

    fn refuse<T>(&mut self, text: &str, kind: &'static str) -> Option<T> {
        self.complain(text, kind, None);
        None
    }

    fn none<T>(&mut self) -> Option<T> {
        self.refuse(
            "none is not an allowed value",
            "type_error.none.not_allowed",
        )
    }
}

/// What a field can be.
pub trait Loose: Sized {
    /// The value, or `None` after saying what is wrong.
    fn read(value: Value, rule: Rule, reading: &mut Reading) -> Option<Self>;
}

impl Loose for String {
    fn read(value: Value, rule: Rule, reading: &mut Reading) -> Option<Self> {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Null => return reading.none(),
            _ => return reading.refuse("str type expected", "type_error.str"),
        };
        rule.check_text(&text, reading).then_some(text)
    }
}

impl Loose for i64 {
    fn read(value: Value, rule: Rule, reading: &mut Reading) -> Option<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(is) => Some(Self::from(*is)),
            Value::Null => return reading.none(),
            _ => None,
        };
        let Some(number) = number else {
            return reading.refuse("value is not a valid integer", "type_error.integer");
        };
        rule.check_number(number as f64, reading).then_some(number)
    }
}

/// Python cuts off what stands behind the point.
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9e18).then_some(number.trunc() as i64)
}

impl Loose for f64 {
    fn read(value: Value, rule: Rule, reading: &mut Reading) -> Option<Self> {
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(is) => Some(Self::from(*is)),
            Value::Null => return reading.none(),
            _ => None,
        };
        let Some(number) = number else {
            return reading.refuse("value is not a valid float", "type_error.float");
        };
        rule.check_number(number, reading).then_some(number)
    }
}

impl Loose for bool {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let is = match &value {
            Value::Bool(is) => Some(*is),
            Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
            Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
            Value::String(text) => match text.to_lowercase().as_str() {
                "1" | "on" | "t" | "true" | "y" | "yes" => Some(true),
                "0" | "off" | "f" | "false" | "n" | "no" => Some(false),
                _ => None,
            },
            Value::Null => return reading.none(),
            _ => None,
        };
        is.or_else(|| reading.refuse("value could not be parsed to a boolean", "type_error.bool"))
    }
}

impl Loose for Value {
    fn read(value: Value, _: Rule, _: &mut Reading) -> Option<Self> {
        Some(value)
    }
}

impl Loose for Map<String, Value> {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        match value {
            Value::Object(map) => Some(map),
            Value::Null => reading.none(),
            _ => reading.refuse("value is not a valid dict", "type_error.dict"),
        }
    }
}

/// The rule goes for each item.
impl<T: Loose> Loose for Vec<T> {
    fn read(value: Value, rule: Rule, reading: &mut Reading) -> Option<Self> {
        let items = match value {
            Value::Array(items) => items,
            Value::Null => return reading.none(),
            _ => return reading.refuse("value is not a valid list", "type_error.list"),
        };
        let before = reading.complaints.len();
        let mut read = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            reading.loc.push(at.into());
            read.extend(T::read(item, rule, reading));
            reading.loc.pop();
            // a list of nothing but mistakes is told of by its first ones
            if reading.complaints.len() - before >= COMPLAINTS_MAX {
                break;
            }
        }
        (reading.complaints.len() == before).then_some(read)
    }
}

/// Mistakes that are told of one list.
const COMPLAINTS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: Loose>(value: Value) -> Result<T, String> {
        let mut complaints = Vec::new();
        let mut reading = Reading {
            loc: vec![],
            complaints: &mut complaints,
        };
        let read = T::read(value, Rule::ANY, &mut reading);
        read.ok_or_else(|| complaints[0].kind.to_owned())
    }

    #[test]
    fn values_are_read_as_pydantic_reads_them() {
        assert_eq!(read::<i64>(json!("  7 ")), Ok(7));
        assert_eq!(read::<i64>(json!(3.9)), Ok(3));
        assert_eq!(read::<i64>(json!(true)), Ok(1));
        assert_eq!(read::<i64>(json!("3.0")), Err("type_error.integer".into()));
        assert_eq!(read::<i64>(json!(1e300)), Err("type_error.integer".into()));
        assert_eq!(read::<f64>(json!("0.5")), Ok(0.5));
        assert_eq!(read::<f64>(json!([])), Err("type_error.float".into()));
        for yes in [
            json!("True"),
            json!("ON"),
            json!(1),
            json!(true),
            json!(1.0),
        ] {
            assert_eq!(read::<bool>(yes), Ok(true));
        }
        for no in [json!("no"), json!(0), json!(false)] {
            assert_eq!(read::<bool>(no), Ok(false));
        }
        assert_eq!(read::<bool>(json!(2)), Err("type_error.bool".into()));
        assert_eq!(read::<String>(json!(5)), Ok("5".into()));
        assert_eq!(read::<String>(json!(true)), Ok("True".into()));
        assert_eq!(read::<String>(json!({})), Err("type_error.str".into()));
        let null = Err("type_error.none.not_allowed".to_owned());
        assert_eq!(read::<String>(Value::Null), null);
    }

    #[test]
    fn no_number_is_neither_above_nor_below() {
        let mut complaints = Vec::new();
        let mut reading = Reading {
            loc: vec![],
            complaints: &mut complaints,
        };
        assert_eq!(
            f64::read(json!("nan"), Rule::between(0, 1), &mut reading),
            None
        );
        assert_eq!(complaints[0].kind, "value_error.number.not_le");
    }

    #[test]
    fn a_list_of_mistakes_is_not_told_to_its_end() {
        let mut complaints = Vec::new();
        let mut reading = Reading {
            loc: vec![],
            complaints: &mut complaints,
        };
        let list = Value::Array(vec![json!({}); 10_000]);
        assert!(Vec::<String>::read(list, Rule::ANY, &mut reading).is_none());
        assert_eq!(complaints.len(), COMPLAINTS_MAX);
    }
}
