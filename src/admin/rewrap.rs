//! Gives secrets of operators that an old master key sealed to the new one, a few rows at a time.

use super::{operator::place, store};
use crate::{
    db::AdminTx,
    error::{Error, Result},
    vault::{MasterKeyId, Vault, sealed_by},
};

/// Seals up to `rows_max` values with the newest key that were not; returns how many.
pub async fn some(tx: &mut AdminTx, vault: &Vault, rows_max: u16) -> Result<usize> {
    let newest = vault.key_ids()[0];
    let rows = store::sealed_by_others(tx, &newest, rows_max).await?;
    for (id, sealed) in &rows {
        let secret = vault.reveal(place(*id), sealed)?;
        let anew = vault.seal(place(*id), &secret)?;
        if sealed_by(&anew) != Some(newest) {
            return Err(Error::Conflict(
                "The file of the master key was changed meanwhile: rotate again.".into(),
            ));
        }
        store::set_sealed(tx, sealed, &anew).await?;
        store::set_sealed_in_link(tx, sealed, &anew).await?;
    }
    Ok(rows.len())
}

/// How many values each master key has sealed.
pub async fn count(tx: &mut AdminTx) -> Result<Vec<(MasterKeyId, i64)>> {
    let counts = store::count_sealed(tx).await?.into_iter();
    Ok(counts
        .filter_map(|(id, count)| Some((sealed_by(&id)?, count)))
        .collect())
}
