//! Statements of `chat`: one function, one statement, no decisions.

use bytes::Bytes;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    event::{Citation, CountedBy},
    session::Session,
};
use crate::{
    db::{ClientTx, SystemTx, constraint},
    error::{Code, Error, Result},
    http::paging::Window,
    ids::{ClientNo, MessageId, SessionId, UserId},
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

/// What a finished answer becomes.
pub struct Ending<'a> {
    pub content: &'a str,
    pub state: State,
    pub citations: &'a [Citation],
    pub error: Option<(Code, &'a str)>,
}

/// What an answer used.
pub struct UsageRow<'a> {
    pub user: UserId,
    pub model: &'a str,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub counted_by: CountedBy,
    pub outcome: State,
}

pub async fn add_session(
    tx: &mut ClientTx,
    id: SessionId,
    user: UserId,
    title: &str,
    bases: Option<Vec<Uuid>>,
    now: OffsetDateTime,
) -> Result<Session> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "insert into chat_session (client_no, session_id, user_id, title, base_ids, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)
         returning session_id, title, base_ids, created_at, updated_at",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(title)
    .bind(bases)
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn session(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<Option<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, base_ids, created_at, updated_at from chat_session
         where client_no = $1 and session_id = $2 and user_id = $3",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn sessions(tx: &mut ClientTx, user: UserId, window: &Window) -> Result<Vec<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, base_ids, created_at, updated_at from chat_session
         where client_no = $1 and user_id = $2
         and ($3::timestamptz is null or (updated_at, session_id) < ($3, $4))
         order by updated_at desc, session_id desc limit $5",
    )
    .bind(client)
    .bind(user)
    .bind(window.after.map(|place| place.at))
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn change_session(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    title: Option<&str>,
    bases: Option<Option<Vec<Uuid>>>,
) -> Result<Option<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "update chat_session set title = coalesce($4, title), base_ids = case when $5 then $6 else base_ids end
         where client_no = $1 and session_id = $2 and user_id = $3
         returning session_id, title, base_ids, created_at, updated_at",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(title)
    .bind(bases.is_some())
    .bind(bases.flatten())
    .fetch_optional(tx.conn())
    .await?)
}

/// Something was said: the session moves to the top, and has a title from now on.
pub async fn touch_session(
    tx: &mut ClientTx,
    id: SessionId,
    title: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chat_session set updated_at = $4, title = case when title = '' then $3 else title end
         where client_no = $1 and session_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(title)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn remove_session(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "delete from chat_session where client_no = $1 and session_id = $2 and user_id = $3",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
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

pub async fn running_of_user(tx: &mut ClientTx, user: UserId) -> Result<i64> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select count(*) from message where client_no = $1 and user_id = $2 and state = 'running'",
    )
    .bind(client)
    .bind(user)
    .fetch_one(tx.conn())
    .await?)
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

pub async fn add_question(
    tx: &mut ClientTx,
    id: MessageId,
    session: SessionId,
    user: UserId,
    content: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into message (client_no, message_id, session_id, user_id, role, content, state, citations, created_at, ended_at)
         values ($1, $2, $3, $4, 'user', $5, 'done', '[]', $6, $6)",
    )
    .bind(client)
    .bind(id)
    .bind(session)
    .bind(user)
    .bind(content)
    .bind(now)
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

/// The answer that is about to be written, leased to its writer.
pub struct NewAnswer<'a> {
    pub id: MessageId,
    pub session: SessionId,
    pub user: UserId,
    pub question: MessageId,
    pub model: &'a str,
    pub runner: Uuid,
    pub leased_until: OffsetDateTime,
    pub now: OffsetDateTime,
}

pub async fn add_answer(tx: &mut ClientTx, new: &NewAnswer<'_>) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into message (client_no, message_id, session_id, user_id, role, reply_to, content, state,
           citations, model, runner, leased_until, created_at)
         values ($1, $2, $3, $4, 'assistant', $5, '', 'running', '[]', $6, $7, $8, $9)",
    )
    .bind(client)
    .bind(new.id)
    .bind(new.session)
    .bind(new.user)
    .bind(new.question)
    .bind(new.model)
    .bind(new.runner)
    .bind(new.leased_until)
    .bind(new.now)
    .execute(tx.conn())
    .await?;
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

pub async fn remove_turn(tx: &mut ClientTx, question: MessageId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from message where client_no = $1 and message_id = $2")
        .bind(client)
        .bind(question)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn extend_lease(
    tx: &mut ClientTx,
    id: MessageId,
    runner: Uuid,
    until: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "update message set leased_until = $4
         where client_no = $1 and message_id = $2 and runner = $3 and state = 'running'",
    )
    .bind(client)
    .bind(id)
    .bind(runner)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes an answer away from its writer, who learns of it with the next sign of life.
pub async fn take_lease(tx: &mut ClientTx, id: MessageId) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update message set runner = null
         where client_no = $1 and message_id = $2 and state = 'running'",
    )
    .bind(client)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a running answer; false when it is not running any more, or gone.
pub async fn end_answer(
    tx: &mut ClientTx,
    id: MessageId,
    ending: &Ending<'_>,
    now: OffsetDateTime,
) -> Result<bool> {
    let client = tx.client();
    let done = sqlx::query(
        "update message set content = $3, state = $4, citations = $5, error_code = $6, error_detail = $7,
           runner = null, leased_until = null, ended_at = $8
         where client_no = $1 and message_id = $2 and state = 'running'",
    )
    .bind(client)
    .bind(id)
    .bind(ending.content)
    .bind(ending.state)
    .bind(Json(ending.citations))
    .bind(ending.error.map(|(code, _)| code))
    .bind(ending.error.map(|(_, detail)| detail))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn add_usage(
    tx: &mut ClientTx,
    id: MessageId,
    usage: &UsageRow<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let count = |tokens: u32| i32::try_from(tokens).map_err(Error::internal);
    sqlx::query(
        "insert into usage (client_no, message_id, user_id, model, input_tokens, output_tokens, counted_by, outcome, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (client_no, message_id) do nothing",
    )
    .bind(client)
    .bind(id)
    .bind(usage.user)
    .bind(usage.model)
    .bind(count(usage.input_tokens)?)
    .bind(count(usage.output_tokens)?)
    .bind(usage.counted_by)
    .bind(usage.outcome)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores events that went out, unless the message is gone. A row that begins at the same event is
/// of an attempt whose commit went through unheard: this one holds all of it, and maybe more.
pub async fn add_frames(
    tx: &mut ClientTx,
    id: MessageId,
    first_seq: u32,
    last_seq: u32,
    bytes: &Bytes,
) -> Result<()> {
    let client = tx.client();
    let seq = |number: u32| i32::try_from(number).map_err(Error::internal);
    sqlx::query(
        "insert into frame (client_no, message_id, first_seq, last_seq, bytes)
         select $1, $2, $3, $4, $5
         where exists (select from message where client_no = $1 and message_id = $2 for key share)
         on conflict (client_no, message_id, first_seq) do update
         set last_seq = excluded.last_seq, bytes = excluded.bytes
         where frame.last_seq < excluded.last_seq",
    )
    .bind(client)
    .bind(id)
    .bind(seq(first_seq)?)
    .bind(seq(last_seq)?)
    .bind(bytes.as_ref())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether events of a message are stored.
pub async fn has_frames(tx: &mut ClientTx, id: MessageId) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from frame where client_no = $1 and message_id = $2)",
    )
    .bind(client)
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
}

/// Stored events that end behind number `after`, in order.
pub async fn frames(
    tx: &mut ClientTx,
    id: MessageId,
    after: u32,
) -> Result<Vec<(i32, i32, Vec<u8>)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select first_seq, last_seq, bytes from frame
         where client_no = $1 and message_id = $2 and last_seq > $3 order by first_seq",
    )
    .bind(client)
    .bind(id)
    .bind(i32::try_from(after).unwrap_or(i32::MAX))
    .fetch_all(tx.conn())
    .await?)
}

/// Answers whose writer is not believed to be alive.
pub async fn orphans(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(ClientNo, MessageId)>> {
    Ok(sqlx::query_as(
        "select client_no, message_id from message where state = 'running' and leased_until < $1 limit 1000",
    )
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Locks an answer whose writer is not believed to be alive; its user and model.
pub async fn orphan(
    tx: &mut ClientTx,
    id: MessageId,
    now: OffsetDateTime,
) -> Result<Option<(UserId, Option<String>)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select user_id, model from message
         where client_no = $1 and message_id = $2 and state = 'running' and leased_until < $3 for update",
    )
    .bind(client)
    .bind(id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?)
}

/// Removes the events of answers that ended before.
pub async fn remove_old_frames(tx: &mut SystemTx, before: OffsetDateTime) -> Result<()> {
    sqlx::query(
        "delete from frame f using message m
         where m.client_no = f.client_no and m.message_id = f.message_id and m.ended_at < $1",
    )
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(())
}
