//! Who pays at a client, and how much may be used.

use time::OffsetDateTime;

use super::store::settings as store;
use crate::{
    db::ClientTx,
    error::{Error, Result},
};

/// Uses that a limit names at most.
const USES_MAX: i32 = 1_000_000;

/// Who pays for what the users of a client use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "Payer", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Payer {
    /// Nobody: nothing is set aside, nothing is charged.
    #[default]
    Off,
    /// The client, out of its own wallet.
    Client,
    /// Each user.
    User,
}

/// The settings. Amounts are micro-credits; none: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Billing {
    /// Who pays.
    pub payer: Payer,
    /// Answers that a user gets for nothing every day.
    pub free_uses_per_day: i32,
    /// Of the client, whoever pays.
    pub budget_per_month: Option<i64>,
    /// Of a user.
    pub user_credits_per_day: Option<i64>,
    /// Of a user.
    pub user_credits_per_month: Option<i64>,
    /// Of a user: answers, free ones included.
    pub user_uses_per_day: Option<i32>,
    /// Of a user: answers, free ones included.
    pub user_uses_per_month: Option<i32>,
}

/// The settings of a client; nobody pays unless it is set.
pub async fn find(tx: &mut ClientTx) -> Result<Billing> {
    Ok(store::settings(tx).await?.unwrap_or_default())
}

/// Sets them. A budget counts what was used since the month began, and from the next answer on. The
/// sum of one that was there is kept by what is used, and is left alone.
///
/// # Errors
/// `Invalid` for what cannot be a limit.
pub async fn set(tx: &mut ClientTx, billing: &Billing, now: OffsetDateTime) -> Result<()> {
    billing.check()?;
    let before = find(tx).await?;
    store::set(tx, billing, now).await?;
    if billing.budget_per_month.is_some() && before.budget_per_month.is_none() {
        store::add_month_up(tx, now).await?;
    }
    Ok(())
}

impl Billing {
    fn check(&self) -> Result<()> {
        let uses = [
            Some(self.free_uses_per_day),
            self.user_uses_per_day,
            self.user_uses_per_month,
        ];
        if uses
            .iter()
            .flatten()
            .any(|uses| !(0..=USES_MAX).contains(uses))
        {
            return Err(Error::invalid("A limit of uses is from 0 to 1000000."));
        }
        let credits = [
            self.budget_per_month,
            self.user_credits_per_day,
            self.user_credits_per_month,
        ];
        let max = super::Micros::MAX.get();
        if credits
            .iter()
            .flatten()
            .any(|limit| !(0..=max).contains(limit))
        {
            return Err(Error::invalid(
                "A limit in credits is from 0 to 1000000000.",
            ));
        }
        Ok(())
    }
}
