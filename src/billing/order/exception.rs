//! Money that does not fit what was ordered: queued with the reason, until a person decides.

use time::OffsetDateTime;

use super::{Payment, Provider, Reversal, Units, payment};
use crate::{
    billing::note,
    billing::store::behind,
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    ids::{ExceptionId, OrderId},
};

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "ExceptionReason", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Reason {
    /// Less or more money than was asked for.
    AmountDiffers,
    /// Another currency.
    CurrencyDiffers,
    /// Another provider than the order's.
    ProviderDiffers,
    /// The payment was one for another order before.
    OtherOrder,
    /// The order had its money.
    SecondPayment,
    /// The buyer had given the order up.
    AfterCancel,
    /// More goes back than came in.
    ReversalTooLarge,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "ExceptionState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody has decided yet.
    Open,
    /// The payment was taken, and what was bought was given.
    Fulfilled,
    /// Nothing was given; the note says why.
    Dismissed,
}

/// Money that somebody has to look at.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Exception {
    /// Its id.
    pub exception_id: ExceptionId,
    /// For which order it came.
    pub order_id: Option<OrderId>,
    /// By which provider.
    pub provider: Provider,
    /// What the provider calls it.
    pub reference: String,
    /// Why somebody has to look.
    pub reason: Reason,
    /// How much.
    #[sqlx(try_from = "Option<String>")]
    pub amount: Amount,
    /// Of what.
    pub currency: Option<String>,
    /// More about it.
    pub detail: String,
    /// What became of it.
    pub state: Verdict,
    /// What was said about that.
    pub note: Option<String>,
    /// Since when it waits.
    pub created_at: OffsetDateTime,
    /// When it was decided.
    pub resolved_at: Option<OffsetDateTime>,
}

/// Units, if they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Option<Units>);

impl TryFrom<Option<String>> for Amount {
    type Error = std::num::ParseIntError;

    fn try_from(text: Option<String>) -> Result<Self, Self::Error> {
        text.map(Units::try_from).transpose().map(Self)
    }
}

/// Something that does not fit.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// For which order it came.
    pub order: Option<OrderId>,
    /// By which provider.
    pub provider: Provider,
    /// What the provider calls it.
    pub reference: &'a str,
    /// What is wrong with it.
    pub reason: Reason,
    /// How much.
    pub amount: Units,
    /// Of what.
    pub currency: &'a str,
    /// More about it, at most 500 characters.
    pub detail: &'a str,
}

impl<'a> Trouble<'a> {
    pub(super) fn of(payment: &Payment<'a>, order: OrderId, reason: Reason) -> Self {
        Self {
            order: Some(order),
            provider: payment.provider,
            reference: payment.reference,
            reason,
            amount: payment.amount,
            currency: payment.currency,
            detail: "payment",
        }
    }

    pub(super) fn back(reversal: &Reversal<'a>, order: OrderId, reason: Reason) -> Self {
        Self {
            order: Some(order),
            provider: reversal.provider,
            reference: reversal.reference,
            reason,
            amount: reversal.amount,
            currency: reversal.currency,
            detail: match reversal.kind {
                payment::Why::Refund => "refund",
                payment::Why::Dispute => "dispute",
            },
        }
    }
}

/// Queues it; what is queued for the same reason already stays as it is.
pub async fn queue(tx: &mut ClientTx, trouble: &Trouble<'_>, now: OffsetDateTime) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into payment_exception (client_no, exception_id, order_id, provider, reference, reason, amount,
           currency, detail, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7::text::numeric, $8, $9, 'open', $10)
         on conflict on constraint payment_exception_once do nothing",
    )
    .bind(client)
    .bind(ExceptionId::new(now))
    .bind(trouble.order)
    .bind(trouble.provider)
    .bind(trouble.reference)
    .bind(trouble.reason)
    .bind(trouble.amount.to_string())
    .bind(trouble.currency)
    .bind(trouble.detail)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What waits, or was decided, the latest first.
pub async fn list(tx: &mut ClientTx, state: Verdict, window: &Window) -> Result<Vec<Exception>> {
    let (client, behind) = (tx.client(), behind(window));
    Ok(sqlx::query_as(
        "select exception_id, order_id, provider, reference, reason, amount::text amount, currency, detail, state,
           note, created_at, resolved_at
         from payment_exception
         where client_no = $1 and state = $2
           and (created_at, exception_id) < ($3, $4)
         order by created_at desc, exception_id desc
         limit $5",
    )
    .bind(client)
    .bind(state)
    .bind(behind.at)
    .bind(behind.id)
    .bind(window.rows())
    .fetch_all(tx.conn())
    .await?)
}

/// Decides: the payment is taken and what was bought is given, or nothing is.
///
/// # Errors
/// `NotFound` when there is none, `Conflict` when it was decided before or cannot be decided so.
pub async fn resolve(
    tx: &mut ClientTx,
    id: ExceptionId,
    verdict: Verdict,
    note: &str,
    now: OffsetDateTime,
) -> Result<Exception> {
    let asked = "Say in a note of 1 to 500 characters why this is fulfilled or dismissed.";
    let note = note::said(note, asked)?;
    if verdict == Verdict::Open {
        return Err(Error::invalid(asked));
    }
    let found = find(tx, id).await?;
    if found.state != Verdict::Open {
        return Err(Error::Conflict("This was decided before.".into()));
    }
    if verdict == Verdict::Fulfilled {
        found.fulfil(tx, now).await?;
    }
    decide(tx, id, verdict, note, now).await?;
    find(tx, id).await
}

impl Exception {
    /// Money of another currency or provider could not be taken back as the order's.
    async fn fulfil(&self, tx: &mut ClientTx, now: OffsetDateTime) -> Result<()> {
        let order = self
            .order_id
            .filter(|_| matches!(self.reason, Reason::AmountDiffers | Reason::AfterCancel));
        let Some(order) = order else {
            return Err(Error::Conflict(
                "This cannot be given: send the money back by the provider, and dismiss it.".into(),
            ));
        };
        payment::accept(tx, order, &self.reference, now).await
    }
}

/// The row stays locked until the transaction ends.
async fn find(tx: &mut ClientTx, id: ExceptionId) -> Result<Exception> {
    let client = tx.client();
    let found: Option<Exception> = sqlx::query_as(
        "select exception_id, order_id, provider, reference, reason, amount::text amount, currency, detail, state,
           note, created_at, resolved_at
         from payment_exception
         where client_no = $1 and exception_id = $2
         for update",
    )
    .bind(client)
    .bind(id)
    .fetch_optional(tx.conn())
    .await?;
    found.ok_or(Error::NotFound("payment exception"))
}

async fn decide(
    tx: &mut ClientTx,
    id: ExceptionId,
    verdict: Verdict,
    note: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update payment_exception set state = $3, note = $4, resolved_at = $5
         where client_no = $1 and exception_id = $2",
    )
    .bind(client)
    .bind(id)
    .bind(verdict)
    .bind(note)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
