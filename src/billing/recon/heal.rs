//! What can be proved is made good by the orders' own verbs, once.

use time::OffsetDateTime;

use super::{
    shape::{Area, Line, Remedy, Standing},
    store::outside,
};
use crate::{
    billing::{
        chain::settle,
        order::{self, Paid, Payment, Provider, Reversal, Units, Why},
    },
    db::ClientTx,
    error::Result,
    ids::OrderId,
};

/// What becomes of a line.
pub struct Made {
    pub standing: Standing,
    /// A word about it.
    pub reason: String,
    /// Whether anything was changed for it.
    pub is_new: bool,
}

/// What becomes of the line.
///
/// # Errors
/// Whatever the deed says.
pub async fn make_good(tx: &mut ClientTx, line: &Line, now: OffsetDateTime) -> Result<Made> {
    let order = match (line.remedy, line.order) {
        (Remedy::Fine, _) => return Ok(Made::not(Standing::Fine, &line.remark())),
        (Remedy::Queue(reason), _) => return Ok(Made::not(Standing::Open, reason)),
        (_, Some(order)) => OrderId(order),
        (_, None) => {
            let text = "It is not known for which order it is.";
            return Ok(Made::not(Standing::Open, text));
        }
    };
    match line.remedy {
        Remedy::TakePayment if line.provider == "chain" => arrived(tx, order, now).await,
        _ if line.provider != "stripe" && line.area != Area::Order => Ok(Made::not(
            Standing::Open,
            "The watch of the chain takes it, or says why not.",
        )),
        Remedy::Fine | Remedy::Queue(_) => Ok(Made::not(Standing::Open, "")),
        Remedy::Fulfil => {
            if order::lock(tx, order).await?.fulfilled_at.is_some() {
                return Ok(Made::meanwhile("It was given in the meantime."));
            }
            order::fulfil(tx, order, now).await?;
            Ok(Made::good("It was paid, and is given now."))
        }
        Remedy::TakePayment => taken(tx, order, line, now).await,
        Remedy::TakeReversal => taken_back(tx, order, line, now).await,
    }
}

/// A payment whose event never came.
async fn taken(
    tx: &mut ClientTx,
    order: OrderId,
    line: &Line,
    now: OffsetDateTime,
) -> Result<Made> {
    let payment = Payment {
        provider: Provider::Stripe,
        reference: &line.reference,
        amount: amount(line)?,
        currency: &line.currency,
    };
    Ok(match order::paid(tx, order, &payment, now).await? {
        Paid::Fulfilled => Made::good("Its event never came: it is taken in now."),
        Paid::Before => Made::meanwhile("It came in the meantime."),
        // what becomes of it is decided there, once
        Paid::Queued(_) => Made::good("It is taken in, and waits among the payment exceptions."),
    })
}

/// Money that went back, or came again, and whose event never came.
async fn taken_back(
    tx: &mut ClientTx,
    order: OrderId,
    line: &Line,
    now: OffsetDateTime,
) -> Result<Made> {
    let payment = outside::payment_of(tx, line.area, &line.reference).await?;
    let reversal = Reversal {
        provider: Provider::Stripe,
        reference: &line.reference,
        payment: payment.as_deref(),
        kind: match line.area {
            Area::Dispute => Why::Dispute,
            _ => Why::Refund,
        },
        amount: amount(line)?,
        currency: &line.currency,
        stage: line.stage,
    };
    Ok(match order::reversed(tx, order, &reversal, now).await? {
        true => Made::good("Its event never came: it is taken in now."),
        false => Made::meanwhile("It came in the meantime, or waits among the payment exceptions."),
    })
}

/// What arrived on a chain, and was never given for.
async fn arrived(tx: &mut ClientTx, order: OrderId, now: OffsetDateTime) -> Result<Made> {
    let was_paid = order::reference(tx, order).await?.is_some();
    settle::settle(tx, order, None, now).await?;
    Ok(match order::reference(tx, order).await? {
        Some(_) if was_paid => Made::meanwhile("It was taken in in the meantime."),
        Some(_) => Made::good("All of it had arrived: it is taken in now."),
        None => Made::not(
            Standing::Open,
            "All of it arrived, and the order does not take it.",
        ),
    })
}

impl Made {
    fn good(reason: &str) -> Self {
        Self {
            standing: Standing::Healed,
            reason: reason.into(),
            is_new: true,
        }
    }

    /// Somebody else was quicker.
    fn meanwhile(reason: &str) -> Self {
        Self::not(Standing::Healed, reason)
    }

    fn not(standing: Standing, reason: &str) -> Self {
        Self {
            standing,
            reason: reason.into(),
            is_new: false,
        }
    }
}

fn amount(line: &Line) -> Result<Units> {
    Units::parse(line.theirs.as_deref().unwrap_or_default())
}
