//! What a buyer wants, and whether it is sold to them.

use super::store;
use crate::{
    billing::{
        Owner, Payer,
        plan::{self, Offer, Plan},
        settings, subscription,
    },
    db::ClientTx,
    error::{Error, Result},
    ids::{PlanId, UserId},
};

/// What a buyer wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Whose it will be.
    pub owner: Owner,
    /// Who buys.
    pub buyer: UserId,
    /// The buyer's name for the order.
    pub key: &'a str,
    /// What is bought.
    pub plan: PlanId,
}

impl Wish<'_> {
    /// The plan, and whether it was ordered by this key before: an order stays what it is, whatever
    /// is sold by now.
    ///
    /// # Errors
    /// `NotFound` for a plan that is not there, `Conflict` for one that is not on offer, or that is of
    /// no use to its owner, who pays for nothing here.
    pub async fn admit(&self, tx: &mut ClientTx) -> Result<(Plan, bool)> {
        let plan = plan::find(tx, self.plan).await?;
        let known = store::of_key(tx, self.buyer, self.key).await?.is_some();
        if known {
            return Ok((plan, known));
        }
        if !plan.enabled {
            return Err(Error::Conflict(
                "This plan is not on offer any more.".into(),
            ));
        }
        self.check_use(tx, &plan).await?;
        Ok((plan, known))
    }

    /// Nobody is sold what they cannot use. Credits pay fees, too: a client's wallet may be filled
    /// before anything is paid out of it, a user's where the user pays by the month.
    async fn check_use(&self, tx: &mut ClientTx, plan: &Plan) -> Result<()> {
        let is_credit = plan.kind == Offer::Credit;
        let refusal = match (settings::find(tx).await?.payer, self.owner) {
            (Payer::User, Owner::User(_)) | (Payer::Client, Owner::Client) => return Ok(()),
            (_, Owner::Client) if is_credit => return Ok(()),
            (_, Owner::User(_)) if is_credit && subscription::is_any(tx, self.owner).await? => {
                return Ok(());
            }
            (Payer::Off, _) => "Nothing is paid for here.",
            (Payer::Client, _) => "Here the client pays: a manager orders for it.",
            (Payer::User, _) => "Here each user pays: this would be of no use to the client.",
        };
        Err(Error::Conflict(refusal.into()))
    }
}
