//! `/session/*` and `/history/latest`: conversations as pages save and show them.

use std::{collections::HashMap, sync::Arc};

use poem::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    Chatchat, On, docs,
    envelope::{NOT_YOURS, said, success},
    naive,
    place::Hex32,
    stream::SORRY,
};
use crate::{
    chat::session::{self, MessageRow, Round, Session, State},
    compat::{
        Call, Fault, Fields, Route, Rule,
        fastapi::{Loose, Reading},
    },
    db::ClientTx,
    error::{Error, Result},
    identity::{Member, profile},
    ids::{MessageId, SessionId},
    knowledge::base,
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.get("/session/list", list),
        on.post("/session/save", save),
        on.post("/session/delete", delete),
        on.post("/history/latest", latest),
    ]
}

#[derive(Serialize)]
struct Saved {
    session_id: String,
    session_name: String,
    mode: String,
    /// JSON in a string: pages parse it.
    param: String,
    create_time: String,
}

async fn list(chatchat: Arc<Chatchat>, who: Member, _: Call) -> Result<Response, Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let sessions = session::saved(&mut tx, who.user().user_id).await?;
    let times: Vec<_> = sessions.iter().map(|session| session.created_at).collect();
    let times = profile::local_times(&mut tx, &times).await?;
    let saved = sessions.into_iter().zip(times).map(|(session, at)| Saved {
        session_id: session.session_id.0.simple().to_string(),
        session_name: session.title,
        mode: session.mode.unwrap_or_default(),
        param: session.param.unwrap_or_else(|| json!({})).to_string(),
        create_time: naive(at),
    });
    Ok(success(saved.collect::<Vec<_>>()))
}

/// What a page keeps with a conversation.
#[derive(Default)]
struct Param(Map<String, Value>);

impl Loose for Param {
    fn read(value: Value, _: Rule, reading: &mut Reading) -> Option<Self> {
        let mut known = Fields::inside(value.clone(), reading)?;
        known.or("model_name", String::new(), Rule::ANY);
        known.optional::<String>("query", Rule::ANY);
        known.optional::<bool>("stream", Rule::ANY);
        known.optional::<f64>("temperature", Rule::ANY);
        known.optional::<i64>("max_tokens", Rule::ANY);
        known.optional::<String>("prompt_name", Rule::ANY);
        known.optional::<i64>("history_count", Rule::ANY);
        known.optional::<String>("knowledge_base_name", Rule::ANY);
        known.optional::<i64>("top_k", Rule::ANY);
        known.optional::<f64>("score_threshold", Rule::ANY);
        known.optional::<bool>("split_result", Rule::ANY);
        let well = known.done_inside(reading);
        let given = Map::read(value, Rule::ANY, reading)?;
        well.then(|| Self(filled(given)))
    }
}

/// With what a page expects to find there.
fn filled(mut given: Map<String, Value>) -> Map<String, Value> {
    let usual = json!({
        "model_name": "zhipu-api", "query": "", "stream": true, "temperature": 0.7,
        "max_tokens": 2000, "prompt_name": "default", "history_count": 5,
        "knowledge_base_name": "", "top_k": 3, "score_threshold": 1, "split_result": false,
    });
    if let Value::Object(usual) = usual {
        for (name, value) in usual {
            given.entry(name).or_insert(value);
        }
    }
    given
}

async fn save(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let id: Hex32 = body.required("session_id", Rule::ANY);
    let title: String = body.required("session_name", Rule::chars_max(20));
    let mode: String = body.required("mode", Rule::chars_max(20));
    let Param(param) = body.required("param", Rule::ANY);
    body.done()?;
    let (app, user) = (&chatchat.app, who.user().user_id);
    let mut tx = app.db.client(who.client).await?;
    let new = session::NewSession {
        id: Some(SessionId(id.0)),
        bases: Some(base_of(&mut tx, &who, &param).await?),
        title,
        mode: Some(mode),
        param: Some(Value::Object(param)),
        ..session::NewSession::default()
    };
    match session::create(&mut tx, &app.models, user, &new, app.clock.now()).await {
        Ok(_) => tx.commit().await?,
        Err(Error::Taken(_)) => return Ok(said(403, NOT_YOURS)),
        Err(error) => return Err(error.into()),
    }
    Ok(success(true))
}

/// The base that a conversation asks, if it names one that is there.
async fn base_of(
    tx: &mut ClientTx,
    who: &Member,
    param: &Map<String, Value>,
) -> Result<Vec<uuid::Uuid>> {
    let name = param.get("knowledge_base_name").and_then(Value::as_str);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(Vec::new());
    };
    let found = base::named(tx, who, name).await?;
    Ok(Vec::from_iter(found.map(|found| found.base.base_id.0)))
}

async fn delete(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let id: Hex32 = call.bare(Rule::ANY).await?;
    let id = SessionId(id.0);
    let mut tx = chatchat.app.db.client(who.client).await?;
    match session::remove(&mut tx, who.user().user_id, id).await {
        Ok(running) => {
            tx.commit().await?;
            for answer in running {
                chatchat.chat.stop_here(who.client, answer);
            }
            Ok(success(true))
        }
        Err(Error::NotFound(_)) if session::is_taken(&mut tx, id).await? => {
            Ok(said(403, NOT_YOURS))
        }
        Err(Error::NotFound(_)) => Ok(success(true)),
        Err(error) => Err(error.into()),
    }
}

#[derive(Serialize)]
struct Record {
    id: String,
    query: String,
    response: String,
    docs: Vec<String>,
    create_time: String,
}

async fn latest(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut body = call.object().await?;
    let id: Hex32 = body.required("session_id", Rule::ANY);
    let before: Option<Hex32> = body.optional("chat_id", Rule::ANY);
    let num: i64 = body.required("num", Rule::ANY);
    body.done()?;
    let (user, id) = (who.user().user_id, SessionId(id.0));
    let before = before.map(|id| MessageId(id.0));
    let count = u32::try_from(num.max(0)).unwrap_or(session::ROUNDS_MAX);
    let mut tx = chatchat.app.db.client(who.client).await?;
    let rounds = match session::rounds(&mut tx, user, id, before, count).await {
        // what is not there, or not one's own, has no history
        Err(Error::NotFound(_)) => Vec::new(),
        other => other?,
    };
    let base_url = docs::base_url(&chatchat, &call);
    let records = records(&mut tx, &who, id, rounds, &base_url).await?;
    Ok(success(records))
}

async fn records(
    tx: &mut ClientTx,
    who: &Member,
    id: SessionId,
    rounds: Vec<Round>,
    base_url: &str,
) -> Result<Vec<Record>> {
    if rounds.is_empty() {
        return Ok(Vec::new());
    }
    let user = who.user().user_id;
    let answers = rounds.iter().filter_map(|round| round.answer.as_ref());
    let answers: Vec<MessageId> = answers.map(|answer| answer.message_id).collect();
    let kept = session::kept_passages(tx, user, &answers).await?;
    let mut kept: HashMap<_, _> = kept.into_iter().collect();
    let session = session::find(tx, user, id).await?;
    let base = base_name(tx, who, &session).await?;
    let times: Vec<_> = rounds
        .iter()
        .map(|round| round.question.created_at)
        .collect();
    let times = profile::local_times(tx, &times).await?;
    let records = rounds.into_iter().zip(times).map(|(round, at)| {
        let found = round
            .answer
            .as_ref()
            .and_then(|answer| kept.remove(&answer.message_id));
        Record {
            id: round.question.message_id.0.simple().to_string(),
            query: round.question.content,
            response: round.answer.map(response).unwrap_or_default(),
            docs: found.map_or_else(Vec::new, |found| docs::entries(base_url, &base, &found.0)),
            create_time: naive(at),
        }
    });
    Ok(records.collect())
}

fn response(answer: MessageRow) -> String {
    if answer.state == State::Failed && answer.content.is_empty() {
        return SORRY.to_owned();
    }
    answer.content
}

/// The name of the base that a conversation asks.
async fn base_name(tx: &mut ClientTx, who: &Member, session: &Session) -> Result<String> {
    if let Some([id]) = session.base_ids.as_deref() {
        let readable = base::readable(tx, who.user().user_id).await?;
        let base = readable.into_iter().find(|base| base.base_id.0 == *id);
        if let Some(base) = base {
            return Ok(base.name);
        }
    }
    let param = session.param.as_ref();
    let name = param.and_then(|param| param.get("knowledge_base_name")?.as_str());
    Ok(name.unwrap_or_default().to_owned())
}
