//! Reading a chain through its nodes. Where there are several, nothing is true that not all of them
//! say.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::RangeInclusive,
};

use anyhow::anyhow;
use serde_json::json;

use super::{
    address::Address,
    moved,
    rpc::{Ask, is_too_much},
    seen::{self, Arrival, Header},
    settings::Chain,
    units::Units,
};
use crate::error::Result;

/// `decimals()`, hashed: the first four bytes.
const DECIMALS: &str = "0x313ce567";

/// Headers by their number; none where the chain has no such block (yet).
pub type Headers = BTreeMap<u64, Option<Header>>;

/// The number of the block on top: the lowest that a node names, of which all have the header.
///
/// # Errors
/// `Upstream` when a node does not answer, answers for another chain, or has no such block.
pub async fn top(chain: &Chain) -> Result<u64> {
    let mut top = u64::MAX;
    for node in &chain.nodes {
        let asks = [
            Ask::new("eth_chainId", json!([])),
            Ask::new("eth_blockNumber", json!([])),
        ];
        let answers = node.ask(&asks).await?;
        let (id, wanted) = (seen::number(&answers[0]), chain.chain_id);
        if id != Some(wanted) {
            let says = id.map_or("nothing".to_owned(), |id| id.to_string());
            return Err(node.failed(anyhow!(
                "it serves chain {says}, the settings name {wanted}"
            )));
        }
        let number = seen::number(&answers[1]);
        top = top.min(number.ok_or_else(|| node.failed(anyhow!("it names no block")))?);
    }
    // what is read next begins behind it: a number alone could leave out blocks that are yet to come
    for node in &chain.nodes {
        let header = node.one(header_of(top)).await?;
        seen::header(&header, top).ok_or_else(|| {
            node.failed(anyhow!("it has no block {top}, which is said to be on top"))
        })?;
    }
    Ok(top)
}

fn header_of(number: u64) -> Ask {
    Ask::new("eth_getBlockByNumber", json!([hex(number), false]))
}

/// The headers of these blocks, as all nodes see them.
///
/// # Errors
/// `Upstream` when a node does not answer, or two do not agree.
pub async fn headers(chain: &Chain, numbers: &BTreeSet<u64>) -> Result<Headers> {
    let mut agreed: Option<Headers> = None;
    let asks: Vec<Ask> = numbers.iter().copied().map(header_of).collect();
    for node in &chain.nodes {
        let mut headers = Headers::new();
        for (number, value) in numbers.iter().zip(node.ask(&asks).await?) {
            let header = seen::header(&value, *number);
            if header.is_none() && !value.is_null() {
                return Err(node.failed(anyhow!("its block {number} cannot be read")));
            }
            headers.insert(*number, header);
        }
        if agreed.as_ref().is_some_and(|agreed| *agreed != headers) {
            return Err(node.failed(anyhow!("it sees other blocks than the first node does")));
        }
        agreed = Some(headers);
    }
    Ok(agreed.unwrap_or_default())
}

/// What arrived at these addresses in these blocks, as the first node tells. Transactions are looked
/// for in the `fresh` ones of them only: those whose hash is not known yet. Of more than `most`, which
/// is somebody's dust, those that matter most.
///
/// # Errors
/// `Upstream` when a node does not answer or contradicts itself.
pub async fn arrivals(
    chain: &Chain,
    addresses: &[Address],
    blocks: RangeInclusive<u64>,
    fresh: &[&Header],
    most: usize,
) -> Result<Vec<Arrival>> {
    let Some(node) = chain.nodes.first().filter(|_| !addresses.is_empty()) else {
        return Ok(Vec::new());
    };
    let wanted: HashSet<Address> = addresses.iter().copied().collect();
    let mut found = moved::coins(chain, node, &wanted, fresh).await?;
    let (mut from, end, mut step) = (*blocks.start(), *blocks.end(), chain.chunk_blocks);
    while from <= end {
        let to = end.min(from + (step - 1));
        match moved::transfers(chain, node, addresses, from..=to).await {
            // it tells less at once, and so it does of the blocks behind these
            Err(error) if to > from && is_too_much(&error) => step = (to - from).div_ceil(2),
            told => {
                found.extend(told?);
                found.retain(|arrival| wanted.contains(&arrival.payee));
                found = largest(found, most);
                from = to + 1;
            }
        }
    }
    Ok(largest(found, most))
}

/// The largest of each token at each address first, then the second largest, and so on: whoever sends
/// dust to one address crowds out no other.
fn largest(mut found: Vec<Arrival>, most: usize) -> Vec<Arrival> {
    if found.len() <= most {
        return found;
    }
    found.sort_by(|one, other| {
        (one.payee, &one.asset, other.amount).cmp(&(other.payee, &other.asset, one.amount))
    });
    let (mut placed, mut place) = (Vec::<(usize, Arrival)>::with_capacity(found.len()), 0);
    for arrival in found {
        let is_next = placed.last().is_some_and(|(_, before)| {
            (before.payee, &before.asset) == (arrival.payee, &arrival.asset)
        });
        place = if is_next { place + 1 } else { 0 };
        placed.push((place, arrival));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.truncate(most);
    placed.into_iter().map(|(_, arrival)| arrival).collect()
}

/// The decimals that a token's contract names; none when there is no such contract.
///
/// # Errors
/// `Upstream` when a node does not answer.
pub async fn decimals(chain: &Chain, contract: Address) -> Result<Option<u32>> {
    let Some(node) = chain.nodes.first() else {
        return Ok(None);
    };
    let call = json!([{"to": contract.to_string(), "data": DECIMALS}, "latest"]);
    let said = node.one(Ask::new("eth_call", call)).await?;
    let said = said
        .as_str()
        .filter(|word| word.len() == 66)
        .and_then(Units::from_hex);
    Ok(said.and_then(|said| said.to_string().parse().ok()))
}

/// Whether these blocks follow from each other without a gap: a node that answers out of two branches
/// shows it here. No blocks at all do.
pub fn is_one_branch(headers: &Headers, blocks: &RangeInclusive<u64>) -> bool {
    let header = |number: u64| headers.get(&number).and_then(Option::as_ref);
    let (start, end) = (*blocks.start(), *blocks.end());
    (blocks.is_empty() || header(start).is_some())
        && (start + 1..=end).all(|number| {
            let (below, above) = (header(number - 1), header(number));
            below
                .zip(above)
                .is_some_and(|(below, above)| above.parent == below.hash)
        })
}

/// A number, as nodes read it.
pub fn hex(number: u64) -> String {
    format!("{number:#x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::billing::chain::seen::Hash;

    #[test]
    fn dust_at_one_address_crowds_out_no_other() {
        let address = |digit: char| {
            let digits: String = std::iter::repeat_n(digit, 40).collect();
            Address::parse(&format!("0x{digits}")).unwrap()
        };
        let hash = Hash::parse(&json!(format!("0x{:064x}", 1))).unwrap();
        let arrival = |payee, asset: &str, amount: u64| Arrival {
            block_no: 1,
            block_hash: hash.clone(),
            tx_hash: hash.clone(),
            log_no: 0,
            asset: asset.into(),
            payer: address('1'),
            payee,
            amount: Units::parse(&amount.to_string()).unwrap(),
        };
        let mut all: Vec<Arrival> = (1..=1_000).map(|n| arrival(address('2'), "a", n)).collect();
        all.extend([arrival(address('3'), "a", 1), arrival(address('2'), "b", 1)]);
        let mut kept = largest(all.clone(), 5);
        kept.sort_by_key(|one| (one.payee, one.asset.clone(), one.amount));
        let expected = [998, 999, 1_000].map(|n| arrival(address('2'), "a", n));
        let [b, other] = [arrival(address('2'), "b", 1), arrival(address('3'), "a", 1)];
        assert_eq!(kept, [&expected[..], &[b, other]].concat());
        assert_eq!(largest(all.clone(), 1_002), all);
    }
}
