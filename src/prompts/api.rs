//! Prompts over HTTP.

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};

use super::{
    prompt::{self, At},
    shapes::*,
};
use crate::{
    app::App,
    error::Result,
    http::{
        Tags,
        revision::{IfMatch, etag},
    },
    identity::Caller,
    ids::BaseId,
};

/// Operations on prompts.
pub struct PromptsApi(pub App);

#[derive(ApiResponse)]
enum Found {
    /// The prompt.
    #[oai(status = 200)]
    Found(
        Json<PromptBody>,
        /// The version, for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Removed {
    /// The prompt below counts again.
    #[oai(status = 204)]
    Removed,
}

impl PromptsApi {
    async fn found(&self, who: &Caller, at: At<'_>) -> Result<Found> {
        let mut tx = self.0.db.client(who.client).await?;
        let found = prompt::find(&mut tx, who, at.name, at.base).await?;
        let tag = etag(found.0.version);
        Ok(Found::Found(Json(found.into()), tag))
    }
}

#[OpenApi(tag = "Tags::Prompts")]
impl PromptsApi {
    /// The prompts there are
    ///
    /// Their names can be chosen for a conversation; their texts are for managers.
    #[oai(path = "/prompts", method = "get", operation_id = "listPrompts")]
    async fn list(
        &self,
        who: Caller,
        /// As they count in this knowledge base; as they count for the client without it.
        knowledge_base_id: Query<Option<BaseId>>,
    ) -> Result<Json<PromptList>> {
        let mut tx = self.0.db.client(who.client).await?;
        let prompts = prompt::list(&mut tx, &who, knowledge_base_id.0).await?;
        let items = prompts.into_iter().map(Into::into).collect();
        Ok(Json(PromptList { items }))
    }

    /// A prompt with its texts and versions
    #[oai(path = "/prompts/:name", method = "get", operation_id = "getPrompt")]
    async fn get(
        &self,
        who: Caller,
        /// The prompt.
        name: Path<String>,
        /// As it counts in this knowledge base; as it counts for the client without it.
        knowledge_base_id: Query<Option<BaseId>>,
    ) -> Result<Found> {
        let base = knowledge_base_id.0;
        self.found(
            &who,
            At {
                name: &name.0,
                base,
            },
        )
        .await
    }

    /// Change a prompt, or make one
    ///
    /// Makes a new version of the client's text, or of the knowledge base's. A prompt with a name of
    /// your own stands in the place of `answer` and `free` in conversations that choose it.
    #[oai(path = "/prompts/:name", method = "put", operation_id = "putPrompt")]
    async fn put(
        &self,
        who: Caller,
        /// The prompt; a new one has 1 to 50 small letters, digits, `_` or `-`.
        name: Path<String>,
        /// The knowledge base whose text it is; the client's without it.
        knowledge_base_id: Query<Option<BaseId>>,
        /// The `ETag` of what you saw; `"0"` for what was not there.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
        body: Json<PromptChange>,
    ) -> Result<Found> {
        let seen = IfMatch::needed(seen.0.as_deref())?;
        let (name, base) = (&name.0, knowledge_base_id.0);
        let (at, now) = (At { name, base }, self.0.clock.now());
        let mut tx = self.0.db.client(who.client).await?;
        prompt::put(&mut tx, &who, at, seen, body.0.into(), now).await?;
        tx.commit().await?;
        self.found(&who, at).await
    }

    /// Look at a prompt with values put in
    #[oai(
        path = "/prompts/:name/preview",
        method = "post",
        operation_id = "previewPrompt"
    )]
    async fn preview(
        &self,
        who: Caller,
        /// The prompt, or the name of one to be made.
        name: Path<String>,
        /// The knowledge base whose text it is; the client's without it.
        knowledge_base_id: Query<Option<BaseId>>,
        body: Json<PromptPreview>,
    ) -> Result<Json<PromptPreviewed>> {
        let Json(PromptPreview { text, lang, values }) = body;
        let (name, base) = (&name.0, knowledge_base_id.0);
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (at, lang) = (At { name, base }, lang.into());
        let mut tx = self.0.db.client(who.client).await?;
        let text = prompt::preview(&mut tx, &who, at, text.as_deref(), lang, &values).await?;
        Ok(Json(PromptPreviewed { text }))
    }

    /// Bring an old version back
    ///
    /// As a new version with its text.
    #[oai(
        path = "/prompts/:name/rollback",
        method = "post",
        operation_id = "rollbackPrompt"
    )]
    async fn roll_back(
        &self,
        who: Caller,
        /// The prompt.
        name: Path<String>,
        /// The knowledge base whose text it is; the client's without it.
        knowledge_base_id: Query<Option<BaseId>>,
        body: Json<PromptRollback>,
    ) -> Result<Found> {
        let (name, base) = (&name.0, knowledge_base_id.0);
        let (at, now) = (At { name, base }, self.0.clock.now());
        let mut tx = self.0.db.client(who.client).await?;
        prompt::roll_back(&mut tx, &who, at, body.0.version, now).await?;
        tx.commit().await?;
        self.found(&who, at).await
    }

    /// Take a prompt back
    ///
    /// The client's counts again under the knowledge base's, the shipped one under the client's; one
    /// with a name of your own is gone.
    #[oai(
        path = "/prompts/:name",
        method = "delete",
        operation_id = "deletePrompt"
    )]
    async fn remove(
        &self,
        who: Caller,
        /// The prompt.
        name: Path<String>,
        /// The knowledge base whose text it is; the client's without it.
        knowledge_base_id: Query<Option<BaseId>>,
    ) -> Result<Removed> {
        let (name, base) = (&name.0, knowledge_base_id.0);
        let (at, now) = (At { name, base }, self.0.clock.now());
        let mut tx = self.0.db.client(who.client).await?;
        prompt::remove(&mut tx, &who, at, now).await?;
        tx.commit().await?;
        Ok(Removed::Removed)
    }
}
