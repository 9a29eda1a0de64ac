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
    shapes::DocumentFile,
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
        let sent = form.chunks.map(|chunks| chunks.0.into_iter());
        let chunks = sent.map(|chunks| chunks.map(Into::into).collect());
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
        let mut taken = Vec::with_capacity(urls.len());
        for url in urls {
            taken.push(self.fetch(url).await?);
        }
        Ok(taken)
    }

    /// Fetches a document from an address, likewise.
    pub async fn fetch(&self, url: &str) -> Result<NewDocument> {
        let fetched = self.app.fetcher.get(url, &self.policy).await?;
        let name = fetched.file_name.unwrap_or_else(|| "document.html".into());
        let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from(fetched.bytes))]);
        let staged = self.app.blobs.stage(bytes, self.upload_bytes_max).await?;
        let (media_type, url) = (fetched.media_type, Some(fetched.final_url));
        NewDocument::checked(&name, media_type, url, staged).await
    }
}
