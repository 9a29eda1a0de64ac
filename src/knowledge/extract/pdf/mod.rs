//! PDF: PDFium in a process of its own, under limits; what it sends back is put in order here.
//!
//! PDFium is a large C++ program that reads what strangers send. The worker that runs it sees
//! nothing but the document: no environment, no files, little memory, little time. If it crashes,
//! hangs or grows, that costs one document. Other formats that are packed or nested are read in
//! the same process, for the same reason.

pub(super) mod frame;
mod layout;
mod lines;
mod picture;
mod worker;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

use super::{Extracted, Limits, Ocr, Writer};
use crate::error::{CanFail, Error, Result};
use frame::{Frame, Line, Refusal, Task, Work};

pub use picture::{Picture, draw};
pub use worker::worker_main;

/// Bytes of output per code point that a worker may write; a line of text carries its place.
const OUTPUT_BYTES_PER_CHAR: u64 = 24;
/// Bytes of output a worker may write besides.
const OUTPUT_BYTES_SPARE: u64 = 16 << 20;
/// Bytes of a worker's complaints that are kept for the log.
const COMPLAINT_BYTES_MAX: u64 = 4_096;

/// The program that reads documents.
#[derive(Clone, Debug)]
pub struct Worker {
    program: PathBuf,
    args: Vec<OsString>,
    /// What recognises the text of pictures, if anything does.
    pub(super) ocr: Option<Ocr>,
}

impl Worker {
    /// The server's own program, run as `concierge extract-pdf PDFIUM`.
    pub fn new(program: impl Into<PathBuf>, pdfium: &Path) -> Self {
        Self::command(program, ["extract-pdf".into(), pdfium.into()])
    }

    /// Any program that speaks the same language.
    pub fn command(program: impl Into<PathBuf>, args: impl IntoIterator<Item = OsString>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().collect(),
            ocr: None,
        }
    }

    /// With a program that recognises the text of pictures.
    pub fn with_ocr(self, ocr: Option<Ocr>) -> Self {
        Self { ocr, ..self }
    }
}

/// Pages in their order: lines, or why there are none.
type Pages = Vec<(u32, std::result::Result<Vec<Line>, String>)>;

/// What a worker sent before it ended.
pub(super) struct Output {
    status: ExitStatus,
    pub(super) frames: Vec<u8>,
    complaint: String,
}

/// Reads a PDF.
pub async fn extract(bytes: Vec<u8>, limits: &Limits, worker: &Worker) -> Result<Extracted> {
    let task = Task::new(Work::Lines, limits);
    let output = run_in_time(task, bytes, limits, worker).await?;
    let mut writer = Writer::new(limits);
    let pages = understand(&output, limits, &mut writer)?;
    layout::write(writer, pages)
}

/// Lets a worker do its work, for as long as a document may take.
pub(super) async fn run_in_time(
    task: Task,
    bytes: Vec<u8>,
    limits: &Limits,
    worker: &Worker,
) -> Result<Output> {
    let time_max = Duration::from_secs(limits.seconds_max);
    // a worker that is dropped here is killed
    tokio::time::timeout(time_max, run(task, bytes, limits, worker))
        .await
        .map_err(|_| too_slow(limits))?
}

async fn run(task: Task, bytes: Vec<u8>, limits: &Limits, worker: &Worker) -> Result<Output> {
    let mut child = start(worker)?;
    let mut group = Group::of(&child);
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Error::Internal(anyhow::anyhow!("the worker has no pipes")));
    };
    let task = serde_json::to_vec(&task).map_err(Error::internal)?;
    let send = async move {
        stdin.write_all(&task).await?;
        stdin.write_all(b"\n").await?;
        stdin.write_all(&bytes).await?;
        stdin.shutdown().await
    };
    let bytes_max = u64::from(limits.text_chars_max) * OUTPUT_BYTES_PER_CHAR + OUTPUT_BYTES_SPARE;
    let (sent, frames, complaint) = tokio::join!(
        send,
        receive(stdout, bytes_max),
        receive(stderr, COMPLAINT_BYTES_MAX)
    );
    let frames = frames?;
    if frames.len() as u64 >= bytes_max {
        return Err(Error::TooLarge(
            "The document has too many lines to be read.".to_owned(),
        ));
    }
    sent.can_fail("a worker that refuses a document does not read it to its end");
    let status = child.wait().await?;
    group.ended();
    Ok(Output {
        status,
        frames,
        complaint: String::from_utf8_lossy(&complaint?).into_owned(),
    })
}

/// A worker with the program it may have started: both end when the worker is given up.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// The worker is gone, and its number may become another's.
    fn ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(worker) = self.0 {
            kill_process_group(worker, Signal::KILL).can_fail("it ended just now");
        }
    }
}

/// Reads a pipe up to a limit and closes it: who writes more is told that nobody listens.
async fn receive(pipe: impl AsyncRead + Unpin, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(bytes_max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn start(worker: &Worker) -> Result<Child> {
    let child = Command::new(&worker.program)
        .args(&worker.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for the server: it lets its workers finish
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start the worker {}", worker.program.display()))?;
    Ok(child)
}

/// Reads the frames of a worker.
fn understand(output: &Output, limits: &Limits, writer: &mut Writer<'_>) -> Result<Pages> {
    let mut pages = Pages::new();
    for frame in serde_json::Deserializer::from_slice(&output.frames).into_iter() {
        match frame {
            Ok(Frame::Document { title, .. }) => writer.title(&title.unwrap_or_default()),
            Ok(Frame::Page { page, lines }) => pages.push((page, Ok(lines))),
            Ok(Frame::PageError { page, detail }) => pages.push((page, Err(detail))),
            Ok(Frame::Refused(refusal)) => return Err(refused(refusal, output, limits)),
            Ok(Frame::Done) => return Ok(pages),
            Ok(
                Frame::Picture { .. }
                | Frame::Whole(_)
                | Frame::Recognised(_)
                | Frame::Failed { .. },
            )
            | Err(_) => break,
        }
    }
    Err(died(output, limits))
}

fn refused(refusal: Refusal, output: &Output, limits: &Limits) -> Error {
    match refusal {
        Refusal::Password => Error::invalid(
            "The PDF is password-protected. Please upload a copy that opens without a password.",
        ),
        Refusal::Security => {
            Error::invalid("The PDF is protected in a way that only its author can undo.")
        }
        Refusal::Damaged => Error::invalid("The PDF is damaged and cannot be opened."),
        Refusal::NoPages => Error::invalid("The PDF has no pages."),
        Refusal::NoSuchPage => Error::NotFound("page of this document"),
        Refusal::TooManyPages => {
            Error::TooLarge(format!("The PDF has more than {} pages.", limits.pages_max))
        }
        Refusal::TooMuchText => Error::TooLarge(format!(
            "The document has more than {} characters of text.",
            limits.text_chars_max
        )),
        Refusal::Library => Error::Internal(anyhow::anyhow!(
            "the PDFium library cannot be loaded: {}",
            output.complaint.trim()
        )),
    }
}

/// What to say about a worker that ended in mid-work.
pub(super) fn died(output: &Output, limits: &Limits) -> Error {
    use std::os::unix::process::ExitStatusExt;

    tracing::warn!(
        status = %output.status,
        complaint = output.complaint.trim(),
        "a worker did not finish"
    );
    let out_of_time = Signal::XCPU.as_raw();
    match output.status.signal() {
        Some(signal) if signal == out_of_time => too_slow(limits),
        Some(_) => Error::invalid(format!(
            "The document cannot be read: it breaks the reader, or needs more than {} MiB of memory.",
            limits.memory_mib_max
        )),
        None => Error::invalid("The document cannot be read: the reader gave up on it."),
    }
}

fn too_slow(limits: &Limits) -> Error {
    Error::invalid(format!(
        "Reading the document takes more than {} seconds.",
        limits.seconds_max
    ))
}
