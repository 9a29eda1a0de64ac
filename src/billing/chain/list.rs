//! How chains stand, and what they tell now of what arrived, whatever was written down here.

use std::ops::RangeInclusive;

use anyhow::anyhow;
use time::OffsetDateTime;

use super::{
    address::Address,
    deposit::Reach,
    read::{self, Headers},
    receipts::with_receipts,
    seen::{Arrival, Header},
    settings::Chain,
    store,
};
use crate::{
    db::SystemTx,
    error::{Error, Result},
};

/// Blocks that can be read anew at once.
const BLOCKS_MAX: u64 = 100_000;
/// Arrivals in these; of more, those that matter most.
const ARRIVALS_MAX: usize = 20_000;

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
    let all = whole(chain, &blocks).await?;
    let fresh: Vec<&Header> = all.values().flatten().collect();
    let found = read::arrivals(chain, addresses, blocks, &fresh, ARRIVALS_MAX).await?;
    let numbers = found.iter().map(|arrival| arrival.block_no).collect();
    let headers = read::headers(chain, &numbers).await?;
    let is_there = |arrival: &Arrival| {
        let header = headers.get(&arrival.block_no).and_then(Option::as_ref);
        header.is_some_and(|header| header.hash == arrival.block_hash)
    };
    let found = found.into_iter().filter(is_there).collect();
    let told = with_receipts(chain, found, ARRIVALS_MAX).await?;
    match told.unsure.first() {
        None => Ok(told.sure),
        Some(block) => Err(Error::Upstream(anyhow!(
            "a node has no receipt or no transaction of what arrived in block {block}"
        ))),
    }
}

/// Where each block is read for the coin: all of them, as all nodes see them.
async fn whole(chain: &Chain, blocks: &RangeInclusive<u64>) -> Result<Headers> {
    if chain.coin().is_none() {
        return Ok(Headers::new());
    }
    let headers = read::headers(chain, &blocks.clone().collect()).await?;
    if !read::is_one_branch(&headers, blocks) {
        return Err(Error::Upstream(anyhow!(
            "blocks {blocks:?} are not of one branch"
        )));
    }
    Ok(headers)
}

/// The block on top.
///
/// # Errors
/// `Upstream` when a node does not answer, or answers for another chain.
pub async fn top(chain: &Chain) -> Result<u64> {
    read::top(chain).await
}

/// The time of a block; none when it is not there.
///
/// # Errors
/// `Upstream` when a node does not answer, or two do not agree.
pub async fn time_of(chain: &Chain, block: u64) -> Result<Option<OffsetDateTime>> {
    let mut headers = read::headers(chain, &[block].into()).await?;
    Ok(headers.remove(&block).flatten().map(|header| header.at))
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
