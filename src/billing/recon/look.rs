//! A client's day, compared: all that both sides say is read, and nothing is changed.

use time::{Date, Duration};

use super::{
    balance::compare_balance,
    desk::hours_of,
    matching::{compare, compare_orders},
    shape::{Area, Fact, Line},
    store::{FactRow, arrivals, balance, ours, outside},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
};

/// Days before the day whose facts are looked at again: what came late, or changed since.
const DAYS_BACK: i64 = 120;
/// Days before and behind the day in which our side of a fact may have been written down.
const DAYS_AROUND: i64 = 3;

/// Reads and compares a day, and changes nothing.
///
/// # Errors
/// `Conflict` when money moved by a provider that was not read: half a comparison proves nothing.
pub async fn look(tx: &mut ClientTx, day: Date) -> Result<Vec<Line>> {
    let within = hours_of(day);
    let around = (
        within.start - Duration::days(DAYS_AROUND),
        within.end + Duration::days(DAYS_AROUND),
    );
    let back = within.start - Duration::days(DAYS_BACK);
    // their clock may be a little ahead of ours
    let mut theirs = facts(outside::facts(tx, back, around.1).await?);
    let named: Vec<String> = theirs.iter().map(|fact| fact.reference.clone()).collect();
    let mut ours = facts(ours::payments(tx, around, &named).await?);
    ours.extend(facts(ours::reversals(tx, around, &named).await?));
    // what a chain took back is told of by its arrivals, and by the order
    ours.retain(|fact| fact.provider != "chain" || fact.area == Area::Payment);
    ours.extend(facts(arrivals::ours(tx, (back, within.end), day).await?));
    theirs.extend(facts(arrivals::paid(tx, around).await?));
    theirs.extend(facts(arrivals::unpaid(tx, (back, within.end)).await?));
    for provider in ["stripe", "chain"] {
        let moved = |fact: &&Fact| fact.provider == provider && within.contains(&fact.at);
        let is_needed = ours.iter().chain(&theirs).any(|fact| moved(&fact));
        if is_needed && !outside::is_read_here(tx, provider, day).await? {
            return Err(Error::Conflict(format!(
                "Money moved by {provider} on {day}, and what {provider} says of that day was not read."
            )));
        }
    }
    let mut lines = compare(&ours, &theirs, &within);
    if let Some(since) = balance::since(tx).await? {
        let moved = balance::moved(tx, back).await?;
        let named: Vec<String> = moved.iter().map(|moved| moved.reference.clone()).collect();
        let taken = facts(balance::taken(tx, around, &named).await?);
        lines.extend(compare_balance(&taken, &theirs, &moved, since, &within));
    }
    lines.retain(|line| line.at >= back);
    let hours = (within.start, within.end);
    lines.extend(compare_orders(&ours::orders(tx, hours).await?));
    let (fees, transfers) = (
        facts(ours::fees(tx, hours).await?),
        facts(ours::fee_transfers(tx, hours).await?),
    );
    lines.extend(compare(&fees, &transfers, &within));
    lines.extend(compare(
        &[],
        &facts(ours::strays(tx, hours).await?),
        &within,
    ));
    Ok(lines)
}

fn facts(rows: Vec<FactRow>) -> Vec<Fact> {
    rows.into_iter().map(Fact::from).collect()
}
