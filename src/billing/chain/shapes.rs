//! What is said of payments on chains.

use poem_openapi::{Object, types::Example};
use time::OffsetDateTime;

use super::{
    deposit::{Arrived, Deposit, Reach, Standing},
    quote::Quote,
    seen::NO_LOG,
    units::Units,
    weigh::{State, Verdict},
};
use crate::{
    billing::order,
    http::{example, paging::Place},
    ids::{ArrivalId, OrderId, PlanId},
};

/// What plans cost in tokens.
#[derive(Object, Debug)]
#[oai(rename = "Quotes", example)]
pub struct QuotesBody {
    /// The ways to pay.
    pub items: Vec<QuoteBody>,
}

/// What a plan costs in a token.
#[derive(Object, Debug)]
#[oai(rename = "Quote", example)]
pub struct QuoteBody {
    /// The plan.
    pub plan_id: PlanId,
    /// Name it when you order.
    pub pay_with: String,
    /// The number of the chain (EIP-155).
    pub chain_id: u64,
    /// The token.
    pub symbol: String,
    /// Its contract; none for the chain's own coin.
    pub contract: Option<String>,
    /// How much, in whole tokens.
    pub amount: String,
    /// The same, in the token's smallest unit.
    pub units: String,
}

/// Where an order is paid on a chain, and how far its payment has come.
#[derive(Object, Debug)]
#[oai(rename = "Deposit", example)]
pub struct DepositBody {
    /// The order.
    pub order_id: OrderId,
    /// The address: of this order, and of no other.
    pub address: String,
    /// The chain, as this server calls it.
    pub chain: String,
    /// The number of the chain (EIP-155).
    pub chain_id: i64,
    /// The token.
    pub symbol: String,
    /// The token's name for machines (CAIP-19).
    pub asset: String,
    /// How much, in whole tokens.
    pub amount: String,
    /// The same, in the token's smallest unit.
    pub units: String,
    /// What wallets open: address, token, chain and amount in one (EIP-681).
    pub uri: String,
    /// A payment counts when its block is the n-th from the top.
    pub confirmations: i32,
    /// What is mined until then pays the order.
    pub deadline: OffsetDateTime,
    /// Where it stands.
    pub state: Standing,
    /// What arrived so far, in the order of the chain.
    pub arrivals: Vec<ArrivalBody>,
}

/// Something that arrived.
#[derive(Object, Debug)]
#[oai(rename = "Arrival", example)]
pub struct ArrivalBody {
    /// Its id.
    pub id: ArrivalId,
    /// The order that it came for.
    pub order_id: OrderId,
    /// The chain, as this server calls it.
    pub chain: String,
    /// What arrived, by its name for machines (CAIP-19).
    pub asset: String,
    /// How much, in the token's smallest unit.
    pub units: String,
    /// Where it came from.
    pub payer: String,
    /// Its transaction.
    pub transaction: String,
    /// Its place among the logs of its block; none for the chain's own coin.
    pub log: Option<i64>,
    /// The number of its block.
    pub block: i64,
    /// The time of its block.
    pub at: OffsetDateTime,
    /// Blocks from its own up to the top, so far; none when it is not in the chain any more.
    pub confirmations: Option<i64>,
    /// Whether it is in the chain, and deep enough.
    pub state: State,
    /// What it is to the order.
    pub verdict: Verdict,
    /// Units that no order was given for: they wait for a person.
    pub left_over: String,
    /// What a person did about that.
    pub resolution: Option<String>,
}

/// How far all chains were read.
#[derive(Object, Debug)]
#[oai(rename = "ChainWatches", example)]
pub struct WatchesBody {
    /// Those that were ever watched.
    pub items: Vec<WatchBody>,
}

/// How far a chain was read.
#[derive(Object, Debug)]
#[oai(rename = "ChainWatch", example)]
pub struct WatchBody {
    /// The chain, as the settings call it.
    pub name: String,
    /// The last block that was read.
    pub scanned: Option<i64>,
    /// The block on top.
    pub top: Option<i64>,
    /// When it was last read.
    pub looked_at: Option<OffsetDateTime>,
    /// When reading it last failed, if nothing was read since.
    pub failed_at: Option<OffsetDateTime>,
    /// Why.
    pub failure: Option<String>,
}

impl From<(PlanId, Quote<'_>)> for QuoteBody {
    fn from((plan_id, quote): (PlanId, Quote<'_>)) -> Self {
        let pay_with = quote.pay_with();
        let Quote {
            chain,
            token,
            amount,
        } = quote;
        let units = Units::parse(&amount.to_string()).unwrap_or(Units::ZERO);
        Self {
            plan_id,
            pay_with,
            chain_id: chain.chain_id,
            symbol: token.symbol.clone(),
            contract: token.contract.map(|contract| contract.to_string()),
            amount: units.in_tokens(token.decimals),
            units: amount.to_string(),
        }
    }
}

impl DepositBody {
    /// Of an order, with what arrived and how far the chain was read.
    pub fn new(deposit: Deposit, arrived: Vec<Arrived>, reach: &Reach) -> Self {
        let arrivals = arrived
            .into_iter()
            .map(|arrived| ArrivalBody::new(arrived, reach));
        Self {
            uri: deposit.uri(),
            amount: deposit.amount.in_tokens(deposit.decimals.unsigned_abs()),
            units: deposit.amount.to_string(),
            arrivals: arrivals.collect(),
            order_id: deposit.order_id,
            address: deposit.address,
            chain: deposit.chain,
            chain_id: deposit.chain_id,
            symbol: deposit.symbol,
            asset: deposit.asset,
            confirmations: deposit.confirmations,
            deadline: deposit.deadline,
            state: deposit.state,
        }
    }
}

impl ArrivalBody {
    /// With how far its chain was read.
    pub fn new(arrived: Arrived, reach: &Reach) -> Self {
        let there = arrived.state != State::Reorged && reach.name == arrived.chain;
        Self {
            id: arrived.arrival_id,
            order_id: arrived.order_id,
            units: arrived.amount.to_string(),
            log: Some(arrived.log_no).filter(|no| *no != NO_LOG),
            block: arrived.block_no,
            at: arrived.block_at,
            confirmations: there.then(|| reach.depth(arrived.block_no)),
            state: arrived.state,
            verdict: arrived.verdict,
            left_over: arrived.left_over.to_string(),
            chain: arrived.chain,
            asset: arrived.asset,
            payer: arrived.payer,
            transaction: arrived.tx_hash,
            resolution: arrived.resolution,
        }
    }
}

impl From<Reach> for WatchBody {
    fn from(reach: Reach) -> Self {
        Self {
            name: reach.name,
            scanned: reach.scanned,
            top: reach.top,
            looked_at: reach.looked_at,
            failed_at: reach.failed_at,
            failure: reach.failure,
        }
    }
}

/// The place of an arrival in a list: its id tells the time.
pub fn place(arrived: &Arrived) -> Place {
    Place {
        at: arrived.block_at,
        id: arrived.arrival_id.0,
    }
}

const ASSET: &str = "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7";
const ADDRESS: &str = "0x1b0673D32e0d4ac4c84655754bE2712BfcddaD8E";

fn reach() -> Reach {
    Reach {
        name: "ethereum".into(),
        scanned: Some(21_000_004),
        top: Some(21_000_004),
        looked_at: Some(example::time()),
        ..Reach::default()
    }
}

fn arrived() -> Arrived {
    Arrived {
        arrival_id: ArrivalId(example::id(2)),
        order_id: OrderId(example::id(1)),
        chain: "ethereum".into(),
        block_no: 21_000_000,
        block_hash: format!("0x{:064x}", 7),
        block_at: example::time(),
        tx_hash: format!("0x{:064x}", 9),
        log_no: 31,
        asset: ASSET.into(),
        payer: "0x27b1fdb04752bbc536007a920d24acb045561c26".into(),
        amount: Units::parse("12500000").unwrap_or(Units::ZERO),
        state: State::Seen,
        verdict: Verdict::Waiting,
        left_over: Units::ZERO,
        resolution: None,
    }
}

impl Example for QuoteBody {
    fn example() -> Self {
        Self {
            plan_id: PlanId(example::id(3)),
            pay_with: "ethereum/USDT".into(),
            chain_id: 1,
            symbol: "USDT".into(),
            contract: Some("0xdAC17F958D2ee523a2206206994597C13D831ec7".into()),
            amount: "12.5".into(),
            units: order::Units::cents(12_500_000).to_string(),
        }
    }
}

impl Example for QuotesBody {
    fn example() -> Self {
        Self {
            items: vec![QuoteBody::example()],
        }
    }
}

impl Example for WatchesBody {
    fn example() -> Self {
        Self {
            items: vec![WatchBody::example()],
        }
    }
}

impl Example for DepositBody {
    fn example() -> Self {
        let deposit = Deposit {
            order_id: OrderId(example::id(1)),
            address: ADDRESS.into(),
            chain: "ethereum".into(),
            chain_id: 1,
            asset: ASSET.into(),
            symbol: "USDT".into(),
            decimals: 6,
            amount: Units::parse("12500000").unwrap_or(Units::ZERO),
            confirmations: 12,
            deadline: example::time() + time::Duration::hours(2),
            watched_until: example::time() + time::Duration::days(30),
            state: Standing::Open,
            undone: 0,
        };
        Self::new(deposit, vec![arrived()], &reach())
    }
}

impl Example for ArrivalBody {
    fn example() -> Self {
        Self::new(arrived(), &reach())
    }
}

impl Example for WatchBody {
    fn example() -> Self {
        reach().into()
    }
}
