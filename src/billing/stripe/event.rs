//! What Stripe tells: the few fields of its objects that matter, and what they mean for an order.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    billing::order::{Stage, Units, Why},
    error::{Error, Result},
    ids::OrderId,
};

/// The names under which our ids travel with an object.
pub const CLIENT: &str = "concierge_client";
pub const ORDER: &str = "concierge_order";
/// Bytes of an id at most.
const ID_BYTES_MAX: usize = 255;
const KIND_CHARS_MAX: usize = 100;

/// An event.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is about real money.
    pub livemode: bool,
    /// The account that it is about, when that is not the one of the key.
    pub account: Option<String>,
    pub(super) data: Data,
}

#[derive(Debug, Deserialize)]
pub struct Data {
    pub(super) object: Value,
}

/// An id, or the object that has it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Link {
    Id(String),
    Object { id: String },
}

pub type Metadata = HashMap<String, String>;

#[derive(Debug, Deserialize)]
pub struct Session {
    pub id: String,
    pub url: Option<String>,
    pub payment_intent: Option<Link>,
    pub payment_status: String,
    pub amount_total: Option<u64>,
    pub currency: Option<String>,
}

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

#[derive(Clone, Debug, Deserialize)]
pub struct Refund {
    pub id: String,
    pub amount: u64,
    pub currency: String,
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Dispute {
    id: String,
    amount: u64,
    currency: String,
    status: String,
}

/// Objects that are about a payment.
#[derive(Debug, Deserialize)]
struct About {
    #[serde(default)]
    payment_intent: Option<Link>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// What an event means for an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Money came.
    Paid(Money),
    /// The page where it is paid exists, by this name.
    Known(String),
    /// Nobody will pay there any more.
    Over,
    /// Money goes back, or came again.
    Back(Gone),
    /// Money went back: how much is for Stripe to say.
    LookBack,
    /// Nothing.
    Nothing,
}

/// Money that came.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    pub intent: String,
    pub amount: Units,
    pub currency: String,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Gone {
    pub reference: String,
    pub kind: Why,
    pub amount: Units,
    pub currency: String,
    pub stage: Stage,
}

/// Whom an event is about, and what it means.
#[derive(Debug)]
pub struct Told {
    /// Our ids, as we sent them along.
    pub ids: Option<(String, OrderId)>,
    /// The payment.
    pub intent: Option<String>,
    /// What it means, in order.
    pub facts: Vec<Fact>,
}

impl Event {
    /// Reads what was signed.
    ///
    /// # Errors
    /// `Invalid` when it is no event.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |error| Error::invalid(format!("This is no event of Stripe: {error}."));
        let event: Self = serde_json::from_slice(bytes).map_err(wrong)?;
        let fits = (1..=ID_BYTES_MAX).contains(&event.id.len())
            && (1..=KIND_CHARS_MAX).contains(&event.kind.chars().count());
        if !fits || event.id.contains('\0') || event.kind.contains('\0') {
            return Err(Error::invalid(
                "This is no event of Stripe: its id or type is too long.",
            ));
        }
        Ok(event)
    }

    /// What it is known by: its id, what happened, and to what.
    pub(super) fn name(&self) -> (&str, &str, Option<&str>) {
        (&self.id, &self.kind, self.object_id())
    }

    /// The id of what it is about.
    fn object_id(&self) -> Option<&str> {
        let id = self.data.object["id"].as_str()?;
        (id.len() <= ID_BYTES_MAX && !id.contains('\0')).then_some(id)
    }

    /// What it means. An object that cannot be read is an error, not nothing: it may be money.
    ///
    /// # Errors
    /// `Invalid` when a field is missing.
    pub fn told(&self) -> Result<Told> {
        let object = &self.data.object;
        let unreadable = |error| Error::invalid(format!("{} cannot be read: {error}.", self.kind));
        let facts = match self.kind.as_str() {
            "checkout.session.completed"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed"
            | "checkout.session.expired" => Session::deserialize(object)
                .map_err(unreadable)?
                .facts(&self.kind)?,
            "payment_intent.succeeded" => {
                let intent = Intent::deserialize(object).map_err(unreadable)?;
                vec![Fact::Paid(intent.money()?)]
            }
            "charge.refunded" => vec![Fact::LookBack],
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                let refund = Refund::deserialize(object).map_err(unreadable)?;
                vec![Fact::Back(refund.gone()?)]
            }
            kind if kind.starts_with("charge.dispute.") => {
                let dispute = Dispute::deserialize(object).map_err(unreadable)?;
                vec![Fact::Back(dispute.gone()?)]
            }
            _ => vec![Fact::Nothing],
        };
        let about = About::deserialize(object).ok();
        let itself = object["object"] == "payment_intent";
        let intent = match &about {
            _ if itself => self.object_id().map(str::to_owned),
            Some(About {
                payment_intent: Some(link),
                ..
            }) => Some(link.id().to_owned()),
            _ => None,
        };
        let ids = about.and_then(|about| ids(about.metadata.as_ref()?));
        Ok(Told { ids, intent, facts })
    }
}

/// Our ids out of what travelled with an object.
pub fn ids(metadata: &Metadata) -> Option<(String, OrderId)> {
    let order = metadata.get(ORDER)?.parse().ok()?;
    let client = metadata.get(CLIENT).filter(|id| !id.contains('\0'))?;
    Some((client.clone(), OrderId(order)))
}

impl Link {
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

impl Session {
    fn facts(&self, kind: &str) -> Result<Vec<Fact>> {
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

fn money(intent: &str, amount: u64, currency: &str) -> Result<Money> {
    Ok(Money {
        intent: intent.to_owned(),
        amount: some(amount)?,
        currency: crate::billing::order::currency(currency)?,
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
    pub fn gone(&self) -> Result<Gone> {
        let stage = match self.status.as_deref() {
            Some("succeeded") => Stage::Stands,
            Some("failed" | "canceled") => Stage::Undone,
            // old ones have no status
            None => Stage::Stands,
            _ => Stage::Open,
        };
        gone(&self.id, Why::Refund, self.amount, &self.currency, stage)
    }
}

impl Dispute {
    fn gone(&self) -> Result<Gone> {
        let stage = match self.status.as_str() {
            "won" | "warning_closed" | "prevented" => Stage::Undone,
            "lost" => Stage::Stands,
            status if status.starts_with("warning_") => Stage::Notice,
            _ => Stage::Open,
        };
        gone(&self.id, Why::Dispute, self.amount, &self.currency, stage)
    }
}

fn gone(id: &str, kind: Why, amount: u64, currency: &str, stage: Stage) -> Result<Gone> {
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Error::invalid("The id of what went back is too long."));
    }
    Ok(Gone {
        reference: id.to_owned(),
        kind,
        amount: some(amount)?,
        currency: crate::billing::order::currency(currency)?,
        stage,
    })
}
