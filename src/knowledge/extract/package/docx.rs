//! Word: paragraphs, headings by style, lists with the numbers they show, tables, notes.

use super::{
    super::{BlockKind, Extracted, Writer, table::Table, wide::flow},
    Package,
    numbering::{Numbering, value},
    relations::{Relation, relations},
    styles::{self, Styles},
    xml::{Element, Node},
};
use crate::error::{Error, Result};

/// Columns that one cell may span.
const SPAN_MAX: usize = 64;
/// Text boxes and tables within each other.
const NESTING_MAX: usize = 8;

/// Reads a document whose text is the part `main`. Macros, comments, deleted text, headers and
/// footers are not text of it.
///
/// # Errors
/// `Invalid` when it is damaged, `TooLarge` past a limit.
pub fn read(package: &mut Package, main: &str, mut writer: Writer<'_>) -> Result<Extracted> {
    super::title(package, &mut writer)?;
    let all = relations(package, main)?;
    let mut part = |kind: &str| -> Result<Option<Element>> {
        let found = all.iter().find(|one: &&Relation| one.kind == kind);
        found.map_or(Ok(None), |one| package.xml(&one.target))
    };
    let mut reader = Reader {
        styles: part("styles")?
            .map(|root| Styles::of(&root))
            .unwrap_or_default(),
        numbering: part("numbering")?
            .map(|root| Numbering::of(&root))
            .unwrap_or_default(),
        writer,
        notes: Vec::new(),
        depth: 0,
    };
    let notes = [part("footnotes")?, part("endnotes")?];
    let root = package.xml(main)?;
    let root = root.ok_or_else(|| Error::invalid("The document is damaged: it has no text."))?;
    let body = root.child("body").unwrap_or(&root);
    reader.blocks(body)?;
    reader.write_notes(&notes)?;
    Ok(reader.writer.finish())
}

/// A footnote or endnote that is referred to: which file, which id.
type Note = (usize, String);

struct Reader<'l> {
    styles: Styles,
    numbering: Numbering,
    writer: Writer<'l>,
    notes: Vec<Note>,
    depth: usize,
}

impl Reader<'_> {
    fn blocks(&mut self, parent: &Element) -> Result<()> {
        for element in parent.elements() {
            match &*element.name {
                "p" => self.paragraph(element)?,
                "tbl" => self.table(element)?,
                "del" | "moveFrom" | "sectPr" | "sdtPr" | "tcPr" => {}
                "AlternateContent" => {
                    if let Some(choice) = alternative(element) {
                        self.blocks(choice)?;
                    }
                }
                _ => self.blocks(element)?,
            }
        }
        Ok(())
    }

    fn paragraph(&mut self, element: &Element) -> Result<()> {
        let mut inline = Inline::default();
        self.inline(element, &mut inline);
        let properties = element.child("pPr");
        let style = properties
            .and_then(|p| value(p.child("pStyle")?))
            .unwrap_or("");
        let level = properties
            .and_then(styles::outline_level)
            .or_else(|| self.styles.heading(style));
        let level = level
            .filter(|level| *level <= 9)
            .map(|level| level.clamp(1, 6));
        let is_title = self.styles.is_title(style);
        let text = flow(&inline.text);
        // a paragraph without text is not counted
        let list = properties
            .and_then(styles::list)
            .or_else(|| self.styles.list(style));
        let marker = match list {
            Some((id, level)) if !text.trim().is_empty() => self.numbering.next(&id, level),
            _ => None,
        };
        if is_title {
            self.writer.title(&text);
        }
        match (level.or(is_title.then_some(1)), marker) {
            (Some(level), marker) => {
                let number = marker.map(|marker| marker.text).filter(|text| text != "- ");
                let text = number.unwrap_or_default() + &text;
                self.writer.block(BlockKind::Heading(level), &text)?;
            }
            (None, Some(marker)) => {
                let text = "  ".repeat(marker.level) + &marker.text + &text;
                self.writer.block(BlockKind::ListItem, &text)?;
            }
            (None, None) => {
                self.writer.block(BlockKind::Paragraph, &text)?;
            }
        }
        self.within(|reader| {
            inline
                .boxes
                .iter()
                .try_for_each(|inner| reader.blocks(inner))
        })
    }

    /// Reads what is nested, unless it is nested too far.
    fn within(&mut self, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth >= NESTING_MAX {
            return Ok(());
        }
        self.depth += 1;
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    fn inline<'a>(&mut self, parent: &'a Element, inline: &mut Inline<'a>) {
        for element in parent.elements() {
            match &*element.name {
                "t" => inline.text.push_str(&text_of(element)),
                "tab" => inline.text.push('\t'),
                "br" | "cr" => inline.text.push('\u{2028}'),
                "noBreakHyphen" => inline.text.push('-'),
                "pPr" | "rPr" | "del" | "moveFrom" | "rt" | "sdtPr" => {}
                "footnoteReference" => self.note(0, element, inline),
                "endnoteReference" => self.note(1, element, inline),
                "txbxContent" => inline.boxes.push(element),
                "AlternateContent" => {
                    if let Some(choice) = alternative(element) {
                        self.inline(choice, inline);
                    }
                }
                _ => self.inline(element, inline),
            }
        }
    }

    fn note(&mut self, file: usize, element: &Element, inline: &mut Inline<'_>) {
        if let Some(id) = element.attribute("id") {
            self.notes.push((file, id.to_owned()));
            inline.text.push_str(&format!("[^{}]", self.notes.len()));
        }
    }

    fn write_notes(&mut self, files: &[Option<Element>; 2]) -> Result<()> {
        let notes = std::mem::take(&mut self.notes);
        for (number, (file, id)) in (1..).zip(notes) {
            let file = files[file].as_ref();
            let mut all = file.into_iter().flat_map(Element::elements);
            if let Some(note) = all.find(|note| note.attribute("id") == Some(&id)) {
                let text = flow(&self.cell(note));
                self.writer
                    .block(BlockKind::ListItem, &format!("[^{number}]: {text}"))?;
            }
        }
        Ok(())
    }

    fn table(&mut self, element: &Element) -> Result<()> {
        let rows = nested(element, "tr");
        let rows: Vec<Vec<&Element>> = rows.into_iter().map(|row| nested(row, "tc")).collect();
        if rows.iter().all(|row| row.len() <= 1) {
            // a frame around text
            return self.within(|reader| {
                rows.iter()
                    .flatten()
                    .try_for_each(|cell| reader.blocks(cell))
            });
        }
        let mut table = Table::default();
        for row in rows {
            table.row();
            for cell in row {
                let properties = cell.child("tcPr");
                let merged = properties.and_then(|p| p.child("vMerge"));
                let goes_on = merged.is_some_and(|merge| value(merge) != Some("restart"));
                let text = if goes_on {
                    String::new()
                } else {
                    self.cell(cell)
                };
                table.cell(&text);
                let span = properties.and_then(|p| value(p.child("gridSpan")?)?.parse().ok());
                for _ in 1..span.unwrap_or(1_usize).min(SPAN_MAX) {
                    table.cell("");
                }
            }
        }
        self.writer.block(BlockKind::Table, &table.render())?;
        Ok(())
    }

    /// The text of everything in a cell or a note; tables in it are taken apart.
    fn cell(&mut self, parent: &Element) -> String {
        let mut inline = Inline::default();
        for paragraph in parent.all("p") {
            if !inline.text.is_empty() {
                inline.text.push('\n');
            }
            // the paragraphs of its text boxes come by themselves
            self.inline(paragraph, &mut inline);
        }
        inline.text
    }
}

/// A paragraph while it is read.
#[derive(Default)]
struct Inline<'a> {
    text: String,
    boxes: Vec<&'a Element>,
}

fn text_of(element: &Element) -> String {
    let pieces = element.children.iter().map(|node| match node {
        Node::Text(text) => text.as_str(),
        Node::Element(_) => "",
    });
    pieces.collect()
}

/// Of two forms of the same thing the first, else the one for old programs.
fn alternative(element: &Element) -> Option<&Element> {
    element
        .child("Choice")
        .or_else(|| element.child("Fallback"))
}

/// Rows of a table or cells of a row, also those that a content control wraps.
fn nested<'a>(parent: &'a Element, name: &str) -> Vec<&'a Element> {
    let mut found = Vec::new();
    for element in parent.elements() {
        match &*element.name {
            one if one == name => found.push(element),
            "sdt" | "sdtContent" | "customXml" | "ins" => found.extend(nested(element, name)),
            _ => {}
        }
    }
    found
}
