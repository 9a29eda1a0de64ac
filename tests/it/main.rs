//! One test binary; a file per feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bm25;
mod cluster;
mod embedded;
mod extract;
mod fetch;
mod golden;
mod identity;
mod lexical;
mod models;
mod search;
mod vendor;
mod walls;
mod world;
