//! `/knowledge_base/…`: files listed, read anew, removed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use poem::Response;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Chatchat, On,
    custom::Docs,
    envelope::{enveloped, success},
    shelf,
};
use crate::{
    compat::{Call, Fault, Route, Rule},
    error::{Error, Result},
    identity::{Member, Who},
    ids::{BaseId, DocumentId},
    knowledge::{
        custom::CustomChunk,
        document::{self, Change, Document},
        version::{self, Cut},
        wait,
    },
};

/// Files that one call names at most.
pub const FILES_MAX: usize = 1_000;
/// Lengths of chunks that are read at all; within the server's bounds they count as they are.
pub const CHUNK_SIZE: Rule = Rule::between(1, 100_000);
/// Likewise of what chunks share, which here they do not.
pub const CHUNK_OVERLAP: Rule = Rule::between(0, 100_000);

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.get("/knowledge_base/list_files", list),
        on.post("/knowledge_base/update_docs", update),
        on.post("/knowledge_base/delete_docs", delete),
    ]
}

/// Files that something went wrong with, and what.
#[derive(Default, Serialize)]
pub struct Failed {
    failed_files: BTreeMap<String, String>,
}

impl Failed {
    /// Says why a file failed.
    pub fn note(&mut self, name: &str, why: String) {
        self.failed_files.insert(name.to_owned(), why);
    }

    /// Says that a file could not be read.
    pub fn unread(&mut self, name: &str, why: &str) {
        self.note(name, format!("加载文档 {name} 时出错：{why}"));
    }

    /// The answer.
    pub fn said(self, msg: &str) -> Response {
        enveloped(200, msg, self)
    }
}

async fn list(chatchat: Arc<Chatchat>, who: Member, call: Call) -> Result<Response, Fault> {
    let mut fields = call.query();
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    fields.done()?;
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = shelf::base_of_list(&mut tx, &who, &name).await?;
    let documents = shelf::documents(&mut tx, &who, found.base.base_id).await?;
    let listed = documents.into_iter().filter(shelf::is_listed);
    let names: Vec<String> = listed.map(|document| document.name).collect();
    Ok(success(names))
}

struct Update {
    files: Vec<String>,
    chunk_chars: Option<u32>,
    override_custom: bool,
    docs: Docs,
}

async fn update(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let files: Vec<String> = fields.required("file_names", Rule::ANY);
    let chunk_size = fields.optional("chunk_size", CHUNK_SIZE);
    fields.or("chunk_overlap", 50, CHUNK_OVERLAP);
    fields.or("zh_title_enhance", false, Rule::ANY);
    let update = Update {
        files,
        chunk_chars: shelf::columns(chunk_size),
        override_custom: fields.or("override_custom_docs", false, Rule::ANY),
        docs: fields.or("docs", Docs::default(), Rule::ANY),
    };
    fields.or("not_refresh_vs_cache", false, Rule::ANY);
    fields.done()?;
    check_count(update.files.len() + update.docs.0.len())?;
    let base = shelf::writable(&chatchat, &who, &name).await?;
    Ok(updated(&chatchat, &who, base.base_id, update)
        .await?
        .said("更新文档完成"))
}

async fn updated(
    chatchat: &Chatchat,
    who: &Member,
    base: BaseId,
    update: Update,
) -> Result<Failed> {
    let (mut failed, mut reading) = (Failed::default(), Vec::new());
    let Update { files, docs, .. } = &update;
    // files with chunks need not be named twice
    let named = files.iter().filter(|name| !docs.0.contains_key(*name));
    let plain = named.map(|name| (name, None));
    let cut = docs.0.iter().map(|(name, chunks)| (name, Some(chunks)));
    for (name, chunks) in plain.chain(cut) {
        match anew(chatchat, who, base, name, &update, chunks.cloned()).await {
            Ok(Some(id)) => reading.push((name.clone(), id)),
            Ok(None) => {}
            Err(Error::NotFound("document")) => failed.unread(name, &format!("未找到文件 {name}")),
            Err(error @ (Error::Forbidden(_) | Error::Unavailable(_))) => return Err(error),
            Err(error) => failed.unread(name, &shelf::reason(&error)),
        }
    }
    await_read(chatchat, who, reading, &mut failed).await?;
    Ok(failed)
}

/// Has a file read anew; none when it stays as its sender cut it.
async fn anew(
    chatchat: &Chatchat,
    who: &Member,
    base: BaseId,
    name: &str,
    update: &Update,
    chunks: Option<Vec<CustomChunk>>,
) -> Result<Option<DocumentId>> {
    let (app, cut_here) = (&chatchat.app, chunks.is_none());
    let mut tx = app.db.client(who.client).await?;
    let document = shelf::document_of(&mut tx, who, base, name).await?;
    let document = document.ok_or(Error::NotFound("document"))?;
    let newest = version::list(&mut tx, who, document.document_id).await?;
    let custom = newest.first().is_some_and(|newest| newest.custom);
    if cut_here && custom && !update.override_custom {
        return Ok(None);
    }
    let cut = Cut {
        chunk_chars: update.chunk_chars,
        recut: true,
        chunks,
    };
    let (id, now) = (document.document_id, app.clock.now());
    version::rebuild(&mut tx, who, id, None, cut, now).await?;
    enable(chatchat, &mut tx, who, &document).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Has a document found again.
pub async fn enable(
    chatchat: &Chatchat,
    tx: &mut crate::db::ClientTx,
    who: &Who,
    document: &Document,
) -> Result<()> {
    if document.enabled {
        return Ok(());
    }
    set_enabled(chatchat, tx, who, document.document_id, true).await
}

/// Has a document found, or not.
pub async fn set_enabled(
    chatchat: &Chatchat,
    tx: &mut crate::db::ClientTx,
    who: &Who,
    id: DocumentId,
    enabled: bool,
) -> Result<()> {
    let change = Change {
        enabled: Some(enabled),
        ..Change::default()
    };
    let (room, now) = (
        chatchat.library.reading.base_chunks_max,
        chatchat.app.clock.now(),
    );
    document::change(tx, who, id, &change, room, now).await?;
    Ok(())
}

/// Waits until these files are read, all of them together no longer than the settings say.
pub async fn await_read(
    chatchat: &Chatchat,
    who: &Who,
    reading: Vec<(String, DocumentId)>,
    failed: &mut Failed,
) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(chatchat.upload_seconds);
    for (name, id) in reading {
        let left = end.saturating_duration_since(Instant::now());
        match wait::until_read(&chatchat.app, who, id, left).await {
            Ok(document) => {
                if let Some(why) = document.reason.filter(|_| document.state.is_final()) {
                    failed.unread(&name, &why);
                }
            }
            Err(Error::NotFound(_)) => failed.unread(&name, &format!("未找到文件 {name}")),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn delete(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let files: Vec<String> = fields.required("file_names", Rule::ANY);
    let content = fields.or("delete_content", false, Rule::ANY);
    fields.or("not_refresh_vs_cache", false, Rule::ANY);
    fields.done()?;
    check_count(files.len())?;
    let base = shelf::writable(&chatchat, &who, &name).await?;
    let mut failed = Failed::default();
    for file in &files {
        if !take_out(&chatchat, &who, base.base_id, file, content).await? {
            failed.note(file, format!("未找到文件 {file}"));
        }
    }
    Ok(failed.said("文件删除完成"))
}

/// Takes a file out of the search; its bytes stay unless they are to go, and come back when the base
/// is read anew. False when there is none.
async fn take_out(
    chatchat: &Chatchat,
    who: &Member,
    base: BaseId,
    name: &str,
    content: bool,
) -> Result<bool> {
    let app = &chatchat.app;
    let mut tx = app.db.client(who.client).await?;
    let document = shelf::document_of(&mut tx, who, base, name).await?;
    let Some(document) = document.filter(|document| content || document.enabled) else {
        return Ok(false);
    };
    if content {
        document::remove(&mut tx, who, document.document_id, app.clock.now()).await?;
    } else {
        set_enabled(chatchat, &mut tx, who, document.document_id, false).await?;
    }
    tx.commit().await?;
    Ok(true)
}

fn check_count(files: usize) -> Result<(), Fault> {
    if files <= FILES_MAX {
        return Ok(());
    }
    let why = format!("一次最多处理 {FILES_MAX} 个文件。");
    Err(enveloped(413, why, json!({"failed_files": {}})).into())
}
