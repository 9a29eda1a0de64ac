//! The fields of a request, as both generations of clients name them.

use serde_json::{Map, Value};

use super::envelope::{bad, missing};
use crate::compat::{Call, Fault};

/// Entries of a history that are read.
const HISTORY_MAX: usize = 20_000;

/// What was trained, or is to be.
pub struct Space {
    /// Its name.
    pub name: String,
    /// The same as it came: early clients number their models.
    pub given: Value,
    /// Whether it is said as later clients do, who call a model what is asked, not what was trained.
    pub later: bool,
}

/// A body.
pub struct Given(Map<String, Value>);

impl Given {
    /// Reads it.
    ///
    /// # Errors
    /// 400 for what is no JSON object.
    pub async fn read(call: &mut Call) -> Result<Self, Fault> {
        let fields = call.object().await;
        let mut fields = fields.map_err(|_| bad("The body is no JSON object."))?;
        Ok(Self(fields.rest()))
    }

    /// A text that may be left out.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// 500 with its name, as the original.
    pub fn needed(&self, name: &str) -> Result<&str, Fault> {
        match self.0.get(name) {
            None => Err(missing(name)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(bad(format!("{name} must be a string."))),
        }
    }

    /// What was trained, or is to be.
    ///
    /// # Errors
    /// 500 when it is not said.
    pub fn space(&self) -> Result<Space, Fault> {
        let later = self.0.contains_key("space_name");
        let field = if later { "space_name" } else { "model_name" };
        let given = self.0.get(field).ok_or_else(|| missing(field))?.clone();
        let name = match &given {
            Value::String(name) if !name.is_empty() => name.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(bad(format!("{field} must be a string or a number."))),
        };
        Ok(Space { name, given, later })
    }

    /// What was said before; nothing when it is left out.
    ///
    /// # Errors
    /// 400 when it is no list of texts.
    pub fn history(&self) -> Result<Vec<&str>, Fault> {
        match self.0.get("history") {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(_) => self.texts("history"),
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// 500 when there is none, 400 when it is none.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Fault> {
        let Some(given) = self.0.get(name) else {
            return Err(missing(name));
        };
        let items = given.as_array().map(|items| items.iter());
        let texts: Option<Vec<&str>> = items.and_then(|items| items.map(Value::as_str).collect());
        let texts = texts.ok_or_else(|| bad(format!("{name} must be a list of strings.")))?;
        if texts.len() > HISTORY_MAX {
            return Err(bad(format!("{name} has at most {HISTORY_MAX} entries.")));
        }
        Ok(texts)
    }
}
