//! Concierge: a multi-tenant GenAI server. The floors are in `docs/decisions.md` and README; a
//! module imports only from those above it in this list.

pub mod clock;
pub mod config;
pub mod error;
pub mod ids;
pub mod secret;
pub mod telemetry;

pub mod db;
pub mod fetch;
pub mod vault;

pub mod blobs;
pub mod http;
pub mod models;
pub mod queue;

pub mod app;

pub mod identity;

pub mod knowledge;

pub mod chat;

pub mod jobs;

pub mod server;
