//! Files to be trained on: fetched from addresses, or read below a folder that the operator chose.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use poem::http::StatusCode;
use tokio::{
    fs,
    time::{Instant, timeout_at},
};
use tokio_util::io::ReaderStream;

use super::{
    DataGpt,
    envelope::{bad, failure},
};
use crate::{
    compat::Fault,
    error::{Error, Result},
    identity::Who,
    knowledge::{api::URLS_MAX, document::NewDocument, extract::shown},
};

/// Chunks as the original cut them, in Latin letters.
const CHUNK_CHARS: u32 = 2_000;

/// Where files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At addresses.
    Web,
    /// In the folder of the client.
    Folder,
}

/// All files, checked and not yet kept. Those of the same name are told apart by a number.
///
/// # Errors
/// 400 for one that cannot be had, 503 when they are not all there in time; nothing is trained without
/// one of them.
pub async fn read(
    state: &DataGpt,
    who: &Who,
    place: Place,
    list: &[&str],
    end: Instant,
) -> Result<Vec<NewDocument>, Fault> {
    if list.is_empty() {
        return Err(bad("No training data found"));
    }
    if list.len() > URLS_MAX {
        return Err(bad(format!("file_list has at most {URLS_MAX} files.")));
    }
    let late = |_| {
        let text = "The files did not come in time, and nothing was trained: give fewer at once.";
        failure(StatusCode::SERVICE_UNAVAILABLE, text)
    };
    timeout_at(end, all(state, who, place, list))
        .await
        .map_err(late)?
}

async fn all(
    state: &DataGpt,
    who: &Who,
    place: Place,
    list: &[&str],
) -> Result<Vec<NewDocument>, Fault> {
    let (mut names, mut all) = (HashSet::new(), Vec::with_capacity(list.len()));
    let mut bytes_left = state.library.upload_bytes_max;
    for one in list {
        let new = match place {
            Place::Web => state.library.fetch(one, &mut bytes_left).await,
            Place::Folder => from_folder(state, who, one).await,
        };
        let new = new.map_err(|error| named(one, error))?;
        let new = apart(new, &mut names)?.cut_into(Some(CHUNK_CHARS))?;
        all.push(new);
    }
    Ok(all)
}

/// Says which file it was, when it is the file that is wrong.
fn named(file: &str, error: Error) -> Fault {
    match error {
        Error::Invalid(_) | Error::Unsupported(_) | Error::TooLarge(_) | Error::Upstream(_) => {
            bad(format!("{}: {error}", shown(file)))
        }
        other => other.into(),
    }
}

fn apart(new: NewDocument, names: &mut HashSet<String>) -> Result<NewDocument> {
    let first = new.name().to_owned();
    let (stem, extension) = match first.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (first.as_str(), String::new()),
    };
    let numbered = (2..).map(|n| format!("{stem} ({n}){extension}"));
    let mut free = std::iter::once(first.clone()).chain(numbered);
    let name = free.find(|name| names.insert(name.to_lowercase()));
    new.named(&name.unwrap_or_default())
}

async fn from_folder(state: &DataGpt, who: &Who, path: &str) -> Result<NewDocument> {
    let absent = || Error::invalid("There is no such file in the folder for training files.");
    let folder = state.folder.as_ref().ok_or_else(|| {
        Error::invalid("Files are not read by their path here; give their addresses, with get_file_type \"url\".")
    })?;
    let folder = fs::canonicalize(folder.join(&*who.client_id)).await;
    let folder = folder.map_err(|_| absent())?;
    let path = inside(&folder, path).ok_or_else(absent)?;
    let file = fs::File::open(&path).await.map_err(|_| absent())?;
    // the same after links were followed: there is none in it
    let real = fs::canonicalize(&path).await.map_err(|_| absent())?;
    if real != path || !file.metadata().await?.is_file() {
        return Err(absent());
    }
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let (blobs, bytes_max) = (&state.app.blobs, state.library.upload_bytes_max);
    let staged = blobs.stage(ReaderStream::new(file), bytes_max).await?;
    let media_type = "application/octet-stream".to_owned();
    NewDocument::checked(name, media_type, None, staged).await
}

/// A path in the folder, written from there or from the root.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let given = Path::new(path);
    let rest = if given.is_absolute() {
        given.strip_prefix(folder).ok()?
    } else {
        given
    };
    let plain = |part: std::path::Component| matches!(part, std::path::Component::Normal(_));
    let fits = rest.components().all(plain) && rest.file_name().is_some() && !path.contains('\0');
    fits.then(|| folder.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_folder() {
        let folder = Path::new("/data/train/acme");
        for (path, file) in [
            ("a.txt", Some("/data/train/acme/a.txt")),
            ("x/a.txt", Some("/data/train/acme/x/a.txt")),
            ("/data/train/acme/a.txt", Some("/data/train/acme/a.txt")),
            ("../rival/a.txt", None),
            ("x/../../rival/a.txt", None),
            ("/data/train/rival/a.txt", None),
            ("/data/train/acme2/a.txt", None),
            ("/etc/passwd", None),
            ("/data/train/acme/../rival/a.txt", None),
            ("/data/train/acme", None),
            ("", None),
            (".", None),
            ("a\0.txt", None),
        ] {
            assert_eq!(
                inside(folder, path).as_deref(),
                file.map(Path::new),
                "{path}"
            );
        }
    }
}
