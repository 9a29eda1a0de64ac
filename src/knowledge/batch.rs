//! Many documents at once: files and ZIP archives, each taken in or refused by itself.

use bytes::Bytes;
use futures_util::Stream;

use super::{
    archive::{self, Archive},
    document::{self, Document, NewDocument, OnConflict, Outcome},
};
use crate::{
    app::App,
    blobs::Staged,
    error::{Error, Result},
    identity::Who,
    ids::BaseId,
};

/// Files that one batch takes, those of its archives included.
pub const FILES_MAX: usize = 1_000;

/// What became of a file.
pub struct Item {
    /// Its name.
    pub name: String,
    /// The document and what happened to it, or why there is none.
    pub taken: Result<(Document, Outcome)>,
}

/// A batch that is being taken in.
pub struct Batch<'a> {
    /// Handles to the world.
    pub app: &'a App,
    /// Who sends it.
    pub who: &'a Who,
    /// Where it goes.
    pub base: BaseId,
    /// What to do with names that are taken.
    pub on_conflict: OnConflict,
    /// Bytes of one document at most.
    pub upload_bytes_max: u64,
    /// What became of the files so far.
    pub items: Vec<Item>,
}

impl Batch<'_> {
    /// Takes a file or the files of an archive in. What is wrong with one is said in its item.
    ///
    /// # Errors
    /// `TooLarge` past [`FILES_MAX`].
    pub async fn take<S, E>(&mut self, name: &str, media_type: String, bytes: S) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: Into<anyhow::Error>,
    {
        let blobs = &self.app.blobs;
        match blobs.stage(bytes, self.upload_bytes_max).await {
            Ok(staged) if archive::is_archive(name) => self.unpack(name, staged).await,
            Ok(staged) => self.put(name, media_type, staged).await,
            Err(error) => self.note(name, Err(error)),
        }
    }

    async fn unpack(&mut self, name: &str, staged: Staged) -> Result<()> {
        let opened = Archive::open(staged.open().await?, self.upload_bytes_max).await;
        let mut archive = match opened {
            Ok(archive) => archive,
            Err(error) => return self.note(name, Err(error)),
        };
        let before = self.items.len();
        let blobs = &self.app.blobs;
        while let Some((rest, entry)) = archive.next(blobs, self.upload_bytes_max).await? {
            match entry.bytes {
                Ok(staged) => {
                    let media_type = "application/octet-stream".to_owned();
                    self.put(&entry.name, media_type, staged).await?;
                }
                Err(error) => self.note(&entry.name, Err(error))?,
            }
            archive = rest;
        }
        if self.items.len() == before {
            let empty = Error::invalid("There is no file in the ZIP archive.");
            return self.note(name, Err(empty));
        }
        Ok(())
    }

    async fn put(&mut self, name: &str, media_type: String, staged: Staged) -> Result<()> {
        let taken = self.taken(name, media_type, staged).await;
        self.note(name, taken)
    }

    /// Each in a commit of its own: what is refused takes nothing else along.
    async fn taken(
        &self,
        name: &str,
        media_type: String,
        staged: Staged,
    ) -> Result<(Document, Outcome)> {
        let new = NewDocument::checked(name, media_type, None, staged).await?;
        let (app, now) = (self.app, self.app.clock.now());
        let mut tx = app.db.client(self.who.client).await?;
        let taken = document::put(&mut tx, self.who, self.base, new, self.on_conflict, now).await?;
        tx.commit().await?;
        Ok(taken)
    }

    fn note(&mut self, name: &str, taken: Result<(Document, Outcome)>) -> Result<()> {
        if self.items.len() >= FILES_MAX {
            return Err(Error::TooLarge(format!(
                "One batch takes at most {FILES_MAX} files. Those before were taken in."
            )));
        }
        if let Err(error @ Error::Internal(_)) = &taken {
            tracing::error!(?error, "a file of a batch was not taken in");
        }
        self.items.push(Item {
            name: name.to_owned(),
            taken,
        });
        Ok(())
    }
}
