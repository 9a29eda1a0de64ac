//! What every HTTP surface repeats: the envelope of errors, paging, tags, addresses and limits.

pub mod address;
pub mod envelope;
pub mod example;
pub mod file;
pub mod form;
pub mod optional;
pub mod paging;
pub mod revision;
pub mod sse;

use poem_openapi::Tags as TagsDerive;

/// The chapters of the native document.
#[derive(TagsDerive)]
pub enum Tags {
    /// Tokens, sessions and who one is.
    Identity,
    /// Knowledge bases, documents and search.
    Knowledge,
    /// Conversations, questions and streamed answers.
    Chat,
    /// How models are asked.
    Prompts,
    /// Wallets and what they were spent on.
    Billing,
}
