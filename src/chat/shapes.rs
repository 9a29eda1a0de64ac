//! What conversations look like on the wire.

use poem_openapi::{
    Object,
    types::{Any, MaybeUndefined},
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    event::{Citation, FoundPassage, Usage},
    otherwise::{Otherwise, Said},
    session::{self, Change, Session, TitleBy},
    settings::{Settings, SettingsChange},
    store::{MessageRow, Rated, Speaker, State},
};
use crate::{
    error::Code,
    http::paging::Place,
    ids::{BaseId, MessageId, SessionId},
    models::Models,
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
    /// How it is to be answered; as the server is set up when absent.
    pub settings: Option<SettingsChange>,
    /// An id made by you. Sent again, it sets `title`, `mode` and `param` again.
    pub id: Option<SessionId>,
    /// What kind of conversation it is, in words of your own: at most 20 characters.
    pub mode: Option<String>,
    /// What you want kept with the conversation, in at most 16 KiB of JSON; it comes back as it is.
    pub param: Option<Any<Value>>,
}

impl From<NewSession> for session::NewSession {
    fn from(new: NewSession) -> Self {
        let settings = new.settings.unwrap_or_default();
        Self {
            title: new.title,
            bases: new
                .knowledge_base_ids
                .map(|ids| ids.into_iter().map(|id| id.0).collect()),
            settings: settings.applied_to(Settings::default()),
            id: new.id,
            mode: new.mode,
            param: new.param.map(|Any(param)| param),
        }
    }
}

/// What is to change.
#[derive(Object)]
#[oai(example)]
pub struct SessionChange {
    /// At most 200 characters; empty leaves the title to the server again.
    pub title: Option<String>,
    /// The knowledge bases to ask; null makes it every base you may read again.
    pub knowledge_base_ids: MaybeUndefined<Vec<BaseId>>,
    /// How it is to be answered; what is absent stays, null leaves it to the server again.
    pub settings: Option<SettingsChange>,
    /// A message of the branch to show; of several branches through it the newest.
    pub current_message_id: Option<MessageId>,
}

impl From<SessionChange> for Change {
    fn from(change: SessionChange) -> Self {
        Self {
            title: change.title,
            bases: match change.knowledge_base_ids {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(bases) => Some(Some(bases)),
            },
            settings: change.settings,
            current: change.current_message_id,
        }
    }
}

/// A conversation.
#[derive(Object)]
#[oai(example)]
pub struct SessionBody {
    /// Its id.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// Who gave it that title.
    pub title_by: TitleBy,
    /// The bases it asks; null when it asks every base you may read.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
    /// How it is answered.
    pub settings: Settings,
    /// What kind of conversation it is, in the words of whoever saved it.
    pub mode: Option<String>,
    /// What is kept with it.
    pub param: Option<Any<Value>>,
    /// The message that ends the branch shown; null before the first question.
    pub current_message_id: Option<MessageId>,
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
            title_by: session.title_by,
            knowledge_base_ids: session
                .base_ids
                .map(|ids| ids.into_iter().map(BaseId).collect()),
            settings: session.settings.0,
            mode: session.mode,
            param: session.param.map(Any),
            current_message_id: session.current_message_id,
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
    /// A question of this conversation that this one is another wording of: it becomes its sibling.
    /// The question behind the last answer when absent.
    pub edit_of: Option<MessageId>,
    /// What is to be set otherwise for this answer alone.
    pub settings: Option<SettingsChange>,
    /// The knowledge bases to ask for this answer alone; none when empty.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
    /// What was said before, the first first, in the place of what the conversation holds. Of a long
    /// one the last 60 entries count, as far as they fit.
    pub history: Option<Vec<Said>>,
}

/// A wish for another answer.
#[derive(Object)]
#[oai(example)]
pub struct Regenerate {
    /// An id of the new answer, made by you: asking twice with the same one asks once.
    pub id: Option<MessageId>,
    /// What is to be set otherwise for this answer alone.
    pub settings: Option<SettingsChange>,
    /// The knowledge bases to ask for this answer alone; none when empty.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
    /// What was said before the question, the first first, in the place of what the conversation
    /// holds.
    pub history: Option<Vec<Said>>,
}

/// A question outside of any conversation.
#[derive(Object)]
#[oai(example)]
pub struct NewCompletion {
    /// What you ask.
    pub content: String,
    /// How it is to be answered; as the server is set up when absent.
    pub settings: Option<SettingsChange>,
    /// The knowledge bases to ask; none when absent.
    pub knowledge_base_ids: Option<Vec<BaseId>>,
    /// What was said before, the first first. Of a long one the last 60 entries count, as far as they
    /// fit.
    pub history: Option<Vec<Said>>,
}

/// An answer outside of any conversation. It is kept nowhere.
#[derive(Object)]
#[oai(example)]
pub struct CompletionBody {
    /// Names it in what was booked.
    pub id: MessageId,
    /// The answer.
    pub content: String,
    /// Where its sentences come from.
    pub citations: Vec<Citation>,
    /// Why it broke off.
    pub error: Option<MessageError>,
    /// What it used.
    pub usage: Option<Usage>,
}

/// What was found for an answer.
#[derive(Object)]
#[oai(example)]
pub struct KeptPassages {
    /// In the order of their numbers; null when they were not kept.
    pub passages: Option<Vec<FoundPassage>>,
}

/// What you think of an answer.
#[derive(Object, Clone, Debug)]
#[oai(example)]
pub struct Rating {
    /// Null takes the rating back.
    pub value: Option<Rated>,
    /// Why, at most 2,000 characters.
    pub comment: Option<String>,
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
    /// The message before: of an answer its question; of a question the answer before, null at the
    /// beginning.
    pub parent_id: Option<MessageId>,
    /// The messages that have the same one before, this one included, in the order of their making:
    /// the answers to one question, the wordings of one question.
    pub siblings: Vec<MessageId>,
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
    /// What you think of it.
    pub rating: Option<Rating>,
    /// When it was said.
    pub created_at: OffsetDateTime,
}

impl From<MessageRow> for MessageBody {
    fn from(row: MessageRow) -> Self {
        let reply_to = session::question_of(&row);
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
            reply_to,
            parent_id: row.parent_id,
            siblings: row.siblings,
            rating: row.rating.map(|value| Rating {
                value: Some(value),
                comment: row.rating_comment,
            }),
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

/// Where the message before this one stands: there the rest of its branch begins.
pub fn place_before(row: &MessageRow) -> Place {
    place_of_number(row, row.parent_no.unwrap_or(0))
}

/// Where a message stands among all of its session.
pub fn place_of_message(row: &MessageRow) -> Place {
    place_of_number(row, row.no)
}

fn place_of_number(row: &MessageRow, no: i64) -> Place {
    Place {
        at: row.created_at,
        id: Uuid::from_u128(no.unsigned_abs().into()),
    }
}

/// The number in a place.
pub fn number_of(place: Place) -> i64 {
    i64::try_from(place.id.as_u128()).unwrap_or(0)
}

/// A model that can be chosen.
#[derive(Object)]
pub struct ModelBody {
    /// Its name: `model` in the settings of a session.
    pub name: String,
    /// What is behind it: `extractive` (built in, quotes the documents), `openai`, `azure` or
    /// `scripted`.
    pub kind: String,
    /// Whether it answers where none is chosen.
    pub default: bool,
}

/// The models that can be chosen.
#[derive(Object)]
#[oai(example)]
pub struct ModelList {
    /// By name.
    pub items: Vec<ModelBody>,
}

impl ModelList {
    /// All models, with the one of this name as the default.
    pub fn new(models: &Models, default: &str) -> Self {
        let items = models.chats().map(|(name, entry, _)| ModelBody {
            name: name.to_owned(),
            kind: entry.kind.clone(),
            default: name == default,
        });
        Self {
            items: items.collect(),
        }
    }
}

/// The model that answers where a conversation chooses none.
#[derive(Object)]
#[oai(example)]
pub struct DefaultModel {
    /// Its name; null for the one that the server is set up with.
    pub default: Option<String>,
}

/// A place in your conversations where something was found.
#[derive(Object)]
#[oai(example)]
pub struct FoundInSession {
    /// The conversation.
    pub session: SessionBody,
    /// The message; null when it was found in the title.
    pub message_id: Option<MessageId>,
    /// What stands around it, on one line.
    pub excerpt: String,
    /// Where in the excerpt the first word begins, in Unicode code points.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// In which form a conversation is exported.
#[derive(poem_openapi::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
pub enum ExportFormat {
    /// For people, citations as footnotes.
    Markdown,
    /// For programs.
    Json,
}

/// A conversation with what was said in the branch shown.
#[derive(Object)]
#[oai(example)]
pub struct SessionExport {
    /// The conversation.
    pub session: SessionBody,
    /// When it was exported.
    pub exported_at: OffsetDateTime,
    /// Whether earlier messages were left out: an export has at most 10,000, and 16 MiB of text.
    pub earlier_left_out: bool,
    /// What was said, the first first.
    pub messages: Vec<MessageBody>,
}

/// What is otherwise for one answer. The bases must be visible to the caller: the caller's check.
pub fn otherwise(
    settings: Option<SettingsChange>,
    bases: Option<Vec<BaseId>>,
    history: Option<Vec<Said>>,
) -> Otherwise {
    Otherwise {
        settings,
        bases: bases.map(|bases| bases.into_iter().map(|base| base.0).collect()),
        history,
        keep_passages: false,
    }
}
