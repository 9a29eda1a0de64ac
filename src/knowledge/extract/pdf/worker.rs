//! The worker's side: a short-lived process that opens one document and writes down its text.

use std::{
    io::{BufRead, Read, Write},
    path::Path,
    process::ExitCode,
};

use pdfium_render::prelude::{
    PdfDocument, PdfDocumentMetadataTagType, PdfPage, Pdfium, PdfiumError, PdfiumInternalError,
};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    super::{Source, confined, picture as recognition},
    frame::{Frame, Refusal, Task, Work},
    lines::LineBuilder,
    picture::{self, Picture},
};

/// Bytes of the line that describes the task.
const TASK_BYTES_MAX: u64 = 4_096;
/// Files the worker may have open: its pipes, the library and a font or two.
const FILES_MAX: u64 = 32;

/// Runs the worker: reads a task and a document from standard input, writes frames to standard
/// output. `pdfium` is the PDFium library. Fails when the task cannot be read, a limit cannot be
/// set or nobody listens; what is wrong with the document is said in a frame.
pub fn worker_main(pdfium: &Path) -> ExitCode {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let outcome = work(pdfium, &mut std::io::stdin().lock(), &mut out);
    match outcome.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let note = format!("extract-pdf: {error:#}\n");
            match std::io::stderr().write_all(note.as_bytes()) {
                Ok(()) | Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn work(pdfium: &Path, input: &mut impl BufRead, out: &mut impl Write) -> anyhow::Result<()> {
    let mut line = Vec::new();
    input.take(TASK_BYTES_MAX).read_until(b'\n', &mut line)?;
    let task: Task = serde_json::from_slice(&line)?;
    confine(&task)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    match &task.work {
        Work::Lines | Work::Draw(_) => lines(pdfium, &bytes, &task, out),
        Work::Read { kind, charset } => {
            let source = Source {
                kind: *kind,
                charset: charset.clone(),
                bytes,
            };
            write(out, &confined::answer(source, &task))
        }
        Work::Recognise(ocr) => write(out, &recognition::answer(ocr, &bytes, &task)?),
    }
}

/// Sends the lines of a PDF, or a page of it as a picture.
fn lines(pdfium: &Path, bytes: &[u8], task: &Task, out: &mut impl Write) -> anyhow::Result<()> {
    let refusal = match Pdfium::bind_to_library(pdfium) {
        Err(error) => {
            std::io::stderr().write_all(format!("{error:?}\n").as_bytes())?;
            Some(Refusal::Library)
        }
        Ok(bindings) => {
            let pdfium = Pdfium::new(bindings);
            match pdfium.load_pdf_from_byte_slice(bytes, None) {
                Err(error) => Some(refusal(&error)),
                Ok(document) => match task.work {
                    Work::Draw(picture) => show(&document, picture, out)?,
                    _ => read(&document, task, out)?,
                },
            }
        }
    };
    write(out, &refusal.map_or(Frame::Done, Frame::Refused))
}

/// Takes away what a worker has no use for, before it sees a byte of the document.
fn confine(task: &Task) -> anyhow::Result<()> {
    let memory_bytes = task.memory_mib_max.saturating_mul(1 << 20);
    for (resource, most) in [
        (Resource::As, memory_bytes),
        (Resource::Cpu, task.seconds_max),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES_MAX),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn refusal(error: &PdfiumError) -> Refusal {
    match error {
        PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::PasswordError) => {
            Refusal::Password
        }
        PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::SecurityError) => {
            Refusal::Security
        }
        _ => Refusal::Damaged,
    }
}

fn show(
    document: &PdfDocument<'_>,
    wanted: Picture,
    out: &mut impl Write,
) -> anyhow::Result<Option<Refusal>> {
    match picture::drawn(document, wanted)? {
        Some(frame) => {
            write(out, &frame)?;
            Ok(None)
        }
        None => Ok(Some(Refusal::NoSuchPage)),
    }
}

/// Sends the pages one by one, so that what was read before a crash is not held back.
fn read(
    document: &PdfDocument<'_>,
    task: &Task,
    out: &mut impl Write,
) -> anyhow::Result<Option<Refusal>> {
    let pages = u32::try_from(document.pages().len()).unwrap_or(0);
    if pages == 0 {
        return Ok(Some(Refusal::NoPages));
    }
    if pages > task.pages_max {
        return Ok(Some(Refusal::TooManyPages));
    }
    let title = document.metadata().get(PdfDocumentMetadataTagType::Title);
    let title = title.map(|tag| tag.value().to_owned());
    write(out, &Frame::Document { pages, title })?;
    let mut room = task.text_chars_max as usize;
    for (page, index) in (1..=pages).zip(0_i32..) {
        let lines = document.pages().get(index);
        let frame = match lines.and_then(|page| page_lines(&page, room)) {
            Ok(None) => return Ok(Some(Refusal::TooMuchText)),
            Ok(Some(builder)) => {
                room -= builder.chars();
                let lines = builder.finish();
                Frame::Page { page, lines }
            }
            Err(_) => Frame::PageError {
                page,
                detail: "The page is damaged.".to_owned(),
            },
        };
        write(out, &frame)?;
    }
    Ok(None)
}

/// The lines of a page, or `None` when it has more than `room` characters.
fn page_lines(page: &PdfPage<'_>, room: usize) -> Result<Option<LineBuilder>, PdfiumError> {
    let text = page.text()?;
    if usize::try_from(text.len()).unwrap_or(usize::MAX) > room {
        return Ok(None);
    }
    let mut lines = LineBuilder::default();
    for char in text.chars().iter() {
        let bounds = char.loose_bounds().ok();
        lines.push(
            char.unicode_value(),
            char.scaled_font_size().value,
            bounds.map(|bounds| super::lines::Place {
                left: bounds.left().value,
                right: bounds.right().value,
                bottom: bounds.bottom().value,
            }),
        );
    }
    Ok(Some(lines))
}

fn write(out: &mut impl Write, frame: &Frame) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, frame)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
