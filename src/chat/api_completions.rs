//! Answers outside of any conversation, over HTTP.

use std::sync::Arc;

use futures_util::StreamExt;
use poem::Request;
use poem_openapi::{ApiResponse, OpenApi, ResponseContent, payload::Json};

use super::{
    api::check_bases,
    complete::{Complete, Completion},
    event::{self, Event},
    shapes::*,
    turn::Chat,
};
use crate::{
    error::Result,
    http::{
        Tags,
        sse::{EVENT_STREAM, Sse},
    },
    identity::Member,
};

/// The operation for answers without a conversation.
pub struct CompletionsApi(pub Arc<Chat>);

#[derive(ResponseContent)]
enum Answer {
    Whole(Json<CompletionBody>),
    Stream(Sse<Event>),
}

#[derive(ApiResponse)]
enum Completed {
    /// The answer: whole, or as a stream of events with `Accept: text/event-stream`.
    #[oai(status = 200)]
    Completed(Answer),
}

#[OpenApi(tag = "Tags::Chat")]
impl CompletionsApi {
    /// Ask outside of any conversation
    ///
    /// The answer is booked like any other and kept nowhere: it cannot be read again, and a reader
    /// who leaves ends it. In its events `session_id` and `question_id` are those of the answer.
    #[oai(path = "/completions", method = "post", operation_id = "complete")]
    async fn complete(
        &self,
        who: Member,
        request: &Request,
        body: Json<NewCompletion>,
    ) -> Result<Completed> {
        let chat = &self.0;
        let mut tx = chat.app.db.client(who.client).await?;
        check_bases(&mut tx, &who, body.knowledge_base_ids.as_deref()).await?;
        drop(tx);
        let ask = ask(body.0);
        let answer = chat.complete(who.client, who.user().user_id, ask).await?;
        let accept = request.header("accept").unwrap_or_default();
        if accept.contains(EVENT_STREAM) {
            let events = Sse::new(answer.events(), chat.limits.heartbeat);
            return Ok(Completed::Completed(Answer::Stream(events)));
        }
        let whole = whole(answer).await;
        Ok(Completed::Completed(Answer::Whole(Json(whole))))
    }
}

fn ask(new: NewCompletion) -> Complete {
    Complete {
        content: new.content,
        otherwise: otherwise(new.settings, new.knowledge_base_ids, new.history),
        found: Vec::new(),
    }
}

async fn whole(answer: Completion) -> CompletionBody {
    let mut body = CompletionBody {
        id: answer.id,
        content: String::new(),
        citations: Vec::new(),
        error: None,
        usage: None,
    };
    let mut frames = answer.events();
    while let Some(bytes) = frames.next().await {
        for event in event::read(&bytes) {
            match event {
                Event::Delta(delta) => body.content.push_str(&delta.text),
                Event::Reset(reset) => body.content = reset.text,
                Event::Citations(cited) => body.citations = cited.citations,
                Event::Usage(usage) => body.usage = Some(usage),
                Event::Error(failed) => {
                    body.error = Some(MessageError {
                        code: failed.code,
                        detail: failed.detail,
                    });
                }
                Event::Start(_) | Event::Passages(_) | Event::Done(_) => {}
            }
        }
    }
    body
}
