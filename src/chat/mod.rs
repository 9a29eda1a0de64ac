//! A question and its answer: conversations, turns, streams.

pub mod api;
pub mod citation;
pub mod event;
mod examples;
mod keep;
pub mod live;
pub mod marker;
pub mod orphan;
mod prompt;
mod run;
pub mod session;
mod shapes;
mod store;
mod stream;
pub mod turn;

pub use self::{api::ChatApi, live::Live};
