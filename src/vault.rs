//! Secrets at rest: sealed with AES-256-GCM under a master key that is not in the database.

use std::{
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

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

/// By this number processes agree about rotation, in a lock of the database: who seals holds it
/// shared until the commit, a rotation takes it once all know where the new key is.
pub const SEAL_LOCK: i64 = 0x7661_756c_7401;

/// The master keys, as they stand in a file. The first seals, all open: that is how a key is
/// rotated. Processes that run read the file again when it changed.
pub struct Vault {
    path: PathBuf,
    keys: RwLock<Arc<Keys>>,
}

struct Keys {
    keys: Vec<MasterKey>,
    stamp: Stamp,
}

/// What tells one state of the file from another.
type Stamp = (u64, u64, i64, i64);

/// By what a sealed value names its key.
pub type MasterKeyId = [u8; KEY_ID_BYTES];

struct MasterKey {
    id: MasterKeyId,
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
        Ok(Self {
            path: path.to_owned(),
            keys: RwLock::new(Arc::new(Keys::read(path)?)),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ids of the keys, the one that seals first.
    pub fn key_ids(&self) -> Vec<MasterKeyId> {
        self.known().keys.iter().map(|key| key.id).collect()
    }

    /// Puts a new key before the one there is, for all processes that use the file; a value that
    /// was sealed before opens as it did. What was begun and not finished is gone on with: then
    /// there is a new key already. True for a new one.
    pub fn begin_rotation(&self) -> Result<bool> {
        self.reload()?;
        let known = self.known();
        if known.keys.len() > 1 {
            return Ok(false);
        }
        let mut new = Zeroizing::new([0; KEY_BYTES]);
        fill(&mut *new).map_err(|_| anyhow!("no random numbers"))?;
        self.write(&[&*new, &known.keys[0].bytes])?;
        Ok(true)
    }

    /// Drops all keys but the one that seals. For when no value needs them any more.
    pub fn end_rotation(&self) -> Result<()> {
        self.write(&[&self.known().keys[0].bytes])
    }

    fn write(&self, keys: &[&[u8]]) -> Result<()> {
        let lines = keys.iter().map(|key| Zeroizing::new(hex::encode(key)));
        let mut text = Zeroizing::new(String::new());
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        // where the file is a link, what it points to is replaced
        let path = self.path.canonicalize()?;
        replace(&path, &text)
            .with_context(|| format!("write the master key {}", path.display()))?;
        self.reload()
    }

    fn known(&self) -> Arc<Keys> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn reload(&self) -> Result<()> {
        let keys = Arc::new(Keys::read(&self.path)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Seals a value for its place. Format: key id (4 bytes), nonce (12), AES-256-GCM ciphertext
    /// and tag; the place is authenticated with it. The caller holds [`SEAL_LOCK`] shared until the
    /// value is committed: else a rotation could end without having seen it.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        // another process may have put a new key there
        if stamp(&self.path)? != self.known().stamp {
            self.reload()?;
        }
        let known = self.known();
        let key = &known.keys[0];
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
        let mut known = self.known();
        if known.with_id(id).is_none() {
            // sealed by another process after a rotation
            self.reload()?;
            known = self.known();
        }
        let key = known.with_id(id).with_context(|| {
            format!(
                "the value was sealed by master key {}, which is not in {}",
                hex::encode(id),
                self.path.display()
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
        salt.extract(&self.known().keys[0].bytes)
            .expand(&info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| anyhow!("derive a key"))?;
        Ok(key)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.key_ids().into_iter().map(hex::encode).collect();
        f.debug_struct("Vault").field("key_ids", &ids).finish()
    }
}

/// The id of the key that sealed a value.
pub fn sealed_by(sealed: &[u8]) -> Option<MasterKeyId> {
    sealed.first_chunk().copied()
}

impl Keys {
    fn read(path: &Path) -> Result<Self> {
        let context = || format!("read the master key {}", path.display());
        // taken first: a change meanwhile is seen the next time
        let stamp = stamp(path).with_context(context)?;
        let text = Zeroizing::new(std::fs::read_to_string(path).with_context(context)?);
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
        Ok(Self { keys, stamp })
    }

    fn with_id(&self, id: &[u8]) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let meta = std::fs::metadata(path)?;
    Ok((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
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
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    fill(&mut *key).map_err(|_| anyhow!("no random numbers"))?;
    let text = Zeroizing::new(hex::encode(*key));
    let draft = draft(path, &text)?;
    // a hard link fails when the file appeared meanwhile: then the other process's key counts
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a file beside this one, readable by its owner only, so that a half-written key is never
/// read.
fn draft(path: &Path, text: &str) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

/// Puts a new text in the place of a file, whole or not at all, and keeps it there through a crash.
/// The file stays its owner's.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let (draft, was) = (draft(path, text)?, std::fs::metadata(path)?);
    let renamed = std::os::unix::fs::chown(&draft, Some(was.uid()), Some(was.gid()))
        .and_then(|()| std::fs::set_permissions(&draft, was.permissions()))
        .and_then(|()| std::fs::rename(&draft, path));
    if renamed.is_err() {
        std::fs::remove_file(&draft)?;
    }
    renamed?;
    std::fs::File::open(path.parent().unwrap_or(path))?.sync_all()
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

    /// A vault on a file of its own.
    struct Kept(Vault, tempfile::TempDir);

    impl std::ops::Deref for Kept {
        type Target = Vault;

        fn deref(&self) -> &Vault {
            &self.0
        }
    }

    fn vault(lines: &[&str]) -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        std::fs::write(&path, lines.join("\n")).unwrap();
        Kept(Vault::open(&path, false).unwrap(), folder)
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
        assert!(error.to_string().contains("which is not in"), "{error}");
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
        assert!(!format!("{:?}", vault(&[OLD]).0).contains("0101"));
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

    #[test]
    fn processes_that_run_learn_of_a_rotation() {
        use std::os::unix::fs::PermissionsExt;
        let one = vault(&[OLD]);
        let other = Vault::open(one.path(), false).unwrap();
        let (old, before) = (one.key_ids()[0], one.seal(place(1, 1), b"a").unwrap());
        assert!(one.begin_rotation().unwrap());
        assert!(!one.begin_rotation().unwrap(), "it is begun already");
        assert_eq!(one.key_ids().len(), 2);
        assert_eq!(other.key_ids(), [old], "it has not heard of it");
        let new = one.key_ids()[0];
        let after = one.seal(place(1, 2), b"b").unwrap();
        assert_eq!(sealed_by(&after), Some(new));
        assert_eq!(&**other.reveal(place(1, 2), &after).unwrap(), b"b");
        assert_eq!(&**other.reveal(place(1, 1), &before).unwrap(), b"a");

        let third = vault(&[OLD]);
        std::fs::copy(one.path(), third.path()).unwrap();
        let sealed = third.seal(place(1, 3), b"c").unwrap();
        assert_eq!(sealed_by(&sealed), Some(new), "who seals looks first");

        one.end_rotation().unwrap();
        assert_eq!(one.key_ids(), [new]);
        let error = Vault::open(one.path(), false).unwrap();
        let error = error.reveal(place(1, 1), &before).unwrap_err();
        assert!(error.to_string().contains(&hex::encode(old)), "{error}");
        assert_eq!(
            std::fs::read_dir(one.1.path()).unwrap().count(),
            1,
            "no draft is left"
        );
        std::fs::set_permissions(one.path(), std::fs::Permissions::from_mode(0o400)).unwrap();
        one.begin_rotation().unwrap();
        let mode = one.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400, "as the operator set it");
    }
}
