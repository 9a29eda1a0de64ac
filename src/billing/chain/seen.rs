//! What a node tells, read with suspicion: a log or a transaction counts only when all of it is what
//! was asked for.

use std::collections::HashMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    address::Address,
    settings::{Chain, Token},
    units::Units,
};

/// `Transfer(address,address,uint256)`, hashed: the first topic of the logs that ERC-20 tokens write.
pub const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// Stands where a transfer of the coin has no log.
pub const NO_LOG: i64 = -1;

/// A hash of a block or a transaction, `0x` and 64 digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Hash(String);

/// A block as its header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
    /// The hash of the block below.
    pub parent: Hash,
    /// Its time.
    pub at: OffsetDateTime,
}

/// Something that arrived at an address. Which arrival it is, is said by block, transaction and
/// place: the same transaction in another block is another arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The number of its block.
    pub block_no: u64,
    /// The hash of its block.
    pub block_hash: Hash,
    /// Its transaction.
    pub tx_hash: Hash,
    /// Its place among the logs of the block; [`NO_LOG`] for the coin.
    pub log_no: i64,
    /// The token's name for machines (CAIP-19).
    pub asset: String,
    /// Where it came from.
    pub payer: Address,
    /// Where it came to.
    pub payee: Address,
    /// How much, in the token's smallest unit.
    pub amount: Units,
}

impl Hash {
    /// Reads a hash.
    pub fn parse(value: &Value) -> Option<Self> {
        let text = value.as_str()?.to_ascii_lowercase();
        let digits = text.strip_prefix("0x")?;
        let hex = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then_some(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A quantity that is a number of ours: of blocks, of logs, of seconds.
pub fn number(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    // what PostgreSQL keeps too
    (number <= i64::MAX.unsigned_abs()).then_some(number)
}

/// The header of a block, when it is the one that was asked for.
pub fn header(value: &Value, asked: u64) -> Option<Header> {
    let number = number(&value["number"]).filter(|number| *number == asked)?;
    let seconds = i64::try_from(self::number(&value["timestamp"])?).ok()?;
    Some(Header {
        number,
        hash: Hash::parse(&value["hash"])?,
        parent: Hash::parse(&value["parentHash"])?,
        at: OffsetDateTime::from_unix_timestamp(seconds).ok()?,
    })
}

/// A log as an arrival of one of the chain's tokens. None for what is no transfer, comes from another
/// contract, moves nothing, or was taken back.
pub fn log(value: &Value, chain: &Chain) -> Option<Arrival> {
    let contract = Address::parse(&value["address"].as_str()?.to_ascii_lowercase())?;
    let (_, token) = chain
        .contracts()
        .find(|(address, _)| *address == contract)?;
    let topics: Vec<&str> = value["topics"]
        .as_array()?
        .iter()
        .map(Value::as_str)
        .collect::<Option<_>>()?;
    // a fourth topic is the number of a collectible (ERC-721): that is no amount
    let [TRANSFER, from, to] = topics.as_slice() else {
        return None;
    };
    let data = value["data"].as_str()?;
    if value["removed"] == Value::Bool(true) || data.len() != 66 {
        return None;
    }
    let log_no = i64::try_from(number(&value["logIndex"])?).ok()?;
    let sides = [Address::from_topic(from)?, Address::from_topic(to)?];
    arrival(value, "transactionHash", log_no, token, sides, data)
}

/// A transaction of a block as an arrival of the chain's coin.
pub fn coin(value: &Value, chain: &Chain) -> Option<Arrival> {
    let side = |key: &str| Address::parse(&value[key].as_str()?.to_ascii_lowercase());
    let (token, sides) = (chain.coin()?, [side("from")?, side("to")?]);
    arrival(
        value,
        "hash",
        NO_LOG,
        token,
        sides,
        value["value"].as_str()?,
    )
}

fn arrival(
    value: &Value,
    tx_key: &str,
    log_no: i64,
    token: &Token,
    [payer, payee]: [Address; 2],
    amount: &str,
) -> Option<Arrival> {
    let amount = Units::from_hex(amount).filter(|amount| !amount.is_zero())?;
    Some(Arrival {
        block_no: number(&value["blockNumber"])?,
        block_hash: Hash::parse(&value["blockHash"])?,
        tx_hash: Hash::parse(&value[tx_key])?,
        log_no,
        asset: token.asset.clone(),
        payer,
        payee,
        amount,
    })
}

/// What a transaction has done, as a node tells.
#[derive(Debug)]
pub struct Receipt<'a> {
    value: &'a Value,
    logs: HashMap<u64, &'a Value>,
    transaction: &'a Value,
}

impl<'a> Receipt<'a> {
    /// With its logs by their place, and with the transaction itself where that moves the coin: a
    /// receipt names no amount.
    pub fn new(value: &'a Value, transaction: &'a Value) -> Self {
        let logs = value["logs"].as_array().map_or(&[][..], Vec::as_slice);
        let logs = logs
            .iter()
            .filter_map(|log| Some((number(&log["logIndex"])?, log)));
        Self {
            value,
            logs: logs.collect(),
            transaction,
        }
    }

    /// Whether it says the same: carried out, and with this log or this amount. None when it is not of
    /// the transaction in this block, as a node has nothing of it that is behind.
    pub fn says(&self, arrival: &Arrival, chain: &Chain) -> Option<bool> {
        let is_there = is_of(self.value, "transactionHash", arrival);
        let status = number(&self.value["status"]).filter(|_| is_there)?;
        Some(status == 1 && self.holds(arrival, chain)?)
    }

    fn holds(&self, arrival: &Arrival, chain: &Chain) -> Option<bool> {
        if arrival.log_no == NO_LOG {
            let is_there = is_of(self.transaction, "hash", arrival);
            return is_there.then(|| coin(self.transaction, chain).as_ref() == Some(arrival));
        }
        let place = u64::try_from(arrival.log_no).ok();
        let same = place.and_then(|place| self.logs.get(&place));
        Some(same.and_then(|value| log(value, chain)).as_ref() == Some(arrival))
    }
}

/// Whether this is of the arrival's transaction, in its block.
fn is_of(value: &Value, tx_key: &str, arrival: &Arrival) -> bool {
    Hash::parse(&value["blockHash"]).as_ref() == Some(&arrival.block_hash)
        && Hash::parse(&value[tx_key]).as_ref() == Some(&arrival.tx_hash)
}
