//! Words, packed postings and BM25: the half of search that needs no model and no database.

pub mod bm25;
pub mod fusion;
mod han;
pub mod postings;
mod script;
mod stop;
pub mod words;
