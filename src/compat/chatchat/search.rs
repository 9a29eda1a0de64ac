//! `/knowledge_base/search_docs`: passages with their distance, the nearest first.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Chatchat, On};
use crate::{
    compat::{Call, Fault, Route, Rule, fastapi::json},
    error::Result,
    identity::Member,
    knowledge::{
        base,
        search::{self, PASSAGES_MAX, Passage},
    },
};

/// Characters of a question at most.
const QUERY: Rule = Rule::chars_max(8_000);

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.post("/knowledge_base/search_docs", search_docs)]
}

#[derive(Serialize)]
struct Found {
    page_content: String,
    metadata: Value,
    score: f64,
}

async fn search_docs(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let query: String = fields.required("query", QUERY);
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let top_k = fields.or("top_k", 3, Rule::between(1, PASSAGES_MAX as i64));
    let threshold = fields.or("score_threshold", 1.0, Rule::between(0, 1));
    fields.done()?;
    let found = find(&chatchat, &who, &name, &query, top_k as usize).await?;
    let mut found: Vec<Found> = found.into_iter().collect();
    found.retain(|found| found.score <= threshold);
    found.sort_by(|a, b| a.score.total_cmp(&b.score));
    Ok(json(StatusCode::OK, &found))
}

/// A base that is not there has nothing.
async fn find(
    chatchat: &Chatchat,
    who: &Member,
    name: &str,
    query: &str,
    limit: usize,
) -> Result<Vec<Found>> {
    let app = &chatchat.app;
    let embedder = app.models.embedder_of_questions(who.client);
    let question = search::question(embedder.as_deref(), query).await?;
    let mut tx = app.db.client(who.client).await?;
    let Some(base) = base::named(&mut tx, who, name).await? else {
        return Ok(Vec::new());
    };
    let passages = search::passages(&mut tx, &[base.base.base_no], &question, limit).await?;
    let distances = distances(&passages);
    let found = passages
        .into_iter()
        .zip(distances)
        .map(|(passage, score)| Found {
            metadata: metadata(&passage),
            page_content: passage.text,
            score,
        });
    Ok(found.collect())
}

/// From 0, the same, to 1: one minus the cosine where the vectors of all are compared, else one minus
/// the score, which is known of all.
pub fn distances(passages: &[Passage]) -> Vec<f64> {
    let compared = passages
        .iter()
        .all(|passage| passage.explain.vector.is_some());
    let near = |passage: &Passage| match passage.explain.vector {
        Some(cosine) if compared => cosine,
        _ => passage.score,
    };
    let rounded = |near: f32| {
        let distance = (1.0 - f64::from(near)).clamp(0.0, 1.0);
        (distance * 1e6).round() / 1e6
    };
    passages.iter().map(near).map(rounded).collect()
}

fn metadata(passage: &Passage) -> Value {
    let mut said = match &passage.metadata {
        Some(Value::Object(said)) => said.clone(),
        _ => Map::new(),
    };
    said.entry("source")
        .or_insert_with(|| passage.document_name.clone().into());
    Value::Object(said)
}
