//! EPUB: the chapters in the order of the book, each read as the web page it is.

use super::{
    super::{Extracted, PageError, Writer, charset, html},
    PASSWORD, Package,
    relations::join,
    xml::Element,
};
use crate::error::{Error, Result};

/// Reads a book. A chapter that cannot be read is named; the others are kept.
///
/// # Errors
/// `Invalid` when it is damaged or protected, `TooLarge` past a limit.
pub fn read(package: &mut Package, mut writer: Writer<'_>) -> Result<Extracted> {
    let damaged = || Error::invalid("The book is damaged: its list of chapters is missing.");
    refuse_protected(package)?;
    let container = package.xml("META-INF/container.xml")?.ok_or_else(damaged)?;
    let file = container.all("rootfile");
    let file = file.first().and_then(|file| file.attribute("full-path"));
    let file = file.ok_or_else(damaged)?.to_owned();
    let root = package.xml(&file)?.ok_or_else(damaged)?;
    if let Some(title) = root.at(&["metadata", "title"]) {
        writer.title(&title.text());
    }
    let mut page_errors = Vec::new();
    for (chapter, part) in (1..).zip(chapters(&root, &file)) {
        match one(package, &part, &mut writer) {
            Ok(()) => {}
            Err(error @ Error::TooLarge(_)) => return Err(error),
            Err(error) => page_errors.push(PageError {
                page: chapter,
                detail: format!("Chapter {chapter} cannot be read. {error}"),
            }),
        }
    }
    Ok(Extracted {
        page_errors,
        ..writer.finish()
    })
}

/// Fonts may be scrambled in any book; chapters are only where a shop protects it.
fn refuse_protected(package: &mut Package) -> Result<()> {
    let Some(root) = package.xml("META-INF/encryption.xml")? else {
        return Ok(());
    };
    let hides = |one: &&Element| {
        let part = one.attribute("URI").unwrap_or("");
        part.ends_with("html") || part.ends_with(".htm") || part.ends_with(".xml")
    };
    if root.all("CipherReference").iter().any(hides) {
        return Err(Error::invalid(PASSWORD));
    }
    Ok(())
}

/// The parts of the chapters, in order; the table of contents is none.
fn chapters(root: &Element, file: &str) -> Vec<String> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let items: std::collections::HashMap<&str, &Element> = root
        .child("manifest")
        .into_iter()
        .flat_map(Element::elements)
        .filter_map(|item| Some((item.attribute("id")?, item)))
        .collect();
    let spine = root.child("spine").into_iter().flat_map(Element::elements);
    spine
        .filter_map(|place| items.get(place.attribute("idref")?))
        .filter(|item| {
            let properties = item.attribute("properties").unwrap_or("");
            !properties.split(' ').any(|word| word == "nav")
        })
        .filter_map(|item| {
            let path = item.attribute("href")?;
            let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            Some(join(folder, &path))
        })
        .collect()
}

fn one(package: &mut Package, part: &str, writer: &mut Writer<'_>) -> Result<()> {
    let bytes = package.bytes(part)?;
    let bytes = bytes.ok_or_else(|| Error::invalid("It is missing from the file."))?;
    html::read(writer, &charset::decode_html(&bytes, None)?)
}
