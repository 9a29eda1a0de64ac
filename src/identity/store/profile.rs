//! Statements about the settings of clients.

use time::{OffsetDateTime, PrimitiveDateTime};

use crate::{
    db::{ClientTx, SystemTx},
    error::Result,
    http::paging::Window,
    identity::profile::Profile,
};

pub async fn profile(tx: &mut ClientTx) -> Result<Option<Profile>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may,
           time_zone, reentry_url, origins, requests_per_minute, user_requests_per_minute, created_at
         from client where client_no = $1",
    )
    .bind(client)
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn profiles(
    tx: &mut SystemTx,
    text: Option<&str>,
    window: &Window,
) -> Result<Vec<Profile>> {
    let after = window.after;
    let number = after.and_then(|place| i32::try_from(place.id.as_u128()).ok());
    Ok(sqlx::query_as(
        "select client_no, client_id, name, description, enabled, v1_tokens, token_realm, members_may,
           time_zone, reentry_url, origins, requests_per_minute, user_requests_per_minute, created_at
         from client
         where ($1::text is null
           or position(lower($1) in lower(client_id || ' ' || name || ' ' || description)) > 0)
         and ($2::timestamptz is null or (created_at, client_no) < ($2, coalesce($3, 0)))
         order by created_at desc, client_no desc limit $4",
    )
    .bind(text)
    .bind(after.map(|place| place.at))
    .bind(number)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

pub async fn default_model(tx: &mut ClientTx) -> Result<Option<String>> {
    let client = tx.client();
    let chosen: Option<Option<String>> =
        sqlx::query_scalar("select default_model from client where client_no = $1")
            .bind(client)
            .fetch_optional(tx.conn())
            .await?;
    Ok(chosen.flatten())
}

pub async fn set_default_model(tx: &mut ClientTx, name: Option<&str>) -> Result<()> {
    let client = tx.client();
    sqlx::query("update client set default_model = $2 where client_no = $1")
        .bind(client)
        .bind(name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn is_time_zone(tx: &mut ClientTx, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from pg_timezone_names where name = $1 and name !~ '^posix')",
    )
    .bind(name)
    .fetch_one(tx.conn())
    .await?)
}

pub async fn local_times(
    tx: &mut ClientTx,
    times: &[OffsetDateTime],
) -> Result<Vec<PrimitiveDateTime>> {
    let client = tx.client();
    Ok(sqlx::query_scalar(
        "select t.at at time zone c.time_zone
         from client c, unnest($2::timestamptz[]) with ordinality t (at, place)
         where c.client_no = $1
         order by t.place",
    )
    .bind(client)
    .bind(times)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn keep(tx: &mut ClientTx, profile: &Profile) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update client set name = $2, description = $3, enabled = $4, v1_tokens = $5, members_may = $6,
           time_zone = $7, reentry_url = $8, origins = $9, requests_per_minute = $10,
           user_requests_per_minute = $11
         where client_no = $1",
    )
    .bind(client)
    .bind(&profile.name)
    .bind(&profile.description)
    .bind(profile.enabled)
    .bind(profile.v1_tokens)
    .bind(profile.members_may)
    .bind(&profile.time_zone)
    .bind(&profile.reentry_url)
    .bind(&profile.origins)
    .bind(profile.requests_per_minute)
    .bind(profile.user_requests_per_minute)
    .execute(tx.conn())
    .await?;
    Ok(())
}
