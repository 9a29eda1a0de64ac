//! What users think of answers.

use super::{
    shapes::Rating,
    store::{self, MessageRow, Rated, Speaker},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::{MessageId, UserId},
};

/// Characters of a comment at most.
const COMMENT_CHARS_MAX: usize = 2_000;
/// From which score on an answer was good.
const SCORE_UP: i64 = 50;

/// The comment to keep: none without a rating.
///
/// # Errors
/// `Invalid` for one that is too long.
pub fn comment(rating: &Rating) -> Result<Option<&str>> {
    let comment = rating.comment.as_deref().map(str::trim);
    let comment = comment.filter(|comment| rating.value.is_some() && !comment.is_empty());
    if comment.is_some_and(|text| text.chars().count() > COMMENT_CHARS_MAX || text.contains('\0')) {
        return Err(Error::invalid(
            "A comment has at most 2,000 characters, and no NUL.",
        ));
    }
    Ok(comment)
}

/// Writes it down and returns the answer.
///
/// # Errors
/// `NotFound` for what is not an answer of the user's.
pub async fn rate(
    tx: &mut ClientTx,
    user: UserId,
    id: MessageId,
    rated: Option<Rated>,
    comment: Option<&str>,
) -> Result<MessageRow> {
    if !store::rate(tx, user, id, rated, comment).await? {
        // a question of the user's cannot be rated: that is no secret
        return Err(match store::message(tx, user, id).await? {
            Some(_) => Error::invalid("This is a question: only answers are rated."),
            None => Error::NotFound("message"),
        });
    }
    let message = store::message(tx, user, id).await?;
    message.ok_or(Error::NotFound("message"))
}

/// Writes down a score as older systems have it, 0 to 100, with a reason: the better half is a thumb
/// up. It is of an answer, or of a question, which means the answer to it. False when the user has
/// neither.
pub async fn score(
    tx: &mut ClientTx,
    user: UserId,
    id: MessageId,
    score: i64,
    reason: &str,
) -> Result<bool> {
    let Some(message) = store::message(tx, user, id).await? else {
        return Ok(false);
    };
    let answer = match message.role {
        Speaker::Assistant => Some(id),
        Speaker::User => store::answer_to(tx, id).await?,
    };
    let Some(answer) = answer else {
        return Ok(false);
    };
    let rated = if score >= SCORE_UP {
        Rated::Up
    } else {
        Rated::Down
    };
    let reason: String = reason
        .chars()
        .filter(|c| *c != '\0')
        .take(COMMENT_CHARS_MAX)
        .collect();
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    store::rate(tx, user, answer, Some(rated), reason).await
}
