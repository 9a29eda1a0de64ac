//! `concierge client …`, `concierge token`, `concierge user`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use concierge::{
    app::App,
    identity::{
        MembersMay, Realm, Role, V1Tokens,
        client::{self, Client, NewClient},
        key::{Encryptor, NewKey},
        token, user,
    },
};
use serde_json::json;
use time::Duration;
use zeroize::Zeroizing;

use super::{say, told};

#[derive(Subcommand)]
pub enum ClientCommand {
    /// Make a client and print its key.
    Create(CreateArguments),
    /// List the clients.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Make a new key and print it; the old one ends after the overlap.
    Rotate {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// Hours for which tokens made with the old key still count; 0 ends it within a second.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(0..=8_760))]
        overlap_hours: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Keep a client's users out, within a second.
    Disable {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
    },
    /// Let a client's users in again.
    Enable {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
    },
}

#[derive(Args)]
pub struct CreateArguments {
    /// The name for people.
    #[arg(long)]
    name: String,
    /// The public name in tokens: up to 32 of A-Z a-z 0-9 _ -; made at random when absent.
    #[arg(long, value_parser = client_id)]
    id: Option<String>,
    /// What it is for.
    #[arg(long, default_value = "")]
    description: String,
    /// How its tokens are accepted: with every request, or once to open a session (recommended).
    #[arg(long, value_enum, default_value_t = Tokens::Header)]
    v1_tokens: Tokens,
    /// What its users may do with knowledge.
    #[arg(long, value_enum, default_value_t = May::Own)]
    members_may: May,
    /// Keep using a key pair that there is: the PEM file of its private half, PKCS#8 or PKCS#1.
    #[arg(long, value_name = "FILE")]
    import_key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Tokens {
    Header,
    #[value(alias = "exchange-once")]
    ExchangeOnce,
}

#[derive(Clone, Copy, ValueEnum)]
enum May {
    Read,
    Own,
    Manage,
}

#[derive(Args)]
pub struct TokenArguments {
    /// The client.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The partner's id of the user.
    #[arg(long)]
    user: String,
    /// The user's name.
    #[arg(long)]
    username: String,
}

#[derive(Args)]
pub struct UserArguments {
    /// The client.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The partner's id of the user.
    #[arg(long)]
    user: String,
    /// Give the user this role.
    #[arg(long, value_enum)]
    role: Option<UserRole>,
    /// Let the user in (true) or keep the user out (false), within a second.
    #[arg(long)]
    enabled: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum UserRole {
    Member,
    Manager,
}

pub async fn run(app: &App, command: ClientCommand) -> Result<()> {
    match command {
        ClientCommand::Create(arguments) => create(app, arguments).await,
        ClientCommand::List { json } => list(app, json).await,
        ClientCommand::Rotate {
            client,
            overlap_hours,
            json,
        } => rotate(app, &client, overlap_hours, json).await,
        ClientCommand::Disable { client } => set_enabled(app, &client, false).await,
        ClientCommand::Enable { client } => set_enabled(app, &client, true).await,
    }
}

async fn create(app: &App, arguments: CreateArguments) -> Result<()> {
    let new = NewClient {
        client_id: arguments.id,
        name: arguments.name,
        description: arguments.description,
        v1_tokens: match arguments.v1_tokens {
            Tokens::Header => V1Tokens::Header,
            Tokens::ExchangeOnce => V1Tokens::ExchangeOnce,
        },
        token_realm: Realm::Partner,
        members_may: match arguments.members_may {
            May::Read => MembersMay::Read,
            May::Own => MembersMay::Own,
            May::Manage => MembersMay::Manage,
        },
    };
    let key = match &arguments.import_key {
        Some(path) => imported(app, path)?,
        None => new_key(app)?,
    };
    let pem = key.public_pem.clone();
    let mut tx = app.db.system().await.map_err(told)?;
    let client = client::create(&mut tx, &app.vault, &new, key, app.clock.now())
        .await
        .map_err(told)?;
    tx.commit().await.map_err(told)?;
    print_key(&client.client_id, &pem, arguments.json)
}

async fn list(app: &App, json: bool) -> Result<()> {
    let mut tx = app.db.system().await.map_err(told)?;
    for client in client::list(&mut tx).await.map_err(told)? {
        let enabled = if client.enabled { "" } else { "  (disabled)" };
        if json {
            let (id, name, enabled) = (&client.client_id, &client.name, client.enabled);
            say(json!({"client_id": id, "name": name, "enabled": enabled}))?;
        } else {
            say(format!(
                "{:<32}  {}{enabled}",
                client.client_id, client.name
            ))?;
        }
    }
    Ok(())
}

async fn rotate(app: &App, client_id: &str, overlap_hours: u16, json: bool) -> Result<()> {
    let client = named(app, client_id).await?;
    let key = new_key(app)?;
    let pem = key.public_pem.clone();
    let overlap = Duration::hours(overlap_hours.into());
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    client::rotate(&mut tx, key, &app.vault, overlap, app.clock.now())
        .await
        .map_err(told)?;
    tx.commit().await.map_err(told)?;
    print_key(client_id, &pem, json)
}

async fn set_enabled(app: &App, client_id: &str, enabled: bool) -> Result<()> {
    let client = named(app, client_id).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    client::set_enabled(&mut tx, enabled).await.map_err(told)?;
    tx.commit().await.map_err(told)?;
    say(format!(
        "{client_id} is {}.",
        if enabled { "enabled" } else { "disabled" }
    ))
}

/// Prints a v1 token.
pub async fn token(app: &App, arguments: TokenArguments) -> Result<()> {
    let client = named(app, &arguments.client).await?;
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    let pem = client::public_key(&mut tx).await.map_err(told)?;
    let key = Encryptor::new(&pem).map_err(told)?;
    let now = app.clock.now();
    say(token::make(
        &arguments.client,
        &arguments.user,
        &arguments.username,
        &key,
        now,
    )
    .map_err(told)?)
}

/// Changes a user.
pub async fn user(app: &App, arguments: UserArguments) -> Result<()> {
    let client = named(app, &arguments.client).await?;
    if arguments.role.is_none() && arguments.enabled.is_none() {
        bail!("say what is to change: --role or --enabled");
    }
    let mut tx = app.db.client(client.client_no).await.map_err(told)?;
    if let Some(role) = arguments.role {
        let role = match role {
            UserRole::Member => Role::Member,
            UserRole::Manager => Role::Manager,
        };
        user::set_role(&mut tx, client.token_realm, &arguments.user, role)
            .await
            .map_err(told)?;
    }
    if let Some(enabled) = arguments.enabled {
        user::set_enabled(&mut tx, client.token_realm, &arguments.user, enabled)
            .await
            .map_err(told)?;
    }
    tx.commit().await.map_err(told)?;
    say("The user is changed.")
}

/// The client of this id.
pub async fn named(app: &App, client_id: &str) -> Result<Client> {
    let mut tx = app.db.system().await.map_err(told)?;
    client::find(&mut tx, client_id)
        .await
        .map_err(|error| told(error).context(format!("client {client_id}")))
}

fn client_id(text: &str) -> Result<String, String> {
    client::check_id(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

fn new_key(app: &App) -> Result<NewKey> {
    let bits = app.config.number("identity", "key_bits", 2_048..=4_096)? as usize;
    NewKey::generate(bits).map_err(told)
}

fn imported(app: &App, path: &Path) -> Result<NewKey> {
    let small = app.config.flag("identity", "small_keys")?;
    let pem = std::fs::read_to_string(path).map(Zeroizing::new);
    let pem = pem.with_context(|| format!("read {}", path.display()))?;
    NewKey::import(&pem, small).map_err(|error| told(error).context(path.display().to_string()))
}

fn print_key(client_id: &str, pem: &str, json: bool) -> Result<()> {
    if json {
        return say(json!({"client_id": client_id, "client_key": pem}));
    }
    say(format!("client_id: {client_id}"))?;
    say(
        "client_key (treat it as a secret: whoever holds it can make tokens for this client's users):",
    )?;
    say(pem.trim_end())
}
