//! The rows that a reconciliation reads, and the lines it writes.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::billing::order::Stage;

/// What is compared.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, poem_openapi::Enum, sqlx::Type,
)]
#[oai(rename = "BookArea", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Area {
    /// Payments, with what the provider has.
    Payment,
    /// Money given back, with what the provider has.
    Refund,
    /// Money claimed by banks, with what the provider has.
    Dispute,
    /// What a provider said moved, with what moved the balance there.
    Balance,
    /// What arrived on a chain, with what the chain says now.
    Arrival,
    /// Orders, with what the ledger gave for them.
    Order,
    /// Transfers that say they came of an order, with orders.
    Ledger,
    /// Fees of plans, with transfers.
    Fee,
}

/// What a line is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, poem_openapi::Enum, sqlx::Type,
)]
#[oai(rename = "BookLineState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Both sides say the same.
    Matched,
    /// We do not know of it.
    MissingHere,
    /// The other side does not know of it.
    MissingThere,
    /// The sides differ in how much.
    AmountDiffers,
    /// It is there more than once.
    Duplicate,
    /// It came after its order had expired.
    Late,
    /// It went back to the payer.
    Refunded,
    /// The payer's bank claims it.
    Disputed,
    /// The chain took it back.
    Reorged,
}

/// What becomes of a line.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, poem_openapi::Enum, sqlx::Type,
)]
#[oai(rename = "BookLineStanding", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Standing {
    /// Nothing has to be done.
    Fine,
    /// What was missing was made good by the run.
    Healed,
    /// Somebody has to look at it.
    Open,
    /// Somebody did.
    Resolved,
}

/// Something that one side wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub area: Area,
    /// `stripe`, `chain` or `ledger`.
    pub provider: String,
    /// What the provider calls it.
    pub reference: String,
    /// The order that it is for.
    pub order: Option<Uuid>,
    /// Whole units, as digits without needless zeros.
    pub amount: String,
    /// Of what.
    pub currency: String,
    /// How far it went; of payments always [`Stage::Stands`].
    pub stage: Stage,
    /// What we know it to be, such as late, when both sides say the same.
    pub known_as: Option<State>,
    /// When.
    pub at: OffsetDateTime,
}

/// An order, and what the ledger gave for it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Goods {
    /// The order.
    pub order: Uuid,
    /// By whom its money came.
    pub provider: String,
    /// The credits that it gives; none when it gives a pack or a pass.
    pub credits: Option<i64>,
    /// Whether its money is here, all or a part of it gone back or not.
    pub is_paid: bool,
    /// Whether what was bought was given.
    pub is_given: bool,
    /// Whether all money of it went back.
    pub is_gone: bool,
    /// Whether its pack or its pass was taken back, by the order itself.
    pub is_revoked: bool,
    /// Whether a part of the money went back.
    pub is_refunded: bool,
    /// Whether a bank claims it.
    pub is_disputed: bool,
    /// Whether a person has to say what becomes of it.
    pub waits: bool,
    /// Micro-credits that the money which went back is worth; while some of them are still to be taken,
    /// those that were.
    pub due_back: i64,
    /// Micro-credits taken back or lost for it, by the order itself.
    pub went_back: i64,
    /// Micro-credits that came in by transfers of this order.
    pub came_in: i64,
    /// Micro-credits that went out by transfers of this order.
    pub went_out: i64,
    /// Whether a pack or a pass of this order counts.
    pub is_entitled: bool,
    /// When the order changed.
    pub at: OffsetDateTime,
}

impl Goods {
    /// What should have been booked in the end.
    pub fn expected(&self) -> i64 {
        match self.credits {
            Some(credits) if self.is_given => credits - self.due_back,
            _ => 0,
        }
    }

    /// What was.
    pub fn booked(&self) -> i64 {
        self.came_in - self.went_out
    }

    /// Whether its pack or pass should count.
    pub fn should_be_entitled(&self) -> bool {
        self.is_given && !self.is_gone
    }

    /// Whether the order says itself that as much went back as should.
    pub fn tells_what_went_back(&self) -> bool {
        match self.credits {
            _ if !self.is_given => true,
            Some(_) => self.went_back == self.due_back,
            None => self.is_revoked == self.is_gone,
        }
    }
}

/// What is done about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing.
    Fine,
    /// The payment is taken in as if its event had come.
    TakePayment,
    /// What went back is taken in as if its event had come.
    TakeReversal,
    /// What was paid is given.
    Fulfil,
    /// A person looks at it, for this reason.
    Queue(&'static str),
}

/// What moved the balance at a provider.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Settled {
    /// Whole units; below zero where the balance fell.
    pub amount: i64,
    /// What the provider kept.
    pub fee: i64,
    /// Of what.
    pub currency: String,
}

/// A line of a reconciliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was compared.
    pub area: Area,
    /// With whom.
    pub provider: String,
    /// What it is called.
    pub reference: String,
    /// The order that it is about.
    pub order: Option<Uuid>,
    /// What it is.
    pub state: State,
    /// How much, by us.
    pub ours: Option<String>,
    /// How much, by the other side.
    pub theirs: Option<String>,
    /// Of what.
    pub currency: String,
    /// What moved the balance, when that was compared.
    pub settled: Option<Settled>,
    /// How far it went, by the other side if that knows of it.
    pub stage: Stage,
    /// What is to be done.
    pub remedy: Remedy,
    /// When it was.
    pub at: OffsetDateTime,
}

impl Line {
    /// What is to be known of a line though nothing has to be done about it.
    pub fn remark(&self) -> String {
        match &self.settled {
            Some(settled) if settled.currency != self.currency => format!(
                "The balance is kept in {}: compared is that money moved, not how much.",
                settled.currency
            ),
            _ => String::new(),
        }
    }
}
