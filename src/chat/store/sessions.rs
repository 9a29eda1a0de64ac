//! Sessions.

use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    chat::{
        session::{NewSession, Session},
        settings::Settings,
    },
    db::ClientTx,
    error::Result,
    http::paging::Window,
    ids::{SessionId, UserId},
};

pub async fn add_session(
    tx: &mut ClientTx,
    id: SessionId,
    user: UserId,
    new: &NewSession,
    now: OffsetDateTime,
) -> Result<Session> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "insert into chat_session (client_no, session_id, user_id, title, title_by, base_ids, settings,
           mode, param, created_at, updated_at)
         values ($1, $2, $3, $4, case when $4 = '' then 'server' else 'user' end, $5, $6, $8, $9, $7, $7)
         returning session_id, title, title_by, base_ids, settings, mode, param, current_no,
           null::uuid as current_message_id, created_at, updated_at",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(&new.title)
    .bind(&new.bases)
    .bind(Json(&new.settings))
    .bind(now)
    .bind(&new.mode)
    .bind(&new.param)
    .fetch_one(tx.conn())
    .await?)
}

/// Adds a session whose id its user made, or sets title, mode and param of the one that is there.
/// `None` when it is another user's.
pub async fn save_session(
    tx: &mut ClientTx,
    id: SessionId,
    user: UserId,
    new: &NewSession,
    now: OffsetDateTime,
) -> Result<Option<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "insert into chat_session as s (client_no, session_id, user_id, title, title_by, base_ids, settings,
           mode, param, created_at, updated_at)
         values ($1, $2, $3, $4, case when $4 = '' then 'server' else 'user' end, $5, $6, $8, $9, $7, $7)
         on conflict (client_no, session_id) do update
         set title = case when $4 = '' then s.title else $4 end,
           title_by = case when $4 = '' then s.title_by else 'user' end,
           mode = coalesce($8, s.mode), param = coalesce($9, s.param)
         where s.user_id = $3
         returning session_id, title, title_by, base_ids, settings, mode, param, current_no,
           (select m.message_id from message m
            where m.client_no = $1 and m.session_id = s.session_id and m.no = s.current_no) as current_message_id,
           created_at, updated_at",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(&new.title)
    .bind(&new.bases)
    .bind(Json(&new.settings))
    .bind(now)
    .bind(&new.mode)
    .bind(&new.param)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those of the user's sessions that a page has saved, the latest first.
pub async fn saved_sessions(tx: &mut ClientTx, user: UserId, rows: i64) -> Result<Vec<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, title_by, base_ids, settings, mode, param, current_no,
           null::uuid as current_message_id, created_at, updated_at
         from chat_session
         where client_no = $1 and user_id = $2 and mode is not null
         order by updated_at desc, session_id desc limit $3",
    )
    .bind(client)
    .bind(user)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn session(tx: &mut ClientTx, user: UserId, id: SessionId) -> Result<Option<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select session_id, title, title_by, base_ids, settings, mode, param, current_no,
           (select m.message_id from message m
            where m.client_no = $1 and m.session_id = s.session_id and m.no = s.current_no) as current_message_id,
           created_at, updated_at
         from chat_session s where client_no = $1 and session_id = $2 and user_id = $3",
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
    pub base_ids: Option<Vec<Uuid>>,
    pub settings: Json<Settings>,
    /// Whether it has no title yet.
    pub untitled: bool,
    /// The message that ends the branch shown.
    pub current_no: Option<i64>,
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
        "select base_ids, settings, title = '' as untitled, current_no,
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
        "select session_id, title, title_by, base_ids, settings, mode, param, current_no,
           (select m.message_id from message m
            where m.client_no = $1 and m.session_id = s.session_id and m.no = s.current_no) as current_message_id,
           created_at, updated_at
         from chat_session s
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

/// What is to change in a session; `None` stays.
#[derive(Default)]
pub struct SessionPatch<'a> {
    pub title: Option<&'a str>,
    pub bases: Option<Option<Vec<Uuid>>>,
    /// An object: null where a setting is to be as the server is set up.
    pub settings: Option<Value>,
    pub current_no: Option<i64>,
}

pub async fn change_session(
    tx: &mut ClientTx,
    user: UserId,
    id: SessionId,
    change: SessionPatch<'_>,
) -> Result<Option<Session>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "update chat_session s
         set title = coalesce($4::text, title),
           title_by = case when $4 is null then title_by when $4 = '' then 'server' else 'user' end,
           base_ids = case when $5 then $6 else base_ids end,
           settings = jsonb_strip_nulls(settings || coalesce($7::jsonb, '{}')),
           current_no = coalesce($8, current_no)
         where client_no = $1 and session_id = $2 and user_id = $3
         returning session_id, title, title_by, base_ids, settings, mode, param, current_no,
           (select m.message_id from message m
            where m.client_no = $1 and m.session_id = s.session_id and m.no = s.current_no) as current_message_id,
           created_at, updated_at",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(change.title)
    .bind(change.bases.is_some())
    .bind(change.bases.flatten())
    .bind(change.settings)
    .bind(change.current_no)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn has_session(tx: &mut ClientTx, id: SessionId) -> Result<bool> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select exists (select from chat_session where client_no = $1 and session_id = $2)",
    )
    .bind(client)
    .bind(id)
    .fetch_one(tx.conn())
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

/// A session whose title the server may make, with its first question and the first whole answer.
#[derive(sqlx::FromRow)]
pub struct Untitled {
    pub user_id: UserId,
    pub title: String,
    pub settings: Json<Settings>,
    pub default_model: Option<String>,
    pub question: String,
    pub answer: String,
}

pub async fn untitled(tx: &mut ClientTx, id: SessionId) -> Result<Option<Untitled>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select s.user_id, s.title, s.settings,
           (select default_model from client where client_no = $1) as default_model,
           q.content as question, a.content as answer
         from chat_session s
         join message q on q.client_no = $1 and q.session_id = $2 and q.parent_no is null
         join message a on a.client_no = $1 and a.session_id = $2 and a.parent_no = q.no and a.state = 'done'
         where s.client_no = $1 and s.session_id = $2 and s.title_by = 'server'
         order by q.no, a.no limit 1",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// Replaces the title that the server made before; never one of the user's.
pub async fn set_made_title(
    tx: &mut ClientTx,
    id: SessionId,
    title: &str,
    before: &str,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chat_session set title = $3
         where client_no = $1 and session_id = $2 and title_by = 'server' and title = $4",
    )
    .bind(client)
    .bind(id)
    .bind(title)
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(())
}
