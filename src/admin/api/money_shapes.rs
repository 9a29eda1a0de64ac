//! What is said of the money of clients. Amounts are credits as decimal text, exact to a millionth.

use poem_openapi::{Object, types::Example};
use time::OffsetDateTime;

use crate::{
    billing::{
        Billing, Micros, NewPlan, Offer, Payer, Price, Rates, Wallet,
        amount::{credits, parse_limit},
        plan::PassUnit,
    },
    error::Result,
    http::example,
    ids::{PlanId, PriceId},
};

/// Who pays for what the users of a client use, and how much that may be. Null: no limit.
#[derive(Object, Debug)]
#[oai(rename = "Billing", example)]
pub struct BillingBody {
    /// Who pays.
    payer: Payer,
    /// Answers that a user gets for nothing every day.
    free_uses_per_day: i32,
    /// Credits of all users in a month.
    budget_per_month: Option<String>,
    /// Credits of a user in a day.
    user_credits_per_day: Option<String>,
    /// Credits of a user in a month.
    user_credits_per_month: Option<String>,
    /// Answers of a user in a day, free ones included.
    user_uses_per_day: Option<i32>,
    /// Answers of a user in a month, free ones included.
    user_uses_per_month: Option<i32>,
}

/// A version of a price. What has no rate is not sold.
#[derive(Object, Debug)]
#[oai(rename = "Price", example)]
pub struct PriceBody {
    /// Its id.
    id: PriceId,
    /// The model by its name, or `ingestion` for the reading of documents.
    model: String,
    /// Per million tokens read.
    input: Option<String>,
    /// Per million tokens that the vendor had read before; as `input` when there is none.
    cached_input: Option<String>,
    /// Per million tokens written.
    output: Option<String>,
    /// Per million tokens made into vectors.
    embedding: Option<String>,
    /// Per page read.
    page: Option<String>,
    /// Per picture.
    image: Option<String>,
    /// From when on it counts.
    valid_from: OffsetDateTime,
}

/// Prices.
#[derive(Object, Debug)]
#[oai(example)]
pub struct PriceList {
    /// By model, the latest first, at most 500.
    pub items: Vec<PriceBody>,
}

/// A price to be. What was used before keeps the one that it had.
#[derive(Object, Debug)]
#[oai(example)]
pub struct NewPrice {
    /// The model by its name, or `ingestion` for the reading of documents.
    pub model: String,
    /// Per million tokens read.
    input: Option<String>,
    /// Per million tokens that the vendor had read before; as `input` when there is none.
    cached_input: Option<String>,
    /// Per million tokens written.
    output: Option<String>,
    /// Per million tokens made into vectors.
    embedding: Option<String>,
    /// Per page read.
    page: Option<String>,
    /// Per picture.
    image: Option<String>,
    /// From when on it counts; now unless said otherwise.
    pub valid_from: Option<OffsetDateTime>,
}

/// A plan to be.
#[derive(Object, Debug)]
#[oai(rename = "NewPlan", example)]
pub struct NewPlanBody {
    /// What it is called, 1 to 100 characters.
    name: String,
    /// What it gives.
    kind: Offer,
    /// Of kind credit what one gets, of the others what it costs.
    credits: Option<String>,
    /// What an order of it costs, in the smallest unit of the currency.
    price_minor: Option<i64>,
    /// The currency, such as CNY.
    currency: Option<String>,
    /// Uses in a pack.
    uses: Option<i32>,
    /// What the time of a pass is counted in.
    pass_unit: Option<PassUnit>,
    /// How many of them.
    pass_count: Option<i32>,
    /// The plan in whose place it stands, and whose offer ends.
    pub replaces: Option<PlanId>,
}

/// Whether a plan is on offer.
#[derive(Object, Debug)]
#[oai(example)]
pub struct PlanChange {
    /// Whether it is on offer.
    pub enabled: bool,
}

/// Credits for nothing.
#[derive(Object, Debug)]
#[oai(example)]
pub struct Gift {
    /// The partner's id of the user; absent: the client itself.
    pub user: Option<String>,
    /// How many, such as 20 or 0.5.
    pub credits: String,
    /// Names this gift, in 1 to 100 bytes: with the same key it is given once.
    pub key: String,
    /// What it is for, at most 500 characters; the owner of the wallet reads it.
    #[oai(default)]
    pub note: String,
}

/// What a wallet holds.
#[derive(Object, Debug)]
#[oai(rename = "ClientWallet", example)]
pub struct WalletOf {
    /// To spend.
    balance: String,
    /// Set aside for answers being written.
    held: String,
}

fn limit(text: Option<&String>) -> Result<Option<i64>> {
    text.map(|text| parse_limit(text)).transpose()
}

impl BillingBody {
    pub fn read(&self) -> Result<Billing> {
        Ok(Billing {
            payer: self.payer,
            free_uses_per_day: self.free_uses_per_day,
            budget_per_month: limit(self.budget_per_month.as_ref())?,
            user_credits_per_day: limit(self.user_credits_per_day.as_ref())?,
            user_credits_per_month: limit(self.user_credits_per_month.as_ref())?,
            user_uses_per_day: self.user_uses_per_day,
            user_uses_per_month: self.user_uses_per_month,
        })
    }

    /// For the list of what operators did.
    pub fn words(&self) -> String {
        format!("{self:?}")
    }
}

impl NewPrice {
    pub fn rates(&self) -> Result<Rates> {
        Ok(Rates {
            input: limit(self.input.as_ref())?,
            cached_input: limit(self.cached_input.as_ref())?,
            output: limit(self.output.as_ref())?,
            embedding: limit(self.embedding.as_ref())?,
            page: limit(self.page.as_ref())?,
            image: limit(self.image.as_ref())?,
        })
    }

    /// For the list of what operators did.
    pub fn words(&self) -> String {
        format!("{self:?}")
    }
}

impl NewPlanBody {
    pub fn read(self) -> Result<NewPlan> {
        let credits = self.credits.map(|text| Micros::parse(&text)).transpose()?;
        Ok(NewPlan {
            name: self.name,
            kind: self.kind,
            credits,
            price_minor: self.price_minor,
            currency: self.currency,
            uses: self.uses,
            pass_unit: self.pass_unit,
            pass_count: self.pass_count,
        })
    }
}

impl From<Billing> for BillingBody {
    fn from(billing: Billing) -> Self {
        Self {
            payer: billing.payer,
            free_uses_per_day: billing.free_uses_per_day,
            budget_per_month: billing.budget_per_month.map(credits),
            user_credits_per_day: billing.user_credits_per_day.map(credits),
            user_credits_per_month: billing.user_credits_per_month.map(credits),
            user_uses_per_day: billing.user_uses_per_day,
            user_uses_per_month: billing.user_uses_per_month,
        }
    }
}

impl From<Price> for PriceBody {
    fn from(price: Price) -> Self {
        Self {
            id: price.price_id,
            model: price.model,
            input: price.rates.input.map(credits),
            cached_input: price.rates.cached_input.map(credits),
            output: price.rates.output.map(credits),
            embedding: price.rates.embedding.map(credits),
            page: price.rates.page.map(credits),
            image: price.rates.image.map(credits),
            valid_from: price.valid_from,
        }
    }
}

impl From<Wallet> for WalletOf {
    fn from(wallet: Wallet) -> Self {
        Self {
            balance: credits(wallet.balance),
            held: credits(wallet.held),
        }
    }
}

impl Example for BillingBody {
    fn example() -> Self {
        Self {
            payer: Payer::User,
            free_uses_per_day: 3,
            budget_per_month: Some("10000".into()),
            user_credits_per_day: Some("20".into()),
            user_credits_per_month: None,
            user_uses_per_day: Some(100),
            user_uses_per_month: None,
        }
    }
}

impl Example for PriceBody {
    fn example() -> Self {
        Self {
            id: PriceId(example::id(0x43)),
            model: "default".into(),
            input: Some("3".into()),
            cached_input: Some("0.3".into()),
            output: Some("15".into()),
            embedding: None,
            page: None,
            image: None,
            valid_from: example::time(),
        }
    }
}

impl Example for PriceList {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for NewPrice {
    fn example() -> Self {
        Self {
            model: "default".into(),
            input: Some("3".into()),
            cached_input: Some("0.3".into()),
            output: Some("15".into()),
            embedding: None,
            page: None,
            image: None,
            valid_from: None,
        }
    }
}

impl Example for NewPlanBody {
    fn example() -> Self {
        Self {
            name: "50 次".into(),
            kind: Offer::Uses,
            credits: Some("20".into()),
            price_minor: Some(1_990),
            currency: Some("CNY".into()),
            uses: Some(50),
            pass_unit: None,
            pass_count: None,
            replaces: None,
        }
    }
}

impl Example for PlanChange {
    fn example() -> Self {
        Self { enabled: false }
    }
}

impl Example for Gift {
    fn example() -> Self {
        Self {
            user: Some("u-1001".into()),
            credits: "20".into(),
            key: "welcome-2026".into(),
            note: "Welcome".into(),
        }
    }
}

impl Example for WalletOf {
    fn example() -> Self {
        Wallet {
            balance: 20_000_000,
            held: 0,
        }
        .into()
    }
}
