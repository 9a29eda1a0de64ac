//! What things cost: rows that are never changed, each from a time on.

use time::{Duration, OffsetDateTime};

use super::store::prices as store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::PriceId,
};

/// The name under which the reading of documents has its price.
pub const INGESTION: &str = "ingestion";
/// Micro-credits of a price at most.
pub const PRICE_MAX: i64 = 1_000_000_000_000;
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
}
