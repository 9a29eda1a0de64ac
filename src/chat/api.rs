//! Conversations over HTTP.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Path, Query},
    payload::{Json, PlainText},
};

use super::{
    export, find, model,
    session::{self, Change},
    shapes::*,
    turn::Chat,
};
use crate::{
    db::ClientTx,
    error::Result,
    http::{
        Tags,
        paging::{Page, Window},
    },
    identity::Member,
    ids::{BaseId, SessionId},
    knowledge::base,
};

/// Operations on conversations.
pub struct ChatApi(pub Arc<Chat>);

#[derive(ApiResponse)]
enum SessionCreated {
    /// The conversation has begun.
    #[oai(status = 201)]
    Created(Json<SessionBody>),
}

#[derive(ApiResponse)]
enum Removed {
    /// It is gone.
    #[oai(status = 204)]
    Removed,
}

#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives for the length of a request"
)]
#[derive(ResponseContent)]
enum Exported {
    Json(Json<SessionExport>),
    #[oai(content_type = "text/markdown; charset=utf-8")]
    Markdown(PlainText<String>),
}

#[derive(ApiResponse)]
enum Export {
    /// The conversation, as a file.
    #[oai(status = 200)]
    File(
        Exported,
        /// The name of the file.
        #[oai(header = "Content-Disposition")]
        String,
    ),
}

#[OpenApi(tag = "Tags::Chat")]
impl ChatApi {
    /// Begin a conversation
    #[oai(path = "/sessions", method = "post", operation_id = "createSession")]
    async fn create(&self, who: Member, body: Json<NewSession>) -> Result<SessionCreated> {
        let app = &self.0.app;
        let mut tx = app.db.client(who.client).await?;
        check_bases(&mut tx, &who, body.knowledge_base_ids.as_deref()).await?;
        let (user, now) = (who.user().user_id, app.clock.now());
        let new: session::NewSession = body.0.into();
        let session = session::create(&mut tx, &app.models, user, &new, now).await?;
        tx.commit().await?;
        Ok(SessionCreated::Created(Json(session.into())))
    }

    /// Your conversations, the latest first
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        who: Member,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<SessionBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = session::list(&mut tx, who.user().user_id, &window).await?;
        Ok(Json(window.page(rows, place_of_session, Into::into)))
    }

    /// Search your conversations
    ///
    /// In titles and in what was said, for all words of `q`, the latest first. A page may have fewer
    /// items than asked for and still not be the last: each looks through a bounded part of the
    /// history.
    #[oai(
        path = "/sessions/search",
        method = "get",
        operation_id = "searchSessions"
    )]
    async fn search(
        &self,
        who: Member,
        /// What to look for: 1 to 100 characters, words separated by spaces.
        q: Query<String>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<FoundInSession>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let words = find::words(&q.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let page = find::page(&mut tx, who.user().user_id, &words, &window).await?;
        Ok(Json(page))
    }

    /// A conversation
    #[oai(path = "/sessions/:id", method = "get", operation_id = "getSession")]
    async fn get(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
    ) -> Result<Json<SessionBody>> {
        let mut tx = self.0.app.db.client(who.client).await?;
        Ok(Json(
            session::find(&mut tx, who.user().user_id, id.0)
                .await?
                .into(),
        ))
    }

    /// Rename a conversation, or change what it asks, how it is answered, and the branch it shows
    #[oai(
        path = "/sessions/:id",
        method = "patch",
        operation_id = "updateSession"
    )]
    async fn change(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
        body: Json<SessionChange>,
    ) -> Result<Json<SessionBody>> {
        let (app, change) = (&self.0.app, Change::from(body.0));
        let mut tx = app.db.client(who.client).await?;
        let bases = change.bases.as_ref().and_then(Option::as_deref);
        check_bases(&mut tx, &who, bases).await?;
        let user = who.user().user_id;
        let session = session::change(&mut tx, &app.models, user, id.0, change).await?;
        tx.commit().await?;
        Ok(Json(session.into()))
    }

    /// A conversation as a file
    ///
    /// The branch shown, as JSON or as Markdown.
    #[oai(
        path = "/sessions/:id/export",
        method = "get",
        operation_id = "exportSession"
    )]
    async fn export(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
        /// JSON unless said otherwise.
        format: Query<Option<ExportFormat>>,
    ) -> Result<Export> {
        let app = &self.0.app;
        let mut tx = app.db.client(who.client).await?;
        let export = export::read(&mut tx, who.user().user_id, id.0, app.clock.now()).await?;
        let format = format.0.unwrap_or(ExportFormat::Json);
        let name = export::disposition(&export.session.title, format);
        Ok(match format {
            ExportFormat::Json => Export::File(Exported::Json(Json(export)), name),
            ExportFormat::Markdown => {
                let text = export::markdown(&export);
                Export::File(Exported::Markdown(PlainText(text)), name)
            }
        })
    }

    /// The models that can be chosen
    #[oai(path = "/models", method = "get", operation_id = "listModels")]
    async fn models(&self, who: Member) -> Result<Json<ModelList>> {
        let app = &self.0.app;
        let mut tx = app.db.client(who.client).await?;
        let default = model::default_name(&mut tx, &app.models).await?;
        Ok(Json(ModelList::new(&app.models, &default)))
    }

    /// Choose the model that answers where none is chosen
    ///
    /// For all users of the client: who may change the client's bases may do this.
    #[oai(path = "/models", method = "patch", operation_id = "updateModels")]
    async fn change_models(
        &self,
        who: Member,
        body: Json<DefaultModel>,
    ) -> Result<Json<ModelList>> {
        let app = &self.0.app;
        let mut tx = app.db.client(who.client).await?;
        model::set_default(&mut tx, &app.models, &who, body.0.default.as_deref()).await?;
        let default = model::default_name(&mut tx, &app.models).await?;
        tx.commit().await?;
        Ok(Json(ModelList::new(&app.models, &default)))
    }

    /// Remove a conversation with all that was said in it
    #[oai(
        path = "/sessions/:id",
        method = "delete",
        operation_id = "deleteSession"
    )]
    async fn remove(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
    ) -> Result<Removed> {
        let mut tx = self.0.app.db.client(who.client).await?;
        let running = session::remove(&mut tx, who.user().user_id, id.0).await?;
        tx.commit().await?;
        for answer in running {
            self.0.stop_here(who.client, answer);
        }
        Ok(Removed::Removed)
    }
}

/// A base that the caller may not read reads like one that is not there.
pub(super) async fn check_bases(
    tx: &mut ClientTx,
    who: &Member,
    bases: Option<&[BaseId]>,
) -> Result<()> {
    for base in bases
        .unwrap_or_default()
        .iter()
        .take(session::BASES_MAX + 1)
    {
        base::find(tx, who, *base).await?;
    }
    Ok(())
}
