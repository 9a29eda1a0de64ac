//! Questions and answers over HTTP.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    ApiResponse, OpenApi, ResponseContent,
    param::{Header, Path, Query},
    payload::Json,
};

use super::{
    api::check_bases,
    event::Event,
    open::{Again, Ask},
    rating, session,
    shapes::*,
    store,
    turn::Chat,
};
use crate::{
    error::{Error, Result},
    http::{
        Tags,
        optional::Optional,
        paging::{Page, Window},
        sse::{EVENT_STREAM, Sse},
    },
    identity::Member,
    ids::{BaseId, MessageId, SessionId},
};

/// Operations on what is said in conversations.
pub struct MessagesApi(pub Arc<Chat>);

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

impl MessagesApi {
    async fn check_bases(&self, who: &Member, bases: Option<&[BaseId]>) -> Result<()> {
        if bases.is_some_and(|bases| !bases.is_empty()) {
            let mut tx = self.0.app.db.client(who.client).await?;
            check_bases(&mut tx, who, bases).await?;
        }
        Ok(())
    }

    /// An answer that is being written, in the form that is wanted.
    async fn answered(
        &self,
        who: &Member,
        request: &Request,
        answer: MessageId,
    ) -> Result<Answered> {
        let (client, user) = (who.client, who.user().user_id);
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
}

#[OpenApi(tag = "Tags::Chat")]
impl MessagesApi {
    /// What was said, the latest first
    ///
    /// In the branch that the conversation shows: from its `current_message_id` back to the
    /// beginning.
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
        /// Whether the messages of all branches are wanted.
        all: Query<Option<bool>>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<MessageBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let session = session::find(&mut tx, who.user().user_id, id.0).await?;
        let from = window.after.map(number_of);
        if all.0.unwrap_or(false) {
            let rows = store::messages(&mut tx, id.0, from, window.rows()).await?;
            return Ok(Json(window.page(rows, place_of_message, Into::into)));
        }
        let last = from.or(session.current_no);
        let rows = store::branch(&mut tx, id.0, last, window.rows()).await?;
        Ok(Json(window.page(rows, place_before, Into::into)))
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
        let (client, user, question) = (who.client, who.user().user_id, body.0);
        self.check_bases(&who, question.knowledge_base_ids.as_deref())
            .await?;
        let ask = Ask {
            id: question.id,
            content: question.content,
            edit_of: question.edit_of,
            otherwise: otherwise(
                question.settings,
                question.knowledge_base_ids,
                question.history,
            ),
        };
        let answer = self.0.ask(client, user, id.0, ask).await?;
        self.answered(&who, request, answer).await
    }

    /// Have a question answered once more
    ///
    /// The new answer becomes a sibling of this one, and the one that is shown. It comes like the
    /// answer to a question: as events or whole.
    #[oai(
        path = "/messages/:id/regenerate",
        method = "post",
        operation_id = "regenerateAnswer"
    )]
    async fn regenerate(
        &self,
        who: Member,
        /// An answer to the question, or the question.
        id: Path<MessageId>,
        request: &Request,
        body: Optional<Regenerate>,
    ) -> Result<Answered> {
        let (client, user) = (who.client, who.user().user_id);
        let bases = body
            .0
            .as_ref()
            .and_then(|body| body.knowledge_base_ids.as_deref());
        self.check_bases(&who, bases).await?;
        let again = body.0.map(|body| Again {
            id: body.id,
            otherwise: otherwise(body.settings, body.knowledge_base_ids, body.history),
        });
        let again = again.unwrap_or_default();
        let answer = self.0.answer_again(client, user, id.0, again).await?;
        self.answered(&who, request, answer).await
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

    /// What was found for an answer
    ///
    /// Kept for answers that were asked for through contracts which show it later, too.
    #[oai(
        path = "/messages/:id/passages",
        method = "get",
        operation_id = "getPassages"
    )]
    async fn passages(
        &self,
        who: Member,
        /// The answer.
        id: Path<MessageId>,
    ) -> Result<Json<KeptPassages>> {
        let (client, user) = (who.client, who.user().user_id);
        self.0.message(client, user, id.0).await?;
        let mut tx = self.0.app.db.client(client).await?;
        let mut kept = store::kept_passages(&mut tx, user, &[id.0]).await?;
        let passages = kept.pop().map(|(_, passages)| passages.0);
        Ok(Json(KeptPassages { passages }))
    }

    /// Remove a question with its answers
    ///
    /// What was said after them is kept.
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
        let mut tx = self.0.app.db.client(who.client).await?;
        let running = session::remove_turn(&mut tx, who.user().user_id, id.0).await?;
        tx.commit().await?;
        for answer in running {
            self.0.stop_here(who.client, answer);
        }
        Ok(Removed::Removed)
    }

    /// Say what you think of an answer
    #[oai(
        path = "/messages/:id/rating",
        method = "put",
        operation_id = "rateAnswer"
    )]
    async fn rate(
        &self,
        who: Member,
        /// The answer.
        id: Path<MessageId>,
        body: Json<Rating>,
    ) -> Result<Json<MessageBody>> {
        let (user, rating) = (who.user().user_id, body.0);
        let comment = rating::comment(&rating)?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let message = rating::rate(&mut tx, user, id.0, rating.value, comment).await?;
        tx.commit().await?;
        Ok(Json(message.into()))
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
