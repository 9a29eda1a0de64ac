//! The commands. Each reads the settings, does one thing, and says what it did.

mod client;
mod ingest;
mod key;
mod serve;

use std::{fmt::Display, io::Write, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use concierge::{
    app::App,
    boot::{self, Booted, Mode},
    config::{Config, SECRETS},
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
    /// Print a document of the API.
    Openapi {
        /// Which one.
        #[arg(value_parser = ["native"])]
        name: String,
    },
    /// Print the value of a setting, such as server.listen.
    Setting {
        /// The key, with its section.
        #[arg(value_name = "SECTION.KEY")]
        key: String,
    },
    /// Look at configuration, database, models and storage: one line each.
    Check,
    /// Read a PDF from standard input: what the server runs in a process of its own.
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
    if let Command::Openapi { .. } = &arguments.command {
        return ended(say(server::native_document()));
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
    if matches!(command, Command::Serve) {
        return serve::run(config).await;
    }
    let Booted { app, embedded } = boot::open(config, Mode::Beside).await?;
    let done = with_app(command, &app).await;
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
        Command::Check => check(app).await,
        Command::Serve
        | Command::Setting { .. }
        | Command::Openapi { .. }
        | Command::ExtractPdf { .. } => Ok(()),
    }
}

/// What came so far was already checked on the way here; the rest is asked now.
async fn check(app: &App) -> Result<()> {
    say("configuration  ok")?;
    app.db.ping().await.map_err(told)?;
    say("database       ok")?;
    say(format!(
        "storage        ok: {}",
        app.blobs.folder().display()
    ))?;
    say(format!("chat           {}", app.models.chat().name()))?;
    match app.models.embedder() {
        None => say("embedding      none: search goes by words only"),
        Some(embedder) => {
            let vectors = embedder
                .embed(vec!["check".to_owned()])
                .await
                .map_err(told)?;
            say(format!(
                "embedding      ok: {}, {} dimensions",
                embedder.id(),
                vectors[0].len()
            ))
        }
    }
}

fn setting(config: &Config, name: &str) -> Result<()> {
    let (section, key) = name.rsplit_once('.').context("write SECTION.KEY")?;
    if !Config::is_known(section, key) || SECRETS.contains(&key) {
        anyhow::bail!("there is no setting {name} that could be shown");
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
        _ => anyhow::anyhow!(sentence),
    }
}

fn ended(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    writeln!(std::io::stderr(), "concierge: {error:#}").can_fail("nobody reads standard error");
    ExitCode::from(code)
}
