//! Statements that count and list across features, for the operator.

use time::OffsetDateTime;

use crate::{
    admin::looks::{Figures, Person, StateCount},
    db::{ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    identity::Role,
    ids::UserId,
};

/// Users in whose id or name the text stands, the latest first. `first` lies behind all of them.
pub async fn people(
    tx: &mut ClientTx,
    text: Option<&str>,
    window: &Window,
    first: OffsetDateTime,
) -> Result<Vec<Person>> {
    let client = tx.client();
    let after = window.after;
    Ok(sqlx::query_as(
        "select u.user_id, u.realm, u.external_id, u.username, u.role, u.enabled, u.created_at,
           u.last_seen_at,
           (select count(*) from chat_session s
            where s.client_no = u.client_no and s.user_id = u.user_id) as sessions,
           (select count(*) from base b
            join document d on d.client_no = b.client_no and d.base_no = b.base_no
            where b.client_no = u.client_no and b.owner_id = u.user_id) as documents
         from app_user u
         where u.client_no = $1 and (u.created_at, u.user_id) < ($2, $3)
         and ($4::text is null
           or position(lower($4) in lower(u.external_id || ' ' || u.username)) > 0)
         order by u.created_at desc, u.user_id desc limit $5",
    )
    .bind(client)
    .bind(after.map_or(first, |place| place.at))
    .bind(after.map_or(uuid::Uuid::max(), |place| place.id))
    .bind(text)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn person(tx: &mut ClientTx, id: UserId) -> Result<Option<Person>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select u.user_id, u.realm, u.external_id, u.username, u.role, u.enabled, u.created_at,
           u.last_seen_at,
           (select count(*) from chat_session s
            where s.client_no = u.client_no and s.user_id = u.user_id) as sessions,
           (select count(*) from base b
            join document d on d.client_no = b.client_no and d.base_no = b.base_no
            where b.client_no = u.client_no and b.owner_id = u.user_id) as documents
         from app_user u where u.client_no = $1 and u.user_id = $2",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn change_person(
    tx: &mut ClientTx,
    id: UserId,
    enabled: Option<bool>,
    role: Option<Role>,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update app_user set enabled = coalesce($3, enabled), role = coalesce($4, role)
         where client_no = $1 and user_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(enabled)
    .bind(role)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn figures(tx: &mut SystemTx, answers_since: OffsetDateTime) -> Result<Figures> {
    Ok(sqlx::query_as(
        "select (select count(*) from client) as clients,
           (select count(*) from app_user) as users,
           (select count(*) from usage where created_at >= $1) as answers",
    )
    .bind(answers_since)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn documents_by_state(tx: &mut SystemTx) -> Result<Vec<StateCount>> {
    Ok(
        sqlx::query_as("select state, count(*) as count from document group by state")
            .fetch_all(tx.conn())
            .await?,
    )
}
