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
        ingest::Reading,
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
    let files = files(&arguments.paths)?;
    let base = base_named(app, &who, &arguments.kb).await?;
    let (mut documents, mut failed) = (Vec::new(), 0);
    for path in &files {
        // what is wrong with one file is said, and the others are taken
        match add(app, &who, base, path).await {
            Ok(id) => documents.extend(id),
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
                return Err(told(error).context(path.display().to_string()));
            }
            Err(error) => {
                failed += 1;
                say(format!("{}: {error}", path.display()))?;
            }
        }
    }
    failed += wait(app, &who, &documents).await?;
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

/// The files to take, all of them there. Of a folder the hidden ones are left out.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?;
            files.push(path.clone());
            continue;
        }
        for entry in std::fs::read_dir(path).with_context(|| format!("read {}", path.display()))? {
            let inside = entry?;
            let hidden = inside.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && inside.path().is_file() {
                files.push(inside.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Adds a file; `None` when the base holds one of this name.
async fn add(app: &App, who: &Who, base: BaseId, path: &Path) -> Result<Option<DocumentId>, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Error::invalid("The name of the file is not UTF-8."))?;
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| Error::invalid(format!("The file cannot be opened: {error}.")))?;
    let bytes_max = app
        .config
        .number("knowledge", "upload_bytes_max", 1..=1 << 40)?;
    let staged = app.blobs.stage(ReaderStream::new(file), bytes_max).await?;
    let media_type = "application/octet-stream".into();
    let new = NewDocument::checked(name, media_type, None, staged).await?;
    let mut tx = app.db.client(who.client).await?;
    match document::add(&mut tx, who, base, new, app.clock.now()).await {
        Ok(document) => {
            tx.commit().await?;
            Ok(Some(document.document_id))
        }
        Err(Error::Taken(_)) => {
            say(format!("{}: is there already", path.display()))?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads what is waiting, unless a server does, and waits until all are through.
async fn wait(app: &App, who: &Who, documents: &[DocumentId]) -> Result<usize> {
    let reading = jobs::reading(&app.config)?;
    let mut failed = 0;
    for id in documents {
        let document = ended(app, &reading, who, *id).await?;
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

async fn ended(app: &App, reading: &Reading, who: &Who, id: DocumentId) -> Result<Document> {
    loop {
        // each time: what failed is due again a little later, and there may be no server
        jobs::drain(app, reading).await.map_err(told)?;
        let mut tx = app.db.client(who.client).await.map_err(told)?;
        let document = document::find(&mut tx, who, id).await.map_err(told)?;
        if document.state.is_final() {
            return Ok(document);
        }
        drop(tx);
        tokio::time::sleep(std::time::Duration::from_millis(LOOK_MS)).await;
    }
}
