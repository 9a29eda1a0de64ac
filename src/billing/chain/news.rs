//! What a look has found out, by comparing what is known with what the chain tells.

use std::collections::{BTreeSet, HashSet};

use super::{
    address::Address,
    read::{self, Headers},
    seen::{Arrival, Hash, Header},
    settings::Chain,
    units::Units,
    watch::{New, News, Open, Plan, first},
    weigh::State,
};
use crate::{
    error::Result,
    ids::{ArrivalId, ClientNo},
};

impl Plan {
    /// Blocks that are others than the last look saw, or were not seen.
    pub(super) fn fresh(&self, headers: &Headers) -> BTreeSet<u64> {
        let known = |header: &Header| self.blocks.get(&header.number) == Some(&header.hash);
        let fresh = headers.values().flatten().filter(|header| !known(header));
        fresh.map(|header| header.number).collect()
    }

    pub(super) async fn news(
        &self,
        chain: &Chain,
        headers: &Headers,
        found: Vec<Arrival>,
        top: u64,
    ) -> Result<News> {
        let last = headers.keys().next_back().copied().unwrap_or(top);
        let branch = Branch {
            headers,
            deep: (last + 1).saturating_sub(chain.confirmations),
        };
        let mut changed = self.gone(&branch);
        changed.extend(self.deep(chain, &branch).await?);
        let scanned = last.max(self.scanned.unwrap_or(0));
        let named = headers.values().flatten();
        Ok(News {
            scanned,
            top,
            keep_from: first(chain, scanned),
            headers: named
                .map(|header| (header.number, header.hash.clone()))
                .collect(),
            arrived: self.unknown(chain, &branch, found).await?,
            changed,
            more: last < top,
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

    /// Arrivals that have become deep enough. A receipt that a node does not have is asked for again
    /// by the next look.
    async fn deep(
        &self,
        chain: &Chain,
        branch: &Branch<'_>,
    ) -> Result<Vec<(ClientNo, ArrivalId, State)>> {
        let deep: Vec<(&Open, Arrival)> = self
            .open
            .iter()
            .filter(|open| open.state == State::Seen)
            .filter(|open| branch.holds(open.block_no.unsigned_abs(), &open.block_hash))
            .filter(|open| open.block_no.unsigned_abs() <= branch.deep)
            .filter_map(|open| Some((open, open.arrival()?)))
            .collect();
        let asked = deep.iter().map(|(_, arrival)| arrival.clone()).collect();
        let sure = read::with_receipts(chain, asked).await?;
        let sure: HashSet<_> = sure.iter().map(name).collect();
        let sure = deep
            .iter()
            .filter(|(_, arrival)| sure.contains(&name(arrival)));
        Ok(sure
            .map(|(open, _)| (open.client_no, open.arrival_id, State::Confirmed))
            .collect())
    }

    /// Arrivals that were not known, with those to whose addresses they came.
    async fn unknown(
        &self,
        chain: &Chain,
        branch: &Branch<'_>,
        found: Vec<Arrival>,
    ) -> Result<Vec<New>> {
        let known: HashSet<_> = self.open.iter().map(Open::name).collect();
        let new = found.into_iter().filter(|arrival| {
            // a log of another branch is none of this one
            !known.contains(&name(arrival)) && branch.holds(arrival.block_no, &arrival.block_hash)
        });
        let mut owned = Vec::new();
        for arrival in read::with_receipts(chain, new.collect()).await? {
            let Some(header) = branch.header(arrival.block_no) else {
                continue;
            };
            let deep = arrival.block_no <= branch.deep;
            for (client, order) in self.watched.get(&arrival.payee).into_iter().flatten() {
                owned.push(New {
                    client: *client,
                    order: *order,
                    arrival: arrival.clone(),
                    at: header.at,
                    state: if deep { State::Confirmed } else { State::Seen },
                });
            }
        }
        Ok(owned)
    }
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
