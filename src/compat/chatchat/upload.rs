//! `/knowledge_base/upload_docs`: files taken in, and waited for until they are read.

use std::sync::Arc;

use poem::Response;
use tokio_util::io::ReaderStream;

use super::{
    Chatchat, On,
    custom::Docs,
    files::{self, CHUNK_OVERLAP, CHUNK_SIZE, Failed},
    shelf,
};
use crate::{
    compat::{
        Call, Fault, Route, Rule,
        fastapi::{Form, Upload},
    },
    db::ClientTx,
    error::{Error, Result},
    identity::Member,
    ids::{BaseId, DocumentId},
    knowledge::{
        custom::CustomChunk,
        document::{self, Document, NewDocument, OnConflict, Outcome},
        version::{self, Cut},
    },
};

/// The parts that are files.
const PART: &str = "files";

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.post("/knowledge_base/upload_docs", upload)]
}

/// How files are to be taken in.
struct Wish {
    base: BaseId,
    overwrite: bool,
    searched: bool,
    chunk_chars: Option<u32>,
    docs: Docs,
}

/// What became of a file.
struct Taken {
    id: DocumentId,
    /// One of its name and size was there, and was not to be overwritten.
    was_there: bool,
}

async fn upload(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let Form { mut fields, files } = call.form().await?;
    let files: Vec<Upload> = files.into_iter().filter(|file| file.part == PART).collect();
    if files.is_empty() {
        fields.missing(PART);
    }
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let overwrite = fields.or("override", false, Rule::ANY);
    let searched = fields.or("to_vector_store", true, Rule::ANY);
    let chunk_size = fields.optional("chunk_size", CHUNK_SIZE);
    fields.or("chunk_overlap", 50, CHUNK_OVERLAP);
    fields.or("zh_title_enhance", false, Rule::ANY);
    let docs = fields.or("docs", Docs::default(), Rule::ANY);
    fields.or("not_refresh_vs_cache", false, Rule::ANY);
    fields.done()?;
    let base = shelf::writable(&chatchat, &who, &name).await?;
    let wish = Wish {
        base: base.base_id,
        overwrite,
        searched,
        chunk_chars: shelf::columns(chunk_size),
        docs,
    };
    let failed = take_all(&chatchat, &who, wish, files).await?;
    Ok(failed.said("文件上传与向量化完成"))
}

async fn take_all(
    chatchat: &Chatchat,
    who: &Member,
    mut wish: Wish,
    files: Vec<Upload>,
) -> Result<Failed> {
    let (mut failed, mut reading) = (Failed::default(), Vec::new());
    for file in files {
        let name = file.name.clone();
        let chunks = wish.docs.0.remove(&name);
        match take(chatchat, who, &wish, file, chunks).await {
            Ok(taken) => {
                if taken.was_there {
                    failed.note(&name, format!("文件 {name} 已存在。"));
                }
                reading.push((name, taken.id));
            }
            Err(Error::Unsupported(_)) => {
                failed.unread(&name, &format!("暂未支持的文件格式 {}", extension(&name)));
            }
            Err(error @ (Error::Forbidden(_) | Error::Unavailable(_))) => return Err(error),
            Err(error) => {
                let why = shelf::reason(&error);
                failed.note(&name, format!("{name} 文件上传失败，报错信息为: {why}"));
            }
        }
    }
    if wish.searched {
        files::await_read(chatchat, who, reading, &mut failed).await?;
    }
    Ok(failed)
}

async fn take(
    chatchat: &Chatchat,
    who: &Member,
    wish: &Wish,
    file: Upload,
    chunks: Option<Vec<CustomChunk>>,
) -> Result<Taken> {
    let app = &chatchat.app;
    let bytes = ReaderStream::new(file.file);
    let staged = app
        .blobs
        .stage(bytes, chatchat.library.upload_bytes_max)
        .await?;
    let new = NewDocument::checked(&file.name, file.media_type, None, staged).await?;
    let mut tx = app.db.client(who.client).await?;
    let there = document::named(&mut tx, who, wish.base, new.name()).await?;
    let same = there.filter(|there| !wish.overwrite && there.bytes.unsigned_abs() == new.bytes());
    let taken = match same {
        Some(there) => again(chatchat, &mut tx, who, wish, &there, chunks).await?,
        None => fresh(chatchat, &mut tx, who, wish, new, chunks).await?,
    };
    tx.commit().await?;
    Ok(taken)
}

/// The one that is there stays, and is read anew.
async fn again(
    chatchat: &Chatchat,
    tx: &mut ClientTx,
    who: &Member,
    wish: &Wish,
    there: &Document,
    chunks: Option<Vec<CustomChunk>>,
) -> Result<Taken> {
    let id = there.document_id;
    if wish.searched {
        let cut = Cut {
            chunk_chars: wish.chunk_chars,
            recut: true,
            chunks,
        };
        version::rebuild(tx, who, id, None, cut, chatchat.app.clock.now()).await?;
        files::enable(chatchat, tx, who, there).await?;
    }
    Ok(Taken {
        id,
        was_there: true,
    })
}

async fn fresh(
    chatchat: &Chatchat,
    tx: &mut ClientTx,
    who: &Member,
    wish: &Wish,
    new: NewDocument,
    chunks: Option<Vec<CustomChunk>>,
) -> Result<Taken> {
    let now = chatchat.app.clock.now();
    let new = new.cut_into(wish.chunk_chars)?.cut_as(chunks)?;
    let (document, outcome) =
        document::put(tx, who, wish.base, new, OnConflict::Replace, now).await?;
    if wish.searched {
        files::enable(chatchat, tx, who, &document).await?;
    } else if outcome == Outcome::Added {
        // kept, and found only once the base is read anew
        files::set_enabled(chatchat, tx, who, document.document_id, false).await?;
    }
    Ok(Taken {
        id: document.document_id,
        was_there: false,
    })
}

fn extension(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    match last.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!(".{}", extension.to_lowercase()),
        _ => String::new(),
    }
}
