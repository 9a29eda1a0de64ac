//! Conversations of a user.

use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{BaseId, SessionId, UserId},
};

/// Knowledge bases of a conversation at most.
pub const BASES_MAX: usize = 8;
/// Characters of a title at most.
const TITLE_CHARS_MAX: usize = 200;
/// Characters of a title that is made of the first question.
const TITLE_CHARS_MADE: usize = 40;

/// A conversation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Session {
    /// Its id.
    pub session_id: SessionId,
    /// Its title; empty until the first question.
    pub title: String,
    /// The bases it asks; `None` for every base the user may read.
    pub base_ids: Option<Vec<Uuid>>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When something was last said.
    pub updated_at: OffsetDateTime,
}

/// Begins a conversation. The bases must be visible to the caller: the caller's check.
pub async fn create(
    tx: &mut ClientTx,
    user: UserId,
    title: &str,
    bases: Option<Vec<BaseId>>,
    now: OffsetDateTime,
) -> Result<Session> {
    check(title, bases.as_ref())?;
    let bases = bases.map(|bases| bases.into_iter().map(|base| base.0).collect());
    store::add_session(tx, SessionId::new(now), user, title, bases, now).await
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

/// Changes title or bases; `Some(None)` makes it every base the user may read.
pub async fn change(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    title: Option<&str>,
    bases: Option<Option<Vec<BaseId>>>,
) -> Result<Session> {
    check(title.unwrap_or_default(), bases.iter().flatten().next())?;
    let ids = |bases: Vec<BaseId>| bases.into_iter().map(|base| base.0).collect();
    let bases = bases.map(|bases| bases.map(ids));
    store::change_session(tx, user, id, title, bases)
        .await?
        .ok_or(Error::NotFound("session"))
}

/// Removes a conversation with all that was said in it.
pub async fn remove(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<()> {
    if store::remove_session(tx, user, id).await? {
        Ok(())
    } else {
        Err(Error::NotFound("session"))
    }
}

/// A title out of the first question.
pub fn title_of(question: &str) -> String {
    let line: String = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut title: String = line.chars().take(TITLE_CHARS_MADE).collect();
    if line.chars().count() > TITLE_CHARS_MADE {
        title.push('…');
    }
    title
}

fn check(title: &str, bases: Option<&Vec<BaseId>>) -> Result<()> {
    if title.chars().count() > TITLE_CHARS_MAX || title.contains('\0') {
        return Err(Error::invalid(format!(
            "A title has at most {TITLE_CHARS_MAX} characters, and no NUL."
        )));
    }
    if bases.is_some_and(|bases| bases.len() > BASES_MAX) {
        return Err(Error::invalid(format!(
            "A session asks at most {BASES_MAX} knowledge bases."
        )));
    }
    Ok(())
}
