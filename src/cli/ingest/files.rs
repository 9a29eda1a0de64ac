//! The files to take in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use aws_lc_rs::digest::{self, SHA256};
use concierge::{blobs::Hash, error::Error};
use tokio::io::AsyncReadExt;

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// The files to take, all of them there. Of a folder the hidden ones are left out.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
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

/// Opens a file.
pub async fn open(path: &Path) -> Result<tokio::fs::File, Error> {
    let opened = tokio::fs::File::open(path).await;
    opened.map_err(|error| Error::invalid(format!("The file cannot be opened: {error}.")))
}

/// The SHA-256 of a file.
pub async fn hash(path: &Path) -> Result<Hash, Error> {
    let mut file = open(path).await?;
    let (mut context, mut piece) = (digest::Context::new(&SHA256), vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut piece).await;
        let read =
            read.map_err(|error| Error::invalid(format!("The file cannot be read: {error}.")))?;
        if read == 0 {
            let mut hash = [0; 32];
            hash.copy_from_slice(context.finish().as_ref());
            return Ok(hash);
        }
        context.update(&piece[..read]);
    }
}
