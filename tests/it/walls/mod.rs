//! Rules that hold everywhere, whatever feature comes next.

mod borrowed;
mod catalogue;
mod crowd;
pub mod document;
mod doors;
pub mod filled;
mod floors;
mod nobody;
mod plans;
mod reading;
mod roles;
mod schema;
mod settings;
pub mod shape;
mod source;
mod statements;
mod strangers;
mod time;
mod wall;
