//! Packs of uses and passes: what their owners have, and may use before any credit is spent.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    ledger::Posted,
    plan::{Offer, Plan},
    store::entitlements as store,
    wallet::{self, Owner},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::{EntitlementId, PlanId},
};

/// Entitlements shown at most: those that still count, the oldest first.
const SHOWN_MAX: i64 = 100;

/// A pack of uses or a pass.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entitlement {
    /// Its id.
    pub entitlement_id: EntitlementId,
    pub(super) owner_id: Uuid,
    /// The plan it came from.
    pub plan_id: PlanId,
    /// What that is called.
    pub name: String,
    /// A pack of uses or a pass.
    pub kind: Offer,
    /// Uses in the pack.
    pub uses: Option<i32>,
    /// Uses that are gone, or set aside for an answer being written.
    pub used: i32,
    /// From when on it counts.
    pub starts_at: OffsetDateTime,
    /// Until when.
    pub ends_at: Option<OffsetDateTime>,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was given.
    pub created_at: OffsetDateTime,
}

/// Gives a pack or a pass. A pass begins when the one before it ends. Asked for again with the same
/// key, it is given once.
///
/// # Errors
/// `Invalid` for a plan that is neither, `Taken` when the key was used for another plan or owner.
pub async fn grant(
    tx: &mut ClientTx,
    owner: Owner,
    plan: &Plan,
    key: &str,
    now: OffsetDateTime,
) -> Result<Posted> {
    if !matches!(plan.kind, Offer::Uses | Offer::Pass) {
        return Err(Error::invalid("This plan is neither a pack nor a pass."));
    }
    // one after the other: two passes bought at once follow each other
    wallet::lock(tx, owner, now).await?;
    if let Some(given) = store::of_key(tx, key).await? {
        let same = given.plan_id == plan.plan_id && given.owner_id == owner.id();
        return same
            .then_some(Posted::Before)
            .ok_or(Error::Taken("key of an entitlement"));
    }
    let id = EntitlementId::new(now);
    let new = store::New {
        id,
        owner,
        plan,
        key,
    };
    match (plan.uses, plan.pass_unit, plan.pass_count) {
        (Some(uses), ..) => store::add_pack(tx, &new, uses, now).await?,
        (None, Some(unit), Some(count)) => {
            let (months, days) = unit.months_and_days();
            store::add_pass(tx, &new, (months * count, days * count), now).await?;
        }
        _ => {
            return Err(Error::internal(anyhow::anyhow!(
                "a plan that gives nothing"
            )));
        }
    }
    Ok(Posted::Now)
}

/// Takes back what was given by this key: what is used is used, what is left counts no more, and the
/// passes behind a pass come earlier. Uses that are set aside for an answer being written stay with it.
///
/// # Errors
/// `NotFound` when nothing was given by this key.
pub async fn revoke(tx: &mut ClientTx, key: &str, now: OffsetDateTime) -> Result<Posted> {
    let given = find(tx, key).await?.ok_or(Error::NotFound("entitlement"))?;
    let owner = Owner::of(given.owner_id);
    wallet::lock(tx, owner, now).await?;
    let now_taken = store::revoke(tx, given.entitlement_id, now).await?;
    Ok(if now_taken {
        Posted::Now
    } else {
        Posted::Before
    })
}

/// Gives back what was taken back: what is used stays used, and a pass goes on for what was left of it
/// when it was taken back, behind the other passes of its owner.
///
/// # Errors
/// `NotFound` when nothing was given by this key.
pub async fn restore(tx: &mut ClientTx, key: &str, now: OffsetDateTime) -> Result<()> {
    let given = find(tx, key).await?.ok_or(Error::NotFound("entitlement"))?;
    wallet::lock(tx, Owner::of(given.owner_id), now).await?;
    store::restore(tx, given.entitlement_id, now).await
}

/// What was given by this key.
pub async fn find(tx: &mut ClientTx, key: &str) -> Result<Option<Entitlement>> {
    store::of_key(tx, key).await
}

/// What its owner can use now or later.
pub async fn list(
    tx: &mut ClientTx,
    owner: Owner,
    now: OffsetDateTime,
) -> Result<Vec<Entitlement>> {
    store::usable(tx, owner.id(), now, SHOWN_MAX).await
}
