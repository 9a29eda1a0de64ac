//! Versions over HTTP, and what was sent: the file, and its pages as pictures.

use std::sync::Arc;

use poem::Body;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use tokio_util::io::ReaderStream;

use super::Library;
use crate::{
    error::Result,
    http::{
        Tags,
        file::{Download, Png},
    },
    identity::Caller,
    ids::DocumentId,
    knowledge::{
        original::{self, Wanted},
        shapes::*,
        version::{self, Cut},
    },
};

/// Operations on versions.
pub struct VersionsApi(pub Arc<Library>);

#[derive(ApiResponse)]
enum VersionAccepted {
    /// The version was taken in; it is read by a job, and searched from the moment it is ready.
    #[oai(status = 202)]
    Accepted(Json<DocumentBody>),
}

#[OpenApi(tag = "Tags::Knowledge")]
impl VersionsApi {
    /// The versions of a document
    ///
    /// The newest first. Old ones stay for the answers that cite them: the last 5, and up to 50 before
    /// them that an answer cites.
    #[oai(
        path = "/documents/:id/versions",
        method = "get",
        operation_id = "listDocumentVersions"
    )]
    async fn versions(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
    ) -> Result<Json<DocumentVersions>> {
        let mut tx = self.0.app.db.client(who.client).await?;
        let versions = version::list(&mut tx, &who, id.0).await?;
        Ok(Json(DocumentVersions {
            items: versions.into_iter().map(Into::into).collect(),
        }))
    }

    /// Send a document anew
    ///
    /// The new version is built beside the one that is searched and takes its place in one commit. If it
    /// cannot be read, the old one stays and `reason` says why.
    #[oai(
        path = "/documents/:id/versions",
        method = "post",
        operation_id = "addDocumentVersion"
    )]
    async fn add_version(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        body: DocumentFile,
    ) -> Result<VersionAccepted> {
        self.0.check_document_writable(&who, id.0).await?;
        let new = self.0.receive(body).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let document = version::add(&mut tx, &who, id.0, new, self.0.app.clock.now()).await?;
        tx.commit().await?;
        Ok(VersionAccepted::Accepted(Json(document.into())))
    }

    /// Go back to a version
    ///
    /// Its bytes are read anew, as a new version.
    #[oai(
        path = "/documents/:id/versions/:version/restore",
        method = "post",
        operation_id = "restoreDocumentVersion"
    )]
    async fn restore(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        /// The version.
        version: Path<i32>,
    ) -> Result<VersionAccepted> {
        let now = self.0.app.clock.now();
        let mut tx = self.0.app.db.client(who.client).await?;
        let document =
            version::rebuild(&mut tx, &who, id.0, Some(version.0), Cut::default(), now).await?;
        tx.commit().await?;
        Ok(VersionAccepted::Accepted(Json(document.into())))
    }

    /// Read a document anew
    ///
    /// As a new version: after an update of the server, or with chunks of another length. What was
    /// edited belongs to the version before.
    #[oai(
        path = "/documents/:id/rebuild",
        method = "post",
        operation_id = "rebuildDocument"
    )]
    async fn rebuild(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        body: Json<Rebuild>,
    ) -> Result<VersionAccepted> {
        let (cut, now) = (body.0.into(), self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let document = version::rebuild(&mut tx, &who, id.0, None, cut, now).await?;
        tx.commit().await?;
        Ok(VersionAccepted::Accepted(Json(document.into())))
    }

    /// The file of a document, as it was sent
    #[oai(
        path = "/documents/:id/file",
        method = "get",
        operation_id = "downloadDocument"
    )]
    async fn file(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        /// The version; the one that is searched when absent.
        version: Query<Option<i32>>,
    ) -> Result<Download> {
        let (version, file) = original::file(&self.0.app, &who, id.0, version.0).await?;
        Ok(Download {
            name: version.file_name,
            bytes: version.bytes.unsigned_abs(),
            body: Body::from_bytes_stream(ReaderStream::new(file)),
        })
    }

    /// A page of a PDF as a picture
    #[oai(
        path = "/documents/:id/pages/:page/image",
        method = "get",
        operation_id = "getPageImage"
    )]
    async fn page_image(
        &self,
        who: Caller,
        /// The document.
        id: Path<DocumentId>,
        /// Number of the page; the first is 1.
        page: Path<u32>,
        /// The version; the one that is searched when absent.
        version: Query<Option<i32>>,
        /// Pixels from left to right, 50 to 2,000; 1,000 unless said otherwise.
        width: Query<Option<u32>>,
        /// The ETag of a picture that you have: 304 without a body when it is the same.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
    ) -> Result<Png> {
        let wanted = Wanted {
            version: version.0,
            page: page.0,
            width: width.0,
            known: if_none_match.0.as_deref(),
        };
        self.0.drawing.page(&self.0.app, &who, id.0, wanted).await
    }
}
