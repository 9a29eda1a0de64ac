//! Sessions of operators: a random secret in a cookie, its hash in the database.

use time::{Duration, OffsetDateTime};

use super::{operator::Role, store};
use crate::{
    db::{AdminTx, Db},
    error::Result,
    identity::api_key::{hash, random_secret},
    ids::OperatorId,
    secret::Secret,
};

/// The cookie.
pub const COOKIE: &str = "concierge_operator";
/// Minutes without a request after which a session ends.
const IDLE_MINUTES: i64 = 30;
/// Hours after which it ends in any case.
const HOURS: i64 = 12;
/// Seconds between two notes that a session was used.
const TOUCH_SECONDS: i64 = 60;

/// Someone who is signed in.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SignedIn {
    /// Who.
    pub operator_id: OperatorId,
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When a request was last seen.
    pub seen_at: OffsetDateTime,
    /// When the session ends.
    pub expires_at: OffsetDateTime,
}

/// Opens a session; the secret is not kept.
pub async fn open(
    tx: &mut AdminTx,
    operator: OperatorId,
    address: &str,
    now: OffsetDateTime,
) -> Result<(Secret, OffsetDateTime)> {
    let (secret, until) = (random_secret(), now + Duration::hours(HOURS));
    store::forget_sessions(tx, now, now - Duration::minutes(IDLE_MINUTES)).await?;
    store::add_session(tx, &hash(secret.expose()), operator, address, now, until).await?;
    Ok((secret, until))
}

/// Who the secret proves the caller to be. Noted once a minute.
pub async fn find(db: &Db, secret: &str, now: OffsetDateTime) -> Result<Option<SignedIn>> {
    let (secret_hash, idle) = (hash(secret), now - Duration::minutes(IDLE_MINUTES));
    let mut tx = db.admin().await?;
    let found = store::session(&mut tx, &secret_hash, now, idle).await?;
    if let Some(session) = &found
        && now - session.seen_at >= Duration::seconds(TOUCH_SECONDS)
    {
        store::touch(&mut tx, &secret_hash, now).await?;
        tx.commit().await?;
    }
    Ok(found)
}

/// The cookie with this secret, or the one that takes it away.
pub fn cookie(secret: Option<&Secret>, secure: bool) -> String {
    let (value, age) = match secret {
        Some(secret) => (secret.expose(), HOURS * 3_600),
        None => ("", 0),
    };
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/admin; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
}

/// The secret in the cookies of a request.
pub fn in_cookies(cookies: &str) -> Option<&str> {
    let pairs = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        for (cookies, found) in [
            ("concierge_operator=ab", Some("ab")),
            ("a=b; concierge_operator=ab; c=d", Some("ab")),
            ("a=concierge_operator=x", None),
            ("", None),
        ] {
            assert_eq!(in_cookies(cookies), found, "{cookies}");
        }
    }
}
