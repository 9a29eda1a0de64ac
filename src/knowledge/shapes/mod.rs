//! What knowledge looks like on the wire.

mod bases;
mod batch;
mod chunks;
mod documents;
mod embeddings;
mod questions;
mod rebuild;
mod search;
mod sent;

pub use self::{
    bases::*, batch::*, chunks::*, documents::*, embeddings::*, questions::*, rebuild::*,
    search::*, sent::*,
};
