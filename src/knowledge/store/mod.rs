//! Statements of bases, documents, versions and chunks: one function, one statement, no decisions.

mod bases;
mod chunks;
mod documents;
mod questions;
mod replacements;
mod usage;
mod versions;

pub use self::{
    bases::*, chunks::*, documents::*, questions::*, replacements::*, usage::*, versions::*,
};
use crate::error::{Error, Result};

fn count(number: usize) -> Result<i32> {
    i32::try_from(number).map_err(Error::internal)
}
