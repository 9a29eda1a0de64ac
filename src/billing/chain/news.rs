//! What a look has found out, by comparing what is known with what the chain tells.

use std::collections::HashSet;

use super::{
    address::Address,
    read::Headers,
    receipts::{Told, with_receipts},
    seen::{Arrival, Hash, Header},
    settings::Chain,
    units::Units,
    watch::{Addresses, New, News, Open, Plan, Reading, first},
    weigh::State,
};
use crate::{
    error::Result,
    ids::{ArrivalId, ClientNo},
};

/// Transactions that a look asks about among the new arrivals, and as many among those that have become
/// deep enough: two nodes that may be asked once a second take 80 s for that.
const TRANSACTIONS_MAX: usize = 200;

impl Plan {
    /// Blocks that are others than the last look saw, or were not seen.
    pub(super) fn fresh<'h>(&self, reading: &Reading, headers: &'h Headers) -> Vec<&'h Header> {
        let known = |header: &Header| self.blocks.get(&header.number) == Some(&header.hash);
        let fresh = headers.values().flatten().filter(|header| !known(header));
        fresh
            .filter(|header| reading.blocks.contains(&header.number))
            .collect()
    }

    pub(super) async fn news(
        &self,
        chain: &Chain,
        reading: &Reading,
        headers: &Headers,
        (found, watched): (Vec<Arrival>, &Addresses),
    ) -> Result<News> {
        let last = *reading.blocks.end();
        let branch = Branch {
            headers,
            deep: (last + 1).saturating_sub(chain.confirmations),
        };
        let mut changed = self.gone(&branch);
        let (deep, has_more) = self.deep(chain, &branch).await?;
        changed.extend(deep);
        let told = self.unknown(chain, &branch, found).await?;
        // what is not known yet stays within what is read again
        let end = told
            .unsure
            .first()
            .map_or(last, |block| last.min(block + chain.overlap_blocks - 1));
        let scanned = end.max(reading.scanned);
        let has_more = has_more || told.has_more();
        let seen = headers.values().flatten();
        let seen = seen.filter(|header| !told.unsure.contains(&header.number));
        Ok(News {
            scanned,
            top: reading.top,
            keep_from: first(chain, scanned),
            headers: seen
                .map(|header| (header.number, header.hash.clone()))
                .collect(),
            arrived: owned(&branch, told.sure, watched),
            changed,
            waits_for: told.unsure.first().filter(|_| end < last).map(|block| {
                format!("what arrived in block {block} is not known yet: it is asked for again")
            }),
            more: has_more || end == last && last < reading.top,
        })
    }

    /// Arrivals whose blocks are others by now.
    fn gone(&self, branch: &Branch<'_>) -> Vec<(ClientNo, ArrivalId, State)> {
        let gone = self.open.iter().filter(|open| {
            let header = branch.header(open.block_no.unsigned_abs());
            header.is_some_and(|header| header.hash != open.block_hash)
        });
        gone.map(|open| (open.client_no, open.arrival_id, State::Reorged))
            .collect()
    }

    /// Arrivals that have become deep enough, and whether there are more to be asked about. A receipt
    /// that a node does not have is asked for again by the next look, however far below the window the
    /// arrival is by then.
    async fn deep(
        &self,
        chain: &Chain,
        branch: &Branch<'_>,
    ) -> Result<(Vec<(ClientNo, ArrivalId, State)>, bool)> {
        let deep: Vec<(&Open, Arrival)> = self
            .open
            .iter()
            .filter(|open| open.state == State::Seen)
            .filter(|open| branch.holds(open.block_no.unsigned_abs(), &open.block_hash))
            .filter(|open| open.block_no.unsigned_abs() <= branch.deep)
            .filter_map(|open| Some((open, open.arrival()?)))
            .collect();
        let asked = deep.iter().map(|(_, arrival)| arrival.clone()).collect();
        let told = with_receipts(chain, asked, TRANSACTIONS_MAX).await?;
        let sure: HashSet<_> = told.sure.iter().map(name).collect();
        let sure = deep
            .iter()
            .filter(|(_, arrival)| sure.contains(&name(arrival)))
            .map(|(open, _)| (open.client_no, open.arrival_id, State::Confirmed));
        Ok((sure.collect(), told.has_more()))
    }

    /// Arrivals that were not known, as far as there are receipts.
    async fn unknown(
        &self,
        chain: &Chain,
        branch: &Branch<'_>,
        found: Vec<Arrival>,
    ) -> Result<Told> {
        let known: HashSet<_> = self.open.iter().map(Open::name).collect();
        let new = found.into_iter().filter(|arrival| {
            // a log of another branch is none of this one
            !known.contains(&name(arrival)) && branch.holds(arrival.block_no, &arrival.block_hash)
        });
        with_receipts(chain, new.collect(), TRANSACTIONS_MAX).await
    }
}

/// Arrivals with those to whose addresses they came.
fn owned(branch: &Branch<'_>, arrivals: Vec<Arrival>, watched: &Addresses) -> Vec<New> {
    let mut owned = Vec::new();
    for arrival in arrivals {
        let Some(header) = branch.header(arrival.block_no) else {
            continue;
        };
        let deep = arrival.block_no <= branch.deep;
        for (client, order) in watched.get(&arrival.payee).into_iter().flatten() {
            owned.push(New {
                client: *client,
                order: *order,
                arrival: arrival.clone(),
                at: header.at,
                state: if deep { State::Confirmed } else { State::Seen },
            });
        }
    }
    owned
}

/// The blocks of a window, which follow from each other.
struct Branch<'a> {
    headers: &'a Headers,
    /// The highest block that is deep enough for what is in it to count.
    deep: u64,
}

impl Branch<'_> {
    fn header(&self, block_no: u64) -> Option<&Header> {
        self.headers.get(&block_no).and_then(Option::as_ref)
    }

    fn holds(&self, block_no: u64, hash: &Hash) -> bool {
        self.header(block_no)
            .is_some_and(|header| header.hash == *hash)
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
            amount: Units::parse(&self.amount)?,
        })
    }
}
