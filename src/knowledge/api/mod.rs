//! Knowledge over HTTP.

mod bases;
mod chunks;
mod documents;
mod embeddings;
pub mod progress;
mod questions;
mod rebuild;
mod versions;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use poem_openapi::ApiResponse;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

pub use self::{
    bases::BasesApi, chunks::ChunksApi, documents::DocumentsApi, embeddings::EmbeddingsApi,
    questions::QuestionsApi, rebuild::RebuildApi, versions::VersionsApi,
};
use super::{
    base,
    batch::Batch,
    document::{self, NewDocument, OnConflict},
    ingest::Reading,
    original::Drawing,
    replacement,
    shapes::{DocumentFile, SentChunks},
};
use crate::{
    app::App,
    error::{Error, Result},
    fetch,
    http::form::Files,
    identity::Who,
    ids::{BaseId, DocumentId},
};

/// Addresses that one call fetches.
pub const URLS_MAX: usize = 100;
/// Seconds for all of them.
const URLS_SECONDS_MAX: u64 = 300;

/// All operations on knowledge.
pub type KnowledgeApi = (
    BasesApi,
    DocumentsApi,
    VersionsApi,
    ChunksApi,
    RebuildApi,
    QuestionsApi,
    EmbeddingsApi,
);

/// What the operations share.
pub struct Library {
    /// Handles to the world.
    pub app: App,
    /// What reading documents may take.
    pub reading: Reading,
    /// Makes pictures of pages.
    pub drawing: Drawing,
    /// Bytes of an upload at most.
    pub upload_bytes_max: u64,
    /// How addresses are fetched.
    pub policy: fetch::Policy,
    /// Silence on a stream after which a heartbeat is sent.
    pub heartbeat: Duration,
}

/// The operations on this library.
pub fn all(library: Arc<Library>) -> KnowledgeApi {
    (
        BasesApi(library.clone()),
        DocumentsApi(library.clone()),
        VersionsApi(library.clone()),
        ChunksApi(library.clone()),
        RebuildApi(library.clone()),
        QuestionsApi(library.clone()),
        EmbeddingsApi(library),
    )
}

#[derive(ApiResponse)]
enum Removed {
    /// It is gone.
    #[oai(status = 204)]
    Removed,
}

impl Library {
    /// Before a long upload is received for nothing.
    pub async fn check_writable(&self, who: &Who, id: BaseId) -> Result<()> {
        let mut tx = self.app.db.client(who.client).await?;
        base::find_writable(&mut tx, who, id).await?;
        Ok(())
    }

    /// Likewise, of a document that is there.
    async fn check_document_writable(&self, who: &Who, id: DocumentId) -> Result<()> {
        let mut tx = self.app.db.client(who.client).await?;
        let document = document::find(&mut tx, who, id).await?;
        base::find_writable(&mut tx, who, document.base_id).await?;
        Ok(())
    }

    fn batch<'a>(&'a self, who: &'a Who, base: BaseId, on_conflict: OnConflict) -> Batch<'a> {
        Batch {
            app: &self.app,
            who,
            base,
            on_conflict,
            upload_bytes_max: self.upload_bytes_max,
            items: Vec::new(),
        }
    }

    /// Takes a file in, checked and not yet kept.
    pub async fn receive(&self, form: DocumentFile) -> Result<NewDocument> {
        let chunks = form.chunks.map(SentChunks::taken).transpose()?;
        let name = form.file.file_name().unwrap_or_default().to_owned();
        let media_type = form
            .file
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let bytes = ReaderStream::new(form.file.into_async_read());
        let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
        NewDocument::checked(&name, media_type, None, staged)
            .await?
            .cut_into(form.chunk_chars)?
            .cut_as(chunks)
    }

    async fn receive_all(&self, mut files: Files) -> Result<Vec<NewDocument>> {
        let mut taken = Vec::new();
        while let Some(file) = files.next().await? {
            replacement::check_count(taken.len() + 1)?;
            let bytes = ReaderStream::new(file.field.into_async_read());
            let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
            taken.push(NewDocument::checked(&file.name, file.media_type, None, staged).await?);
        }
        Ok(taken)
    }

    async fn fetch_all(&self, urls: &[String]) -> Result<Vec<NewDocument>> {
        if urls.len() > URLS_MAX {
            return Err(Error::TooLarge(format!(
                "One call fetches at most {URLS_MAX} addresses."
            )));
        }
        let all = async {
            let (mut taken, mut bytes_left) =
                (Vec::with_capacity(urls.len()), self.upload_bytes_max);
            for url in urls {
                taken.push(self.fetch(url, &mut bytes_left).await?);
            }
            Ok(taken)
        };
        let late = |_| {
            Error::invalid(format!(
                "The addresses did not deliver their documents within {URLS_SECONDS_MAX} seconds: give fewer at once."
            ))
        };
        let seconds = Duration::from_secs(URLS_SECONDS_MAX);
        timeout(seconds, all).await.map_err(late)?
    }

    async fn fetch_one(&self, url: &str) -> Result<NewDocument> {
        let mut bytes_left = self.upload_bytes_max;
        self.fetch(url, &mut bytes_left).await
    }

    /// Fetches a document from an address, likewise. All that one call fetches has together as many
    /// bytes as a document at most; `bytes_left` says how many of them are left.
    pub async fn fetch(&self, url: &str, bytes_left: &mut u64) -> Result<NewDocument> {
        let policy = fetch::Policy {
            bytes_max: *bytes_left,
            ..self.policy.clone()
        };
        let fetched = self.app.fetcher.get(url, &policy).await;
        let fetched = fetched.map_err(|error| match error {
            Error::TooLarge(_) if *bytes_left < self.upload_bytes_max => Error::TooLarge(format!(
                "The documents that one call fetches have at most {} bytes together.",
                self.upload_bytes_max
            )),
            other => other,
        })?;
        *bytes_left = bytes_left.saturating_sub(fetched.bytes.len() as u64);
        let name = fetched.file_name.unwrap_or_else(|| "document.html".into());
        let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from(fetched.bytes))]);
        let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
        let (media_type, url) = (fetched.media_type, Some(fetched.final_url));
        NewDocument::checked(&name, media_type, url, staged).await
    }
}
