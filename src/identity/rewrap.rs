//! Gives private keys that an old master key sealed to the new one, a few rows at a time.

use super::{key, store};
use crate::{
    db::SystemTx,
    error::{Error, Result},
    vault::{MasterKeyId, Vault, sealed_by},
};

/// Waits until whoever was sealing with a key read before has committed; who seals later sees what
/// is in the key file now. To be committed at once.
pub async fn wait_for_sealers(tx: &mut SystemTx) -> Result<()> {
    store::lock_seals(tx).await
}

/// Holds the right to rotate until the transaction ends.
///
/// # Errors
/// `Conflict` when another process has it.
pub async fn hold(tx: &mut SystemTx) -> Result<()> {
    if store::lock_rotation(tx).await? {
        return Ok(());
    }
    Err(Error::Conflict(
        "Another process is rotating the master key: let it finish.".into(),
    ))
}

/// Seals up to `rows_max` values with the newest key that were not; returns how many.
pub async fn some(tx: &mut SystemTx, vault: &Vault, rows_max: u16) -> Result<usize> {
    let newest = vault.key_ids()[0];
    let rows = store::sealed_by_others(tx, &newest, rows_max).await?;
    for row in &rows {
        let (client, key_id) = (row.client_no, row.key_id);
        let sealed = key::sealed_anew(vault, client, key_id, &row.private_sealed)?;
        if sealed_by(&sealed) != Some(newest) {
            return Err(Error::Conflict(
                "The file of the master key was changed meanwhile: rotate again.".into(),
            ));
        }
        store::set_sealed(tx, client, key_id, &sealed).await?;
    }
    Ok(rows.len())
}

/// How many values each master key has sealed.
pub async fn count(tx: &mut SystemTx) -> Result<Vec<(MasterKeyId, i64)>> {
    let counts = store::count_sealed(tx).await?.into_iter();
    Ok(counts
        .filter_map(|(id, count)| Some((sealed_by(&id)?, count)))
        .collect())
}
