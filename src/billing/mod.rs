//! What it costs: an append-only ledger, and the wallets it adds up to.
//!
//! Double entry after the usual rules: a transfer takes an amount from one account and gives it to
//! another, so that all accounts of a client add up to nothing at any time. What a wallet holds is
//! owed to its owner: crediting raises it, debiting lowers it.

pub mod amount;
pub mod api;
pub mod api_plans;
pub mod chain;
pub mod entitlement;
pub mod fee;
pub mod ledger;
pub mod meter;
pub mod note;
pub mod notice;
pub mod order;
pub mod period;
pub mod plan;
pub mod price;
pub mod quotas;
pub mod recon;
pub mod rollup;
pub mod settings;
pub mod shapes;
mod store;
pub mod stripe;
pub mod subscription;
pub mod usage;
pub mod verify;
pub mod wallet;

pub use self::{
    amount::Micros,
    api::BillingApi,
    api_plans::PlansApi,
    entitlement::Entitlement,
    ledger::{Book, Kind, Posted},
    meter::{Estimate, Settled, Source, Used, What},
    plan::{NewPlan, Offer, Plan},
    price::{Amounts, Price, Rates},
    settings::{Billing, Payer},
    wallet::{Entry, Owner, Wallet},
};
