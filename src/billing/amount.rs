//! Money as whole micro-credits: a millionth of a credit, the least that is ever booked.

use std::fmt;

use crate::error::{Error, Result};

/// Micro-credits in a credit.
pub const MICROS_PER_CREDIT: i64 = 1_000_000;
/// Credits that one transfer moves at most: far below what a balance of 64 bits can hold, so that
/// sums over a year of such transfers do not overflow.
const CREDITS_MAX: i64 = 1_000_000_000;
/// Digits behind the point.
const DECIMALS: usize = 6;

/// An amount in micro-credits that can be moved: from 1 to 10^15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct Micros(i64);

impl Micros {
    /// The most that is moved at once.
    pub const MAX: Self = Self(CREDITS_MAX * MICROS_PER_CREDIT);

    /// An amount in micro-credits.
    ///
    /// # Errors
    /// `Invalid` for nothing, less than nothing, and more than 10^9 credits.
    pub fn new(micros: i64) -> Result<Self> {
        if !(1..=CREDITS_MAX * MICROS_PER_CREDIT).contains(&micros) {
            return Err(Error::invalid(format!(
                "An amount is from 0.000001 to {CREDITS_MAX} credits."
            )));
        }
        Ok(Self(micros))
    }

    /// Credits as people write them: ASCII digits, at most six behind a point. No sign, no exponent,
    /// no separators; what cannot be booked to the last digit is refused rather than rounded.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "Write credits as digits, such as 20 or 0.5, with at most six behind the point.",
            )
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 12 || part.len() > DECIMALS {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let part: i64 = format!("{part:0<DECIMALS$}").parse().map_err(|_| wrong())?;
        Self::new(whole.saturating_mul(MICROS_PER_CREDIT).saturating_add(part))
    }

    /// In micro-credits.
    pub fn get(self) -> i64 {
        self.0
    }

    /// What is left of it after `taken`; none when that is all.
    pub fn minus(self, taken: Self) -> Option<Self> {
        Some(Self(self.0 - taken.0)).filter(|rest| rest.0 > 0)
    }
}

/// A price or limit in credits, as people write it: as an amount, or nothing at all. In
/// micro-credits.
///
/// # Errors
/// Those of [`Micros::parse`].
pub fn parse_limit(text: &str) -> Result<i64> {
    match text {
        "0" => Ok(0),
        text => Micros::parse(text).map(Micros::get),
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&credits(self.0))
    }
}

/// Micro-credits as credits, without needless zeros.
pub fn credits(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (micros, unit) = (micros.unsigned_abs(), MICROS_PER_CREDIT.unsigned_abs());
    let text = format!("{sign}{}.{:06}", micros / unit, micros % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_are_read_to_the_last_digit() {
        for (text, micros) in [
            ("1", 1_000_000),
            ("0.000001", 1),
            ("12.5", 12_500_000),
            ("000000000007", 7_000_000),
            ("1000000000", 1_000_000_000_000_000),
        ] {
            assert_eq!(Micros::parse(text).unwrap().get(), micros, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "0",
            "0.0000000",
            "0.0000001",
            "-1",
            "+1",
            "1e3",
            "1E308",
            "NaN",
            "inf",
            "1,5",
            "1 000",
            "１",
            "٣",
            "1000000000.000001",
            "99999999999999999999",
            "0x10",
            "1.5.0",
        ] {
            assert!(Micros::parse(text).is_err(), "{text}");
        }
        for micros in [0, -1, i64::MIN, i64::MAX] {
            assert!(Micros::new(micros).is_err(), "{micros}");
        }
    }

    #[test]
    fn credits_are_written_as_they_are_read() {
        for (micros, text) in [
            (1, "0.000001"),
            (1_500_000, "1.5"),
            (20_000_000, "20"),
            (0, "0"),
            (-250_000, "-0.25"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(credits(micros), text);
        }
    }
}
