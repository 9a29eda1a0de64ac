//! Which client's payment, refund or dispute a transaction of Stripe's balance is about.
//!
//! A transaction names no order: it names the charge, the refund or the dispute that moved the money.
//! What is nobody's here (payouts, fees of the account, other shops) is not kept.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{outside::Said, shape::Area, store::balance as store};
use crate::{billing::stripe::list::Row, db::SystemTx, error::Result, ids::ClientNo};

/// Transactions that are written down at once.
const BATCH_ROWS: usize = 1_000;

/// Whose it is, and what our books call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    pub client: ClientNo,
    pub area: Area,
    pub reference: String,
    pub order: Option<Uuid>,
}

/// A transaction of what is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub txn: String,
    pub of: Followed,
    pub source: String,
    pub amount: i64,
    pub fee: i64,
    pub currency: String,
    pub at: OffsetDateTime,
}

/// Keeps those of these transactions that are about something of ours. Returns how many they are.
pub async fn keep(
    tx: &mut SystemTx,
    mut followed: HashMap<String, Followed>,
    moves: &[Row],
    now: OffsetDateTime,
) -> Result<usize> {
    let unknown: Vec<&str> = moves
        .iter()
        .filter_map(|row| row.source.as_deref())
        .filter(|source| !followed.contains_key(*source))
        .collect();
    followed.extend(store::followed(tx, &unknown).await?);
    // pages of a list overlap when rows are added meanwhile
    let kept: HashMap<&str, Transaction> = moves
        .iter()
        .filter_map(|row| Some((row.id.as_str(), transaction(&followed, row)?)))
        .collect();
    let kept: Vec<Transaction> = kept.into_values().collect();
    for batch in kept.chunks(BATCH_ROWS) {
        store::put(tx, batch, now).await?;
    }
    Ok(kept.len())
}

/// By what Stripe names it, what was said and is whose. What is older than the first transactions that
/// were ever read is not followed: a part of them adds up to nothing.
pub fn sources<'a>(
    said: impl Iterator<Item = (&'a Said, ClientNo, Option<Uuid>)>,
    since: OffsetDateTime,
) -> HashMap<String, Followed> {
    said.filter(|(said, ..)| said.fact.at >= since)
        .filter_map(|(said, client, order)| {
            let source = match said.fact.area {
                Area::Payment => said.charge.clone()?,
                _ => said.fact.reference.clone(),
            };
            let followed = Followed {
                client,
                area: said.fact.area,
                reference: said.fact.reference.clone(),
                order,
            };
            Some((source, followed))
        })
        .collect()
}

fn transaction(followed: &HashMap<String, Followed>, row: &Row) -> Option<Transaction> {
    let source = row.source.as_ref()?;
    let of = followed.get(source)?;
    let (amount, fee) = match (of.area, row.kind.as_str()) {
        (Area::Payment, "charge" | "payment" | "payment_failure_refund" | "payment_reversal")
        | (Area::Refund, "refund" | "payment_refund" | "refund_failure" | "adjustment")
        | (Area::Dispute, "adjustment") => (row.amount, row.fee),
        // what Stripe takes apart from the rest
        (_, "stripe_fee" | "stripe_fx_fee" | "tax_fee") => (0, row.fee.saturating_sub(row.amount)),
        _ => return None,
    };
    Some(Transaction {
        txn: row.id.clone(),
        of: of.clone(),
        source: source.clone(),
        amount,
        fee,
        currency: row.currency.clone(),
        at: row.created,
    })
}
