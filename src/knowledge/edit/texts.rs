//! What people may write into a chunk.

use super::Change;
use crate::{
    error::{Error, Result},
    knowledge::extract,
};

/// Characters of a chunk that people write.
pub const CHUNK_CHARS_MAX: usize = 8_000;
/// Characters of the headings above it.
pub const CONTEXT_CHARS_MAX: usize = 500;

pub fn checked(change: Change) -> Result<Change> {
    if change.text.is_none() && change.context.is_none() && change.enabled.is_none() {
        return Err(Error::invalid(
            "Say what is to change: text, context or enabled.",
        ));
    }
    Ok(Change {
        text: change.text.as_deref().map(checked_text).transpose()?,
        context: change.context.as_deref().map(checked_context).transpose()?,
        enabled: change.enabled,
    })
}

pub fn checked_text(text: &str) -> Result<String> {
    let clean = extract::clean_text(text);
    let chars = clean.trim().chars().count();
    if chars == 0 || chars > CHUNK_CHARS_MAX {
        return Err(Error::invalid(format!(
            "The text of a chunk has 1 to {CHUNK_CHARS_MAX} characters, this one has {chars}."
        )));
    }
    Ok(clean.trim().to_owned())
}

pub fn checked_context(context: &str) -> Result<String> {
    let words: Vec<&str> = context.split_whitespace().collect();
    let clean = extract::clean_text(&words.join(" "));
    if clean.chars().count() > CONTEXT_CHARS_MAX {
        return Err(Error::invalid(format!(
            "The context of a chunk has at most {CONTEXT_CHARS_MAX} characters."
        )));
    }
    Ok(clean)
}
