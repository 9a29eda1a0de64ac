//! The reconciliation: orders, providers, chains and ledger held against each other, day by day.
//!
//! A day is one of UTC. What others say is read first and kept (`outside`), by whose `turn` it is; then a client's day is
//! compared (`look`; `matching` and `balance`, pure), what can be proved is made good (`heal`) and the rest waits for
//! a person (`desk`), and the day is closed by a hash over all of it and the day before (`close`).

mod balance;
pub mod close;
pub mod desk;
mod follow;
mod heal;
mod look;
mod matching;
pub mod on_chain;
pub mod outside;
mod shape;
mod store;
pub mod table;
#[cfg(test)]
mod tests;
pub mod turn;

pub use self::{
    look::look,
    matching::{compare, compare_orders},
    shape::{Area, Fact, Goods, Line, Remedy, Settled, Standing, State},
};
