//! One test binary; a file per feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod embedded;
mod extract;
mod fetch;
mod lexical;
mod models;
mod vendor;
