//! Cells of a sheet, row by row, to Markdown tables.

use super::{BlockKind, Writer, table::Table};
use crate::error::Result;

/// Rows of one sheet; what comes behind is left out and said to be missing.
const ROWS_MAX: usize = 100_000;
/// Columns of a row.
const COLUMNS_MAX: u32 = 1_024;

/// A sheet while it is read. Cells come by row, then by column.
///
/// A row with one cell above a table is its title; so is one behind an empty row.
pub struct Grid<'g, 'w> {
    writer: &'g mut Writer<'w>,
    table: Vec<Vec<(u32, String)>>,
    row: Vec<(u32, String)>,
    /// The row that is open.
    at: Option<u32>,
    /// The last row that had something in it.
    last: Option<u32>,
    rows: usize,
    missing: Option<String>,
}

impl<'g, 'w> Grid<'g, 'w> {
    pub fn new(writer: &'g mut Writer<'w>) -> Self {
        Self {
            writer,
            table: Vec::new(),
            row: Vec::new(),
            at: None,
            last: None,
            rows: 0,
            missing: None,
        }
    }

    /// Adds a cell. Returns whether more are wanted.
    ///
    /// # Errors
    /// `TooLarge` past a limit of the writer.
    pub fn cell(&mut self, row: u32, column: u32, text: &str) -> Result<bool> {
        if self.at != Some(row) {
            self.end_row()?;
            self.at = Some(row);
        }
        if text.trim().is_empty() {
            return Ok(true);
        }
        if self.rows >= ROWS_MAX {
            self.missing = Some(format!("rows after the first {ROWS_MAX} are not read."));
            return Ok(false);
        }
        if column >= COLUMNS_MAX {
            self.missing = Some(format!(
                "columns after the first {COLUMNS_MAX} are not read."
            ));
            return Ok(true);
        }
        self.row.push((column, text.to_owned()));
        Ok(true)
    }

    /// Writes the rest. Returns what is missing, if anything is.
    ///
    /// # Errors
    /// `TooLarge` past a limit of the writer.
    pub fn finish(mut self) -> Result<Option<String>> {
        self.end_row()?;
        self.end_table()?;
        Ok(self.missing)
    }

    fn end_row(&mut self) -> Result<()> {
        let row = std::mem::take(&mut self.row);
        let (Some(at), false) = (self.at, row.is_empty()) else {
            return Ok(());
        };
        self.rows += 1;
        let apart = self.last.is_some_and(|last| last.saturating_add(1) < at);
        self.last = Some(at);
        if row.len() == 1 && (self.table.is_empty() || apart) {
            self.end_table()?;
            let (_, text) = &row[0];
            self.writer.block(BlockKind::Paragraph, text)?;
            return Ok(());
        }
        self.table.push(row);
        Ok(())
    }

    fn end_table(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.table);
        let columns = || rows.iter().flatten().map(|(column, _)| *column);
        let (Some(left), Some(_)) = (columns().min(), columns().max()) else {
            return Ok(());
        };
        let mut table = Table::default();
        for row in rows {
            table.row();
            let mut next = left;
            for (column, text) in row {
                for _ in next..column {
                    table.cell("");
                }
                table.cell(&text);
                next = column.saturating_add(1);
            }
        }
        self.writer.block(BlockKind::Table, &table.render())?;
        Ok(())
    }
}
