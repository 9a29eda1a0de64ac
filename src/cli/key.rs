//! `concierge api-key …`

use anyhow::{Context, Result};
use clap::Subcommand;
use concierge::{
    app::App,
    identity::api_key::{self, Scope},
    ids::ApiKeyId,
};
use serde_json::json;

use super::{client::named, say, told};

#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it: it is not shown again.
    Create {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// What it may do.
        #[arg(long, value_enum, required = true)]
        scope: Vec<Scope>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a key, within a second.
    Revoke {
        /// The client.
        #[arg(long, value_name = "ID")]
        client: String,
        /// The key's id.
        #[arg(long)]
        id: String,
    },
}

pub async fn run(app: &App, command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::Create {
            client,
            name,
            scope,
            json,
        } => {
            let client = named(app, &client).await?;
            let mut tx = app.db.client(client.client_no).await.map_err(told)?;
            let now = app.clock.now();
            let made = api_key::create(&mut tx, &client.client_id, &name, &scope, now).await;
            let (id, secret) = made.map_err(told)?;
            tx.commit().await.map_err(told)?;
            if json {
                return say(json!({"id": id, "api_key": secret.expose()}));
            }
            say(format!("id: {id}"))?;
            say(format!("api_key (shown once): {}", secret.expose()))
        }
        KeyCommand::Revoke { client, id } => {
            let client = named(app, &client).await?;
            let id = ApiKeyId(id.parse().context("--id")?);
            let mut tx = app.db.client(client.client_no).await.map_err(told)?;
            api_key::revoke(&mut tx, id, app.clock.now())
                .await
                .map_err(told)?;
            tx.commit().await.map_err(told)?;
            say("The key is revoked.")
        }
    }
}
