//! What things cost: rows that are never changed, each from a time on.

use time::{Duration, OffsetDateTime};

use super::{amount::Micros, store::prices as store};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::PriceId,
};

/// The name under which the reading of documents has its price.
pub const INGESTION: &str = "ingestion";
/// Micro-credits of a price at most.
pub const PRICE_MAX: i64 = 1_000_000_000_000;
/// Tokens that prices are said for.
const TOKENS: i128 = 1_000_000;
/// Characters of a model's name at most.
const MODEL_CHARS_MAX: usize = 100;
/// Days ahead that a price is set at most.
const AHEAD_DAYS_MAX: i64 = 3_660;
/// Prices listed at most.
const PRICES_MAX: i64 = 500;

/// Micro-credits: per million tokens, per page, per image. What has none is not sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Rates {
    /// Tokens read.
    pub input: Option<i64>,
    /// Those that the vendor had read before; as `input` when there is none.
    pub cached_input: Option<i64>,
    /// Tokens written.
    pub output: Option<i64>,
    /// Tokens made into vectors.
    pub embedding: Option<i64>,
    /// A page read.
    pub page: Option<i64>,
    /// A picture.
    pub image: Option<i64>,
}

/// A version of a price.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Price {
    /// Its id.
    pub price_id: PriceId,
    /// The model, or [`INGESTION`].
    pub model: String,
    /// The rates.
    #[sqlx(flatten)]
    pub rates: Rates,
    /// From when on it counts.
    pub valid_from: OffsetDateTime,
}

/// What was used, or is going to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Amounts {
    /// Tokens read.
    pub input: u32,
    /// How many of them the vendor had read before.
    pub cached: u32,
    /// Tokens written.
    pub output: u32,
    /// Tokens made into vectors.
    pub embedding: u32,
    /// Pages read.
    pub pages: u32,
    /// Pictures.
    pub images: u32,
}

/// Sets a price from a time on: now, or later.
///
/// # Errors
/// `Invalid` for what cannot be a price, `Taken` when there is one from that very time on.
pub async fn set(
    tx: &mut ClientTx,
    model: &str,
    rates: Rates,
    valid_from: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<Price> {
    let model = model.trim().to_owned();
    let chars = model.chars().count();
    if chars == 0 || chars > MODEL_CHARS_MAX || model.contains('\0') {
        return Err(Error::invalid(
            "A price names a model, in 1 to 100 characters.",
        ));
    }
    rates.check()?;
    let valid_from = valid_from.unwrap_or(now);
    if valid_from < now {
        return Err(Error::invalid(
            "A price counts from now on or from a later time: what was used has had its price.",
        ));
    }
    if valid_from > now + Duration::days(AHEAD_DAYS_MAX) {
        return Err(Error::invalid("A price begins within ten years."));
    }
    let price = Price {
        price_id: PriceId::new(now),
        model,
        rates,
        valid_from,
    };
    store::add(tx, &price, now).await?;
    Ok(price)
}

/// The prices that count now or later; with `all`, those that did, too. By model, the latest first.
pub async fn list(tx: &mut ClientTx, all: bool, now: OffsetDateTime) -> Result<Vec<Price>> {
    store::prices(tx, all, now, PRICES_MAX).await
}

impl Rates {
    fn check(&self) -> Result<()> {
        let all = [
            self.input,
            self.cached_input,
            self.output,
            self.embedding,
            self.page,
            self.image,
        ];
        if all.iter().all(Option::is_none) {
            return Err(Error::invalid("A price sets at least one rate."));
        }
        if all
            .iter()
            .flatten()
            .any(|rate| !(0..=PRICE_MAX).contains(rate))
        {
            return Err(Error::invalid(
                "A rate is from 0 to 1000000 credits, with at most six digits behind the point.",
            ));
        }
        if self.input.is_some() != self.output.is_some() {
            return Err(Error::invalid(
                "input and output belong together: give both or none.",
            ));
        }
        Ok(())
    }

    /// What these amounts cost, rounded up to a whole micro-credit once; none when something of it
    /// has no price.
    pub fn cost(&self, used: &Amounts) -> Option<i64> {
        let millionths = self.millionths(used)?;
        let micros = millionths.saturating_add(TOKENS - 1) / TOKENS;
        // nothing that can be moved at once is dearer
        Some(
            i64::try_from(micros)
                .unwrap_or(i64::MAX)
                .min(Micros::MAX.get()),
        )
    }

    /// Tokens that can be written for `micros` beside these amounts; as many as one likes when they
    /// are free.
    pub fn affordable_output(&self, certain: &Amounts, micros: i64) -> Option<u32> {
        let left = i128::from(micros) * TOKENS - self.millionths(certain)?;
        let rate = i128::from(self.output?);
        if left < 0 {
            return None;
        }
        if rate == 0 {
            return Some(u32::MAX);
        }
        Some(u32::try_from(left / rate).unwrap_or(u32::MAX))
    }

    fn millionths(&self, used: &Amounts) -> Option<i128> {
        let cached = used.cached.min(used.input);
        let parts = [
            (used.input - cached, self.input, 1),
            (cached, self.cached_input.or(self.input), 1),
            (used.output, self.output, 1),
            (used.embedding, self.embedding, 1),
            (used.pages, self.page, TOKENS),
            (used.images, self.image, TOKENS),
        ];
        let mut sum = 0;
        for (amount, rate, times) in parts {
            if amount > 0 {
                sum += i128::from(amount) * i128::from(rate?) * times;
            }
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates {
        input: Some(3_000_000),
        cached_input: Some(300_000),
        output: Some(15_000_000),
        embedding: Some(20_000),
        page: Some(1_000),
        image: None,
    };

    #[test]
    fn amounts_are_rounded_up_once() {
        let used = |input, cached, output, embedding, pages| Amounts {
            input,
            cached,
            output,
            embedding,
            pages,
            images: 0,
        };
        for (used, micros) in [
            (used(0, 0, 0, 0, 0), 0),
            (used(1, 0, 0, 0, 0), 3),
            (used(1_000, 0, 100, 0, 0), 4_500),
            (used(1_000, 1_000, 0, 0, 0), 300),
            // 0.3 of one is one
            (used(1, 1, 0, 0, 0), 1),
            // no more of them are cached than were read
            (used(1, 9, 0, 0, 0), 1),
            (used(0, 0, 0, 50, 2), 2_001),
        ] {
            assert_eq!(RATES.cost(&used), Some(micros), "{used:?}");
        }
        let image = Amounts {
            images: 1,
            ..Amounts::default()
        };
        assert_eq!(RATES.cost(&image), None);
    }

    #[test]
    fn what_is_used_without_end_costs_no_more_than_can_be_moved() {
        let all = u32::MAX;
        let used = Amounts {
            input: all,
            cached: 0,
            output: all,
            embedding: all,
            pages: all,
            images: all,
        };
        let dear = Some(PRICE_MAX);
        let rates = Rates {
            input: dear,
            cached_input: dear,
            output: dear,
            embedding: dear,
            page: dear,
            image: dear,
        };
        assert_eq!(rates.cost(&used), Some(Micros::MAX.get()));
    }

    #[test]
    fn what_can_be_afforded_costs_no_more_than_there_is() {
        let certain = Amounts {
            input: 1_000,
            ..Amounts::default()
        };
        for micros in [0, 2_999, 3_000, 3_001, 3_014, 3_015, 4_500, 1_000_000_007] {
            match RATES.affordable_output(&certain, micros) {
                None => assert!(micros < 3_000, "{micros}"),
                Some(output) => {
                    let used = Amounts { output, ..certain };
                    assert!(RATES.cost(&used).unwrap() <= micros, "{micros}");
                    let output = output + 1;
                    assert!(RATES.cost(&Amounts { output, ..certain }).unwrap() > micros);
                }
            }
        }
        let free = Rates {
            input: Some(0),
            output: Some(0),
            ..Rates::default()
        };
        assert_eq!(free.affordable_output(&certain, 0), Some(u32::MAX));
    }
}
