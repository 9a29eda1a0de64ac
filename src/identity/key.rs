//! RSA keys of clients: made and written by the `rsa` crate, used through aws-lc-rs, which is faster
//! and works in constant time.

use anyhow::{Context, anyhow};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
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
        let public_pem = private
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(Error::internal)?;
        let der = private.to_pkcs8_der().map_err(Error::internal)?;
        Ok(Self {
            public_pem,
            private_der: Zeroizing::new(der.as_bytes().to_vec()),
            bits,
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

/// The private half, ready to decrypt.
pub struct Decryptor(OaepPrivateDecryptingKey);

impl Decryptor {
    /// Out of PKCS#8 DER.
    pub fn new(private_der: &[u8]) -> Result<Self> {
        let key = PrivateDecryptingKey::from_pkcs8(private_der)
            .map_err(|error| anyhow!("private key: {error}"))?;
        let key =
            OaepPrivateDecryptingKey::new(key).map_err(|_| anyhow!("private key for OAEP"))?;
        Ok(Self(key))
    }

    /// A key that nobody has, so that tokens of unknown clients cost what others cost.
    pub fn dummy(bits: usize) -> Result<Self> {
        Self::new(&NewKey::generate(bits)?.private_der)
    }

    /// The plain text of an OAEP-SHA256 ciphertext (RFC 8017, MGF1 with SHA-256, no label); `None`
    /// for whatever reason it does not decrypt. One RSA operation, always.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let size = self.0.key_size_bytes();
        // a ciphertext of another length would be refused before the operation, and be told by time
        let mut block = vec![0; size];
        let fits = ciphertext.len() == size;
        if fits {
            block.copy_from_slice(ciphertext);
        }
        let mut plain = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let plain = self
            .0
            .decrypt(&OAEP_SHA256_MGF1SHA256, &block, &mut plain, None)
            .ok();
        plain
            .filter(|_| fits)
            .map(|plain| Zeroizing::new(plain.to_vec()))
    }
}

/// The public half, as a partner uses it.
pub struct Encryptor(OaepPublicEncryptingKey);

impl Encryptor {
    /// Out of a SubjectPublicKeyInfo PEM.
    pub fn new(public_pem: &str) -> Result<Self> {
        let key = rsa::RsaPublicKey::from_public_key_pem(public_pem)
            .map_err(|error| Error::invalid(format!("The public key cannot be read: {error}.")))?;
        let der = key.to_public_key_der().map_err(Error::internal)?;
        let key = PublicEncryptingKey::from_der(der.as_bytes())
            .map_err(|error| Error::invalid(format!("The public key cannot be used: {error}.")))?;
        Ok(Self(
            OaepPublicEncryptingKey::new(key).map_err(|_| anyhow!("public key for OAEP"))?,
        ))
    }

    /// Encrypts with OAEP-SHA256. A 2048-bit key takes 190 bytes.
    ///
    /// # Errors
    /// `Invalid` when the text is too long for the key.
    pub fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>> {
        let max = self.0.max_plaintext_size(&OAEP_SHA256_MGF1SHA256);
        if plain.len() > max {
            return Err(Error::invalid(format!(
                "Client id, user id, user name and time have {} bytes together, this key takes {max}.",
                plain.len()
            )));
        }
        let mut block = vec![0; self.0.ciphertext_size()];
        let block = self
            .0
            .encrypt(&OAEP_SHA256_MGF1SHA256, plain, &mut block, None);
        Ok(block.map_err(|_| anyhow!("encrypt"))?.to_vec())
    }
}

/// A key of a client, ready to use.
pub struct ActiveKey {
    /// What it decrypts with.
    pub decryptor: Decryptor,
    /// When it ends, and with it what was proved by it.
    pub retires_at: Option<OffsetDateTime>,
}

/// The keys of a client that have not retired, newest first.
pub async fn active(
    tx: &mut GateTx,
    vault: &Vault,
    client: ClientNo,
    now: OffsetDateTime,
) -> Result<Vec<ActiveKey>> {
    let mut keys = Vec::new();
    for row in store::active_keys(tx, client, now).await? {
        let der = vault
            .reveal(place(client, row.key_id), &row.private_sealed)
            .with_context(|| format!("key {} of client {}", row.key_id, client.0))?;
        keys.push(ActiveKey {
            decryptor: Decryptor::new(&der)?,
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
        let decryptor = Decryptor::new(&key.private_der).unwrap();
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
}
