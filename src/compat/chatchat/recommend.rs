//! `/recommend/question`: questions that a page offers, and word of those that were chosen.

use std::sync::Arc;

use poem::Response;
use serde::Serialize;

use super::{Chatchat, On, envelope::success, naive};
use crate::{
    compat::{Call, Fault, Route, Rule},
    db::ClientTx,
    error::Result,
    identity::{Member, profile},
    ids::{BaseId, QuestionId},
    knowledge::{
        base,
        recommend::{self, About, NewQuestion, PICKED_MAX},
    },
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.get("/recommend/question", pick),
        on.post("/recommend/question", choose),
    ]
}

#[derive(Serialize)]
struct Recommended {
    id: i64,
    query: String,
    kb_name: Option<String>,
    answer: String,
    tap_count: i64,
    enable: bool,
    create_time: String,
}

async fn pick(chatchat: Arc<Chatchat>, who: Member, call: Call) -> Result<Response, Fault> {
    let mut fields = call.query();
    let num: i64 = fields.required("num", Rule::ANY);
    let base: Option<String> = fields.optional("kb_name", Rule::ANY);
    fields.done()?;
    let none = || success([(); 0]);
    let Some(count) = count(num) else {
        return Ok(none());
    };
    let mut tx = chatchat.app.db.client(who.client).await?;
    let about = match base.as_deref() {
        None => About::Any,
        Some("") => About::NoBase,
        Some(name) => match base_of(&mut tx, &who, name).await? {
            Some(base) => About::Base(base),
            None => return Ok(none()),
        },
    };
    let picked = recommend::pick(&mut tx, &who, about, count).await?;
    let written: Vec<_> = picked.iter().map(|question| question.created_at).collect();
    let times = profile::local_times(&mut tx, &written).await?;
    let all = picked
        .into_iter()
        .zip(times)
        .map(|(question, at)| Recommended {
            id: question.no,
            query: question.query,
            kb_name: question.base_name,
            answer: question.answer,
            tap_count: question.tap_count,
            enable: question.enabled,
            create_time: naive(at),
        });
    Ok(success(all.collect::<Vec<_>>()))
}

fn count(num: i64) -> Option<u32> {
    let most = i64::from(PICKED_MAX);
    u32::try_from(num.min(most)).ok().filter(|count| *count > 0)
}

async fn base_of(tx: &mut ClientTx, who: &Member, name: &str) -> Result<Option<BaseId>> {
    let found = base::named(tx, who, name).await?;
    Ok(found.map(|counted| counted.base.base_id))
}

/// A question was chosen: one that is there is counted, another one is added by those who may.
async fn choose(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let no: Option<i64> = fields.optional("question_id", Rule::ANY);
    let query: String = fields.required("query", Rule::chars(1, 200));
    let base: Option<String> = fields.optional("kb_name", Rule::ANY);
    fields.done()?;
    let mut tx = chatchat.app.db.client(who.client).await?;
    let known = match (no, base.as_deref().filter(|name| !name.is_empty())) {
        (Some(no), _) => match recommend::numbered(&mut tx, &who, no).await? {
            Some(question) => question,
            None => return Ok(success(false)),
        },
        (None, None) => asked(&chatchat, &mut tx, &who, None, query).await?,
        (None, Some(name)) => match base_of(&mut tx, &who, name).await? {
            Some(base) => asked(&chatchat, &mut tx, &who, Some(base), query).await?,
            None => return Ok(success(false)),
        },
    };
    recommend::tap(&mut tx, &who, known).await?;
    tx.commit().await?;
    Ok(success(true))
}

/// The question, added if it is not there.
async fn asked(
    chatchat: &Chatchat,
    tx: &mut ClientTx,
    who: &Member,
    base: Option<BaseId>,
    query: String,
) -> Result<QuestionId> {
    if let Some(known) = recommend::asked(tx, who, base, &query).await? {
        return Ok(known);
    }
    let new = NewQuestion {
        base,
        query,
        answer: String::new(),
        enabled: true,
    };
    let added = recommend::add(tx, who, &new, chatchat.app.clock.now()).await?;
    Ok(added.question_id)
}
