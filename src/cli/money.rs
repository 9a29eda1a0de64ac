//! `concierge wallet …`, `concierge ledger …`

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use concierge::{
    app::App,
    billing::{Book, Entry, Kind, Micros, Owner, Posted, amount::credits, verify, wallet},
    identity::{Realm, user},
};
use serde_json::json;

use super::{client::named, say, told};

#[derive(Subcommand)]
pub enum WalletCommand {
    /// Show what a wallet holds.
    Show {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give credits for free.
    Grant {
        #[command(flatten)]
        whose: Whose,
        /// How much, such as 20 or 0.5.
        #[arg(long, value_parser = amount)]
        credits: Micros,
        /// Names this gift: with the same key it is given once, however often the command is run.
        #[arg(long)]
        key: String,
        /// What it is for; the owner of the wallet reads it.
        #[arg(long, default_value = "")]
        note: String,
    },
}

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Add all books up from their first transfer on; exit code 1 when something does not agree.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub struct Whose {
    /// The client.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The partner's id of the user; without it, the client's own wallet.
    #[arg(long)]
    user: Option<String>,
}

fn amount(text: &str) -> Result<Micros, String> {
    Micros::parse(text).map_err(|error| error.to_string())
}

pub async fn wallet(app: &App, command: WalletCommand) -> Result<()> {
    match command {
        WalletCommand::Show { whose, json } => show(app, &whose, json).await,
        WalletCommand::Grant {
            whose,
            credits,
            key,
            note,
        } => grant(app, &whose, credits, &key, &note).await,
    }
}

async fn show(app: &App, whose: &Whose, json: bool) -> Result<()> {
    let (mut tx, owner) = open(app, whose).await?;
    let wallet = wallet::find(&mut tx, owner).await.map_err(told)?;
    let (balance, held) = (credits(wallet.balance), credits(wallet.held));
    if json {
        return say(json!({"balance": balance, "held": held}));
    }
    say(format!("{balance} credits to spend, {held} set aside"))
}

async fn grant(app: &App, whose: &Whose, amount: Micros, key: &str, note: &str) -> Result<()> {
    let (mut tx, owner) = open(app, whose).await?;
    let now = app.clock.now();
    let key = format!("grant {key}");
    let entry = Entry {
        amount,
        key: &key,
        subject: None,
        note,
    };
    let from = (Kind::Grant, Book::Promotion);
    let posted = wallet::add(&mut tx, owner, from, &entry, now)
        .await
        .map_err(told)?;
    let wallet = wallet::find(&mut tx, owner).await.map_err(told)?;
    tx.commit().await.map_err(told)?;
    let done = match posted {
        Posted::Now => "Given",
        Posted::Before => "Given before",
    };
    say(format!(
        "{done}: {amount} credits; there are {} to spend now.",
        credits(wallet.balance)
    ))
}

async fn open(app: &App, whose: &Whose) -> Result<(concierge::db::ClientTx, Owner)> {
    let client = named(app, &whose.client).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    let Some(id) = &whose.user else {
        return Ok((tx, Owner::Client));
    };
    let user = user::find(&mut tx, Realm::Partner, id)
        .await
        .map_err(told)?;
    Ok((tx, Owner::User(user.user_id)))
}

pub async fn ledger(app: &App, command: LedgerCommand) -> Result<()> {
    let LedgerCommand::Verify { json } = command;
    let mut tx = app.db.system().await.map_err(told)?;
    let (totals, findings) = verify::books(&mut tx).await.map_err(told)?;
    let trial = verify::trial_balance(&mut tx).await.map_err(told)?;
    if json {
        say(json!({
            "accounts": totals.accounts,
            "transfers": totals.transfers,
            "open_holds": totals.open_holds,
            "findings": findings.iter().map(|finding| json!({
                "client_no": finding.client_no,
                "account_no": finding.account_no,
                "what": finding.what,
                "is": finding.is,
                "should_be": finding.should_be,
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        for line in &trial {
            say(format!(
                "{:<32} {:<10} debit {:>20} credit {:>20}",
                line.client_id,
                line.kind,
                credits(line.debits),
                credits(line.credits)
            ))?;
        }
        for finding in &findings {
            say(format!(
                "client {} account {}: {} is {}, should be {}",
                finding.client_no.0,
                finding.account_no,
                finding.what,
                credits(finding.is),
                credits(finding.should_be)
            ))?;
        }
        say(format!(
            "{} transfers between {} accounts, {} open holds",
            totals.transfers, totals.accounts, totals.open_holds
        ))?;
    }
    if !findings.is_empty() {
        bail!("the books do not agree in {} places", findings.len());
    }
    Ok(())
}
