//! `/chat/*` and `/other/completion`: questions, answered in pieces or whole.

use std::sync::Arc;

use poem::Response;
use serde_json::Value;

use super::{
    Chatchat, On,
    asked::{Asked, narrowed},
    docs, engines,
    place::{self, Place},
    shelf::no_base,
    stream::{Voice, answer},
};
use crate::{
    compat::{
        Call, Fault, Fields, Route, Rule,
        fastapi::{Loose, Reading},
    },
    error::Result,
    identity::Member,
    knowledge::base,
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.post("/chat/chat", chat),
        on.post("/chat/knowledge_base_chat", knowledge_base_chat),
        on.post("/chat/search_engine_chat", search_engine_chat),
        on.post("/chat/agent_chat", agent_chat),
        on.post("/chat/fastchat", fastchat),
        on.post("/other/completion", completion),
    ]
}

async fn chat(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let (mut asked, place) = (Asked::read(&mut body), Place::read(&mut body));
    body.done()?;
    let otherwise = asked.otherwise(&chatchat, Vec::new())?;
    let frames = place.ask(&chatchat, &who, asked.query, otherwise).await?;
    Ok(answer(frames, Voice::Chat, asked.stream))
}

async fn knowledge_base_chat(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let (mut asked, place) = (Asked::read(&mut body), Place::read(&mut body));
    let name: String = body.required("knowledge_base_name", Rule::ANY);
    let top_k = body.or("top_k", 3, Rule::ANY);
    let threshold = body.or("score_threshold", 1.0, Rule::between(0, 2));
    body.done()?;
    let mut tx = chatchat.app.db.client(who.client).await?;
    let Some(found) = base::named(&mut tx, &who, &name).await? else {
        return Ok(no_base(&name));
    };
    drop(tx);
    let otherwise = asked.otherwise(&chatchat, vec![found.base.base_id.0])?;
    let otherwise = narrowed(otherwise, top_k, threshold);
    let docs = docs::of_base(docs::base_url(&chatchat, &call), name);
    let frames = place.ask(&chatchat, &who, asked.query, otherwise).await?;
    Ok(answer(frames, Voice::Sourced(docs), asked.stream))
}

async fn search_engine_chat(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let mut asked = Asked::read(&mut body);
    let engine: String = body.required("search_engine_name", Rule::ANY);
    let top_k = body.or("top_k", 3, Rule::ANY);
    body.or("split_result", false, Rule::ANY);
    body.done()?;
    let hits = engines::search(&chatchat, &engine, &asked.query, top_k).await?;
    let otherwise = asked.otherwise(&chatchat, Vec::new())?;
    let found = hits.iter().map(engines::passage).collect();
    let pages = hits.into_iter().map(|hit| (hit.url, hit.snippet)).collect();
    let frames = place::nowhere(&chatchat, &who, asked.query, otherwise, found).await?;
    Ok(answer(
        frames,
        Voice::Sourced(docs::of_web(pages)),
        asked.stream,
    ))
}

/// There are no tools: the model answers by itself.
async fn agent_chat(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let mut asked = Asked::read(&mut body);
    body.done()?;
    let otherwise = asked.otherwise(&chatchat, Vec::new())?;
    let frames = place::nowhere(&chatchat, &who, asked.query, otherwise, Vec::new()).await?;
    Ok(answer(frames, Voice::Agent, asked.stream))
}

async fn completion(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let mut asked = Asked::read(&mut body);
    let echo = body.or("echo", false, Rule::ANY);
    body.done()?;
    let otherwise = asked.otherwise(&chatchat, Vec::new())?;
    let before = if echo {
        asked.query.clone()
    } else {
        String::new()
    };
    let frames = place::nowhere(&chatchat, &who, asked.query, otherwise, Vec::new()).await?;
    Ok(answer(frames, Voice::Raw(before), asked.stream))
}

/// A message as OpenAI has them.
struct Spoken {
    role: String,
    content: String,
}

impl Loose for Spoken {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let mut fields = Fields::inside(value, reading)?;
        let spoken = Self {
            role: fields.or("role", "user".to_owned(), Rule::ANY),
            content: fields.or("content", "hello".to_owned(), Rule::ANY),
        };
        fields.done_inside(reading).then_some(spoken)
    }
}

async fn fastchat(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let model: Option<String> = body.optional("model", Rule::ANY);
    let messages: Option<Vec<Spoken>> = body.needed("messages");
    let temperature = body.or("temperature", 0.7, Rule::between(0, 2));
    let max_tokens = body.optional("max_tokens", Rule::ANY);
    let stream = body.or("stream", false, Rule::ANY);
    body.done()?;
    let mut messages = messages.unwrap_or_default();
    let query = messages.pop().map(|last| last.content).unwrap_or_default();
    let history = messages.into_iter().map(|said| (said.role, said.content));
    let numbers = (temperature, max_tokens);
    let mut asked = Asked::of(query, history.collect(), stream, model, numbers);
    let otherwise = asked.otherwise(&chatchat, Vec::new())?;
    let frames = place::nowhere(&chatchat, &who, asked.query, otherwise, Vec::new()).await?;
    Ok(answer(frames, Voice::Raw(String::new()), asked.stream))
}
