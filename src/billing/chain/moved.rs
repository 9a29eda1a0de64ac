//! What moved to addresses: logs of tokens, transactions of the coin. Where a node does not tell all of
//! a block at once, it is asked for the block by parts.

use std::{collections::HashSet, ops::RangeInclusive};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::{
    address::Address,
    read::hex,
    rpc::{Ask, Rpc, is_too_much},
    seen::{self, Arrival, Hash, Header, TRANSFER},
    settings::Chain,
};
use crate::error::{Error, Result};

/// Addresses in one question.
const ADDRESSES_PER_ASK: usize = 200;
/// Transactions that are asked for at once, of a block that is read by them.
const TRANSACTIONS_PER_ASK: usize = 50;
/// Transactions of a block that is read by them.
const TRANSACTIONS_MAX: usize = 20_000;

/// Logs of the tokens. That they are of these blocks is checked, since a node may tell anything.
///
/// # Errors
/// `Upstream` when the node does not answer; for several blocks also when that is too much at once.
pub async fn transfers(
    chain: &Chain,
    node: &Rpc,
    addresses: &[Address],
    blocks: RangeInclusive<u64>,
) -> Result<Vec<Arrival>> {
    if chain.contracts().next().is_none() {
        return Ok(Vec::new());
    }
    let asks: Vec<Ask> = addresses
        .chunks(ADDRESSES_PER_ASK)
        .map(|some| logs_at(chain, some, bounds(&blocks)))
        .collect();
    match node.ask(&asks).await {
        Err(error) if blocks.start() == blocks.end() && is_too_much(&error) => {
            of_a_block(chain, node, addresses, (*blocks.start(), bounds(&blocks))).await
        }
        told => logs(chain, node, told?, &blocks),
    }
}

/// The same of one block, named by its number or its hash: by fewer addresses where that is too much.
///
/// # Errors
/// `Upstream` when the node does not answer.
pub async fn of_a_block(
    chain: &Chain,
    node: &Rpc,
    addresses: &[Address],
    (block, named): (u64, Value),
) -> Result<Vec<Arrival>> {
    let (blocks, mut found) = (block..=block, Vec::new());
    let mut waiting: Vec<&[Address]> = addresses.chunks(ADDRESSES_PER_ASK).collect();
    while let Some(some) = waiting.pop() {
        match node.one(logs_at(chain, some, named.clone())).await {
            Err(error) if is_too_much(&error) && some.len() > 1 => {
                let (first, rest) = some.split_at(some.len() / 2);
                waiting.extend([first, rest]);
            }
            Err(Error::Upstream(cause)) => {
                let what = format!("the logs of block {block}, addresses {}", some.len());
                return Err(Error::Upstream(cause.context(what)));
            }
            told => found.extend(logs(chain, node, vec![told?], &blocks)?),
        }
    }
    Ok(found)
}

fn bounds(blocks: &RangeInclusive<u64>) -> Value {
    json!({"fromBlock": hex(*blocks.start()), "toBlock": hex(*blocks.end())})
}

/// The question for what the chain's tokens say of these addresses in some blocks.
fn logs_at(chain: &Chain, addresses: &[Address], mut blocks: Value) -> Ask {
    let contracts: Vec<String> = chain
        .contracts()
        .map(|(address, _)| address.to_string())
        .collect();
    let payees: Vec<String> = addresses.iter().map(|address| address.topic()).collect();
    blocks["address"] = json!(contracts);
    blocks["topics"] = json!([TRANSFER, null, payees]);
    Ask::new("eth_getLogs", json!([blocks]))
}

fn logs(
    chain: &Chain,
    node: &Rpc,
    answers: Vec<Value>,
    blocks: &RangeInclusive<u64>,
) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    for answer in answers {
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
///
/// # Errors
/// `Upstream` when the node does not answer, or tells of another block than the one of a header.
pub async fn coins(
    chain: &Chain,
    node: &Rpc,
    wanted: &HashSet<Address>,
    blocks: &[&Header],
) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    // one by one: a block with all its transactions can have megabytes
    for header in blocks.iter().filter(|_| chain.coin().is_some()) {
        let number = header.number;
        let whole = Ask::new("eth_getBlockByNumber", json!([hex(number), true]));
        match node.one(whole).await {
            Err(error) if is_too_much(&error) => {
                found.extend(by_hash(chain, node, wanted, header).await?);
            }
            block => {
                let block = block?;
                let transactions = transactions(node, &block, header)?;
                found.extend(sent(chain, wanted, number, transactions));
            }
        }
    }
    Ok(found)
}

/// What is in a block, when it is the one of this header: behind one address nodes can be on several
/// branches, and a block is read once.
fn transactions<'b>(node: &Rpc, block: &'b Value, header: &Header) -> Result<&'b [Value]> {
    let number = header.number;
    if Hash::parse(&block["hash"]).as_ref() != Some(&header.hash) {
        return Err(node.failed(anyhow!(
            "its block {number} is another than its header said"
        )));
    }
    let list = block["transactions"].as_array();
    let none = || node.failed(anyhow!("its block {number} has no list of transactions"));
    list.map(Vec::as_slice).ok_or_else(none)
}

/// The same of a block that does not fit into an answer: its transactions by their hashes.
async fn by_hash(
    chain: &Chain,
    node: &Rpc,
    wanted: &HashSet<Address>,
    header: &Header,
) -> Result<Vec<Arrival>> {
    let number = header.number;
    let named = Ask::new("eth_getBlockByNumber", json!([hex(number), false]));
    let block = node.one(named).await?;
    let hashes = transactions(node, &block, header)?;
    let hashes: Option<Vec<Hash>> = hashes.iter().map(Hash::parse).collect();
    let none = || node.failed(anyhow!("its block {number} has no hashes of transactions"));
    let hashes = hashes.ok_or_else(none)?;
    if hashes.len() > TRANSACTIONS_MAX {
        return Err(node.failed(anyhow!(
            "its block {number} has more than {TRANSACTIONS_MAX} transactions, and does not fit into an answer"
        )));
    }
    let mut found = Vec::new();
    for some in hashes.chunks(TRANSACTIONS_PER_ASK) {
        let asks: Vec<Ask> = some
            .iter()
            .map(|hash| Ask::new("eth_getTransactionByHash", json!([hash.as_str()])))
            .collect();
        let transactions = node.ask(&asks).await?;
        // a node behind the same address that lacks one has not said that nothing was sent
        let is_of_block =
            |one: &Value| Hash::parse(&one["blockHash"]).as_ref() == Some(&header.hash);
        if !transactions.iter().all(is_of_block) {
            return Err(node.failed(anyhow!(
                "it does not tell all transactions of its block {number}"
            )));
        }
        found.extend(sent(chain, wanted, number, &transactions));
    }
    Ok(found)
}

/// What these transactions of a block send to addresses that are wanted.
fn sent(
    chain: &Chain,
    wanted: &HashSet<Address>,
    number: u64,
    transactions: &[Value],
) -> Vec<Arrival> {
    let arrivals = transactions
        .iter()
        .filter_map(|value| seen::coin(value, chain));
    arrivals
        .filter(|arrival| arrival.block_no == number && wanted.contains(&arrival.payee))
        .collect()
}
