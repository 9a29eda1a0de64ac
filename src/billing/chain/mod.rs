//! Payments on chains of the EVM kind: an address for every order, and a watch that takes what arrives
//! there and stays.
//!
//! No private key is here: addresses follow from an extended public key, and whoever has this server
//! has none of the money. What a node tells is read with suspicion (`seen`, `read`); an arrival counts
//! once it is as deep as the settings ask for, and is looked after for as long as the chain might take
//! it back (`watch`); what it is to its order is weighed by a function that knows nothing else
//! (`weigh`), and the order is brought to that (`settle`).

mod address;
pub mod api;
mod deposit;
mod list;
mod moved;
mod news;
mod place;
mod quote;
mod read;
mod receipts;
mod rpc;
mod seen;
mod settings;
pub mod settle;
pub mod shapes;
mod store;
mod units;
pub mod watch;
mod weigh;

pub use self::{
    address::{Address, Deposits},
    deposit::{Arrived, Deposit, Reach, Standing, arrivals, assign, find, left, reach, resolve},
    list::{check, on_chain, states, time_of, top},
    place::{place, quotes},
    quote::Quote,
    seen::{Arrival, Hash, NO_LOG},
    settings::{Chain, Chains, Token},
    units::{Price, Units},
    weigh::{State, Verdict},
};
