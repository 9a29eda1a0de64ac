//! The client's own bases and documents over HTTP. Those of its users are not the operator's to read.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use time::Duration;

use super::{Done, Tags, named};
use crate::{
    admin::{
        Console,
        audit::{self, Act},
        guard::{Librarian, Operator},
    },
    error::Result,
    http::{
        paging::{Page, Window},
        sse::Sse,
    },
    identity::{MembersMay, Party, Who, api_key::Scope},
    ids::{ApiKeyId, BaseId, DocumentId},
    knowledge::{
        api::{Library, progress::progress},
        base,
        document::{self, OnConflict},
        shapes::*,
    },
};

/// Minutes that following a document may take.
const FOLLOW_MINUTES: i64 = 60;

/// Operations on documents of clients.
pub struct DocumentsApi(pub(super) Arc<Console>, pub(super) Arc<Library>);

#[derive(ApiResponse)]
enum BaseMade {
    /// The base was made.
    #[oai(status = 201)]
    Made(Json<KnowledgeBase>),
}

#[derive(ApiResponse)]
enum Accepted {
    /// The document was taken in; it is read by a job.
    #[oai(status = 202)]
    Accepted(Json<DocumentBody>),
}

#[OpenApi(tag = "Tags::Documents")]
impl DocumentsApi {
    /// The client's bases
    #[oai(
        path = "/clients/:client/knowledge-bases",
        method = "get",
        operation_id = "listKnowledgeBases"
    )]
    async fn bases(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<KnowledgeBase>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let who = self.program_of(&client.0).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = base::list(&mut tx, &who, &window).await?;
        Ok(Json(window.page(rows, place_of_base, |base| {
            KnowledgeBase::new(base, &who)
        })))
    }

    /// Make a base of the client's
    #[oai(
        path = "/clients/:client/knowledge-bases",
        method = "post",
        operation_id = "createKnowledgeBase"
    )]
    async fn make_base(
        &self,
        by: Librarian,
        /// The client's id.
        client: Path<String>,
        body: Json<NewKnowledgeBase>,
    ) -> Result<BaseMade> {
        let (who, now) = (self.program_of(&client.0).await?, self.0.app.clock.now());
        let (mut new, suggestions) = body.0.into_parts();
        new.shared = true;
        let mut tx = self.0.app.db.client(who.client).await?;
        let mut base = base::create(&mut tx, &who, &new, now).await?;
        if !suggestions.is_empty() {
            let change = base::Change::suggesting(suggestions);
            base = base::change(&mut tx, &who, base.base.base_id, &change, now).await?;
        }
        let act = Act::about("base.create", &who.client_id, &new.name);
        audit::sign(tx, &by.by, act, now).await?;
        Ok(BaseMade::Made(Json(KnowledgeBase::new(base, &who))))
    }

    /// The documents of a base
    #[oai(
        path = "/clients/:client/knowledge-bases/:base/documents",
        method = "get",
        operation_id = "listDocuments"
    )]
    async fn documents(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The base.
        base: Path<BaseId>,
        /// The `next_cursor` of the page before; the first page without it.
        cursor: Query<Option<String>>,
        /// Items at most, 1 to 100; 20 unless said otherwise.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Page<DocumentBody>>> {
        let window = Window::new(cursor.0.as_deref(), limit.0)?;
        let who = self.program_of(&client.0).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        let rows = document::list(&mut tx, &who, base.0, &window).await?;
        Ok(Json(window.page(rows, place_of_document, Into::into)))
    }

    /// Add a document
    ///
    /// It is read by a job: follow `…/documents/{document}/events`.
    #[oai(
        path = "/clients/:client/knowledge-bases/:base/documents",
        method = "post",
        operation_id = "addDocument"
    )]
    async fn add(
        &self,
        by: Librarian,
        /// The client's id.
        client: Path<String>,
        /// The base.
        base: Path<BaseId>,
        /// What to do when the base holds a document of this name; `refuse` unless said otherwise.
        on_conflict: Query<Option<OnConflict>>,
        body: DocumentFile,
    ) -> Result<Accepted> {
        let who = self.program_of(&client.0).await?;
        self.1.check_writable(&who, base.0).await?;
        let new = self.1.receive(body).await?;
        let (on_conflict, now) = (on_conflict.0.unwrap_or_default(), self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let (document, _) = document::put(&mut tx, &who, base.0, new, on_conflict, now).await?;
        let act = Act {
            detail: Some(document.name.clone()),
            ..Act::about("document.add", &who.client_id, document.document_id)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Accepted::Accepted(Json(document.into())))
    }

    /// A document
    #[oai(
        path = "/clients/:client/documents/:document",
        method = "get",
        operation_id = "getDocument"
    )]
    async fn document(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The document.
        document: Path<DocumentId>,
    ) -> Result<Json<DocumentBody>> {
        let who = self.program_of(&client.0).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        Ok(Json(
            document::find(&mut tx, &who, document.0).await?.into(),
        ))
    }

    /// Remove a document
    ///
    /// It is not found any more from the moment this answers.
    #[oai(
        path = "/clients/:client/documents/:document",
        method = "delete",
        operation_id = "deleteDocument"
    )]
    async fn remove(
        &self,
        by: Librarian,
        /// The client's id.
        client: Path<String>,
        /// The document.
        document: Path<DocumentId>,
    ) -> Result<Done> {
        let (who, now) = (self.program_of(&client.0).await?, self.0.app.clock.now());
        let mut tx = self.0.app.db.client(who.client).await?;
        let name = document::find(&mut tx, &who, document.0).await?.name;
        document::remove(&mut tx, &who, document.0, now).await?;
        let act = Act {
            detail: Some(name),
            ..Act::about("document.delete", &who.client_id, document.0)
        };
        audit::sign(tx, &by.by, act, now).await?;
        Ok(Done::Done)
    }

    /// Follow the reading of a document
    ///
    /// Events `progress`, and `done` as the last one.
    #[oai(
        path = "/clients/:client/documents/:document/events",
        method = "get",
        operation_id = "followDocument"
    )]
    async fn follow(
        &self,
        _who: Operator,
        /// The client's id.
        client: Path<String>,
        /// The document.
        document: Path<DocumentId>,
    ) -> Result<Sse<DocumentProgress>> {
        let who = self.program_of(&client.0).await?;
        let mut tx = self.0.app.db.client(who.client).await?;
        document::find(&mut tx, &who, document.0).await?;
        drop(tx);
        let events = progress(self.0.app.clone(), who, document.0);
        Ok(Sse::new(events, self.1.heartbeat))
    }
}

impl DocumentsApi {
    /// The operator does what a program of the client with every right could.
    async fn program_of(&self, client_id: &str) -> Result<Who> {
        let client = named(&self.0, client_id).await?;
        Ok(Who {
            client: client.client_no,
            client_id: client.client_id.as_str().into(),
            members_may: MembersMay::Read,
            reentry_url: None,
            party: Party::Machine(
                ApiKeyId(uuid::Uuid::nil()),
                [Scope::KnowledgeRead, Scope::KnowledgeWrite].into(),
            ),
            until: self.0.app.clock.now() + Duration::minutes(FOLLOW_MINUTES),
        })
    }
}
