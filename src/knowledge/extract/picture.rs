//! Pictures of text, read by the program `tesseract` where the server has it.
//!
//! It runs as a child of the worker, which has taken everything away from itself that neither of
//! them needs: time, memory and files are bounded for both.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};

use super::{
    Extracted, Limits, PageSpan, Writer,
    pdf::{
        self, Worker,
        frame::{Frame, Task, Work},
    },
    plain,
};
use crate::error::{Error, Result};

/// Bytes of complaints that are kept.
const COMPLAINT_BYTES_MAX: u64 = 4_096;

/// The program that recognises text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ocr {
    /// Where it is.
    pub program: PathBuf,
    /// Languages as it calls them, such as `chi_sim+eng`.
    pub languages: String,
}

/// Recognises the text of a picture; each picture of a TIFF is a page.
pub async fn extract(bytes: Vec<u8>, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    let Some(ocr) = &worker.ocr else {
        return Err(Error::Unsupported(
            "Pictures are read by the program tesseract, which this server does not have. Please \
             upload the text itself, or ask the operator to install tesseract."
                .to_owned(),
        ));
    };
    let work = Work::Recognise(ocr.clone());
    let output = pdf::run_in_time(Task::new(work, limits), bytes, limits, worker).await?;
    let mut frames = serde_json::Deserializer::from_slice(&output.frames).into_iter();
    match frames.next() {
        Some(Ok(Frame::Recognised(text))) => {
            let limits = limits.clone();
            tokio::task::spawn_blocking(move || write(&text, &limits))
                .await
                .map_err(Error::internal)?
        }
        Some(Ok(Frame::Failed { detail, .. })) => Err(refused(&detail)),
        _ => Err(pdf::died(&output, limits)),
    }
}

fn refused(complaint: &str) -> Error {
    tracing::warn!(complaint, "a picture could not be recognised");
    if complaint.contains("load any languages") {
        return Error::Unsupported(
            "The text recognition of this server lacks its languages. Please ask the operator to \
             install them ([knowledge] ocr_languages)."
                .to_owned(),
        );
    }
    Error::invalid("The picture is damaged or too large to be recognised.")
}

fn write(text: &str, limits: &Limits) -> Result<Extracted> {
    let mut writer = Writer::new(limits);
    let mut pages = Vec::new();
    let text = text.strip_suffix('\u{c}').unwrap_or(text);
    for (page, text) in (1..).zip(text.split('\u{c}')) {
        let before = writer.blocks();
        plain::read(&mut writer, text)?;
        let end = writer.chars();
        let start = writer.start_of(before).unwrap_or(end);
        pages.push(PageSpan { page, start, end });
    }
    Ok(Extracted {
        pages,
        ..writer.finish()
    })
}

/// The worker's side: hands the picture to the program and takes what it says.
pub fn answer(ocr: &Ocr, bytes: &[u8], task: &Task) -> anyhow::Result<Frame> {
    let mut child = Command::new(&ocr.program)
        .args([
            "stdin",
            "stdout",
            "-l",
            &ocr.languages,
            "-c",
            "preserve_interword_spaces=1",
        ])
        .env_clear()
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        anyhow::bail!("tesseract has no pipes");
    };
    let text_bytes_max = u64::from(task.text_chars_max) * 4;
    let (text, complaint) = std::thread::scope(|scope| {
        // one that refuses a picture does not read it to its end
        scope.spawn(move || stdin.write_all(bytes).is_ok());
        let complaint = scope.spawn(move || take(stderr, COMPLAINT_BYTES_MAX));
        (
            take(stdout, text_bytes_max),
            complaint.join().unwrap_or_default(),
        )
    });
    if child.wait()?.success() {
        return Ok(Frame::Recognised(text));
    }
    Ok(Frame::Failed {
        cause: super::pdf::frame::Cause::Invalid,
        detail: complaint,
    })
}

/// What a pipe brings, up to a limit; then it is closed.
fn take(pipe: impl Read, bytes_max: u64) -> String {
    let mut bytes = Vec::new();
    match pipe.take(bytes_max).read_to_end(&mut bytes) {
        Ok(_) | Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}
