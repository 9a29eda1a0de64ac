//! How models are asked: the templates that are shipped, and a client's own above them.

pub mod api;
mod examples;
mod layers;
pub mod prompt;
mod shapes;
mod shipped;
mod store;
pub mod template;

pub use self::{
    api::PromptsApi,
    layers::{Layer, Layers, language_name},
    shipped::{ANSWER, FREE, NO_ANSWER, TITLE, nothing_found},
};
