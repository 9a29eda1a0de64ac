//! The blocks of a page while they are read: lists, tables, headings, running text.

use std::mem::take;

use super::super::{
    BlockKind, Writer,
    table::{Table, list_marker},
    wide::flow,
};
use crate::error::Result;

/// A table that is being read.
struct OpenTable {
    /// `None` once something stood in it that cannot stand in a cell: then it only places things.
    table: Option<Table>,
    cell: Option<String>,
}

/// Collects the text of the open block.
pub struct Blocks<'w, 'l> {
    writer: &'w mut Writer<'l>,
    inline: String,
    lists: Vec<Option<u64>>,
    marker: Option<String>,
    tables: Vec<OpenTable>,
    heading: Option<u8>,
    pre: u32,
    title: bool,
}

impl<'w, 'l> Blocks<'w, 'l> {
    pub fn new(writer: &'w mut Writer<'l>) -> Self {
        Self {
            writer,
            inline: String::new(),
            lists: Vec::new(),
            marker: None,
            tables: Vec::new(),
            heading: None,
            pre: 0,
            title: false,
        }
    }

    pub fn text(&mut self, text: &str) {
        self.inline.push_str(text);
    }

    /// Ends the block that is open, if there is text in it.
    pub fn flush(&mut self) -> Result<()> {
        let raw = take(&mut self.inline);
        if raw.trim().is_empty() {
            return Ok(());
        }
        if self.title {
            self.writer.title(&raw);
            return Ok(());
        }
        if let Some(cell) = self.tables.last_mut().and_then(|open| open.cell.as_mut()) {
            cell.push('\u{2028}');
            cell.push_str(&raw);
            return Ok(());
        }
        if self.pre > 0 {
            self.writer.block(BlockKind::Code, &raw)?;
            return Ok(());
        }
        let text = flow(&raw);
        if let Some(level) = self.heading {
            self.marker = None;
            self.writer.block(BlockKind::Heading(level), &text)?;
        } else if let Some(marker) = self.marker.take() {
            self.writer.block(BlockKind::ListItem, &(marker + &text))?;
        } else {
            self.writer.block(BlockKind::Paragraph, &text)?;
        }
        Ok(())
    }

    /// Writes what is still open at the end of the page.
    pub fn finish(&mut self) -> Result<()> {
        while !self.tables.is_empty() {
            self.close_table()?;
        }
        self.flush()
    }

    pub fn open_title(&mut self) {
        self.title = true;
    }

    pub fn close_title(&mut self) {
        self.title = false;
    }

    pub fn open_heading(&mut self, level: u8) -> Result<()> {
        self.dissolve_table()?;
        self.heading = Some(level);
        Ok(())
    }

    pub fn close_heading(&mut self) {
        self.heading = None;
    }

    pub fn open_pre(&mut self) -> Result<()> {
        self.dissolve_table()?;
        self.pre += 1;
        Ok(())
    }

    pub fn close_pre(&mut self) {
        self.pre = self.pre.saturating_sub(1);
    }

    /// `first` is the number of the first item, `None` for bullets.
    pub fn open_list(&mut self, first: Option<u64>) {
        self.lists.push(first);
    }

    pub fn close_list(&mut self) {
        self.lists.pop();
    }

    pub fn open_item(&mut self) {
        self.marker = Some(list_marker(&mut self.lists));
    }

    pub fn close_item(&mut self) {
        self.marker = None;
    }

    pub fn open_table(&mut self) -> Result<()> {
        self.dissolve_table()?;
        self.tables.push(OpenTable {
            table: Some(Table::default()),
            cell: None,
        });
        Ok(())
    }

    pub fn open_row(&mut self) {
        self.close_cell();
        if let Some(table) = self.tables.last_mut().and_then(|open| open.table.as_mut()) {
            table.row();
        }
    }

    pub fn open_cell(&mut self) {
        self.close_cell();
        if let Some(open) = self.tables.last_mut() {
            open.cell = open.table.is_some().then(String::new);
        }
    }

    pub fn close_cell(&mut self) {
        if let Some(open) = self.tables.last_mut()
            && let (Some(table), Some(cell)) = (open.table.as_mut(), open.cell.take())
        {
            table.cell(&cell);
        }
    }

    pub fn close_table(&mut self) -> Result<()> {
        self.flush()?;
        self.close_cell();
        match self.tables.pop().and_then(|open| open.table) {
            Some(table) if table.is_grid() => {
                self.writer.block(BlockKind::Table, &table.render())?;
            }
            Some(table) => self.write_cells(table)?,
            None => {}
        }
        Ok(())
    }

    /// Turns the innermost table into running text: what comes next cannot stand in a cell.
    fn dissolve_table(&mut self) -> Result<()> {
        self.close_cell();
        if let Some(table) = self.tables.last_mut().and_then(|open| open.table.take()) {
            self.write_cells(table)?;
        }
        Ok(())
    }

    fn write_cells(&mut self, table: Table) -> Result<()> {
        for cell in table.into_cells() {
            self.writer.block(BlockKind::Paragraph, &cell)?;
        }
        Ok(())
    }
}
