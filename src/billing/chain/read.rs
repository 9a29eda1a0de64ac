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
use crate::error::{Error, Result};

/// `decimals()`, hashed: the first four bytes.
const DECIMALS: &str = "0x313ce567";
/// Addresses in one question.
const ADDRESSES_PER_ASK: usize = 200;
/// Arrivals in one window: more is an attack, or a node that has gone mad.
const ARRIVALS_MAX: usize = 20_000;

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
/// for in the `fresh` ones of them only: those whose hash is not known yet.
///
/// # Errors
/// `Upstream` when a node does not answer or contradicts itself.
pub async fn arrivals(
    chain: &Chain,
    addresses: &[Address],
    blocks: RangeInclusive<u64>,
    fresh: &BTreeSet<u64>,
) -> Result<Vec<Arrival>> {
    let Some(node) = chain.nodes.first().filter(|_| !addresses.is_empty()) else {
        return Ok(Vec::new());
    };
    let wanted: HashSet<Address> = addresses.iter().copied().collect();
    let mut found = coins(chain, node, fresh).await?;
    found.retain(|arrival| wanted.contains(&arrival.payee));
    let (mut from, end) = (*blocks.start(), *blocks.end());
    while from <= end {
        let to = end.min(from + (chain.chunk_blocks - 1));
        found.extend(transfers(chain, node, addresses, from..=to).await?);
        found.retain(|arrival| wanted.contains(&arrival.payee));
        if found.len() > ARRIVALS_MAX {
            return Err(node.failed(anyhow!("more than {ARRIVALS_MAX} arrivals in a window")));
        }
        from = to + 1;
    }
    Ok(found)
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
async fn coins(chain: &Chain, node: &Rpc, blocks: &BTreeSet<u64>) -> Result<Vec<Arrival>> {
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
        found.extend(arrivals.filter(|arrival| arrival.block_no == number));
    }
    Ok(found)
}

/// Of these arrivals those whose receipts say the same at every node.
///
/// # Errors
/// `Upstream` when a node does not answer.
pub async fn with_receipts(chain: &Chain, arrivals: Vec<Arrival>) -> Result<Vec<Arrival>> {
    let mut agreed = arrivals;
    for node in &chain.nodes {
        let asks: Vec<Ask> = agreed
            .iter()
            .map(|arrival| {
                Ask::new(
                    "eth_getTransactionReceipt",
                    json!([arrival.tx_hash.as_str()]),
                )
            })
            .collect();
        let receipts = node.ask(&asks).await?;
        agreed = agreed
            .into_iter()
            .zip(receipts)
            .filter(|(arrival, receipt)| seen::is_receipt_of(receipt, arrival, chain))
            .map(|(arrival, _)| arrival)
            .collect();
    }
    Ok(agreed)
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
/// shows it here.
pub fn is_one_branch(headers: &Headers, blocks: RangeInclusive<u64>) -> bool {
    let header = |number: u64| headers.get(&number).and_then(Option::as_ref);
    let (start, end) = (*blocks.start(), *blocks.end());
    header(start).is_some()
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

/// What is said when an order cannot be paid on a chain.
pub fn no_chain() -> Error {
    Error::invalid("This server takes no such payment: see the ways to pay that it lists.")
}
