//! The models that the settings name.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result};

use super::{
    AzureDeployment, EmbeddingShape, Extractive, Language, MiniLm, OpenAiChat, OpenAiEmbedder,
    OpenAiTarget, Script, Scripted, SharedChatModel, SharedEmbedder,
    questions::{Remembered, Remembering, remembered},
};
use crate::{
    config::{Config, wrong},
    ids::ClientNo,
};

/// All models of this server.
pub struct Models {
    chat: BTreeMap<String, ChatEntry>,
    default_chat: String,
    embedder: Option<SharedEmbedder>,
    questions: Remembered,
}

/// A chat model and how it is set up.
#[derive(Clone)]
pub struct ChatEntry {
    /// The model.
    pub model: SharedChatModel,
    /// What is behind it: `kind` of its section.
    pub kind: String,
    /// Tokens that its answers may take.
    pub output_tokens_max: u32,
}

impl Models {
    /// Builds what `[chat.NAME]` and `[embedding.NAME]` describe. Nothing is called yet.
    pub fn new(config: &Config) -> Result<Self> {
        let mut chat = BTreeMap::new();
        for name in config.named("chat") {
            let model = chat_model(config, name).with_context(|| format!("[chat.{name}]"))?;
            chat.insert(name.to_owned(), model);
        }
        let default_chat = config.text("models", "chat").to_owned();
        if !chat.contains_key(&default_chat) {
            return Err(wrong(format!(
                "[models] chat = {default_chat}: there is no section [chat.{default_chat}]"
            )));
        }
        Ok(Self {
            embedder: embedder(config)?,
            questions: remembered(),
            default_chat,
            chat,
        })
    }

    /// The model that answers by default.
    pub fn chat(&self) -> SharedChatModel {
        self.chat[&self.default_chat].model.clone()
    }

    /// The name of the model that answers by default.
    pub fn default_name(&self) -> &str {
        &self.default_chat
    }

    /// The chat model of this name.
    pub fn chat_named(&self, name: &str) -> Option<&ChatEntry> {
        self.chat.get(name)
    }

    /// The chat model of this name, or the default when there is none of it any more.
    pub fn chat_or_default(&self, name: Option<&str>) -> &ChatEntry {
        let named = name.and_then(|name| self.chat.get(name));
        named.unwrap_or_else(|| &self.chat[&self.default_chat])
    }

    /// All chat models by name, with whether it is the default.
    pub fn chats(&self) -> impl Iterator<Item = (&str, &ChatEntry, bool)> {
        let entries = self.chat.iter();
        entries.map(|(name, entry)| (name.as_str(), entry, *name == self.default_chat))
    }

    /// The model that makes vectors; `None` when search goes by words only.
    pub fn embedder(&self) -> Option<SharedEmbedder> {
        self.embedder.clone()
    }

    /// The same for the questions of a client: what was asked before is remembered.
    pub fn embedder_of_questions(&self, client: ClientNo) -> Option<SharedEmbedder> {
        let embedder = self.embedder.clone()?;
        Some(Arc::new(Remembering {
            embedder,
            client,
            seen: self.questions.clone(),
        }))
    }

    /// The same models, with this one in the place of the default: for tests.
    pub fn with_chat(mut self, model: SharedChatModel) -> Self {
        if let Some(entry) = self.chat.get_mut(&self.default_chat) {
            entry.model = model;
        }
        self
    }
}

fn chat_model(config: &Config, name: &str) -> Result<ChatEntry> {
    let section = format!("chat.{name}");
    let kind = config.text(&section, "kind").to_owned();
    let output_tokens_max = config.number(&section, "output_tokens_max", 1..=1_000_000)? as u32;
    let context_tokens = config.number(&section, "context_tokens", 256..=10_000_000)? as u32;
    let model: SharedChatModel = match kind.as_str() {
        "extractive" => Arc::new(Extractive::new(name)),
        "openai" | "azure" => Arc::new(OpenAiChat::new(
            &target(config, &section, name)?,
            context_tokens,
        )?),
        "scripted" => {
            let pause = config.number(&section, "script_pause_ms", 0..=60_000)?;
            let script = Script::saying(
                config.text(&section, "script"),
                2,
                Duration::from_millis(pause),
            );
            Arc::new(Scripted::new(name, script))
        }
        other => {
            return Err(wrong(format!(
                "kind = {other}: must be extractive, openai, azure or scripted"
            )));
        }
    };
    Ok(ChatEntry {
        model,
        kind,
        output_tokens_max,
    })
}

fn embedder(config: &Config) -> Result<Option<SharedEmbedder>> {
    let name = config.text("models", "embedding");
    if name == "none" {
        return Ok(None);
    }
    if !config.named("embedding").contains(&name) {
        return Err(wrong(format!(
            "[models] embedding = {name}: there is no section [embedding.{name}]"
        )));
    }
    let section = format!("embedding.{name}");
    let model: SharedEmbedder = match config.text(&section, "kind") {
        "minilm" => {
            let runtime = config
                .path("runtime", "dir")
                .context("[runtime] dir is empty")?;
            let threads = config.number(&section, "threads", 1..=64)? as usize;
            Arc::new(MiniLm::open(&runtime, threads)?)
        }
        "openai" | "azure" => {
            let languages = config.list(&section, "languages").into_iter().map(language);
            let shape = EmbeddingShape {
                dimensions: config.number(&section, "dimensions", 1..=3_900)? as usize,
                ask_dimensions: false,
                inputs_per_request: config.number(&section, "inputs_per_request", 1..=2_048)?
                    as usize,
                input_tokens_max: 8_000,
                languages: languages.collect::<Result<_>>()?,
            };
            Arc::new(OpenAiEmbedder::new(
                &target(config, &section, name)?,
                shape,
            )?)
        }
        other => {
            return Err(wrong(format!(
                "[{section}] kind = {other}: must be minilm, openai or azure"
            )));
        }
    };
    Ok(Some(model))
}

fn target(config: &Config, section: &str, name: &str) -> Result<OpenAiTarget> {
    let azure = (config.text(section, "kind") == "azure").then(|| AzureDeployment {
        deployment: config.text(section, "model").to_owned(),
        api_version: config.text(section, "api_version").to_owned(),
    });
    let silence = config.number(section, "silence_seconds", 1..=3_600)?;
    Ok(OpenAiTarget {
        name: name.to_owned(),
        base_url: config.text(section, "base_url").to_owned(),
        api_key: config.secret(section, "api_key")?,
        model: config.text(section, "model").to_owned(),
        azure,
        idle_max: Duration::from_secs(silence),
    })
}

fn language(word: &str) -> Result<Language> {
    match word {
        "zh" => Ok(Language::Chinese),
        "en" => Ok(Language::English),
        other => Err(wrong(format!(
            "languages: {other} is not known, zh and en are"
        ))),
    }
}
