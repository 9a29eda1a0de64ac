//! `concierge ingest`: a base becomes what a folder is. Run again, it takes only what is new.

mod files;
mod report;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use clap::Args;
use concierge::{
    app::App,
    error::Error,
    http::paging::{LIMIT_MAX, Place, Window},
    identity::{MembersMay, Party, Who, api_key::Scope},
    ids::{ApiKeyId, BaseId, DocumentId},
    jobs,
    knowledge::{
        base::{self, NewBase, NoAnswer},
        document::{self, Document, NewDocument, OnConflict, Outcome},
        ingest::Reading,
    },
};
use tokio_util::io::ReaderStream;

use self::report::{Fate, Report};
use super::{client::named, told};

/// Milliseconds between two looks at documents that a running server reads.
const LOOK_MS: u64 = 300;

#[derive(Args)]
pub struct IngestArguments {
    /// The client.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The knowledge base, by name; made when the client has none of this name.
    #[arg(long, value_name = "NAME")]
    kb: String,
    /// Print a JSON object for each file, and one at the end.
    #[arg(long)]
    json: bool,
    /// Remove the documents of the base that are not among the files.
    #[arg(long)]
    delete: bool,
    /// Files, and folders whose files are taken (not those in folders inside).
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

/// A run over some files.
struct Run<'a> {
    app: &'a App,
    who: Who,
    base: BaseId,
    bytes_max: u64,
}

/// A file that was taken in and is not read yet.
struct Waiting {
    path: PathBuf,
    id: DocumentId,
    outcome: Outcome,
}

pub async fn run(app: &App, arguments: IngestArguments) -> Result<()> {
    let client = named(app, &arguments.client).await?;
    // the operator does what a key of the client with every right could
    let who = Who {
        client: client.client_no,
        client_id: client.client_id.as_str().into(),
        members_may: MembersMay::Read,
        reentry_url: None,
        party: Party::Machine(
            ApiKeyId(uuid::Uuid::nil()),
            [Scope::KnowledgeRead, Scope::KnowledgeWrite].into(),
        ),
        until: app.clock.now(),
    };
    let files = files::files(&arguments.paths)?;
    let run = Run {
        app,
        base: base_named(app, &who, &arguments.kb).await?,
        who,
        bytes_max: app
            .config
            .number("knowledge", "upload_bytes_max", 1..=1 << 40)?,
    };
    let mut report = Report::new(files.len(), arguments.json);
    let waiting = run.take(&files, &mut report).await?;
    run.wait(waiting, &mut report).await?;
    if arguments.delete {
        run.remove_others(&files, &mut report).await?;
    }
    let failed = report.end()?;
    if failed > 0 {
        bail!("{failed} of {} files could not be read", files.len());
    }
    Ok(())
}

async fn base_named(app: &App, who: &Who, name: &str) -> Result<BaseId> {
    let mut tx = app.db.client(who.client).await.map_err(told)?;
    if let Some(base) = base::shared(&mut tx, name).await.map_err(told)? {
        return Ok(base.base_id);
    }
    let new = NewBase {
        name: name.to_owned(),
        title: name.to_owned(),
        description: String::new(),
        no_answer: NoAnswer::Refuse,
        shared: true,
    };
    let made = base::create(&mut tx, who, &new, app.clock.now())
        .await
        .map_err(told)?;
    tx.commit().await.map_err(told)?;
    Ok(made.base.base_id)
}

impl Run<'_> {
    /// Takes the files in; what is wrong with one is said, and the others are taken.
    async fn take(&self, files: &[PathBuf], report: &mut Report) -> Result<Vec<Waiting>> {
        let mut waiting = Vec::new();
        for path in files {
            report.at(path, "taking in");
            match self.put(path).await {
                Ok(None) => report.done(path, None, Fate::Unchanged)?,
                Ok(Some((document, outcome))) => waiting.push(Waiting {
                    path: path.clone(),
                    id: document.document_id,
                    outcome,
                }),
                Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
                    return Err(told(error).context(path.display().to_string()));
                }
                Err(error) => report.done(path, None, Fate::Failed(error.to_string()))?,
            }
        }
        Ok(waiting)
    }

    /// Takes a file in; `None` when the base has it as it is.
    async fn put(&self, path: &Path) -> Result<Option<(Document, Outcome)>, Error> {
        let name = name(path)?;
        let hash = files::hash(path).await?;
        let mut tx = self.app.db.client(self.who.client).await?;
        if document::is_there(&mut tx, &self.who, self.base, name, &hash).await? {
            return Ok(None);
        }
        drop(tx);
        let bytes = ReaderStream::new(files::open(path).await?);
        let staged = self.app.blobs.stage(bytes, self.bytes_max).await?;
        let media_type = "application/octet-stream".into();
        let new = NewDocument::checked(name, media_type, None, staged).await?;
        let (now, how) = (self.app.clock.now(), OnConflict::Replace);
        let mut tx = self.app.db.client(self.who.client).await?;
        let (document, outcome) =
            document::put(&mut tx, &self.who, self.base, new, how, now).await?;
        tx.commit().await?;
        Ok((outcome != Outcome::Unchanged).then_some((document, outcome)))
    }

    /// Reads what is waiting, unless a server does, and waits until all are through.
    async fn wait(&self, waiting: Vec<Waiting>, report: &mut Report) -> Result<()> {
        let reading = jobs::reading(&self.app.config)?;
        for one in waiting {
            report.at(&one.path, "reading");
            let document = self.ended(&reading, one.id).await?;
            // also when the version before is searched still
            let fate = match document.reason {
                Some(reason) => Fate::Failed(reason),
                None if one.outcome == Outcome::Added => Fate::Added(document.chunks),
                None => Fate::Replaced(document.chunks),
            };
            report.done(&one.path, Some(one.id), fate)?;
        }
        Ok(())
    }

    async fn ended(&self, reading: &Reading, id: DocumentId) -> Result<Document> {
        loop {
            // each time: what failed is due again a little later, and there may be no server
            jobs::drain(self.app, reading).await.map_err(told)?;
            let mut tx = self.app.db.client(self.who.client).await.map_err(told)?;
            let document = document::find(&mut tx, &self.who, id).await.map_err(told)?;
            if document.state.is_final() {
                return Ok(document);
            }
            drop(tx);
            tokio::time::sleep(std::time::Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// Removes what the base has and the files have not.
    async fn remove_others(&self, files: &[PathBuf], report: &mut Report) -> Result<()> {
        let kept: HashSet<String> = files
            .iter()
            .filter_map(|path| {
                concierge::knowledge::extract::clean_file_name(name(path).ok()?).ok()
            })
            .collect();
        let mut after = None;
        loop {
            let limit = LIMIT_MAX;
            let mut tx = self.app.db.client(self.who.client).await.map_err(told)?;
            let window = Window { after, limit };
            let listed = document::list(&mut tx, &self.who, self.base, &window).await;
            let listed = listed.map_err(told)?;
            let Some(last) = listed.last() else {
                return Ok(());
            };
            after = Some(Place {
                at: last.created_at,
                id: last.document_id.0,
            });
            for document in listed.iter().filter(|one| !kept.contains(&one.name)) {
                let (id, now) = (document.document_id, self.app.clock.now());
                let removed = document::remove(&mut tx, &self.who, id, now).await;
                removed.map_err(told)?;
            }
            tx.commit().await.map_err(told)?;
            for document in listed.iter().filter(|one| !kept.contains(&one.name)) {
                let (path, id) = (Path::new(&document.name), document.document_id);
                report.done(path, Some(id), Fate::Removed)?;
            }
        }
    }
}

fn name(path: &Path) -> Result<&str, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| Error::invalid("The name of the file is not UTF-8."))
}
