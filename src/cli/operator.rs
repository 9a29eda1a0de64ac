//! `concierge operator …`

use anyhow::Result;
use clap::Subcommand;
use concierge::{
    admin::{
        By, Role,
        operator::{self, address_of},
    },
    app::App,
    secret::Secret,
};
use serde_json::json;

use super::{say, told};

/// The operator that a first start makes.
const FIRST: &str = "admin";

#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Make an operator and print the link that opens the set-up, once, within 24 hours.
    Create {
        /// What one signs in with: 1 to 64 of a-z 0-9 . _ @ -.
        #[arg(long)]
        name: String,
        /// What the operator may do.
        #[arg(long, value_enum, default_value_t = Role::Admin)]
        role: Role,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the operators.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Keep an operator out, at once.
    Disable {
        /// The operator.
        #[arg(long)]
        name: String,
    },
    /// Let an operator in again.
    Enable {
        /// The operator.
        #[arg(long)]
        name: String,
    },
    /// Take password, authenticator and sessions away, and print a new link.
    Reset {
        /// The operator.
        #[arg(long)]
        name: String,
    },
    /// Print where the console is opened: by a one-time link while nobody has set a password.
    #[command(hide = true)]
    FirstLink,
}

pub async fn run(app: &App, command: OperatorCommand) -> Result<()> {
    match command {
        OperatorCommand::Create { name, role, json } => create(app, &name, role, json).await,
        OperatorCommand::List { json } => list(app, json).await,
        OperatorCommand::Disable { name } => set_enabled(app, &name, false).await,
        OperatorCommand::Enable { name } => set_enabled(app, &name, true).await,
        OperatorCommand::Reset { name } => say(link(app, &reset(app, &name).await?)),
        OperatorCommand::FirstLink => first_link(app).await,
    }
}

async fn create(app: &App, name: &str, role: Role, json: bool) -> Result<()> {
    let code = made(app, name, role).await?;
    let link = link(app, &code);
    if json {
        return say(json!({"name": name, "link": link}));
    }
    say("Opens once, within 24 hours:")?;
    say(link)
}

async fn made(app: &App, name: &str, role: Role) -> Result<Secret> {
    let (by, now) = (By::command_line(), app.clock.now());
    let mut tx = app.db.admin().await.map_err(told)?;
    let made = operator::create(&mut tx, &app.vault, &by, name, role, now).await;
    let (_, code) = made.map_err(told)?;
    tx.commit().await.map_err(told)?;
    Ok(code)
}

async fn list(app: &App, json: bool) -> Result<()> {
    let mut tx = app.db.admin().await.map_err(told)?;
    for operator in operator::list(&mut tx).await.map_err(told)? {
        let (name, role) = (&operator.name, operator.role.word());
        if json {
            let (enabled, set_up) = (operator.enabled, operator.set_up);
            say(json!({"name": name, "role": role, "enabled": enabled, "set_up": set_up}))?;
            continue;
        }
        let enabled = if operator.enabled { "" } else { "  (disabled)" };
        let set_up = if operator.set_up {
            ""
        } else {
            "  (not set up)"
        };
        say(format!("{name:<32}  {role}{enabled}{set_up}"))?;
    }
    Ok(())
}

async fn set_enabled(app: &App, name: &str, enabled: bool) -> Result<()> {
    let (by, now) = (By::command_line(), app.clock.now());
    let mut tx = app.db.admin().await.map_err(told)?;
    let found = operator::named(&mut tx, name).await.map_err(told)?;
    let id = found.operator_id;
    operator::change(&mut tx, &by, id, None, Some(enabled), now)
        .await
        .map_err(told)?;
    tx.commit().await.map_err(told)?;
    let word = if enabled { "enabled" } else { "disabled" };
    say(format!("{name} is {word}."))
}

async fn reset(app: &App, name: &str) -> Result<Secret> {
    let (by, now) = (By::command_line(), app.clock.now());
    let mut tx = app.db.admin().await.map_err(told)?;
    let found = operator::named(&mut tx, name).await.map_err(told)?;
    let reset = operator::reset(&mut tx, &app.vault, &by, found.operator_id, now).await;
    let (_, code) = reset.map_err(told)?;
    tx.commit().await.map_err(told)?;
    Ok(code)
}

/// A later start, before anybody has set a password, gives a new link: the one before is of no use
/// to whoever missed it.
async fn first_link(app: &App) -> Result<()> {
    let mut tx = app.db.admin().await.map_err(told)?;
    let operators = operator::list(&mut tx).await.map_err(told)?;
    drop(tx);
    if operators.iter().any(|operator| operator.set_up) {
        return say("/admin/");
    }
    let code = match operators.iter().any(|operator| operator.name == FIRST) {
        true => reset(app, FIRST).await?,
        false => made(app, FIRST, Role::Admin).await?,
    };
    say(address_of(&code))
}

/// As far as the settings tell where the server listens.
fn link(app: &App, code: &Secret) -> String {
    let listen = app.config.text("server", "listen");
    let port = listen.rsplit(':').next().unwrap_or_default();
    let scheme = match app.config.path("server", "tls_cert") {
        Some(_) => "https",
        None => "http",
    };
    format!("{scheme}://127.0.0.1:{port}{}", address_of(code))
}
