//! What arrived, for whoever compares: as we wrote it down, and as the chain tells it now.

use std::ops::RangeInclusive;

use anyhow::anyhow;
use time::OffsetDateTime;

use super::{
    address::Address,
    deposit::Reach,
    read,
    receipts::with_receipts,
    seen::Arrival,
    settings::Chain,
    store,
    weigh::{State, Verdict},
};
use crate::{
    db::SystemTx,
    error::{Error, Result},
    ids::{ArrivalId, ClientNo, OrderId},
};

/// Blocks that can be read anew at once.
const BLOCKS_MAX: u64 = 100_000;
/// Arrivals in these; of more, those that matter most.
const ARRIVALS_MAX: usize = 20_000;

/// An arrival in the books of all clients.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Booked {
    /// Whose it is.
    pub client_no: ClientNo,
    /// For which order it came.
    pub order_id: OrderId,
    /// Its id.
    pub arrival_id: ArrivalId,
    /// As the settings call the chain.
    pub chain: String,
    /// The number of its block.
    pub block_no: i64,
    /// The hash of its block.
    pub block_hash: String,
    /// The time of its block.
    pub block_at: OffsetDateTime,
    /// Its transaction.
    pub tx_hash: String,
    /// Its place among the logs of the block; -1 for the coin.
    pub log_no: i64,
    /// The token's name for machines (CAIP-19).
    pub asset: String,
    /// Where it came to.
    pub address: String,
    /// In the token's smallest unit, as digits.
    pub amount: String,
    /// Whether it is in the chain, and deep enough.
    pub state: State,
    /// What it is to its order.
    pub verdict: Verdict,
    /// Of the amount, what no order was given for.
    pub left_over: String,
}

/// Arrivals that were mined in this time, those of all clients, in the order of the chain.
pub async fn list(
    tx: &mut SystemTx,
    times: (OffsetDateTime, OffsetDateTime),
    rows: i64,
) -> Result<Vec<Booked>> {
    Ok(sqlx::query_as(
        "select client_no, order_id, arrival_id, chain_arrival.chain, block_no, block_hash, block_at, tx_hash, log_no,
           chain_arrival.asset, address, chain_arrival.amount::text amount, chain_arrival.state, verdict,
           left_over::text left_over
         from chain_arrival
         join chain_address using (client_no, order_id)
         where block_at >= $1 and block_at < $2
         order by chain_arrival.chain, block_no, log_no, tx_hash, arrival_id
         limit $3",
    )
    .bind(times.0)
    .bind(times.1)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?)
}

/// How far each chain was read.
pub async fn states(tx: &mut SystemTx) -> Result<Vec<Reach>> {
    store::states(tx).await
}

/// What the chain says by now about these blocks and addresses, whatever was written down: arrivals
/// in blocks that are there, with receipts that say the same. No transaction may be open meanwhile.
///
/// # Errors
/// `Invalid` for too many blocks, `Upstream` when a node does not answer.
pub async fn on_chain(
    chain: &Chain,
    addresses: &[Address],
    blocks: RangeInclusive<u64>,
) -> Result<Vec<Arrival>> {
    let count = blocks.end().saturating_sub(*blocks.start());
    if count >= BLOCKS_MAX {
        return Err(Error::invalid(format!(
            "At most {BLOCKS_MAX} blocks are read at once."
        )));
    }
    let all = blocks.clone().collect();
    let found = read::arrivals(chain, addresses, blocks, &all, ARRIVALS_MAX).await?;
    let numbers = found.iter().map(|arrival| arrival.block_no).collect();
    let headers = read::headers(chain, &numbers).await?;
    let is_there = |arrival: &Arrival| {
        let header = headers.get(&arrival.block_no).and_then(Option::as_ref);
        header.is_some_and(|header| header.hash == arrival.block_hash)
    };
    let told = with_receipts(chain, found.into_iter().filter(is_there).collect()).await?;
    match told.unsure.first() {
        None => Ok(told.sure),
        Some(block) => Err(Error::Upstream(anyhow!(
            "a node has no receipt of what arrived in block {block}"
        ))),
    }
}

/// The block on top.
///
/// # Errors
/// `Upstream` when a node does not answer, or answers for another chain.
pub async fn top(chain: &Chain) -> Result<u64> {
    read::top(chain).await
}

/// Asks whether the nodes serve this chain, and whether its tokens are there with these decimals.
/// Returns the block on top.
///
/// # Errors
/// `Upstream` when a node does not answer, or answers for another chain; `Invalid` for a token that
/// is not what the settings say.
pub async fn check(chain: &Chain) -> Result<u64> {
    let top = read::top(chain).await?;
    for (contract, token) in chain.contracts() {
        let Some(said) = read::decimals(chain, contract).await? else {
            return Err(Error::invalid(format!(
                "{}: there is no token at {contract} on chain {}.",
                token.symbol, chain.chain_id
            )));
        };
        if said != token.decimals {
            return Err(Error::invalid(format!(
                "{}: its contract has {said} decimals, the settings say {}.",
                token.symbol, token.decimals
            )));
        }
    }
    Ok(top)
}
