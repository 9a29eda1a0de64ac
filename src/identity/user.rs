//! Users of a client: made on first sight of a token that names them.

use time::OffsetDateTime;

use super::store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::UserId,
};

/// Where a user's id comes from, so that a token of the partner cannot name a registered user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Realm {
    /// Named by the partner's tokens.
    Partner,
    /// Signed up here.
    Account,
    /// A visitor of the demo.
    Demo,
    /// Came through a foreign contract.
    Dialect,
}

/// What a user may do beyond asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// What `members_may` says.
    Member,
    /// Writes the client's bases.
    Manager,
}

/// A user.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct User {
    /// Our id.
    pub user_id: UserId,
    /// Where the external id comes from.
    pub realm: Realm,
    /// The id by which the realm knows the user.
    pub external_id: String,
    /// The name for people, as of the first sight.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the user is let in.
    pub enabled: bool,
}

/// The user that a token names, made when this is the first sight of it.
pub async fn at_first_sight(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    username: &str,
    now: OffsetDateTime,
) -> Result<User> {
    if let Some(user) = store::user_by_name(tx, realm, external_id).await? {
        return Ok(user);
    }
    store::add_user(tx, UserId::new(now), realm, external_id, username, now).await?;
    let user = store::user_by_name(tx, realm, external_id).await?;
    Ok(user.ok_or(anyhow::anyhow!("a user that was just added is not there"))?)
}

/// When a user was first seen.
pub async fn created_at(tx: &mut ClientTx, user: UserId) -> Result<OffsetDateTime> {
    let created_at = store::user_created_at(tx, user).await?;
    created_at.ok_or(Error::NotFound("user"))
}

/// The user whom the realm knows by this id.
///
/// # Errors
/// `NotFound` when nobody is known by it.
pub async fn find(tx: &mut ClientTx, realm: Realm, external_id: &str) -> Result<User> {
    let missing = || Error::NotFound("user");
    // the database refuses the question: no text of its holds a NUL
    if external_id.contains('\0') {
        return Err(missing());
    }
    let user = store::user_by_name(tx, realm, external_id).await?;
    user.ok_or_else(missing)
}

/// Lets a user in or keeps them out; takes effect on every process within a second.
pub async fn set_enabled(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    enabled: bool,
) -> Result<()> {
    store::set_user_enabled(tx, realm, external_id, enabled).await
}

/// Gives a user a role.
pub async fn set_role(
    tx: &mut ClientTx,
    realm: Realm,
    external_id: &str,
    role: Role,
) -> Result<()> {
    store::set_user_role(tx, realm, external_id, role).await
}
