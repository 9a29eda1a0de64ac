//! What the styles of a Word document say of its paragraphs.

use std::collections::HashMap;

use super::{numbering::value, xml::Element};

/// Styles that are based on each other.
const CHAIN_MAX: usize = 20;

#[derive(Debug, Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    level: Option<u8>,
    list: Option<(String, usize)>,
}

/// The paragraph styles of a document.
#[derive(Default)]
pub struct Styles(HashMap<String, Style>);

impl Styles {
    /// Reads `word/styles.xml`.
    pub fn of(root: &Element) -> Self {
        let styles = root.elements().filter(|element| &*element.name == "style");
        let read = styles.filter_map(|element| {
            let of = |name| element.child(name).and_then(value);
            let properties = element.child("pPr");
            let style = Style {
                name: of("name").unwrap_or("").to_lowercase(),
                based_on: of("basedOn").map(str::to_owned),
                level: properties.and_then(outline_level),
                list: properties.and_then(list),
            };
            Some((element.attribute("styleId")?.to_owned(), style))
        });
        Self(read.collect())
    }

    /// A style and those it is based on, the nearest first.
    fn chain<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Style> {
        let first = self.0.get(id);
        let next = |style: &&'a Style| self.0.get(style.based_on.as_deref()?);
        std::iter::successors(first, next).take(CHAIN_MAX)
    }

    /// The level of a heading; `None` for text.
    pub fn heading(&self, id: &str) -> Option<u8> {
        self.chain(id).find_map(|style| {
            let word = style.name.strip_prefix("heading ");
            let named = word.and_then(|number| number.trim().parse().ok());
            style.level.or(named)
        })
    }

    /// Whether it is the style of the document's title.
    pub fn is_title(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.name == "title")
    }

    /// The list and the level in it.
    pub fn list(&self, id: &str) -> Option<(String, usize)> {
        self.chain(id).find_map(|style| style.list.clone())
    }
}

/// The level that paragraph properties give a heading; 10 is text.
pub fn outline_level(properties: &Element) -> Option<u8> {
    let level: u8 = value(properties.child("outlineLvl")?)?.parse().ok()?;
    Some(level.saturating_add(1))
}

/// The list that paragraph properties name, and the level in it.
pub fn list(properties: &Element) -> Option<(String, usize)> {
    let list = properties.child("numPr")?;
    let level = list.child("ilvl").and_then(value);
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(0);
    Some((value(list.child("numId")?)?.to_owned(), level))
}
