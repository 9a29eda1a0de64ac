//! The keys of a client as the operator sees them: listed, added, retired, killed.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use time::{Duration, OffsetDateTime};

use super::{key::NewKey, store::keyring as store};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::KeyId,
    vault::Vault,
};

/// Keys that may count at the same time: a bad token costs an operation for each.
const COUNTING_MAX: usize = 3;

/// A key pair, without its private half.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KeyPair {
    /// Its id.
    pub key_id: KeyId,
    /// The half that the partner has.
    pub public_pem: String,
    /// Its size.
    pub bits: i32,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its tokens cease to count.
    pub retires_at: Option<OffsetDateTime>,
    /// When it was killed.
    pub killed_at: Option<OffsetDateTime>,
    /// When a token of it last counted, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

impl KeyPair {
    /// SHA-256 of the public half (SubjectPublicKeyInfo, DER), in hex: what
    /// `openssl pkey -pubin -outform DER | sha256sum` says.
    pub fn fingerprint(&self) -> String {
        let lines = self
            .public_pem
            .lines()
            .filter(|line| !line.starts_with('-'));
        let der = STANDARD
            .decode(lines.collect::<String>())
            .unwrap_or_default();
        hex::encode(digest(&SHA256, &der))
    }

    /// Whether its tokens count.
    pub fn counts(&self, now: OffsetDateTime) -> bool {
        self.killed_at.is_none() && self.retires_at.is_none_or(|end| end > now)
    }
}

/// All keys, the newest first.
pub async fn list(tx: &mut ClientTx) -> Result<Vec<KeyPair>> {
    store::keys(tx).await
}

/// Adds a key beside those there are; their tokens count on.
///
/// # Errors
/// `Conflict` when there are three whose tokens count.
pub async fn add(
    tx: &mut ClientTx,
    vault: &Vault,
    key: NewKey,
    now: OffsetDateTime,
) -> Result<KeyPair> {
    store::lock(tx).await?;
    let keys = list(tx).await?;
    if keys.iter().filter(|key| key.counts(now)).count() >= COUNTING_MAX {
        return Err(Error::Conflict(format!(
            "{COUNTING_MAX} keys of this client count already: kill one that is not used any more."
        )));
    }
    let client = tx.client();
    let id = key.keep(tx, client, vault, now).await?;
    find(tx, id).await
}

/// Ends a key after this time.
///
/// # Errors
/// `Conflict` when no key would be left after that.
pub async fn retire(
    tx: &mut ClientTx,
    id: KeyId,
    overlap: Duration,
    now: OffsetDateTime,
) -> Result<KeyPair> {
    store::lock(tx).await?;
    let keys = list(tx).await?;
    let key = keys.iter().find(|key| key.key_id == id);
    let key = key.ok_or(Error::NotFound("key"))?;
    if !key.counts(now) {
        return Err(Error::Conflict("This key has ended already.".into()));
    }
    let lasts = |key: &&KeyPair| key.key_id != id && key.counts(now) && key.retires_at.is_none();
    if !keys.iter().any(|key| lasts(&key)) {
        return Err(Error::Conflict(
            "No key would be left: add the new one first, and give it to the partner.".into(),
        ));
    }
    store::retire(tx, id, now + overlap).await?;
    find(tx, id).await
}

/// Ends a key now: its tokens are refused on every process within a second.
pub async fn kill(tx: &mut ClientTx, id: KeyId, now: OffsetDateTime) -> Result<KeyPair> {
    store::kill(tx, id, now).await?;
    find(tx, id).await
}

async fn find(tx: &mut ClientTx, id: KeyId) -> Result<KeyPair> {
    let keys = list(tx).await?;
    let mut keys = keys.into_iter().filter(|key| key.key_id == id);
    keys.next().ok_or(Error::NotFound("key"))
}
