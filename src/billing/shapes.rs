//! Plans, quotas and usage as the document shows them. Amounts are credits as decimal text, exact to
//! a millionth.

use poem_openapi::{Enum, Object, types::Example};
use time::{Date, OffsetDateTime, macros::date};

use super::{
    Entitlement, Offer, Owner, Payer, Plan,
    amount::credits,
    order::Provider,
    plan::PassUnit,
    quotas::{Quota, Quotas},
    usage::UsageLine,
};
use crate::{
    error::{Error, Result},
    http::example,
    identity::{Member, Role},
    ids::{EntitlementId, PlanId},
};

/// Something that can be bought.
#[derive(Object, Debug)]
#[oai(rename = "Plan", example)]
pub struct PlanBody {
    /// Its id. A plan that is changed has another one.
    pub id: PlanId,
    /// What it is called.
    pub name: String,
    /// What it gives.
    pub kind: Offer,
    /// Of kind credit what one gets, of the others what it costs; null: it is not sold for credits.
    pub credits: Option<String>,
    /// What an order of it costs, in the smallest unit of the currency; null: only for credits.
    pub price_minor: Option<i64>,
    /// The currency.
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

/// Plans, and how they are paid.
#[derive(Object, Debug)]
#[oai(rename = "PlanList", example)]
pub struct OfferList {
    /// The latest first, at most 200.
    pub items: Vec<PlanBody>,
    /// By whom the money of an order can come here; none: plans are sold for credits only.
    pub providers: Vec<Provider>,
}

/// Plans, those whose offer has ended too.
#[derive(Object, Debug)]
#[oai(example)]
pub struct PlanList {
    /// The latest first, at most 200.
    pub items: Vec<PlanBody>,
}

/// A pack of uses or a pass.
#[derive(Object, Debug)]
#[oai(rename = "Entitlement", example)]
pub struct EntitlementBody {
    /// Its id.
    id: EntitlementId,
    /// The plan it came from.
    plan_id: PlanId,
    /// What that is called.
    name: String,
    /// A pack of uses or a pass.
    kind: Offer,
    /// Uses in the pack.
    uses: Option<i32>,
    /// Uses that are gone, or set aside for an answer being written.
    used: i32,
    /// From when on it counts.
    starts_at: OffsetDateTime,
    /// Until when; null: it does not run out.
    ends_at: Option<OffsetDateTime>,
}

/// Packs and passes that can be used now or later.
#[derive(Object, Debug)]
#[oai(example)]
pub struct EntitlementList {
    /// The oldest first, at most 100.
    pub items: Vec<EntitlementBody>,
}

/// What is used up of a day or a month.
#[derive(Object, Debug)]
#[oai(rename = "Quota", example)]
pub struct QuotaBody {
    /// Answers, free ones included.
    uses: i32,
    /// At most; null: no limit.
    uses_max: Option<i32>,
    /// Credits spent, and set aside for answers being written.
    credits: String,
    /// At most; null: no limit.
    credits_max: Option<String>,
    /// When it starts anew; null where nobody pays.
    ends: Option<OffsetDateTime>,
}

/// What you may use. Free answers of the day are used first, then a pass, then packs, then credits.
#[derive(Object, Debug)]
#[oai(rename = "Quotas", example)]
pub struct QuotasBody {
    /// Who pays.
    payer: Payer,
    /// Free answers used today.
    free_uses: i32,
    /// Free answers a day.
    free_uses_max: i32,
    /// Today.
    day: QuotaBody,
    /// This month.
    month: QuotaBody,
    /// What all users spent this month; for managers.
    budget_spent: Option<String>,
    /// What they may spend; for managers, null: no limit.
    budget: Option<String>,
}

/// Whose usage or money is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum UsageOf {
    /// Your own.
    #[default]
    Me,
    /// That of all users, or what the client pays with for them: for managers.
    Client,
}

impl UsageOf {
    /// Who that is, for one who may ask.
    ///
    /// # Errors
    /// `Forbidden` unless it is one's own or one is a manager.
    pub fn owner(self, who: &Member) -> Result<Owner> {
        match self {
            Self::Me => Ok(Owner::User(who.user().user_id)),
            Self::Client if who.user().role == Role::Manager => Ok(Owner::Client),
            Self::Client => Err(Error::Forbidden("This is for managers.".into())),
        }
    }
}

/// What was used of a model on a day.
#[derive(Object, Debug)]
#[oai(rename = "UsageLine", example)]
pub struct UsageLineBody {
    /// The day, where the client is.
    day: Date,
    /// The model, or `ingestion` for documents.
    model: String,
    /// Answers, or documents read.
    count: i64,
    /// Tokens read.
    input_tokens: i64,
    /// Tokens written.
    output_tokens: i64,
    /// Tokens made into vectors.
    embedding_tokens: i64,
    /// Pages read.
    pages: i64,
    /// Credits charged.
    charged: String,
}

/// What was used.
#[derive(Object, Debug)]
#[oai(example)]
pub struct UsageList {
    /// The latest day first.
    pub items: Vec<UsageLineBody>,
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.plan_id,
            name: plan.name,
            kind: plan.kind,
            credits: plan.credits.map(|credits| credits.to_string()),
            price_minor: plan.price_minor,
            currency: plan.currency,
            uses: plan.uses,
            pass_unit: plan.pass_unit,
            pass_count: plan.pass_count,
            enabled: plan.enabled,
            replaces: plan.replaces,
            created_at: plan.created_at,
        }
    }
}

impl From<Entitlement> for EntitlementBody {
    fn from(owned: Entitlement) -> Self {
        Self {
            id: owned.entitlement_id,
            plan_id: owned.plan_id,
            name: owned.name,
            kind: owned.kind,
            uses: owned.uses,
            used: owned.used,
            starts_at: owned.starts_at,
            ends_at: owned.ends_at,
        }
    }
}

impl From<Quota> for QuotaBody {
    fn from(quota: Quota) -> Self {
        Self {
            uses: quota.uses,
            uses_max: quota.uses_max,
            credits: credits(quota.credits),
            credits_max: quota.credits_max.map(credits),
            ends: quota.ends,
        }
    }
}

impl QuotasBody {
    /// With the budget, for those who may see it.
    pub fn new(quotas: Quotas, of_manager: bool) -> Self {
        let budget = quotas.budget.filter(|_| of_manager);
        Self {
            payer: quotas.payer,
            free_uses: quotas.free_uses,
            free_uses_max: quotas.free_uses_max,
            day: quotas.day.into(),
            month: quotas.month.into(),
            budget_spent: budget.map(|(spent, _)| credits(spent)),
            budget: budget.map(|(_, budget)| credits(budget)),
        }
    }
}

impl From<UsageLine> for UsageLineBody {
    fn from(line: UsageLine) -> Self {
        Self {
            day: line.day,
            model: line.model,
            count: line.count,
            input_tokens: line.input_tokens,
            output_tokens: line.output_tokens,
            embedding_tokens: line.embedding_tokens,
            pages: line.pages,
            charged: credits(line.charged),
        }
    }
}

impl Example for PlanBody {
    fn example() -> Self {
        Self {
            id: PlanId(example::id(0x41)),
            name: "50 次".into(),
            kind: Offer::Uses,
            credits: Some("20".into()),
            price_minor: Some(1_990),
            currency: Some("CNY".into()),
            uses: Some(50),
            pass_unit: None,
            pass_count: None,
            enabled: true,
            replaces: None,
            created_at: example::time(),
        }
    }
}

impl Example for OfferList {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
            providers: vec![Provider::Stripe],
        }
    }
}

impl Example for PlanList {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for EntitlementBody {
    fn example() -> Self {
        Self {
            id: EntitlementId(example::id(0x42)),
            plan_id: PlanId(example::id(0x41)),
            name: "50 次".into(),
            kind: Offer::Uses,
            uses: Some(50),
            used: 3,
            starts_at: example::time(),
            ends_at: None,
        }
    }
}

impl Example for EntitlementList {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}

impl Example for QuotaBody {
    fn example() -> Self {
        Quota {
            uses: 4,
            uses_max: Some(100),
            credits: 1_250_000,
            credits_max: Some(20_000_000),
            ends: Some(example::time()),
        }
        .into()
    }
}

impl Example for QuotasBody {
    fn example() -> Self {
        Self {
            payer: Payer::User,
            free_uses: 3,
            free_uses_max: 3,
            day: Example::example(),
            month: Example::example(),
            budget_spent: None,
            budget: None,
        }
    }
}

impl Example for UsageLineBody {
    fn example() -> Self {
        UsageLine {
            day: date!(2026 - 03 - 01),
            model: "default".into(),
            count: 12,
            input_tokens: 18_400,
            output_tokens: 2_150,
            embedding_tokens: 0,
            pages: 0,
            charged: 87_450,
        }
        .into()
    }
}

impl Example for UsageList {
    fn example() -> Self {
        Self {
            items: vec![Example::example()],
        }
    }
}
