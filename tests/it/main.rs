//! One test binary; a file per feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod away;
mod bm25;
mod chat;
mod cli;
mod cluster;
mod console;
mod embedded;
mod extract;
mod fetch;
mod full;
mod golden;
mod identity;
mod imported;
mod kill;
mod knowledge;
mod lexical;
mod library;
mod line;
mod models;
mod process;
mod reader;
mod rivals_knowledge;
mod search;
mod tls;
mod vault;
mod vendor;
mod verbs;
mod walls;
mod world;
