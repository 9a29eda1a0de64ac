//! `concierge bill`, `concierge reconcile`: what the schedule does, by hand and with a table.

use anyhow::Result;
use clap::Args;
use concierge::{
    app::App,
    billing::{
        amount::credits,
        fee::{self, Limit, Sum},
    },
    jobs::bill,
};
use serde_json::{Value, json};
use time::{Date, macros::format_description};

use super::{say, told};

#[derive(Args)]
pub struct BillArguments {
    /// Bill what begins until this day, such as 2026-11-30, where each client is; it must have begun
    /// there, unless with --dry-run.
    #[arg(long, value_name = "DATE", value_parser = day)]
    until: Date,
    /// The table begins with this day; without it, with the first of the month of --until.
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<Date>,
    /// Show what would be billed, and bill nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "write a day like 2026-11-30".to_owned())
}

pub async fn bill(app: &App, arguments: BillArguments) -> Result<()> {
    let limit = Limit {
        now: app.clock.now(),
        day: Some(arguments.until),
        ahead: arguments.dry_run,
    };
    let run = bill::run(app, &limit, arguments.dry_run)
        .await
        .map_err(told)?;
    for (client, id, reason) in &run.reasons {
        tracing::warn!(client = client.0, subscription = %id, reason, "not billed");
    }
    if arguments.dry_run {
        return would(&run, arguments.json);
    }
    // what this run did differs from run to run; what is billed in the end does not: that is printed
    tracing::info!(
        subscriptions = run.seen,
        paid = run.paid,
        unpaid = run.unpaid,
        problems = run.problems,
        "billed"
    );
    let first = arguments.until.replace_day(1)?;
    let days = (arguments.from.unwrap_or(first), arguments.until);
    let mut tx = app.db.system().await.map_err(told)?;
    let sums = fee::sums(&mut tx, days).await.map_err(told)?;
    table(days, &sums, arguments.json)
}

fn would(run: &bill::Run, json: bool) -> Result<()> {
    if json {
        return say(json!({
            "dry_run": true,
            "subscriptions": run.seen,
            "paid": run.paid,
            "credits": credits(run.micros),
            "unpaid": run.unpaid,
            "problems": run.problems,
        }));
    }
    say(format!(
        "Nothing was billed. It would be: {} fees for {} credits; {} would be unpaid, {} of {} subscriptions cannot be billed.",
        run.paid,
        credits(run.micros),
        run.unpaid,
        run.problems,
        run.seen
    ))
}

fn table((from, until): (Date, Date), sums: &[Sum], json: bool) -> Result<()> {
    let total = |of: fn(&Sum) -> i64| sums.iter().map(of).sum::<i64>();
    let (paid, unpaid) = (total(|sum| sum.paid), total(|sum| sum.unpaid));
    let (for_paid, for_unpaid) = (
        credits(total(|sum| sum.paid_micros)),
        credits(total(|sum| sum.unpaid_micros)),
    );
    if json {
        let row = |sum: &Sum| -> Value {
            json!({
                "client": sum.client_id,
                "paid": sum.paid,
                "paid_credits": credits(sum.paid_micros),
                "unpaid": sum.unpaid,
                "unpaid_credits": credits(sum.unpaid_micros),
            })
        };
        return say(json!({
            "from": from.to_string(),
            "until": until.to_string(),
            "clients": sums.iter().map(row).collect::<Vec<_>>(),
            "paid": paid,
            "paid_credits": for_paid,
            "unpaid": unpaid,
            "unpaid_credits": for_unpaid,
        }));
    }
    say(format!("Fees of periods that begin from {from} to {until}"))?;
    let line = |name: &str, paid: &str, for_paid: &str, unpaid: &str, for_unpaid: &str| {
        say(format!(
            "{name:<32} {paid:>8} {for_paid:>20} {unpaid:>8} {for_unpaid:>20}"
        ))
    };
    line("client", "paid", "credits", "unpaid", "credits")?;
    for sum in sums {
        line(
            &sum.client_id,
            &sum.paid.to_string(),
            &credits(sum.paid_micros),
            &sum.unpaid.to_string(),
            &credits(sum.unpaid_micros),
        )?;
    }
    line(
        "all",
        &paid.to_string(),
        &for_paid,
        &unpaid.to_string(),
        &for_unpaid,
    )
}
