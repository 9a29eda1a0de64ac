//! Payments on a chain, against a chain: anvil on loopback, with reorganisations and nodes that lie.

pub mod anvil;
mod golden;
mod liar;
mod lies;
mod random;
mod settings;
mod states;
pub mod till;

use self::{
    anvil::Anvil,
    liar::{Liar, Lie},
};
