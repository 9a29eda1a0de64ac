//! What knowledge looks like on the wire.

mod bases;
mod batch;
mod chunks;
mod documents;
mod search;

pub use self::{bases::*, batch::*, chunks::*, documents::*, search::*};
