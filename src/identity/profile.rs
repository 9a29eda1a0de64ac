//! What the operator sees and sets of a client.

use time::{OffsetDateTime, PrimitiveDateTime};
use url::Url;

use super::{MembersMay, Realm, V1Tokens, origin, store::profile as store};
use crate::{
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    http::paging::Window,
    ids::ClientNo,
};

/// Origins that a client may name.
const ORIGINS_MAX: usize = 50;
/// Characters of an address at most.
const ADDRESS_CHARS_MAX: usize = 2_000;
/// Requests a minute that a limit may allow.
const REQUESTS_MAX: i32 = 1_000_000;

/// A client with its settings.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Profile {
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
    /// In which its days begin.
    pub time_zone: String,
    /// Where the chat page goes when a session ends.
    pub reentry_url: Option<String>,
    /// Sites whose pages may call the API and frame the chat page.
    pub origins: Vec<String>,
    /// Requests a minute of all its callers.
    pub requests_per_minute: Option<i32>,
    /// Requests a minute of each user.
    pub user_requests_per_minute: Option<i32>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// The client of this transaction.
pub async fn find(tx: &mut ClientTx) -> Result<Profile> {
    store::profile(tx).await?.ok_or(Error::NotFound("client"))
}

/// Clients in whose id, name or description the text stands, the latest first.
pub async fn list(tx: &mut SystemTx, text: Option<&str>, window: &Window) -> Result<Vec<Profile>> {
    store::profiles(tx, text, window).await
}

/// Keeps the settings; takes effect on every process within a second.
///
/// # Errors
/// `Invalid` with what is wrong.
pub async fn keep(tx: &mut ClientTx, profile: &mut Profile) -> Result<()> {
    check(profile)?;
    for origin in &mut profile.origins {
        *origin = origin::check(origin)?;
    }
    if !store::is_time_zone(tx, &profile.time_zone).await? {
        return Err(Error::invalid(
            "This time zone is not known. They are called like Asia/Shanghai, Europe/Berlin or UTC.",
        ));
    }
    store::keep(tx, profile).await
}

/// The chat model that the client chose for conversations that choose none.
pub async fn default_model(tx: &mut ClientTx) -> Result<Option<String>> {
    store::default_model(tx).await
}

/// Chooses it; the server's own with `None`. Whether there is such a model is for the caller to know.
pub async fn set_default_model(tx: &mut ClientTx, name: Option<&str>) -> Result<()> {
    store::set_default_model(tx, name).await
}

/// Times as clocks where the client is show them, for contracts that write no zone.
pub async fn local_times(
    tx: &mut ClientTx,
    times: &[OffsetDateTime],
) -> Result<Vec<PrimitiveDateTime>> {
    store::local_times(tx, times).await
}

fn check(profile: &Profile) -> Result<()> {
    let chars = profile.name.chars().count();
    if chars == 0 || chars > 200 || profile.description.chars().count() > 2_000 {
        return Err(Error::invalid(
            "A name has 1 to 200 characters, a description at most 2,000.",
        ));
    }
    if let Some(address) = &profile.reentry_url
        && (address.chars().count() > ADDRESS_CHARS_MAX || !is_address(address))
    {
        return Err(Error::invalid(
            "The re-entry address is a whole one, such as https://example.com/chat, of at most 2,000 characters.",
        ));
    }
    if profile.origins.len() > ORIGINS_MAX {
        return Err(Error::invalid("Origins are at most 50."));
    }
    let limits = [
        profile.requests_per_minute,
        profile.user_requests_per_minute,
    ];
    if limits
        .iter()
        .flatten()
        .any(|limit| !(0..=REQUESTS_MAX).contains(limit))
    {
        return Err(Error::invalid(
            "A limit of requests per minute is from 1 to 1,000,000; 0 for none, null for the server's own.",
        ));
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_browser_opens() {
        assert!(is_address("https://example.com/a?b#c"));
        assert!(!is_address("javascript:alert(1)") && !is_address("/a") && !is_address(""));
    }
}
