//! OpenDocument text and presentations: headings, lists, tables, notes, slides.

use std::collections::HashMap;

use super::{
    super::{
        BlockKind, Extracted, PageSpan, Writer,
        table::{Table, list_marker},
        wide::flow,
    },
    PASSWORD, Package,
    xml::{Element, Node},
};
use crate::error::{Error, Result};

/// Cells that one cell may stand for.
const REPEAT_MAX: usize = 64;

/// Reads a text.
///
/// # Errors
/// `Invalid` when it is damaged or protected, `TooLarge` past a limit.
pub fn read_text(package: &mut Package, writer: Writer<'_>) -> Result<Extracted> {
    let root = content(package)?;
    let mut reader = Reader::new(package, &root, writer)?;
    if let Some(text) = root.at(&["body", "text"]) {
        reader.blocks(text)?;
    }
    Ok(reader.finish()?.finish())
}

/// Reads a presentation: each slide a page.
///
/// # Errors
/// As [`read_text`].
pub fn read_slides(package: &mut Package, writer: Writer<'_>) -> Result<Extracted> {
    let pages_max = writer.limits().pages_max as usize;
    let root = content(package)?;
    let mut reader = Reader::new(package, &root, writer)?;
    let slides = root.at(&["body", "presentation"]);
    let slides = slides.into_iter().flat_map(Element::elements);
    let slides: Vec<&Element> = slides.filter(|one| &*one.name == "page").collect();
    if slides.len() > pages_max {
        return Err(Error::TooLarge(format!(
            "The presentation has more than {pages_max} slides."
        )));
    }
    let mut pages = Vec::new();
    for (page, slide) in (1..).zip(slides) {
        let before = reader.writer.blocks();
        reader.slide(page, slide)?;
        let end = reader.writer.chars();
        let start = reader.writer.start_of(before).unwrap_or(end);
        pages.push(PageSpan { page, start, end });
    }
    Ok(Extracted {
        pages,
        ..reader.finish()?.finish()
    })
}

fn content(package: &mut Package) -> Result<Element> {
    let manifest = package.xml("META-INF/manifest.xml")?;
    if manifest.is_some_and(|root| !root.all("encryption-data").is_empty()) {
        return Err(Error::invalid(PASSWORD));
    }
    let root = package.xml("content.xml")?;
    root.ok_or_else(|| Error::invalid("The document is damaged: it has no content."))
}

struct Reader<'l> {
    writer: Writer<'l>,
    /// Of every list style, which of its levels are numbered.
    numbered: HashMap<String, Vec<bool>>,
    lists: Vec<Option<u64>>,
    /// Styles of the lists that are open.
    styles: Vec<String>,
    marker: Option<String>,
    notes: Vec<String>,
}

impl<'l> Reader<'l> {
    fn new(package: &mut Package, content: &Element, mut writer: Writer<'l>) -> Result<Self> {
        let meta = package.xml("meta.xml")?;
        if let Some(title) = meta.as_ref().and_then(|root| root.at(&["meta", "title"])) {
            writer.title(&title.text());
        }
        let mut numbered = HashMap::new();
        let styles = package.xml("styles.xml")?;
        for style in content
            .all("list-style")
            .into_iter()
            .chain(styles.iter().flat_map(|root| root.all("list-style")))
        {
            let levels = style
                .elements()
                .map(|level| &*level.name == "list-level-style-number");
            let name = style.attribute("name").unwrap_or("").to_owned();
            numbered.entry(name).or_insert_with(|| levels.collect());
        }
        Ok(Self {
            writer,
            numbered,
            lists: Vec::new(),
            styles: Vec::new(),
            marker: None,
            notes: Vec::new(),
        })
    }

    fn finish(mut self) -> Result<Writer<'l>> {
        for (number, note) in (1..).zip(&self.notes) {
            self.writer
                .block(BlockKind::ListItem, &format!("[^{number}]: {note}"))?;
        }
        Ok(self.writer)
    }

    fn blocks(&mut self, parent: &Element) -> Result<()> {
        for element in parent.elements() {
            match &*element.name {
                "h" => {
                    let level = element
                        .attribute("outline-level")
                        .and_then(|level| level.parse().ok());
                    self.text(element, BlockKind::Heading(level.unwrap_or(1).clamp(1, 6)))?;
                }
                "p" if element.attribute("style-name") == Some("Title") => {
                    self.text(element, BlockKind::Heading(1))?;
                }
                "p" => self.text(element, BlockKind::Paragraph)?,
                "list" => self.list(element)?,
                "table" => self.table(element)?,
                // what was deleted, what is only said about it, where indexes come from
                "tracked-changes" | "annotation" | "sequence-decls" | "forms"
                | "table-of-content" | "notes" => {}
                _ => self.blocks(element)?,
            }
        }
        Ok(())
    }

    fn text(&mut self, element: &Element, kind: BlockKind) -> Result<()> {
        let mut inline = Inline::default();
        self.inline(element, &mut inline);
        let text = flow(&inline.text);
        match (kind, self.marker.take()) {
            (BlockKind::Paragraph, Some(marker)) => {
                self.writer.block(BlockKind::ListItem, &(marker + &text))?;
            }
            (kind, _) => {
                self.writer.block(kind, &text)?;
            }
        }
        inline
            .frames
            .into_iter()
            .try_for_each(|frame| self.blocks(frame))
    }

    fn inline<'a>(&mut self, parent: &'a Element, inline: &mut Inline<'a>) {
        for node in &parent.children {
            let element = match node {
                Node::Text(text) => {
                    inline.text.push_str(text);
                    continue;
                }
                Node::Element(element) => element,
            };
            match &*element.name {
                "s" => inline.text.push(' '),
                "tab" => inline.text.push('\t'),
                "line-break" => inline.text.push('\u{2028}'),
                "note" => {
                    let body = element.child("note-body").map(Element::text);
                    self.notes.push(flow(&body.unwrap_or_default()));
                    inline.text.push_str(&format!("[^{}]", self.notes.len()));
                }
                "frame" | "custom-shape" | "text-box" => inline.frames.push(element),
                "annotation" | "ruby-text" | "bookmark" => {}
                _ => self.inline(element, inline),
            }
        }
    }

    fn list(&mut self, element: &Element) -> Result<()> {
        let named = element
            .attribute("style-name")
            .or(self.styles.last().map(String::as_str));
        let style = named.unwrap_or("").to_owned();
        let level = self.lists.len();
        let numbered = self
            .numbered
            .get(&style)
            .and_then(|levels| levels.get(level));
        self.lists
            .push(numbered.copied().unwrap_or(false).then_some(1));
        self.styles.push(style);
        for item in element.elements() {
            if matches!(&*item.name, "list-item" | "list-header") {
                // a list in an item counts for itself
                self.marker = (&*item.name == "list-item").then(|| list_marker(&mut self.lists));
                self.blocks(item)?;
                self.marker = None;
            }
        }
        self.lists.pop();
        self.styles.pop();
        Ok(())
    }

    fn table(&mut self, element: &Element) -> Result<()> {
        let mut table = Table::default();
        for row in rows(element) {
            table.row();
            for cell in row.elements() {
                let repeated = cell.attribute("number-columns-repeated");
                let text = match &*cell.name {
                    "table-cell" => cell
                        .all("p")
                        .into_iter()
                        .map(|p| self.cell(p))
                        .collect::<Vec<_>>()
                        .join("\n"),
                    "covered-table-cell" => String::new(),
                    _ => continue,
                };
                let times = repeated.and_then(|times| times.parse().ok()).unwrap_or(1);
                for _ in 0..REPEAT_MAX.min(times) {
                    table.cell(&text);
                }
            }
        }
        if table.is_grid() {
            self.writer.block(BlockKind::Table, &table.render())?;
        } else {
            for cell in table.into_cells() {
                self.writer.block(BlockKind::Paragraph, &cell)?;
            }
        }
        Ok(())
    }

    fn cell(&mut self, paragraph: &Element) -> String {
        let mut inline = Inline::default();
        self.inline(paragraph, &mut inline);
        inline.text
    }

    fn slide(&mut self, page: u32, slide: &Element) -> Result<()> {
        let is_title = |frame: &&Element| matches!(frame.attribute("class"), Some("title"));
        let frames: Vec<&Element> = slide
            .elements()
            .filter(|one| &*one.name != "notes")
            .collect();
        let title = frames.iter().copied().find(is_title).map(Element::text);
        let title = title
            .map(|title| flow(&title))
            .filter(|title| !title.trim().is_empty());
        let says = frames.iter().any(|frame| !frame.text().trim().is_empty());
        // without one its text would stand under the title of the slide before
        let title = title.or_else(|| says.then(|| format!("Slide {page}")));
        if let Some(title) = title {
            self.writer.block(BlockKind::Heading(1), &title)?;
        }
        for frame in frames.into_iter().filter(|frame| !is_title(frame)) {
            match &*frame.name {
                "table" => self.table(frame)?,
                _ => self.blocks(frame)?,
            }
        }
        // the page of notes also has a number and a small picture of the slide
        let notes = slide.child("notes").into_iter().flat_map(Element::elements);
        let mut notes = notes.filter(|frame| frame.attribute("class") == Some("notes"));
        notes.try_for_each(|frame| self.blocks(frame))
    }
}

/// A paragraph while it is read.
#[derive(Default)]
struct Inline<'a> {
    text: String,
    frames: Vec<&'a Element>,
}

/// Rows, also those in groups and heads.
fn rows(table: &Element) -> Vec<&Element> {
    let mut found = Vec::new();
    for element in table.elements() {
        match &*element.name {
            "table-row" => found.push(element),
            "table-rows" | "table-header-rows" | "table-row-group" => found.extend(rows(element)),
            _ => {}
        }
    }
    found
}
