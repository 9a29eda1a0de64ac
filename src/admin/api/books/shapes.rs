//! What the operations on books say and are told.

use poem_openapi::{Object, types::Example};
use time::{Date, OffsetDateTime};

use crate::{
    billing::{
        Micros,
        recon::{
            Area, Standing, State,
            close::Day,
            desk::{Kept, Run},
        },
        rollup::Used,
    },
    http::example,
    ids::{LineId, OrderId, RunId},
};

/// A run of the reconciliation over one day.
#[derive(Object)]
#[oai(rename = "Reconciliation", example)]
pub struct RunBody {
    /// Its id.
    id: RunId,
    /// The day, of UTC.
    day: Date,
    /// Lines that it told of.
    lines: i32,
    /// Those that it made good.
    healed: i32,
    /// Those that wait for a person.
    open: i32,
    /// When it began.
    started_at: OffsetDateTime,
    /// When it ended; none while it is at work, and for one that was broken off.
    ended_at: Option<OffsetDateTime>,
}

/// Something that was compared.
#[derive(Object)]
#[oai(rename = "BookLine", example)]
pub struct LineBody {
    /// Its id.
    id: LineId,
    /// The day, of UTC.
    day: Date,
    /// What was compared.
    area: Area,
    /// With whom: `stripe`, `chain` or `ledger`.
    provider: String,
    /// What it is called there.
    reference: String,
    /// The order that it is about.
    order_id: Option<OrderId>,
    /// What it is.
    state: State,
    /// How much, by us, in whole units of the currency.
    ours: Option<String>,
    /// How much, by the other side.
    theirs: Option<String>,
    /// Of what.
    currency: String,
    /// What becomes of it.
    standing: Standing,
    /// Why it waits, or what was done.
    reason: String,
    /// What the operator said who resolved it.
    note: Option<String>,
    /// When it was.
    at: OffsetDateTime,
    /// When it was resolved.
    resolved_at: Option<OffsetDateTime>,
    /// By how much the balance at the provider moved, when that was compared; below zero where it fell.
    settled: Option<String>,
    /// What the provider kept of it.
    fee: Option<String>,
    /// The currency of both, which may be another one than the order's.
    settled_in: Option<String>,
}

/// A closed day. Keep its hash elsewhere, and you notice when an old line is changed.
#[derive(Object)]
#[oai(rename = "BookDay", example)]
pub struct DayBody {
    /// The day, of UTC.
    day: Date,
    /// Its lines.
    lines: i32,
    /// Those that waited for a person when it was closed.
    open: i32,
    /// What moved in the ledger: a line each kind of account, with micro-credits taken and given.
    trial: String,
    /// SHA-256 over the day before, the lines and what moved, in hexadecimal digits.
    hash: String,
    /// When it was closed.
    closed_at: OffsetDateTime,
}

/// What becomes of a line that waits.
#[derive(Object)]
#[oai(rename = "BookLineNote", deny_unknown_fields, example)]
pub struct Note {
    /// What became of it, 1 to 500 characters: it is written down.
    pub note: String,
}

/// What was used in a day by a model.
#[derive(Object)]
#[oai(rename = "ClientUsage", example)]
pub struct UsedBody {
    /// The day, of UTC.
    day: Date,
    /// The model.
    model: String,
    /// Answers.
    answers: i64,
    /// Tokens of questions, with all that was sent along.
    input_tokens: i64,
    /// Of these, those that the vendor had in its cache.
    cached_tokens: i64,
    /// Tokens of answers.
    output_tokens: i64,
    /// Credits that were charged.
    credits: String,
}

/// Below how much a wallet is low.
#[derive(Object)]
#[oai(rename = "LowBalance", example)]
pub struct LowBalanceBody {
    /// Credits; null: nobody is told.
    credits: Option<String>,
}

/// Below how much a wallet shall be low.
#[derive(Object)]
#[oai(rename = "NewLowBalance", deny_unknown_fields, example)]
pub struct LowBalance {
    /// Credits, such as 20 or 0.5; null: nobody is told.
    pub credits: Option<String>,
}

impl From<Run> for RunBody {
    fn from(run: Run) -> Self {
        Self {
            id: run.run_id,
            day: run.day,
            lines: run.lines,
            healed: run.healed,
            open: run.open,
            started_at: run.started_at,
            ended_at: run.ended_at,
        }
    }
}

impl From<Kept> for LineBody {
    fn from(line: Kept) -> Self {
        Self {
            id: line.line_id,
            day: line.day,
            area: line.area,
            provider: line.provider,
            reference: line.reference,
            order_id: line.order_id,
            state: line.state,
            ours: line.ours,
            theirs: line.theirs,
            currency: line.currency,
            standing: line.standing,
            reason: line.reason,
            note: line.note,
            at: line.at,
            resolved_at: line.resolved_at,
            settled: line.settled,
            fee: line.fee,
            settled_in: line.settled_in,
        }
    }
}

impl From<Day> for DayBody {
    fn from(day: Day) -> Self {
        Self {
            day: day.day,
            lines: day.lines,
            open: day.open,
            trial: day.trial,
            hash: hex::encode(day.hash),
            closed_at: day.closed_at,
        }
    }
}

impl From<Used> for UsedBody {
    fn from(used: Used) -> Self {
        Self {
            day: used.day,
            credits: used.credits(),
            model: used.model,
            answers: used.answers,
            input_tokens: used.input_tokens,
            cached_tokens: used.cached_tokens,
            output_tokens: used.output_tokens,
        }
    }
}

impl From<Option<Micros>> for LowBalanceBody {
    fn from(threshold: Option<Micros>) -> Self {
        Self {
            credits: threshold.map(|credits| credits.to_string()),
        }
    }
}

impl Example for RunBody {
    fn example() -> Self {
        Run {
            run_id: RunId(example::id(1)),
            day: example::time().date(),
            lines: 12,
            healed: 1,
            open: 0,
            started_at: example::time(),
            ended_at: Some(example::time()),
        }
        .into()
    }
}

impl Example for LineBody {
    fn example() -> Self {
        Kept {
            line_id: LineId(example::id(1)),
            day: example::time().date(),
            area: Area::Payment,
            provider: "stripe".into(),
            reference: "pi_3OqX".into(),
            order_id: Some(OrderId(example::id(2))),
            state: State::MissingHere,
            ours: None,
            theirs: Some("1250".into()),
            currency: "usd".into(),
            standing: Standing::Healed,
            reason: "Its event never came: it is taken in now.".into(),
            note: None,
            at: example::time(),
            resolved_at: None,
            settled: None,
            fee: None,
            settled_in: None,
        }
        .into()
    }
}

impl Example for DayBody {
    fn example() -> Self {
        Day {
            day: example::time().date(),
            last_no: 1,
            lines: 12,
            open: 0,
            trial: "stripe 100000000 0\nwallet 0 100000000\n".into(),
            transfers: None,
            before: vec![0; 32],
            hash: vec![0xab; 32],
            closed_at: example::time(),
        }
        .into()
    }
}

impl Example for Note {
    fn example() -> Self {
        Self {
            note: "The bank says that it was its mistake.".into(),
        }
    }
}

impl Example for UsedBody {
    fn example() -> Self {
        Used {
            day: example::time().date(),
            model: "small".into(),
            answers: 12,
            input_tokens: 9_000,
            cached_tokens: 0,
            output_tokens: 2_400,
            charged: 31_200,
        }
        .into()
    }
}

impl Example for LowBalanceBody {
    fn example() -> Self {
        Self {
            credits: Some("5".into()),
        }
    }
}

impl Example for LowBalance {
    fn example() -> Self {
        Self {
            credits: Some("5".into()),
        }
    }
}
