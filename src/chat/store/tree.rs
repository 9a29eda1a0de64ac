//! Messages as a tree: what is added to it, its branches, what leaves it.

use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MessageRow, Speaker};
use crate::{
    db::{ClientTx, constraint},
    error::{Error, Result},
    ids::{BaseId, MessageId, SessionId, UserId},
    prompts::Layer,
};

/// An answer that is about to be written, leased to its writer.
pub struct NewAnswer<'a> {
    pub session: SessionId,
    pub user: UserId,
    pub answer: MessageId,
    pub model: &'a str,
    pub runner: Uuid,
    pub leased_until: OffsetDateTime,
    pub now: OffsetDateTime,
}

/// The question that it answers, when that is new too.
pub struct NewQuestion<'a> {
    pub question: MessageId,
    /// The number of the answer before.
    pub parent_no: Option<i64>,
    pub content: &'a str,
    /// For a session that has none yet.
    pub title: &'a str,
}

/// Writes a question and its answer down, the question first; the session moves to the top, shows
/// them, and has a title from now on.
pub async fn add_turn(
    tx: &mut ClientTx,
    new: &NewAnswer<'_>,
    asked: &NewQuestion<'_>,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with asked as (insert into message (client_no, session_id, user_id, message_id, parent_no, role,
             content, state, citations, created_at, ended_at)
           values ($1, $2, $3, $4, $5, 'user', $6, 'done', '[]', $11, $11)
           returning no),
         answer as (insert into message (client_no, session_id, user_id, message_id, parent_no, role,
             content, state, citations, model, runner, leased_until, created_at)
           select $1, $2, $3, $7, asked.no, 'assistant', '', 'running', '[]', $8, $9, $10, $11 from asked
           returning no)
         update chat_session s
         set updated_at = $11, title = case when title = '' then $12 else title end, current_no = answer.no
         from answer where s.client_no = $1 and s.session_id = $2",
    )
    .bind(client)
    .bind(new.session)
    .bind(new.user)
    .bind(asked.question)
    .bind(asked.parent_no)
    .bind(asked.content)
    .bind(new.answer)
    .bind(new.model)
    .bind(new.runner)
    .bind(new.leased_until)
    .bind(new.now)
    .bind(asked.title)
    .execute(tx.conn())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Writes one more answer to a question down, and shows it.
pub async fn add_answer(tx: &mut ClientTx, new: &NewAnswer<'_>, question_no: i64) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "with answer as (insert into message (client_no, session_id, user_id, message_id, parent_no, role,
             content, state, citations, model, runner, leased_until, created_at)
           values ($1, $2, $3, $4, $5, 'assistant', '', 'running', '[]', $6, $7, $8, $9)
           returning no)
         update chat_session s
         set updated_at = $9, current_no = answer.no
         from answer where s.client_no = $1 and s.session_id = $2",
    )
    .bind(client)
    .bind(new.session)
    .bind(new.user)
    .bind(new.answer)
    .bind(question_no)
    .bind(new.model)
    .bind(new.runner)
    .bind(new.leased_until)
    .bind(new.now)
    .execute(tx.conn())
    .await
    .map_err(refused)?;
    Ok(())
}

fn refused(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("message_pkey") => Error::Taken("message id"),
        // removed since it was looked at
        Some("message_client_no_session_id_fkey") => Error::NotFound("session"),
        Some("message_parent_fkey") => Error::Conflict(
            "The message before this one was removed meanwhile. Load the conversation again."
                .into(),
        ),
        _ => error.into(),
    }
}

/// The latest answer to a question.
pub async fn answer_to(tx: &mut ClientTx, question: MessageId) -> Result<Option<MessageId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select a.message_id from message q
         join message a on a.client_no = $1 and a.session_id = q.session_id and a.parent_no = q.no
         where q.client_no = $1 and q.message_id = $2
         order by a.no desc limit 1",
    )
    .bind(client)
    .bind(question)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those answers to a question that are being written.
pub async fn running_answers(
    tx: &mut ClientTx,
    session: SessionId,
    question_no: i64,
) -> Result<Vec<MessageId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select message_id from message
         where client_no = $1 and session_id = $2 and parent_no = $3 and state = 'running'",
    )
    .bind(client)
    .bind(session)
    .bind(question_no)
    .fetch_all(tx.conn())
    .await?)
}

/// What was said on the way to a message, itself first.
pub async fn branch(
    tx: &mut ClientTx,
    session: SessionId,
    last_no: Option<i64>,
    rows: i64,
) -> Result<Vec<MessageRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "with recursive branch as (select no, parent_no, 1::bigint as place from message
             where client_no = $1 and session_id = $2 and no = $3
           union all
           select m.no, m.parent_no, b.place + 1 from branch b
             join message m on m.client_no = $1 and m.session_id = $2 and m.no = b.parent_no
             where b.place < $4)
         select m.no, m.parent_no, m.message_id, m.session_id, m.role, p.message_id as parent_id, m.content,
           m.state, m.citations, m.error_code, m.error_detail, m.model, m.rating, m.rating_comment, m.created_at,
           u.input_tokens, u.output_tokens, u.counted_by,
           case when m.parent_no is null
             then array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = $2 and s.parent_no is null
               order by s.parent_no, s.no limit 200)
             else array(select s.message_id from message s
               where s.client_no = $1 and s.session_id = $2 and s.parent_no = m.parent_no
               order by s.parent_no, s.no limit 200) end as siblings
         from branch b
         join message m on m.client_no = $1 and m.session_id = $2 and m.no = b.no
         left join message p on p.client_no = $1 and p.session_id = $2 and p.no = m.parent_no
         left join usage u on u.client_no = $1 and u.message_id = m.message_id
         order by m.no desc",
    )
    .bind(client)
    .bind(session)
    .bind(last_no)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// What a prompt is made of.
#[derive(sqlx::FromRow)]
pub struct Told {
    /// What was said before, the latest first; not what is still unsaid.
    pub earlier: Json<Vec<(Speaker, String)>>,
    /// The client's prompts of some names, and a base's.
    pub layers: Json<Vec<Layer>>,
    /// The model that the client chose.
    pub default_model: Option<String>,
}

/// Which messages and prompts are wanted.
pub struct Wanted<'a> {
    pub session: SessionId,
    /// The message that the question follows.
    pub last_no: Option<i64>,
    pub rows: i64,
    pub prompts: &'a [&'a str],
    /// The base whose prompts count.
    pub base: Option<BaseId>,
}

/// What was said on the way to a message, and the prompts (see `prompts/store.rs`): in one statement,
/// because the first word of every answer waits for it.
pub async fn told(tx: &mut ClientTx, wanted: &Wanted<'_>) -> Result<Told> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "with recursive branch as (select no, parent_no, role, content, 1::bigint as place from message
             where client_no = $1 and session_id = $2 and no = $3
           union all
           select m.no, m.parent_no, m.role, m.content, b.place + 1 from branch b
             join message m on m.client_no = $1 and m.session_id = $2 and m.no = b.parent_no
             where b.place < $4)
         select
           (select coalesce(jsonb_agg(jsonb_build_array(role, content) order by no desc), '[]')
             from branch where content <> '') as earlier,
           (select coalesce(jsonb_agg(jsonb_build_object(
               'name', name, 'of_base', base_id is not null, 'zh', zh, 'en', en)), '[]')
             from prompt
             where client_no = $1 and name = any($5) and (base_id is null or base_id = $6)) as layers,
           (select default_model from client where client_no = $1) as default_model",
    )
    .bind(client)
    .bind(wanted.session)
    .bind(wanted.last_no)
    .bind(wanted.rows)
    .bind(wanted.prompts)
    .bind(wanted.base)
    .fetch_one(tx.conn())
    .await?)
}

/// The number of the last message of the newest branch through a message; through the first one of
/// the session without it. `None` when nothing is left.
pub async fn leaf(
    tx: &mut ClientTx,
    session: SessionId,
    through_no: Option<i64>,
) -> Result<Option<i64>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "with recursive down as (select coalesce($3::bigint, (select no from message
               where client_no = $1 and session_id = $2 and parent_no is null
               order by parent_no desc, no desc limit 1)) as no
           union all
           select child.no from down cross join lateral (
             select m.no from message m
             where m.client_no = $1 and m.session_id = $2 and m.parent_no = down.no
             order by m.no desc limit 1) child)
         select max(no) from down",
    )
    .bind(client)
    .bind(session)
    .bind(through_no)
    .fetch_one(tx.conn())
    .await?)
}

/// Hangs what follows a question's answers behind what came before the question.
pub async fn lift_followers(
    tx: &mut ClientTx,
    session: SessionId,
    question_no: i64,
    parent_no: Option<i64>,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update message f set parent_no = $4 from message a
         where a.client_no = $1 and a.session_id = $2 and a.parent_no = $3
           and f.client_no = $1 and f.session_id = $2 and f.parent_no = a.no",
    )
    .bind(client)
    .bind(session)
    .bind(question_no)
    .bind(parent_no)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a question with its answers, and all that still hangs behind them.
pub async fn remove_turn(tx: &mut ClientTx, question: MessageId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from message where client_no = $1 and message_id = $2")
        .bind(client)
        .bind(question)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Has a session show another message at its end, if the one it shows is gone.
pub async fn mend_current(tx: &mut ClientTx, session: SessionId, leaf: Option<i64>) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update chat_session s set current_no = $3
         where s.client_no = $1 and s.session_id = $2 and not exists (select from message m
           where m.client_no = $1 and m.session_id = $2 and m.no = s.current_no)",
    )
    .bind(client)
    .bind(session)
    .bind(leaf)
    .execute(tx.conn())
    .await?;
    Ok(())
}
