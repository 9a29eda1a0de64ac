//! Trying a client: a token for a test user, made with the client's key as the partner makes one.

use super::{
    By, Console,
    audit::{self, Act},
};
use crate::{
    error::{Error, Result},
    identity::{
        client::{self, Client},
        key::Encryptor,
        token,
    },
};

/// The partner's id of the test user, and the name unless another is given.
const USER: &str = "console-try";
/// Characters of the name at most: what a token has room for beside the rest.
const NAME_CHARS_MAX: usize = 40;

/// Where the chat page opens, signed in as the test user.
pub async fn open(
    console: &Console,
    by: &By,
    client: &Client,
    username: Option<&str>,
    lang: Option<&str>,
) -> Result<String> {
    let name = username.unwrap_or(USER);
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::invalid(format!(
            "The name of a test user has at most {NAME_CHARS_MAX} characters."
        )));
    }
    if !client.enabled {
        return Err(Error::Conflict(
            "This client is disabled: enable it first.".into(),
        ));
    }
    let now = console.app.clock.now();
    let mut tx = console.app.db.client(client.client_no).await?;
    let key = Encryptor::new(&client::public_key(&mut tx).await?)?;
    let token = token::make(&client.client_id, USER, name, &key, now)?;
    audit::sign(
        tx,
        by,
        Act::about("client.try", &client.client_id, name),
        now,
    )
    .await?;
    let lang = lang.map_or_else(String::new, |lang| format!("&lang={lang}"));
    let token = token
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    Ok(format!("/h5/?api_token={token}{lang}"))
}
