//! Rules that hold everywhere, whatever feature comes next.

mod catalogue;
mod crowd;
mod doors;
mod filled;
mod floors;
mod plans;
mod roles;
mod schema;
mod settings;
mod source;
mod statements;
mod time;
mod wall;
