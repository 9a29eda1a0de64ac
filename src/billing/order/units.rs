//! Money outside the ledger: whole units of a currency, the smallest that there are of it.

use std::fmt;

use crate::error::{Error, Result};

/// Units at most: a hundred thousand of a coin with 18 decimals. A thousand million credits times
/// as many units still fit 128 bits.
const UNITS_MAX: u128 = 100_000_000_000_000_000_000_000;

/// Cents of a dollar, wei of an ether: never a fraction, never below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units(u128);

impl Units {
    /// An amount.
    ///
    /// # Errors
    /// `Invalid` for more than 10^23.
    pub fn new(units: u128) -> Result<Self> {
        if units > UNITS_MAX {
            return Err(Error::invalid("An amount has at most 10^23 units."));
        }
        Ok(Self(units))
    }

    /// An amount of a bank's money.
    pub const fn cents(units: u64) -> Self {
        Self(units as u128)
    }

    /// An amount as people and providers write it: ASCII digits, more than zero.
    pub fn parse(text: &str) -> Result<Self> {
        let digits = (1..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let units = text.parse().ok().filter(|units| digits && *units > 0);
        let units = units.ok_or_else(|| {
            Error::invalid(
                "Write an amount as digits: whole units of the currency's smallest coin, such as 1250 for 12.50.",
            )
        })?;
        Self::new(units)
    }

    /// As a number.
    pub fn get(self) -> u128 {
        self.0
    }

    /// As a provider of bank money counts.
    ///
    /// # Errors
    /// `Invalid` for more than 2^63.
    pub fn of_a_bank(self) -> Result<i64> {
        i64::try_from(self.0).map_err(|_| Error::invalid("No bank moves as much money at once."))
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, as far as there can be one.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What this part of `whole` is of `micros`, without what does not make a whole one.
    pub fn share(self, whole: Self, micros: i64) -> i64 {
        if self >= whole {
            return micros;
        }
        let share = u128::from(micros.unsigned_abs()).saturating_mul(self.0) / whole.0;
        i64::try_from(share).unwrap_or(micros)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Out of the database.
impl TryFrom<String> for Units {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// A currency as providers write it: `usd`, `usdt`.
///
/// # Errors
/// `Invalid` for anything but 3 to 12 ASCII letters and digits.
pub fn currency(text: &str) -> Result<String> {
    let plain = (3..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain {
        return Err(Error::invalid(
            "A currency is written with 3 to 12 letters or digits, such as usd.",
        ));
    }
    Ok(text.to_ascii_lowercase())
}

/// Currencies that Stripe counts in whole ones, and those with three decimals; all others have two.
const NO_DECIMALS: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];
const THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Digits behind the point of any bank's money at most.
const BANK_DECIMALS_MAX: usize = 3;

/// What an amount of a currency is a multiple of, by Stripe's rules: krónur and Ugandan shillings are
/// whole though they are counted in hundredths, and the last of three decimals is 0.
pub fn step(currency: &str) -> u128 {
    match currency.to_ascii_lowercase().as_str() {
        "isk" | "ugx" => 100,
        currency if THREE_DECIMALS.contains(&currency) => 10,
        _ => 1,
    }
}

/// Digits behind the point of a bank's money.
pub fn decimals(currency: &str) -> i32 {
    match currency {
        _ if NO_DECIMALS.contains(&currency) => 0,
        _ if THREE_DECIMALS.contains(&currency) => 3,
        _ => 2,
    }
}

/// Money as people write it: `12.50 USD`, and tokens without the zeros at their end: `12.5 USDT`.
pub(super) fn written(units: Units, decimals: u32, currency: &str) -> String {
    let (digits, name) = (units.to_string(), currency.to_ascii_uppercase());
    let decimals = decimals as usize;
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    let part = match decimals {
        0..=BANK_DECIMALS_MAX => part,
        _ => part.trim_end_matches('0'),
    };
    match part {
        "" => format!("{whole} {name}"),
        part => format!("{whole}.{part} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "0",
            "00",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.5",
            "1,5",
            "1e3",
            "1e308",
            "NaN",
            "inf",
            "１２",
            "٣",
            "0x10",
            "1_000",
            "100000000000000000000001",
            "9999999999999999999999999",
        ] {
            assert!(Units::parse(text).is_err(), "{text}");
        }
        assert_eq!(Units::parse("0012").unwrap().get(), 12);
    }

    #[test]
    fn money_is_written_with_the_decimals_of_its_currency() {
        for (units, name, text) in [
            (1250, "usd", "12.50 USD"),
            (1200, "usd", "12.00 USD"),
            (5, "eur", "0.05 EUR"),
            (500, "jpy", "500 JPY"),
            (3_800_000, "ugx", "38000.00 UGX"),
            (1005, "kwd", "1.005 KWD"),
        ] {
            let decimals = decimals(name).unsigned_abs();
            assert_eq!(written(Units::cents(units), decimals, name), text);
        }
        for (units, decimals, text) in [
            (12_500_000, 6, "12.5 USDT"),
            (12_000_000, 6, "12 USDT"),
            (1, 18, "0.000000000000000001 USDT"),
            (0, 18, "0 USDT"),
            (1, 36, "0.000000000000000000000000000000000001 USDT"),
        ] {
            assert_eq!(written(Units::cents(units), decimals, "usdt"), text);
        }
    }

    #[test]
    fn a_currency_is_letters_and_digits() {
        assert_eq!(currency("USD").unwrap(), "usd");
        for text in ["", "us", "u$d", "美元x", "usd ", "abcdefghijklm"] {
            assert!(currency(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_never_make_more_than_the_whole(
            micros in 1_i64..=1_000_000_000_000_000,
            whole in 1_u128..=UNITS_MAX,
            cut in 0_u128..=UNITS_MAX,
        ) {
            let whole = Units::new(whole).unwrap();
            let (part, rest) = (Units(cut.min(whole.0)), Units(whole.0 - cut.min(whole.0)));
            let (one, two) = (part.share(whole, micros), rest.share(whole, micros));
            prop_assert!(one >= 0 && two >= 0 && one + two <= micros && one + two >= micros - 1);
            prop_assert_eq!(whole.share(whole, micros), micros);
        }
    }
}
