//! RSA keys of clients: made and read by the `rsa` crate, used through aws-lc-rs, which is faster
//! and works in constant time. It takes no key below 2048 bits, so imported ones of old systems are
//! used through `rsa` with blinding, where the operator allows that.

use anyhow::{Context, anyhow};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use rsa::{
    Oaep, RsaPrivateKey, RsaPublicKey,
    oaep::DecryptingKey,
    pkcs1::DecodeRsaPrivateKey,
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    sha2::Sha256,
    traits::{Decryptor as _, PublicKeyParts},
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::store;
use crate::{
    db::{GateTx, Tx},
    error::{Error, Result},
    ids::{ClientNo, KeyId},
    vault::{Place, Vault},
};

const TABLE: &str = "client_key";
/// Bits of the smallest key that aws-lc-rs takes.
const BITS_USUAL: usize = 2_048;
/// Bits of the smallest imported key.
const BITS_MIN: usize = 1_024;
/// Bits of the largest: its tokens are as long as a token may be.
const BITS_MAX: usize = 4_096;
/// Bytes that OAEP with SHA-256 takes of a block.
const OAEP_BYTES: usize = 2 * 32 + 2;

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

/// The private half, ready to decrypt.
pub struct Decryptor(Opener);

enum Opener {
    Usual(OaepPrivateDecryptingKey),
    /// Blinded by random numbers of the system.
    Small(Box<DecryptingKey<Sha256>>, usize),
}

impl Decryptor {
    /// Out of PKCS#8 DER.
    pub fn new(private_der: &[u8], bits: usize) -> Result<Self> {
        if bits < BITS_USUAL {
            let key = RsaPrivateKey::from_pkcs8_der(private_der).map_err(Error::internal)?;
            let size = key.size();
            return Ok(Self(Opener::Small(Box::new(DecryptingKey::new(key)), size)));
        }
        let key = PrivateDecryptingKey::from_pkcs8(private_der)
            .map_err(|error| anyhow!("private key: {error}"))?;
        let key =
            OaepPrivateDecryptingKey::new(key).map_err(|_| anyhow!("private key for OAEP"))?;
        Ok(Self(Opener::Usual(key)))
    }

    /// A key that nobody has, so that tokens of unknown clients cost what others cost.
    pub fn dummy(bits: usize) -> Result<Self> {
        Self::new(&NewKey::generate(bits)?.private_der, bits)
    }

    /// The plain text of an OAEP-SHA256 ciphertext (RFC 8017, MGF1 with SHA-256, no label); `None`
    /// for whatever reason it does not decrypt. One RSA operation, always.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let size = match &self.0 {
            Opener::Usual(key) => key.key_size_bytes(),
            Opener::Small(_, size) => *size,
        };
        // a ciphertext of another length would be refused before the operation, and be told by time
        let mut block = vec![0; size];
        let fits = ciphertext.len() == size;
        if fits {
            block.copy_from_slice(ciphertext);
        }
        let plain = self.0.open(&block);
        plain.filter(|_| fits)
    }
}

impl Opener {
    fn open(&self, block: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Usual(key) => {
                let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
                let opened = key.decrypt(&OAEP_SHA256_MGF1SHA256, block, &mut plain, None);
                opened.ok().map(|plain| Zeroizing::new(plain.to_vec()))
            }
            Self::Small(key, _) => key.decrypt(block).ok().map(Zeroizing::new),
        }
    }
}

/// The public half, as a partner uses it.
pub struct Encryptor(Sealer);

enum Sealer {
    Usual(OaepPublicEncryptingKey),
    Small(RsaPublicKey),
}

impl Encryptor {
    /// Out of a SubjectPublicKeyInfo PEM.
    pub fn new(public_pem: &str) -> Result<Self> {
        let key = RsaPublicKey::from_public_key_pem(public_pem)
            .map_err(|error| Error::invalid(format!("The public key cannot be read: {error}.")))?;
        if (key.n().bits() as usize) < BITS_USUAL {
            return Ok(Self(Sealer::Small(key)));
        }
        let der = key.to_public_key_der().map_err(Error::internal)?;
        let key = PublicEncryptingKey::from_der(der.as_bytes())
            .map_err(|error| Error::invalid(format!("The public key cannot be used: {error}.")))?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| anyhow!("public key for OAEP"))?;
        Ok(Self(Sealer::Usual(key)))
    }

    /// Encrypts with OAEP-SHA256. A 2048-bit key takes 190 bytes, one of 1024 bits 62.
    ///
    /// # Errors
    /// `Invalid` when the text is too long for the key.
    pub fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>> {
        let max = match &self.0 {
            Sealer::Usual(key) => key.max_plaintext_size(&OAEP_SHA256_MGF1SHA256),
            Sealer::Small(key) => key.size().saturating_sub(OAEP_BYTES),
        };
        if plain.len() > max {
            return Err(Error::invalid(format!(
                "Client id, user id, user name and time have {} bytes together, this key takes {max}.",
                plain.len()
            )));
        }
        match &self.0 {
            Sealer::Usual(key) => {
                let mut block = vec![0; key.ciphertext_size()];
                let block = key.encrypt(&OAEP_SHA256_MGF1SHA256, plain, &mut block, None);
                Ok(block.map_err(|_| anyhow!("encrypt"))?.to_vec())
            }
            Sealer::Small(key) => key
                .encrypt(&mut rand::rng(), Oaep::<Sha256>::new(), plain)
                .map_err(Error::internal),
        }
    }
}

/// A key of a client, ready to use.
pub struct ActiveKey {
    /// What it decrypts with.
    pub decryptor: Decryptor,
    /// When it ends, and with it what was proved by it.
    pub retires_at: Option<OffsetDateTime>,
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
        if bits < BITS_USUAL && !small {
            tracing::warn!(key = %row.key_id, bits, "left out: [identity] small_keys is off");
            continue;
        }
        let der = vault
            .reveal(place(client, row.key_id), &row.private_sealed)
            .with_context(|| format!("key {} of client {}", row.key_id, client.0))?;
        keys.push(ActiveKey {
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
