//! Receipts: what a transaction has done, which every node has to say before anything counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    rpc::Ask,
    seen::{Arrival, Hash, Receipt},
    settings::Chain,
};
use crate::error::Result;

/// Transactions whose receipts are asked for at once: a receipt with all its logs can have megabytes.
const RECEIPTS_PER_ASK: usize = 10;

/// What receipts say of arrivals.
#[derive(Debug, Default)]
pub struct Told {
    /// Those whose receipts say the same at every node.
    pub sure: Vec<Arrival>,
    /// Blocks of those of which a node has no receipt yet: what they are is not known.
    pub unsure: BTreeSet<u64>,
}

/// Asks every node for the receipts of these arrivals. Those that a receipt contradicts are neither
/// sure nor unsure.
///
/// # Errors
/// `Upstream` when a node does not answer.
pub async fn with_receipts(chain: &Chain, arrivals: Vec<Arrival>) -> Result<Told> {
    let mut told = Told {
        sure: arrivals,
        ..Told::default()
    };
    for node in &chain.nodes {
        let asked = by_transaction(std::mem::take(&mut told.sure));
        for some in asked.chunks(RECEIPTS_PER_ASK) {
            let asks: Vec<Ask> = some
                .iter()
                .map(|(tx, _)| Ask::new("eth_getTransactionReceipt", json!([tx.as_str()])))
                .collect();
            for ((_, arrivals), value) in some.iter().zip(node.ask(&asks).await?) {
                told.hear(chain, arrivals, &Receipt::new(&value));
            }
        }
    }
    Ok(told)
}

/// A transaction can bring much, and its receipt is asked for once.
fn by_transaction(arrivals: Vec<Arrival>) -> Vec<(Hash, Vec<Arrival>)> {
    let mut all: BTreeMap<Hash, Vec<Arrival>> = BTreeMap::new();
    for arrival in arrivals {
        all.entry(arrival.tx_hash.clone())
            .or_default()
            .push(arrival);
    }
    all.into_iter().collect()
}

impl Told {
    fn hear(&mut self, chain: &Chain, arrivals: &[Arrival], receipt: &Receipt<'_>) {
        for arrival in arrivals {
            match receipt.says(arrival, chain) {
                Some(true) => self.sure.push(arrival.clone()),
                Some(false) => {}
                None => {
                    self.unsure.insert(arrival.block_no);
                }
            }
        }
    }
}
