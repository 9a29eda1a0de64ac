//! `/llm_model/…`: the models there are, and which of them answers.

use std::{collections::BTreeMap, sync::Arc};

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::json;

use super::{
    Chatchat, On,
    envelope::{said, success},
};
use crate::{
    chat::model,
    compat::{Call, Fault, Route, Rule, fastapi},
    error::Result,
    identity::Member,
    models::ChatEntry,
};

/// Names that clients of the original send for the model that answers by default.
pub const ALIASES: [&str; 5] = [
    "zhipu-api",
    "openai-api",
    "xinghuo-api",
    "qianfan-api",
    "qwen-api",
];

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.post("/llm_model/list_running_models", running),
        on.post("/llm_model/list_config_models", configured),
        on.post("/llm_model/get_model_config", config),
        on.post("/llm_model/stop", stop),
        on.post("/llm_model/change", change),
    ]
}

/// What callers are told of a model: nothing that is secret, nor where it is.
#[derive(Serialize)]
struct Config {
    online_api: bool,
    provider: String,
    context_tokens: u32,
    max_tokens: u32,
}

impl From<&ChatEntry> for Config {
    fn from(entry: &ChatEntry) -> Self {
        Self {
            online_api: is_online(entry),
            provider: entry.kind.clone(),
            context_tokens: entry.model.context_tokens(),
            max_tokens: entry.output_tokens_max,
        }
    }
}

fn is_online(entry: &ChatEntry) -> bool {
    matches!(entry.kind.as_str(), "openai" | "azure")
}

async fn running(chatchat: Arc<Chatchat>, _: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    fields.optional::<String>("controller_address", Rule::ANY);
    fields.optional::<String>("placeholder", Rule::ANY);
    fields.done()?;
    let all = chatchat.app.models.chats();
    let all: BTreeMap<&str, Config> = all.map(|(name, entry, _)| (name, entry.into())).collect();
    Ok(success(all))
}

async fn configured(chatchat: Arc<Chatchat>, _: Member, _: Call) -> Result<Response, Fault> {
    let online = chatchat.app.models.chats();
    let online = online.filter(|(_, entry, _)| is_online(entry));
    let online: BTreeMap<&str, Config> = online
        .map(|(name, entry, _)| (name, entry.into()))
        .collect();
    Ok(success(online))
}

async fn config(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("model_name", Rule::ANY);
    fields.optional::<String>("placeholder", Rule::ANY);
    fields.done()?;
    let name = meant(&chatchat, &who, &name).await?;
    Ok(match chatchat.app.models.chat_named(&name) {
        Some(entry) => success(Config::from(entry)),
        None => success(json!({})),
    })
}

/// The model that a name of the original stands for.
async fn meant(chatchat: &Chatchat, who: &Member, name: &str) -> Result<String> {
    let models = &chatchat.app.models;
    if models.chat_named(name).is_some() || !ALIASES.contains(&name) {
        return Ok(name.to_owned());
    }
    let mut tx = chatchat.app.db.client(who.client).await?;
    model::default_name(&mut tx, models).await
}

#[derive(Serialize)]
struct Told {
    code: u16,
    msg: String,
}

/// As the controller of the original says it: an envelope without data.
fn told(code: u16, msg: String) -> Response {
    fastapi::json(StatusCode::OK, &Told { code, msg })
}

async fn stop(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("model_name", Rule::ANY);
    fields.optional::<String>("controller_address", Rule::ANY);
    fields.done()?;
    let meant = meant(&chatchat, &who, &name).await?;
    if chatchat.app.models.chat_named(&meant).is_none() {
        return Ok(told(500, format!("the model {name} is not available")));
    }
    let mut tx = chatchat.app.db.client(who.client).await?;
    let models = &chatchat.app.models;
    if model::default_name(&mut tx, models).await? == meant {
        model::set_default(&mut tx, models, &who, None).await?;
        tx.commit().await?;
    } else {
        model::check_may_choose(&who)?;
    }
    Ok(told(200, format!("sucess to release model: {name}")))
}

async fn change(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("model_name", Rule::ANY);
    let new: String = fields.required("new_model_name", Rule::ANY);
    fields.optional::<String>("controller_address", Rule::ANY);
    fields.done()?;
    let models = &chatchat.app.models;
    for name in [&name, &new] {
        if models.chat_named(name).is_none() && !ALIASES.contains(&name.as_str()) {
            return Ok(said(500, format!("the model {name} is not available")));
        }
    }
    // a name of the original stands for what answers anyway
    let chosen = models.chat_named(&new).map(|_| new.as_str());
    let mut tx = chatchat.app.db.client(who.client).await?;
    model::set_default(&mut tx, models, &who, chosen).await?;
    tx.commit().await?;
    Ok(told(
        200,
        format!("sucess change model from {name} to {new}"),
    ))
}
