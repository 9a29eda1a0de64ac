//! Clients (partners): made, listed, re-keyed and disabled by the operator.

use time::{Duration, OffsetDateTime};

use super::{MembersMay, Realm, V1Tokens, key::NewKey, store};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::ClientNo,
    vault::Vault,
};

/// A client as the operator sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Client {
    /// The small number used inside.
    pub client_no: ClientNo,
    /// The public name, in every token.
    pub client_id: String,
    /// The name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its users are let in.
    pub enabled: bool,
    /// How its tokens are accepted.
    pub v1_tokens: V1Tokens,
    /// The realm of the users its tokens name.
    pub token_realm: Realm,
    /// What its users may do.
    pub members_may: MembersMay,
    /// Where the chat page goes when a session ends.
    pub reentry_url: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// What a new client is made of.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The public name; made at random when `None`.
    pub client_id: Option<String>,
    /// The name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How its tokens are accepted.
    pub v1_tokens: V1Tokens,
    /// The realm of the users its tokens name.
    pub token_realm: Realm,
    /// What its users may do.
    pub members_may: MembersMay,
}

/// Adds a client with its first key.
///
/// # Errors
/// `Invalid` for an id that is not 1 to 32 of `A-Z a-z 0-9 _ -`, `Taken` for one in use.
pub async fn create(
    tx: &mut SystemTx,
    vault: &Vault,
    new: &NewClient,
    key: NewKey,
    now: OffsetDateTime,
) -> Result<Client> {
    let client_id = match &new.client_id {
        Some(id) => id.clone(),
        None => hex::encode(rand::random::<[u8; 6]>()),
    };
    check_id(&client_id)?;
    let chars = new.name.chars().count();
    if chars == 0 || chars > 200 || new.description.chars().count() > 2_000 {
        return Err(Error::invalid(
            "A name has 1 to 200 characters, a description at most 2,000.",
        ));
    }
    let client = store::add_client(tx, &client_id, new, now).await?;
    key.keep(tx, client.client_no, vault, now).await?;
    Ok(client)
}

/// Whether this could be the id of a client.
///
/// # Errors
/// `Invalid` when it could not.
pub fn check_id(client_id: &str) -> Result<()> {
    let of_shape = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if client_id.is_empty() || client_id.len() > 32 || !client_id.chars().all(of_shape) {
        return Err(Error::invalid(
            "A client id has 1 to 32 of the characters A-Z a-z 0-9 _ -.",
        ));
    }
    Ok(())
}

/// All clients, by id.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<Client>> {
    store::clients(tx).await
}

/// How many clients list origins, and how many origins those are.
pub async fn origins_counted(tx: &mut SystemTx) -> Result<(i64, i64)> {
    store::origins_counted(tx).await
}

/// The client of this id.
pub async fn find(tx: &mut SystemTx, client_id: &str) -> Result<Client> {
    store::client_by_id(tx, client_id)
        .await?
        .ok_or(Error::NotFound("client"))
}

/// Lets a client in or keeps it out; takes effect on every process within a second.
pub async fn set_enabled(tx: &mut ClientTx, enabled: bool) -> Result<()> {
    store::set_client_enabled(tx, enabled).await
}

/// Adds a new key; those before it end after `overlap`.
pub async fn rotate(
    tx: &mut ClientTx,
    key: NewKey,
    vault: &Vault,
    overlap: Duration,
    now: OffsetDateTime,
) -> Result<()> {
    store::retire_keys(tx, now + overlap).await?;
    let client = tx.client();
    key.keep(tx, client, vault, now).await?;
    Ok(())
}

/// The newest public key, PEM.
pub async fn public_key(tx: &mut ClientTx) -> Result<String> {
    store::newest_public_key(tx)
        .await?
        .ok_or(Error::NotFound("key of this client"))
}
