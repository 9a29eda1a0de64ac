//! Vectors of texts over HTTP.

use std::sync::Arc;

use poem_openapi::{OpenApi, payload::Json};

use super::Library;
use crate::{
    error::Result,
    http::Tags,
    identity::Member,
    knowledge::{embedding, shapes::*},
};

/// The operation on texts.
pub struct EmbeddingsApi(pub Arc<Library>);

#[OpenApi(tag = "Tags::Knowledge")]
impl EmbeddingsApi {
    /// Turn texts into vectors
    #[oai(path = "/embeddings", method = "post", operation_id = "embedTexts")]
    async fn embed(
        &self,
        who: Member,
        body: Json<EmbeddingRequest>,
    ) -> Result<Json<EmbeddingResult>> {
        let (user, model) = (who.user().user_id, body.0.model.as_deref());
        let embedded = embedding::embed(&self.0.app, &who, user, body.0.texts.clone(), model);
        Ok(Json(embedded.await?.into()))
    }
}
