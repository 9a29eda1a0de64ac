//! Concierge: a multi-tenant GenAI server. A module imports only from those above it in this list
//! that an empty line divides from it; `docs/decisions.md` says more.

pub mod clock;
pub mod dictionary;
pub mod disk;
pub mod error;
pub mod ids;
pub mod secret;
pub mod telemetry;

pub mod config;

pub mod db;
pub mod fetch;
pub mod vault;

pub mod blobs;
pub mod engines;
pub mod http;
pub mod models;
pub mod queue;

pub mod app;

pub mod quota;

pub mod identity;

pub mod billing;

pub mod knowledge;

pub mod prompts;

pub mod chat;

pub mod admin;
pub mod compat;
pub mod hooks;
pub mod jobs;

pub mod boot;
pub mod server;
