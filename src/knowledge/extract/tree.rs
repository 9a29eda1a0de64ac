//! Data as text: names become headings and labels, records of the same shape become tables.

use super::{BlockKind, Writer, table::Table};
use crate::error::Result;

/// Columns of a table of records; wider records are written one by one.
const COLUMNS_MAX: usize = 24;
/// Characters of a cell on average; longer records are written one by one.
const CELL_CHARS_MAX: usize = 80;

/// A value of JSON or an element of XML.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Text, a number, true or false; empty for null.
    Leaf(String),
    /// One after the other.
    List(Vec<Tree>),
    /// By name, in the order of the file.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    fn leaf(&self) -> Option<&str> {
        match self {
            Self::Leaf(text) => Some(text),
            _ => None,
        }
    }

    /// The pairs of a record in which nothing is nested.
    fn record(&self) -> Option<&[(String, Tree)]> {
        match self {
            Self::Map(pairs) if pairs.iter().all(|(_, value)| value.leaf().is_some()) => {
                Some(pairs)
            }
            _ => None,
        }
    }
}

/// Writes a value that stands under `level` headings.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn write(writer: &mut Writer<'_>, tree: &Tree, level: u8) -> Result<()> {
    match tree {
        Tree::Leaf(text) => {
            writer.block(BlockKind::Paragraph, text)?;
        }
        Tree::Map(pairs) => map(writer, pairs, level)?,
        Tree::List(items) => list(writer, items, level)?,
    }
    Ok(())
}

/// What is flat comes first: below a heading it would seem to belong to that.
fn map(writer: &mut Writer<'_>, pairs: &[(String, Tree)], level: u8) -> Result<()> {
    for (name, value) in pairs {
        if let Some(text) = value.leaf() {
            labelled(writer, name, text)?;
        }
    }
    for (name, value) in pairs {
        if value.leaf().is_none() && !is_empty(value) {
            writer.block(BlockKind::Heading((level + 1).min(6)), name)?;
            write(writer, value, level.saturating_add(1))?;
        }
    }
    Ok(())
}

fn is_empty(tree: &Tree) -> bool {
    matches!(tree, Tree::List(items) if items.is_empty())
        || matches!(tree, Tree::Map(pairs) if pairs.is_empty())
}

fn labelled(writer: &mut Writer<'_>, name: &str, text: &str) -> Result<()> {
    let text = text.trim();
    if !text.is_empty() {
        writer.block(BlockKind::ListItem, &format!("- {name}: {text}"))?;
    }
    Ok(())
}

fn list(writer: &mut Writer<'_>, items: &[Tree], level: u8) -> Result<()> {
    if let Some(table) = table(items) {
        writer.block(BlockKind::Table, &table.render())?;
        return Ok(());
    }
    for (number, item) in (1..).zip(items) {
        match item {
            Tree::Leaf(text) if text.trim().is_empty() => {}
            Tree::Leaf(text) => {
                writer.block(BlockKind::ListItem, &format!("- {}", text.trim()))?;
            }
            item => {
                let heading = name_of(item).unwrap_or_else(|| format!("{number}"));
                writer.block(BlockKind::Heading((level + 1).min(6)), &heading)?;
                write(writer, item, level.saturating_add(1))?;
            }
        }
    }
    Ok(())
}

/// What a record calls itself.
fn name_of(item: &Tree) -> Option<String> {
    let Tree::Map(pairs) = item else {
        return None;
    };
    let names = ["title", "name", "标题", "名称", "question", "id"];
    let known = names.iter().find_map(|name| {
        let (_, value) = pairs
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value
            .leaf()
            .filter(|text| (1..=CELL_CHARS_MAX).contains(&text.trim().chars().count()))
    });
    known.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A table of records that are alike and short.
fn table(items: &[Tree]) -> Option<Table> {
    let records: Option<Vec<_>> = items.iter().map(Tree::record).collect();
    let records = records.filter(|records| records.len() > 1)?;
    let mut columns: Vec<&str> = Vec::new();
    let mut chars = 0;
    for (name, value) in records.iter().copied().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
        if columns.len() > COLUMNS_MAX {
            return None;
        }
        chars += value.leaf().map_or(0, |text| text.chars().count());
    }
    if columns.is_empty() || chars > columns.len() * records.len() * CELL_CHARS_MAX {
        return None;
    }
    let mut table = Table::default();
    table.row();
    columns.iter().for_each(|name| table.cell(name));
    for record in records {
        table.row();
        for column in &columns {
            let pair = record.iter().find(|(name, _)| name == column);
            table.cell(pair.and_then(|(_, value)| value.leaf()).unwrap_or(""));
        }
    }
    Some(table)
}
