//! Documents that are ZIP containers: Office, OpenDocument, EPUB. The entries tell which.

mod docx;
mod epub;
mod numbering;
mod odf;
mod pptx;
mod relations;
mod sheets;
mod styles;

use std::io::{Cursor, Read};

use zip::{ZipArchive, result::ZipError};

use super::{Extracted, Limits, Writer, xml};
use crate::error::{Error, Result};
use relations::relations;

/// Entries of a container.
const ENTRIES_MAX: usize = 20_000;
/// Bytes of one entry, unpacked.
const ENTRY_BYTES_MAX: u64 = 256 << 20;
/// Bytes of all entries that are read, unpacked.
const TOTAL_BYTES_MAX: u64 = 512 << 20;
/// Bytes that an entry may have whatever its packed size; above, the ratio counts.
const RATIO_FREE_BYTES: u64 = 16 << 20;
/// How many times larger than packed an entry may be; sheets of numbers reach 40.
const RATIO_MAX: u64 = 100;

/// What an Office file encrypted with a password is told by: everybody's are.
pub const PASSWORD: &str = "The document is password-protected. Please upload a copy that opens \
    without a password.";

/// A container that is read under limits.
pub struct Package {
    archive: ZipArchive<Cursor<Vec<u8>>>,
    /// Bytes that may still be unpacked.
    room: u64,
}

/// Reads a container by what is in it.
///
/// # Errors
/// `Unsupported` when it is none that is read, `Invalid` for one that is damaged or protected,
/// `TooLarge` past a limit.
pub fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Extracted> {
    let mut package = Package::open(bytes)?;
    let writer = Writer::new(limits);
    match package.content()? {
        Content::Word(main) => docx::read(&mut package, &main, writer),
        Content::Slides(main) => pptx::read(&mut package, &main, writer),
        Content::Sheets => sheets::read_xlsx(package, writer),
        Content::OpenSheets => sheets::read_ods(package, writer),
        Content::OpenText => odf::read_text(&mut package, writer),
        Content::OpenSlides => odf::read_slides(&mut package, writer),
        Content::Book => epub::read(&mut package, writer),
    }
}

/// Reads a container of old Office programs, or of new ones under a password.
///
/// # Errors
/// As [`read`].
pub fn read_old(bytes: Vec<u8>, limits: &Limits) -> Result<Extracted> {
    let holds = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(name.len()).any(|window| window == name)
    };
    let old = |what: &str, suffix: &str| {
        Error::Unsupported(format!(
            "The document is {what}. Please save it as {suffix} and upload that."
        ))
    };
    if holds("EncryptedPackage") {
        return Err(Error::invalid(PASSWORD));
    }
    Err(if holds("WordDocument") {
        old("an old Word document (.doc)", ".docx or PDF")
    } else if holds("PowerPoint Document") {
        old("an old presentation (.ppt)", ".pptx or PDF")
    } else if holds("__properties_version1.0") {
        old("an Outlook message (.msg)", ".eml")
    } else if holds("Workbook") || holds("Book") {
        return sheets::read_xls(bytes, Writer::new(limits));
    } else {
        old(
            "in an old Office format that is not read",
            ".docx, .xlsx, .pptx or PDF",
        )
    })
}

/// What a container holds.
enum Content {
    /// With the part in which the document begins.
    Word(String),
    Slides(String),
    Sheets,
    OpenText,
    OpenSlides,
    OpenSheets,
    Book,
}

impl Package {
    fn open(bytes: Vec<u8>) -> Result<Self> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if archive.len() > ENTRIES_MAX {
            return Err(Error::TooLarge(format!(
                "The document has {} parts; {ENTRIES_MAX} can be read.",
                archive.len()
            )));
        }
        Ok(Self {
            archive,
            room: TOTAL_BYTES_MAX,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// What is in it, by the entries that only such a container has.
    fn content(&mut self) -> Result<Content> {
        let main = self.main_part()?.unwrap_or_default();
        match main.split('/').next() {
            Some("word") => return Ok(Content::Word(main)),
            Some("ppt") => return Ok(Content::Slides(main)),
            Some("xl") if main.ends_with(".bin") => {
                return Err(Error::Unsupported(
                    "The document is a binary Excel workbook (.xlsb). Please save it as .xlsx."
                        .to_owned(),
                ));
            }
            Some("xl") => return Ok(Content::Sheets),
            _ => {}
        }
        let kind = self.bytes("mimetype")?.unwrap_or_default();
        let kind = String::from_utf8_lossy(&kind);
        let open = kind
            .trim()
            .strip_prefix("application/vnd.oasis.opendocument.");
        match open {
            Some(kind) if kind.starts_with("text") => return Ok(Content::OpenText),
            Some(kind) if kind.starts_with("spreadsheet") => return Ok(Content::OpenSheets),
            Some(kind) if kind.starts_with("presentation") => return Ok(Content::OpenSlides),
            _ => {}
        }
        if kind.trim() == "application/epub+zip" || self.has("META-INF/container.xml") {
            return Ok(Content::Book);
        }
        Err(Error::Unsupported(
            "The document is a ZIP archive, and not one of Word, PowerPoint, Excel, OpenDocument \
             or EPUB. Archives inside documents are not opened."
                .to_owned(),
        ))
    }

    /// The part of an Office container in which everything else begins.
    fn main_part(&mut self) -> Result<Option<String>> {
        let all = relations(self, "")?;
        let main = all.into_iter().find(|one| one.kind == "officeDocument");
        Ok(main.map(|one| one.target).filter(|part| self.has(part)))
    }

    /// An entry, unpacked; `None` when there is none of this name.
    fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let found = self.unpack(name, &mut bytes)?;
        Ok(found.then_some(bytes))
    }

    /// An entry as XML.
    fn xml(&mut self, name: &str) -> Result<Option<xml::Element>> {
        match self.bytes(name)? {
            Some(bytes) => Ok(Some(xml::parse(&bytes)?)),
            None => Ok(None),
        }
    }

    /// Unpacks every entry that another reader will, and keeps nothing: what entries say of
    /// their size is not to be believed.
    fn weigh(&mut self, is_read: impl Fn(&str) -> bool) -> Result<()> {
        let names: Vec<String> = self
            .archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.into_owned()))
            .filter(|name| is_read(name))
            .collect();
        for name in names {
            self.unpack(&name, &mut std::io::sink())?;
        }
        Ok(())
    }

    fn unpack(&mut self, name: &str, out: &mut impl std::io::Write) -> Result<bool> {
        let entry = match self.archive.by_name(name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(false),
            Err(error) => return Err(damaged(error)),
        };
        let by_ratio = entry.compressed_size().saturating_mul(RATIO_MAX);
        let most = by_ratio
            .clamp(RATIO_FREE_BYTES, ENTRY_BYTES_MAX)
            .min(self.room);
        let unpacked = std::io::copy(&mut entry.take(most + 1), out)
            .map_err(|_| Error::invalid("The document is damaged: a part cannot be unpacked."))?;
        if unpacked > most {
            return Err(Error::TooLarge(format!(
                "The document unpacks to more than {most} bytes in one part, which is too much."
            )));
        }
        self.room -= unpacked;
        Ok(true)
    }

    /// The whole container, for a reader of its own.
    fn into_bytes(self) -> Vec<u8> {
        self.archive.into_inner().into_inner()
    }
}

fn damaged(error: ZipError) -> Error {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Error::invalid(PASSWORD)
        }
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            Error::Unsupported("The document is packed in a way that is not read.".to_owned())
        }
        _ => Error::invalid(
            "The document is damaged: it begins like a ZIP container, but cannot be opened as one.",
        ),
    }
}

/// The title in the properties of an Office document.
fn title(package: &mut Package, writer: &mut Writer<'_>) -> Result<()> {
    let all = relations(package, "")?;
    let core = all.iter().find(|one| one.kind == "core-properties");
    // properties that cannot be read cost their title only
    let root = core.and_then(|one| package.xml(&one.target).ok().flatten());
    if let Some(title) = root.as_ref().and_then(|root| root.child("title")) {
        writer.title(&title.text());
    }
    Ok(())
}
