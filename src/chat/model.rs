//! Which model answers where a conversation chooses none: the client's choice, else the server's.

use crate::{
    db::ClientTx,
    error::{Error, Result},
    identity::{Who, profile},
    models::Models,
};

/// The name of the model that answers for the client of this transaction where none is chosen.
pub async fn default_name(tx: &mut ClientTx, models: &Models) -> Result<String> {
    let chosen = profile::default_model(tx).await?;
    let chosen = chosen.filter(|name| models.chat_named(name).is_some());
    Ok(chosen.unwrap_or_else(|| models.default_name().to_owned()))
}

/// Has another model answer where none is chosen; the server's own again with `None`.
///
/// # Errors
/// `Forbidden` to those who may not change the client's bases either, `Invalid` for a model there is
/// not.
pub async fn set_default(
    tx: &mut ClientTx,
    models: &Models,
    who: &Who,
    name: Option<&str>,
) -> Result<()> {
    check_may_choose(who)?;
    if name.is_some_and(|name| models.chat_named(name).is_none()) {
        return Err(Error::invalid(
            "There is no such model; GET /models has the names.",
        ));
    }
    profile::set_default_model(tx, name).await
}

/// Fails for those who may not choose.
pub fn check_may_choose(who: &Who) -> Result<()> {
    if who.may_manage() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "You may not choose the model for all users of this client.".into(),
    ))
}
