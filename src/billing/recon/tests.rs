use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    matching::{compare, compare_orders},
    shape::{Area, Fact, Goods, Line, Remedy, State},
};
use crate::billing::order::Stage;

const DAY: OffsetDateTime = datetime!(2026-11-20 00:00 UTC);
const END: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

/// Rows of both sides, and the discrepancy that they make, if any.
#[derive(Default)]
struct Case {
    ours: Vec<Fact>,
    theirs: Vec<Fact>,
    goods: Vec<Goods>,
    wrong: Option<(Area, State)>,
    /// Lines that are told of on this day.
    lines: usize,
}

fn fact(area: Area, n: usize) -> Fact {
    Fact {
        area,
        provider: match area {
            Area::Arrival => "chain",
            Area::Fee | Area::Ledger => "ledger",
            _ => "stripe",
        }
        .into(),
        reference: format!("{area:?} {n}"),
        order: Some(Uuid::from_u128(n as u128 + 1)),
        amount: (1_000 + n).to_string(),
        currency: "usd".into(),
        stage: Stage::Stands,
        known_as: None,
        at: DAY + Duration::seconds(n as i64 % 86_400),
    }
}

fn goods(n: usize) -> Goods {
    Goods {
        order: Uuid::from_u128(n as u128 + 1),
        provider: "stripe".into(),
        credits: Some(5_000),
        is_paid: true,
        is_given: true,
        is_revoked: false,
        is_refunded: false,
        is_disputed: false,
        waits: false,
        went_back: 0,
        came_in: 5_000,
        went_out: 0,
        is_entitled: false,
        at: DAY,
    }
}

fn both(area: Area, n: usize, change: impl Fn(&mut Fact, &mut Fact)) -> Case {
    let (mut ours, mut theirs) = (fact(area, n), fact(area, n));
    change(&mut ours, &mut theirs);
    Case {
        ours: vec![ours],
        theirs: vec![theirs],
        lines: 1,
        ..Case::default()
    }
}

fn one(n: usize, change: impl Fn(&mut Goods)) -> Case {
    let mut row = goods(n);
    change(&mut row);
    Case {
        goods: vec![row],
        lines: 1,
        ..Case::default()
    }
}

fn wrong(mut case: Case, area: Area, state: State) -> Case {
    case.wrong = Some((area, state));
    case
}

const CLEAN: usize = 22;

/// Books that are right: none of these may raise an alarm.
fn clean(kind: usize, n: usize) -> Case {
    let pack = |row: &mut Goods| {
        (row.credits, row.came_in, row.is_entitled) = (None, 0, true);
    };
    match kind % CLEAN {
        0 => both(Area::Payment, n, |_, _| ()),
        1 => both(Area::Payment, n, |ours, _| {
            ours.known_as = Some(State::Late)
        }),
        2 => both(Area::Payment, n, |ours, _| {
            ours.known_as = Some(State::Duplicate)
        }),
        3 => both(Area::Refund, n, |_, _| ()),
        4 => both(Area::Refund, n, |ours, theirs| {
            (ours.stage, theirs.stage) = (Stage::Undone, Stage::Undone)
        }),
        5 => both(Area::Dispute, n, |ours, theirs| {
            (ours.stage, theirs.stage) = (Stage::Notice, Stage::Notice)
        }),
        6 => both(Area::Dispute, n, |ours, theirs| {
            (ours.stage, theirs.stage) = (Stage::Open, Stage::Open)
        }),
        7 => both(Area::Arrival, n, |_, _| ()),
        8 => both(Area::Fee, n, |_, _| ()),
        // heard of on the next day, and told of then
        9 => Case {
            lines: 0,
            ..both(Area::Payment, n, |ours, theirs| {
                (ours.at, theirs.at) = (END + Duration::HOUR, END - Duration::SECOND);
            })
        },
        // made yesterday, and paid today
        10 => both(Area::Payment, n, |ours, theirs| {
            (ours.at, theirs.at) = (DAY + Duration::HOUR, DAY - Duration::SECOND);
        }),
        // the provider does not say for which order
        11 => both(Area::Refund, n, |_, theirs| theirs.order = None),
        12 => {
            let mut case = both(Area::Payment, n, |_, _| ());
            case.theirs.push(case.theirs[0].clone());
            case
        }
        13 => {
            let mut case = both(Area::Arrival, n, |ours, _| ours.stage = Stage::Undone);
            case.theirs.clear();
            case
        }
        14 => {
            let mut case = both(Area::Arrival, n, |ours, _| ours.stage = Stage::Open);
            case.theirs.clear();
            case
        }
        15 => one(n, |_| ()),
        16 => one(n, |row| {
            (row.is_refunded, row.went_back, row.went_out) = (true, 2_000, 2_000)
        }),
        17 => one(n, |row| {
            (row.is_disputed, row.is_revoked, row.went_back, row.went_out) =
                (true, true, 5_000, 5_000)
        }),
        18 => one(n, |row| {
            (row.is_given, row.came_in, row.waits) = (false, 0, true)
        }),
        19 => one(n, |row| {
            (row.is_paid, row.is_given, row.came_in) = (false, false, 0)
        }),
        20 => one(n, pack),
        _ => one(n, |row| {
            pack(row);
            (row.is_revoked, row.is_refunded, row.is_entitled) = (true, true, false);
        }),
    }
}

const WRONG: usize = 30;

/// Books that are wrong in one thing, and what that is.
fn injected(kind: usize, n: usize) -> Case {
    use Area::{Arrival, Dispute, Fee, Ledger, Order, Payment, Refund};
    use State::{AmountDiffers, Duplicate, MissingHere, MissingThere, Reorged};
    let not_here = |area, order: bool| {
        let mut case = both(area, n, |_, theirs| {
            if !order {
                theirs.order = None;
            }
        });
        case.ours.clear();
        wrong(case, area, MissingHere)
    };
    let not_there = |area, state| {
        let mut case = both(area, n, |_, _| ());
        case.theirs.clear();
        wrong(case, area, state)
    };
    let differs = |area| {
        wrong(
            both(area, n, |_, theirs| theirs.amount.push('0')),
            area,
            AmountDiffers,
        )
    };
    let stages = |area, ours_at, theirs_at, state| {
        wrong(
            both(area, n, |ours, theirs| {
                (ours.stage, theirs.stage) = (ours_at, theirs_at)
            }),
            area,
            state,
        )
    };
    match kind % WRONG {
        0 => not_here(Payment, true),
        1 => not_here(Payment, false),
        2 => not_there(Payment, MissingThere),
        3 => differs(Payment),
        4 => wrong(
            both(Payment, n, |_, theirs| theirs.currency = "eur".into()),
            Payment,
            AmountDiffers,
        ),
        5 => wrong(
            both(Payment, n, |_, theirs| {
                theirs.order = Some(Uuid::from_u128(u128::MAX))
            }),
            Payment,
            Duplicate,
        ),
        6 => {
            // listed twice, and not the same
            let mut case = both(Payment, n, |_, _| ());
            let mut other = case.theirs[0].clone();
            other.amount.push('1');
            case.theirs.push(other);
            case.lines = 2;
            wrong(case, Payment, Duplicate)
        }
        7 => {
            // a second payment for the same order, which nobody here knows of
            let mut case = both(Payment, n, |_, _| ());
            let mut second = case.theirs[0].clone();
            second.reference.push_str(" again");
            second.at += Duration::SECOND;
            case.theirs.push(second);
            case.lines = 2;
            wrong(case, Payment, Duplicate)
        }
        8 => not_here(Refund, true),
        9 => not_there(Refund, MissingThere),
        10 => differs(Refund),
        11 => stages(Refund, Stage::Open, Stage::Stands, MissingHere),
        12 => stages(Refund, Stage::Stands, Stage::Open, MissingThere),
        13 => not_here(Dispute, true),
        14 => not_there(Dispute, MissingThere),
        15 => stages(Dispute, Stage::Stands, Stage::Undone, MissingHere),
        16 => differs(Dispute),
        17 => not_there(Arrival, Reorged),
        18 => not_here(Arrival, true),
        19 => differs(Arrival),
        20 => not_here(Fee, false),
        21 => not_there(Fee, MissingThere),
        22 => not_here(Ledger, false),
        23 => wrong(
            one(n, |row| (row.is_given, row.came_in) = (false, 0)),
            Order,
            MissingHere,
        ),
        24 => wrong(one(n, |row| row.came_in = 0), Order, MissingHere),
        25 => wrong(one(n, |row| row.came_in = 4_999), Order, AmountDiffers),
        26 => wrong(one(n, |row| row.came_in = 10_000), Order, Duplicate),
        27 => wrong(
            one(n, |row| (row.is_paid, row.is_given) = (false, false)),
            Order,
            MissingThere,
        ),
        28 => wrong(
            one(n, |row| (row.credits, row.came_in) = (None, 0)),
            Order,
            MissingHere,
        ),
        _ => wrong(
            one(n, |row| (row.is_refunded, row.went_back) = (true, 5_000)),
            Order,
            AmountDiffers,
        ),
    }
}

/// Compares all of it at once, rows in any order.
fn compared(cases: &[Case], seed: usize) -> Vec<Line> {
    let mixed = |facts: &dyn Fn(&Case) -> &Vec<Fact>| -> Vec<Fact> {
        let mut all: Vec<Fact> = cases.iter().flat_map(|case| facts(case).clone()).collect();
        let count = all.len().max(1);
        for n in 0..all.len() {
            all.swap(n, (n * 7_919 + seed) % count);
        }
        all
    };
    let (ours, theirs) = (mixed(&|case| &case.ours), mixed(&|case| &case.theirs));
    let rows: Vec<Goods> = cases.iter().flat_map(|case| case.goods.clone()).collect();
    let mut lines = compare(&ours, &theirs, &(DAY..END));
    lines.extend(compare_orders(&rows));
    lines
}

fn found(lines: &[Line]) -> Vec<(Area, State, Option<Uuid>)> {
    let mut found: Vec<_> = lines
        .iter()
        .filter(|line| line.remedy != Remedy::Fine)
        .map(|line| (line.area, line.state, line.order))
        .collect();
    found.sort();
    found
}

fn expected(cases: &[Case]) -> Vec<(Area, State, Option<Uuid>)> {
    let of = |case: &Case| {
        let (area, state) = case.wrong?;
        let order = case
            .ours
            .first()
            .or(case.theirs.first())
            .map(|fact| fact.order);
        Some((
            area,
            state,
            order.unwrap_or_else(|| Some(case.goods[0].order)),
        ))
    };
    let mut expected: Vec<_> = cases.iter().filter_map(of).collect();
    expected.sort();
    expected
}

/// So many discrepancies among four times as many rows that are right.
fn all_are_found(count: usize) {
    let mut cases = Vec::new();
    for n in 0..count {
        cases.push(injected(n, 10 * n));
        cases.extend((1..5).map(|more| clean(4 * n + more, 10 * n + more)));
    }
    let lines = compared(&cases, count);
    assert_eq!(found(&lines), expected(&cases));
    assert_eq!(found(&lines).len(), count);
    assert_eq!(
        lines.len(),
        cases.iter().map(|case| case.lines).sum::<usize>()
    );
}

#[test]
fn a_thousand_discrepancies_are_found_and_nothing_else() {
    all_are_found(1_000);
}

#[test]
fn each_kind_alone_is_what_it_is() {
    for kind in 0..WRONG {
        let case = [injected(kind, kind)];
        assert_eq!(found(&compared(&case, 0)), expected(&case), "{kind}");
    }
    for kind in 0..CLEAN {
        let case = [clean(kind, kind)];
        let lines = compared(&case, 0);
        assert_eq!(found(&lines), [], "{kind}");
        assert_eq!(lines.len(), case[0].lines, "{kind}");
    }
}

#[test]
fn what_is_provable_is_made_good_and_the_rest_is_not() {
    let remedy = |case: Case| compared(&[case], 0)[0].remedy;
    assert_eq!(remedy(injected(0, 0)), Remedy::TakePayment);
    assert!(
        matches!(remedy(injected(1, 0)), Remedy::Queue(_)),
        "nobody knows whose it is"
    );
    assert_eq!(remedy(injected(8, 0)), Remedy::TakeReversal);
    assert_eq!(remedy(injected(11, 0)), Remedy::TakeReversal);
    assert_eq!(remedy(injected(23, 0)), Remedy::Fulfil);
    assert!(matches!(remedy(injected(24, 0)), Remedy::Queue(_)));
}

#[test]
fn what_was_wrong_before_is_told_of_when_it_is_seen() {
    let mut case = injected(8, 0);
    case.theirs[0].at = DAY - Duration::days(9);
    assert_eq!(found(&compared(&[case], 0)).len(), 1);
    let mut case = injected(8, 0);
    case.theirs[0].at = END;
    assert_eq!(compared(&[case], 0), [], "left to its own day");
}

proptest! {
    #[test]
    fn every_discrepancy_is_found_whatever_it_is_among(
        kinds in prop::collection::vec((any::<bool>(), 0..WRONG * CLEAN), 0..60),
        seed in 0..10_000_usize,
    ) {
        let cases: Vec<Case> = kinds.iter().enumerate().map(|(n, (is_wrong, kind))| match is_wrong {
            true => injected(*kind, n),
            false => clean(*kind, n),
        }).collect();
        let lines = compared(&cases, seed);
        prop_assert_eq!(found(&lines), expected(&cases));
        prop_assert_eq!(lines.len(), cases.iter().map(|case| case.lines).sum::<usize>());
    }
}
