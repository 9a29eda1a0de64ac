//! Statements of recommended questions.

use time::OffsetDateTime;

use crate::{
    db::{ClientTx, taken},
    error::Result,
    http::paging::Window,
    ids::{BaseNo, QuestionId, UserId},
    knowledge::recommend::{Change, NewQuestion, Question},
};

pub async fn add_question(
    tx: &mut ClientTx,
    id: QuestionId,
    base: Option<BaseNo>,
    new: &NewQuestion,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into recommended_question (client_no, question_id, base_no, query, answer, tap_count, enabled, created_at)
         values ($1, $2, $3, $4, $5, 0, $6, $7)",
    )
    .bind(client)
    .bind(id)
    .bind(base)
    .bind(&new.query)
    .bind(&new.answer)
    .bind(new.enabled)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(taken("recommended_question_key", "recommended question"))?;
    Ok(())
}

pub async fn questions_counted(tx: &mut ClientTx) -> Result<i64> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select count(*) from recommended_question where client_no = $1 and place is null",
    )
    .bind(client)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn question(
    tx: &mut ClientTx,
    user: Option<UserId>,
    id: QuestionId,
) -> Result<Option<Question>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select q.question_id, q.no, b.base_id, b.name as base_name, q.query, q.answer, q.tap_count, q.enabled, q.created_at
         from recommended_question q
         left join base b on b.client_no = q.client_no and b.base_no = q.base_no
         where q.client_no = $1 and q.question_id = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The question of this number.
pub async fn question_id(
    tx: &mut ClientTx,
    user: Option<UserId>,
    no: i64,
) -> Result<Option<QuestionId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select q.question_id from recommended_question q
         left join base b on b.client_no = q.client_no and b.base_no = q.base_no
         where q.client_no = $1 and q.no = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(no)
    .fetch_optional(tx.conn())
    .await?)
}

/// The question with these words, about a base or about none.
pub async fn question_asked(
    tx: &mut ClientTx,
    user: Option<UserId>,
    base: Option<BaseNo>,
    query: &str,
) -> Result<Option<QuestionId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select q.question_id from recommended_question q
         left join base b on b.client_no = q.client_no and b.base_no = q.base_no
         where q.client_no = $1 and (b.owner_id is null or b.owner_id = $2)
         and (q.base_no = $3 or $3::int is null and q.base_no is null) and q.query = $4",
    )
    .bind(client)
    .bind(user)
    .bind(base)
    .bind(query)
    .fetch_optional(tx.conn())
    .await?)
}

/// Those of one base, or of all that the user may read and of none.
pub async fn questions(
    tx: &mut ClientTx,
    user: Option<UserId>,
    base: Option<BaseNo>,
    window: &Window,
) -> Result<Vec<Question>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select q.question_id, q.no, b.base_id, b.name as base_name, q.query, q.answer, q.tap_count, q.enabled, q.created_at
         from recommended_question q
         left join base b on b.client_no = q.client_no and b.base_no = q.base_no
         where q.client_no = $1 and (b.owner_id is null or b.owner_id = $2)
         and ($3::int is null or q.base_no = $3)
         and ($4::timestamptz is null or (q.created_at, q.question_id) > ($4, $5))
         order by q.created_at, q.question_id limit $6",
    )
    .bind(client)
    .bind(user)
    .bind(base)
    .bind(window.after.map(|place| place.at))
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Some at random, of `base`, of no base without it, or of whatever there is when `any`.
pub async fn picked_questions(
    tx: &mut ClientTx,
    user: Option<UserId>,
    any: bool,
    base: Option<BaseNo>,
    rows: i64,
) -> Result<Vec<Question>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select q.question_id, q.no, b.base_id, b.name as base_name, q.query, q.answer, q.tap_count, q.enabled, q.created_at
         from recommended_question q
         left join base b on b.client_no = q.client_no and b.base_no = q.base_no
         where q.client_no = $1 and q.enabled and (b.owner_id is null or b.owner_id = $2)
         and ($3 or q.base_no = $4 or $4::int is null and q.base_no is null)
         order by random() limit $5",
    )
    .bind(client)
    .bind(user)
    .bind(any)
    .bind(base)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn tap_question(tx: &mut ClientTx, id: QuestionId) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update recommended_question set tap_count = tap_count + 1
         where client_no = $1 and question_id = $2",
    )
    .bind(client)
    .bind(id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn change_question(tx: &mut ClientTx, id: QuestionId, change: &Change) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update recommended_question set query = coalesce($3, query), answer = coalesce($4, answer),
           enabled = coalesce($5, enabled)
         where client_no = $1 and question_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(&change.query)
    .bind(&change.answer)
    .bind(change.enabled)
    .execute(tx.conn())
    .await
    .map_err(taken("recommended_question_key", "recommended question"))?;
    Ok(())
}

pub async fn remove_question(tx: &mut ClientTx, id: QuestionId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from recommended_question where client_no = $1 and question_id = $2")
        .bind(client)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes their places from the questions that a base suggests; those that are not kept go.
pub async fn unsuggest(tx: &mut ClientTx, base: BaseNo, kept: &[&str]) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "delete from recommended_question
         where client_no = $1 and base_no = $2 and place is not null and query <> all($3)",
    )
    .bind(client)
    .bind(base)
    .bind(kept)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update recommended_question set place = null
         where client_no = $1 and base_no = $2 and place is not null",
    )
    .bind(client)
    .bind(base)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives questions of a base their places, in their order; what is not there is added.
pub async fn suggest(
    tx: &mut ClientTx,
    base: BaseNo,
    ids: Vec<QuestionId>,
    queries: &[&str],
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let ids: Vec<uuid::Uuid> = ids.into_iter().map(|id| id.0).collect();
    sqlx::query(
        "insert into recommended_question (client_no, question_id, base_no, query, answer, tap_count, enabled, place, created_at)
         select $1, id, $2, query, '', 0, true, place, $5
         from unnest($3::uuid[], $4::text[]) with ordinality as rows (id, query, place)
         on conflict (client_no, base_no, query) do update set place = excluded.place, enabled = true",
    )
    .bind(client)
    .bind(base)
    .bind(ids)
    .bind(queries)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
