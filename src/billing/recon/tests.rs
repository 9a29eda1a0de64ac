use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    balance::{Moved, compare_balance},
    matching::{compare, compare_orders},
    shape::{Area, Fact, Goods, Line, Remedy, Settled, State},
};
use crate::billing::order::Stage;

const DAY: OffsetDateTime = datetime!(2026-11-20 00:00 UTC);
const END: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

/// Rows of both sides, and the discrepancy that they make, if any.
#[derive(Default)]
struct Case {
    ours: Vec<Fact>,
    theirs: Vec<Fact>,
    moved: Vec<Moved>,
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
        is_gone: false,
        is_revoked: false,
        is_refunded: false,
        is_disputed: false,
        waits: false,
        due_back: 0,
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

/// Money that moved the balance today, as both sides say that it did.
fn money(area: Area, n: usize, change: impl Fn(&mut Fact, &mut Fact, &mut Moved)) -> Case {
    let (mut ours, mut theirs) = (fact(area, n), fact(area, n));
    let amount = 1_000 + n as i64;
    let mut moved = Moved {
        area,
        reference: ours.reference.clone(),
        order: ours.order,
        settled: Settled {
            amount: if area == Area::Payment {
                amount
            } else {
                -amount
            },
            fee: 59,
            currency: "usd".into(),
        },
        at: ours.at,
    };
    change(&mut ours, &mut theirs, &mut moved);
    Case {
        ours: vec![ours],
        theirs: vec![theirs],
        moved: vec![moved],
        // its own, and that of the balance
        lines: 2,
        ..Case::default()
    }
}

/// The same of yesterday evening: both sides agreed on it then, and the balance does not.
fn lost(area: Area, n: usize, change: impl Fn(&mut Fact, &mut Fact, &mut Moved)) -> Case {
    let case = money(area, n, |ours, theirs, moved| {
        let at = DAY - Duration::HOUR;
        (ours.at, theirs.at, moved.at) = (at, at, at);
        change(ours, theirs, moved);
    });
    Case { lines: 1, ..case }
}

/// The same before anything moved the balance for it.
fn still(case: Case, lines: usize) -> Case {
    Case {
        moved: Vec::new(),
        lines,
        ..case
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

const CLEAN: usize = 34;

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
            row.is_refunded = true;
            (row.due_back, row.went_back, row.went_out) = (2_000, 2_000, 2_000);
        }),
        17 => one(n, |row| {
            (row.is_disputed, row.is_gone) = (true, true);
            (row.due_back, row.went_back, row.went_out) = (5_000, 5_000, 5_000);
        }),
        18 => one(n, |row| {
            (row.is_given, row.came_in, row.waits) = (false, 0, true)
        }),
        19 => one(n, |row| {
            (row.is_paid, row.is_given, row.came_in) = (false, false, 0)
        }),
        20 => one(n, pack),
        22 => money(Area::Payment, n, |_, _, _| ()),
        23 => money(Area::Refund, n, |_, _, _| ()),
        // what failed was taken, and given back
        24 | 25 => {
            let area = [Area::Refund, Area::Dispute][kind % 2];
            money(area, n, |ours, theirs, moved| {
                (ours.stage, theirs.stage) = (Stage::Undone, Stage::Undone);
                moved.settled.amount = 0;
            })
        }
        26 => money(Area::Dispute, n, |ours, theirs, _| {
            (ours.stage, theirs.stage) = (Stage::Open, Stage::Open)
        }),
        // on its way: the balance may move later, and for a question it never does
        27 | 28 => {
            let (area, stage) =
                [(Area::Refund, Stage::Open), (Area::Dispute, Stage::Notice)][kind % 2];
            let case = money(area, n, |ours, theirs, _| {
                (ours.stage, theirs.stage) = (stage, stage)
            });
            still(case, 1)
        }
        29 => money(Area::Payment, n, |_, _, moved| {
            (moved.settled.amount, moved.settled.currency) = (7, "eur".into())
        }),
        // it has until the end of tomorrow
        30 => still(money(Area::Payment, n, |_, _, _| ()), 1),
        31 => lost(Area::Payment, n, |_, _, moved| {
            moved.at = DAY + Duration::HOUR;
        }),
        // a method that took the money and gave it back, and a payment that nobody was told of
        32 => {
            let mut case = money(Area::Payment, n, |_, _, moved| moved.settled.amount = 0);
            (case.ours, case.theirs, case.lines) = (Vec::new(), Vec::new(), 0);
            case
        }
        // lost today, and begun before the balance was read
        33 => {
            let case = money(Area::Dispute, n, |_, theirs, _| {
                theirs.at = DAY - Duration::days(60);
            });
            still(case, 1)
        }
        _ => one(n, |row| {
            pack(row);
            (row.is_gone, row.is_revoked) = (true, true);
            (row.is_refunded, row.is_entitled) = (true, false);
        }),
    }
}

const WRONG: usize = 44;

/// Books that are wrong in one thing, and what that is.
fn injected(kind: usize, n: usize) -> Case {
    use Area::{Arrival, Balance, Dispute, Fee, Ledger, Order, Payment, Refund};
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
        30 => wrong(
            still(lost(Payment, n, |_, _, _| ()), 1),
            Balance,
            MissingThere,
        ),
        31 => wrong(
            still(lost(Refund, n, |_, _, _| ()), 1),
            Balance,
            MissingThere,
        ),
        32..37 => {
            let (area, stage, amount) = [
                (Payment, Stage::Stands, 7),
                (Refund, Stage::Undone, -1_000 - n as i64),
                (Dispute, Stage::Stands, 0),
                (Dispute, Stage::Undone, -1_000 - n as i64),
                (Dispute, Stage::Open, -7),
            ][kind % WRONG - 32];
            let case = lost(area, n, |ours, theirs, moved| {
                (ours.stage, theirs.stage) = (stage, stage);
                moved.settled.amount = amount;
            });
            wrong(case, Balance, AmountDiffers)
        }
        37 => {
            // in another currency only whether it is there is compared, and it is not
            let case = lost(Payment, n, |_, _, moved| {
                (moved.settled.amount, moved.settled.currency) = (0, "eur".into())
            });
            wrong(case, Balance, AmountDiffers)
        }
        38 => {
            let mut case = lost(Payment, n, |_, _, _| ());
            (case.ours, case.theirs) = (Vec::new(), Vec::new());
            wrong(case, Balance, MissingHere)
        }
        39 => {
            // its own line tells of it, and makes it good
            let mut case = lost(Payment, n, |_, _, _| ());
            case.ours.clear();
            wrong(case, Payment, MissingHere)
        }
        28 => wrong(
            one(n, |row| (row.credits, row.came_in) = (None, 0)),
            Order,
            MissingHere,
        ),
        // it is said that it went back, and it did not
        29 => wrong(
            one(n, |row| {
                (row.is_refunded, row.is_gone) = (true, true);
                (row.due_back, row.went_back) = (5_000, 5_000);
            }),
            Order,
            AmountDiffers,
        ),
        // nobody has taken anything back
        40 => wrong(
            one(n, |row| {
                (row.is_refunded, row.is_gone, row.due_back) = (true, true, 5_000);
            }),
            Order,
            AmountDiffers,
        ),
        // it went back, and the order would have it taken once more
        41 => wrong(
            one(n, |row| {
                (row.is_refunded, row.due_back, row.went_out) = (true, 2_000, 2_000);
            }),
            Order,
            AmountDiffers,
        ),
        42 => wrong(
            one(n, |row| {
                (row.credits, row.came_in) = (None, 0);
                (row.is_refunded, row.is_gone, row.is_entitled) = (true, true, true);
            }),
            Order,
            MissingThere,
        ),
        _ => wrong(
            one(n, |row| {
                (row.credits, row.came_in) = (None, 0);
                (row.is_refunded, row.is_gone) = (true, true);
            }),
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
    let moved: Vec<Moved> = cases.iter().flat_map(|case| case.moved.clone()).collect();
    let (within, since) = (DAY..END, DAY - Duration::days(30));
    let mut lines = compare(&ours, &theirs, &within);
    lines.extend(compare_balance(&ours, &theirs, &moved, since, &within));
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
            .map(|fact| fact.order)
            .or(case.moved.first().map(|moved| moved.order));
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
fn the_balance_says_what_it_was_settled_in() {
    let of = |case: Case| compared(&[case], 0).pop().unwrap();
    let same = of(clean(22, 4));
    assert_eq!(
        (same.ours.as_deref(), same.theirs.as_deref()),
        (Some("1004"), Some("1004"))
    );
    assert_eq!(
        (
            same.settled.as_ref().map(|settled| settled.fee),
            same.remark()
        ),
        (Some(59), String::new())
    );
    let other = of(clean(29, 4));
    assert_eq!(
        (other.ours.as_deref(), other.theirs.as_deref()),
        (Some("1004"), None)
    );
    assert_eq!(
        other.settled.as_ref().map(|settled| settled.amount),
        Some(7)
    );
    assert!(other.remark().contains("kept in eur"), "{}", other.remark());
    let back = of(clean(23, 4));
    assert_eq!(
        (back.state, back.ours.as_deref()),
        (State::Refunded, Some("-1004"))
    );
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
