//! XML of any kind: its elements as names and values.

use std::collections::HashMap;

use super::{
    Writer,
    tree::{self, Tree},
    wide::flow,
    xml::{self, Element, Node},
};
use crate::error::Result;

/// Reads an XML document.
///
/// # Errors
/// `Invalid` when it is damaged, nested too deep or declares entities, `TooLarge` past a limit.
pub fn read(writer: &mut Writer<'_>, bytes: &[u8]) -> Result<()> {
    let root = xml::parse(bytes)?;
    match value(&root) {
        Tree::Map(pairs) => tree::write(writer, &Tree::Map(pairs), 0),
        other => tree::write(writer, &Tree::Map(vec![(root.name.to_string(), other)]), 0),
    }
}

/// An element as a value. Text with elements in it is a paragraph; elements of one name are a
/// list, at the place of the first.
fn value(element: &Element) -> Tree {
    let has_text = element.children.iter().any(|node| match node {
        Node::Text(text) => !text.trim().is_empty(),
        Node::Element(_) => false,
    });
    let attributes = element
        .attributes()
        .filter(|(name, _)| !name.starts_with("xmlns") && *name != "schemaLocation");
    let mut pairs: Vec<(String, Tree)> = attributes
        .map(|(name, value)| (name.to_owned(), Tree::Leaf(value.to_owned())))
        .collect();
    if has_text {
        let text = Tree::Leaf(flow(&element.text()));
        if pairs.is_empty() {
            return text;
        }
        pairs.push((element.name.to_string(), text));
        return Tree::Map(pairs);
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for child in element.elements() {
        *counts.entry(&child.name).or_default() += 1;
    }
    let mut places: HashMap<&str, usize> = HashMap::new();
    for child in element.elements() {
        let found = value(child);
        if let Some(at) = places.get(&*child.name) {
            add(&mut pairs[*at].1, found);
        } else {
            places.insert(&child.name, pairs.len());
            let several = counts.get(&*child.name).is_some_and(|count| *count > 1);
            let found = if several {
                Tree::List(vec![found])
            } else {
                found
            };
            pairs.push((child.name.to_string(), found));
        }
    }
    if pairs.is_empty() {
        return Tree::Leaf(String::new());
    }
    Tree::Map(pairs)
}

fn add(list: &mut Tree, item: Tree) {
    if let Tree::List(items) = list {
        items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{BlockKind::*, Limits, tests::outline},
        *,
    };

    #[test]
    fn elements_become_names_and_values() {
        let source = "<?xml version='1.0' encoding='UTF-8'?><catalog xmlns='urn:x' year='2026'>\
            <title>部件 &amp; 价格</title><part id='1'><name>电池</name><price>100</price></part>\
            <part id='2'><name>电机</name><price>50</price></part>\
            <note>事故<b>除外</b>。</note><!-- 内部 --></catalog>";
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        read(&mut writer, source.as_bytes()).unwrap();
        let expected = [
            (ListItem, "- year: 2026"),
            (ListItem, "- title: 部件 & 价格"),
            (ListItem, "- note: 事故除外。"),
            (Heading(1), "part"),
            (
                Table,
                "| id | name | price |\n| --- | --- | --- |\n| 1 | 电池 | 100 |\n| 2 | 电机 | 50 |",
            ),
        ];
        assert_eq!(
            outline(&writer.finish()),
            expected.map(|(kind, text)| (kind, text.to_owned()))
        );
    }
}
