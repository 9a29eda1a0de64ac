//! Stripe: Checkout made on the server, refunds, and events that are believed only when they are
//! signed.
//!
//! Requests are the typed ones of async-stripe; the client that makes them and the few fields that
//! are read are our own: `docs/decisions.md` says why.

mod call;
mod checkout;
mod client;
mod event;
mod intake;
pub mod list;
mod object;
mod refund;
mod request;
mod sign;
mod store;

use anyhow::Result;
use reqwest::{Client, Url};

pub use self::{
    checkout::{cancel, place},
    event::{Event, Told},
    intake::{Taken, find, stray, sweep, take_in},
    object::{dispute_stage, refund_stage},
    refund::{Back, refund},
    sign::verify,
};
use crate::{
    config::{Config, wrong},
    secret::Secret,
};

/// What a success or cancel address says in the place of the order's id.
const ORDER: &str = "{order}";

/// An account at Stripe, and how it is used.
pub struct Stripe {
    http: Client,
    base: Url,
    key: Secret,
    hook_secrets: Vec<Secret>,
    live: bool,
    account: String,
    success_url: String,
    cancel_url: String,
    order_minutes: i64,
}

impl Stripe {
    /// As the settings say; none when they name no key.
    ///
    /// # Errors
    /// When the settings cannot be, with the key to change.
    pub fn open(config: &Config) -> Result<Option<Self>> {
        let Some(key) = config.secret("stripe", "secret_key")? else {
            return Ok(None);
        };
        let live = ["sk_live_", "rk_live_"]
            .iter()
            .any(|kind| key.expose().starts_with(kind));
        let test = ["sk_test_", "rk_test_"]
            .iter()
            .any(|kind| key.expose().starts_with(kind));
        if !live && !test {
            return Err(wrong(
                "[stripe] secret_key begins with sk_live_, sk_test_, rk_live_ or rk_test_",
            ));
        }
        let hook_secrets = hook_secrets(config)?;
        let base: Url = config.value("stripe", "api_base")?;
        let address = |key: &str| -> Result<String> {
            let text = config.text("stripe", key);
            let parsed = Url::parse(&text.replace(ORDER, "order"));
            if !parsed.is_ok_and(|url| ["http", "https"].contains(&url.scheme())) {
                return Err(wrong(format!(
                    "[stripe] {key} = {text}: must be a web address, such as https://example.com/paid?order={ORDER}"
                )));
            }
            Ok(text.to_owned())
        };
        Ok(Some(Self {
            http: client::http(&base)?,
            base,
            key,
            hook_secrets,
            live,
            account: config.text("stripe", "account").to_owned(),
            success_url: address("success_url")?,
            cancel_url: address("cancel_url")?,
            // Stripe keeps a page open for 30 minutes at least and a day at most, by its own clock
            // and from when it is asked, which may be again
            order_minutes: config.number("stripe", "order_minutes", 40..=1_430)? as i64,
        }))
    }

    /// By which events are signed.
    pub fn hook_secrets(&self) -> &[Secret] {
        &self.hook_secrets
    }
}

fn hook_secrets(config: &Config) -> Result<Vec<Secret>> {
    let all = config.secret("stripe", "webhook_secret")?;
    let all = all
        .as_ref()
        .map_or("", Secret::expose)
        .split(',')
        .map(str::trim);
    let all: Vec<Secret> = all
        .filter(|text| !text.is_empty())
        .map(|text| Secret::from(text.to_owned()))
        .collect();
    if all.is_empty() || all.iter().any(|secret| secret.expose().len() < 16) {
        return Err(wrong(
            "[stripe] webhook_secret is missing or shorter than 16 characters: without it no payment is ever heard of",
        ));
    }
    Ok(all)
}
