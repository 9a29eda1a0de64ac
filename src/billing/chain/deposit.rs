//! An order's own address: what it costs there, and how far its payment has come.

use std::time::Duration;

use anyhow::anyhow;
use time::OffsetDateTime;

use super::{
    quote::Quote,
    settings::Chain,
    store,
    units::Units,
    watch,
    weigh::{State, Verdict},
};
use crate::{
    billing::{
        note,
        order::{self, Order, Provider},
    },
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{ArrivalId, OrderId, UserId},
};

/// Arrivals shown of one order, and weighed for it; more is somebody's joke.
pub const ARRIVALS_MAX: i64 = 10_000;
/// Orders of one buyer that wait for a payment on a chain, or have ended without one and are watched on:
/// each is an address that every look asks for.
const WAITING_MAX: i64 = 500;

/// An order's address, and what is to arrive there.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Deposit {
    /// Whose it is, or for whom it came.
    pub order_id: OrderId,
    /// The address.
    pub address: String,
    /// As the settings call the chain.
    pub chain: String,
    /// The number of the chain.
    pub chain_id: i64,
    /// The token's name for machines (CAIP-19).
    pub asset: String,
    /// What people call the token.
    pub symbol: String,
    /// Digits behind the point of a whole token.
    pub decimals: i32,
    /// How much, in the token's smallest unit.
    #[sqlx(try_from = "String")]
    pub amount: Units,
    /// A payment counts when its block is the n-th from the top.
    pub confirmations: i32,
    /// What is mined until then pays the order.
    pub deadline: OffsetDateTime,
    /// How long its address is watched.
    pub watched_until: OffsetDateTime,
    /// Where it stands.
    pub state: Standing,
    /// How often the chain took back what had paid it.
    pub undone: i32,
}

/// Where the payment of an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "DepositState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Standing {
    /// It waits for the whole amount.
    Open,
    /// The whole amount is there, deep enough.
    Paid,
    /// Time is over, and it was not the whole amount.
    Short,
    /// The amount came, and the order could not take it any more.
    Refused,
}

/// Something that arrived, as the database keeps it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Arrived {
    /// Its id.
    pub arrival_id: ArrivalId,
    /// Whose it is, or for whom it came.
    pub order_id: OrderId,
    /// As the settings call the chain.
    pub chain: String,
    /// The number of its block.
    pub block_no: i64,
    /// The hash of its block.
    pub block_hash: String,
    /// The time of its block.
    pub block_at: OffsetDateTime,
    /// Its transaction.
    pub tx_hash: String,
    /// Its place among the logs of the block; -1 for the coin.
    pub log_no: i64,
    /// The token's name for machines (CAIP-19).
    pub asset: String,
    /// Where it came from.
    pub payer: String,
    /// How much, in the token's smallest unit.
    #[sqlx(try_from = "String")]
    pub amount: Units,
    /// Where it stands.
    pub state: State,
    /// What it is to its order.
    pub verdict: Verdict,
    /// Of the amount, what no order was given for.
    #[sqlx(try_from = "String")]
    pub left_over: Units,
    /// What a person did about that.
    pub resolution: Option<String>,
}

/// How far a chain was read.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Reach {
    /// The chain, as the settings call it.
    pub name: String,
    /// The last block that was read.
    pub scanned: Option<i64>,
    /// The block on top.
    pub top: Option<i64>,
    /// When it was last read.
    pub looked_at: Option<OffsetDateTime>,
    /// When reading it last failed, if it did since then.
    pub failed_at: Option<OffsetDateTime>,
    /// Why.
    pub failure: Option<String>,
}

/// Gives an order an address of its own, which it keeps: asked for again, it is the same one.
///
/// # Errors
/// `Conflict` when the order is to be paid in another way than this, or too many wait; `Unavailable`
/// before the chain was first looked at.
pub async fn assign(
    tx: &mut ClientTx,
    order: &Order,
    quote: &Quote<'_>,
    now: OffsetDateTime,
) -> Result<Deposit> {
    if let Some(known) = store::deposit(tx, order.order_id).await? {
        return Ok(known);
    }
    let Quote {
        chain,
        token,
        amount,
    } = *quote;
    let bound = (order.provider, order.amount, order.currency.as_str());
    if bound
        != (
            Provider::Chain,
            amount,
            token.symbol.to_ascii_lowercase().as_str(),
        )
    {
        return Err(Error::Conflict(
            "This order is to be paid in another way.".into(),
        ));
    }
    let since = since_block(tx, chain).await?;
    // whoever has a number lets the next one count only then
    let number = store::next_number(tx).await?;
    has_room(tx, order.buyer_id, now).await?;
    let deposit = Deposit {
        order_id: order.order_id,
        address: chain.deposits.address(tx.client(), number)?.to_string(),
        chain: chain.name.clone(),
        chain_id: chain.chain_id.cast_signed(),
        asset: token.asset.clone(),
        symbol: token.symbol.clone(),
        decimals: token.decimals.cast_signed(),
        amount: Units::parse(&amount.to_string()).unwrap_or(Units::ZERO),
        confirmations: i32::try_from(chain.confirmations).unwrap_or(i32::MAX),
        deadline: later(order.expires_at, chain.late),
        watched_until: later(order.expires_at, chain.late + chain.watch),
        state: Standing::Open,
        undone: 0,
    };
    store::add_deposit(tx, &deposit, (number, since), now).await?;
    order::pending(
        tx,
        order.order_id,
        &deposit.address,
        Some(&deposit.uri()),
        now,
    )
    .await?;
    Ok(deposit)
}

/// The first block that is read again by now: nobody could pay in one before. The first look begins at
/// the top where no block is named: what was paid before that would not be seen.
async fn since_block(tx: &mut ClientTx, chain: &Chain) -> Result<i64> {
    let scanned = reach(tx, &chain.name).await?.scanned;
    let first = scanned.map(|scanned| watch::first(chain, scanned.unsigned_abs()));
    let first = first.or(chain.start_block).ok_or_else(|| {
        let name = &chain.name;
        Error::Unavailable(anyhow!("[chain.{name}]: no node was read yet"))
    })?;
    Ok(first.cast_signed())
}

/// All addresses cannot be one buyer's.
async fn has_room(tx: &mut ClientTx, buyer: UserId, now: OffsetDateTime) -> Result<()> {
    if store::waiting(tx, buyer, now).await? < WAITING_MAX {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{WAITING_MAX} orders of yours were never paid, and their addresses are still watched: pay one of them, or wait until one is not watched any more."
    )))
}

/// The address of an order; none when it is paid in another way.
pub async fn find(tx: &mut ClientTx, id: OrderId) -> Result<Option<Deposit>> {
    store::deposit(tx, id).await
}

/// What arrived for an order, in the order of the chain.
pub async fn arrivals(tx: &mut ClientTx, id: OrderId) -> Result<Vec<Arrived>> {
    store::arrivals(tx, id, ARRIVALS_MAX).await
}

/// How far the chain of this name was read.
pub async fn reach(tx: &mut ClientTx, name: &str) -> Result<Reach> {
    Ok(store::reach(tx, name).await?.unwrap_or_default())
}

/// Arrivals of which something is left that no order was given for, the latest first.
pub async fn left(tx: &mut ClientTx, resolved: bool, window: &Window) -> Result<Vec<Arrived>> {
    store::left(tx, resolved, window).await
}

/// Says what a person did about what is left of an arrival.
///
/// # Errors
/// `NotFound` when nothing is left of such an arrival, `Conflict` when somebody has said it before.
pub async fn resolve(
    tx: &mut ClientTx,
    id: ArrivalId,
    resolution: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let asked = "Say in 1 to 500 characters what was done about it.";
    let resolution = note::said(resolution, asked)?;
    match store::resolve(tx, id, resolution, now).await? {
        None => Err(Error::NotFound("arrival with something left")),
        Some(false) => Err(Error::Conflict("This was resolved before.".into())),
        Some(true) => Ok(()),
    }
}

impl Deposit {
    /// What wallets open: address, token, chain and amount in one (EIP-681).
    pub fn uri(&self) -> String {
        let (chain, amount, address) = (self.chain_id, self.amount, &self.address);
        match self.asset.split_once("/erc20:") {
            Some((_, contract)) => {
                format!("ethereum:{contract}@{chain}/transfer?address={address}&uint256={amount}")
            }
            None => format!("ethereum:{address}@{chain}?value={amount}"),
        }
    }
}

impl Reach {
    /// Blocks from this one up to the top.
    pub fn depth(&self, block_no: i64) -> i64 {
        self.top.map_or(0, |top| (top - block_no + 1).max(0))
    }
}

fn later(at: OffsetDateTime, by: Duration) -> OffsetDateTime {
    let by = time::Duration::try_from(by).unwrap_or(time::Duration::ZERO);
    at.checked_add(by).unwrap_or(at)
}
