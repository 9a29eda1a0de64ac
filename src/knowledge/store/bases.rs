//! Statements of bases.

use time::OffsetDateTime;

use crate::{
    db::{ClientTx, taken},
    error::Result,
    http::paging::Window,
    ids::{BaseId, BaseNo, UserId},
    knowledge::base::{Base, Change, CountedBase, NewBase, Sizes},
};

pub async fn add_base(
    tx: &mut ClientTx,
    id: BaseId,
    owner: Option<UserId>,
    new: &NewBase,
    now: OffsetDateTime,
) -> Result<Base> {
    let client = tx.client();
    sqlx::query_as(
        "insert into base (client_no, base_id, owner_id, name, title, description, no_answer, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning base_id, base_no, owner_id, name, title, description, no_answer, created_at",
    )
    .bind(client)
    .bind(id)
    .bind(owner)
    .bind(&new.name)
    .bind(&new.title)
    .bind(&new.description)
    .bind(new.no_answer)
    .bind(now)
    .fetch_one(tx.conn())
    .await
    .map_err(taken("base_name_key", "name of a knowledge base"))
}

pub async fn base(
    tx: &mut ClientTx,
    user: Option<UserId>,
    id: BaseId,
) -> Result<Option<CountedBase>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select b.base_id, b.base_no, b.owner_id, b.name, b.title, b.description, b.no_answer, b.created_at,
           array(select q.query from recommended_question q
             where q.client_no = b.client_no and q.base_no = b.base_no and q.place is not null and q.enabled
             order by q.place) as suggestions,
           (select count(*) from document d where d.client_no = b.client_no and d.base_no = b.base_no) documents,
           coalesce(s.chunks, 0) chunks
         from base b
         left join base_stats s on s.client_no = b.client_no and s.base_no = b.base_no
         where b.client_no = $1 and b.base_id = $3 and (b.owner_id is null or b.owner_id = $2)",
    )
    .bind(client)
    .bind(user)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn bases(
    tx: &mut ClientTx,
    user: Option<UserId>,
    window: &Window,
) -> Result<Vec<CountedBase>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select b.base_id, b.base_no, b.owner_id, b.name, b.title, b.description, b.no_answer, b.created_at,
           array(select q.query from recommended_question q
             where q.client_no = b.client_no and q.base_no = b.base_no and q.place is not null and q.enabled
             order by q.place) as suggestions,
           (select count(*) from document d where d.client_no = b.client_no and d.base_no = b.base_no) documents,
           coalesce((select s.chunks from base_stats s where s.client_no = b.client_no and s.base_no = b.base_no), 0) chunks
         from base b
         where b.client_no = $1 and (b.owner_id is null or b.owner_id = $2)
         and ($3::timestamptz is null or (b.created_at, b.base_id) > ($3, $4))
         order by b.created_at, b.base_id limit $5",
    )
    .bind(client)
    .bind(user)
    .bind(window.after.map(|place| place.at))
    .bind(window.after.map(|place| place.id))
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// The base of this name: the client's before the user's own.
pub async fn base_named(
    tx: &mut ClientTx,
    user: Option<UserId>,
    name: &str,
) -> Result<Option<BaseId>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select base_id from base
         where client_no = $1 and name = $3 and (owner_id is null or owner_id = $2)
         order by owner_id nulls first limit 1",
    )
    .bind(client)
    .bind(user)
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn readable_bases(tx: &mut ClientTx, user: UserId) -> Result<Vec<Base>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select base_id, base_no, owner_id, name, title, description, no_answer, created_at from base
         where client_no = $1 and (owner_id is null or owner_id = $2)
         order by created_at, base_id",
    )
    .bind(client)
    .bind(user)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn base_owned(tx: &mut ClientTx, owner: UserId, name: &str) -> Result<Option<Base>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select base_id, base_no, owner_id, name, title, description, no_answer, created_at from base
         where client_no = $1 and owner_id = $2 and name = $3",
    )
    .bind(client)
    .bind(owner)
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

/// What of a base is found, and how many bytes that is.
pub async fn sizes(tx: &mut ClientTx, base: BaseNo) -> Result<Sizes> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select
           (select coalesce(sum(octet_length(c.text)), 0)::bigint from document d
            join chunk c on c.client_no = d.client_no and c.document_no = d.document_no and c.version = d.version
            where d.client_no = $1 and d.base_no = $2 and d.enabled) text_bytes,
           (select coalesce(sum(pg_column_size(v.embedding)), 0)::bigint from chunk_vector v
            where v.client_no = $1 and v.base_no = $2) vector_bytes",
    )
    .bind(client)
    .bind(base)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn shared_base(tx: &mut ClientTx, name: &str) -> Result<Option<Base>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select base_id, base_no, owner_id, name, title, description, no_answer, created_at from base
         where client_no = $1 and owner_id is null and name = $2",
    )
    .bind(client)
    .bind(name)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn change_base(tx: &mut ClientTx, id: BaseId, change: &Change) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update base set title = coalesce($3, title), description = coalesce($4, description),
           no_answer = coalesce($5, no_answer)
         where client_no = $1 and base_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(&change.title)
    .bind(&change.description)
    .bind(change.no_answer)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn lock_documents(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "select document_id from document where client_no = $1 and base_no = $2 order by document_no for update",
    )
    .bind(client)
    .bind(base)
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

pub async fn remove_base(tx: &mut ClientTx, id: BaseId) -> Result<()> {
    let client = tx.client();
    sqlx::query("delete from base where client_no = $1 and base_id = $2")
        .bind(client)
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets documents enter a base one after the other, until the end of the transaction.
pub async fn lock_base(tx: &mut ClientTx, base: BaseNo) -> Result<()> {
    let client = tx.client();
    sqlx::query("select base_id from base where client_no = $1 and base_no = $2 for no key update")
        .bind(client)
        .bind(base)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn chunks_of_base(tx: &mut ClientTx, base: BaseNo) -> Result<i64> {
    let client = tx.client();
    let chunks: Option<i64> =
        sqlx::query_scalar("select chunks from base_stats where client_no = $1 and base_no = $2")
            .bind(client)
            .bind(base)
            .fetch_optional(tx.conn())
            .await?;
    Ok(chunks.unwrap_or(0))
}
