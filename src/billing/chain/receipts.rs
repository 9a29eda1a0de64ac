//! Receipts: what a transaction has done, which every node has to say before anything counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    address::Address,
    moved::of_a_block,
    rpc::{Ask, Rpc, is_too_much},
    seen::{Arrival, Hash, NO_LOG, Receipt},
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
    /// Blocks of those that no node was asked about, or of which one has no receipt yet: what they are
    /// is not known.
    pub unsure: BTreeSet<u64>,
    /// Transactions that no node was asked about.
    left: usize,
}

/// A transaction in a block, and what it brought. That can be much, and its receipt is asked for once.
#[derive(Debug)]
struct Sent {
    block_no: u64,
    block_hash: Hash,
    tx_hash: Hash,
    arrivals: Vec<Arrival>,
}

/// Asks every node for the receipts of these arrivals, the first `most` transactions of them. Those that
/// a receipt contradicts are neither sure nor unsure.
///
/// # Errors
/// `Upstream` when a node does not answer.
pub async fn with_receipts(chain: &Chain, arrivals: Vec<Arrival>, most: usize) -> Result<Told> {
    let mut asked = by_transaction(arrivals);
    let left = asked.split_off(most.min(asked.len()));
    let mut told = Told {
        sure: asked.into_iter().flat_map(|sent| sent.arrivals).collect(),
        unsure: left.iter().map(|sent| sent.block_no).collect(),
        left: left.len(),
    };
    for node in &chain.nodes {
        let asked = by_transaction(std::mem::take(&mut told.sure));
        for some in asked.chunks(RECEIPTS_PER_ASK) {
            let asks: Vec<Ask> = some.iter().flat_map(Sent::asks).collect();
            match node.ask(&asks).await {
                Err(error) if is_too_much(&error) => {
                    for sent in some {
                        told.hear_alone(chain, node, sent).await?;
                    }
                }
                values => {
                    let mut values = values?.into_iter();
                    for sent in some {
                        told.hear(chain, sent, &mut values);
                    }
                }
            }
        }
    }
    Ok(told)
}

/// In the order of the chain.
fn by_transaction(arrivals: Vec<Arrival>) -> Vec<Sent> {
    let mut all: BTreeMap<(u64, Hash, Hash), Vec<Arrival>> = BTreeMap::new();
    for arrival in arrivals {
        let (block, tx) = (arrival.block_hash.clone(), arrival.tx_hash.clone());
        let of = (arrival.block_no, block, tx);
        all.entry(of).or_default().push(arrival);
    }
    let sent = |((block_no, block_hash, tx_hash), arrivals)| Sent {
        block_no,
        block_hash,
        tx_hash,
        arrivals,
    };
    all.into_iter().map(sent).collect()
}

impl Sent {
    /// Whether it moves the coin.
    fn is_coin(&self) -> bool {
        self.arrivals.iter().any(|one| one.log_no == NO_LOG)
    }

    /// Its receipt and, for an amount that no receipt names, itself.
    fn asks(&self) -> Vec<Ask> {
        let mut methods = vec!["eth_getTransactionReceipt"];
        if self.is_coin() {
            methods.push("eth_getTransactionByHash");
        }
        let of_it = |method| Ask::new(method, json!([self.tx_hash.as_str()]));
        methods.into_iter().map(of_it).collect()
    }

    fn block(&self) -> Ask {
        Ask::new(
            "eth_getBlockByHash",
            json!([self.block_hash.as_str(), false]),
        )
    }
}

impl Told {
    /// Whether there is more to be asked about, and asking gets on.
    pub fn has_more(&self) -> bool {
        self.left > 0 && !self.sure.is_empty()
    }

    /// By a receipt of its own, or without one that would be too long.
    async fn hear_alone(&mut self, chain: &Chain, node: &Rpc, sent: &Sent) -> Result<()> {
        match node.ask(&sent.asks()).await {
            Err(error) if is_too_much(&error) => self.hear_logs(chain, node, sent, error).await,
            values => {
                self.hear(chain, sent, &mut values?.into_iter());
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
        sent: &Sent,
        refused: Error,
    ) -> Result<()> {
        // an address without code, such as ours, writes no logs: such a receipt is short
        if sent.is_coin() {
            return Err(refused);
        }
        // of all addresses at once: one transaction can bring something to thousands
        let payees: BTreeSet<Address> = sent.arrivals.iter().map(|one| one.payee).collect();
        let payees: Vec<Address> = payees.into_iter().collect();
        let named = json!({"blockHash": sent.block_hash.as_str()});
        let said = of_a_block(chain, node, &payees, (sent.block_no, named)).await?;
        let before = self.sure.len();
        let arrivals = sent.arrivals.iter();
        self.sure
            .extend(arrivals.filter(|one| said.contains(one)).cloned());
        let is_whole = self.sure.len() - before == sent.arrivals.len();
        if !is_whole && node.one(sent.block()).await?.is_null() {
            // a node that has no such block says nothing about what is in it
            self.unsure.insert(sent.block_no);
        }
        Ok(())
    }

    fn hear(&mut self, chain: &Chain, sent: &Sent, values: &mut impl Iterator<Item = Value>) {
        let receipt = values.next().unwrap_or_default();
        let transaction = sent.is_coin().then(|| values.next()).flatten();
        let transaction = transaction.unwrap_or_default();
        let receipt = Receipt::new(&receipt, &transaction);
        for arrival in &sent.arrivals {
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
