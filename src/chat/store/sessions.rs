//! Sessions.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    chat::session::Session,
    db::ClientTx,
    error::Result,
    http::paging::Window,
    ids::{SessionId, UserId},
};

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

/// A session that is asked something.
#[derive(sqlx::FromRow)]
pub struct Asked {
    #[sqlx(flatten)]
    pub session: Session,
    /// Answers to its user that are being written, in any session.
    pub running: i64,
}

pub async fn session_to_ask(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
) -> Result<Option<Asked>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, base_ids, created_at, updated_at,
           (select count(*) from message where client_no = $1 and user_id = $3 and state = 'running') running
         from chat_session where client_no = $1 and session_id = $2 and user_id = $3",
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
