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

/// Addresses that are looked at on a chain at most.
const ADDRESSES_MAX: i64 = 50_000;
/// Blocks that are read at once.
const BLOCKS_MAX: u64 = 5_000;
/// The same with a coin, for which each block is a question of its own.
const COIN_BLOCKS_MAX: u64 = 500;
/// Seconds that reading them may take.
const SECONDS_MAX: u64 = 900;

/// What is to be read of a chain: the blocks behind those that were read before.
#[derive(Clone, Debug)]
pub struct Wanted {
    first: Option<u64>,
    owners: HashMap<String, (ClientNo, Uuid)>,
}

/// What a chain says of these blocks.
#[derive(Clone, Debug)]
pub struct Told {
    /// The last of them.
    top: u64,
    /// Whether these are all that are deep enough.
    pub is_all: bool,
    arrivals: Vec<Arrival>,
}

/// What is to be read of a chain for a day.
pub async fn wanted(tx: &mut SystemTx, chain: &Chain, day: Date) -> Result<Wanted> {
    let since = hours_of(day).start;
    let owners = store::addresses(tx, since, ADDRESSES_MAX + 1).await?;
    if owners.len() as u64 > ADDRESSES_MAX.cast_unsigned() {
        return Err(Error::Conflict(format!(
            "More than {ADDRESSES_MAX} addresses are watched: chains cannot be compared."
        )));
    }
    let first = store::first_block(tx, &chain.name, day).await?;
    let owners = owners
        .into_iter()
        .map(|(address, client, order)| (address.to_ascii_lowercase(), (client, order)));
    Ok(Wanted {
        first: first.and_then(|block| u64::try_from(block).ok()),
        owners: owners.collect(),
    })
}

/// Reads the next part of a chain, as deep as it counts. No transaction may be open meanwhile.
///
/// # Errors
/// `Upstream` with the name of the chain when no node answers, or not in time.
pub async fn read(chain: &Chain, wanted: &Wanted) -> Result<Told> {
    told(chain, wanted).await.map_err(|error| match error {
        Error::Upstream(cause) => Error::Upstream(cause.context(format!("[chain.{}]", chain.name))),
        other => other,
    })
}

async fn told(chain: &Chain, wanted: &Wanted) -> Result<Told> {
    let top = chain::top(chain).await?;
    let top = top.saturating_sub(chain.confirmations);
    let Some(first) = wanted.first.filter(|first| *first <= top) else {
        return Ok(Told {
            top,
            is_all: true,
            arrivals: Vec::new(),
        });
    };
    let count = match chain.coin() {
        Some(_) => COIN_BLOCKS_MAX,
        None => BLOCKS_MAX,
    };
    let addresses: Vec<Address> = wanted
        .owners
        .keys()
        .filter_map(|address| Address::parse(address))
        .collect();
    let end = top.min(first + count - 1);
    let blocks: RangeInclusive<u64> = first..=end;
    let reading = chain::on_chain(chain, &addresses, blocks);
    let late = |_| {
        Err(Error::Upstream(anyhow!(
            "{count} blocks took more than {SECONDS_MAX} s"
        )))
    };
    let arrivals = tokio::time::timeout(Duration::from_secs(SECONDS_MAX), reading)
        .await
        .unwrap_or_else(late)?;
    Ok(Told {
        top: end,
        is_all: end == top,
        arrivals,
    })
}

/// Keeps what a chain says.
pub async fn keep(
    tx: &mut SystemTx,
    (chain, day): (&Chain, Date),
    wanted: &Wanted,
    told: &Told,
    now: OffsetDateTime,
) -> Result<()> {
    let last = hours_of(day).end - time::Duration::SECOND;
    for arrival in &told.arrivals {
        let payee = arrival.payee.to_string().to_ascii_lowercase();
        let Some((client, order)) = wanted.owners.get(&payee) else {
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
    }
    let top = i64::try_from(told.top).map_err(Error::internal)?;
    store::put_top(tx, &chain.name, day, top).await
}

/// Chains were read for a day, all of them.
pub async fn done(tx: &mut SystemTx, day: Date, facts: usize, now: OffsetDateTime) -> Result<()> {
    outside::put_read(tx, "chain", day, facts, (now, None)).await
}

impl Told {
    /// How much it is.
    pub fn count(&self) -> usize {
        self.arrivals.len()
    }
}
