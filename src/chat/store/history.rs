//! Searching in what one said and was told.

use uuid::Uuid;

use crate::{
    chat::session::Session,
    db::ClientTx,
    error::Result,
    ids::{MessageId, SessionId, UserId},
};

/// A message in which something was found.
#[derive(sqlx::FromRow)]
pub struct FoundMessage {
    pub no: i64,
    pub message_id: MessageId,
    pub session_id: SessionId,
    pub content: String,
}

/// Those of the user's messages that hold all words, the latest first, out of the `scanned` latest
/// before `before`. Words are compared one by one behind the index: no operator that matches texts
/// may pass the wall, so this reads what it compares, and has to be bounded.
pub async fn found_messages(
    tx: &mut ClientTx,
    user: UserId,
    words: &[String],
    before: Option<i64>,
    bounds: Scan,
) -> Result<Vec<FoundMessage>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select no, message_id, session_id, content
         from (select no, message_id, session_id, content from message
           where client_no = $1 and user_id = $2 and ($4::bigint is null or no < $4)
           order by no desc limit $5) latest
         cross join lateral (select lower(content) as folded offset 0) f
         where (select bool_and(strpos(folded, lower(word)) > 0) from unnest($3::text[]) word)
         order by no desc limit $6",
    )
    .bind(client)
    .bind(user)
    .bind(words)
    .bind(before)
    .bind(bounds.scanned)
    .bind(bounds.rows)
    .fetch_all(tx.conn())
    .await?)
}

/// How much a search reads, and how much it returns.
#[derive(Clone, Copy)]
pub struct Scan {
    pub scanned: i64,
    pub rows: i64,
}

/// The number of the last message that such a search looks at; `None` when it comes to the end.
pub async fn scan_end(
    tx: &mut ClientTx,
    user: UserId,
    before: Option<i64>,
    scanned: i64,
) -> Result<Option<i64>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select no from message
         where client_no = $1 and user_id = $2 and ($3::bigint is null or no < $3)
         order by no desc offset $4 limit 1",
    )
    .bind(client)
    .bind(user)
    .bind(before)
    .bind(scanned - 1)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those of the user's `scanned` latest sessions whose title holds all words, the latest first.
pub async fn found_titles(
    tx: &mut ClientTx,
    user: UserId,
    words: &[String],
    bounds: Scan,
) -> Result<Vec<SessionId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select session_id
         from (select session_id, title, updated_at from chat_session
           where client_no = $1 and user_id = $2
           order by updated_at desc, session_id desc limit $4) latest
         where (select bool_and(strpos(lower(title), lower(word)) > 0) from unnest($3::text[]) word)
         order by updated_at desc, session_id desc limit $5",
    )
    .bind(client)
    .bind(user)
    .bind(words)
    .bind(bounds.scanned)
    .bind(bounds.rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn sessions_of(tx: &mut ClientTx, ids: &[Uuid]) -> Result<Vec<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, title_by, base_ids, settings, mode, param, current_no,
           (select m.message_id from message m
            where m.client_no = $1 and m.session_id = s.session_id and m.no = s.current_no) as current_message_id,
           created_at, updated_at
         from chat_session s where client_no = $1 and session_id = any($2)",
    )
    .bind(client)
    .bind(ids)
    .fetch_all(tx.conn())
    .await?)
}
