//! What knowledge looks like on the wire.

mod bases;
mod chunks;
mod documents;
mod search;

pub use self::{bases::*, chunks::*, documents::*, search::*};
