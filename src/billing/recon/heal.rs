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

/// What becomes of the line, with a word about it.
///
/// # Errors
/// Whatever the deed says.
pub async fn make_good(
    tx: &mut ClientTx,
    line: &Line,
    now: OffsetDateTime,
) -> Result<(Standing, String)> {
    let done = |text: &str| Ok((Standing::Healed, text.to_owned()));
    let order = match (line.remedy, line.order) {
        (Remedy::Fine, _) => return Ok((Standing::Fine, line.remark())),
        (Remedy::Queue(reason), _) => return Ok((Standing::Open, reason.into())),
        (_, Some(order)) => OrderId(order),
        (_, None) => {
            let text = "It is not known for which order it is.";
            return Ok((Standing::Open, text.into()));
        }
    };
    match line.remedy {
        Remedy::TakePayment if line.provider == "chain" => arrived(tx, order, now).await,
        _ if line.provider != "stripe" && line.area != Area::Order => Ok((
            Standing::Open,
            "The watch of the chain takes it, or says why not.".into(),
        )),
        Remedy::Fine | Remedy::Queue(_) => Ok((Standing::Open, String::new())),
        Remedy::Fulfil => {
            if order::lock(tx, order).await?.fulfilled_at.is_some() {
                return done("It was given in the meantime.");
            }
            order::fulfil(tx, order, now).await?;
            done("It was paid, and is given now.")
        }
        Remedy::TakePayment => {
            let payment = Payment {
                provider: Provider::Stripe,
                reference: &line.reference,
                amount: amount(line)?,
                currency: &line.currency,
            };
            match order::paid(tx, order, &payment, now).await? {
                Paid::Fulfilled => done("Its event never came: it is taken in now."),
                Paid::Before => done("It came in the meantime."),
                // what becomes of it is decided there, once
                Paid::Queued(_) => done("It is taken in, and waits among the payment exceptions."),
            }
        }
        Remedy::TakeReversal => {
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
            match order::reversed(tx, order, &reversal, now).await? {
                true => done("Its event never came: it is taken in now."),
                false => done("It came in the meantime, or waits among the payment exceptions."),
            }
        }
    }
}

/// What arrived on a chain, and was never given for.
async fn arrived(
    tx: &mut ClientTx,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<(Standing, String)> {
    settle::settle(tx, order, None, now).await?;
    let told = match order::reference(tx, order).await? {
        Some(_) => (
            Standing::Healed,
            "All of it had arrived: it is taken in now.",
        ),
        None => (
            Standing::Open,
            "All of it arrived, and the order does not take it.",
        ),
    };
    Ok((told.0, told.1.into()))
}

fn amount(line: &Line) -> Result<Units> {
    Units::parse(line.theirs.as_deref().unwrap_or_default())
}
