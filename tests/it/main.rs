//! One test binary; a file per feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod away;
mod bm25;
mod chat;
mod cluster;
mod embedded;
mod extract;
mod fetch;
mod golden;
mod identity;
mod kill;
mod knowledge;
mod lexical;
mod line;
mod models;
mod reader;
mod search;
mod tls;
mod vendor;
mod verbs;
mod walls;
mod world;
