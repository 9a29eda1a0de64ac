//! What a chain says now of everything that should have arrived, whatever the watch wrote down.

use std::{collections::HashMap, ops::RangeInclusive, time::Duration};

use anyhow::anyhow;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    desk::hours_of,
    shape::{Area, Fact},
    store::{arrivals as store, outside},
};
use crate::{
    billing::{
        chain::{self, Address, Arrival, Chain},
        order::Stage,
    },
    db::SystemTx,
    error::{Error, Result},
    ids::ClientNo,
};

/// Addresses that are asked for at once: of more, a part of a chain is read several times.
const ADDRESSES_MAX: i64 = 50_000;
/// Blocks that are read at once.
const BLOCKS_MAX: u64 = 5_000;
/// The same with a coin, for which each block is a question of its own.
const COIN_BLOCKS_MAX: u64 = 500;
/// Seconds that reading them may take.
const SECONDS_MAX: u64 = 900;

/// A part of a chain: the blocks behind those that were read before.
#[derive(Clone, Debug)]
pub struct Part {
    blocks: RangeInclusive<u64>,
    /// The last of them.
    top: u64,
    /// Whether there are none behind it that are deep enough.
    pub is_last: bool,
}

/// Some of the addresses of all clients, with the orders whose they are.
#[derive(Debug)]
pub struct Owners {
    by_address: HashMap<Address, (ClientNo, Uuid)>,
    last: (ClientNo, Uuid),
}

/// The first block that is to be read for a day: some that were read for the day before are read again,
/// since a chain takes blocks back.
pub async fn first(tx: &mut SystemTx, chain: &Chain, day: Date) -> Result<Option<u64>> {
    let overlap = i64::try_from(chain.overlap_blocks).map_err(Error::internal)?;
    let first = store::first_block(tx, &chain.name, day, overlap).await?;
    Ok(first.map(|block| u64::try_from(block).unwrap_or(0)))
}

/// The next part of a chain, as deep as it counts. No transaction may be open meanwhile.
///
/// # Errors
/// `Upstream` with the name of the chain when no node answers.
pub async fn part(chain: &Chain, first: Option<u64>) -> Result<Part> {
    let top = chain::top(chain)
        .await
        .map_err(|error| named(chain, error))?;
    let top = top.saturating_sub(chain.confirmations);
    let first = first.unwrap_or(top + 1);
    let end = top.min(first.saturating_add(blocks_max(chain) - 1));
    Ok(Part {
        blocks: first..=end,
        top: end,
        is_last: end == top,
    })
}

fn blocks_max(chain: &Chain) -> u64 {
    match chain.coin() {
        Some(_) => COIN_BLOCKS_MAX,
        None => BLOCKS_MAX,
    }
}

/// The addresses that were watched on a day, behind those that were asked for before; none when these
/// were all. What is given out meanwhile is paid in blocks behind the part that is read.
pub async fn owners(
    tx: &mut SystemTx,
    day: Date,
    before: Option<&Owners>,
) -> Result<Option<Owners>> {
    let after = before.map_or((ClientNo(0), Uuid::nil()), |before| before.last);
    let rows = store::addresses(tx, hours_of(day).start, after, ADDRESSES_MAX).await?;
    let Some((_, client, order)) = rows.last() else {
        return Ok(None);
    };
    Ok(Some(Owners {
        last: (*client, *order),
        by_address: rows
            .into_iter()
            .filter_map(|(address, client, order)| {
                Some((Address::parse(&address)?, (client, order)))
            })
            .collect(),
    }))
}

/// What a chain says of these addresses. No transaction may be open meanwhile.
///
/// # Errors
/// `Upstream` with the name of the chain when no node answers, or not in time.
pub async fn read(chain: &Chain, part: &Part, owners: &Owners) -> Result<Vec<Arrival>> {
    if part.blocks.is_empty() {
        return Ok(Vec::new());
    }
    let addresses: Vec<Address> = owners.by_address.keys().copied().collect();
    let reading = chain::on_chain(chain, &addresses, part.blocks.clone());
    let late = |_| {
        let blocks = &part.blocks;
        Err(Error::Upstream(anyhow!(
            "blocks {blocks:?} took more than {SECONDS_MAX} s"
        )))
    };
    tokio::time::timeout(Duration::from_secs(SECONDS_MAX), reading)
        .await
        .unwrap_or_else(late)
        .map_err(|error| named(chain, error))
}

/// Whether a day was over in the last block that counts: a node that stands still answers all the same.
/// Nobody asks that of a day that is not over, nor of a chain on which there is nothing to `find`.
///
/// # Errors
/// `Upstream` with the name of the chain when that block is older: then the day is read again.
pub async fn reaches_its_end(
    chain: &Chain,
    (part, find): (&Part, bool),
    day: Date,
    now: OffsetDateTime,
) -> Result<()> {
    let over = hours_of(day).end;
    if !find || now < over {
        return Ok(());
    }
    let at = chain::time_of(chain, part.top).await;
    let why = match at.map_err(|error| named(chain, error))? {
        Some(at) if at >= over => return Ok(()),
        Some(at) => anyhow!(
            "its last block that counts ({}) is of {at}, and {day} is not over in it: the node stands still, or the chain makes no blocks",
            part.top
        ),
        None => anyhow!("it has no block {} any more", part.top),
    };
    Err(named(chain, Error::Upstream(why)))
}

fn named(chain: &Chain, error: Error) -> Error {
    match error {
        Error::Upstream(cause) => Error::Upstream(cause.context(format!("[chain.{}]", chain.name))),
        other => other,
    }
}

/// Keeps what a chain says of a part of it, and forgets what it does not say any more.
pub async fn keep(
    tx: &mut SystemTx,
    (chain, day, part): (&Chain, Date, &Part),
    owners: &Owners,
    arrivals: &[Arrival],
    now: OffsetDateTime,
) -> Result<()> {
    let last = hours_of(day).end - time::Duration::SECOND;
    let mut said = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let Some((client, order)) = owners.by_address.get(&arrival.payee) else {
            continue;
        };
        let reference = format!(
            "{} {} {} {}",
            chain.name,
            arrival.block_hash.as_str(),
            arrival.tx_hash.as_str(),
            arrival.log_no
        );
        // a block that was never written down here has no time but that of the day
        let at = store::time_of(tx, *client, &chain.name, arrival).await?;
        let fact = Fact {
            area: Area::Arrival,
            provider: "chain".into(),
            reference,
            order: Some(*order),
            amount: arrival.amount.to_string(),
            currency: arrival.asset.clone(),
            stage: Stage::Stands,
            known_as: None,
            at: at.unwrap_or(last),
        };
        outside::put(tx, (*client, Some(*order)), (&fact, None), now).await?;
        store::put_block(tx, *client, &fact.reference, arrival.block_no).await?;
        said.push(fact.reference);
    }
    if part.blocks.is_empty() {
        return Ok(());
    }
    let orders: Vec<Uuid> = owners
        .by_address
        .values()
        .map(|(_, order)| *order)
        .collect();
    store::forget(tx, &chain.name, &part.blocks, (&orders, &said)).await
}

/// A part was read, for all addresses: the next one begins behind it.
pub async fn end(tx: &mut SystemTx, chain: &Chain, day: Date, part: &Part) -> Result<()> {
    let top = i64::try_from(part.top).map_err(Error::internal)?;
    store::put_top(tx, &chain.name, day, top).await
}

/// Chains were read for a day, all of them.
pub async fn done(tx: &mut SystemTx, day: Date, facts: usize, now: OffsetDateTime) -> Result<()> {
    outside::put_read(tx, "chain", day, facts, (now, None)).await
}
