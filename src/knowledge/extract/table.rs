//! Tables and list markers on their way into the text.

use super::wide::flow;

/// Rows of cells; the first row is the head.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Adds a cell to the last row, as running text on one line.
    pub fn cell(&mut self, raw: &str) {
        let text = flow(raw).trim().replace('\n', " ");
        match self.rows.last_mut() {
            Some(row) => row.push(text),
            None => self.rows.push(vec![text]),
        }
    }

    /// Whether side-by-side cells make it more than a way to place things on a page.
    pub fn is_grid(&self) -> bool {
        self.rows.iter().any(|row| row.len() > 1)
    }

    /// Cells one after the other.
    pub fn into_cells(self) -> impl Iterator<Item = String> {
        self.rows.into_iter().flatten()
    }

    /// A Markdown table: every row has the columns of the widest one, up to 64.
    pub fn render(&self) -> String {
        let rows = || self.rows.iter().filter(|row| !row.is_empty());
        let columns = rows().map(Vec::len).max().unwrap_or(0).min(COLUMNS_MAX);
        let mut lines = String::new();
        for (at, row) in rows().enumerate() {
            let width = columns.max(row.len());
            for column in 0..width {
                let cell = row.get(column).map_or("", String::as_str);
                lines.push_str("| ");
                lines.push_str(&cell.replace('|', "\\|"));
                lines.push(' ');
            }
            lines.push_str("|\n");
            if at == 0 {
                lines.push_str(&"| --- ".repeat(columns));
                lines.push_str("|\n");
            }
        }
        lines
    }
}

/// Up to so many columns short rows are filled up, so that one long row in a million short ones
/// does not blow up the text.
const COLUMNS_MAX: usize = 64;

/// The marker of the next item of the innermost of the open lists.
pub fn list_marker(lists: &mut [Option<u64>]) -> String {
    let indent = "  ".repeat(lists.len().clamp(1, LEVELS_MAX) - 1);
    match lists.last_mut() {
        Some(Some(number)) => {
            *number = number.saturating_add(1);
            format!("{indent}{}. ", *number - 1)
        }
        _ => format!("{indent}- "),
    }
}

/// Levels of lists that are shown by indentation.
const LEVELS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_filled_up() {
        let mut table = Table::default();
        table.row();
        table.cell("部件");
        table.cell("保修\n期");
        table.row();
        table.cell("a|b");
        assert_eq!(
            table.render(),
            "| 部件 | 保修期 |\n| --- | --- |\n| a\\|b |  |\n"
        );
        assert!(table.is_grid());
    }
}
