//! `concierge vault …`

use anyhow::Result;
use clap::Subcommand;
use concierge::{admin, app::App, db::Db, identity::rewrap, vault::Vault};

use super::{say, told};

/// Values re-wrapped in one commit.
const BATCH_ROWS: u16 = 100;

#[derive(Subcommand)]
pub enum VaultCommand {
    /// Make a new master key, seal every secret with it and drop the old one. Servers that use the
    /// same key file need no restart; broken off, it is gone on with when run again. Backups made
    /// before need the old key: keep a copy of the key file with them.
    Rotate,
}

pub async fn run(app: &App, command: VaultCommand) -> Result<()> {
    match command {
        VaultCommand::Rotate => rotate(app).await,
    }
}

async fn rotate(app: &App) -> Result<()> {
    let mut held = app.db.system().await.map_err(told)?;
    rewrap::hold(&mut held).await.map_err(told)?;
    let begun = app.vault.begin_rotation()?;
    let newest = hex::encode(app.vault.key_ids()[0]);
    say(if begun {
        format!("New master key {newest}: in {}", app.vault.path().display())
    } else {
        format!("Going on with the rotation to master key {newest}, which was broken off.")
    })?;
    let mut tx = app.db.system().await.map_err(told)?;
    rewrap::wait_for_sealers(&mut tx).await.map_err(told)?;
    tx.commit().await.map_err(told)?;
    let mut values = 0;
    loop {
        let mut tx = app.db.system().await.map_err(told)?;
        let rows = rewrap::some(&mut tx, &app.vault, BATCH_ROWS)
            .await
            .map_err(told)?;
        tx.commit().await.map_err(told)?;
        let mut tx = app.db.admin().await.map_err(told)?;
        let rows = rows
            + admin::rewrap::some(&mut tx, &app.vault, BATCH_ROWS)
                .await
                .map_err(told)?;
        tx.commit().await.map_err(told)?;
        if rows == 0 {
            break;
        }
        values += rows;
    }
    app.vault.end_rotation()?;
    say(format!(
        "{values} values are sealed by it, the old key is dropped. Backups made before need the old key."
    ))?;
    held.commit().await.map_err(told)
}

/// For `check`: whether every value opens, and what is left of a rotation.
pub async fn state(db: &Db, vault: &Vault) -> Result<String> {
    let mut tx = db.system().await.map_err(told)?;
    let mut counts = rewrap::count(&mut tx).await.map_err(told)?;
    let mut tx = db.admin().await.map_err(told)?;
    counts.extend(admin::rewrap::count(&mut tx).await.map_err(told)?);
    let ids = vault.key_ids();
    let path = vault.path().display();
    if let Some((id, count)) = counts.iter().find(|(id, _)| !ids.contains(id)) {
        let id = hex::encode(id);
        anyhow::bail!("{count} values are sealed by master key {id}, which is not in {path}");
    }
    let sealed: i64 = counts.iter().map(|(_, count)| count).sum();
    let old = counts.iter().filter(|(id, _)| *id != ids[0]);
    let old: i64 = old.map(|(_, count)| count).sum();
    let newest = hex::encode(ids[0]);
    if ids.len() == 1 {
        return Ok(format!("{sealed} values, master key {newest} in {path}"));
    }
    Ok(format!(
        "{sealed} values, {old} of them still under an old master key: `concierge vault rotate` finishes the rotation to {newest} in {path}"
    ))
}
