//! PowerPoint: each slide a page, its title a heading, its notes below it.

use super::{
    super::{BlockKind, Extracted, PageError, PageSpan, Writer, table::Table, wide::flow},
    Package,
    relations::{Relation, relations},
    xml::Element,
};
use crate::error::{Error, Result};

/// Reads a presentation whose list of slides is the part `main`.
///
/// # Errors
/// `Invalid` when it is damaged or no slide can be read, `TooLarge` past a limit.
pub fn read(package: &mut Package, main: &str, mut writer: Writer<'_>) -> Result<Extracted> {
    super::title(package, &mut writer)?;
    let slides = slides(package, main)?;
    let pages_max = writer.limits().pages_max as usize;
    if slides.len() > pages_max {
        return Err(Error::TooLarge(format!(
            "The presentation has more than {pages_max} slides."
        )));
    }
    let mut pages = Vec::new();
    let mut page_errors = Vec::new();
    for (page, part) in (1..).zip(slides) {
        match slide(package, part.as_deref()) {
            Ok(slide) => pages.push(write(&mut writer, page, &slide)?),
            Err(error @ Error::TooLarge(_)) => return Err(error),
            Err(error) => {
                let detail = format!("Slide {page} cannot be read. {error}");
                page_errors.push(PageError { page, detail });
                let at = writer.chars();
                pages.push(PageSpan {
                    page,
                    start: at,
                    end: at,
                });
            }
        }
    }
    Ok(Extracted {
        pages,
        page_errors,
        ..writer.finish()
    })
}

/// The parts of the slides in the order in which they are shown; `None` for one that is lost.
fn slides(package: &mut Package, main: &str) -> Result<Vec<Option<String>>> {
    let all = relations(package, main)?;
    let root = package.xml(main)?;
    let root = root.ok_or_else(|| Error::invalid("The presentation is damaged."))?;
    let list = root.child("sldIdLst");
    let ids = list.into_iter().flat_map(Element::elements);
    Ok(ids
        .map(|slide| {
            // its own id and that of the relationship differ in their namespace only
            let ids: Vec<&str> = slide
                .attributes()
                .filter(|(key, _)| *key == "id")
                .map(|(_, id)| id)
                .collect();
            let part = all.iter().find(|one| ids.contains(&one.id.as_str()));
            part.map(|one| one.target.clone())
        })
        .collect())
}

/// A slide and what its speaker notes.
struct Slide {
    shown: Element,
    notes: Option<Element>,
}

fn slide(package: &mut Package, part: Option<&str>) -> Result<Slide> {
    let lost = || Error::invalid("It is missing from the file.");
    let part = part.ok_or_else(lost)?;
    let shown = package.xml(part)?.ok_or_else(lost)?;
    let all = relations(package, part)?;
    let notes = all.iter().find(|one: &&Relation| one.kind == "notesSlide");
    let notes = notes.map_or(Ok(None), |one| package.xml(&one.target))?;
    Ok(Slide { shown, notes })
}

fn write(writer: &mut Writer<'_>, page: u32, slide: &Slide) -> Result<PageSpan> {
    let mut start = None;
    let tree = slide.shown.at(&["cSld", "spTree"]);
    let mut shapes = Vec::new();
    if let Some(root) = tree {
        collect(root, &mut shapes);
    }
    // what is in front on the slide may stand first in the file
    shapes.sort_by_key(|shape| !is_title(shape));
    let says = |shape: &Element| !shape.all("t").iter().all(|t| t.text().trim().is_empty());
    if !shapes.iter().any(|shape| is_title(shape) && says(shape))
        && shapes.iter().any(|shape| says(shape))
    {
        // else it would stand under the title of the slide before
        add(
            writer,
            BlockKind::Heading(1),
            &format!("Slide {page}"),
            &mut start,
        )?;
    }
    for shape in shapes {
        write_shape(writer, shape, &mut start)?;
    }
    let notes = slide
        .notes
        .as_ref()
        .and_then(|notes| notes.at(&["cSld", "spTree"]));
    let mut shapes = Vec::new();
    if let Some(root) = notes {
        collect(root, &mut shapes);
    }
    for shape in shapes
        .into_iter()
        .filter(|shape| placeholder(shape) == Some("body"))
    {
        for paragraph in shape.all("p") {
            add(writer, BlockKind::Paragraph, &text(paragraph), &mut start)?;
        }
    }
    let end = writer.chars();
    Ok(PageSpan {
        page,
        start: start.unwrap_or(end),
        end,
    })
}

/// The shapes of a slide, those of groups too.
fn collect<'a>(parent: &'a Element, shapes: &mut Vec<&'a Element>) {
    for element in parent.elements() {
        match &*element.name {
            "sp" | "graphicFrame" => shapes.push(element),
            "AlternateContent" => {
                let choice = element
                    .child("Choice")
                    .or_else(|| element.child("Fallback"));
                choice
                    .into_iter()
                    .for_each(|choice| collect(choice, shapes));
            }
            _ => collect(element, shapes),
        }
    }
}

/// The part of the layout a shape fills, if any.
fn placeholder(shape: &Element) -> Option<&str> {
    let place = shape.at(&["nvSpPr", "nvPr", "ph"])?;
    Some(place.attribute("type").unwrap_or("obj"))
}

fn is_title(shape: &Element) -> bool {
    matches!(placeholder(shape), Some("title" | "ctrTitle"))
}

fn write_shape(writer: &mut Writer<'_>, shape: &Element, start: &mut Option<u32>) -> Result<()> {
    for table in shape.all("tbl") {
        add(writer, BlockKind::Table, &grid(table).render(), start)?;
    }
    let place = placeholder(shape);
    // the number, date and foot of a slide say nothing of it
    if matches!(place, Some("sldNum" | "dt" | "ftr" | "hdr")) {
        return Ok(());
    }
    let Some(body) = shape.child("txBody") else {
        return Ok(());
    };
    if is_title(shape) {
        let lines: Vec<String> = body.all("p").into_iter().map(text).collect();
        return add(writer, BlockKind::Heading(1), &lines.join(" "), start);
    }
    let is_list = matches!(place, Some("body" | "obj"));
    for paragraph in body.elements().filter(|element| &*element.name == "p") {
        let properties = paragraph.child("pPr");
        let plain = properties.is_some_and(|p| p.child("buNone").is_some());
        let marked =
            properties.is_some_and(|p| p.child("buChar").or(p.child("buAutoNum")).is_some());
        let level = properties.and_then(|p| p.attribute("lvl")?.parse().ok());
        let text = text(paragraph);
        if text.trim().is_empty() {
        } else if marked || (is_list && !plain) {
            let indent = "  ".repeat(level.unwrap_or(0_usize).min(8));
            add(
                writer,
                BlockKind::ListItem,
                &format!("{indent}- {text}"),
                start,
            )?;
        } else {
            add(writer, BlockKind::Paragraph, &text, start)?;
        }
    }
    Ok(())
}

fn add(
    writer: &mut Writer<'_>,
    kind: BlockKind,
    text: &str,
    start: &mut Option<u32>,
) -> Result<()> {
    if writer.block(kind, text)? && start.is_none() {
        *start = Some(writer.last_start());
    }
    Ok(())
}

fn grid(table: &Element) -> Table {
    let mut grid = Table::default();
    for row in table.elements().filter(|element| &*element.name == "tr") {
        grid.row();
        for cell in row.elements().filter(|element| &*element.name == "tc") {
            let lines: Vec<String> = cell.all("p").into_iter().map(text).collect();
            grid.cell(&lines.join("\n"));
        }
    }
    grid
}

/// The running text of a paragraph.
fn text(paragraph: &Element) -> String {
    let mut raw = String::new();
    add_text(paragraph, &mut raw);
    flow(&raw)
}

fn add_text(parent: &Element, raw: &mut String) {
    for element in parent.elements() {
        match &*element.name {
            "t" => raw.push_str(&element.text()),
            "br" => raw.push('\u{2028}'),
            "pPr" | "rPr" | "endParaRPr" => {}
            _ => add_text(element, raw),
        }
    }
}
