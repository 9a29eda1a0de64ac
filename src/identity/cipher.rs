//! RSA-OAEP with SHA-256, through aws-lc-rs, which is fast and works in constant time. It takes no
//! key below 2048 bits, so imported ones of old systems are used through the `rsa` crate, blinded.

use anyhow::anyhow;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use rsa::{
    Oaep, RsaPrivateKey, RsaPublicKey,
    oaep::DecryptingKey,
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey},
    sha2::Sha256,
    traits::{Decryptor as _, PublicKeyParts},
};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bits of the smallest key that aws-lc-rs takes.
pub const BITS_USUAL: usize = 2_048;
/// Bytes that OAEP with SHA-256 takes of a block.
const OAEP_BYTES: usize = 2 * 32 + 2;

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
        let key = RsaPrivateKey::new(&mut rand::rng(), bits).map_err(Error::internal)?;
        let der = key.to_pkcs8_der().map_err(Error::internal)?;
        Self::new(der.as_bytes(), bits)
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
