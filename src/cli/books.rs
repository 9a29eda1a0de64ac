//! `concierge bill`, `concierge reconcile`: what the schedule does, by hand and with a table.

use anyhow::{Result, bail};
use clap::Args;
use concierge::{
    app::App,
    billing::{
        amount::credits,
        fee::{self, Limit, Sum},
        recon::{
            Standing,
            close::{self, Day, Flaw},
            desk::{self, Kept, Run},
            table,
        },
    },
    ids::ClientNo,
    jobs::{bill, reconcile},
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
    fees(days, &sums, arguments.json)
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

fn fees((from, until): (Date, Date), sums: &[Sum], json: bool) -> Result<()> {
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

#[derive(Args)]
pub struct ReconcileArguments {
    /// The first day, of UTC, such as 2026-11-20; without it, the first that is not closed.
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<Date>,
    /// The last day; without it, the latest that is over.
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: Option<Date>,
    /// Look whether all closed days are what they were, instead; exit code 1 when one is not.
    #[arg(long, conflicts_with_all = ["from", "to", "csv"])]
    verify: bool,
    /// Print the lines of these days as CSV, instead, and compare nothing.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Days that are compared at once.
const DAYS_MAX: i64 = 366;
/// Lines of CSV read at once.
const LINES_ROWS: i64 = 1_000;

pub async fn reconcile(app: &App, arguments: ReconcileArguments) -> Result<()> {
    if arguments.verify {
        return verify(app, arguments.json).await;
    }
    let latest = reconcile::latest(app.clock.now());
    let to = arguments.to.unwrap_or(latest);
    let from = arguments.from.unwrap_or(to);
    if from > to || (to - from).whole_days() >= DAYS_MAX {
        bail!("--from comes before --to, at most {DAYS_MAX} days in all");
    }
    if to > latest {
        bail!("the latest day that is over is {latest}: an hour of rest belongs to a day");
    }
    let clients = clients(app).await?;
    if arguments.csv {
        return csv(app, &clients, (from, to)).await;
    }
    let (mut rows, mut failed) = (Vec::new(), 0);
    for (client, name) in &clients {
        let mut day = match arguments.from {
            Some(from) => from,
            None => first_open(app, *client).await?.unwrap_or(to).min(to),
        };
        while day <= to {
            match compare(app, *client, name, day).await {
                Ok(row) => rows.push(row),
                // one client's trouble is its own
                Err(error) => {
                    failed += 1;
                    let error = format!("{error:#}");
                    tracing::warn!(client = name, %day, error, "not reconciled");
                }
            }
            day = day.next_day().unwrap_or(Date::MAX);
        }
    }
    days(&rows, arguments.json)?;
    if failed > 0 {
        bail!("{failed} days could not be reconciled: the log says why");
    }
    Ok(())
}

/// A client's day, as it is printed.
struct Row {
    client: String,
    day: Date,
    run: Option<Run>,
    closed: Option<Day>,
    /// What Stripe kept, by currency.
    fees: Vec<(String, i64)>,
}

async fn first_open(app: &App, client: ClientNo) -> Result<Option<Date>> {
    let mut tx = app.db.client(client).await.map_err(told)?;
    close::next(&mut tx, app.clock.now()).await.map_err(told)
}

async fn compare(app: &App, client: ClientNo, name: &str, day: Date) -> Result<Row> {
    let mut tx = app.db.client(client).await.map_err(told)?;
    let is_closed = close::is_closed(&mut tx, day).await.map_err(told)?;
    drop(tx);
    if !is_closed {
        reconcile::read(app, day).await.map_err(told)?;
    }
    let done = reconcile::day(app, client, day).await.map_err(told)?;
    let closed = reconcile::close(app, client, day).await.map_err(told)?;
    let mut tx = app.db.client(client).await.map_err(told)?;
    let mut row = Row {
        client: name.to_owned(),
        day,
        run: None,
        closed,
        fees: desk::fees(&mut tx, day).await.map_err(told)?,
    };
    match done {
        reconcile::Done::Compared(run) => row.run = Some(run),
        reconcile::Done::Closed => row.closed = close::find(&mut tx, day).await.map_err(told)?,
    }
    Ok(row)
}

fn days(rows: &[Row], json: bool) -> Result<()> {
    let hash = |row: &Row| row.closed.as_ref().map(|day| hex::encode(&day.hash));
    let count = |row: &Row, of: fn(&Run) -> i32, then: fn(&Day) -> i32| {
        let run = row.run.as_ref().map(of);
        run.or(row.closed.as_ref().map(then)).unwrap_or_default()
    };
    if json {
        let row = |row: &Row| -> Value {
            json!({
                "client": row.client,
                "day": row.day.to_string(),
                "lines": count(row, |run| run.lines, |day| day.lines),
                "healed": row.run.as_ref().map(|run| run.healed),
                "open": count(row, |run| run.open, |day| day.open),
                "fees": row.fees.iter().map(|(currency, fee)| (currency.clone(), json!(fee.to_string())))
                    .collect::<serde_json::Map<_, _>>(),
                "hash": hash(row),
            })
        };
        return say(json!({"days": rows.iter().map(row).collect::<Vec<_>>()}));
    }
    let line = |cells: [&str; 7]| {
        let [client, day, lines, healed, open, fees, hash] = cells;
        say(format!(
            "{client:<32} {day:<10} {lines:>8} {healed:>8} {open:>8} {fees:>12}  {hash}"
        ))
    };
    line(["client", "day", "lines", "healed", "open", "fees", "closed"])?;
    for row in rows {
        let healed = row
            .run
            .as_ref()
            .map_or("-".to_owned(), |run| run.healed.to_string());
        let fees: Vec<String> = row
            .fees
            .iter()
            .map(|(currency, fee)| format!("{fee} {currency}"))
            .collect();
        line([
            &row.client,
            &row.day.to_string(),
            &count(row, |run| run.lines, |day| day.lines).to_string(),
            &healed,
            &count(row, |run| run.open, |day| day.open).to_string(),
            &fees.join(", "),
            hash(row).as_deref().map_or("not yet", |hash| &hash[..16]),
        ])?;
    }
    Ok(())
}

async fn verify(app: &App, json: bool) -> Result<()> {
    let (mut days, mut flaws): (usize, Vec<(String, Flaw)>) = (0, Vec::new());
    let mut last = Vec::new();
    for (client, name) in clients(app).await? {
        let mut tx = app.db.client(client).await.map_err(told)?;
        let (count, found) = close::verify(&mut tx).await.map_err(told)?;
        days += count;
        flaws.extend(found.into_iter().map(|flaw| (name.clone(), flaw)));
        if let Some(day) = close::last(&mut tx).await.map_err(told)? {
            last.push((name, day));
        }
    }
    if json {
        say(json!({
            "days": days,
            "flaws": flaws.iter().map(|(client, flaw)| json!({
                "client": client,
                "day": flaw.day.to_string(),
                "what": flaw.what,
            })).collect::<Vec<_>>(),
            "last": last.iter().map(|(client, day)| json!({
                "client": client,
                "day": day.day.to_string(),
                "hash": hex::encode(&day.hash),
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        for (client, day) in &last {
            say(format!(
                "{client:<32} {} {}",
                day.day,
                hex::encode(&day.hash)
            ))?;
        }
        for (client, flaw) in &flaws {
            say(format!("{client}, {}: {}", flaw.day, flaw.what))?;
        }
        say(format!("{days} closed days of {} clients", last.len()))?;
    }
    if !flaws.is_empty() {
        bail!("{} closed days are not what they were", flaws.len());
    }
    Ok(())
}

async fn csv(app: &App, clients: &[(ClientNo, String)], days: (Date, Date)) -> Result<()> {
    let table = |name: &str, lines: &[Kept], with_head: bool| -> Result<()> {
        let text = table::csv(name, lines, with_head).map_err(told)?;
        say(text.trim_end_matches('\n'))
    };
    // a table without lines is one, too
    table("", &[], true)?;
    for (client, name) in clients {
        let (mut tx, mut after) = (app.db.client(*client).await.map_err(told)?, None);
        loop {
            let lines = desk::lines(&mut tx, days, None::<Standing>, after, LINES_ROWS)
                .await
                .map_err(told)?;
            let Some(last) = lines.last() else { break };
            after = Some((last.day, last.line_id.0));
            table(name, &lines, false)?;
        }
    }
    Ok(())
}

async fn clients(app: &App) -> Result<Vec<(ClientNo, String)>> {
    let mut tx = app.db.system().await.map_err(told)?;
    let mut all: Vec<(ClientNo, String)> = Vec::new();
    loop {
        let after = all.last().map_or(ClientNo(0), |(client, _)| *client);
        let batch = close::clients(&mut tx, after).await.map_err(told)?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}
