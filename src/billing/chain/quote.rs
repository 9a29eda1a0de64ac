//! What an amount of a currency costs on chains.

use super::settings::{Chain, Chains, Token};
use crate::{
    billing::order,
    error::{Error, Result},
};

/// What an order costs on a chain.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// What it is paid in.
    pub token: &'a Token,
    /// How much, in the token's smallest unit.
    pub amount: order::Units,
}

impl Chains {
    /// What an amount of a currency costs on a chain, in one of its tokens.
    ///
    /// # Errors
    /// `Invalid` when there is no such way to pay.
    pub fn quote(&self, pay_with: &str, minor: i64, currency: &str) -> Result<Quote<'_>> {
        let found = pay_with.split_once('/').and_then(|(name, symbol)| {
            let chain = self.find(name)?;
            Some((chain, chain.token(symbol)?))
        });
        let fits = |(_, token): &(_, &Token)| token.currency.eq_ignore_ascii_case(currency);
        let (chain, token) = found.filter(fits).ok_or_else(no_chain)?;
        Quote::new(chain, token, minor)
    }

    /// The ways to pay an amount of a currency. What costs more of a token than an order can say is
    /// none.
    pub fn quotes(&self, minor: i64, currency: &str) -> Vec<Quote<'_>> {
        let ways = self.0.iter().flat_map(|chain| {
            let tokens = chain.tokens.iter();
            tokens.map(|token| (chain.as_ref(), token))
        });
        ways.filter(|(_, token)| token.currency.eq_ignore_ascii_case(currency))
            .filter_map(|(chain, token)| Quote::new(chain, token, minor).ok())
            .collect()
    }
}

impl<'a> Quote<'a> {
    fn new(chain: &'a Chain, token: &'a Token, minor: i64) -> Result<Self> {
        let units = token.price.units(minor, token.decimals)?;
        Ok(Self {
            chain,
            token,
            amount: order::Units::parse(&units.to_string())?,
        })
    }

    /// How it is named when ordering.
    pub fn pay_with(&self) -> String {
        format!("{}/{}", self.chain.name, self.token.symbol)
    }
}

/// What is said when an order cannot be paid on a chain.
fn no_chain() -> Error {
    Error::invalid("This server takes no such payment: see the ways to pay that it lists.")
}
