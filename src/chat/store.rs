//! Statements of `chat`: one function, one statement, no decisions.

mod history;
mod sessions;
mod tree;
mod writing;

use sqlx::types::Json;
use time::OffsetDateTime;

pub use self::{history::*, sessions::*, tree::*, writing::*};
use super::event::{Citation, CountedBy};
use crate::{
    db::ClientTx,
    error::{Code, Result},
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, serde::Deserialize, poem_openapi::Enum)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "MessageRole", rename_all = "snake_case")]
pub enum Speaker {
    /// The user: a question.
    User,
    /// The model: an answer.
    Assistant,
}

/// What its user thinks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename = "RatingValue", rename_all = "snake_case")]
pub enum Rated {
    /// Good.
    Up,
    /// Bad.
    Down,
}

/// A message as it lies in the database, with what its answer used.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MessageRow {
    /// Its number; later ones are higher.
    pub no: i64,
    /// The number of the message before.
    pub parent_no: Option<i64>,
    /// Its id.
    pub message_id: MessageId,
    /// The conversation.
    pub session_id: SessionId,
    /// Who said it.
    pub role: Speaker,
    /// The message before.
    pub parent_id: Option<MessageId>,
    /// The messages with the same one before, this one included, in the order of making.
    pub siblings: Vec<MessageId>,
    /// What was said.
    pub content: String,
    /// How it stands.
    pub state: State,
    /// Where its sentences come from.
    pub citations: Json<Vec<Citation>>,
    /// Why it broke off, for machines.
    pub error_code: Option<Code>,
    /// The same for people.
    pub error_detail: Option<String>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// What its user thinks of it.
    pub rating: Option<Rated>,
    /// Why.
    pub rating_comment: Option<String>,
    /// When it was said.
    pub created_at: OffsetDateTime,
    /// Tokens read for it.
    pub input_tokens: Option<i32>,
    /// Tokens written.
    pub output_tokens: Option<i32>,
    /// Whose count that is.
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

pub async fn message(tx: &mut ClientTx, user: UserId, id: MessageId) -> Result<Option<MessageRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select m.no, m.parent_no, m.message_id, m.session_id, m.role, p.message_id as parent_id, m.content,
           m.state, m.citations, m.error_code, m.error_detail, m.model, m.rating, m.rating_comment, m.created_at,
           u.input_tokens, u.output_tokens, u.counted_by,
           case when m.parent_no is null
             then array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = m.session_id and s.parent_no is null
               order by s.parent_no, s.no limit 200)
             else array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = m.session_id and s.parent_no = m.parent_no
               order by s.parent_no, s.no limit 200) end as siblings
         from message m
         left join message p on p.client_no = $1 and p.session_id = m.session_id and p.no = m.parent_no
         left join usage u on u.client_no = m.client_no and u.message_id = m.message_id
         where m.client_no = $1 and m.message_id = $2 and m.user_id = $3",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .fetch_optional(tx.conn())
    .await?)
}

/// Everything said in a session, in whatever branch, the latest first.
pub async fn messages(
    tx: &mut ClientTx,
    session: SessionId,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<MessageRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select m.no, m.parent_no, m.message_id, m.session_id, m.role, p.message_id as parent_id, m.content,
           m.state, m.citations, m.error_code, m.error_detail, m.model, m.rating, m.rating_comment, m.created_at,
           u.input_tokens, u.output_tokens, u.counted_by,
           case when m.parent_no is null
             then array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = m.session_id and s.parent_no is null
               order by s.parent_no, s.no limit 200)
             else array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = m.session_id and s.parent_no = m.parent_no
               order by s.parent_no, s.no limit 200) end as siblings
         from message m
         left join message p on p.client_no = $1 and p.session_id = m.session_id and p.no = m.parent_no
         left join usage u on u.client_no = m.client_no and u.message_id = m.message_id
         where m.client_no = $1 and m.session_id = $2 and ($3::bigint is null or m.no < $3)
         order by m.no desc limit $4",
    )
    .bind(client)
    .bind(session)
    .bind(before)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// Writes down what its user thinks of an answer; false when it is not one.
pub async fn rate(
    tx: &mut ClientTx,
    user: UserId,
    id: MessageId,
    rated: Option<Rated>,
    comment: Option<&str>,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "update message set rating = $4, rating_comment = $5
         where client_no = $1 and message_id = $2 and user_id = $3 and role = 'assistant'",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(rated)
    .bind(comment)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
