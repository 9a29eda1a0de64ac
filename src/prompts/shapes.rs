//! What prompts look like on the wire.

use std::collections::HashMap;

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;

use super::{
    prompt::{Change, Prompt, Source, Texts},
    shipped,
    store::VersionRow,
};
use crate::{
    ids::{ApiKeyId, UserId},
    models::Language,
};

/// A language that prompts are written in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename = "PromptLanguage", rename_all = "snake_case")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Zh => Self::Chinese,
            Lang::En => Self::English,
        }
    }
}

/// A variable that the texts of a prompt may use, as `{{name}}`.
#[derive(Object, Clone, Debug)]
pub struct PromptVariable {
    /// Its name.
    pub name: String,
    /// Whether a text must use it.
    pub required: bool,
}

/// A prompt.
#[derive(Object)]
pub struct PromptSummary {
    /// Its name.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What its texts may use.
    pub variables: Vec<PromptVariable>,
    /// Whose text counts.
    pub source: Source,
    /// Of the last change in the layer that is asked for, the client's or the knowledge base's; 0
    /// before the first.
    pub version: i32,
    /// The languages in which it has a text.
    pub languages: Vec<Lang>,
}

/// Prompts.
#[derive(Object)]
#[oai(example)]
pub struct PromptList {
    /// By name.
    pub items: Vec<PromptSummary>,
}

/// The texts of a prompt.
#[derive(Object, Clone, Debug)]
pub struct PromptText {
    /// For questions in Chinese, at most 8,000 characters.
    pub zh: Option<String>,
    /// For all other questions, at most 8,000 characters.
    pub en: Option<String>,
}

/// Who changed a prompt: a user or a program.
#[derive(Object, Clone, Debug)]
pub struct PromptAuthor {
    /// The user.
    pub user_id: Option<UserId>,
    /// The API key of the program.
    pub api_key_id: Option<ApiKeyId>,
}

/// A change of a prompt.
#[derive(Object)]
pub struct PromptVersion {
    /// Its number.
    pub version: i32,
    /// What it became; null in both languages where it was taken back.
    pub text: PromptText,
    /// When.
    pub created_at: OffsetDateTime,
    /// Why.
    pub note: String,
    /// Who did it.
    pub by: PromptAuthor,
}

/// A prompt with its texts and its history.
#[derive(Object)]
#[oai(example)]
pub struct PromptBody {
    /// Its name.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// What its texts may use.
    pub variables: Vec<PromptVariable>,
    /// Whose text counts.
    pub source: Source,
    /// Of the last change in the layer that is asked for, the client's or the knowledge base's; 0
    /// before the first. It is the `ETag` too.
    pub version: i32,
    /// The texts that count.
    pub text: PromptText,
    /// The changes in that layer, the latest first, 100 at most.
    pub versions: Vec<PromptVersion>,
}

/// What a prompt is to be.
#[derive(Object)]
#[oai(example)]
pub struct PromptChange {
    /// Its texts; in a language that is left out the layer below counts.
    pub text: PromptText,
    /// A title for people, at most 200 characters; stays when absent.
    pub title: Option<String>,
    /// What it is for, at most 2,000 characters; stays when absent.
    pub description: Option<String>,
    /// Why, at most 500 characters.
    #[oai(default)]
    pub note: String,
}

/// Which version is to come back.
#[derive(Object)]
#[oai(example)]
pub struct PromptRollback {
    /// Its number.
    pub version: i32,
}

/// A prompt to look at.
#[derive(Object)]
#[oai(example)]
pub struct PromptPreview {
    /// The text; the one that counts when absent.
    pub text: Option<String>,
    /// The language of the question.
    pub lang: Lang,
    /// Values by the names of variables; a variable without one is empty.
    #[oai(default)]
    pub values: HashMap<String, String>,
}

/// What a prompt becomes.
#[derive(Object)]
#[oai(example)]
pub struct PromptPreviewed {
    /// With all values in it.
    pub text: String,
}

impl From<Prompt> for PromptSummary {
    fn from(prompt: Prompt) -> Self {
        Self {
            variables: variables(&prompt.name),
            languages: languages(&prompt.texts),
            name: prompt.name,
            title: prompt.title,
            description: prompt.description,
            source: prompt.source,
            version: prompt.version,
        }
    }
}

impl From<(Prompt, Vec<VersionRow>)> for PromptBody {
    fn from((prompt, versions): (Prompt, Vec<VersionRow>)) -> Self {
        Self {
            variables: variables(&prompt.name),
            name: prompt.name,
            title: prompt.title,
            description: prompt.description,
            source: prompt.source,
            version: prompt.version,
            text: prompt.texts.into(),
            versions: versions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<VersionRow> for PromptVersion {
    fn from(row: VersionRow) -> Self {
        Self {
            version: row.version,
            text: PromptText {
                zh: row.zh,
                en: row.en,
            },
            created_at: row.created_at,
            note: row.note,
            by: PromptAuthor {
                user_id: row.by_user,
                api_key_id: row.by_machine,
            },
        }
    }
}

impl From<PromptChange> for Change {
    fn from(change: PromptChange) -> Self {
        Self {
            texts: Texts {
                zh: change.text.zh,
                en: change.text.en,
            },
            title: change.title,
            description: change.description,
            note: change.note,
        }
    }
}

impl From<Texts> for PromptText {
    fn from(texts: Texts) -> Self {
        Self {
            zh: texts.zh,
            en: texts.en,
        }
    }
}

fn variables(name: &str) -> Vec<PromptVariable> {
    let variables = shipped::variables(name).iter();
    variables
        .map(|variable| PromptVariable {
            name: variable.name.clone(),
            required: variable.required,
        })
        .collect()
}

fn languages(texts: &Texts) -> Vec<Lang> {
    let zh = texts.zh.as_ref().map(|_| Lang::Zh);
    let en = texts.en.as_ref().map(|_| Lang::En);
    zh.into_iter().chain(en).collect()
}
