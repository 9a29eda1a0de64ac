//! What people write down about money.

use crate::error::{Error, Result};

/// Characters at most.
const CHARS_MAX: usize = 500;

/// What somebody says became of something, without the spaces around it.
///
/// # Errors
/// `Invalid`, with what is asked for, when nothing is said, more than 500 characters, or what no text
/// of the database can hold.
pub fn said<'a>(text: &'a str, asked: &'static str) -> Result<&'a str> {
    let text = text.trim();
    let fits = (1..=CHARS_MAX).contains(&text.chars().count()) && !text.contains('\0');
    fits.then_some(text).ok_or_else(|| Error::invalid(asked))
}
