//! A question and its answer: conversations, turns, streams.

pub mod api;
pub mod api_completions;
pub mod api_messages;
pub mod citation;
pub mod complete;
pub mod event;
mod examples;
mod export;
mod find;
mod keep;
pub mod live;
pub mod marker;
pub mod model;
pub mod open;
pub mod orphan;
pub mod otherwise;
mod prompt;
pub mod rating;
mod run;
pub mod session;
pub mod settings;
mod shapes;
pub mod stale;
mod store;
mod stream;
pub mod title;
pub mod turn;

pub use self::{
    api::ChatApi, api_completions::CompletionsApi, api_messages::MessagesApi, live::Live,
    run::ANSWER_SECONDS_MAX,
};
