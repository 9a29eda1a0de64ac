//! What it costs: an append-only ledger, and the wallets it adds up to.
//!
//! Double entry after the usual rules: a transfer takes an amount from one account and gives it to
//! another, so that all accounts of a client add up to nothing at any time. What a wallet holds is
//! owed to its owner: crediting raises it, debiting lowers it.

pub mod amount;
pub mod api;
pub mod chain;
pub mod entitlement;
pub mod hold;
pub mod ledger;
pub mod order;
pub mod plan;
mod store;
pub mod stripe;
pub mod verify;
pub mod wallet;

pub use self::{
    amount::Micros,
    api::BillingApi,
    entitlement::Entitlement,
    hold::Hold,
    ledger::{Book, Kind, Posted},
    plan::{NewPlan, Offer, Plan},
    wallet::{Entry, Owner, Wallet},
};
