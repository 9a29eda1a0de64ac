//! What conversations look like on the wire.

use poem_openapi::{Object, types::MaybeUndefined};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    event::{Citation, Usage},
    session::Session,
    store::{MessageRow, Speaker, State},
};
use crate::{
    error::Code,
    http::paging::Place,
    ids::{BaseId, MessageId, SessionId},
};

/// A conversation to begin.
#[derive(Object)]
#[oai(example)]
pub struct NewSession {
    /// At most 200 characters; made of the first question when empty.
    #[oai(default)]
    pub title: String,
    /// The knowledge bases to ask, at most 8; every base you may read when absent, none when empty.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
}

/// What is to change.
#[derive(Object)]
#[oai(example)]
pub struct SessionChange {
    /// At most 200 characters.
    pub title: Option<String>,
    /// The knowledge bases to ask; null makes it every base you may read again.
    pub knowledge_base_ids: MaybeUndefined<Vec<BaseId>>,
}

/// A conversation.
#[derive(Object)]
#[oai(example)]
pub struct SessionBody {
    /// Its id.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// The bases it asks; null when it asks every base you may read.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When something was last said.
    pub updated_at: OffsetDateTime,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            id: session.session_id,
            title: session.title,
            knowledge_base_ids: session
                .base_ids
                .map(|ids| ids.into_iter().map(BaseId).collect()),
            created_at: session.created_at,
            updated_at: session.updated_at,
        }
    }
}

/// Where a session stands in a list.
pub fn place_of_session(session: &Session) -> Place {
    Place {
        at: session.updated_at,
        id: session.session_id.0,
    }
}

/// A question.
#[derive(Object)]
#[oai(example)]
pub struct Question {
    /// An id made by you: asking twice with the same one asks once.
    pub id: Option<MessageId>,
    /// What you ask.
    pub content: String,
}

/// Why an answer broke off.
#[derive(Object)]
pub struct MessageError {
    /// For machines.
    pub code: Code,
    /// For people.
    pub detail: String,
}

/// A question or an answer.
#[derive(Object)]
#[oai(example)]
pub struct MessageBody {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub session_id: SessionId,
    /// Who said it.
    pub role: Speaker,
    /// Of an answer: the question.
    pub reply_to: Option<MessageId>,
    /// What was said. Empty while an answer is being written: read its stream.
    pub content: String,
    /// How it stands.
    pub state: State,
    /// Where its sentences come from.
    pub citations: Vec<Citation>,
    /// Why it broke off.
    pub error: Option<MessageError>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// What it used.
    pub usage: Option<Usage>,
    /// When it was said.
    pub created_at: OffsetDateTime,
}

impl From<MessageRow> for MessageBody {
    fn from(row: MessageRow) -> Self {
        let usage = match (row.input_tokens, row.output_tokens, row.counted_by) {
            (Some(input), Some(output), Some(counted_by)) => Some(Usage {
                input_tokens: input.unsigned_abs(),
                output_tokens: output.unsigned_abs(),
                counted_by,
            }),
            _ => None,
        };
        let error = row.error_code.map(|code| MessageError {
            code,
            detail: row.error_detail.unwrap_or_default(),
        });
        Self {
            id: row.message_id,
            session_id: row.session_id,
            role: row.role,
            reply_to: row.reply_to,
            content: row.content,
            state: row.state,
            citations: row.citations.0,
            error,
            model: row.model,
            usage,
            created_at: row.created_at,
        }
    }
}

/// Where a message stands in a list: by its number.
pub fn place_of_message((no, row): &(i64, MessageRow)) -> Place {
    Place {
        at: row.created_at,
        id: Uuid::from_u128(no.unsigned_abs().into()),
    }
}

/// The number behind which a page of messages begins.
pub fn number_of(place: Place) -> i64 {
    i64::try_from(place.id.as_u128()).unwrap_or(0)
}
