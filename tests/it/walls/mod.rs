//! Rules that hold everywhere, whatever feature comes next.

mod doors;
mod floors;
mod schema;
mod settings;
mod source;
mod statements;
mod time;
