//! What the writer of an answer keeps: its lease, its events, its end.

use bytes::Bytes;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::State;
use crate::{
    chat::event::{Citation, CountedBy, FoundPassage},
    db::{ClientTx, SystemTx},
    error::{Code, Error, Result},
    ids::{ClientNo, MessageId, UserId},
    knowledge::search::Passage,
};

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

/// Whether an answer is there and has not ended.
pub async fn is_running(tx: &mut ClientTx, id: MessageId) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from message where client_no = $1 and message_id = $2 and state = 'running')",
    )
    .bind(client)
    .bind(id)
    .fetch_one(tx.conn())
    .await?)
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
    // what a vendor counts is its word: one that is no count keeps no answer from its end
    let count = |tokens: u32| i32::try_from(tokens).unwrap_or(i32::MAX);
    sqlx::query(
        "insert into usage (client_no, message_id, user_id, model, input_tokens, output_tokens, counted_by, outcome, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (client_no, message_id) do nothing",
    )
    .bind(client)
    .bind(id)
    .bind(usage.user)
    .bind(usage.model)
    .bind(count(usage.input_tokens))
    .bind(count(usage.output_tokens))
    .bind(usage.counted_by)
    .bind(usage.outcome)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what was found for an answer.
pub async fn keep_passages(tx: &mut ClientTx, id: MessageId, passages: &[Passage]) -> Result<()> {
    let client = tx.client();
    sqlx::query("update message set passages = $3 where client_no = $1 and message_id = $2")
        .bind(client)
        .bind(id)
        .bind(Json(FoundPassage::numbered(passages)))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What was found for answers, of those of whom it was kept.
pub async fn kept_passages(
    tx: &mut ClientTx,
    user: UserId,
    ids: &[MessageId],
) -> Result<Vec<(MessageId, Json<Vec<FoundPassage>>)>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select message_id, passages from message
         where client_no = $1 and message_id = any($3) and user_id = $2 and passages is not null",
    )
    .bind(client)
    .bind(user)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
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
