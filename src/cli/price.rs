//! `concierge price …`, `concierge billing …`

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use concierge::{
    app::App,
    billing::{
        Billing, Payer, Rates,
        amount::{self, credits},
        price, settings,
    },
};
use serde_json::{Value, json};

use super::{client::named, say, told};

#[derive(Subcommand)]
pub enum PriceCommand {
    /// Set what a model costs from now on, in credits; what was used before keeps its price.
    Set {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// The model by its name in config.ini, or `ingestion` for the reading of documents.
        #[arg(long)]
        model: String,
        #[command(flatten)]
        rates: RateArguments,
    },
    /// List what counts now.
    List {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// Earlier prices, too.
        #[arg(long)]
        all: bool,
        /// Print JSON, a line each.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub struct RateArguments {
    /// Per million tokens read.
    #[arg(long, value_parser = rate)]
    input: Option<i64>,
    /// Per million tokens that the vendor had read before; as `--input` unless set.
    #[arg(long, value_parser = rate)]
    cached_input: Option<i64>,
    /// Per million tokens written.
    #[arg(long, value_parser = rate)]
    output: Option<i64>,
    /// Per million tokens made into vectors.
    #[arg(long, value_parser = rate)]
    embedding: Option<i64>,
    /// Per page read.
    #[arg(long, value_parser = rate)]
    page: Option<i64>,
    /// Per picture.
    #[arg(long, value_parser = rate)]
    image: Option<i64>,
}

#[derive(Subcommand)]
pub enum BillingCommand {
    /// Show who pays, and the limits.
    Show {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
    },
    /// Set who pays, and the limits: those that are not named end.
    Set {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// Who pays.
        #[arg(long)]
        payer: PayerArgument,
        /// Answers that a user gets for nothing every day.
        #[arg(long, default_value_t = 0)]
        free_uses_per_day: i32,
        /// Credits that the client spends in a month at most.
        #[arg(long, value_parser = rate)]
        budget_per_month: Option<i64>,
        /// Credits that a user spends in a day at most.
        #[arg(long, value_parser = rate)]
        user_credits_per_day: Option<i64>,
        /// Credits that a user spends in a month at most.
        #[arg(long, value_parser = rate)]
        user_credits_per_month: Option<i64>,
        /// Answers that a user gets in a day at most.
        #[arg(long)]
        user_uses_per_day: Option<i32>,
        /// Answers that a user gets in a month at most.
        #[arg(long)]
        user_uses_per_month: Option<i32>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum PayerArgument {
    Off,
    Client,
    User,
}

fn rate(text: &str) -> Result<i64, String> {
    amount::parse_limit(text).map_err(|error| error.to_string())
}

pub async fn price(app: &App, command: PriceCommand) -> Result<()> {
    match command {
        PriceCommand::Set {
            client,
            model,
            rates,
        } => set_price(app, &client, &model, rates.into()).await,
        PriceCommand::List { client, all, json } => list(app, &client, all, json).await,
    }
}

async fn set_price(app: &App, client: &str, model: &str, rates: Rates) -> Result<()> {
    let client = named(app, client).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    let set = price::set(&mut tx, model, rates, None, app.clock.now()).await;
    let set = set.map_err(told)?;
    tx.commit().await.map_err(told)?;
    say(format!(
        "{} costs this from now on: {}",
        set.model,
        words(&set.rates)
    ))
}

async fn list(app: &App, client: &str, all: bool, json: bool) -> Result<()> {
    let client = named(app, client).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    let prices = price::list(&mut tx, all, app.clock.now()).await;
    for price in prices.map_err(told)? {
        let from = price.valid_from;
        if json {
            let rates: serde_json::Map<String, Value> = named_rates(&price.rates)
                .map(|(name, rate)| (name.to_owned(), json!(rate.map(credits))))
                .collect();
            say(json!({"model": price.model, "valid_from": from.to_string(), "rates": rates}))?;
        } else {
            say(format!(
                "{:<24} from {from}: {}",
                price.model,
                words(&price.rates)
            ))?;
        }
    }
    Ok(())
}

pub async fn billing(app: &App, command: BillingCommand) -> Result<()> {
    let (client, new) = match command {
        BillingCommand::Show { client } => (client, None),
        BillingCommand::Set {
            client,
            payer,
            free_uses_per_day,
            budget_per_month,
            user_credits_per_day,
            user_credits_per_month,
            user_uses_per_day,
            user_uses_per_month,
        } => {
            let billing = Billing {
                payer: payer.into(),
                free_uses_per_day,
                budget_per_month,
                user_credits_per_day,
                user_credits_per_month,
                user_uses_per_day,
                user_uses_per_month,
            };
            (client, Some(billing))
        }
    };
    let client = named(app, &client).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    if let Some(new) = new {
        let set = settings::set(&mut tx, &new, app.clock.now()).await;
        set.map_err(told)?;
    }
    let now = settings::find(&mut tx).await.map_err(told)?;
    tx.commit().await.map_err(told)?;
    say(json!({
        "payer": match now.payer {
            Payer::Off => "off",
            Payer::Client => "client",
            Payer::User => "user",
        },
        "free_uses_per_day": now.free_uses_per_day,
        "budget_per_month": now.budget_per_month.map(credits),
        "user_credits_per_day": now.user_credits_per_day.map(credits),
        "user_credits_per_month": now.user_credits_per_month.map(credits),
        "user_uses_per_day": now.user_uses_per_day,
        "user_uses_per_month": now.user_uses_per_month,
    }))
}

fn named_rates(rates: &Rates) -> impl Iterator<Item = (&'static str, Option<i64>)> {
    [
        ("input", rates.input),
        ("cached_input", rates.cached_input),
        ("output", rates.output),
        ("embedding", rates.embedding),
        ("page", rates.page),
        ("image", rates.image),
    ]
    .into_iter()
}

fn words(rates: &Rates) -> String {
    let set = named_rates(rates).filter_map(|(name, rate)| Some((name, rate?)));
    let set: Vec<String> = set
        .map(|(name, rate)| format!("{name} {}", credits(rate)))
        .collect();
    set.join(", ")
}

impl From<RateArguments> for Rates {
    fn from(rates: RateArguments) -> Self {
        Self {
            input: rates.input,
            cached_input: rates.cached_input,
            output: rates.output,
            embedding: rates.embedding,
            page: rates.page,
            image: rates.image,
        }
    }
}

impl From<PayerArgument> for Payer {
    fn from(payer: PayerArgument) -> Self {
        match payer {
            PayerArgument::Off => Self::Off,
            PayerArgument::Client => Self::Client,
            PayerArgument::User => Self::User,
        }
    }
}
