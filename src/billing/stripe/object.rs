//! The few fields of Stripe's objects that matter, and what they say of money.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::event::{CALL, Fact, Gone, ID_BYTES_MAX, Money};
use crate::{
    billing::order::{Stage, Units, Why, currency},
    error::{Error, Result},
    ids::CallId,
};

/// An id, or the object that has it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Link {
    Id(String),
    Object { id: String },
}

/// What travels with an object.
pub type Metadata = HashMap<String, String>;

/// A page where an order is paid.
#[derive(Debug, Deserialize)]
pub struct Session {
    pub id: String,
    pub url: Option<String>,
    pub payment_intent: Option<Link>,
    pub payment_status: String,
    pub amount_total: Option<u64>,
    pub currency: Option<String>,
}

/// A payment.
#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    pub status: String,
    pub amount: u64,
    pub amount_received: Option<u64>,
    pub currency: String,
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// Money given back.
#[derive(Clone, Debug, Deserialize)]
pub struct Refund {
    pub id: String,
    pub amount: u64,
    pub currency: String,
    pub status: Option<String>,
    #[serde(default)]
    metadata: Value,
}

/// Money that a payer's bank claims.
#[derive(Debug, Deserialize)]
pub struct Dispute {
    pub id: String,
    pub amount: u64,
    pub currency: String,
    pub status: String,
}

impl Link {
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

impl Session {
    pub fn facts(&self, kind: &str) -> Result<Vec<Fact>> {
        let mut facts = vec![Fact::Known(self.id.clone())];
        let paid = self.payment_status == "paid";
        match kind {
            "checkout.session.expired" | "checkout.session.async_payment_failed" => {
                facts.push(Fact::Over)
            }
            // `unpaid` is a method that takes days: another event tells how it went
            _ if paid => facts.push(Fact::Paid(self.money()?)),
            _ => {}
        }
        Ok(facts)
    }

    fn money(&self) -> Result<Money> {
        let (Some(intent), Some(amount), Some(currency)) =
            (&self.payment_intent, self.amount_total, &self.currency)
        else {
            return Err(Error::invalid(
                "A paid session names payment_intent, amount_total and currency.",
            ));
        };
        money(intent.id(), amount, currency)
    }
}

impl Intent {
    pub fn money(&self) -> Result<Money> {
        money(
            &self.id,
            self.amount_received.unwrap_or(self.amount),
            &self.currency,
        )
    }
}

fn money(intent: &str, amount: u64, name: &str) -> Result<Money> {
    Ok(Money {
        intent: intent.to_owned(),
        amount: some(amount)?,
        currency: currency(name)?,
    })
}

/// An amount that is more than nothing.
fn some(amount: u64) -> Result<Units> {
    Units::new(amount.into())
        .ok()
        .filter(|units| !units.is_zero())
        .ok_or_else(|| Error::invalid("An amount of money is more than nothing."))
}

impl Refund {
    /// Whether it came of this request of ours.
    pub fn is_of(&self, call: CallId) -> bool {
        self.metadata[CALL] == call.to_string()
    }

    pub fn gone(&self) -> Result<Gone> {
        let stage = refund_stage(self.status.as_deref().unwrap_or_default());
        gone(&self.id, Why::Refund, self.amount, &self.currency, stage)
    }
}

impl Dispute {
    pub fn gone(&self) -> Result<Gone> {
        let stage = dispute_stage(&self.status);
        gone(&self.id, Why::Dispute, self.amount, &self.currency, stage)
    }
}

/// How far a refund of this status is.
pub fn refund_stage(status: &str) -> Stage {
    match status {
        // old ones have none
        "" | "succeeded" => Stage::Stands,
        "failed" | "canceled" => Stage::Undone,
        _ => Stage::Open,
    }
}

/// How far a dispute of this status is.
pub fn dispute_stage(status: &str) -> Stage {
    match status {
        "won" | "warning_closed" | "prevented" => Stage::Undone,
        "lost" => Stage::Stands,
        status if status.starts_with("warning_") => Stage::Notice,
        _ => Stage::Open,
    }
}

fn gone(id: &str, kind: Why, amount: u64, name: &str, stage: Stage) -> Result<Gone> {
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Error::invalid("The id of what went back is too long."));
    }
    Ok(Gone {
        reference: id.to_owned(),
        kind,
        amount: some(amount)?,
        currency: currency(name)?,
        stage,
    })
}
