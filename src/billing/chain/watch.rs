//! A look at a chain: what is looked after is read out of the database, the chain is read with no
//! transaction open, and what was found is written in one commit with how far was read. Whoever looks
//! holds a lease; a look that fails, for whatever reason, has changed nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
    time::Duration,
};

use anyhow::anyhow;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    address::Address,
    read,
    seen::{Arrival, Hash},
    settings::Chain,
    store,
    weigh::State,
};
use crate::{
    db::SystemTx,
    error::{Error, Result},
    ids::{ArrivalId, ClientNo, OrderId},
};

/// Seconds for which a chain is in one server's hands: longer than a look may take.
pub const LEASE_SECONDS: u64 = 210;
/// Seconds that reading a chain may take in one look: twice what the settings let it take, since the
/// reconciliation asks the same nodes in turn, and some more.
pub const LOOK_SECONDS_MAX: u64 = 150;
/// Addresses that are watched at the same time.
const ADDRESSES_MAX: i64 = 20_000;
/// Arrivals in one window; of more, those that matter most.
const ARRIVALS_MAX: usize = 5_000;
/// Arrivals looked after at the same time.
const OPEN_MAX: i64 = 20_000;

/// An address with the order whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Watched {
    pub(super) client_no: ClientNo,
    pub(super) order_id: OrderId,
    pub(super) address: String,
}

/// Addresses with the orders whose they are.
pub type Addresses = HashMap<Address, Vec<(ClientNo, OrderId)>>;

/// An arrival that is looked after: the chain may still take it back.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Open {
    pub(super) client_no: ClientNo,
    pub(super) arrival_id: ArrivalId,
    pub(super) block_no: i64,
    pub(super) block_hash: Hash,
    pub(super) tx_hash: Hash,
    pub(super) log_no: i64,
    pub(super) asset: String,
    pub(super) payer: String,
    pub(super) address: String,
    pub(super) amount: String,
    pub(super) state: State,
}

/// What a look begins with.
#[derive(Debug)]
pub struct Plan {
    pub(super) lease: Uuid,
    pub(super) begun_at: OffsetDateTime,
    pub(super) scanned: Option<u64>,
    pub(super) open: Vec<Open>,
    /// The latest blocks, as the last look saw them.
    pub(super) blocks: BTreeMap<u64, Hash>,
}

/// What a look reads of a chain.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) blocks: RangeInclusive<u64>,
    /// The last block that was read before.
    pub(super) scanned: u64,
    pub(super) top: u64,
}

/// An arrival that was not known.
#[derive(Clone, Debug)]
pub struct New {
    pub(super) client: ClientNo,
    pub(super) order: OrderId,
    pub(super) arrival: Arrival,
    /// The time of its block.
    pub(super) at: OffsetDateTime,
    pub(super) state: State,
}

/// What a look has found.
#[derive(Debug)]
pub struct News {
    pub(super) scanned: u64,
    pub(super) top: u64,
    pub(super) headers: Vec<(u64, Hash)>,
    pub(super) keep_from: u64,
    pub(super) arrived: Vec<New>,
    pub(super) changed: Vec<(ClientNo, ArrivalId, State)>,
    /// Why it was not read further, though there are blocks.
    pub(super) waits_for: Option<String>,
    /// Whether there are more blocks to read at once.
    pub more: bool,
}

/// Begins a look, unless somebody else is at it.
///
/// # Errors
/// `Conflict` when another chain was watched by this name before.
pub async fn begin(tx: &mut SystemTx, chain: &Chain, now: OffsetDateTime) -> Result<Option<Plan>> {
    let lease = Uuid::new_v4();
    let until = now + Duration::from_secs(LEASE_SECONDS);
    store::add_watch(tx, &chain.name, chain.chain_id).await?;
    let Some((scanned, chain_id)) = store::lease(tx, &chain.name, lease, until, now).await? else {
        return Ok(None);
    };
    if chain_id != chain.chain_id.cast_signed() {
        return Err(Error::Conflict(format!(
            "[chain.{}] chain_id was {chain_id} before: give another chain another name.",
            chain.name
        )));
    }
    let scanned = scanned.and_then(|block| u64::try_from(block).ok());
    let from = scanned.map_or(0, |scanned| first(chain, scanned));
    Ok(Some(Plan {
        open: store::open(tx, &chain.name, from.cast_signed(), OPEN_MAX).await?,
        blocks: store::blocks(tx, &chain.name).await?,
        lease,
        begun_at: now,
        scanned,
    }))
}

/// The addresses that are watched now.
pub async fn watched(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Addresses> {
    let mut watched = Addresses::new();
    for row in store::watched(tx, now, ADDRESSES_MAX).await? {
        if let Some(address) = Address::parse(&row.address) {
            let orders = watched.entry(address).or_default();
            orders.push((row.client_no, row.order_id));
        }
    }
    Ok(watched)
}

/// The first block of the window that is read again.
pub(super) fn first(chain: &Chain, scanned: u64) -> u64 {
    (scanned + 1).saturating_sub(chain.overlap_blocks)
}

/// Reads the chain. No transaction is open while a node is asked: the addresses that are `watched` are
/// read in between, once the top is known.
///
/// # Errors
/// `Upstream` when a node does not answer in time, contradicts itself or another node, or is behind.
pub async fn read(
    chain: &Chain,
    plan: &Plan,
    watched: impl Future<Output = Result<Addresses>>,
) -> Result<News> {
    let time_max = Duration::from_secs(LOOK_SECONDS_MAX);
    let late = |_| {
        Err(Error::Upstream(anyhow!(
            "a look took more than {LOOK_SECONDS_MAX} s"
        )))
    };
    tokio::time::timeout(time_max, look(chain, plan, watched))
        .await
        .unwrap_or_else(late)
}

async fn look(
    chain: &Chain,
    plan: &Plan,
    watched: impl Future<Output = Result<Addresses>>,
) -> Result<News> {
    let reading = plan.reading(chain, read::top(chain).await?)?;
    // only now: whoever was told an address later does not pay in these blocks
    let watched = watched.await?;
    if watched.is_empty() && plan.open.is_empty() {
        return Ok(News::nothing(&reading));
    }
    let headers = read::headers(chain, &plan.numbers(&reading)).await?;
    if !read::is_one_branch(&headers, &reading.blocks) {
        let blocks = &reading.blocks;
        return Err(Error::Upstream(anyhow!(
            "blocks {blocks:?} are not of one branch"
        )));
    }
    let fresh = plan.fresh(&reading, &headers);
    let addresses: Vec<Address> = watched.keys().copied().collect();
    let blocks = reading.blocks.clone();
    let found = read::arrivals(chain, &addresses, blocks, &fresh, ARRIVALS_MAX).await?;
    plan.news(chain, &reading, &headers, (found, &watched))
        .await
}

impl Plan {
    /// Goes on where the last look ended, or with the block that the settings begin with.
    fn reading(&self, chain: &Chain, top: u64) -> Result<Reading> {
        let start = chain.start_block.unwrap_or(0);
        let before = chain.start_block.map(|block| block.saturating_sub(1));
        let scanned = self.scanned.max(before).unwrap_or(top);
        if top + chain.overlap_blocks < scanned {
            return Err(Error::Upstream(anyhow!(
                "the node is behind: the top is block {top}, and what is read next is behind {scanned}"
            )));
        }
        let first = first(chain, scanned).max(start);
        Ok(Reading {
            blocks: first..=top.min(scanned + chain.step_blocks()),
            scanned,
            top,
        })
    }

    /// The blocks to be read, and those below in which something waits.
    fn numbers(&self, reading: &Reading) -> BTreeSet<u64> {
        let open = self.open.iter().map(|open| open.block_no.unsigned_abs());
        let below = open.filter(|number| number < reading.blocks.start());
        reading.blocks.clone().chain(below).collect()
    }
}

impl News {
    fn nothing(reading: &Reading) -> Self {
        let scanned = reading.top.max(reading.scanned);
        Self {
            scanned,
            top: reading.top,
            headers: Vec::new(),
            keep_from: scanned,
            arrived: Vec::new(),
            changed: Vec::new(),
            waits_for: None,
            more: false,
        }
    }
}

/// Writes down what was found; false when somebody else has taken the chain over meanwhile.
pub async fn store(
    tx: &mut SystemTx,
    chain: &Chain,
    (plan, news): (&Plan, &News),
    now: OffsetDateTime,
) -> Result<bool> {
    if !store::is_ours(tx, &chain.name, plan.lease).await? {
        return Ok(false);
    }
    for new in &news.arrived {
        store::add_arrival(tx, &chain.name, new, now).await?;
    }
    for (client, arrival, state) in &news.changed {
        store::turn_arrival(tx, *client, *arrival, *state, now).await?;
    }
    store::put_blocks(tx, &chain.name, news).await?;
    store::end_look(tx, &chain.name, news, (plan.begun_at, now)).await?;
    Ok(true)
}

/// Writes down that a look failed, and lets the chain go.
pub async fn failed(
    tx: &mut SystemTx,
    chain: &Chain,
    plan: &Plan,
    error: &Error,
    now: OffsetDateTime,
) -> Result<()> {
    let text: String = error.causes().chars().take(500).collect();
    store::fail_look(tx, &chain.name, plan.lease, &text, now).await
}
