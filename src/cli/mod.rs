//! The commands. Each reads the settings, does one thing, and says what it did.

mod books;
mod check;
mod client;
mod ingest;
mod key;
mod money;
mod operator;
mod price;
mod serve;
mod vault;

use std::{fmt::Display, io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use concierge::{
    app::App,
    boot::{self, Booted, Mode},
    config::{Config, Misconfigured, SECRETS, wrong},
    error::{CanFail, Error},
    knowledge::extract::pdf,
    server, telemetry,
};

/// A multi-tenant GenAI server: cited answers out of each client's own documents.
#[derive(Parser)]
#[command(name = "concierge", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, global = true, default_value = "config.ini", value_name = "FILE")]
    config: PathBuf,
    /// Sets a key, before environment and file: `--set server.listen=0.0.0.0:80`.
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until Ctrl-C.
    Serve,
    /// Bring the database up to date.
    Migrate,
    /// Make, list, re-key, enable and disable clients (partners).
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Make and revoke API keys of a client, for its programs.
    #[command(subcommand)]
    ApiKey(key::KeyCommand),
    /// Print a v1 token, as the partner's own server would make it.
    Token(client::TokenArguments),
    /// Give a user of a client a role, or keep the user out.
    User(client::UserArguments),
    /// Add files and folders to a knowledge base, and wait until they can be searched.
    Ingest(ingest::IngestArguments),
    /// Make, list, disable and reset operators of the console.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Set and list what things cost.
    #[command(subcommand)]
    Price(price::PriceCommand),
    /// Set who pays for what is used, and the limits.
    #[command(subcommand)]
    Billing(price::BillingCommand),
    /// Show what a wallet holds, and give credits.
    #[command(subcommand)]
    Wallet(money::WalletCommand),
    /// Add the books up.
    #[command(subcommand)]
    Ledger(money::LedgerCommand),
    /// Take what plans cost by the month from the wallets, and print what was taken.
    Bill(books::BillArguments),
    /// Compare the books with orders, providers and chains, day by day, and close the days.
    Reconcile(books::ReconcileArguments),
    /// Look after the master key.
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Print a document of the API.
    Openapi {
        /// Which one.
        #[arg(value_parser = ["native", "admin"])]
        name: String,
    },
    /// Print the value of a setting, such as server.listen.
    Setting {
        /// The key, with its section.
        #[arg(value_name = "SECTION.KEY")]
        key: String,
    },
    /// Look at configuration, database, storage, vault, models and chains: one line each.
    Check(check::CheckArguments),
    /// Read a document from standard input: what the server runs in a process of its own.
    #[command(hide = true)]
    ExtractPdf {
        /// The PDFium library.
        pdfium: PathBuf,
    },
}

/// Exit code for bad usage or configuration.
const MISUSE: u8 = 2;

/// Runs the command of this process.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::ExtractPdf { pdfium } = &arguments.command {
        return pdf::worker_main(pdfium);
    }
    if let Command::Openapi { name } = &arguments.command {
        return ended(say(match name.as_str() {
            "admin" => server::admin_document(),
            _ => server::native_document(),
        }));
    }
    let config = match Config::load(&arguments.config, &arguments.set) {
        Ok(config) => Arc::new(config),
        Err(error) => return complain(&error, MISUSE),
    };
    if let Command::Setting { key } = &arguments.command {
        return ended(setting(&config, key));
    }
    let format = config.text("telemetry", "format");
    if let Err(error) = telemetry::log(config.text("telemetry", "log"), format) {
        return complain(&error, MISUSE);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into(), 1),
    };
    ended(runtime.block_on(dispatch(arguments.command, config)))
}

async fn dispatch(command: Command, config: Arc<Config>) -> Result<()> {
    let stop = serve::stopped_by_signal()?;
    let mode = match command {
        Command::Serve => return serve::run(config, stop).await,
        Command::Check(arguments) => return check::run(config, arguments).await,
        Command::Migrate => Mode::Migrate,
        _ => Mode::Beside,
    };
    let Booted { app, embedded } = boot::open(config, mode).await?;
    // broken off, a command still stops the PostgreSQL that it started
    let done = tokio::select! {
        done = with_app(command, &app) => done,
        () = stop.cancelled() => Err(anyhow!("broken off")),
    };
    app.tasks.finish().await;
    app.db.close().await;
    if let Some(embedded) = embedded {
        embedded.stop().await?;
    }
    done
}

async fn with_app(command: Command, app: &App) -> Result<()> {
    match command {
        Command::Migrate => say("The database is up to date."),
        Command::Client(command) => client::run(app, command).await,
        Command::ApiKey(command) => key::run(app, command).await,
        Command::Token(arguments) => client::token(app, arguments).await,
        Command::User(arguments) => client::user(app, arguments).await,
        Command::Ingest(arguments) => ingest::run(app, arguments).await,
        Command::Operator(command) => operator::run(app, command).await,
        Command::Price(command) => price::price(app, command).await,
        Command::Billing(command) => price::billing(app, command).await,
        Command::Wallet(command) => money::wallet(app, command).await,
        Command::Ledger(command) => money::ledger(app, command).await,
        Command::Bill(arguments) => books::bill(app, arguments).await,
        Command::Reconcile(arguments) => books::reconcile(app, arguments).await,
        Command::Vault(command) => vault::run(app, command).await,
        Command::Serve
        | Command::Check(_)
        | Command::Setting { .. }
        | Command::Openapi { .. }
        | Command::ExtractPdf { .. } => Ok(()),
    }
}

fn setting(config: &Config, name: &str) -> Result<()> {
    let (section, key) = name
        .rsplit_once('.')
        .ok_or_else(|| wrong("write SECTION.KEY"))?;
    if !Config::is_known(section, key) || SECRETS.contains(&key) {
        return Err(wrong(format!(
            "there is no setting {name} that could be shown"
        )));
    }
    say(config.text(section, key))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write SECTION.KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Prints a line to standard output.
fn say(line: impl Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("write to standard output")
}

/// An error of a verb, in full: whoever runs commands may see causes.
fn told(error: Error) -> anyhow::Error {
    let sentence = error.to_string();
    match error {
        Error::Unavailable(cause) | Error::Upstream(cause) | Error::Internal(cause) => {
            cause.context(sentence)
        }
        _ => anyhow!(sentence),
    }
}

fn ended(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Misconfigured>() => complain(&error, MISUSE),
        Err(error) => complain(&error, 1),
    }
}

fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    writeln!(std::io::stderr(), "concierge: {error:#}").can_fail("nobody reads standard error");
    ExitCode::from(code)
}
