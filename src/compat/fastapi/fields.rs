//! Fields read one by one; what is wrong with them is gathered and said at once, as pydantic does.

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    detail,
    loose::{Loose, Reading},
};
use crate::{compat::Fault, error::Result};

/// What a value has to be besides of its type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule {
    ge: Option<i64>,
    le: Option<i64>,
    chars_min: Option<usize>,
    chars_max: Option<usize>,
}

impl Rule {
    /// Anything goes.
    pub const ANY: Self = Self {
        ge: None,
        le: None,
        chars_min: None,
        chars_max: None,
    };

    /// A number from here to there.
    pub const fn between(ge: i64, le: i64) -> Self {
        Self {
            ge: Some(ge),
            le: Some(le),
            ..Self::ANY
        }
    }

    /// A text of so many characters.
    pub const fn chars(min: usize, max: usize) -> Self {
        Self {
            chars_min: Some(min),
            chars_max: Some(max),
            ..Self::ANY
        }
    }

    /// A text of so many characters at most.
    pub const fn chars_max(max: usize) -> Self {
        Self {
            chars_max: Some(max),
            ..Self::ANY
        }
    }

    pub(super) fn check_number(self, number: f64, reading: &mut Reading) -> bool {
        // what is no number is neither
        if let Some(le) = self.le.filter(|le| number.is_nan() || number > *le as f64) {
            let text = format!("ensure this value is less than or equal to {le}");
            reading.complain(text, "value_error.number.not_le", Some(limit(le)));
            return false;
        }
        if let Some(ge) = self.ge.filter(|ge| number < *ge as f64) {
            let text = format!("ensure this value is greater than or equal to {ge}");
            reading.complain(text, "value_error.number.not_ge", Some(limit(ge)));
            return false;
        }
        true
    }

    pub(super) fn check_text(self, text: &str, reading: &mut Reading) -> bool {
        let chars = text.chars().count();
        if let Some(min) = self.chars_min.filter(|min| chars < *min) {
            let text = format!("ensure this value has at least {min} characters");
            reading.complain(text, "value_error.any_str.min_length", Some(limit(min)));
            return false;
        }
        if let Some(max) = self.chars_max.filter(|max| chars > *max) {
            let text = format!("ensure this value has at most {max} characters");
            reading.complain(text, "value_error.any_str.max_length", Some(limit(max)));
            return false;
        }
        true
    }
}

fn limit(limit: impl Serialize) -> Value {
    json!({"limit_value": limit})
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Complaint {
    pub loc: Vec<Value>,
    pub msg: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// The fields of a body, of an object in it, or of the address. Unknown ones are ignored.
#[derive(Debug)]
pub struct Fields {
    loc: Vec<Value>,
    /// `None` when there is something that has no fields: then all of them are missing.
    given: Option<Map<String, Value>>,
    complaints: Vec<Complaint>,
}

impl Fields {
    /// Of a body.
    pub fn of(body: Value) -> Self {
        Self {
            loc: vec!["body".into()],
            given: match body {
                Value::Object(given) => Some(given),
                _ => None,
            },
            complaints: Vec::new(),
        }
    }

    /// Of pairs of texts, at `place`: `query` or `body`.
    pub fn of_texts<K, V>(place: &str, pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let pairs = pairs.into_iter();
        Self {
            loc: vec![place.into()],
            given: Some(
                pairs
                    .map(|(key, value)| (key.into(), Value::String(value.into())))
                    .collect(),
            ),
            complaints: Vec::new(),
        }
    }

    /// The same without texts in which there is nothing.
    #[must_use]
    pub fn without_empty(mut self) -> Self {
        if let Some(given) = &mut self.given {
            given.retain(|_, value| value != "");
        }
        self
    }

    /// Of an object inside, of which `reading` has the place.
    pub fn inside(value: Value, reading: &mut Reading) -> Option<Self> {
        match value {
            Value::Object(given) => Some(Self {
                loc: reading.loc.clone(),
                given: Some(given),
                complaints: Vec::new(),
            }),
            _ => {
                reading.complain("value is not a valid dict", "type_error.dict", None);
                None
            }
        }
    }

    /// A field that has to be there. What it returns counts only once [`Fields::done`] has found
    /// nothing wrong.
    pub fn required<T: Loose + Default>(&mut self, name: &str, rule: Rule) -> T {
        match self.take(name) {
            Some(value) => self.read(name, value, rule).unwrap_or_default(),
            None => {
                self.missing(name);
                T::default()
            }
        }
    }

    /// The same for what has no value of its own to stand in for it.
    pub fn needed<T: Loose>(&mut self, name: &str) -> Option<T> {
        match self.take(name) {
            Some(value) => self.read(name, value, Rule::ANY),
            None => {
                self.missing(name);
                None
            }
        }
    }

    /// A field with a default.
    pub fn or<T: Loose>(&mut self, name: &str, default: T, rule: Rule) -> T {
        match self.take(name) {
            Some(value) => self.read(name, value, rule).unwrap_or(default),
            None => {
                self.missing_without_object(name);
                default
            }
        }
    }

    /// A field that may be left out, or be null.
    pub fn optional<T: Loose>(&mut self, name: &str, rule: Rule) -> Option<T> {
        match self.take(name) {
            None => {
                self.missing_without_object(name);
                None
            }
            Some(Value::Null) => None,
            Some(value) => self.read(name, value, rule),
        }
    }

    /// A field that is one of a few words.
    pub fn one_of(&mut self, name: &str, default: &str, words: &[&str]) -> String {
        let given = match self.take(name) {
            None => {
                self.missing_without_object(name);
                return default.to_owned();
            }
            Some(given) => given,
        };
        if let Some(word) = words.iter().find(|word| given.as_str() == Some(**word)) {
            return (*word).to_owned();
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let text = format!("unexpected value; permitted: {}", quoted.join(", "));
        let ctx = json!({"given": given, "permitted": words});
        self.at(name).complain(text, "value_error.const", Some(ctx));
        default.to_owned()
    }

    /// Everything that is given and was not read.
    pub fn rest(&mut self) -> Map<String, Value> {
        self.given.take().unwrap_or_default()
    }

    /// Says that a field is missing.
    pub fn missing(&mut self, name: &str) {
        self.at(name)
            .complain("field required", "value_error.missing", None);
    }

    /// To be called when all are read.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    pub fn done(self) -> Result<(), Fault> {
        if self.complaints.is_empty() {
            return Ok(());
        }
        Err(unprocessable(&self.complaints).into())
    }

    /// The same for an object inside: what is wrong is told to the outer reader.
    pub fn done_inside(self, reading: &mut Reading) -> bool {
        let well = self.complaints.is_empty();
        reading.complaints.extend(self.complaints);
        well
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.given.as_mut()?.remove(name)
    }

    /// FastAPI finds even optional fields missing in a body that is no object.
    fn missing_without_object(&mut self, name: &str) {
        if self.given.is_none() {
            self.missing(name);
        }
    }

    fn read<T: Loose>(&mut self, name: &str, value: Value, rule: Rule) -> Option<T> {
        T::read(value, rule, &mut self.at(name))
    }

    fn at(&mut self, name: &str) -> Reading<'_> {
        let mut loc = self.loc.clone();
        loc.push(name.into());
        Reading {
            loc,
            complaints: &mut self.complaints,
        }
    }
}

/// A body that is one bare text.
pub(super) fn bare<T: Loose>(value: Value, rule: Rule) -> Result<T, Fault> {
    let mut complaints = Vec::new();
    let mut reading = Reading {
        loc: vec!["body".into()],
        complaints: &mut complaints,
    };
    let text = if value.is_null() {
        reading.complain("field required", "value_error.missing", None);
        None
    } else {
        T::read(value, rule, &mut reading)
    };
    text.ok_or_else(|| unprocessable(&complaints).into())
}

pub(super) fn not_utf8() -> Response {
    unprocessable(&[Complaint {
        loc: vec!["body".into()],
        msg: "'utf-8' codec can't decode bytes: invalid data".into(),
        kind: "value_error.unicodedecode",
        ctx: None,
    }])
}

fn unprocessable(complaints: &[Complaint]) -> Response {
    detail(StatusCode::UNPROCESSABLE_ENTITY, complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: Value) -> Fields {
        Fields::of(body)
    }

    fn said(fields: Fields) -> Value {
        serde_json::to_value(&fields.complaints).unwrap()
    }

    #[test]
    fn each_kind_of_wrong_field_has_its_words() {
        let mut all = fields(json!({
            "stream": "perhaps", "temperature": 1.5, "top_k": "three", "num": -1, "texts": "x",
            "title": "abcd", "query": null, "list": ["a", {}], "kind": "other", "unknown": 1,
        }));
        all.required::<String>("query", Rule::ANY);
        all.required::<String>("name", Rule::ANY);
        all.or("stream", false, Rule::ANY);
        all.or("temperature", 0.7, Rule::between(0, 1));
        all.or("top_k", 3, Rule::ANY);
        all.or("num", 3, Rule::between(0, 9));
        all.or::<Vec<String>>("texts", vec![], Rule::ANY);
        all.or::<Vec<String>>("list", vec![], Rule::ANY);
        all.or("title", String::new(), Rule::chars_max(3));
        all.one_of("kind", "a", &["a", "b"]);
        assert_eq!(
            said(all),
            json!([
                {"loc": ["body", "query"], "msg": "none is not an allowed value", "type": "type_error.none.not_allowed"},
                {"loc": ["body", "name"], "msg": "field required", "type": "value_error.missing"},
                {"loc": ["body", "stream"], "msg": "value could not be parsed to a boolean", "type": "type_error.bool"},
                {"loc": ["body", "temperature"], "msg": "ensure this value is less than or equal to 1", "type": "value_error.number.not_le", "ctx": {"limit_value": 1}},
                {"loc": ["body", "top_k"], "msg": "value is not a valid integer", "type": "type_error.integer"},
                {"loc": ["body", "num"], "msg": "ensure this value is greater than or equal to 0", "type": "value_error.number.not_ge", "ctx": {"limit_value": 0}},
                {"loc": ["body", "texts"], "msg": "value is not a valid list", "type": "type_error.list"},
                {"loc": ["body", "list", 1], "msg": "str type expected", "type": "type_error.str"},
                {"loc": ["body", "title"], "msg": "ensure this value has at most 3 characters", "type": "value_error.any_str.max_length", "ctx": {"limit_value": 3}},
                {"loc": ["body", "kind"], "msg": "unexpected value; permitted: 'a', 'b'", "type": "value_error.const", "ctx": {"given": "other", "permitted": ["a", "b"]}},
            ])
        );
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let mut none = fields(json!({"max_tokens": null}));
        assert_eq!(none.or("top_k", 3, Rule::ANY), 3);
        assert_eq!(none.optional::<i64>("max_tokens", Rule::ANY), None);
        assert_eq!(none.optional::<String>("session_id", Rule::ANY), None);
        assert_eq!(none.one_of("type", "a", &["a"]), "a");
        assert!(none.done().is_ok());
    }

    #[test]
    fn texts_of_an_address_or_a_form_are_read_like_values() {
        let mut query = Fields::of_texts("query", [("num", "6"), ("preview", "True")]);
        assert_eq!(query.required::<i64>("num", Rule::ANY), 6);
        assert!(query.or("preview", false, Rule::ANY));
        query.required::<String>("file_name", Rule::ANY);
        assert_eq!(
            said(query),
            json!([{"loc": ["query", "file_name"], "msg": "field required", "type": "value_error.missing"}])
        );
    }
}
