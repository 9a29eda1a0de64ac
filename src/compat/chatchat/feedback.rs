//! `/chat/feedback` and `/other/embed_texts`: what is thought of an answer, and texts as vectors.

use std::sync::Arc;

use poem::Response;
use uuid::Uuid;

use super::{
    Chatchat, On,
    envelope::{said, success},
};
use crate::{
    chat::rating,
    compat::{Call, Fault, Route, Rule},
    error::{Error, Result},
    identity::Member,
    ids::MessageId,
    knowledge::embedding,
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.post("/chat/feedback", feedback),
        on.post("/other/embed_texts", embed),
    ]
}

async fn feedback(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let id = fields.or("chat_history_id", String::new(), Rule::chars_max(32));
    let score = fields.or("score", 0_i64, Rule::ANY);
    let reason = fields.or("reason", String::new(), Rule::ANY);
    fields.done()?;
    // an id that is not there, or another's, is answered like any
    if let Ok(message) = Uuid::try_parse(&id) {
        let mut tx = chatchat.app.db.client(who.client).await?;
        let user = who.user().user_id;
        rating::score(&mut tx, user, MessageId(message), score, &reason).await?;
        tx.commit().await?;
    }
    Ok(said(200, format!("已反馈聊天记录 {id}")))
}

async fn embed(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let texts: Vec<String> = fields.required("texts", Rule::ANY);
    let model: Option<String> = fields.optional("embed_model", Rule::ANY);
    fields.or("to_query", false, Rule::ANY);
    fields.done()?;
    if texts.is_empty() {
        return Ok(success([(); 0]));
    }
    let app = &chatchat.app;
    let user = who.user().user_id;
    match embedding::embed(app, &who, user, texts, model.as_deref()).await {
        Ok(embedded) => Ok(success(embedded.vectors)),
        Err(Error::NotFound(_)) => {
            let name = model.unwrap_or_else(|| app.config.text("models", "embedding").to_owned());
            let text = format!("指定的模型 {name} 不支持 Embeddings 功能。");
            Ok(said(500, text))
        }
        Err(error) => Err(error.into()),
    }
}
