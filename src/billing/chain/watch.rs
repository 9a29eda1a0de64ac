//! A look at a chain: what is waited for is read out of the database, the chain is read without it,
//! and what was found is written in one commit with how far was read. Whoever looks holds a lease;
//! a look that fails, for whatever reason, has changed nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use anyhow::anyhow;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    address::Address,
    read::{self, Headers},
    seen::{Arrival, Hash, Header},
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
pub const LEASE_SECONDS: u64 = 180;
/// Seconds that reading a chain may take in one look.
pub const LOOK_SECONDS_MAX: u64 = 120;
/// Blocks by which a look goes forward at most.
const STEP_BLOCKS: u64 = 500;
/// Addresses that are watched at the same time.
const ADDRESSES_MAX: i64 = 20_000;
/// Arrivals looked after at the same time.
const OPEN_MAX: i64 = 20_000;

/// An address with the order whose it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Watched {
    pub(super) client_no: ClientNo,
    pub(super) order_id: OrderId,
    pub(super) address: String,
}

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
    pub(super) scanned: Option<u64>,
    watched: HashMap<Address, Vec<(ClientNo, OrderId)>>,
    open: Vec<Open>,
    /// The latest blocks, as the last look saw them.
    blocks: BTreeMap<u64, Hash>,
}

/// What a look has found.
#[derive(Debug)]
pub struct News {
    pub(super) scanned: u64,
    pub(super) top: u64,
    pub(super) headers: Vec<(u64, Hash)>,
    pub(super) keep_from: u64,
    pub(super) arrived: Vec<(ClientNo, OrderId, Arrival, OffsetDateTime)>,
    pub(super) changed: Vec<(ClientNo, ArrivalId, State)>,
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
    let mut watched: HashMap<Address, Vec<(ClientNo, OrderId)>> = HashMap::new();
    for row in store::watched(tx, now, ADDRESSES_MAX).await? {
        if let Some(address) = Address::parse(&row.address) {
            watched
                .entry(address)
                .or_default()
                .push((row.client_no, row.order_id));
        }
    }
    let scanned = scanned.and_then(|block| u64::try_from(block).ok());
    let from = scanned.map_or(0, |scanned| first(chain, scanned));
    Ok(Some(Plan {
        open: store::open(tx, &chain.name, from.cast_signed(), OPEN_MAX).await?,
        blocks: store::blocks(tx, &chain.name).await?,
        lease,
        scanned,
        watched,
    }))
}

/// The first block of the window that is read again.
fn first(chain: &Chain, scanned: u64) -> u64 {
    (scanned + 1).saturating_sub(chain.overlap_blocks)
}

/// Reads the chain. No transaction is open meanwhile.
///
/// # Errors
/// `Upstream` when a node does not answer in time, contradicts itself or another node, or is behind.
pub async fn read(chain: &Chain, plan: &Plan) -> Result<News> {
    let time_max = Duration::from_secs(LOOK_SECONDS_MAX);
    let late = |_| {
        Err(Error::Upstream(anyhow!(
            "a look took more than {LOOK_SECONDS_MAX} s"
        )))
    };
    tokio::time::timeout(time_max, look(chain, plan))
        .await
        .unwrap_or_else(late)
}

async fn look(chain: &Chain, plan: &Plan) -> Result<News> {
    let top = read::top(chain).await?;
    let before = plan
        .scanned
        .or(chain.start_block.map(|block| block.saturating_sub(1)));
    let scanned = before.unwrap_or(top);
    if top + chain.overlap_blocks < scanned {
        let text = format!("the top is block {top}, and {scanned} was read before");
        return Err(Error::Upstream(anyhow!("the node is behind: {text}")));
    }
    if plan.watched.is_empty() && plan.open.is_empty() {
        return Ok(News::nothing(top.max(scanned), top));
    }
    let start = chain.start_block.unwrap_or(0);
    let window = first(chain, scanned).max(start)..=top.min(scanned + STEP_BLOCKS);
    let headers = read::headers(chain, &window.clone().collect()).await?;
    if !read::is_one_branch(&headers, window.clone()) {
        return Err(Error::Upstream(anyhow!(
            "blocks {window:?} are not of one branch"
        )));
    }
    let fresh = plan.fresh(&headers);
    let addresses: Vec<Address> = plan.watched.keys().copied().collect();
    let found = read::arrivals(chain, &addresses, window.clone(), &fresh).await?;
    plan.news(chain, &headers, found, top).await
}

impl Plan {
    /// Blocks that are others than the last look saw, or were not seen.
    fn fresh(&self, headers: &Headers) -> BTreeSet<u64> {
        let known = |header: &Header| self.blocks.get(&header.number) == Some(&header.hash);
        let fresh = headers.values().flatten().filter(|header| !known(header));
        fresh.map(|header| header.number).collect()
    }

    async fn news(
        &self,
        chain: &Chain,
        headers: &Headers,
        found: Vec<Arrival>,
        top: u64,
    ) -> Result<News> {
        let last = headers.keys().next_back().copied().unwrap_or(top);
        let is = |block_no: u64, hash: &Hash| {
            let header = headers.get(&block_no).and_then(Option::as_ref);
            header.map(|header| (header.hash == *hash, header.at))
        };
        let known: HashSet<_> = self.open.iter().map(Open::name).collect();
        let unknown = found
            .into_iter()
            .filter(|arrival| !known.contains(&name(arrival)));
        // of a block that the headers do not have: a log of another branch
        let unknown = unknown.filter(|arrival| {
            is(arrival.block_no, &arrival.block_hash).is_some_and(|(same, _)| same)
        });
        let arrived = read::with_receipts(chain, unknown.collect()).await?;
        let mut changed = Vec::new();
        let mut deep = Vec::new();
        for open in &self.open {
            let block_no = open.block_no.unsigned_abs();
            match is(block_no, &open.block_hash) {
                Some((false, _)) => changed.push((open.client_no, open.arrival_id, State::Reorged)),
                Some((true, _))
                    if open.state == State::Seen && last + 1 >= block_no + chain.confirmations =>
                {
                    deep.extend(open.arrival().map(|arrival| (open, arrival)));
                }
                _ => {}
            }
        }
        let asked = deep.iter().map(|(_, arrival)| arrival.clone()).collect();
        let sure: HashSet<_> = read::with_receipts(chain, asked)
            .await?
            .iter()
            .map(name)
            .collect();
        // a receipt that a node does not have is asked for again by the next look
        let sure = deep
            .iter()
            .filter(|(_, arrival)| sure.contains(&name(arrival)));
        changed.extend(sure.map(|(open, _)| (open.client_no, open.arrival_id, State::Confirmed)));
        let scanned = last.max(self.scanned.unwrap_or(0));
        Ok(News {
            scanned,
            top,
            keep_from: first(chain, scanned),
            headers: headers
                .values()
                .flatten()
                .map(|header| (header.number, header.hash.clone()))
                .collect(),
            arrived: self.owned(arrived, &is),
            changed,
            more: last < top,
        })
    }

    /// Arrivals with those whose addresses they came to.
    fn owned(
        &self,
        arrivals: Vec<Arrival>,
        is: &impl Fn(u64, &Hash) -> Option<(bool, OffsetDateTime)>,
    ) -> Vec<(ClientNo, OrderId, Arrival, OffsetDateTime)> {
        let mut owned = Vec::new();
        for arrival in arrivals {
            let Some((_, at)) = is(arrival.block_no, &arrival.block_hash) else {
                continue;
            };
            for (client, order) in self.watched.get(&arrival.payee).into_iter().flatten() {
                owned.push((*client, *order, arrival.clone(), at));
            }
        }
        owned
    }
}

impl News {
    fn nothing(scanned: u64, top: u64) -> Self {
        Self {
            scanned,
            top,
            headers: Vec::new(),
            keep_from: scanned,
            arrived: Vec::new(),
            changed: Vec::new(),
            more: false,
        }
    }
}

/// Which arrival it is.
fn name(arrival: &Arrival) -> (Hash, Hash, i64) {
    (
        arrival.block_hash.clone(),
        arrival.tx_hash.clone(),
        arrival.log_no,
    )
}

impl Open {
    fn name(&self) -> (Hash, Hash, i64) {
        (self.block_hash.clone(), self.tx_hash.clone(), self.log_no)
    }

    /// As it was read.
    fn arrival(&self) -> Option<Arrival> {
        Some(Arrival {
            block_no: self.block_no.unsigned_abs(),
            block_hash: self.block_hash.clone(),
            tx_hash: self.tx_hash.clone(),
            log_no: self.log_no,
            asset: self.asset.clone(),
            payer: Address::parse(&self.payer)?,
            payee: Address::parse(&self.address)?,
            amount: super::units::Units::parse(&self.amount)?,
        })
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
    for (client, order, arrival, at) in &news.arrived {
        store::add_arrival(tx, (*client, *order), &chain.name, (arrival, *at), now).await?;
    }
    for (client, arrival, state) in &news.changed {
        store::turn_arrival(tx, *client, *arrival, *state, now).await?;
    }
    store::put_blocks(tx, &chain.name, news).await?;
    store::end_look(tx, &chain.name, news, now).await?;
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
