//! RSA keys of clients: made or imported, kept sealed, and found again.

use anyhow::Context;
use rsa::{
    RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    traits::PublicKeyParts,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

pub use super::cipher::{Decryptor, Encryptor};
use super::{cipher::BITS_USUAL, store};
use crate::{
    db::{GateTx, Tx},
    error::{Error, Result},
    ids::{ClientNo, KeyId},
    vault::{Place, Vault},
};

const TABLE: &str = "client_key";
/// Bits of the smallest imported key.
const BITS_MIN: usize = 1_024;
/// Bits of the largest: its tokens are as long as a token may be.
const BITS_MAX: usize = 4_096;

/// A key pair that was just made.
pub struct NewKey {
    /// What the partner gets: PEM, SubjectPublicKeyInfo. Whoever holds it can mint v1 tokens.
    pub public_pem: String,
    /// What stays here: DER, PKCS#8.
    private_der: Zeroizing<Vec<u8>>,
    bits: usize,
}

impl NewKey {
    /// Makes a pair. Takes up to seconds of CPU: not for an async thread.
    pub fn generate(bits: usize) -> Result<Self> {
        let private = RsaPrivateKey::new(&mut rand::rng(), bits).map_err(Error::internal)?;
        Self::of(&private)
    }

    /// Takes a pair that another system made: the PEM of its private half, PKCS#8 or PKCS#1. Keys
    /// below 2048 bits only with `small`.
    ///
    /// # Errors
    /// `Invalid` with what is wrong with it.
    pub fn import(pem: &str, small: bool) -> Result<Self> {
        let private = read_private(pem)?;
        let key = Self::of(&private)?;
        if key.bits < BITS_USUAL && !small {
            return Err(Error::invalid(format!(
                "The key has {} bits, fewer than {BITS_USUAL} are not safe. While its tokens must \
                 still count, set [identity] small_keys = on.",
                key.bits
            )));
        }
        if !(BITS_MIN..=BITS_MAX).contains(&key.bits) {
            return Err(Error::invalid(format!(
                "The key has {} bits, from {BITS_MIN} to {BITS_MAX} can be used.",
                key.bits
            )));
        }
        let sealed = Encryptor::new(&key.public_pem)?.encrypt(b"try")?;
        let opened = Decryptor::new(&key.private_der, key.bits)
            .ok()
            .and_then(|decryptor| decryptor.decrypt(&sealed));
        if opened.is_none_or(|plain| *plain != b"try") {
            return Err(Error::invalid(
                "The key cannot be used: it does not open what it seals.",
            ));
        }
        Ok(key)
    }

    fn of(private: &RsaPrivateKey) -> Result<Self> {
        let public_pem = private
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(Error::internal)?;
        let der = private.to_pkcs8_der().map_err(Error::internal)?;
        Ok(Self {
            public_pem,
            private_der: Zeroizing::new(der.as_bytes().to_vec()),
            bits: private.n().bits() as usize,
        })
    }

    /// Keeps it as a key of the client, the private half sealed, in a transaction that sees the
    /// client.
    pub async fn keep<Scope>(
        self,
        tx: &mut Tx<Scope>,
        client: ClientNo,
        vault: &Vault,
        now: OffsetDateTime,
    ) -> Result<KeyId> {
        let key_id = KeyId::new(now);
        store::lock_seals_shared(tx.conn()).await?;
        let sealed = vault.seal(place(client, key_id), &self.private_der)?;
        let pem = &self.public_pem;
        store::add_key(tx.conn(), client, key_id, pem, &sealed, self.bits, now).await?;
        Ok(key_id)
    }
}

/// Where the private half stands.
fn place(client: ClientNo, key_id: KeyId) -> Place<'static> {
    Place {
        table: TABLE,
        client,
        row: key_id.0,
    }
}

/// A sealed private half, sealed by the newest master key.
pub fn sealed_anew(
    vault: &Vault,
    client: ClientNo,
    key_id: KeyId,
    sealed: &[u8],
) -> Result<Vec<u8>> {
    let place = place(client, key_id);
    let der = vault
        .reveal(place, sealed)
        .with_context(|| format!("key {key_id} of client {}", client.0))?;
    Ok(vault.seal(place, &der)?)
}

fn read_private(pem: &str) -> Result<RsaPrivateKey> {
    let says = |label: &str| pem.contains(&format!("-----BEGIN {label}-----"));
    let broken = |error: String| Error::invalid(format!("The key cannot be read: {error}."));
    if says("ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Error::invalid(
            "The key is protected by a passphrase. Take it off first: openssl pkey -in KEY -out OPEN.",
        ));
    }
    if says("PRIVATE KEY") {
        return RsaPrivateKey::from_pkcs8_pem(pem.trim())
            .map_err(|error| broken(error.to_string()));
    }
    if says("RSA PRIVATE KEY") {
        return RsaPrivateKey::from_pkcs1_pem(pem.trim())
            .map_err(|error| broken(error.to_string()));
    }
    Err(Error::invalid(
        if says("PUBLIC KEY") || says("RSA PUBLIC KEY") || says("CERTIFICATE") {
            "This is the public half only. Tokens are opened with the private one."
        } else {
            "This is not the PEM of an RSA private key (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY)."
        },
    ))
}

/// A key of a client, ready to use.
pub struct ActiveKey {
    /// Its id.
    pub key_id: KeyId,
    /// What it decrypts with.
    pub decryptor: Decryptor,
    /// When it ends, and with it what was proved by it.
    pub retires_at: Option<OffsetDateTime>,
}

/// Whether a key of this size does not count.
pub fn is_left_out(bits: usize, small: bool) -> bool {
    bits < BITS_USUAL && !small
}

/// A key of a client, whatever became of it, with its size and when it ended or ends.
pub struct AnyKey {
    /// The key.
    pub key: ActiveKey,
    /// Its size.
    pub bits: usize,
    /// When it was killed.
    pub killed_at: Option<OffsetDateTime>,
}

/// The newest keys of a client, whatever became of them: for the operator.
pub async fn all(tx: &mut GateTx, vault: &Vault, client: ClientNo) -> Result<Vec<AnyKey>> {
    let mut keys = Vec::new();
    for row in store::keyring::sealed_keys(tx, client).await? {
        let bits = usize::try_from(row.bits).map_err(Error::internal)?;
        let der = vault
            .reveal(place(client, row.key_id), &row.private_sealed)
            .with_context(|| format!("key {} of client {}", row.key_id, client.0))?;
        keys.push(AnyKey {
            key: ActiveKey {
                key_id: row.key_id,
                decryptor: Decryptor::new(&der, bits)?,
                retires_at: row.retires_at,
            },
            bits,
            killed_at: row.killed_at,
        });
    }
    Ok(keys)
}

/// The keys of a client that have not retired, newest first; those below 2048 bits only with
/// `small`.
pub async fn active(
    tx: &mut GateTx,
    vault: &Vault,
    client: ClientNo,
    small: bool,
    now: OffsetDateTime,
) -> Result<Vec<ActiveKey>> {
    let mut keys = Vec::new();
    for row in store::active_keys(tx, client, now).await? {
        let bits = usize::try_from(row.bits).map_err(Error::internal)?;
        if is_left_out(bits, small) {
            tracing::warn!(key = %row.key_id, bits, "left out: [identity] small_keys is off");
            continue;
        }
        let der = vault
            .reveal(place(client, row.key_id), &row.private_sealed)
            .with_context(|| format!("key {} of client {}", row.key_id, client.0))?;
        keys.push(ActiveKey {
            key_id: row.key_id,
            decryptor: Decryptor::new(&der, bits)?,
            retires_at: row.retires_at,
        });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_public_half_seals_the_private_half_opens() {
        let key = NewKey::generate(2048).unwrap();
        let encryptor = Encryptor::new(&key.public_pem).unwrap();
        let decryptor = Decryptor::new(&key.private_der, 2048).unwrap();
        let sealed = encryptor.encrypt("晨星".as_bytes()).unwrap();
        assert_eq!(&**decryptor.decrypt(&sealed).unwrap(), "晨星".as_bytes());
        assert!(decryptor.decrypt(&sealed[1..]).is_none());
        assert!(decryptor.decrypt(&[]).is_none());
        assert!(Decryptor::dummy(2048).unwrap().decrypt(&sealed).is_none());
        let error = encryptor.encrypt(&[0; 191]).unwrap_err().to_string();
        assert!(
            error.contains("191 bytes together, this key takes 190"),
            "{error}"
        );
        assert!(Encryptor::new("no key").is_err());
    }

    #[test]
    fn what_cannot_be_imported_is_refused_with_the_reason() {
        let private = RsaPrivateKey::new(&mut rand::rng(), 1_024).unwrap();
        let pem = private.to_pkcs8_pem(LineEnding::LF).unwrap();
        let public = private
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .unwrap();
        let locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
        for (pem, says) in [
            (&*public, "the public half only"),
            ("-----BEGIN CERTIFICATE-----\n", "the public half only"),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
                "protected by a passphrase",
            ),
            (locked, "protected by a passphrase"),
            (
                "-----BEGIN EC PRIVATE KEY-----\n",
                "not the PEM of an RSA private key",
            ),
            ("", "not the PEM of an RSA private key"),
            (&pem[..300], "cannot be read"),
            (
                &pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
                "cannot be read",
            ),
        ] {
            let error = NewKey::import(pem, true).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), "invalid", "{pem}");
            assert!(error.to_string().contains(says), "{pem}: {error}");
        }
        let error = NewKey::import(&pem, false).map(|_| ()).unwrap_err();
        let says = "The key has 1024 bits, fewer than 2048 are not safe.";
        assert!(error.to_string().starts_with(says), "{error}");
    }

    #[test]
    fn a_small_key_holds_little_and_opens_its_own_only() {
        let private = RsaPrivateKey::new(&mut rand::rng(), 1_024).unwrap();
        let key = NewKey::import(&private.to_pkcs8_pem(LineEnding::LF).unwrap(), true).unwrap();
        let encryptor = Encryptor::new(&key.public_pem).unwrap();
        let decryptor = Decryptor::new(&key.private_der, key.bits).unwrap();
        let sealed = encryptor.encrypt(&[7; 62]).unwrap();
        assert_eq!(**decryptor.decrypt(&sealed).unwrap(), [7; 62]);
        assert!(decryptor.decrypt(&sealed[1..]).is_none());
        assert!(decryptor.decrypt(&[]).is_none());
        assert!(decryptor.decrypt(&[255; 128]).is_none());
        let error = encryptor.encrypt(&[0; 63]).unwrap_err().to_string();
        assert!(error.contains("this key takes 62"), "{error}");
    }
}
