//! What a user sets for a conversation; what is not set is left to the server.

use poem_openapi::{
    Object,
    types::{Example, MaybeUndefined},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    db::ClientTx,
    error::{Error, Result},
    models::Models,
    prompts,
};

/// Passages that a conversation may ask for at most.
pub const TOP_K_MAX: u32 = 20;
/// Earlier turns that a conversation may ask for at most.
pub const HISTORY_COUNT_MAX: u32 = 30;

/// What is set for a conversation. Null: as the server is set up.
#[derive(Object, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[oai(example, rename = "SessionSettings")]
#[serde(default)]
pub struct Settings {
    /// The model that answers: a name out of `GET /models`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How freely the model words its answer, 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Tokens of an answer at most, up to what the model is set up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Passages given to the model at most, 1 to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Passages whose score is below it are left out, 0 to 1; the best one of a search has 1 or a
    /// little less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// Earlier questions, with their answers, that the model is told at most, 0 to 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_count: Option<u32>,
    /// The prompt that stands in the place of `answer` and `free`: a name out of `GET /prompts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// What is to be set. What is absent stays; null leaves it to the server again.
#[derive(Object, Clone, Debug, Default)]
#[oai(example, rename = "SessionSettingsChange")]
pub struct SettingsChange {
    /// The model that answers: a name out of `GET /models`.
    pub model: MaybeUndefined<String>,
    /// How freely the model words its answer, 0 to 2.
    pub temperature: MaybeUndefined<f32>,
    /// Tokens of an answer at most, up to what the model is set up for.
    pub max_tokens: MaybeUndefined<u32>,
    /// Passages given to the model at most, 1 to 20.
    pub top_k: MaybeUndefined<u32>,
    /// Passages whose score is below it are left out, 0 to 1.
    pub threshold: MaybeUndefined<f32>,
    /// Earlier questions, with their answers, that the model is told at most, 0 to 30.
    pub history_count: MaybeUndefined<u32>,
    /// The prompt that stands in the place of `answer` and `free`: a name out of `GET /prompts`.
    pub prompt: MaybeUndefined<String>,
}

impl SettingsChange {
    /// These settings after the change.
    pub fn applied_to(&self, mut old: Settings) -> Settings {
        apply(&mut old.model, &self.model);
        apply(&mut old.temperature, &self.temperature);
        apply(&mut old.max_tokens, &self.max_tokens);
        apply(&mut old.top_k, &self.top_k);
        apply(&mut old.threshold, &self.threshold);
        apply(&mut old.history_count, &self.history_count);
        apply(&mut old.prompt, &self.prompt);
        old
    }

    /// Fails when something that is set cannot be. What was set before is not looked at: a model or a
    /// prompt may be gone since.
    ///
    /// # Errors
    /// Those of [`Settings::check`].
    pub async fn check(&self, old: &Settings, tx: &mut ClientTx, models: &Models) -> Result<()> {
        let model = old.model.clone();
        let set = self.applied_to(Settings {
            model: model.filter(|name| models.chat_named(name).is_some()),
            ..Settings::default()
        });
        set.check(tx, models).await
    }

    /// The change as a JSON object: null where something is to be reset.
    pub fn patch(&self) -> Value {
        let mut patch = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                patch.insert(name.to_owned(), value);
            }
        };
        put("model", json(&self.model));
        put("temperature", json(&self.temperature));
        put("max_tokens", json(&self.max_tokens));
        put("top_k", json(&self.top_k));
        put("threshold", json(&self.threshold));
        put("history_count", json(&self.history_count));
        put("prompt", json(&self.prompt));
        Value::Object(patch)
    }
}

fn apply<T: Clone>(old: &mut Option<T>, change: &MaybeUndefined<T>) {
    match change {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *old = None,
        MaybeUndefined::Value(new) => *old = Some(new.clone()),
    }
}

fn json<T: Serialize>(change: &MaybeUndefined<T>) -> Option<Value> {
    match change {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Value::Null),
        MaybeUndefined::Value(new) => Some(serde_json::json!(new)),
    }
}

impl Settings {
    /// Fails with what has to be written differently.
    ///
    /// # Errors
    /// `Invalid`, naming the setting and its limits.
    pub async fn check(&self, tx: &mut ClientTx, models: &Models) -> Result<()> {
        self.check_bounds(models)?;
        match &self.prompt {
            Some(name) => prompts::prompt::check_chosen(tx, name).await,
            None => Ok(()),
        }
    }

    fn check_bounds(&self, models: &Models) -> Result<()> {
        let name = self.model.as_deref();
        if name.is_some_and(|name| models.chat_named(name).is_none()) {
            return Err(Error::invalid(
                "settings.model: there is no such model; GET /models has the names.",
            ));
        }
        let tokens_max = models.chat_or_default(name).output_tokens_max;
        within("temperature", self.temperature, 0.0, 2.0)?;
        within("threshold", self.threshold, 0.0, 1.0)?;
        within("max_tokens", self.max_tokens, 1, tokens_max)?;
        within("top_k", self.top_k, 1, TOP_K_MAX)?;
        within("history_count", self.history_count, 0, HISTORY_COUNT_MAX)
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    name: &str,
    value: Option<T>,
    least: T,
    most: T,
) -> Result<()> {
    match value {
        // a number that is none is in no range either
        Some(value) if !(value >= least && value <= most) => Err(Error::invalid(format!(
            "settings.{name} must be from {least} to {most}."
        ))),
        _ => Ok(()),
    }
}

impl Example for Settings {
    fn example() -> Self {
        Self {
            temperature: Some(0.5),
            top_k: Some(8),
            ..Self::default()
        }
    }
}

impl Example for SettingsChange {
    fn example() -> Self {
        Self {
            temperature: MaybeUndefined::Value(0.5),
            top_k: MaybeUndefined::Value(8),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let old = Settings {
            model: Some("a".into()),
            top_k: Some(3),
            ..Settings::default()
        };
        let change = SettingsChange {
            model: MaybeUndefined::Null,
            temperature: MaybeUndefined::Value(0.7),
            ..SettingsChange::default()
        };
        let new = change.applied_to(old);
        assert_eq!(
            (&new.model, new.temperature, new.top_k),
            (&None, Some(0.7), Some(3))
        );
        assert_eq!(
            change.patch(),
            serde_json::json!({"model": null, "temperature": 0.7_f32})
        );
    }

    #[test]
    fn a_range_has_no_room_for_what_is_no_number() {
        assert!(within("x", Some(f32::NAN), 0.0, 2.0).is_err());
        assert!(within("x", Some(f32::INFINITY), 0.0, 2.0).is_err());
        assert!(within("x", Some(2.0), 0.0, 2.0).is_ok());
        assert!(within("x", None::<f32>, 0.0, 2.0).is_ok());
        let error = within("top_k", Some(21), 1, 20).unwrap_err().to_string();
        assert_eq!(error, "settings.top_k must be from 1 to 20.");
    }
}
