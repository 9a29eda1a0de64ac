//! A ZIP archive of documents, unpacked one by one and under limits.
//!
//! What an archive says about itself is not believed: bytes are counted as they come out. Nothing is
//! ever written under a name out of it.

mod names;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Read},
};

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;
use zip::ZipArchive;

pub use self::names::is_archive;
use self::names::{document_name, is_left_behind, path, shown};
use crate::{
    blobs::{Blobs, Staged},
    error::{Error, Result},
};

/// Files in one archive.
pub const ENTRIES_MAX: usize = 1_000;
/// How many times larger than one upload all files of an archive may be together.
const TOTAL_UPLOADS: u64 = 4;
/// How many times larger than packed a file may be; texts reach 20.
const RATIO_MAX: u64 = 200;
/// Bytes that a file may have whatever its packed size; above, the ratio counts.
const RATIO_FREE_BYTES: u64 = 1 << 20;
/// Bytes that come out at a time.
const PIECE_BYTES: usize = 64 << 10;

/// An archive that is being unpacked.
pub struct Archive {
    archive: ZipArchive<BufReader<File>>,
    next: usize,
    /// Bytes that may still come out.
    room: u64,
    seen: HashSet<String>,
}

/// A file of an archive: what it is called, and its bytes or what is wrong with it.
pub struct Entry {
    /// Its name, with the folders it stood in.
    pub name: String,
    /// Its bytes.
    pub bytes: Result<Staged>,
}

/// What is to come out next.
enum Next {
    End,
    /// A folder, or what a system leaves behind.
    Passed,
    Refused(String, Error),
    File(String),
}

impl Archive {
    /// Opens it.
    ///
    /// # Errors
    /// `Invalid` for one that is damaged or has two files of one name, `TooLarge` for one of too many.
    pub async fn open(file: File, upload_bytes_max: u64) -> Result<Self> {
        let open = move || ZipArchive::new(BufReader::new(file));
        let archive = blocking(open).await?.map_err(|error| {
            Error::invalid(format!("The ZIP archive cannot be opened: {error}."))
        })?;
        if archive.len() > ENTRIES_MAX {
            return Err(Error::TooLarge(format!(
                "The ZIP archive has {} files; {ENTRIES_MAX} can be taken in at once.",
                archive.len()
            )));
        }
        if archive.has_duplicate_names() {
            return Err(Error::invalid(
                "The ZIP archive has two files of the same name, so one would hide the other.",
            ));
        }
        Ok(Self {
            archive,
            next: 0,
            room: upload_bytes_max.saturating_mul(TOTAL_UPLOADS),
            seen: HashSet::new(),
        })
    }

    /// Unpacks the next file, and gives the archive back with it; `None` after the last one.
    ///
    /// # Errors
    /// What is wrong with us; what is wrong with a file stands in its entry.
    pub async fn next(
        mut self,
        blobs: &Blobs,
        upload_bytes_max: u64,
    ) -> Result<Option<(Self, Entry)>> {
        loop {
            let looked;
            (self, looked) = blocking(move || {
                let looked = self.look();
                (self, looked)
            })
            .await?;
            self.next += 1;
            match looked {
                Next::End => return Ok(None),
                Next::Passed => {}
                Next::Refused(name, error) => {
                    let bytes = Err(error);
                    return Ok(Some((self, Entry { name, bytes })));
                }
                Next::File(name) => {
                    let bytes;
                    (self, bytes) = self.unpack(blobs, upload_bytes_max).await?;
                    return Ok(Some((self, Entry { name, bytes })));
                }
            }
        }
    }

    /// What stands next in the archive.
    fn look(&mut self) -> Next {
        if self.next >= self.archive.len() {
            return Next::End;
        }
        let file = match self.archive.by_index(self.next) {
            Ok(file) => file,
            // named by its place: its name could not be read
            Err(error) => return Next::Refused(format!("#{}", self.next + 1), unreadable(&error)),
        };
        let path = path(&file);
        if file.is_dir() || path.ends_with(['/', '\\']) || is_left_behind(&path) {
            return Next::Passed;
        }
        let (encrypted, link) = (file.encrypted(), file.is_symlink());
        drop(file);
        let name = match document_name(&path) {
            Ok(name) => name,
            Err(error) => return Next::Refused(shown(&path), error),
        };
        let refused = if encrypted {
            "It is encrypted: pack it without a password."
        } else if link {
            "It is a link, not a file."
        } else if is_archive(&name) {
            "It is a ZIP archive inside of the archive: send it by itself."
        } else if !self.seen.insert(name.clone()) {
            "The archive has another file that comes to the same name."
        } else {
            return Next::File(name);
        };
        Next::Refused(name, Error::invalid(refused))
    }

    /// Unpacks the file that was looked at.
    async fn unpack(
        mut self,
        blobs: &Blobs,
        upload_bytes_max: u64,
    ) -> Result<(Self, Result<Staged>)> {
        let (send, receive) = mpsc::channel::<Bytes>(2);
        let at = self.next - 1;
        let reading = tokio::task::spawn_blocking(move || {
            let read = read(&mut self.archive, at, &mut self.room, &send);
            (self, read)
        });
        let pieces = stream::unfold(receive, |mut receive| async move {
            let piece = receive.recv().await?;
            Some((Ok::<_, std::io::Error>(piece), receive))
        });
        let staged = blobs.stage(Box::pin(pieces), upload_bytes_max).await;
        let (archive, read) = reading.await.map_err(Error::internal)?;
        // what broke off looks like a whole file to whoever received it
        Ok((archive, read.and(staged)))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

/// Sends the bytes of a file, and stops when nobody takes them or a limit is reached.
fn read(
    archive: &mut ZipArchive<BufReader<File>>,
    at: usize,
    room: &mut u64,
    send: &mpsc::Sender<Bytes>,
) -> Result<()> {
    let mut file = archive.by_index(at).map_err(|error| unreadable(&error))?;
    let ratio_max = file.compressed_size().saturating_mul(RATIO_MAX);
    let bytes_max = ratio_max.max(RATIO_FREE_BYTES);
    let (mut piece, mut bytes) = (vec![0; PIECE_BYTES], 0_u64);
    loop {
        let length = file
            .read(&mut piece)
            .map_err(|error| Error::invalid(format!("It cannot be unpacked: {error}.")))?;
        if length == 0 {
            return Ok(());
        }
        bytes += length as u64;
        if bytes > bytes_max {
            return Err(Error::TooLarge(format!(
                "It is more than {RATIO_MAX} times as large as it is packed."
            )));
        }
        *room = room.checked_sub(length as u64).ok_or_else(|| {
            Error::TooLarge("The files of the archive are too large together.".to_owned())
        })?;
        if send
            .blocking_send(Bytes::copy_from_slice(&piece[..length]))
            .is_err()
        {
            return Ok(());
        }
    }
}

fn unreadable(error: &zip::result::ZipError) -> Error {
    Error::invalid(format!("It cannot be unpacked: {error}."))
}
