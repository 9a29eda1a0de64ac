//! Conversations over HTTP.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Header, Path, Query},
    payload::Json,
    types::MaybeUndefined,
};

use super::{
    event::Event,
    session,
    shapes::*,
    store,
    turn::{Ask, Chat},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::{
        Tags,
        paging::{Page, Window},
        sse::{EVENT_STREAM, Sse},
    },
    identity::Member,
    ids::{BaseId, MessageId, SessionId},
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

#[derive(ResponseContent)]
enum Answer {
    Whole(Json<MessageBody>),
    Stream(Sse<Event>),
}

#[derive(ApiResponse)]
enum Answered {
    /// The answer: whole, or as a stream of events with `Accept: text/event-stream`.
    #[oai(status = 200)]
    Answered(Answer),
}

#[OpenApi(tag = "Tags::Chat")]
impl ChatApi {
    /// Begin a conversation
    #[oai(path = "/sessions", method = "post", operation_id = "createSession")]
    async fn create(&self, who: Member, body: Json<NewSession>) -> Result<SessionCreated> {
        let app = &self.0.app;
        let mut tx = app.db.client(who.client).await?;
        check_bases(&mut tx, &who, body.knowledge_base_ids.as_deref()).await?;
        let Json(NewSession {
            title,
            knowledge_base_ids,
        }) = body;
        let user = who.user().user_id;
        let session =
            session::create(&mut tx, user, &title, knowledge_base_ids, app.clock.now()).await?;
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

    /// Rename a conversation, or change what it asks
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
        let Json(SessionChange {
            title,
            knowledge_base_ids: bases,
        }) = body;
        let bases = match bases {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(bases) => Some(Some(bases)),
        };
        let mut tx = self.0.app.db.client(who.client).await?;
        check_bases(
            &mut tx,
            &who,
            bases.iter().flatten().next().map(Vec::as_slice),
        )
        .await?;
        let user = who.user().user_id;
        let session = session::change(&mut tx, user, id.0, title.as_deref(), bases).await?;
        tx.commit().await?;
        Ok(Json(session.into()))
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
        let running = store::running_of_session(&mut tx, id.0).await?;
        session::remove(&mut tx, who.user().user_id, id.0).await?;
        tx.commit().await?;
        for answer in running {
            self.0.stop_here(who.client, answer);
        }
        Ok(Removed::Removed)
    }

    /// What was said, the latest first
    #[oai(
        path = "/sessions/:id/messages",
        method = "get",
        operation_id = "listMessages"
    )]
    async fn messages(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<MessageBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        session::find(&mut tx, who.user().user_id, id.0).await?;
        let rows =
            store::messages(&mut tx, id.0, window.after.map(number_of), window.rows()).await?;
        Ok(Json(
            window.page(rows, place_of_message, |(_, row)| row.into()),
        ))
    }

    /// Ask
    ///
    /// With `Accept: text/event-stream` the answer comes as events while it is written; else it comes
    /// whole. A reader who leaves does not stop it: read on with `GET /messages/{id}/stream`.
    #[oai(path = "/sessions/:id/messages", method = "post", operation_id = "ask")]
    async fn ask(
        &self,
        who: Member,
        /// The conversation.
        id: Path<SessionId>,
        request: &Request,
        body: Json<Question>,
    ) -> Result<Answered> {
        let ask = Ask {
            id: body.0.id,
            content: body.0.content,
        };
        let (client, user) = (who.client, who.user().user_id);
        let answer = self.0.ask(client, user, id.0, ask).await?;
        // not a parameter of the document: OpenAPI leaves `Accept` to the media types of the answer
        if request
            .header("accept")
            .unwrap_or_default()
            .contains(EVENT_STREAM)
        {
            let events = self.0.follow(client, user, answer).await?;
            return Ok(Answered::Answered(Answer::Stream(Sse::new(
                events,
                self.0.limits.heartbeat,
            ))));
        }
        let message = self.0.ended(client, user, answer).await?;
        Ok(Answered::Answered(Answer::Whole(Json(message.into()))))
    }

    /// A question or an answer
    #[oai(path = "/messages/:id", method = "get", operation_id = "getMessage")]
    async fn message(
        &self,
        who: Member,
        /// The question or the answer.
        id: Path<MessageId>,
    ) -> Result<Json<MessageBody>> {
        Ok(Json(
            self.0
                .message(who.client, who.user().user_id, id.0)
                .await?
                .into(),
        ))
    }

    /// Remove a question and its answer
    #[oai(
        path = "/messages/:id",
        method = "delete",
        operation_id = "deleteMessage"
    )]
    async fn remove_message(
        &self,
        who: Member,
        /// The question or its answer.
        id: Path<MessageId>,
    ) -> Result<Removed> {
        let message = self.0.message(who.client, who.user().user_id, id.0).await?;
        let question = message.reply_to.unwrap_or(message.message_id);
        let mut tx = self.0.app.db.client(who.client).await?;
        let answer = store::answer_to(&mut tx, question).await?;
        store::remove_turn(&mut tx, question).await?;
        tx.commit().await?;
        if let Some(answer) = answer {
            self.0.stop_here(who.client, answer);
        }
        Ok(Removed::Removed)
    }

    /// Read on
    ///
    /// The events of an answer behind `Last-Event-ID`, to its end.
    #[oai(
        path = "/messages/:id/stream",
        method = "get",
        operation_id = "resumeAnswer"
    )]
    async fn stream(
        &self,
        who: Member,
        /// The answer.
        id: Path<MessageId>,
        /// The `id` of the last event that was seen; from the beginning without it.
        #[oai(name = "Last-Event-ID")]
        last: Header<Option<String>>,
    ) -> Result<Sse<Event>> {
        let after = last
            .0
            .and_then(|last| last.trim().parse().ok())
            .unwrap_or(0);
        let events = self
            .0
            .resume(who.client, who.user().user_id, id.0, after)
            .await?;
        Ok(Sse::new(events, self.0.limits.heartbeat))
    }

    /// Stop an answer
    ///
    /// The call to the vendor ends; what came so far is kept. An answer that has ended stays as it is.
    #[oai(
        path = "/messages/:id/stop",
        method = "post",
        operation_id = "stopAnswer"
    )]
    async fn stop(
        &self,
        who: Member,
        /// The answer.
        id: Path<MessageId>,
    ) -> Result<Json<MessageBody>> {
        let (client, user) = (who.client, who.user().user_id);
        let message = self.0.message(client, user, id.0).await?;
        if message.role != store::Speaker::Assistant {
            return Err(Error::NotFound("answer"));
        }
        self.0.stop(client, id.0).await?;
        Ok(Json(self.0.ended(client, user, id.0).await?.into()))
    }
}

/// A base that the caller may not read reads like one that is not there.
async fn check_bases(tx: &mut ClientTx, who: &Member, bases: Option<&[BaseId]>) -> Result<()> {
    for base in bases
        .unwrap_or_default()
        .iter()
        .take(session::BASES_MAX + 1)
    {
        base::find(tx, who, *base).await?;
    }
    Ok(())
}
