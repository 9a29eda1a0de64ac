//! What a user may use today and this month, and how much of it is used up.

use time::OffsetDateTime;

use super::{
    settings::Payer,
    store::meters::{self as store, Period},
    wallet::Owner,
};
use crate::{db::ClientTx, error::Result, ids::UserId};

/// What is used up of a day or a month, and the limits; none: no limit. Credits are micro-credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Answers, free ones included.
    pub uses: i32,
    /// At most.
    pub uses_max: Option<i32>,
    /// Credits spent, and set aside for answers being written.
    pub credits: i64,
    /// At most.
    pub credits_max: Option<i64>,
    /// When it starts anew.
    pub ends: Option<OffsetDateTime>,
}

/// What a user may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Who pays.
    pub payer: Payer,
    /// Free answers used today.
    pub free_uses: i32,
    /// Free answers a day.
    pub free_uses_max: i32,
    /// Today.
    pub day: Quota,
    /// This month.
    pub month: Quota,
    /// What all of the client's users spent this month, and its budget; none without one.
    pub budget: Option<(i64, i64)>,
}

/// What this user may use now.
pub async fn find(tx: &mut ClientTx, user: UserId, now: OffsetDateTime) -> Result<Quotas> {
    let Some(terms) = store::terms(tx, now).await? else {
        return Ok(Quotas::default());
    };
    let mut quotas = Quotas {
        payer: terms.billing.payer,
        free_uses_max: terms.billing.free_uses_per_day,
        day: Quota {
            uses_max: terms.billing.user_uses_per_day,
            credits_max: terms.billing.user_credits_per_day,
            ends: Some(terms.day_ends),
            ..Quota::default()
        },
        month: Quota {
            uses_max: terms.billing.user_uses_per_month,
            credits_max: terms.billing.user_credits_per_month,
            ends: Some(terms.month_ends),
            ..Quota::default()
        },
        ..Quotas::default()
    };
    for tally in store::tallies(tx, user.0, &terms).await? {
        let quota = match tally.period {
            Period::Day => {
                quotas.free_uses = tally.free_uses;
                &mut quotas.day
            }
            Period::Month => &mut quotas.month,
        };
        (quota.uses, quota.credits) = (tally.uses, tally.credits);
    }
    if let Some(budget) = terms.billing.budget_per_month {
        let of_client = store::tallies(tx, Owner::Client.id(), &terms).await?;
        let spent = of_client.first().map_or(0, |tally| tally.credits);
        quotas.budget = Some((spent, budget));
    }
    Ok(quotas)
}
