//! The body of an answer, counted while it comes in.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};

use crate::error::{Error, Result};

/// Reads a body as it is.
///
/// # Errors
/// `TooLarge` past `bytes_max`, `Upstream` when it breaks off.
pub async fn read(content: Incoming, bytes_max: u64) -> Result<Vec<u8>> {
    if content.size_hint().lower() > bytes_max {
        return Err(too_large(bytes_max));
    }
    let mut sink = Capped::new(bytes_max);
    receive(content, bytes_max, |data| {
        sink.write_all(data).map_err(|_| too_large(bytes_max))
    })
    .await?;
    Ok(sink.bytes)
}

/// Reads a body and unpacks it.
///
/// # Errors
/// As [`read`]; the limit is for the unpacked bytes, and for the packed ones too, since a pack
/// of nothing can go on for ever.
pub async fn read_gzip(content: Incoming, bytes_max: u64) -> Result<Vec<u8>> {
    let mut unpacker = MultiGzDecoder::new(Capped::new(bytes_max));
    let failed = |sink: &Capped, error: io::Error| {
        if sink.full {
            too_large(bytes_max)
        } else {
            Error::Upstream(anyhow::Error::new(error).context("unpack a document"))
        }
    };
    receive(content, bytes_max, |data| {
        let outcome = unpacker.write_all(data);
        outcome.map_err(|error| failed(unpacker.get_ref(), error))
    })
    .await?;
    if let Err(error) = unpacker.try_finish() {
        return Err(failed(unpacker.get_ref(), error));
    }
    unpacker
        .finish()
        .map(|sink| sink.bytes)
        .map_err(|error| Error::Upstream(anyhow::Error::new(error).context("unpack a document")))
}

async fn receive(
    mut content: Incoming,
    bytes_max: u64,
    mut take: impl FnMut(&Bytes) -> Result<()>,
) -> Result<()> {
    let mut received = 0_u64;
    while let Some(frame) = content.frame().await {
        let frame = frame.map_err(|error| {
            Error::Upstream(anyhow::Error::new(error).context("receive a document"))
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        received = received.saturating_add(data.len() as u64);
        if received > bytes_max {
            return Err(too_large(bytes_max));
        }
        take(&data)?;
    }
    Ok(())
}

fn too_large(bytes_max: u64) -> Error {
    Error::TooLarge(format!(
        "The document at this address is larger than {bytes_max} bytes."
    ))
}

/// Bytes up to a limit.
struct Capped {
    bytes: Vec<u8>,
    bytes_max: u64,
    full: bool,
}

impl Capped {
    fn new(bytes_max: u64) -> Self {
        Self {
            bytes: Vec::new(),
            bytes_max,
            full: false,
        }
    }
}

impl Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + data.len()) as u64 > self.bytes_max {
            self.full = true;
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
