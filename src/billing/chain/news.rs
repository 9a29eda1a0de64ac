//! What a look has found out, by comparing what is known with what the chain tells.

use std::collections::{BTreeSet, HashSet};

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

impl Plan {
    /// Blocks that are others than the last look saw, or were not seen.
    pub(super) fn fresh(&self, reading: &Reading, headers: &Headers) -> BTreeSet<u64> {
        let known = |header: &Header| self.blocks.get(&header.number) == Some(&header.hash);
        let fresh = headers.values().flatten().filter(|header| !known(header));
        fresh
            .map(|header| header.number)
            .filter(|number| reading.blocks.contains(number))
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
        changed.extend(self.deep(chain, &branch).await?);
        let told = self.unknown(chain, &branch, found).await?;
        // what is not known yet stays within what is read again
        let end = told
            .unsure
            .first()
            .map_or(last, |block| last.min(block + chain.overlap_blocks - 1));
        let scanned = end.max(reading.scanned);
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
                format!("a node has no receipt of what arrived in block {block}: it is asked again")
            }),
            more: end == last && last < reading.top,
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
    /// by the next look, however far below the window the arrival is by then.
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
        let told = with_receipts(chain, asked).await?;
        let sure: HashSet<_> = told.sure.iter().map(name).collect();
        let sure = deep
            .iter()
            .filter(|(_, arrival)| sure.contains(&name(arrival)));
        Ok(sure
            .map(|(open, _)| (open.client_no, open.arrival_id, State::Confirmed))
            .collect())
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
        with_receipts(chain, new.collect()).await
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
