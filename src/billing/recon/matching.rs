//! What we wrote down, held against what others say: every line of either side comes out once, with
//! what it is. Pure: it knows neither database nor network.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use time::OffsetDateTime;
use uuid::Uuid;

use super::shape::{Area, Fact, Goods, Line, Remedy, State};
use crate::billing::order::Stage;

type Key<'a> = (Area, &'a str, &'a str);

/// Compares facts. A pair is told of on the day of the later side; what is wrong and older is told of
/// too, since it was not seen then. Later facts are left to their own day.
pub fn compare(ours: &[Fact], theirs: &[Fact], within: &Range<OffsetDateTime>) -> Vec<Line> {
    let ours: BTreeMap<Key<'_>, &Fact> = ours.iter().map(|fact| (fact.key(), fact)).collect();
    let mut there: BTreeMap<Key<'_>, Vec<&Fact>> = BTreeMap::new();
    for fact in theirs {
        let same = there.entry(fact.key()).or_default();
        // pages of a list overlap when rows are added meanwhile
        if !same.contains(&fact) {
            same.push(fact);
        }
    }
    let again = second_payments(&there);
    let mut lines = Vec::new();
    for (key, facts) in &mut there {
        let mine = ours.get(key).copied();
        // the one that agrees with us comes first, in whatever order they were listed
        let agrees = |fact: &Fact| mine.is_some_and(|mine| fact.amount == mine.amount);
        facts.sort_by_key(|fact| (!agrees(fact), fact.at, fact.amount.clone()));
        for (n, fact) in facts.iter().enumerate() {
            let judged = match (n, mine) {
                (0, Some(mine)) => pair(mine, fact),
                (0, None) => only_theirs(fact, again.contains(key)),
                _ => (
                    State::Duplicate,
                    Remedy::Queue("The other side lists it twice, and not the same."),
                ),
            };
            lines.push(line(fact, judged, (mine.filter(|_| n == 0), Some(fact))));
        }
    }
    for (key, mine) in &ours {
        if !there.contains_key(key) {
            lines.push(line(mine, only_ours(mine), (Some(mine), None)));
        }
    }
    let is_told = |line: &Line| {
        within.contains(&line.at) || (line.at < within.start && line.remedy != Remedy::Fine)
    };
    lines.retain(is_told);
    lines
}

/// Payments for an order that an earlier one has paid.
fn second_payments<'a>(there: &BTreeMap<Key<'a>, Vec<&'a Fact>>) -> BTreeSet<Key<'a>> {
    let mut first: BTreeMap<Uuid, (OffsetDateTime, Key<'_>)> = BTreeMap::new();
    let payments = || {
        there
            .values()
            .flatten()
            .filter(|fact| fact.area == Area::Payment)
    };
    for fact in payments() {
        let Some(order) = fact.order else { continue };
        let place = (fact.at, fact.key());
        let earliest = first.entry(order).or_insert(place);
        *earliest = (*earliest).min(place);
    }
    payments()
        .filter(|fact| {
            let earliest = fact.order.and_then(|order| first.get(&order));
            earliest.is_some_and(|(_, key)| *key != fact.key())
        })
        .map(|fact| fact.key())
        .collect()
}

pub(super) fn pair(ours: &Fact, theirs: &Fact) -> (State, Remedy) {
    if ours.amount != theirs.amount || ours.currency != theirs.currency {
        return (
            State::AmountDiffers,
            Remedy::Queue("The other side has another amount."),
        );
    }
    if theirs.order.is_some() && theirs.order != ours.order {
        return (
            State::Duplicate,
            Remedy::Queue("The other side says that it is for another order."),
        );
    }
    if ours.stage < theirs.stage {
        let remedy = match ours.area {
            Area::Refund | Area::Dispute => Remedy::TakeReversal,
            _ => Remedy::Queue("The other side is further with it."),
        };
        return (State::MissingHere, remedy);
    }
    if ours.stage > theirs.stage {
        return (
            State::MissingThere,
            Remedy::Queue("The other side is not as far with it."),
        );
    }
    let state = ours.known_as.unwrap_or(agreed(ours.area, ours.stage));
    (state, Remedy::Fine)
}

/// What it is when both sides say the same.
pub(super) fn agreed(area: Area, stage: Stage) -> State {
    match (area, stage) {
        (Area::Arrival, Stage::Undone) => State::Reorged,
        (_, Stage::Undone | Stage::Notice) => State::Matched,
        (Area::Refund, _) => State::Refunded,
        (Area::Dispute, _) => State::Disputed,
        _ => State::Matched,
    }
}

fn only_theirs(theirs: &Fact, is_second: bool) -> (State, Remedy) {
    let remedy = match (theirs.area, theirs.order) {
        (Area::Payment, Some(_)) => Remedy::TakePayment,
        (Area::Refund | Area::Dispute, Some(_)) => Remedy::TakeReversal,
        _ => Remedy::Queue("Nothing here tells of it."),
    };
    if is_second {
        return (State::Duplicate, remedy);
    }
    (State::MissingHere, remedy)
}

fn only_ours(ours: &Fact) -> (State, Remedy) {
    match (ours.area, ours.stage) {
        (Area::Arrival, Stage::Undone) => (State::Reorged, Remedy::Fine),
        // not deep enough to count: nothing was given for it
        (Area::Arrival, Stage::Open) => (State::Matched, Remedy::Fine),
        (Area::Arrival, _) => (
            State::Reorged,
            Remedy::Queue("The chain does not have it any more."),
        ),
        _ => (
            State::MissingThere,
            Remedy::Queue("The other side does not tell of it."),
        ),
    }
}

fn line(
    of: &Fact,
    (state, remedy): (State, Remedy),
    (ours, theirs): (Option<&Fact>, Option<&Fact>),
) -> Line {
    Line {
        area: of.area,
        provider: of.provider.clone(),
        reference: of.reference.clone(),
        order: ours.or(theirs).and_then(|fact| fact.order),
        state,
        ours: ours.map(|fact| fact.amount.clone()),
        theirs: theirs.map(|fact| fact.amount.clone()),
        currency: of.currency.clone(),
        settled: None,
        stage: theirs.unwrap_or(of).stage,
        remedy,
        // told of once both sides could know of it
        at: ours.map_or(of.at, |ours| ours.at.max(of.at)),
    }
}

/// Compares orders with the ledger: what was given for each is what its money was worth.
pub fn compare_orders(orders: &[Goods]) -> Vec<Line> {
    orders.iter().map(goods).collect()
}

fn goods(order: &Goods) -> Line {
    let (state, remedy) = judge(order);
    Line {
        area: Area::Order,
        provider: order.provider.clone(),
        reference: order.order.to_string(),
        order: Some(order.order),
        state,
        ours: Some(order.expected().to_string()),
        theirs: Some(order.booked().to_string()),
        currency: "micro-credits".into(),
        settled: None,
        stage: Stage::Stands,
        remedy,
        at: order.at,
    }
}

fn judge(order: &Goods) -> (State, Remedy) {
    let (expected, booked) = (order.expected(), order.booked());
    if order.is_paid && !order.is_given && booked == 0 && !order.is_entitled {
        return if order.waits || order.is_refunded || order.is_disputed {
            (State::Matched, Remedy::Fine)
        } else {
            (State::MissingHere, Remedy::Fulfil)
        };
    }
    if order.credits.is_none() && order.is_entitled != order.should_be_entitled() {
        return if order.is_entitled {
            (
                State::MissingThere,
                Remedy::Queue("A pack or a pass counts for which no money is here."),
            )
        } else {
            (
                State::MissingHere,
                Remedy::Queue("The pack or the pass that was paid is not there."),
            )
        };
    }
    if booked < expected {
        let text = "Less was credited than was paid.";
        return match booked {
            0 => (State::MissingHere, Remedy::Queue(text)),
            _ => (State::AmountDiffers, Remedy::Queue(text)),
        };
    }
    if booked > expected {
        return match (order.is_given, order.credits) {
            (false, _) => (
                State::MissingThere,
                Remedy::Queue("Credits were given, and no money is here for them."),
            ),
            (true, Some(credits)) if order.came_in >= 2 * credits => (
                State::Duplicate,
                Remedy::Queue("Credits were given more than once."),
            ),
            _ => (
                State::AmountDiffers,
                Remedy::Queue("More was credited than was paid."),
            ),
        };
    }
    if !order.tells_what_went_back() {
        return (
            State::AmountDiffers,
            Remedy::Queue("The order tells of another part that went back."),
        );
    }
    let state = match () {
        () if order.is_disputed => State::Disputed,
        () if order.is_refunded => State::Refunded,
        () => State::Matched,
    };
    (state, Remedy::Fine)
}

impl Fact {
    fn key(&self) -> Key<'_> {
        (self.area, &self.provider, &self.reference)
    }
}
