//! Secrets at rest: sealed with AES-256-GCM under a master key that is not in the database.

use std::{io::Write, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf,
    rand::fill,
};
use zeroize::Zeroizing;

use crate::ids::ClientNo;

/// Bytes of a master key.
const KEY_BYTES: usize = 32;
/// Bytes by which a sealed value names its key.
const KEY_ID_BYTES: usize = 4;

/// Where a sealed value stands: it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The client.
    pub client: ClientNo,
    /// The row's own id.
    pub row: uuid::Uuid,
}

/// The master keys. The first seals, all open: that is how a key is rotated.
pub struct Vault {
    keys: Vec<MasterKey>,
}

struct MasterKey {
    id: [u8; KEY_ID_BYTES],
    aead: LessSafeKey,
    bytes: Zeroizing<Vec<u8>>,
}

impl Vault {
    /// Reads the keys from a file: one per line, 64 hex digits each, the newest first. A file that
    /// is not there is made, readable by its owner only, when `create` is set.
    pub fn open(path: &Path, create: bool) -> Result<Self> {
        if create && !path.exists() {
            create_key_file(path)
                .with_context(|| format!("make the master key {}", path.display()))?;
        }
        let text = Zeroizing::new(
            std::fs::read_to_string(path)
                .with_context(|| format!("read the master key {}", path.display()))?,
        );
        let keys = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(MasterKey::parse)
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("master key {}", path.display()))?;
        if keys.is_empty() {
            bail!("the master key {} is empty", path.display());
        }
        Ok(Self { keys })
    }

    /// Seals a value for its place. Format: key id (4 bytes), nonce (12), AES-256-GCM ciphertext
    /// and tag; the place is authenticated with it.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce).map_err(|_| anyhow!("no random numbers"))?;
        let mut body = plain.to_vec();
        key.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.bytes()),
                &mut body,
            )
            .map_err(|_| anyhow!("seal"))?;
        Ok([&key.id[..], &nonce, &body].concat())
    }

    /// Opens a sealed value; fails when it was sealed for another place or by an unknown key.
    pub fn reveal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (id, rest) = sealed
            .split_at_checked(KEY_ID_BYTES)
            .context("sealed value is too short")?;
        let (nonce, body) = rest
            .split_at_checked(NONCE_LEN)
            .context("sealed value is too short")?;
        let key = self.keys.iter().find(|key| key.id == id).with_context(|| {
            format!(
                "the value was sealed by master key {}, which is not in the key file",
                hex::encode(id)
            )
        })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("nonce"))?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = key
            .aead
            .open_in_place(nonce, Aad::from(place.bytes()), &mut body)
            .map_err(|_| anyhow!("the sealed value was altered or belongs to another row"))?;
        Ok(Zeroizing::new(plain.to_vec()))
    }

    /// A key of its own for a purpose (HKDF-SHA256, RFC 5869), stable while the first master key is.
    pub fn derive(&self, purpose: &str) -> Result<[u8; KEY_BYTES]> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"concierge");
        let info = [purpose.as_bytes()];
        let mut key = [0; KEY_BYTES];
        salt.extract(&self.keys[0].bytes)
            .expand(&info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| anyhow!("derive a key"))?;
        Ok(key)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| hex::encode(key.id)).collect();
        f.debug_struct("Vault").field("key_ids", &ids).finish()
    }
}

impl MasterKey {
    fn parse(line: &str) -> Result<Self> {
        let bytes = Zeroizing::new(hex::decode(line).context("a line is not hexadecimal")?);
        if bytes.len() != KEY_BYTES {
            bail!("a key has {} bytes, {KEY_BYTES} are needed", bytes.len());
        }
        let unbound = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| anyhow!("key"))?;
        let hash = digest(
            &SHA256,
            &[b"concierge master key id", bytes.as_slice()].concat(),
        );
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash.as_ref()[..KEY_ID_BYTES]);
        Ok(Self {
            id,
            aead: LessSafeKey::new(unbound),
            bytes,
        })
    }
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.table, self.client.0, self.row).into_bytes()
    }
}

fn create_key_file(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    fill(&mut *key).map_err(|_| anyhow!("no random numbers"))?;
    let text = Zeroizing::new(hex::encode(*key));
    // written beside and renamed, so that a half-written key is never read
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // a hard link fails when the file appeared meanwhile: then the other process's key counts
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(client: i32, row: u128) -> Place<'static> {
        Place {
            table: "client_key",
            client: ClientNo(client),
            row: uuid::Uuid::from_u128(row),
        }
    }

    fn vault(lines: &[&str]) -> Vault {
        Vault {
            keys: lines
                .iter()
                .map(|line| MasterKey::parse(line).unwrap())
                .collect(),
        }
    }

    const OLD: &str = "0101010101010101010101010101010101010101010101010101010101010101";
    const NEW: &str = "0202020202020202020202020202020202020202020202020202020202020202";

    #[test]
    fn a_value_opens_only_in_its_place() {
        let vault = vault(&[OLD]);
        let sealed = vault.seal(place(1, 1), b"secret").unwrap();
        assert_eq!(&**vault.reveal(place(1, 1), &sealed).unwrap(), b"secret");
        assert!(vault.reveal(place(2, 1), &sealed).is_err());
        assert!(vault.reveal(place(1, 2), &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(vault.reveal(place(1, 1), &sealed[..cut]).is_err());
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault.reveal(place(1, 1), &altered).is_err());
        }
    }

    #[test]
    fn old_values_open_after_a_rotation() {
        let sealed = vault(&[OLD]).seal(place(1, 1), b"secret").unwrap();
        assert_eq!(
            &**vault(&[NEW, OLD]).reveal(place(1, 1), &sealed).unwrap(),
            b"secret"
        );
        let error = vault(&[NEW]).reveal(place(1, 1), &sealed).unwrap_err();
        assert!(error.to_string().contains("not in the key file"), "{error}");
    }

    #[test]
    fn sub_keys_differ_by_purpose_and_key() {
        assert_ne!(
            vault(&[OLD]).derive("a").unwrap(),
            vault(&[OLD]).derive("b").unwrap()
        );
        assert_ne!(
            vault(&[OLD]).derive("a").unwrap(),
            vault(&[NEW]).derive("a").unwrap()
        );
        assert!(!format!("{:?}", vault(&[OLD])).contains("0101"));
    }

    #[test]
    fn a_key_file_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = std::env::temp_dir().join(format!("vault-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&dir).unwrap();
        let path = dir.join("master.key");
        assert!(Vault::open(&path, false).is_err());
        let sealed = Vault::open(&path, true)
            .unwrap()
            .seal(place(1, 1), b"x")
            .unwrap();
        assert!(
            Vault::open(&path, true)
                .unwrap()
                .reveal(place(1, 1), &sealed)
                .is_ok()
        );
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(Vault::open(&path, true).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
