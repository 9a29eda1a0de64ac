//! `concierge ingest`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use concierge::{
    app::App,
    error::Error,
    identity::{MembersMay, Party, Who, api_key::Scope},
    ids::{ApiKeyId, BaseId, DocumentId},
    jobs,
    knowledge::{
        base::{self, NewBase, NoAnswer},
        document::{self, Document, NewDocument, State},
        extract,
    },
};
use tokio_util::io::ReaderStream;

use super::{client::named, say, told};

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
    /// Files, and folders whose files are taken (not those in folders inside).
    #[arg(required = true)]
    paths: Vec<PathBuf>,
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
    let base = base_named(app, &who, &arguments.kb).await?;
    let mut documents = Vec::new();
    for path in files(&arguments.paths)? {
        if let Some(id) = add(app, &who, base, &path).await? {
            documents.push(id);
        }
    }
    let failed = wait(app, &who, &documents).await?;
    if failed > 0 {
        bail!(
            "{failed} of {} documents could not be read",
            documents.len()
        );
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

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path).with_context(|| format!("read {}", path.display()))? {
            let inside = entry?.path();
            if inside.is_file() {
                files.push(inside);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Adds a file; `None` when the base holds one of this name.
async fn add(app: &App, who: &Who, base: BaseId, path: &Path) -> Result<Option<DocumentId>> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .context("a file name is not UTF-8")?;
    let name = extract::clean_file_name(name).map_err(told)?;
    let file = tokio::fs::File::open(path)
        .await
        .with_context(|| format!("open {}", path.display()))?;
    let staged = app
        .blobs
        .stage(ReaderStream::new(file), u64::MAX)
        .await
        .map_err(told)?;
    let new = NewDocument {
        name,
        media_type: "application/octet-stream".into(),
        source_url: None,
        staged,
    };
    let mut tx = app.db.client(who.client).await.map_err(told)?;
    match document::add(&mut tx, who, base, new, app.clock.now()).await {
        Ok(document) => {
            tx.commit().await.map_err(told)?;
            Ok(Some(document.document_id))
        }
        Err(Error::Taken(_)) => {
            say(format!("{}: is there already", path.display()))?;
            Ok(None)
        }
        Err(error) => Err(told(error).context(path.display().to_string())),
    }
}

/// Reads what is waiting, unless a server does, and waits until all are through.
async fn wait(app: &App, who: &Who, documents: &[DocumentId]) -> Result<usize> {
    let reading = jobs::reading(&app.config)?;
    let mut failed = 0;
    for id in documents {
        jobs::drain(app, &reading).await.map_err(told)?;
        let document = ended(app, who, *id).await?;
        if document.state == State::Failed {
            failed += 1;
            say(format!(
                "{}: {}",
                document.name,
                document.reason.unwrap_or_default()
            ))?;
        } else {
            say(format!("{}: {} chunks", document.name, document.chunks))?;
        }
    }
    Ok(failed)
}

async fn ended(app: &App, who: &Who, id: DocumentId) -> Result<Document> {
    loop {
        let mut tx = app.db.client(who.client).await.map_err(told)?;
        let document = document::find(&mut tx, who, id).await.map_err(told)?;
        if document.state.is_final() {
            return Ok(document);
        }
        drop(tx);
        tokio::time::sleep(std::time::Duration::from_millis(LOOK_MS)).await;
    }
}
