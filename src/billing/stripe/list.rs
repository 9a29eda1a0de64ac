//! What Stripe has, page by page: the other side of a reconciliation.

use serde::Deserialize;
use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeRequest};
use stripe_core::{
    balance_transaction::ListBalanceTransaction, dispute::ListDispute,
    payment_intent::ListPaymentIntent, refund::ListRefund,
};
use stripe_types::{RangeQueryTs, Timestamp};
use time::OffsetDateTime;

use super::{
    Stripe,
    client::Failure,
    event,
    object::{Link, Metadata},
};
use crate::{
    error::{Error, Result},
    ids::OrderId,
};

/// Rows of a page: as many as Stripe gives.
pub(super) const PAGE: i64 = 100;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Payments.
    PaymentIntents,
    /// Money given back.
    Refunds,
    /// Money claimed by banks.
    Disputes,
    /// What moved the balance of the account.
    BalanceTransactions,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: OffsetDateTime,
    /// Smallest units of the currency; below zero where a balance fell.
    pub amount: i64,
    /// Of what, in small letters.
    pub currency: String,
    /// As Stripe says it.
    pub status: String,
    /// What it is: of a balance transaction its type.
    pub kind: String,
    /// The payment that it is about.
    pub payment_intent: Option<String>,
    /// Of a payment, the charge by which its money came.
    pub charge: Option<String>,
    /// What moved the balance.
    pub source: Option<String>,
    /// What Stripe kept.
    pub fee: i64,
    /// The client and the order that travelled with it.
    pub order: Option<(String, OrderId)>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Whether there are more.
    #[serde(default)]
    pub has_more: bool,
}

#[derive(Deserialize)]
struct Raw {
    id: String,
    object: String,
    created: i64,
    amount: i64,
    currency: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    payment_intent: Option<Link>,
    #[serde(default)]
    latest_charge: Option<Link>,
    #[serde(default)]
    source: Option<Link>,
    #[serde(default)]
    fee: i64,
    #[serde(default)]
    metadata: Value,
}

/// The four lists are asked for alike, by four types that have nothing in common.
macro_rules! page {
    ($list:ty, $since:expr, $after:expr) => {{
        let list = <$list>::new()
            .limit(PAGE)
            .created(RangeQueryTs::gte($since));
        match $after {
            Some(id) => list.starting_after(id).build(),
            None => list.build(),
        }
    }};
}

impl Subject {
    fn page(self, since: Timestamp, after: Option<&str>) -> RequestBuilder {
        match self {
            Self::PaymentIntents => page!(ListPaymentIntent, since, after),
            Self::Refunds => page!(ListRefund, since, after),
            Self::Disputes => page!(ListDispute, since, after),
            Self::BalanceTransactions => page!(ListBalanceTransaction, since, after),
        }
    }

    /// What it is, and the right of a restricted key that it takes, by the words of Stripe's dashboard.
    pub fn named(self) -> (&'static str, &'static str) {
        match self {
            Self::PaymentIntents => ("payments", "PaymentIntents: Read"),
            Self::Refunds => ("refunds", "Charges and Refunds: Read"),
            Self::Disputes => ("disputes", "Disputes: Read"),
            Self::BalanceTransactions => ("balance transactions", "Balance: Read"),
        }
    }

    fn barred(self, said: &str) -> Error {
        let (what, right) = self.named();
        Error::Conflict(format!(
            "The key in [stripe] secret_key may not read Stripe's {what}: give it the right \"{right}\". Until then no day is compared or closed. Stripe said: {said}"
        ))
    }
}

/// A page of what was made since a time, the latest first, behind the row of this id. With the page
/// comes the id to go on from, when there is more.
///
/// # Errors
/// `Upstream` when Stripe does not answer, `Conflict` when the key may not read this.
pub async fn list(
    stripe: &Stripe,
    subject: Subject,
    since: OffsetDateTime,
    after: Option<&str>,
) -> Result<(Vec<Row>, Option<String>)> {
    let asked = subject.page(since.unix_timestamp(), after);
    let page: Page<Raw> = match stripe.ask(asked, None).await {
        Err(Failure::Barred(said)) => return Err(subject.barred(&said)),
        asked => asked?,
    };
    let last = page.data.last().map(|row| row.id.clone());
    let rows: Result<Vec<Row>> = page.data.into_iter().map(Raw::row).collect();
    Ok((rows?, last.filter(|_| page.has_more)))
}

impl Raw {
    fn row(self) -> Result<Row> {
        let created = OffsetDateTime::from_unix_timestamp(self.created);
        let metadata: Option<Metadata> = serde_json::from_value(self.metadata).ok();
        Ok(Row {
            created: created.map_err(|error| Error::Upstream(error.into()))?,
            amount: self.amount,
            currency: self.currency.to_ascii_lowercase(),
            status: self.status.unwrap_or_default(),
            kind: self.kind.unwrap_or(self.object),
            payment_intent: self.payment_intent.map(|link| link.id().to_owned()),
            charge: self.latest_charge.map(|link| link.id().to_owned()),
            source: self.source.map(|link| link.id().to_owned()),
            fee: self.fee,
            order: metadata.as_ref().and_then(event::ids),
            id: self.id,
        })
    }
}
