//! The chains that orders can be paid on, as the settings name them.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};

use super::{
    address::{Address, Deposits},
    rpc::Rpc,
    units::{DECIMALS_MAX, Price},
};
use crate::config::{Config, wrong};

/// The coin of a chain has no contract; its number in SLIP-44 stands for it.
const COIN: &str = "slip44:60";
/// Decimals of the coin on every chain of this kind.
const COIN_DECIMALS: u32 = 18;
/// Blocks by which a look goes forward at most: headers are asked for by the dozen.
const STEP_BLOCKS: u64 = 500;
/// The same with a coin, for which each block is a question of its own.
const COIN_STEP_BLOCKS: u64 = 50;
/// Seconds of a look that may go into such questions.
const COIN_SECONDS_MAX: u64 = 60;
/// Characters that a chain or a token may be called by.
const NAME_CHARS_MAX: usize = 20;

/// What can be paid with on a chain.
#[derive(Clone, Debug)]
pub struct Token {
    /// What people call it.
    pub symbol: String,
    /// Its contract; none for the coin of the chain.
    pub contract: Option<Address>,
    /// Digits behind the point of a whole token.
    pub decimals: u32,
    /// What a whole one is worth, in the smallest unit of `currency`.
    pub price: Price,
    /// Three letters, such as usd.
    pub currency: String,
    /// Its name for machines (CAIP-19), which an order is bound to.
    pub asset: String,
}

/// A chain.
#[derive(Debug)]
pub struct Chain {
    /// As the settings call it.
    pub name: String,
    /// Its number (EIP-155).
    pub chain_id: u64,
    /// Where the addresses of orders come from.
    pub deposits: Deposits,
    /// A payment counts when its block is the n-th from the top.
    pub confirmations: u64,
    /// Blocks that are read again each time, and within which a payment that counted is looked
    /// after.
    pub overlap_blocks: u64,
    /// The first block that is read; none for the one on top when the chain is first looked at.
    pub start_block: Option<u64>,
    /// Blocks asked for in one question.
    pub chunk_blocks: u64,
    /// An order can be paid for this time.
    pub order: Duration,
    /// After its end an order is still paid by what is mined within this time.
    pub late: Duration,
    /// After that its address is watched on for this time.
    pub watch: Duration,
    /// Between two looks.
    pub poll: Duration,
    /// What can be paid with.
    pub tokens: Vec<Token>,
    /// The node that is asked first, and those that have to agree.
    pub nodes: Vec<Rpc>,
}

/// All chains of the settings. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Chains(pub Arc<Vec<Arc<Chain>>>);

impl Chains {
    /// Reads the sections `[chain.NAME]`.
    ///
    /// # Errors
    /// A sentence that names the key to change.
    pub fn new(config: &Config) -> Result<Self> {
        let mut chains = Vec::new();
        for name in config.named("chain") {
            let chain = chain(config, name).with_context(|| format!("[chain.{name}]"))?;
            if chains
                .iter()
                .any(|other: &Arc<Chain>| other.chain_id == chain.chain_id)
            {
                let id = chain.chain_id;
                return Err(wrong(format!(
                    "[chain.{name}] chain_id = {id}: another section has it too"
                )));
            }
            chains.push(Arc::new(chain));
        }
        Ok(Self(Arc::new(chains)))
    }

    /// The chain of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<Chain>> {
        self.0.iter().find(|chain| chain.name == name)
    }
}

impl Chain {
    /// The token of this symbol.
    pub fn token(&self, symbol: &str) -> Option<&Token> {
        self.tokens.iter().find(|token| token.symbol == symbol)
    }

    /// Contracts of its tokens.
    pub fn contracts(&self) -> impl Iterator<Item = (Address, &Token)> {
        let contract = |token: &'_ Token| token.contract;
        self.tokens
            .iter()
            .filter_map(move |token| contract(token).map(|address| (address, token)))
    }

    /// Blocks by which a look goes forward at most.
    pub fn step_blocks(&self) -> u64 {
        match self.coin() {
            Some(_) => COIN_STEP_BLOCKS,
            None => STEP_BLOCKS,
        }
    }

    /// The coin, where it can be paid with.
    pub fn coin(&self) -> Option<&Token> {
        self.tokens.iter().find(|token| token.contract.is_none())
    }
}

fn chain(config: &Config, name: &str) -> Result<Chain> {
    let section = format!("chain.{name}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() > NAME_CHARS_MAX || !name.chars().all(is_name) {
        bail!("a chain is called by at most {NAME_CHARS_MAX} letters and digits");
    }
    let chain_id = config.number(&section, "chain_id", 1..=u64::from(u32::MAX))?;
    let confirmations = config.number(&section, "confirmations", 1..=1_000)?;
    let overlap_blocks = config.number(&section, "overlap_blocks", 1..=10_000)?;
    if overlap_blocks < 2 * confirmations {
        return Err(wrong(format!(
            "[{section}] overlap_blocks = {overlap_blocks}: must be at least twice confirmations"
        )));
    }
    let tokens = tokens(config, name, chain_id)?;
    let rate = config.number(&section, "requests_per_second", 1..=1_000)?;
    if tokens.iter().any(|token| token.contract.is_none()) {
        can_be_read(&section, overlap_blocks, rate)?;
    }
    let deposits = Deposits::parse(config.text(&section, "xpub"))
        .map_err(|error| wrong(format!("[{section}] xpub: {error}")))?;
    let start_block = match config.text(&section, "start_block") {
        "" => None,
        _ => Some(config.number(&section, "start_block", 0..=1 << 52)?),
    };
    let minutes = |number: u64| Duration::from_secs(number * 60);
    Ok(Chain {
        name: name.to_owned(),
        deposits,
        start_block,
        chunk_blocks: config.number(&section, "chunk_blocks", 1..=100_000)?,
        order: minutes(config.number(&section, "order_minutes", 5..=1_440)?),
        late: minutes(config.number(&section, "late_minutes", 0..=525_600)?),
        watch: minutes(1_440 * config.number(&section, "watch_days", 1..=3_650)?),
        poll: Duration::from_secs(config.number(&section, "poll_seconds", 1..=3_600)?),
        tokens,
        nodes: nodes(config, name, rate)?,
        chain_id,
        confirmations,
        overlap_blocks,
    })
}

/// With a coin each block is a question of its own, and a look has to come to its end.
fn can_be_read(section: &str, overlap_blocks: u64, rate: u64) -> Result<()> {
    let blocks_max = rate * COIN_SECONDS_MAX;
    if overlap_blocks + COIN_STEP_BLOCKS <= blocks_max {
        return Ok(());
    }
    Err(wrong(format!(
        "[{section}] overlap_blocks = {overlap_blocks}: with a coin these and {COIN_STEP_BLOCKS} more are read one by one, and requests_per_second = {rate} lets {blocks_max} be read in {COIN_SECONDS_MAX} s; allow more requests, or read fewer blocks again"
    )))
}

fn nodes(config: &Config, name: &str, rate: u64) -> Result<Vec<Rpc>> {
    let section = format!("chain.{name}");
    let timeout = config.number(&section, "timeout_seconds", 1..=300)?;
    let node = |key: &str, url| {
        Rpc::new(&url, Duration::from_secs(timeout), rate)
            .map_err(|error| wrong(format!("[{section}] {key}: {error}")))
    };
    let Some(first) = config.secret(&section, "rpc_url")? else {
        return Err(wrong(format!(
            "[{section}] rpc_url is empty: name a node of the chain"
        )));
    };
    let mut nodes = vec![node("rpc_url", first)?];
    if let Some(second) = config.secret(&section, "witness_url")? {
        nodes.push(node("witness_url", second)?);
    }
    Ok(nodes)
}

fn tokens(config: &Config, name: &str, chain_id: u64) -> Result<Vec<Token>> {
    let section = format!("chain.{name}");
    let mut tokens: Vec<Token> = Vec::new();
    let coin = config.text(&section, "coin");
    if !coin.is_empty() {
        let token = coin_of(coin, chain_id).ok_or_else(|| {
            wrong(format!(
                "[{section}] coin = {coin}: write SYMBOL PRICE CURRENCY, such as ETH 320000 usd"
            ))
        })?;
        tokens.push(token);
    }
    for text in config.list(&section, "tokens") {
        let token = token_of(text, chain_id).ok_or_else(|| {
            wrong(format!(
                "[{section}] tokens: {text}: write SYMBOL CONTRACT DECIMALS PRICE CURRENCY, such as USDT 0xdAC17F958D2ee523a2206206994597C13D831ec7 6 100 usd"
            ))
        })?;
        tokens.push(token);
    }
    let twice = |token: &Token| {
        let same = |other: &&Token| other.symbol == token.symbol || other.asset == token.asset;
        tokens.iter().filter(same).count() > 1
    };
    match tokens.iter().find(|token| twice(token)) {
        Some(token) => Err(wrong(format!(
            "[{section}] tokens: {} is there twice",
            token.symbol
        ))),
        None if tokens.is_empty() => Err(wrong(format!(
            "[{section}] has neither tokens nor a coin: nobody could pay"
        ))),
        None => Ok(tokens),
    }
}

fn coin_of(text: &str, chain_id: u64) -> Option<Token> {
    let [symbol, price, currency] = words(text)?;
    let contract = None;
    let asset = format!("eip155:{chain_id}/{COIN}");
    token(symbol, contract, COIN_DECIMALS, [price, currency], asset)
}

fn token_of(text: &str, chain_id: u64) -> Option<Token> {
    let [symbol, contract, decimals, price, currency] = words(text)?;
    let contract = Address::parse(contract)?;
    let decimals = decimals.parse().ok().filter(|n| *n <= DECIMALS_MAX)?;
    let asset = format!("eip155:{chain_id}/erc20:{contract}");
    token(symbol, Some(contract), decimals, [price, currency], asset)
}

fn token(
    symbol: &str,
    contract: Option<Address>,
    decimals: u32,
    [price, currency]: [&str; 2],
    asset: String,
) -> Option<Token> {
    // an order calls its currency by it
    let is_symbol =
        (3..=12).contains(&symbol.len()) && symbol.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_currency = currency.len() == 3 && currency.bytes().all(|c| c.is_ascii_lowercase());
    let price = Price::parse(price)?;
    (is_symbol && is_currency).then(|| Token {
        symbol: symbol.to_owned(),
        contract,
        decimals,
        price,
        currency: currency.to_owned(),
        asset,
    })
}

fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.try_into().ok()
}
