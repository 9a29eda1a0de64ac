//! One test binary; a file per feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod away;
mod bm25;
mod chat;
mod cli;
mod cluster;
mod console;
mod contract;
mod dialect;
mod embedded;
mod engines;
mod extract;
mod fetch;
mod foreign;
mod full;
mod golden;
mod identity;
mod imported;
mod kill;
mod knowledge;
mod ledger;
mod lexical;
mod library;
mod limits;
mod line;
mod metering;
mod models;
mod orders;
mod origins;
mod process;
mod prompts;
mod reader;
mod rivals_knowledge;
mod rivals_metering;
mod rivals_payments;
mod search;
mod shutdown;
mod tls;
mod vault;
mod vendor;
mod verbs;
mod walls;
mod world;
mod written;
