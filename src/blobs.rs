//! Uploaded bytes, in files named by their SHA-256, never shared between clients.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use aws_lc_rs::digest::{self, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    db::ClientTx,
    disk,
    error::{CanFail, Error, Result},
    ids::ClientNo,
};

/// Hours after which a file that no row names is an orphan, not an upload under way.
const ORPHAN_HOURS: u64 = 24;

/// The store: `c{client}/ab/{sha256}` under one folder.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: PathBuf,
    readonly_percent: u64,
    /// Where else uploads need room: the database's own folder.
    beside: Option<PathBuf>,
}

/// The SHA-256 of a blob.
pub type Hash = [u8; 32];

/// Bytes that were received and belong to nothing yet; dropped, they are gone.
#[derive(Debug)]
pub struct Staged {
    draft: PathBuf,
    /// Of the bytes.
    pub hash: Hash,
    /// How many there are.
    pub bytes: u64,
    store: Blobs,
}

impl Blobs {
    /// A store in this folder, which is made. Uploads are refused while less than
    /// `readonly_percent` of the disk is free.
    pub fn new(folder: PathBuf, readonly_percent: u64) -> Result<Self> {
        std::fs::create_dir_all(folder.join("drafts"))?;
        Ok(Self {
            folder,
            readonly_percent,
            beside: None,
        })
    }

    /// The same, refusing uploads while this folder's disk is too full as well.
    pub fn beside(self, folder: Option<PathBuf>) -> Self {
        Self {
            beside: folder,
            ..self
        }
    }

    /// The folders whose disks have to have room, by what lies in them.
    pub fn disks(&self) -> Vec<(&'static str, &Path)> {
        let beside = self.beside.iter().map(|folder| ("database", &**folder));
        std::iter::once(("storage", &*self.folder))
            .chain(beside)
            .collect()
    }

    /// Receives bytes, hashing them on the way.
    ///
    /// # Errors
    /// `TooLarge` past `bytes_max`, `Unavailable` when the disk is (nearly) full.
    pub async fn stage<S, E>(&self, bytes: S, bytes_max: u64) -> Result<Staged>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: Into<anyhow::Error>,
    {
        self.check_space()?;
        let draft = self
            .folder
            .join("drafts")
            .join(uuid::Uuid::new_v4().simple().to_string());
        // made first, so that the draft goes whatever happens next
        let mut staged = Staged {
            draft,
            hash: [0; 32],
            bytes: 0,
            store: self.clone(),
        };
        let (hash, bytes) = receive(&staged.draft, bytes, bytes_max).await?;
        (staged.hash, staged.bytes) = (hash, bytes);
        Ok(staged)
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a blob.
    pub fn path(&self, client: ClientNo, hash: &[u8]) -> PathBuf {
        let name = hex::encode(hash);
        self.folder
            .join(format!("c{}", client.0))
            .join(name.get(..2).unwrap_or("00"))
            .join(name)
    }

    /// Removes the blobs of the transaction's client that no document names.
    pub async fn sweep(&self, tx: &mut ClientTx) -> Result<()> {
        let client = tx.client();
        let gone: Vec<Vec<u8>> = sqlx::query_scalar(
            "delete from blob b where b.client_no = $1
             and not exists (select from document d where d.client_no = $1 and d.blob_hash = b.hash)
             and not exists (select from document_version v where v.client_no = $1 and v.blob_hash = b.hash)
             returning b.hash",
        )
        .bind(client)
        .fetch_all(tx.conn())
        .await?;
        for hash in gone {
            remove(&self.path(client, &hash)).await?;
        }
        self.sweep_orphans(tx).await
    }

    /// Removes files that no row names: a server died between the file and the commit.
    async fn sweep_orphans(&self, tx: &mut ClientTx) -> Result<()> {
        let old = SystemTime::now() - Duration::from_secs(ORPHAN_HOURS * 3_600);
        let own = self.folder.join(format!("c{}", tx.client().0));
        let drafts = self.folder.join("drafts");
        let find = move || (files_before(drafts, old), files_before(own, old));
        let found = tokio::task::spawn_blocking(find).await;
        let (drafts, files) = found.map_err(Error::internal)?;
        for draft in drafts {
            remove(&draft).await?;
        }
        for file in files {
            let hash = file
                .file_name()
                .and_then(|name| hex::decode(name.to_str()?).ok())
                .unwrap_or_default();
            remove_unless_named(tx, &hash, &file).await?;
        }
        Ok(())
    }

    fn check_space(&self) -> Result<()> {
        for (_, folder) in self.disks() {
            if disk::free_percent(folder)? < self.readonly_percent as f64 {
                return Err(Error::Unavailable(anyhow::anyhow!(
                    "less than {} % of the disk under {} is free",
                    self.readonly_percent,
                    folder.display()
                )));
            }
        }
        Ok(())
    }
}

impl Staged {
    /// The first bytes, at most `bytes` of them.
    pub async fn head(&self, bytes: usize) -> Result<Vec<u8>> {
        let file = tokio::fs::File::open(&self.draft).await?;
        let mut head = Vec::with_capacity(bytes);
        file.take(bytes as u64).read_to_end(&mut head).await?;
        Ok(head)
    }

    /// The bytes as a file, for reading.
    pub async fn open(&self) -> Result<std::fs::File> {
        Ok(tokio::fs::File::open(&self.draft).await?.into_std().await)
    }

    /// Makes the bytes a blob of the transaction's client. The row is locked until the commit, so a
    /// sweep of the same blob happens before or after, never between.
    pub async fn keep(self, tx: &mut ClientTx, now: OffsetDateTime) -> Result<Hash> {
        let client = tx.client();
        sqlx::query(
            "insert into blob (client_no, hash, bytes, created_at) values ($1, $2, $3, $4)
             on conflict (client_no, hash) do update set created_at = excluded.created_at",
        )
        .bind(client)
        .bind(self.hash)
        .bind(i64::try_from(self.bytes).map_err(Error::internal)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let path = self.store.path(client, &self.hash);
        let folder = path.parent().unwrap_or(&self.store.folder);
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::rename(&self.draft, &path)
            .await
            .context("put the blob in its place")?;
        // its name has to outlive a power cut like the row does
        tokio::fs::File::open(folder).await?.sync_all().await?;
        Ok(self.hash)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.draft)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            Err::<(), _>(error).can_fail("the sweep removes old drafts");
        }
    }
}

async fn receive<S, E>(path: &Path, mut bytes: S, bytes_max: u64) -> Result<(Hash, u64)>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: Into<anyhow::Error>,
{
    let mut file = tokio::io::BufWriter::new(tokio::fs::File::create(path).await?);
    let mut context = digest::Context::new(&SHA256);
    let mut received = 0;
    while let Some(piece) = bytes.next().await {
        let piece = piece.map_err(|error| {
            Error::Invalid(format!("The upload broke off: {:#}.", error.into()))
        })?;
        received += piece.len() as u64;
        if received > bytes_max {
            return Err(Error::TooLarge(format!(
                "A document may have at most {bytes_max} bytes."
            )));
        }
        context.update(&piece);
        file.write_all(&piece).await?;
    }
    file.flush().await?;
    file.get_ref().sync_all().await?;
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok((hash, received))
}

async fn remove(path: &Path) -> Result<()> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Removes a file whose row is not there. A row of ours keeps out whoever is just making one.
async fn remove_unless_named(tx: &mut ClientTx, hash: &[u8], file: &Path) -> Result<()> {
    let client = tx.client();
    let made = sqlx::query(
        "insert into blob (client_no, hash, bytes, created_at) values ($1, $2, 0, 'epoch')
         on conflict (client_no, hash) do nothing",
    )
    .bind(client)
    .bind(hash)
    .execute(tx.conn())
    .await?;
    if made.rows_affected() == 0 {
        return Ok(());
    }
    remove(file).await?;
    sqlx::query("delete from blob where client_no = $1 and hash = $2")
        .bind(client)
        .bind(hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

fn files_before(folder: PathBuf, old: SystemTime) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => open.push(entry.path()),
                Ok(data) if data.modified().is_ok_and(|at| at < old) => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}
