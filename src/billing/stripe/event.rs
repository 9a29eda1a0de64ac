//! What Stripe tells, and what it means for an order.

use serde::Deserialize;
use serde_json::Value;

use super::object::{Dispute, Intent, Link, Metadata, Refund, Session};
use crate::{
    billing::order::{Stage, Units, Why},
    error::{Error, Result},
    ids::OrderId,
};

/// The names under which our ids travel with an object.
pub const CLIENT: &str = "concierge_client";
pub const ORDER: &str = "concierge_order";
/// The request that a refund came of.
pub const CALL: &str = "concierge_call";
/// Bytes of an id at most.
pub(super) const ID_BYTES_MAX: usize = 255;
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

    /// What it means. An object of ours that cannot be read is an error, not nothing: it may be money.
    ///
    /// # Errors
    /// `Invalid` when a field is missing.
    pub fn told(&self) -> Result<Told> {
        let object = &self.data.object;
        let about = About::deserialize(object).ok();
        let intent = match &about {
            _ if object["object"] == "payment_intent" => self.object_id().map(str::to_owned),
            Some(About {
                payment_intent: Some(link),
                ..
            }) => Some(link.id().to_owned()),
            _ => None,
        };
        let ids = about.and_then(|about| ids(about.metadata.as_ref()?));
        let facts = match self.facts(object) {
            // another shop of the same account
            Err(_) if ids.is_none() && intent.is_none() => vec![Fact::Nothing],
            facts => facts?,
        };
        Ok(Told { ids, intent, facts })
    }

    fn facts(&self, object: &Value) -> Result<Vec<Fact>> {
        let wrong = |error| Error::invalid(format!("{} cannot be read: {error}.", self.kind));
        let back = |gone| Ok(vec![Fact::Back(gone)]);
        match self.kind.as_str() {
            "checkout.session.completed"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed"
            | "checkout.session.expired" => {
                let session = Session::deserialize(object).map_err(wrong)?;
                session.facts(&self.kind)
            }
            "payment_intent.succeeded" => {
                let intent = Intent::deserialize(object).map_err(wrong)?;
                Ok(vec![Fact::Paid(intent.money()?)])
            }
            "charge.refunded" => Ok(vec![Fact::LookBack]),
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                back(Refund::deserialize(object).map_err(wrong)?.gone()?)
            }
            kind if kind.starts_with("charge.dispute.") => {
                back(Dispute::deserialize(object).map_err(wrong)?.gone()?)
            }
            _ => Ok(vec![Fact::Nothing]),
        }
    }
}

/// Our ids out of what travelled with an object.
pub fn ids(metadata: &Metadata) -> Option<(String, OrderId)> {
    let order = metadata.get(ORDER)?.parse().ok()?;
    let client = metadata.get(CLIENT).filter(|id| !id.contains('\0'))?;
    Some((client.clone(), OrderId(order)))
}
