//! Receipts: what a transaction has done, which every node has to say before anything counts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use serde_json::json;

use super::{
    moved::logs_at,
    rpc::{Ask, Rpc, is_too_much},
    seen::{self, Arrival, Hash, NO_LOG, Receipt},
    settings::Chain,
};
use crate::error::{Error, Result};

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
            let asks: Vec<Ask> = some.iter().map(|(tx, _)| receipt_of(tx)).collect();
            match node.ask(&asks).await {
                Err(error) if is_too_much(&error) => {
                    for (tx, arrivals) in some {
                        told.hear_alone(chain, node, tx, arrivals).await?;
                    }
                }
                values => {
                    for ((_, arrivals), value) in some.iter().zip(values?) {
                        told.hear(chain, arrivals, &Receipt::new(&value));
                    }
                }
            }
        }
    }
    Ok(told)
}

fn block_of(arrival: &Arrival) -> Ask {
    Ask::new(
        "eth_getBlockByHash",
        json!([arrival.block_hash.as_str(), false]),
    )
}

fn receipt_of(tx: &Hash) -> Ask {
    Ask::new("eth_getTransactionReceipt", json!([tx.as_str()]))
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
    /// By a receipt of its own, or without one that would be too long.
    async fn hear_alone(
        &mut self,
        chain: &Chain,
        node: &Rpc,
        tx: &Hash,
        arrivals: &[Arrival],
    ) -> Result<()> {
        match node.one(receipt_of(tx)).await {
            Err(error) if is_too_much(&error) => self.hear_logs(chain, node, arrivals, error).await,
            value => {
                self.hear(chain, arrivals, &Receipt::new(&value?));
                Ok(())
            }
        }
    }

    /// Everybody can make a transaction whose receipt no node tells at once, and pay by it. The log that
    /// the node has in this very block says as much: what failed has written none.
    async fn hear_logs(
        &mut self,
        chain: &Chain,
        node: &Rpc,
        arrivals: &[Arrival],
        refused: Error,
    ) -> Result<()> {
        // an address without code, such as ours, writes no logs: such a receipt is short
        if arrivals.iter().any(|arrival| arrival.log_no == NO_LOG) {
            return Err(refused);
        }
        for arrival in arrivals {
            let block = json!({"blockHash": arrival.block_hash.as_str()});
            let logs = node.one(logs_at(chain, &[arrival.payee], block)).await?;
            let logs = logs.as_array();
            let logs = logs.ok_or_else(|| node.failed(anyhow!("its logs are no list")))?;
            let mut said = logs.iter().filter_map(|value| seen::log(value, chain));
            if said.any(|said| said == *arrival) {
                self.sure.push(arrival.clone());
            } else if node.one(block_of(arrival)).await?.is_null() {
                // a node that has no such block says nothing about what is in it
                self.unsure.insert(arrival.block_no);
            }
        }
        Ok(())
    }

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
