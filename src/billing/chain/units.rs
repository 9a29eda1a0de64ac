//! Amounts of a token, in the smallest unit its contract knows: whole numbers of 256 bits.

use std::fmt;

use crypto_bigint::{CheckedAdd as _, CheckedSub as _, NonZero, U256};

use crate::error::{Error, Result};

/// Decimals that a token has at most; those in use have 6, 8 or 18.
pub const DECIMALS_MAX: u32 = 36;
/// Digits behind the point of a price.
const PRICE_DECIMALS: usize = 6;
/// Digits of the largest amount.
const DIGITS_MAX: usize = 78;

/// An amount of a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Units(U256);

impl Units {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// As digits, the way the database writes it; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (1..=DIGITS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = || U256::from_str_radix_vartime(text, 10).ok();
        digits.then(number).flatten().map(Self)
    }

    /// As a node writes quantities (`0x1f`) and words of 32 bytes; none for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0x")?;
        let hex =
            (1..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| Self(U256::from_be_hex(&format!("{digits:0>64}"))))
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Both together; none when no contract could hold that much.
    pub fn plus(self, other: Self) -> Option<Self> {
        Option::from(self.0.checked_add(&other.0)).map(Self)
    }

    /// What is left of it after `other`; nothing when that is more.
    pub fn minus(self, other: Self) -> Self {
        Option::from(self.0.checked_sub(&other.0)).map_or(Self::ZERO, Self)
    }

    /// As people write it, in whole tokens with a point.
    pub fn in_tokens(self, decimals: u32) -> String {
        let (digits, decimals) = (self.to_string(), decimals as usize);
        let digits = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        let part = part.trim_end_matches('0');
        if part.is_empty() {
            return whole.to_owned();
        }
        format!("{whole}.{part}")
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string_radix_vartime(10))
    }
}

/// Out of the database.
impl TryFrom<String> for Units {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| anyhow::anyhow!("{text} is no amount of a token"))
    }
}

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a whole token is worth, in the smallest unit of a currency (cents), to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price(u64);

impl Price {
    /// Reads `100` or `99.98`; none for nothing, less than nothing and what is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 12 || part.len() > PRICE_DECIMALS {
            return None;
        }
        let price: u64 = format!("{whole}{part:0<PRICE_DECIMALS$}").parse().ok()?;
        (price > 0).then_some(Self(price))
    }

    /// The units that are worth an amount of the currency, rounded up.
    ///
    /// # Errors
    /// `Invalid` for amounts that are not positive.
    pub fn units(self, minor: i64, decimals: u32) -> Result<Units> {
        let wrong = || Error::invalid("This amount cannot be paid on a chain.");
        let minor = u64::try_from(minor).ok().filter(|minor| *minor > 0);
        let times = |number: U256, by: u64| {
            Option::<U256>::from(number.checked_mul(&U256::from_u64(by))).ok_or_else(wrong)
        };
        let mut worth = times(U256::from_u64(minor.ok_or_else(wrong)?), 1_000_000)?;
        for _ in 0..decimals.min(DECIMALS_MAX) {
            worth = times(worth, 10)?;
        }
        let price = NonZero::new(U256::from_u64(self.0)).into_option();
        let (units, rest) = worth.div_rem_vartime(&price.ok_or_else(wrong)?);
        let up = if rest == U256::ZERO {
            U256::ZERO
        } else {
            U256::ONE
        };
        Units(units).plus(Units(up)).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_nodes_and_the_database_write_them() {
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        for (hex, text) in [
            ("0x0", "0"),
            ("0x1f", "31"),
            (
                "0x00000000000000000000000000000000000000000000000000000000000f4240",
                "1000000",
            ),
            (
                "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                most,
            ),
        ] {
            assert_eq!(Units::from_hex(hex).unwrap().to_string(), text);
            assert_eq!(Units::parse(text), Units::from_hex(hex));
        }
        let past = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
        for wrong in ["", "-1", "+1", "1_0", "1e3", "NaN", "１", "1.0", past] {
            assert_eq!(Units::parse(wrong), None, "{wrong}");
        }
        let long = format!("0x1{}", "0".repeat(64));
        for wrong in ["", "0x", "1f", "0x-1", "0xg", long.as_str()] {
            assert_eq!(Units::from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_do_not_wrap() {
        let most = Units::from_hex(&format!("0x{}", "f".repeat(64))).unwrap();
        let one = Units::parse("1").unwrap();
        assert_eq!(most.plus(one), None);
        assert_eq!(one.minus(most), Units::ZERO);
        assert_eq!(most.minus(one).plus(one), Some(most));
        assert!(one < most && Units::ZERO.is_zero());
    }

    #[test]
    fn amounts_are_written_in_tokens() {
        for (units, decimals, text) in [
            ("12500000", 6, "12.5"),
            ("1", 18, "0.000000000000000001"),
            ("1000000", 6, "1"),
            ("0", 6, "0"),
            ("7", 0, "7"),
        ] {
            assert_eq!(Units::parse(units).unwrap().in_tokens(decimals), text);
        }
    }

    #[test]
    fn a_price_leads_to_units_rounded_up() {
        for (price, minor, decimals, units) in [
            ("100", 500, 6, "5000000"),
            ("100", 1, 6, "10000"),
            ("99.98", 9_998, 6, "100000000"),
            // 5 dollars of a coin at 3,200.01
            ("320001", 500, 18, "1562495117202759"),
            ("3", 1, 0, "1"),
            ("0.000001", 1, 0, "1000000"),
        ] {
            let price = Price::parse(price).unwrap();
            assert_eq!(price.units(minor, decimals).unwrap().to_string(), units);
        }
        for wrong in [
            "",
            "0",
            "0.0",
            "-1",
            "1e3",
            "NaN",
            "1.",
            ".5",
            "0.0000001",
            "٣",
        ] {
            assert_eq!(Price::parse(wrong), None, "{wrong}");
        }
        let price = Price::parse("0.000001").unwrap();
        assert!(price.units(0, 6).is_err() && price.units(-5, 6).is_err());
        assert!(price.units(i64::MAX, 36).is_ok());
    }
}
