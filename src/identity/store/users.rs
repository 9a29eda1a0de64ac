//! Statements about users.

use time::OffsetDateTime;

use super::one_row;
use crate::{
    db::ClientTx,
    error::Result,
    identity::user::{Realm, Role, User},
    ids::UserId,
};

pub async fn user_by_name(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
) -> Result<Option<User>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select user_id, realm, external_id, username, role, enabled from app_user
         where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn user_created_at(tx: &mut ClientTx, user: UserId) -> Result<Option<OffsetDateTime>> {
    let client = tx.client();
    Ok(
        sqlx::query_scalar("select created_at from app_user where client_no = $1 and user_id = $2")
            .bind(client)
            .bind(user)
            .fetch_optional(tx.conn())
            .await?,
    )
}

pub async fn add_user(
    tx: &mut ClientTx,
    user_id: UserId,
    realm: Realm,
    external_id: &str,
    username: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into app_user (client_no, user_id, realm, external_id, username, role, enabled, created_at)
         values ($1, $2, $3, $4, $5, 'member', true, $6)
         on conflict (client_no, realm, external_id) do nothing",
    )
    .bind(client)
    .bind(user_id)
    .bind(realm)
    .bind(external_id)
    .bind(username)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn set_user_enabled(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    enabled: bool,
) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "update app_user set enabled = $4 where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .bind(enabled)
    .execute(tx.conn())
    .await?;
    one_row(done.rows_affected(), "user")
}

pub async fn set_user_role(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    role: Role,
) -> Result<()> {
    let client = tx.client();
    let done = sqlx::query(
        "update app_user set role = $4 where client_no = $1 and realm = $2 and external_id = $3",
    )
    .bind(client)
    .bind(realm)
    .bind(external_id)
    .bind(role)
    .execute(tx.conn())
    .await?;
    one_row(done.rows_affected(), "user")
}
