//! What can be bought: credit, packs of uses, passes, and what is paid by the month.

use std::fmt;

use time::OffsetDateTime;

use super::{
    amount::Micros,
    entitlement::{self, Entitlement},
    ledger::{Book, Kind, Posted},
    order,
    store::plans as store,
    wallet::{self, Entry, Owner},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::PlanId,
};

/// Plans that a client offers at most.
const PLANS_MAX: i64 = 200;
/// Characters of a name at most.
pub const NAME_CHARS_MAX: usize = 100;

/// What a plan gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "PlanKind", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Offer {
    /// Credits for a wallet.
    Credit,
    /// Uses: an answer takes one, whatever it costs.
    Uses,
    /// As many answers as quotas allow, for a time.
    Pass,
    /// A fee, taken from the wallet every month.
    Monthly,
}

/// What the time of a pass is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "PassUnit", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PassUnit {
    /// Days.
    Day,
    /// Calendar months.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// A plan. One that is changed becomes another plan, so that what was bought stays what it was.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Plan {
    /// Its id.
    pub plan_id: PlanId,
    /// What it is called.
    pub name: String,
    /// What it gives.
    pub kind: Offer,
    /// Of kind credit what one gets, of the others what it costs; none: it is not sold for credits.
    pub credits: Option<Micros>,
    /// What an order of it costs, in the smallest unit of the currency; none: only for credits.
    pub price_minor: Option<i64>,
    /// The currency, such as `CNY`.
    pub currency: Option<String>,
    /// Uses in a pack.
    pub uses: Option<i32>,
    /// What the time of a pass is counted in.
    pub pass_unit: Option<PassUnit>,
    /// How many of them.
    pub pass_count: Option<i32>,
    /// Whether it is on offer.
    pub enabled: bool,
    /// The plan in whose place it stands.
    pub replaces: Option<PlanId>,
    /// Since when it exists.
    pub created_at: OffsetDateTime,
}

/// A plan to be offered.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// See [`Plan`].
    pub name: String,
    /// See [`Plan`].
    pub kind: Offer,
    /// See [`Plan`].
    pub credits: Option<Micros>,
    /// See [`Plan`].
    pub price_minor: Option<i64>,
    /// See [`Plan`].
    pub currency: Option<String>,
    /// See [`Plan`].
    pub uses: Option<i32>,
    /// See [`Plan`].
    pub pass_unit: Option<PassUnit>,
    /// See [`Plan`].
    pub pass_count: Option<i32>,
}

/// A plan, on offer or not any more.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn find(tx: &mut ClientTx, id: PlanId) -> Result<Plan> {
    store::plan(tx, id).await?.ok_or(Error::NotFound("plan"))
}

/// The plans on offer; with `all`, those that were, too.
pub async fn list(tx: &mut ClientTx, all: bool) -> Result<Vec<Plan>> {
    store::plans(tx, all, PLANS_MAX).await
}

/// Offers a plan, in the place of another when it `replaces` one.
///
/// # Errors
/// `Invalid` for what cannot be offered, `Taken` for the name of another plan on offer, `NotFound`
/// when there is nothing to replace, `Conflict` when that was replaced before.
pub async fn offer(
    tx: &mut ClientTx,
    new: NewPlan,
    replaces: Option<PlanId>,
    now: OffsetDateTime,
) -> Result<Plan> {
    let name = new.name.trim().to_owned();
    let plan = Plan {
        plan_id: PlanId::new(now),
        name,
        kind: new.kind,
        credits: new.credits,
        price_minor: new.price_minor,
        currency: new.currency,
        uses: new.uses,
        pass_unit: new.pass_unit,
        pass_count: new.pass_count,
        enabled: true,
        replaces,
        created_at: now,
    };
    plan.check()?;
    if let Some(old) = replaces {
        enable(tx, old, false).await?;
        if store::is_replaced(tx, old).await? {
            let text = "Another plan stands in the place of this one: change that one.";
            return Err(Error::Conflict(text.into()));
        }
    }
    if store::count(tx).await? >= PLANS_MAX {
        return Err(Error::Conflict(format!(
            "A client offers at most {PLANS_MAX} plans: end some of them first."
        )));
    }
    store::add(tx, &plan).await?;
    Ok(plan)
}

/// Ends an offer, or makes it again.
///
/// # Errors
/// `NotFound` when there is none, `Taken` when another plan on offer has its name.
pub async fn enable(tx: &mut ClientTx, id: PlanId, enabled: bool) -> Result<Plan> {
    if !store::enable(tx, id, enabled).await? {
        return Err(Error::NotFound("plan"));
    }
    find(tx, id).await
}

/// Buys a pack or a pass with credits. Asked for again with the same key, it is bought once.
///
/// # Errors
/// `Conflict` for a plan that is not on offer or not for credits, `OutOfCredit` when the wallet holds
/// less, `Taken` when the key was used for something else.
pub async fn purchase(
    tx: &mut ClientTx,
    owner: Owner,
    plan: &Plan,
    key: &str,
    now: OffsetDateTime,
) -> Result<Posted> {
    let key = format!("purchase {key}");
    let amount = match (plan.kind, plan.credits) {
        (Offer::Uses | Offer::Pass, Some(amount)) => amount,
        _ => return Err(Error::Conflict("This plan is not sold for credits.".into())),
    };
    // one that was bought before its offer ended is not bought again
    if !plan.enabled && entitlement::find(tx, &key).await?.is_none() {
        return Err(Error::Conflict(
            "This plan is not on offer any more.".into(),
        ));
    }
    let entry = Entry {
        amount,
        key: &key,
        subject: Some(plan.plan_id.0),
        note: &plan.name,
    };
    wallet::spend(tx, owner, (Kind::Purchase, Book::Revenue), &entry, now).await?;
    entitlement::grant(tx, owner, plan, &key, now).await
}

/// What was bought by this key.
///
/// # Errors
/// `NotFound` when nothing was.
pub async fn purchased(tx: &mut ClientTx, key: &str) -> Result<Entitlement> {
    let found = entitlement::find(tx, &format!("purchase {key}")).await?;
    found.ok_or(Error::NotFound("entitlement"))
}

impl Plan {
    /// Whether it can be offered: the same rules as the table's, in words.
    fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::invalid(text));
        let chars = self.name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX || self.name.contains('\0') {
            return refuse("A plan has a name of 1 to 100 characters.");
        }
        if self.price_minor.is_some() != self.currency.is_some() {
            return refuse("price_minor and currency belong together: give both or none.");
        }
        if self.price_minor.is_some_and(|price| price <= 0) {
            return refuse("price_minor is more than 0, in the smallest unit of the currency.");
        }
        let letters = |text: &String| {
            (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
        };
        if !self.currency.as_ref().is_none_or(letters) {
            return refuse("currency is 3 to 8 capital letters, such as CNY.");
        }
        if let (Some(price), Some(currency)) = (self.price_minor, &self.currency)
            && !u128::from(price.unsigned_abs()).is_multiple_of(order::step(currency))
        {
            return refuse(&format!(
                "price_minor of {currency} is a multiple of {}: no card is charged less exactly.",
                order::step(currency)
            ));
        }
        if (self.kind == Offer::Uses) != self.uses.is_some() {
            return refuse("uses belongs to plans of kind uses, and they need it.");
        }
        if self
            .uses
            .is_some_and(|uses| !(1..=1_000_000).contains(&uses))
        {
            return refuse("uses is from 1 to 1000000.");
        }
        let pass = self.kind == Offer::Pass;
        if pass != self.pass_unit.is_some() || pass != self.pass_count.is_some() {
            return refuse(
                "pass_unit and pass_count belong to plans of kind pass, which need both.",
            );
        }
        if self
            .pass_count
            .is_some_and(|count| !(1..=366).contains(&count))
        {
            return refuse("pass_count is from 1 to 366.");
        }
        self.check_price()
    }

    fn check_price(&self) -> Result<()> {
        let right = match self.kind {
            Offer::Credit => self.credits.is_some() && self.price_minor.is_some(),
            Offer::Monthly => self.credits.is_some() && self.price_minor.is_none(),
            Offer::Uses | Offer::Pass => self.credits.is_some() || self.price_minor.is_some(),
        };
        if right {
            return Ok(());
        }
        Err(Error::invalid(match self.kind {
            Offer::Credit => {
                "A plan of kind credit says how many credits one gets for which price."
            }
            Offer::Monthly => "A monthly plan costs credits: give credits and no price.",
            Offer::Uses | Offer::Pass => "A plan costs credits, or a price, or either: give one.",
        }))
    }
}

impl PassUnit {
    /// As months and days.
    pub(super) fn months_and_days(self) -> (i32, i32) {
        match self {
            Self::Day => (0, 1),
            Self::Month => (1, 0),
            Self::Quarter => (3, 0),
            Self::Year => (12, 0),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
