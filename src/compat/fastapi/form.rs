//! Forms with files: texts are fields, files lie on disk until they are read.

use poem::{
    FromRequest, Request, RequestBody,
    web::{Field, Multipart},
};
use tokio::{
    fs::File,
    io::{AsyncSeekExt, SeekFrom},
};

use super::{Fields, unreadable};
use crate::{
    compat::Fault,
    error::{Error, Result},
};

/// Files of one form at most.
const FILES_MAX: usize = 200;
/// Texts of one form at most.
const TEXTS_MAX: usize = 100;
/// Bytes of a text in a form at most: custom chunks come as one.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A form.
pub struct Form {
    /// What is no file.
    pub fields: Fields,
    /// The files, as they came.
    pub files: Vec<Upload>,
}

/// A file of a form.
pub struct Upload {
    /// The part it came as.
    pub part: String,
    /// What its sender calls it; it can be anything.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    /// Its bytes, from the first; the file has no name and goes when it is dropped.
    pub file: File,
    /// How many.
    pub bytes: u64,
}

impl Form {
    pub(super) async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, Fault> {
        // FastAPI finds no fields in anything else
        let Ok(mut parts) = Multipart::from_request(request, body).await else {
            return Ok(Self {
                fields: Fields::of_texts("body", [("", ""); 0]),
                files: Vec::new(),
            });
        };
        let (mut texts, mut files) = (Vec::new(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
            if files.len() >= FILES_MAX || texts.len() >= TEXTS_MAX {
                return Err(Error::TooLarge(format!(
                    "A form has at most {FILES_MAX} files and {TEXTS_MAX} other fields."
                ))
                .into());
            }
            let name = part.name().unwrap_or_default().to_owned();
            if part.file_name().is_some() {
                files.push(spool(name, part).await?);
            } else {
                texts.push((name, text(part).await?));
            }
        }
        Ok(Self {
            // an empty one counts as left out there
            fields: Fields::of_texts("body", texts).without_empty(),
            files,
        })
    }
}

async fn text(part: Field) -> Result<String, Fault> {
    use tokio::io::AsyncReadExt;
    let mut text = String::new();
    let mut bounded = part.into_async_read().take(TEXT_BYTES_MAX as u64 + 1);
    bounded
        .read_to_string(&mut text)
        .await
        .map_err(|_| unreadable())?;
    if text.len() > TEXT_BYTES_MAX {
        let text = format!("A text in a form has at most {TEXT_BYTES_MAX} bytes.");
        return Err(Error::TooLarge(text).into());
    }
    Ok(text)
}

/// How long the form may be is bounded at the edge.
async fn spool(part: String, field: Field) -> Result<Upload, Fault> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let media_type = field.content_type().unwrap_or("application/octet-stream");
    let media_type = media_type.to_owned();
    let mut file = field.tempfile().await.map_err(|_| unreadable())?;
    let bytes = file.seek(SeekFrom::End(0)).await.map_err(Error::from)?;
    file.rewind().await.map_err(Error::from)?;
    Ok(Upload {
        part,
        name,
        media_type,
        file,
        bytes,
    })
}
