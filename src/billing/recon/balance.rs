//! What moved Stripe's balance, held against the payments, refunds and disputes that both sides know:
//! a payment is one when its money came. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    matching::{agreed, pair},
    shape::{Area, Fact, Line, Remedy, Settled, State},
};
use crate::billing::order::Stage;

/// How much later than what it is about a transaction may come: a card's is made within an hour, and
/// what is in doubt is not told of before the day is over on which it should have been there.
const GRACE: Duration = Duration::DAY;

/// All that moved the balance for a payment, a refund or a dispute, added up.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Moved {
    /// What it is about.
    pub area: Area,
    /// What that is called.
    pub reference: String,
    /// The order that it is for.
    #[sqlx(rename = "order_id")]
    pub order: Option<Uuid>,
    /// How much, what Stripe kept, and of which currency.
    #[sqlx(flatten)]
    pub settled: Settled,
    /// The last time that it moved.
    pub at: OffsetDateTime,
}

type Key<'a> = (Area, &'a str);

/// Compares what moved the balance with our facts, each as of when it last changed. What the two sides
/// do not agree on without the balance is told of by its own line, and what they have both known since
/// before the balance was read is left alone.
pub fn compare_balance(
    ours: &[Fact],
    theirs: &[Fact],
    moved: &[Moved],
    since: OffsetDateTime,
    within: &Range<OffsetDateTime>,
) -> Vec<Line> {
    let (ours, theirs) = (of_stripe(ours), of_stripe(theirs));
    let moved: BTreeMap<Key<'_>, &Moved> = moved
        .iter()
        .map(|moved| ((moved.area, moved.reference.as_str()), moved))
        .collect();
    let all: BTreeSet<Key<'_>> = ours.keys().chain(moved.keys()).copied().collect();
    let judged = |key: &Key<'_>| match (ours.get(key), theirs.get(key), moved.get(key)) {
        (Some(ours), Some(theirs), moved) => {
            let is_agreed = theirs.at >= since && pair(ours, theirs).1 == Remedy::Fine;
            is_agreed.then(|| judge(ours, moved.copied())).flatten()
        }
        (None, None, Some(moved)) => unknown(moved),
        _ => None,
    };
    let is_told = |line: &Line| match line.remedy {
        Remedy::Fine => within.contains(&line.at),
        _ => line.at + GRACE < within.end,
    };
    all.iter().filter_map(judged).filter(is_told).collect()
}

fn of_stripe(facts: &[Fact]) -> BTreeMap<Key<'_>, &Fact> {
    facts
        .iter()
        .filter(|fact| fact.provider == "stripe")
        .map(|fact| ((fact.area, fact.reference.as_str()), fact))
        .collect()
}

/// By how much the balance has to have moved, and whether it surely has: what is on its way may wait.
fn due(ours: &Fact) -> (i128, bool) {
    let amount = ours.amount.parse::<i128>().unwrap_or_default();
    match (ours.area, ours.stage) {
        (Area::Payment, _) => (amount, true),
        (_, Stage::Stands) => (-amount, true),
        (_, Stage::Undone) => (0, true),
        (_, Stage::Open | Stage::Notice) => (-amount, false),
    }
}

fn judge(ours: &Fact, moved: Option<&Moved>) -> Option<Line> {
    let (due, is_sure) = due(ours);
    let Some(moved) = moved else {
        let text = "Nothing in Stripe's balance tells of it.";
        let judged = (State::MissingThere, Remedy::Queue(text));
        return (is_sure && due != 0).then(|| line(ours, due, None, judged));
    };
    let amount = i128::from(moved.settled.amount);
    let agrees = match moved.settled.currency == ours.currency {
        true => amount == due,
        // rates change between what was taken and what was given back
        false => due == 0 || amount.signum() == due.signum(),
    };
    let judged = if agrees || (!is_sure && amount == 0) {
        (agreed(ours.area, ours.stage), Remedy::Fine)
    } else {
        let text = "Stripe's balance has moved by another amount.";
        (State::AmountDiffers, Remedy::Queue(text))
    };
    Some(line(ours, due, Some(moved), judged))
}

fn line(ours: &Fact, due: i128, moved: Option<&Moved>, judged: (State, Remedy)) -> Line {
    let same = moved.filter(|moved| moved.settled.currency == ours.currency);
    Line {
        area: Area::Balance,
        provider: ours.provider.clone(),
        reference: ours.reference.clone(),
        order: ours.order,
        state: judged.0,
        ours: Some(due.to_string()),
        theirs: same.map(|moved| moved.settled.amount.to_string()),
        currency: ours.currency.clone(),
        settled: moved.map(|moved| moved.settled.clone()),
        stage: ours.stage,
        remedy: judged.1,
        at: moved.map_or(ours.at, |moved| moved.at.max(ours.at)),
    }
}

/// Money that moved for an order by something that neither our books nor Stripe's lists tell of.
fn unknown(moved: &Moved) -> Option<Line> {
    let text = "Stripe's balance has moved for this order, and nothing here tells of it.";
    (moved.settled.amount != 0).then(|| Line {
        area: Area::Balance,
        provider: "stripe".into(),
        reference: moved.reference.clone(),
        order: moved.order,
        state: State::MissingHere,
        ours: None,
        theirs: Some(moved.settled.amount.to_string()),
        currency: moved.settled.currency.clone(),
        settled: Some(moved.settled.clone()),
        stage: Stage::Stands,
        remedy: Remedy::Queue(text),
        at: moved.at,
    })
}
