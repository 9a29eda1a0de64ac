//! Statements of `chat`: one function, one statement, no decisions.

mod sessions;
mod writing;

use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::{sessions::*, writing::*};
use super::event::{Citation, CountedBy};
use crate::{
    db::{ClientTx, constraint},
    error::{Code, Error, Result},
    ids::{MessageId, SessionId, UserId},
};

/// How an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "MessageState", rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Running,
    /// Whole.
    Done,
    /// Ended by the user.
    Stopped,
    /// Broken off; what came is kept.
    Failed,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "MessageRole", rename_all = "snake_case")]
pub enum Speaker {
    /// The user: a question.
    User,
    /// The model: an answer.
    Assistant,
}

/// A message as it lies in the database, with what its answer used.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MessageRow {
    pub message_id: MessageId,
    pub session_id: SessionId,
    pub role: Speaker,
    pub reply_to: Option<MessageId>,
    pub content: String,
    pub state: State,
    pub citations: Json<Vec<Citation>>,
    pub error_code: Option<Code>,
    pub error_detail: Option<String>,
    pub model: Option<String>,
    pub created_at: OffsetDateTime,
    pub input_tokens: Option<i32>,
    pub output_tokens: Option<i32>,
    pub counted_by: Option<CountedBy>,
}

/// Lets the questions of a user be opened one after the other, until the end of the transaction.
pub async fn lock_questions(tx: &mut ClientTx, user: UserId) -> Result<()> {
    let client = tx.client();
    sqlx::query("select pg_advisory_xact_lock($1, hashtext($2::text))")
        .bind(client)
        .bind(user)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn running_of_session(tx: &mut ClientTx, session: SessionId) -> Result<Vec<MessageId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select message_id from message where client_no = $1 and session_id = $2 and state = 'running'",
    )
    .bind(client)
    .bind(session)
    .fetch_all(tx.conn())
    .await?)
}

/// A question and the answer that is about to be written, leased to its writer.
pub struct NewTurn<'a> {
    pub session: SessionId,
    pub user: UserId,
    pub question: MessageId,
    pub content: &'a str,
    pub answer: MessageId,
    pub model: &'a str,
    pub runner: Uuid,
    pub leased_until: OffsetDateTime,
    /// For a session that has none yet.
    pub title: &'a str,
    pub now: OffsetDateTime,
}

/// Writes both down, the question first; the session moves to the top, and has a title from now on.
pub async fn add_turn(tx: &mut ClientTx, new: &NewTurn<'_>) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with touched as (update chat_session
           set updated_at = $10, title = case when title = '' then $11 else title end
           where client_no = $1 and session_id = $2)
         insert into message (client_no, session_id, user_id, message_id, role, reply_to, content, state,
           citations, model, runner, leased_until, created_at, ended_at)
         values ($1, $2, $3, $4, 'user', null, $5, 'done', '[]', null, null, null, $10, $10),
           ($1, $2, $3, $6, 'assistant', $4, '', 'running', '[]', $7, $8, $9, $10, null)",
    )
    .bind(client)
    .bind(new.session)
    .bind(new.user)
    .bind(new.question)
    .bind(new.content)
    .bind(new.answer)
    .bind(new.model)
    .bind(new.runner)
    .bind(new.leased_until)
    .bind(new.now)
    .bind(new.title)
    .execute(tx.conn())
    .await
    .map_err(|error| match constraint(&error) {
        Some("message_pkey") => Error::Taken("message id"),
        // removed since it was looked at
        Some("message_client_no_session_id_fkey") => Error::NotFound("session"),
        _ => error.into(),
    })?;
    Ok(())
}

pub async fn message(tx: &mut ClientTx, user: UserId, id: MessageId) -> Result<Option<MessageRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select m.message_id, m.session_id, m.role, m.reply_to, m.content, m.state, m.citations,
           m.error_code, m.error_detail, m.model, m.created_at,
           u.input_tokens, u.output_tokens, u.counted_by
         from message m
         left join usage u on u.client_no = m.client_no and u.message_id = m.message_id
         where m.client_no = $1 and m.message_id = $2 and m.user_id = $3",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn answer_to(tx: &mut ClientTx, question: MessageId) -> Result<Option<MessageId>> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select message_id from message where client_no = $1 and reply_to = $2")
            .bind(client)
            .bind(question)
            .fetch_optional(tx.conn())
            .await?,
    )
}

pub async fn messages(
    tx: &mut ClientTx,
    session: SessionId,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<(i64, MessageRow)>> {
    let client = tx.client();
    let rows = sqlx::query(
        "select m.no, m.message_id, m.session_id, m.role, m.reply_to, m.content, m.state, m.citations,
           m.error_code, m.error_detail, m.model, m.created_at,
           u.input_tokens, u.output_tokens, u.counted_by
         from message m
         left join usage u on u.client_no = m.client_no and u.message_id = m.message_id
         where m.client_no = $1 and m.session_id = $2 and ($3::bigint is null or m.no < $3)
         order by m.no desc limit $4",
    )
    .bind(client)
    .bind(session)
    .bind(before)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok((
            sqlx::Row::try_get(row, "no")?,
            sqlx::FromRow::from_row(row)?,
        ))
    };
    Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
}

/// What was said last in a session, the latest first; not what is still unsaid.
pub async fn said(
    tx: &mut ClientTx,
    session: SessionId,
    rows: i64,
) -> Result<Vec<(Speaker, String)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select role, content from message
         where client_no = $1 and session_id = $2 and content <> ''
         order by no desc limit $3",
    )
    .bind(client)
    .bind(session)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn remove_turn(tx: &mut ClientTx, question: MessageId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from message where client_no = $1 and message_id = $2")
        .bind(client)
        .bind(question)
        .execute(tx.conn())
        .await?;
    Ok(())
}
