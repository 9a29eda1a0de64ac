//! What providers say, as it was read from them: kept, so that a day can be compared again without
//! asking anybody.

use std::collections::HashMap;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    shape::{Area, Fact},
    store::outside as store,
};
use crate::{
    billing::{
        order::Stage,
        stripe::{
            Stripe, dispute_stage,
            list::{self, Row, Subject},
            refund_stage,
        },
    },
    db::SystemTx,
    error::{Error, Result},
    ids::ClientNo,
};

/// Rows of a list that are read at most.
const ROWS_MAX: usize = 500_000;
/// Days back from the day that is read: what came later than its day, and what moves slowly.
const LISTS: [(Subject, i64); 3] = [
    (Subject::PaymentIntents, 30),
    (Subject::Refunds, 30),
    (Subject::Disputes, 120),
];

/// What a provider says, and by what it says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it says.
    pub fact: Fact,
    /// The client that travelled with it, by its public name.
    pub client_id: Option<String>,
    /// The payment that it is about.
    pub payment: String,
}

/// All that Stripe says of a day and the days before it. No transaction may be open meanwhile.
///
/// # Errors
/// `Upstream` when Stripe does not answer: nothing is concluded from half of a list.
pub async fn stripe(stripe: &Stripe, day: Date) -> Result<Vec<Said>> {
    let mut said = Vec::new();
    for (subject, days) in LISTS {
        let since = day.midnight().assume_utc() - time::Duration::days(days);
        let mut after = None;
        loop {
            let (rows, next) = list::list(stripe, subject, since, after.as_deref()).await?;
            said.extend(rows.into_iter().filter_map(|row| row.said(subject)));
            if said.len() > ROWS_MAX {
                return Err(Error::Conflict(format!(
                    "Stripe lists more than {ROWS_MAX} rows: reconcile fewer days at once."
                )));
            }
            match next {
                Some(id) => after = Some(id),
                None => break,
            }
        }
    }
    Ok(said)
}

impl Row {
    /// None for what has moved no money, and never will by itself.
    fn said(self, subject: Subject) -> Option<Said> {
        let (area, stage) = match subject {
            Subject::PaymentIntents if self.status == "succeeded" => (Area::Payment, Stage::Stands),
            Subject::Refunds => (Area::Refund, refund_stage(&self.status)),
            Subject::Disputes => (Area::Dispute, dispute_stage(&self.status)),
            Subject::PaymentIntents | Subject::BalanceTransactions => return None,
        };
        let (client_id, order) = self.order.map_or((None, None), |(client, order)| {
            (Some(client), Some(order.0))
        });
        let payment = match subject {
            Subject::PaymentIntents => self.id.clone(),
            _ => self.payment_intent.unwrap_or_default(),
        };
        Some(Said {
            fact: Fact {
                area,
                provider: "stripe".into(),
                reference: self.id,
                order,
                amount: self.amount.unsigned_abs().to_string(),
                currency: self.currency,
                stage,
                known_as: None,
                at: self.created,
            },
            client_id,
            payment,
        })
    }
}

/// Keeps what a provider says of a day, each with the client whose order it is. What is nobody's here
/// is kept apart. Returns how much was kept, and how much of it is nobody's.
pub async fn keep(
    tx: &mut SystemTx,
    (provider, day): (&str, Date),
    said: &[Said],
    now: OffsetDateTime,
) -> Result<(usize, usize)> {
    let owners = owners(tx, said).await?;
    let mut strays = 0;
    for said in said {
        match owners.of(said) {
            Some((client, order)) => store::put(tx, client, order, &said.fact, now).await?,
            None => {
                strays += 1;
                store::put_stray(tx, &said.fact, now).await?;
            }
        }
    }
    store::put_read(tx, provider, day, said.len(), now).await?;
    Ok((said.len(), strays))
}

/// Whether what a provider says of a day was read.
pub async fn is_read(tx: &mut SystemTx, provider: &str, day: Date) -> Result<bool> {
    store::is_read(tx, provider, day).await
}

struct Owners {
    by_order: HashMap<Uuid, (ClientNo, String)>,
    by_payment: HashMap<String, (ClientNo, Uuid)>,
}

/// The rows of ours that what was said names: one statement each, however much was said.
async fn owners(tx: &mut SystemTx, said: &[Said]) -> Result<Owners> {
    let orders: Vec<Uuid> = said.iter().filter_map(|said| said.fact.order).collect();
    let by_order: HashMap<Uuid, (ClientNo, String)> = store::clients_of_orders(tx, &orders)
        .await?
        .into_iter()
        .map(|(order, client, name)| (order, (client, name)))
        .collect();
    let payments: Vec<String> = said.iter().map(|said| said.payment.clone()).collect();
    let mut by_payment: HashMap<String, (ClientNo, Uuid)> =
        store::orders_of_payments(tx, &payments)
            .await?
            .into_iter()
            .map(|(reference, client, order)| (reference, (client, order)))
            .collect();
    // a payment that we have not heard of tells whose a refund of it is
    for said in said.iter().filter(|said| said.fact.area == Area::Payment) {
        let known = said
            .fact
            .order
            .and_then(|order| Some((by_order.get(&order)?, order)));
        if let Some(((client, name), order)) = known
            && said.client_id.as_ref() == Some(name)
        {
            by_payment
                .entry(said.payment.clone())
                .or_insert((*client, order));
        }
    }
    Ok(Owners {
        by_order,
        by_payment,
    })
}

impl Owners {
    /// The client and its order: as it was said, held against our rows; else by the payment.
    fn of(&self, said: &Said) -> Option<(ClientNo, Option<Uuid>)> {
        let named = said.fact.order.and_then(|order| {
            let (client, name) = self.by_order.get(&order)?;
            (said.client_id.as_ref() == Some(name)).then_some((*client, Some(order)))
        });
        let paid = self.by_payment.get(&said.payment);
        named.or_else(|| paid.map(|(client, order)| (*client, Some(*order))))
    }
}
