//! Conversations of a user.

use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

pub use super::store::{MessageRow, Speaker, State};
use super::{
    event::FoundPassage,
    settings::{Settings, SettingsChange},
    store::{self, SessionPatch},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{BaseId, MessageId, SessionId, UserId},
    models::Models,
};

/// Knowledge bases of a conversation at most.
pub const BASES_MAX: usize = 8;
/// Characters of a title at most.
const TITLE_CHARS_MAX: usize = 200;
/// Characters of the word for what kind of conversation it is, at most.
const MODE_CHARS_MAX: usize = 20;
/// Bytes that a page may keep with a conversation.
const PARAM_BYTES_MAX: usize = 16 << 10;
/// Saved conversations that are listed at once.
const SAVED_MAX: i64 = 1_000;
/// Rounds that are read at once.
pub const ROUNDS_MAX: u32 = 100;
/// Characters of a title that the server makes.
pub const TITLE_CHARS_MADE: usize = 60;

/// Who gave a conversation its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum TitleBy {
    /// Its user: it stays.
    User,
    /// The server, out of the first question and its answer.
    Server,
}

/// A conversation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Session {
    /// Its id.
    pub session_id: SessionId,
    /// Its title; empty until the first question.
    pub title: String,
    /// Who gave it.
    pub title_by: TitleBy,
    /// The bases it asks; `None` for every base the user may read.
    pub base_ids: Option<Vec<Uuid>>,
    /// What its user has set.
    pub settings: Json<Settings>,
    /// What kind of conversation it is, in the words of the page that saved it.
    pub mode: Option<String>,
    /// What that page keeps with it; not looked at.
    pub param: Option<Value>,
    /// The number of the message that ends the branch shown.
    pub current_no: Option<i64>,
    /// That message.
    pub current_message_id: Option<MessageId>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When something was last said.
    pub updated_at: OffsetDateTime,
}

/// What a new conversation is made of. The bases must be visible to the caller: the caller's check.
#[derive(Clone, Debug, Default)]
pub struct NewSession {
    /// Made of the first question when empty.
    pub title: String,
    /// The bases it asks; `None` for every base the user may read.
    pub bases: Option<Vec<Uuid>>,
    /// What its user has set.
    pub settings: Settings,
    /// Its id, when its user made it.
    pub id: Option<SessionId>,
    /// What kind of conversation it is, in the words of a page.
    pub mode: Option<String>,
    /// What a page keeps with it.
    pub param: Option<Value>,
}

/// What is to change in a conversation.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The title; the server's again when empty.
    pub title: Option<String>,
    /// The bases it asks; `Some(None)` for every base the user may read.
    pub bases: Option<Option<Vec<BaseId>>>,
    /// What its user sets.
    pub settings: Option<SettingsChange>,
    /// A message of the branch to show.
    pub current: Option<MessageId>,
}

/// Begins a conversation.
///
/// # Errors
/// `Invalid` for what cannot be a title, too many bases, or settings out of their bounds; `Taken` for
/// an id that another user made.
pub async fn create(
    tx: &mut ClientTx,
    models: &Models,
    user: UserId,
    new: &NewSession,
    now: OffsetDateTime,
) -> Result<Session> {
    check(&new.title, new.bases.as_ref().map_or(0, Vec::len))?;
    check_kept(new)?;
    new.settings.check(tx, models).await?;
    match new.id {
        None => store::add_session(tx, SessionId::new(now), user, new, now).await,
        // sent again, it is saved again
        Some(id) => store::save_session(tx, id, user, new, now)
            .await?
            .ok_or(Error::Taken("session id")),
    }
}

/// Those that pages saved with a mode, the latest first, up to a thousand.
pub async fn saved(tx: &mut ClientTx, user: UserId) -> Result<Vec<Session>> {
    store::saved_sessions(tx, user, SAVED_MAX).await
}

/// What was found for answers of the user, of those of which it was kept.
pub async fn kept_passages(
    tx: &mut ClientTx,
    user: UserId,
    ids: &[MessageId],
) -> Result<Vec<(MessageId, Json<Vec<FoundPassage>>)>> {
    store::kept_passages(tx, user, ids).await
}

/// A question with the answer that is shown.
pub struct Round {
    /// The question.
    pub question: MessageRow,
    /// The answer; `None` when it was removed.
    pub answer: Option<MessageRow>,
}

/// What was asked and answered in the branch shown, before a question of it or at its end, the latest
/// first.
///
/// # Errors
/// `NotFound` for a conversation that is not the user's, and a question that is not in it.
pub async fn rounds(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    before: Option<MessageId>,
    count: u32,
) -> Result<Vec<Round>> {
    let session = find(tx, user, id).await?;
    let last = match before {
        None => session.current_no,
        Some(before) => {
            let found = store::message(tx, user, before).await?;
            let found = found.filter(|found| found.session_id == id);
            found.ok_or(Error::NotFound("message"))?.parent_no
        }
    };
    let rows = i64::from(count.min(ROUNDS_MAX)) * 2;
    let mut answer = None;
    let mut rounds = Vec::new();
    for message in store::branch(tx, id, last, rows).await? {
        match message.role {
            Speaker::Assistant => answer = Some(message),
            Speaker::User => rounds.push(Round {
                question: message,
                answer: answer.take(),
            }),
        }
    }
    rounds.truncate(count as usize);
    Ok(rounds)
}

/// The user's conversation of this id.
pub async fn find(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<Session> {
    store::session(tx, user, id)
        .await?
        .ok_or(Error::NotFound("session"))
}

/// The user's conversations, the latest first.
pub async fn list(tx: &mut ClientTx, user: UserId, window: &Window) -> Result<Vec<Session>> {
    store::sessions(tx, user, window).await
}

/// Changes what is named.
///
/// # Errors
/// Those of [`create`], and `NotFound` for a message that is not of this conversation.
pub async fn change(
    tx: &mut ClientTx,
    models: &Models,
    user: UserId,
    id: SessionId,
    change: Change,
) -> Result<Session> {
    let bases = change.bases.as_ref().and_then(Option::as_ref);
    check(
        change.title.as_deref().unwrap_or_default(),
        bases.map_or(0, Vec::len),
    )?;
    if let Some(settings) = &change.settings {
        let old = find(tx, user, id).await?.settings.0;
        settings.check(&old, tx, models).await?;
    }
    let current_no = match change.current {
        Some(message) => Some(end_of_branch(tx, user, id, message).await?),
        None => None,
    };
    let ids = |bases: Vec<BaseId>| bases.into_iter().map(|base| base.0).collect();
    let patch = SessionPatch {
        title: change.title.as_deref(),
        bases: change.bases.map(|bases| bases.map(ids)),
        settings: change.settings.map(|settings| settings.patch()),
        current_no,
    };
    store::change_session(tx, user, id, patch)
        .await?
        .ok_or(Error::NotFound("session"))
}

/// The number of the last message of the newest branch through this one.
async fn end_of_branch(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    message: MessageId,
) -> Result<i64> {
    let found = store::message(tx, user, message).await?;
    let found = found.filter(|found| found.session_id == id);
    let through = found.ok_or(Error::NotFound("message"))?.no;
    let leaf = store::leaf(tx, id, Some(through)).await?;
    Ok(leaf.unwrap_or(through))
}

/// Removes a question with all its answers. What was said after them is kept: it hangs behind what
/// came before the question. Returns the answers that were being written.
pub async fn remove_turn(tx: &mut ClientTx, user: UserId, id: MessageId) -> Result<Vec<MessageId>> {
    // whoever asks at the same moment hangs the question behind what is there
    store::lock_questions(tx, user).await?;
    let mut question = store::message(tx, user, id).await?;
    if let Some(of) = question.as_ref().and_then(question_of) {
        question = store::message(tx, user, of).await?;
    }
    let question = question.ok_or(Error::NotFound("message"))?;
    let session = question.session_id;
    let running = store::running_answers(tx, session, question.no).await?;
    store::lift_followers(tx, session, question.no, question.parent_no).await?;
    store::remove_turn(tx, question.message_id).await?;
    let leaf = store::leaf(tx, session, question.parent_no).await?;
    store::mend_current(tx, session, leaf).await?;
    Ok(running)
}

/// The question that a message answers.
pub fn question_of(message: &MessageRow) -> Option<MessageId> {
    message
        .parent_id
        .filter(|_| message.role == Speaker::Assistant)
}

/// Whether a conversation of this id is there, whoever began it: for contracts that say so when one is
/// to be removed.
pub async fn is_taken(tx: &mut ClientTx, id: SessionId) -> Result<bool> {
    store::has_session(tx, id).await
}

/// Removes a conversation with all that was said in it. Returns the answers that were being written.
pub async fn remove(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<Vec<MessageId>> {
    let running = store::running_of_session(tx, id).await?;
    if store::remove_session(tx, user, id).await? {
        Ok(running)
    } else {
        Err(Error::NotFound("session"))
    }
}

/// A title out of the first question, cut between two words where that is possible.
pub fn title_of(question: &str) -> String {
    let line: String = question.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE_CHARS_MADE {
        return line;
    }
    let cut: String = line.chars().take(TITLE_CHARS_MADE - 1).collect();
    let next = line.chars().nth(TITLE_CHARS_MADE - 1);
    let whole = match cut.rfind(' ') {
        // Chinese has no spaces, and one word may be longer than a title
        Some(space) if next != Some(' ') && space >= cut.len() / 2 => &cut[..space],
        _ => &cut,
    };
    let whole =
        whole.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、'));
    format!("{whole}…")
}

fn check_kept(new: &NewSession) -> Result<()> {
    let mode = new.mode.as_deref().unwrap_or_default();
    if mode.chars().count() > MODE_CHARS_MAX || mode.contains('\0') {
        return Err(Error::invalid(format!(
            "A mode has at most {MODE_CHARS_MAX} characters, and no NUL."
        )));
    }
    let param = new.param.as_ref().map(Value::to_string);
    let param = param.unwrap_or_default();
    if param.len() > PARAM_BYTES_MAX || param.contains("\\u0000") {
        return Err(Error::invalid(format!(
            "What is kept with a session has at most {PARAM_BYTES_MAX} bytes, and no NUL."
        )));
    }
    Ok(())
}

fn check(title: &str, bases: usize) -> Result<()> {
    if title.chars().count() > TITLE_CHARS_MAX || title.contains('\0') {
        return Err(Error::invalid(format!(
            "A title has at most {TITLE_CHARS_MAX} characters, and no NUL."
        )));
    }
    if bases > BASES_MAX {
        return Err(Error::invalid(format!(
            "A session asks at most {BASES_MAX} knowledge bases."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_question_cut_between_words() {
        let long =
            "How long is the warranty of the battery when it was bought abroad and brought home?";
        assert_eq!(
            title_of(long),
            "How long is the warranty of the battery when it was bought…"
        );
        let chinese = "电池".repeat(60);
        assert_eq!(title_of(&chinese).chars().count(), TITLE_CHARS_MADE);
        for short in ["电池保修多久？", "Why?", &"字".repeat(60)] {
            assert_eq!(title_of(short), short);
        }
        assert_eq!(title_of(" a\n\tb  c "), "a b c");
        for n in 55..70 {
            let title = title_of(&format!("{} and more words", "x".repeat(n)));
            assert!(title.chars().count() <= TITLE_CHARS_MADE, "{title}");
        }
    }
}
