//! Reading a chain through its nodes. Where there are several, nothing is true that not all of them
//! say.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::RangeInclusive,
};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::{
    address::Address,
    rpc::{Ask, Rpc},
    seen::{self, Arrival, Header, TRANSFER},
    settings::Chain,
    units::Units,
};
use crate::error::Result;

/// `decimals()`, hashed: the first four bytes.
const DECIMALS: &str = "0x313ce567";
/// Addresses in one question.
const ADDRESSES_PER_ASK: usize = 200;

/// Headers by their number; none where the chain has no such block (yet).
pub type Headers = BTreeMap<u64, Option<Header>>;

/// The number of the block on top: the lowest that a node names.
///
/// # Errors
/// `Upstream` when a node does not answer, or answers for another chain.
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
    Ok(top)
}

/// The headers of these blocks, as all nodes see them.
///
/// # Errors
/// `Upstream` when a node does not answer, or two do not agree.
pub async fn headers(chain: &Chain, numbers: &BTreeSet<u64>) -> Result<Headers> {
    let mut agreed: Option<Headers> = None;
    let asks: Vec<Ask> = numbers
        .iter()
        .map(|number| Ask::new("eth_getBlockByNumber", json!([hex(*number), false])))
        .collect();
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
    fresh: &BTreeSet<u64>,
    most: usize,
) -> Result<Vec<Arrival>> {
    let Some(node) = chain.nodes.first().filter(|_| !addresses.is_empty()) else {
        return Ok(Vec::new());
    };
    let wanted: HashSet<Address> = addresses.iter().copied().collect();
    let mut found = coins(chain, node, &wanted, fresh).await?;
    let (mut from, end) = (*blocks.start(), *blocks.end());
    while from <= end {
        let to = end.min(from + (chain.chunk_blocks - 1));
        found.extend(transfers(chain, node, addresses, from..=to).await?);
        found.retain(|arrival| wanted.contains(&arrival.payee));
        found = largest(found, most);
        from = to + 1;
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

/// Logs of the tokens. That they are of these blocks is checked, since a node may tell anything.
async fn transfers(
    chain: &Chain,
    node: &Rpc,
    addresses: &[Address],
    blocks: RangeInclusive<u64>,
) -> Result<Vec<Arrival>> {
    let contracts: Vec<String> = chain
        .contracts()
        .map(|(address, _)| address.to_string())
        .collect();
    let (from, to) = (hex(*blocks.start()), hex(*blocks.end()));
    let asks: Vec<Ask> = addresses
        .chunks(ADDRESSES_PER_ASK)
        .filter(|_| !contracts.is_empty())
        .map(|addresses| {
            let payees: Vec<String> = addresses.iter().map(|address| address.topic()).collect();
            let filter = json!({"fromBlock": from, "toBlock": to, "address": contracts,
                "topics": [TRANSFER, null, payees]});
            Ask::new("eth_getLogs", json!([filter]))
        })
        .collect();
    let mut found = Vec::new();
    for answer in node.ask(&asks).await? {
        let Value::Array(logs) = answer else {
            return Err(node.failed(anyhow!("its logs are no list")));
        };
        let arrivals = logs.iter().filter_map(|value| seen::log(value, chain));
        found.extend(arrivals.filter(|arrival| blocks.contains(&arrival.block_no)));
    }
    Ok(found)
}

/// Transactions that move the coin. Only what a transaction itself sends is seen: what a contract
/// passes on leaves no trace that every node would show.
async fn coins(
    chain: &Chain,
    node: &Rpc,
    wanted: &HashSet<Address>,
    blocks: &BTreeSet<u64>,
) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    // one by one: a block with all its transactions can have megabytes
    for number in blocks.iter().copied().filter(|_| chain.coin().is_some()) {
        let block = node.one(Ask::new("eth_getBlockByNumber", json!([hex(number), true])));
        let block = block.await?;
        let Some(transactions) = block["transactions"].as_array() else {
            return Err(node.failed(anyhow!("its block {number} has no list of transactions")));
        };
        let arrivals = transactions
            .iter()
            .filter_map(|value| seen::coin(value, chain));
        found.extend(
            arrivals
                .filter(|arrival| arrival.block_no == number && wanted.contains(&arrival.payee)),
        );
    }
    Ok(found)
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

fn hex(number: u64) -> String {
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
