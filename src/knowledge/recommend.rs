//! Questions that pages recommend. Those that a base suggests are the ones among them that have a place.

use time::OffsetDateTime;

use super::{base, store};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    identity::Who,
    ids::{BaseId, BaseNo, QuestionId},
};

/// Questions that a base suggests at most.
pub const SUGGESTIONS_MAX: usize = 8;
/// Characters of a question.
pub const QUERY_CHARS_MAX: usize = 200;
/// Questions of a client at most, besides those that its bases suggest.
pub const QUESTIONS_MAX: i64 = 2_000;
/// Questions that are picked at once at most.
pub const PICKED_MAX: u32 = 100;
/// Characters of an answer.
const ANSWER_CHARS_MAX: usize = 2_048;

/// A recommended question.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Question {
    /// Its id.
    pub question_id: QuestionId,
    /// The number by which older systems know it.
    pub no: i64,
    /// The base it is about.
    pub base_id: Option<BaseId>,
    /// The name of that base.
    pub base_name: Option<String>,
    /// What is asked.
    pub query: String,
    /// What is answered, when that is known beforehand.
    pub answer: String,
    /// How often it was chosen.
    pub tap_count: i64,
    /// Whether it is recommended.
    pub enabled: bool,
    /// When it was written.
    pub created_at: OffsetDateTime,
}

/// What a new question is made of.
#[derive(Clone, Debug)]
pub struct NewQuestion {
    /// The base it is about.
    pub base: Option<BaseId>,
    /// What is asked.
    pub query: String,
    /// What is answered.
    pub answer: String,
    /// Whether it is recommended.
    pub enabled: bool,
}

/// What is to change in a question.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What is asked.
    pub query: Option<String>,
    /// What is answered.
    pub answer: Option<String>,
    /// Whether it is recommended.
    pub enabled: Option<bool>,
}

/// What questions are to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Anything.
    Any,
    /// No base.
    NoBase,
    /// This base.
    Base(BaseId),
}

/// Adds a question: about a base that the caller may change, or about none, for those who may write
/// the client's bases.
///
/// # Errors
/// `Forbidden` to others, `Invalid` for texts that are too long, `Taken` for a question that is there.
pub async fn add(
    tx: &mut ClientTx,
    who: &Who,
    new: &NewQuestion,
    now: OffsetDateTime,
) -> Result<Question> {
    check(Some(&new.query), Some(&new.answer))?;
    let base = match new.base {
        Some(id) => Some(base::find_writable(tx, who, id).await?.base_no),
        None => {
            may_write(who)?;
            None
        }
    };
    if store::questions_counted(tx).await? >= QUESTIONS_MAX {
        return Err(Error::TooLarge(format!(
            "There are {QUESTIONS_MAX} recommended questions, and no more fit. Remove some first."
        )));
    }
    let id = QuestionId::new(now);
    store::add_question(tx, id, base, new, now).await?;
    find(tx, who, id).await
}

/// The questions that the caller may read, the oldest first.
pub async fn list(
    tx: &mut ClientTx,
    who: &Who,
    base: Option<BaseId>,
    window: &Window,
) -> Result<Vec<Question>> {
    who.needs_read()?;
    let base = match base {
        Some(id) => Some(base::find(tx, who, id).await?.base.base_no),
        None => None,
    };
    store::questions(tx, who.user_id(), base, window).await
}

/// Some of the questions that are recommended, taken at random.
///
/// # Errors
/// `NotFound` for a base that the caller may not read, `Invalid` for too many.
pub async fn pick(tx: &mut ClientTx, who: &Who, about: About, count: u32) -> Result<Vec<Question>> {
    who.needs_read()?;
    if !(1..=PICKED_MAX).contains(&count) {
        return Err(Error::invalid(format!(
            "count must be from 1 to {PICKED_MAX}."
        )));
    }
    let base = match about {
        About::Base(id) => Some(base::find(tx, who, id).await?.base.base_no),
        About::Any | About::NoBase => None,
    };
    let any = about == About::Any;
    store::picked_questions(tx, who.user_id(), any, base, i64::from(count)).await
}

/// The question with these words about a base, or about none.
pub async fn asked(
    tx: &mut ClientTx,
    who: &Who,
    base: Option<BaseId>,
    query: &str,
) -> Result<Option<QuestionId>> {
    check(Some(query), None)?;
    who.needs_read()?;
    let base = match base {
        Some(id) => Some(base::find(tx, who, id).await?.base.base_no),
        None => None,
    };
    store::question_asked(tx, who.user_id(), base, query).await
}

/// Says that a question was chosen.
pub async fn tap(tx: &mut ClientTx, who: &Who, id: QuestionId) -> Result<()> {
    find(tx, who, id).await?;
    store::tap_question(tx, id).await
}

/// The question of this number, when the caller may read it.
pub async fn numbered(tx: &mut ClientTx, who: &Who, no: i64) -> Result<Option<QuestionId>> {
    who.needs_read()?;
    store::question_id(tx, who.user_id(), no).await
}

/// Changes a question.
///
/// # Errors
/// `Forbidden` for those who may read it only, `Invalid` for texts that are too long, `Taken` for one
/// that is there.
pub async fn change(
    tx: &mut ClientTx,
    who: &Who,
    id: QuestionId,
    change: &Change,
) -> Result<Question> {
    check(change.query.as_deref(), change.answer.as_deref())?;
    find_writable(tx, who, id).await?;
    store::change_question(tx, id, change).await?;
    find(tx, who, id).await
}

/// Removes a question.
pub async fn remove(tx: &mut ClientTx, who: &Who, id: QuestionId) -> Result<()> {
    find_writable(tx, who, id).await?;
    store::remove_question(tx, id).await
}

/// Has a base suggest these questions, in this order, and no others. Those that it suggested before go.
pub(super) async fn suggest(
    tx: &mut ClientTx,
    base: BaseNo,
    queries: &[String],
    now: OffsetDateTime,
) -> Result<()> {
    let mut once: Vec<&str> = Vec::with_capacity(queries.len());
    for query in queries {
        if !once.contains(&query.as_str()) {
            once.push(query);
        }
    }
    store::unsuggest(tx, base, &once).await?;
    let ids = once.iter().map(|_| QuestionId::new(now)).collect();
    store::suggest(tx, base, ids, &once, now).await
}

async fn find(tx: &mut ClientTx, who: &Who, id: QuestionId) -> Result<Question> {
    who.needs_read()?;
    store::question(tx, who.user_id(), id)
        .await?
        .ok_or(Error::NotFound("question"))
}

async fn find_writable(tx: &mut ClientTx, who: &Who, id: QuestionId) -> Result<()> {
    match find(tx, who, id).await?.base_id {
        Some(base) => base::find_writable(tx, who, base).await.map(drop),
        None => may_write(who),
    }
}

fn may_write(who: &Who) -> Result<()> {
    if who.may_manage() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "You may read the recommended questions of this client, not change them.".into(),
    ))
}

fn check(query: Option<&str>, answer: Option<&str>) -> Result<()> {
    if query.is_some_and(|text| !fits(text)) {
        return Err(Error::invalid(format!(
            "A recommended question has 1 to {QUERY_CHARS_MAX} characters, on one line."
        )));
    }
    if answer.is_some_and(|text| text.chars().count() > ANSWER_CHARS_MAX || text.contains('\0')) {
        return Err(Error::invalid(format!(
            "The answer of a recommended question has at most {ANSWER_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

/// A question on one line.
fn fits(text: &str) -> bool {
    let chars = text.chars().count();
    !text.trim().is_empty() && chars <= QUERY_CHARS_MAX && !text.chars().any(char::is_control)
}

/// Fails for what a base cannot suggest.
pub(super) fn check_suggestions(suggestions: &[String]) -> Result<()> {
    if suggestions.len() > SUGGESTIONS_MAX || !suggestions.iter().all(|text| fits(text)) {
        return Err(Error::invalid(format!(
            "A knowledge base suggests at most {SUGGESTIONS_MAX} questions of 1 to {QUERY_CHARS_MAX} characters, each on one line."
        )));
    }
    Ok(())
}
