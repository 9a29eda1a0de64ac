//! What the arrivals at an address are to its order. Nothing here asks anybody: the same arrivals lead
//! to the same verdicts, whatever happened in between.

use time::OffsetDateTime;

use super::units::Units;

/// What an arrival has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "ArrivalState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// In a block, with too few blocks on top of it.
    Seen,
    /// Deep enough to count.
    Confirmed,
    /// Not in the chain any more.
    Reorged,
}

/// What it is to its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "ArrivalVerdict", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Verdict {
    /// Not deep enough yet.
    Waiting,
    /// It pays the order, or a part of it.
    Counted,
    /// A part, and the rest did not come in time.
    Short,
    /// More than was missing.
    Over,
    /// The order was paid before.
    Again,
    /// After the time of the order.
    Late,
    /// Another token than the order is bound to.
    WrongToken,
    /// On another chain than the order is bound to.
    WrongChain,
    /// The order could not be paid any more.
    Refused,
    /// Not in the chain any more.
    Gone,
}

/// What an order waits for.
#[derive(Clone, Debug)]
pub struct Due {
    pub asset: String,
    pub amount: Units,
    pub deadline: OffsetDateTime,
}

/// An arrival, as far as it matters here.
#[derive(Clone, Debug)]
pub struct Piece {
    pub asset: String,
    pub amount: Units,
    pub at: OffsetDateTime,
    pub state: State,
    /// What it was, and how much of it was left, when a person saw to that.
    pub resolved: Option<(Verdict, Units)>,
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// Whether the order is paid.
    pub paid: bool,
    /// Whether its time is over, and it is not.
    pub short: bool,
    /// For each arrival what it is, and how much of it no order was given for.
    pub verdicts: Vec<(Verdict, Units)>,
}

/// Weighs arrivals, which come in the order of the chain, as far as that was read `until` a moment.
pub fn weigh(due: &Due, pieces: &[Piece], until: OffsetDateTime) -> Weighed {
    let mut missing = due.amount;
    let mut verdicts: Vec<(Verdict, Units)> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (verdict, counted) = one(due, piece, missing);
        missing = missing.minus(counted);
        let left = match verdict {
            Verdict::Waiting | Verdict::Gone => Units::ZERO,
            _ => piece.amount.minus(counted),
        };
        // what a person has seen to is not opened again
        verdicts.push(piece.resolved.unwrap_or((verdict, left)));
    }
    let paid = missing.is_zero();
    let waits = pieces.iter().any(|piece| piece.state == State::Seen);
    let short = !paid && !waits && until > due.deadline;
    for ((verdict, left), piece) in verdicts.iter_mut().zip(pieces) {
        if short && *verdict == Verdict::Counted {
            (*verdict, *left) = (Verdict::Short, piece.amount);
        }
    }
    Weighed {
        paid,
        short,
        verdicts,
    }
}

/// What an arrival is while this much is missing, and how much of it counts.
fn one(due: &Due, piece: &Piece, missing: Units) -> (Verdict, Units) {
    let nothing = |verdict| (verdict, Units::ZERO);
    if let (State::Confirmed, Some((verdict, left))) = (piece.state, piece.resolved) {
        return (verdict, piece.amount.minus(left).min(missing));
    }
    match piece.state {
        State::Seen => nothing(Verdict::Waiting),
        State::Reorged => nothing(Verdict::Gone),
        State::Confirmed if chain_of(&piece.asset) != chain_of(&due.asset) => {
            nothing(Verdict::WrongChain)
        }
        State::Confirmed if piece.asset != due.asset => nothing(Verdict::WrongToken),
        State::Confirmed if piece.at > due.deadline => nothing(Verdict::Late),
        State::Confirmed if missing.is_zero() => nothing(Verdict::Again),
        State::Confirmed if piece.amount > missing => (Verdict::Over, missing),
        State::Confirmed => (Verdict::Counted, piece.amount),
    }
}

/// The chain that an asset is of (CAIP-2), whatever the settings call it.
fn chain_of(asset: &str) -> &str {
    asset.split_once('/').map_or(asset, |(chain, _)| chain)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::{State::*, Verdict::*, *};

    const USDT: &str = "eip155:1/usdt";

    fn units(amount: u64) -> Units {
        Units::parse(&amount.to_string()).unwrap()
    }

    fn due() -> Due {
        Due {
            asset: USDT.into(),
            amount: units(100),
            deadline: OffsetDateTime::UNIX_EPOCH + Duration::hours(1),
        }
    }

    fn piece(amount: u64, state: State) -> Piece {
        Piece {
            asset: USDT.into(),
            amount: units(amount),
            at: OffsetDateTime::UNIX_EPOCH,
            state,
            resolved: None,
        }
    }

    /// Whether it is paid, whether it is short, and the verdicts.
    fn weighed(pieces: &[Piece], hours: i64) -> (bool, bool, Vec<(Verdict, u64)>) {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::hours(hours);
        let weighed = weigh(&due(), pieces, now);
        let number = |units: Units| units.to_string().parse().unwrap();
        let verdicts = weighed
            .verdicts
            .iter()
            .map(|(verdict, left)| (*verdict, number(*left)));
        (weighed.paid, weighed.short, verdicts.collect())
    }

    #[test]
    fn each_way_to_pay_has_its_verdict() {
        let late = Piece {
            at: OffsetDateTime::UNIX_EPOCH + Duration::hours(2),
            ..piece(100, Confirmed)
        };
        let token = Piece {
            asset: "eip155:1/usdc".into(),
            ..piece(100, Confirmed)
        };
        let chain = Piece {
            asset: "eip155:2/usdt".into(),
            ..piece(100, Confirmed)
        };
        let sure = |amount| piece(amount, Confirmed);
        for (pieces, hours, paid, short, verdicts) in [
            (vec![], 0, false, false, vec![]),
            (vec![], 2, false, true, vec![]),
            (vec![sure(100)], 0, true, false, vec![(Counted, 0)]),
            // two halves, whenever they are looked at
            (
                vec![sure(60), sure(40)],
                2,
                true,
                false,
                vec![(Counted, 0), (Counted, 0)],
            ),
            (vec![sure(60)], 0, false, false, vec![(Counted, 0)]),
            (vec![sure(60)], 2, false, true, vec![(Short, 60)]),
            // one that waits may still pay it
            (
                vec![sure(60), piece(40, Seen)],
                2,
                false,
                false,
                vec![(Counted, 0), (Waiting, 0)],
            ),
            (vec![sure(130)], 0, true, false, vec![(Over, 30)]),
            (
                vec![sure(100), sure(100)],
                0,
                true,
                false,
                vec![(Counted, 0), (Again, 100)],
            ),
            (
                vec![sure(60), sure(60), sure(1)],
                0,
                true,
                false,
                vec![(Counted, 0), (Over, 20), (Again, 1)],
            ),
            (vec![late.clone()], 3, false, true, vec![(Late, 100)]),
            (
                vec![sure(99), late],
                3,
                false,
                true,
                vec![(Short, 99), (Late, 100)],
            ),
            (
                vec![token, sure(100)],
                0,
                true,
                false,
                vec![(WrongToken, 100), (Counted, 0)],
            ),
            (vec![chain], 0, false, false, vec![(WrongChain, 100)]),
            (
                vec![piece(100, Reorged), sure(100)],
                0,
                true,
                false,
                vec![(Gone, 0), (Counted, 0)],
            ),
            (vec![piece(100, Reorged)], 0, false, false, vec![(Gone, 0)]),
            (
                vec![piece(1_000, Seen)],
                0,
                false,
                false,
                vec![(Waiting, 0)],
            ),
        ] {
            assert_eq!(
                weighed(&pieces, hours),
                (paid, short, verdicts),
                "{pieces:?}"
            );
        }
    }

    #[test]
    fn what_a_person_resolved_stays_what_it_was() {
        let resolved = |state, verdict, left| Piece {
            resolved: Some((verdict, units(left))),
            ..piece(60, state)
        };
        let short = resolved(Confirmed, Short, 60);
        let more = |amount| piece(amount, Confirmed);
        // sent back: it does not pay once more comes in time
        let (paid, _, verdicts) = weighed(&[short.clone(), more(40)], 0);
        assert_eq!((paid, verdicts), (false, vec![(Short, 60), (Counted, 0)]));
        let (paid, _, verdicts) = weighed(&[short, more(100)], 0);
        assert_eq!((paid, verdicts), (true, vec![(Short, 60), (Counted, 0)]));
        // what was left is done with, what counted counts
        let over = resolved(Confirmed, Over, 20);
        let (paid, _, verdicts) = weighed(&[over, more(60)], 0);
        assert_eq!((paid, verdicts), (true, vec![(Over, 20), (Counted, 0)]));
        // taken back by the chain, it is not opened again when it comes back
        let gone = resolved(Reorged, Over, 20);
        let (paid, _, verdicts) = weighed(&[gone, more(60)], 0);
        assert_eq!((paid, verdicts), (false, vec![(Over, 20), (Counted, 0)]));
    }

    #[test]
    fn every_unit_is_accounted_for() {
        // all lists of up to four arrivals of these
        let kinds = [
            piece(1, Confirmed),
            piece(60, Confirmed),
            piece(150, Confirmed),
            piece(60, Seen),
            piece(60, Reorged),
        ];
        for number in 0..kinds.len().pow(4) {
            let digits = (0..4).map(|place| number / kinds.len().pow(place) % kinds.len());
            let pieces: Vec<Piece> = digits.map(|kind| kinds[kind].clone()).collect();
            for hours in [0, 2] {
                let (paid, short, verdicts) = weighed(&pieces, hours);
                let amount = |piece: &Piece| piece.amount.to_string().parse::<u64>().unwrap();
                let there: u64 = pieces
                    .iter()
                    .filter(|piece| piece.state == Confirmed)
                    .map(amount)
                    .sum();
                let left: u64 = verdicts.iter().map(|(_, left)| left).sum();
                let open = if paid || short { 0 } else { there };
                assert_eq!(there, left + if paid { 100 } else { open }, "{pieces:?}");
            }
        }
    }
}
