//! What the chat routes are asked, field by field.

use poem_openapi::types::MaybeUndefined;
use uuid::Uuid;

use super::{Chatchat, envelope::said};
use crate::{
    chat::{
        otherwise::{Otherwise, Said},
        session::Speaker,
        settings::{SettingsChange, TOP_K_MAX},
    },
    compat::{
        Fault, Fields, Rule,
        fastapi::{Loose, Reading},
    },
    knowledge::extract,
    models::Models,
};

/// Names by which clients of these contracts call whatever answers.
const ALIASES: [&str; 5] = [
    "zhipu-api",
    "openai-api",
    "xinghuo-api",
    "qianfan-api",
    "qwen-api",
];
/// Prompts that come with 0.2.7, which stand for the usual one.
const USUAL_PROMPTS: [&str; 5] = ["default", "with_history", "py", "text", "Empty"];
/// Entries of a history that are read as text, the last ones.
const HISTORY_ENTRIES_MAX: usize = 60;

/// The fields that all chat routes share.
pub struct Asked {
    /// The question.
    pub query: String,
    /// Whether the answer is wanted in pieces.
    pub stream: bool,
    history: Vec<Entry>,
    model: Option<String>,
    temperature: f64,
    max_tokens: Option<i64>,
    prompt: String,
}

/// An entry of a history.
struct Entry {
    role: String,
    content: String,
}

impl Loose for Entry {
    fn read(value: serde_json::Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let mut fields = Fields::inside(value, reading)?;
        let entry = Self {
            role: fields.required("role", Rule::ANY),
            content: fields.required("content", Rule::ANY),
        };
        fields.done_inside(reading).then_some(entry)
    }
}

impl Asked {
    /// Reads them.
    pub fn read(body: &mut Fields) -> Self {
        Self {
            query: body.required("query", Rule::ANY),
            history: body.or("history", Vec::new(), Rule::ANY),
            stream: body.or("stream", false, Rule::ANY),
            model: body.optional("model_name", Rule::ANY),
            temperature: body.or("temperature", 0.7, Rule::between(0, 1)),
            max_tokens: body.optional("max_tokens", Rule::ANY),
            prompt: body.or("prompt_name", "default".to_owned(), Rule::ANY),
        }
    }

    /// A question of another shape.
    pub fn of(
        query: String,
        history: Vec<(String, String)>,
        stream: bool,
        model: Option<String>,
        (temperature, max_tokens): (f64, Option<i64>),
    ) -> Self {
        let entry = |(role, content)| Entry { role, content };
        Self {
            query,
            stream,
            history: history.into_iter().map(entry).collect(),
            model,
            temperature,
            max_tokens,
            prompt: "default".into(),
        }
    }

    /// How the answer is to be made out of these bases.
    ///
    /// # Errors
    /// An envelope with 404 for a model that is not there.
    pub fn otherwise(&mut self, chatchat: &Chatchat, bases: Vec<Uuid>) -> Result<Otherwise, Fault> {
        let models = &chatchat.app.models;
        let model = self.model_of(models)?;
        let name = match &model {
            MaybeUndefined::Value(name) => Some(name.as_str()),
            _ => None,
        };
        let tokens_max = models.chat_or_default(name).output_tokens_max;
        let settings = SettingsChange {
            temperature: MaybeUndefined::Value(self.temperature as f32),
            max_tokens: match self.max_tokens.filter(|tokens| *tokens > 0) {
                Some(tokens) => MaybeUndefined::Value(
                    u32::try_from(tokens).map_or(tokens_max, |n| n.min(tokens_max)),
                ),
                None => MaybeUndefined::Undefined,
            },
            prompt: if USUAL_PROMPTS.contains(&self.prompt.as_str()) {
                MaybeUndefined::Undefined
            } else {
                MaybeUndefined::Value(self.prompt.replace('\0', ""))
            },
            model,
            ..SettingsChange::default()
        };
        Ok(Otherwise {
            settings: Some(settings),
            bases: Some(bases),
            history: Some(said_before(std::mem::take(&mut self.history))),
            ..Otherwise::default()
        })
    }

    fn model_of(&self, models: &Models) -> Result<MaybeUndefined<String>, Fault> {
        match self.model.as_deref() {
            None | Some("") => Ok(MaybeUndefined::Undefined),
            Some(name) if models.chat_named(name).is_some() => {
                Ok(MaybeUndefined::Value(name.to_owned()))
            }
            Some(name) if ALIASES.contains(&name) => Ok(MaybeUndefined::Undefined),
            Some(name) => Err(said(404, format!("未找到模型 {name}")).into()),
        }
    }
}

/// How many passages are wanted, and how near they have to be: a distance, of which 1 leaves nothing
/// out, is told as the likeness it leaves.
pub fn narrowed(mut otherwise: Otherwise, top_k: i64, score_threshold: f64) -> Otherwise {
    let settings = otherwise.settings.get_or_insert_default();
    let top_k = u32::try_from(top_k.max(1)).unwrap_or(TOP_K_MAX);
    settings.top_k = MaybeUndefined::Value(top_k.min(TOP_K_MAX));
    if score_threshold < 1.0 {
        settings.threshold = MaybeUndefined::Value(1.0 - score_threshold as f32);
    }
    otherwise
}

fn said_before(mut history: Vec<Entry>) -> Vec<Said> {
    let latest = history.split_off(history.len().saturating_sub(HISTORY_ENTRIES_MAX));
    let said = latest.into_iter().map(|entry| Said {
        role: match entry.role.as_str() {
            "assistant" | "ai" => Speaker::Assistant,
            _ => Speaker::User,
        },
        content: plain(entry.content),
    });
    said.collect()
}

/// Pages keep answers as the HTML they made of them; the model is told what can be read there.
fn plain(content: String) -> String {
    let trimmed = content.trim();
    let is_html = trimmed.ends_with('>')
        && trimmed
            .strip_prefix('<')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!'));
    if !is_html {
        return content;
    }
    // what takes too long to read is not told
    extract::text_of_html(trimmed).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_a_history_becomes_what_can_be_read_there() {
        for (content, text) in [
            ("<p>你好，<strong>世界</strong>。</p>\n", "你好，世界。"),
            ("<p>a</p><script>alert(1)</script>", "a"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("plain <b>", "plain <b>"),
            ("<3 you >", "<3 you >"),
        ] {
            assert_eq!(plain(content.into()), text, "{content}");
        }
    }

    #[test]
    fn of_a_long_history_the_end_is_read() {
        let history = (0..10_000).map(|n| Entry {
            role: if n % 2 == 0 { "user" } else { "assistant" }.into(),
            content: format!("<p>{n}</p>"),
        });
        let said = said_before(history.collect());
        assert_eq!(said.len(), HISTORY_ENTRIES_MAX);
        assert_eq!(said.last().unwrap().content, "9999");
        assert_eq!(said.last().unwrap().role, Speaker::Assistant);
    }
}
