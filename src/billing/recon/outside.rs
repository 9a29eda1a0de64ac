//! What providers say, as it was read from them: kept, so that a day can be compared again without
//! asking anybody.

use std::collections::HashMap;

use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    follow,
    shape::{Area, Fact},
    store::{balance, outside as store},
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
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::ClientNo,
};

/// Rows of each list that are read at most.
const ROWS_MAX: usize = 500_000;
/// Days back from the day that is read for what came later than its day.
const DAYS_BACK: i64 = 30;
/// The same for what moves slowly: a refund fails weeks later, a dispute is decided after months.
const SLOW_DAYS_BACK: i64 = 120;
/// The balance is the last: what was said before it was read has moved it by then.
const LISTS: [(Subject, i64); 4] = [
    (Subject::PaymentIntents, DAYS_BACK),
    (Subject::Refunds, SLOW_DAYS_BACK),
    (Subject::Disputes, SLOW_DAYS_BACK),
    (Subject::BalanceTransactions, DAYS_BACK),
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
    /// Of a payment, the charge by which it came.
    pub charge: Option<String>,
}

/// All that Stripe says.
#[derive(Debug)]
pub struct All {
    said: Vec<Said>,
    moves: Vec<Row>,
    moves_since: OffsetDateTime,
}

/// All that Stripe says of a day and the days before it. No transaction may be open meanwhile.
///
/// # Errors
/// `Upstream` when Stripe does not answer: nothing is concluded from half of a list.
pub async fn stripe(stripe: &Stripe, day: Date) -> Result<All> {
    let (mut said, mut moves) = (Vec::new(), Vec::new());
    for (subject, days) in LISTS {
        let since = day.midnight().assume_utc() - Duration::days(days);
        let (mut after, mut count) = (None, 0);
        loop {
            let (rows, next) = list::list(stripe, subject, since, after.as_deref()).await?;
            count += rows.len();
            match subject {
                Subject::BalanceTransactions => moves.extend(rows),
                _ => said.extend(rows.into_iter().filter_map(|row| row.said(subject))),
            }
            if count > ROWS_MAX {
                return Err(Error::Conflict(format!(
                    "Stripe lists more than {ROWS_MAX} {} in {days} days: so many are not compared.",
                    subject.named().0
                )));
            }
            match next {
                Some(id) => after = Some(id),
                None => break,
            }
        }
    }
    Ok(All {
        said,
        moves,
        moves_since: day.midnight().assume_utc() - Duration::days(DAYS_BACK),
    })
}

impl Row {
    /// None for what has moved no money, and never will by itself. A payment that was tried and has not
    /// succeeded is [`Stage::Open`], and no fact: only its money is looked for.
    fn said(self, subject: Subject) -> Option<Said> {
        let (area, stage) = match subject {
            Subject::PaymentIntents if self.status == "succeeded" => (Area::Payment, Stage::Stands),
            // the balance has the money of some methods while it is on its way, and gives it back
            Subject::PaymentIntents if self.status == "processing" => return None,
            Subject::PaymentIntents if self.charge.is_some() => (Area::Payment, Stage::Open),
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
            charge: self.charge,
        })
    }
}

/// Keeps what Stripe says of a day, each with the client whose order it is. What is nobody's here is
/// kept apart. Returns how much was said, how much of it is nobody's, and how many transactions of the
/// balance are about something of ours.
pub async fn keep(
    tx: &mut SystemTx,
    day: Date,
    all: &All,
    now: OffsetDateTime,
) -> Result<(usize, usize, usize)> {
    let owners = owners(tx, &all.said).await?;
    let mut strays = 0;
    for said in all.said.iter().filter(|said| said.is_fact()) {
        match owners.of(said) {
            Some(owner) => {
                let payment = Some(said.payment.as_str()).filter(|id| !id.is_empty());
                store::put(tx, owner, (&said.fact, payment), now).await?;
            }
            None => {
                strays += 1;
                store::put_stray(tx, &said.fact, now).await?;
            }
        }
    }
    let owned = all.said.iter().filter_map(|said| {
        let (client, order) = owners.of(said)?;
        Some((said, client, order))
    });
    // what is slow, such as a question of a bank, moves the balance long after it was made
    let first = balance::first_read(tx).await?;
    let since = first.map_or(all.moves_since, |first| first.min(all.moves_since));
    let followed = follow::sources(owned, since);
    let moves = follow::keep(tx, followed, &all.moves, now).await?;
    let since = Some(all.moves_since);
    store::put_read(tx, "stripe", day, all.said.len(), (now, since)).await?;
    Ok((all.said.len(), strays, moves))
}

impl Said {
    fn is_fact(&self) -> bool {
        self.fact.area != Area::Payment || self.fact.stage == Stage::Stands
    }
}

/// Providers by which money of a client can have moved: a payment by Stripe may name any order of its,
/// and on a chain it comes to an address.
pub async fn used(tx: &mut ClientTx) -> Result<Vec<String>> {
    store::used(tx).await
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
    let named = said
        .iter()
        .filter_map(|said| Some((said.client_id.as_deref()?, said.fact.order?)));
    let (clients, orders): (Vec<&str>, Vec<Uuid>) = named.unzip();
    let by_order: HashMap<Uuid, (ClientNo, String)> =
        store::clients_of_orders(tx, (&clients, &orders))
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
