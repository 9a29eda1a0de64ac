//! Payments on a chain, against a chain: anvil on loopback, with reorganisations and nodes that lie.

pub mod anvil;
mod believed;
mod check;
mod compared;
mod crowd;
mod dust;
mod golden;
mod http;
mod injected;
mod lag;
mod large;
mod liar;
mod lies;
mod moves;
mod random;
mod refused;
mod settings;
mod states;
mod taken_back;
pub mod till;

pub use self::till::{CONFIRMATIONS, CREDITS, PRICE, Till};
use self::{
    anvil::Anvil,
    liar::{Liar, Lie},
};
