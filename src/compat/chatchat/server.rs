//! `/server/…`: what a page wants to know of the server, and of its prompts.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde_json::{Value, json};

use super::{Chatchat, On, docs, envelope::success};
use crate::{
    chat::model,
    compat::{Call, Fault, Route, Rule, fastapi},
    error::Result,
    identity::Member,
    models::Language,
    prompts::{ANSWER, FREE, Layers, prompt},
};

/// The prompts of the original, by the question that they are for.
const TYPES: [&str; 4] = [
    "llm_chat",
    "knowledge_base_chat",
    "search_engine_chat",
    "agent_chat",
];
/// Where a template of the original has what is asked, and what was found.
const QUESTION: &str = "{{ question }}";
const CONTEXT: &str = "{{ context }}";
/// The whole prompt where nothing is added to what is asked.
const BARE: &str = "{{ input }}";

/// The search engines that the original knows.
pub const ENGINES: [&str; 3] = ["bing", "duckduckgo", "metaphor"];

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.post("/server/configs", configs),
        on.post("/server/list_search_engines", engines),
        on.post("/server/get_prompt_template", template),
    ]
}

async fn engines(_: Arc<Chatchat>, _: Member, _: Call) -> Result<Response, Fault> {
    Ok(success(ENGINES))
}

async fn configs(chatchat: Arc<Chatchat>, who: Member, call: Call) -> Result<Response, Fault> {
    let (config, models) = (&chatchat.app.config, &chatchat.app.models);
    let mut tx = chatchat.app.db.client(who.client).await?;
    let default = model::default_name(&mut tx, models).await?;
    let mut names = vec![default.as_str()];
    let others = models.chats().map(|(name, ..)| name);
    names.extend(others.filter(|name| *name != default));
    let prompts = TYPES.map(|kind| (kind.to_owned(), json!({"default": shipped_text(kind)})));
    let own = docs::base_url(&chatchat, &call);
    Ok(fastapi::json(
        StatusCode::OK,
        &json!({
            "CHUNK_SIZE": 250,
            "OVERLAP_SIZE": 0,
            "VECTOR_SEARCH_TOP_K": 3,
            "SCORE_THRESHOLD": 1,
            "HISTORY_LEN": 3,
            "TEMPERATURE": 0.7,
            "LLM_MODELS": names,
            "EMBEDDING_MODEL": config.text("models", "embedding"),
            "DEFAULT_VS_TYPE": "pg",
            "DEFAULT_SEARCH_ENGINE": ENGINES[1],
            "PROMPT_TEMPLATES": prompts.into_iter().collect::<serde_json::Map<_, _>>(),
            "controller_address": "",
            "openai_api_address": "",
            "api_address": own.trim_end_matches('/'),
        }),
    ))
}

async fn template(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let kind = fields.one_of("type", TYPES[0], &TYPES);
    let name = fields.or("name", "default".to_owned(), Rule::ANY);
    fields.done()?;
    let text = text(&chatchat, &who, &kind, &name).await?;
    Ok(fastapi::json(StatusCode::OK, &text))
}

/// The prompt of this name as a template of the original; null for one there is not.
async fn text(chatchat: &Chatchat, who: &Member, kind: &str, name: &str) -> Result<Value> {
    let own = match (kind, name) {
        ("llm_chat" | "agent_chat", "default") => return Ok(BARE.into()),
        (_, "Empty") => return Ok(QUESTION.into()),
        (_, "default") => ANSWER,
        // in no name, and no text of the database's
        (_, own) if own.contains('\0') => return Ok(Value::Null),
        (_, own) => own,
    };
    let mut tx = chatchat.app.db.client(who.client).await?;
    let layers = prompt::layers(&mut tx, &[own]).await?;
    if !layers.has(own) || own == FREE {
        return Ok(Value::Null);
    }
    let values = [
        ("passages", CONTEXT),
        ("question", QUESTION),
        ("language", "中文"),
    ];
    let text = layers.render(own, Language::Chinese, &values);
    Ok(text.map_or(Value::Null, |text| with_question(text).into()))
}

fn shipped_text(kind: &str) -> String {
    if matches!(kind, "llm_chat" | "agent_chat") {
        return BARE.to_owned();
    }
    let layers = Layers::default();
    let values = [
        ("passages", CONTEXT),
        ("question", QUESTION),
        ("language", "中文"),
    ];
    let text = layers.render(ANSWER, Language::Chinese, &values);
    with_question(text.unwrap_or_default())
}

/// Here the question is a message of its own; a template of the original has it at the end.
fn with_question(text: String) -> String {
    if text.contains(QUESTION) {
        return text;
    }
    format!("{text}\n\n{QUESTION}")
}
