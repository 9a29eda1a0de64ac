//! XML as a small tree of local names, under limits; entities of its own are never expanded.

use std::{collections::HashSet, rc::Rc};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};

use super::charset;
use crate::error::{Error, Result};

/// Elements within each other.
const DEPTH_MAX: usize = 200;
/// Elements and pieces of text of one file; each takes about 100 bytes.
const NODES_MAX: usize = 4_000_000;
/// Bytes at the front in which the encoding is named.
const DECLARATION_BYTES: usize = 200;

/// An element without its namespace.
#[derive(Debug)]
pub struct Element {
    /// Its local name.
    pub name: Rc<str>,
    attributes: Vec<(Rc<str>, Box<str>)>,
    /// What is in it, in order.
    pub children: Vec<Node>,
}

/// What is in an element.
#[derive(Debug)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text.
    Text(String),
}

impl Element {
    /// The value of an attribute, by its local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(key, _)| **key == *name)
            .map(|(_, value)| &**value)
    }

    /// All attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .map(|(key, value)| (&**key, &**value))
    }

    /// The elements directly in it.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of this name directly in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| &*element.name == name)
    }

    /// The first element at the end of a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter()
            .try_fold(self, |element, name| element.child(name))
    }

    /// Every element of this name in it, however deep, in order.
    pub fn all<'a>(&'a self, name: &str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for element in self.elements() {
            if &*element.name == name {
                found.push(element);
            }
            element.collect(name, found);
        }
    }

    /// All text in it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.add_text(&mut text);
        text
    }

    fn add_text(&self, text: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(piece) => text.push_str(piece),
                Node::Element(element) => element.add_text(text),
            }
        }
    }
}

/// The root of an XML file.
///
/// # Errors
/// `Invalid` for a broken file, one that is nested or divided too far, or one that declares
/// entities.
pub fn parse(bytes: &[u8]) -> Result<Element> {
    let source = charset::decode(bytes, encoding(bytes).as_deref())?;
    let mut reader = Reader::from_str(&source);
    let mut builder = Builder::default();
    loop {
        match reader.read_event().map_err(|error| broken(&error))? {
            Event::Start(tag) => builder.open(&tag)?,
            Event::Empty(tag) => {
                builder.open(&tag)?;
                builder.close();
            }
            Event::End(_) => builder.close(),
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.text(&text.xml10_content())?,
            Event::GeneralRef(name) => builder.reference(&name)?,
            Event::DocType(declared) => refuse_entities(&declared.into_inner())?,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return builder.finish(),
        }
    }
}

fn broken(error: &dyn std::fmt::Display) -> Error {
    let detail: String = error.to_string().chars().take(200).collect();
    Error::invalid(format!(
        "The XML is damaged: {}.",
        detail.trim_end_matches('.')
    ))
}

/// A document that brings entities may grow without bound or read what it must not. What they
/// stand for would be missing from the text, so it is not read at all.
fn refuse_entities(declared: &str) -> Result<()> {
    if declared.to_ascii_uppercase().contains("<!ENTITY") {
        return Err(Error::invalid(
            "The XML declares entities of its own, which are not expanded. Please save it \
             without a DTD.",
        ));
    }
    Ok(())
}

/// The encoding an XML declaration names.
fn encoding(bytes: &[u8]) -> Option<String> {
    let front = &bytes[..bytes.len().min(DECLARATION_BYTES)];
    let front = String::from_utf8_lossy(front);
    let declaration = front.strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split("encoding").nth(1)?;
    let quoted = value.trim_start_matches([' ', '=']);
    let name = quoted.trim_start_matches(['"', '\'']);
    Some(name.split(['"', '\'']).next()?.to_owned())
}

#[derive(Default)]
struct Builder {
    names: HashSet<Rc<str>>,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl Builder {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<()> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Error::invalid(format!(
                "The XML nests elements deeper than {DEPTH_MAX}."
            )));
        }
        self.count()?;
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| broken(&error))?;
            // an unknown entity costs its attribute, not the document
            let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else {
                continue;
            };
            let name = self.name(attribute.key.local_name().as_ref());
            attributes.push((name, value.into()));
        }
        let name = self.name(tag.local_name().as_ref());
        self.open.push(Element {
            name,
            attributes,
            children: Vec::new(),
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => {
                self.root.get_or_insert(element);
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.count()?;
        let Some(element) = self.open.last_mut() else {
            return Ok(());
        };
        // references cut a text into pieces
        if let Some(Node::Text(before)) = element.children.last_mut() {
            before.push_str(text);
        } else {
            element.children.push(Node::Text(text.into()));
        }
        Ok(())
    }

    fn reference(&mut self, name: &BytesRef<'_>) -> Result<()> {
        let char = name.resolve_char_ref().map_err(|error| broken(&error))?;
        match char {
            Some(char) => self.text(char.encode_utf8(&mut [0; 4])),
            None => match quick_xml::escape::resolve_predefined_entity(&name.xml10_content()) {
                Some(text) => self.text(text),
                // of a DTD elsewhere, which is never fetched
                None => self.text(" "),
            },
        }
    }

    fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Error::TooLarge(format!(
                "The XML has more than {NODES_MAX} elements and pieces of text."
            )));
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Rc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let fresh: Rc<str> = name.into();
        self.names.insert(fresh.clone());
        fresh
    }

    fn finish(self) -> Result<Element> {
        if !self.open.is_empty() {
            return Err(Error::invalid(
                "The XML is damaged: it ends in mid-element.",
            ));
        }
        self.root
            .ok_or_else(|| Error::invalid("The XML is damaged: it has no element."))
    }
}

#[cfg(test)]
mod tests;
