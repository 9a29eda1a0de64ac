//! What Stripe has, page by page: the other side of a reconciliation.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    Stripe, event,
    object::{Link, Metadata},
};
use crate::{
    error::{Error, Result},
    ids::OrderId,
};

/// Rows of a page: as many as Stripe gives.
const PAGE: &str = "100";

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
    source: Option<Link>,
    #[serde(default)]
    fee: i64,
    #[serde(default)]
    metadata: Value,
}

impl Subject {
    fn path(self) -> &'static str {
        match self {
            Self::PaymentIntents => "/v1/payment_intents",
            Self::Refunds => "/v1/refunds",
            Self::Disputes => "/v1/disputes",
            Self::BalanceTransactions => "/v1/balance_transactions",
        }
    }
}

/// A page of what was made since a time, the latest first, behind the row of this id. With the page
/// comes the id to go on from, when there is more.
///
/// # Errors
/// `Upstream` when Stripe does not answer.
pub async fn list(
    stripe: &Stripe,
    subject: Subject,
    since: OffsetDateTime,
    after: Option<&str>,
) -> Result<(Vec<Row>, Option<String>)> {
    let since = since.unix_timestamp().to_string();
    let mut query = vec![("limit", PAGE), ("created[gte]", since.as_str())];
    query.extend(after.map(|id| ("starting_after", id)));
    let page: Page<Raw> = stripe.get(subject.path(), &query).await?;
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
            source: self.source.map(|link| link.id().to_owned()),
            fee: self.fee,
            order: metadata.as_ref().and_then(event::ids),
            id: self.id,
        })
    }
}
