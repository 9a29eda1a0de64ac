//! What a client knows: bases, documents, passages.

pub mod api;
pub mod archive;
pub mod base;
pub mod batch;
pub mod chunk;
pub mod document;
pub mod edit;
mod examples;
pub mod extract;
pub mod ingest;
pub mod lexical;
pub mod metered;
pub mod original;
pub mod search;
pub mod shapes;
mod store;
pub mod version;

pub use self::api::KnowledgeApi;
