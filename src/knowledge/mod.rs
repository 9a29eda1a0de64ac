//! What a client knows: bases, documents, passages.

pub mod chunk;
pub mod extract;
pub mod lexical;
pub mod search;
