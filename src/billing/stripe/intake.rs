//! An event and what it does: found out about first, over the network if need be, then written down
//! and done in one transaction.

use time::OffsetDateTime;

use super::{
    Stripe,
    client::Failure,
    event::{Event, Fact, Gone, Intent, Refund, Told, ids},
    store,
};
use crate::{
    app::App,
    billing::order::{self, Payment, Provider, Reversal},
    db::ClientTx,
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// Refunds of a payment that are looked at at most.
const REFUNDS_MAX: usize = 1_000;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was new, and had its effect.
    Now,
    /// It was known.
    Before,
    /// It is about no order of ours.
    Stray,
}

/// Takes an event in that was proved to be Stripe's. `hash` is the sum of its bytes.
///
/// # Errors
/// `Invalid` for an event of another account or mode; `Upstream` when what has to be looked up is not
/// to be had: Stripe sends the event again.
pub async fn take_in(app: &App, stripe: &Stripe, event: &Event, hash: &[u8]) -> Result<Taken> {
    stripe.check(event)?;
    let mut told = event.told()?;
    let found = find(app, stripe, &mut told).await?;
    let name = (event.id.as_str(), event.kind.as_str(), event.object_id());
    let now = app.clock.now();
    let Some((client, order)) = found else {
        let mut tx = app.db.system().await?;
        store::add_stray(&mut tx, name, hash, now).await?;
        tx.commit().await?;
        return Ok(Taken::Stray);
    };
    stripe.look_up(app, client, order, &mut told).await?;
    let mut tx = app.db.client(client).await?;
    if !store::add_event(&mut tx, name, order, hash, now).await? {
        return Ok(Taken::Before);
    }
    for fact in &told.facts {
        apply(&mut tx, order, fact, now).await?;
    }
    tx.commit().await?;
    Ok(Taken::Now)
}

/// Whose it is: by the ids that travel with the object, held against our rows; else by the payment
/// that it names, here or at Stripe.
async fn find(app: &App, stripe: &Stripe, told: &mut Told) -> Result<Option<(ClientNo, OrderId)>> {
    if let Some((client_id, order)) = &told.ids {
        return by_ids(app, client_id, *order).await;
    }
    let Some(intent) = &told.intent else {
        return Ok(None);
    };
    let mut tx = app.db.system().await?;
    if let Some(found) = store::order_of_payment(&mut tx, intent).await? {
        return Ok(Some(found));
    }
    drop(tx);
    // money that goes back before we heard that it came
    let moves = told.facts.iter().any(|fact| *fact != Fact::Nothing);
    let intent = match moves {
        true => stripe.intent(intent).await?,
        false => None,
    };
    let Some(intent) = intent else {
        return Ok(None);
    };
    match intent.metadata.as_ref().and_then(ids) {
        Some((client_id, order)) => by_ids(app, &client_id, order).await,
        None => Ok(None),
    }
}

async fn by_ids(app: &App, client_id: &str, order: OrderId) -> Result<Option<(ClientNo, OrderId)>> {
    if client_id.contains('\0') {
        return Ok(None);
    }
    let mut tx = app.db.system().await?;
    let client = store::client_of_order(&mut tx, client_id, order).await?;
    Ok(client.map(|client| (client, order)))
}

impl Stripe {
    /// Whether the event is about our account, and about the kind of money that our key moves.
    fn check(&self, event: &Event) -> Result<()> {
        if event.livemode != self.live {
            return Err(Error::invalid(
                "This event is of the other mode: test is not live.",
            ));
        }
        let other = |account: &String| *account != self.account;
        if event.account.as_ref().is_some_and(other) {
            return Err(Error::invalid("This event is of another account."));
        }
        Ok(())
    }

    /// Asks Stripe where the event alone does not say enough: how much went back in all, and whether
    /// the money came whose return we hear of.
    async fn look_up(
        &self,
        app: &App,
        client: ClientNo,
        order: OrderId,
        told: &mut Told,
    ) -> Result<()> {
        let Some(intent) = &told.intent else {
            return Ok(());
        };
        let back = |fact: &Fact| matches!(fact, Fact::Back(_) | Fact::LookBack);
        if !told.facts.iter().any(back) {
            return Ok(());
        }
        let mut tx = app.db.client(client).await?;
        let has_money = order::find(&mut tx, order).await?.state.has_money();
        drop(tx);
        if told.facts.contains(&Fact::LookBack) {
            let refunds = self.refunds(intent).await?;
            told.facts = refunds.into_iter().map(Fact::Back).collect();
        }
        if has_money {
            return Ok(());
        }
        let intent = self.intent(intent).await?;
        if let Some(intent) = intent.filter(|intent| intent.status == "succeeded") {
            told.facts.insert(0, Fact::Paid(intent.money()?));
        }
        Ok(())
    }

    async fn intent(&self, id: &str) -> Result<Option<Intent>> {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        match self.get(&format!("/v1/payment_intents/{id}"), &[]).await {
            Ok(intent) => Ok(Some(intent)),
            // there is none, or it is not ours to see
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn refunds(&self, intent: &str) -> Result<Vec<Gone>> {
        let (mut all, mut after) = (Vec::new(), None);
        while all.len() < REFUNDS_MAX {
            let mut query = vec![("payment_intent", intent), ("limit", "100")];
            query.extend(after.as_deref().map(|id: &str| ("starting_after", id)));
            let page: super::list::Page<Refund> = self.get("/v1/refunds", &query).await?;
            after = page.data.last().map(|refund| refund.id.clone());
            all.extend(page.data);
            if !page.has_more {
                break;
            }
        }
        all.iter().map(Refund::gone).collect()
    }
}

async fn apply(tx: &mut ClientTx, id: OrderId, fact: &Fact, now: OffsetDateTime) -> Result<()> {
    match fact {
        Fact::Paid(money) => {
            let payment = Payment {
                provider: Provider::Stripe,
                reference: &money.intent,
                amount: money.amount,
                currency: &money.currency,
                held: None,
            };
            order::paid(tx, id, &payment, now).await.map(drop)
        }
        Fact::Known(session) => known(tx, id, session, now).await,
        Fact::Over => order::expire(tx, id, now).await.map(drop),
        Fact::Back(gone) => {
            let reversal = Reversal {
                provider: Provider::Stripe,
                reference: &gone.reference,
                kind: gone.kind,
                amount: gone.amount,
                currency: &gone.currency,
                stage: gone.stage,
            };
            order::reversed(tx, id, &reversal, now).await.map(drop)
        }
        Fact::LookBack | Fact::Nothing => Ok(()),
    }
}

/// The page's name, when the process died before it wrote down what Stripe had answered.
async fn known(tx: &mut ClientTx, id: OrderId, session: &str, now: OffsetDateTime) -> Result<()> {
    let order = order::lock(tx, id).await?;
    if order.provider == Provider::Stripe && order.provider_ref.is_none() {
        order::pending(tx, id, session, None, now).await?;
    }
    Ok(())
}
