//! What a client knows: bases, documents, passages.

pub mod api;
pub mod archive;
pub mod base;
pub mod batch;
pub mod chunk;
pub mod custom;
pub mod document;
pub mod edit;
pub mod embedding;
mod examples;
pub mod extract;
pub mod ingest;
pub mod lexical;
pub mod metered;
pub mod original;
pub mod rebuild;
pub mod recommend;
pub mod replacement;
pub mod search;
pub mod shapes;
mod store;
pub mod version;
pub mod wait;

pub use self::api::KnowledgeApi;
