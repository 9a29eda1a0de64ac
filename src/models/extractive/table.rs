//! Rows of tables, each cell said with the head of its column.

use super::terms::is_han;

/// Between the cells of a head that stands in the context of a passage.
pub const CELL: &str = " | ";

/// The cells of a line that is a row: between bars, or between tabs.
pub fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim_matches(' ');
    let inside = line.strip_prefix('|').filter(|rest| rest.contains('|'));
    let cells: Vec<&str> = match inside {
        Some(inside) => inside
            .strip_suffix('|')
            .unwrap_or(inside)
            .split('|')
            .collect(),
        None if line.contains('\t') => line.split('\t').collect(),
        None => return None,
    };
    Some(
        cells
            .into_iter()
            .map(|cell| cell.trim().to_owned())
            .collect(),
    )
}

/// A table that is being read.
#[derive(Debug, Default)]
pub struct Table {
    /// The head of a table that began in an earlier passage.
    head: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// After this head, if there is one.
    pub fn after(head: Option<&str>) -> Self {
        let cells = |head: &str| head.split(CELL).map(str::to_owned).collect();
        Self {
            head: head.map(cells),
            rows: Vec::new(),
        }
    }

    /// Takes a row; the line under the head of a Markdown table is none.
    pub fn row(&mut self, cells: Vec<String>) {
        let is_rule =
            |cell: &String| cell.contains("--") && cell.chars().all(|c| "-: ".contains(c));
        if !cells.iter().all(is_rule) {
            self.rows.push(cells);
        }
    }

    /// The rows under the head, as they are said.
    pub fn end(&mut self) -> Vec<String> {
        let mut rows = std::mem::take(&mut self.rows);
        // the head of an earlier passage goes on into the first table only
        let earlier = if rows.is_empty() {
            None
        } else {
            self.head.take()
        };
        let earlier = earlier.filter(|head| head.len() == rows[0].len());
        let own = || (rows.len() > 1).then(|| rows[0].clone());
        let head = earlier.or_else(own);
        if head.as_ref() == rows.first() && !rows.is_empty() {
            rows.remove(0);
        }
        rows.iter().map(|row| said(head.as_deref(), row)).collect()
    }
}

fn said(head: Option<&[String]>, row: &[String]) -> String {
    let all = head.unwrap_or_default().iter().chain(row);
    let chinese = all.flat_map(|cell| cell.chars()).any(is_han);
    let (is, and) = if chinese {
        ("：", "，")
    } else {
        (": ", ", ")
    };
    let cell = |(at, cell): (usize, &String)| {
        let named = head
            .and_then(|head| head.get(at))
            .filter(|name| !name.is_empty());
        match named {
            _ if cell.is_empty() => None,
            Some(name) => Some(format!("{name}{is}{cell}")),
            None => Some(cell.clone()),
        }
    };
    let cells: Vec<String> = row.iter().enumerate().filter_map(cell).collect();
    cells.join(and)
}
