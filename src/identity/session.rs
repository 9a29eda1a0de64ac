//! Sessions: a v1 token, exchanged for a short-lived bearer that no URL ever carries.

use time::{Duration, OffsetDateTime};

use super::{
    Who,
    api_key::{hash, random_secret},
    store,
    user::User,
};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::UserId,
    secret::Secret,
};

/// A session just opened.
pub struct Opened {
    /// `cs_{client}_{secret}`: shown once, only its hash is kept.
    pub bearer: Secret,
    /// How long it counts.
    pub lasts: Duration,
}

/// Opens a session for whoever the token named. A token that may be exchanged once is burnt in the
/// same transaction.
///
/// # Errors
/// `Unauthenticated` when the token was burnt before.
pub async fn open(
    tx: &mut ClientTx,
    who: &Who,
    user: UserId,
    burn: Option<[u8; 32]>,
    lasts: Duration,
    now: OffsetDateTime,
) -> Result<Opened> {
    if let Some(token_hash) = burn
        && !store::burn(tx, &token_hash, now).await?
    {
        return Err(Error::Unauthenticated);
    }
    open_of(tx, &who.client_id, user, lasts, now).await
}

/// Opens a session for a user of this client whom something else than a token named.
pub async fn open_of(
    tx: &mut ClientTx,
    client_id: &str,
    user: UserId,
    lasts: Duration,
    now: OffsetDateTime,
) -> Result<Opened> {
    let secret = random_secret();
    store::add_session(tx, &hash(secret.expose()), user, now, now + lasts).await?;
    Ok(Opened {
        bearer: Secret::from(format!("cs_{client_id}_{}", secret.expose())),
        lasts,
    })
}

/// The user of a session that has not ended, and when it ends.
pub(super) async fn find(
    tx: &mut ClientTx,
    secret: &str,
    now: OffsetDateTime,
) -> Result<Option<(User, OffsetDateTime)>> {
    store::session_user(tx, &hash(secret), now).await
}

/// Forgets sessions and burnt tokens that cannot count any more.
pub async fn sweep(tx: &mut SystemTx, now: OffsetDateTime, token_age_max: Duration) -> Result<()> {
    store::remove_ended_sessions(tx, now).await?;
    store::remove_old_burnt(tx, now - token_age_max * 2).await
}
