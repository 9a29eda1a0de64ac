//! An event and what it does: found out about first, over the network if need be, then written down
//! and done in one transaction.

use stripe_client_core::StripeRequest;
use stripe_core::{payment_intent::RetrievePaymentIntent, refund::ListRefund};
use time::{Duration, OffsetDateTime};

use super::{
    Stripe,
    client::Failure,
    event::{Event, Fact, Told, ids},
    list::{PAGE, Page},
    object::{Intent, Refund},
    store,
};
use crate::{
    app::App,
    billing::order::{self, Payment, Provider, Reversal},
    db::{ClientTx, SystemTx},
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// Refunds of a payment that are looked at at most.
const REFUNDS_MAX: usize = 1_000;
/// Days for which an event that is about no order of ours is kept.
const STRAY_DAYS: i64 = 90;
/// Such events that are forgotten at once, so that the hour's sweep stays short.
const SWEEP_ROWS: i64 = 10_000;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was new, and had its effect.
    Now,
    /// It was known.
    Before,
}

/// Whose an event is, by what is known here: by the ids that travel with its object, held against
/// our rows; else by the payment that it names.
pub async fn find(tx: &mut SystemTx, told: &Told) -> Result<Option<(ClientNo, OrderId)>> {
    if let Some((client_id, order)) = &told.ids {
        let client = store::client_of_order(tx, client_id, *order).await?;
        return Ok(client.map(|client| (client, *order)));
    }
    match &told.intent {
        Some(intent) => store::order_of_payment(tx, intent).await,
        None => Ok(None),
    }
}

/// Keeps an event that is about no order of ours.
pub async fn stray(
    tx: &mut SystemTx,
    event: &Event,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<()> {
    store::add_stray(tx, event.name(), hash, now)
        .await
        .map(drop)
}

/// Forgets events that are about no order of ours and so old that Stripe sends none of them again: it
/// gives up after three days. Returns how many they were.
pub async fn sweep(tx: &mut SystemTx, now: OffsetDateTime) -> Result<u64> {
    let before = now - Duration::days(STRAY_DAYS);
    store::sweep_strays(tx, before, SWEEP_ROWS).await
}

/// Writes an event about an order down and does what it says, in one transaction. `hash` is the sum
/// of its bytes.
///
/// # Errors
/// `Upstream` when what has to be looked up is not to be had: Stripe sends the event again.
pub async fn take_in(
    app: &App,
    stripe: &Stripe,
    (client, order): (ClientNo, OrderId),
    (event, mut told): (&Event, Told),
    hash: &[u8],
) -> Result<Taken> {
    stripe.look_up(app, client, order, &mut told).await?;
    let now = app.clock.now();
    let mut tx = app.db.client(client).await?;
    if !store::add_event(&mut tx, event.name(), order, hash, now).await? {
        return Ok(Taken::Before);
    }
    for fact in &told.facts {
        apply(&mut tx, order, (fact, told.intent.as_deref()), now).await?;
    }
    tx.commit().await?;
    Ok(Taken::Now)
}

impl Stripe {
    /// What an event means, once it is sure that it is about our account and the kind of money that
    /// our key moves.
    ///
    /// # Errors
    /// `Invalid` for an event of another account or mode, and for one that cannot be read.
    pub fn read(&self, event: &Event) -> Result<Told> {
        if event.livemode != self.live {
            return Err(Error::invalid(
                "This event is of the other mode: test is not live.",
            ));
        }
        let other = |account: &String| *account != self.account;
        if event.account.as_ref().is_some_and(other) {
            return Err(Error::invalid("This event is of another account."));
        }
        event.told()
    }

    /// Asks Stripe whose the payment is that an event names: money may go back before we heard that
    /// it came.
    ///
    /// # Errors
    /// `Upstream` when Stripe does not answer.
    pub async fn ask_whose(&self, told: &mut Told) -> Result<()> {
        let moves = told.facts.iter().any(|fact| *fact != Fact::Nothing);
        let Some(intent) = told
            .intent
            .as_deref()
            .filter(|_| moves && told.ids.is_none())
        else {
            return Ok(());
        };
        let intent = self.intent(intent).await?;
        told.ids = intent.and_then(|intent| ids(intent.metadata.as_ref()?));
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
            let back = refunds.iter().map(|refund| refund.gone().map(Fact::Back));
            told.facts = back.collect::<Result<_>>()?;
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
        // it stands in a path, and came with an event
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        match self.ask(RetrievePaymentIntent::new(id).build(), None).await {
            Ok(intent) => Ok(Some(intent)),
            // there is none, or it is not ours to see
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// What went back of a payment.
    pub(super) async fn refunds(&self, intent: &str) -> Result<Vec<Refund>> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        while all.len() < REFUNDS_MAX {
            let mut asked = ListRefund::new().payment_intent(intent).limit(PAGE);
            if let Some(after) = after {
                asked = asked.starting_after(after);
            }
            let page: Page<Refund> = self.ask(asked.build(), None).await?;
            after = page.data.last().map(|refund| refund.id.clone());
            all.extend(page.data);
            if !page.has_more || after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

/// Writes a fact down; about which payment it is, if that is known.
async fn apply(
    tx: &mut ClientTx,
    id: OrderId,
    (fact, intent): (&Fact, Option<&str>),
    now: OffsetDateTime,
) -> Result<()> {
    match fact {
        Fact::Paid(money) => {
            let payment = Payment {
                provider: Provider::Stripe,
                reference: &money.intent,
                amount: money.amount,
                currency: &money.currency,
            };
            order::paid(tx, id, &payment, now).await.map(drop)
        }
        Fact::Known(session) => known(tx, id, session, now).await,
        Fact::Over => over(tx, id, now).await,
        Fact::Back(gone) => {
            let reversal = Reversal {
                provider: Provider::Stripe,
                reference: &gone.reference,
                payment: intent,
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

/// The time to pay at Stripe is over: of what is paid elsewhere Stripe knows nothing.
async fn over(tx: &mut ClientTx, id: OrderId, now: OffsetDateTime) -> Result<()> {
    if order::lock(tx, id).await?.provider == Provider::Stripe {
        order::expire(tx, id, now).await?;
    }
    Ok(())
}

/// The page's name, when the process died before it wrote down what Stripe had answered.
async fn known(tx: &mut ClientTx, id: OrderId, session: &str, now: OffsetDateTime) -> Result<()> {
    let order = order::lock(tx, id).await?;
    if order.provider == Provider::Stripe && order.provider_ref.is_none() {
        order::pending(tx, id, session, None, now).await?;
    }
    Ok(())
}
