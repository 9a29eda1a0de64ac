//! Tables drawn with characters.

use super::{
    super::{table::Table, wide::is_wide},
    plain,
};

/// Lines of one table.
const LINES_MAX: usize = 10_000;

/// A table that begins with the first line, and the lines it takes.
pub fn read(lines: &[String]) -> Option<(Table, usize)> {
    let lines = &lines[..lines.len().min(LINES_MAX)];
    let first = lines.first()?.trim();
    if first.len() > 2 && first.starts_with('+') && first.bytes().all(|byte| b"+-=".contains(&byte))
    {
        return Some(grid(lines));
    }
    let is_rule = |line: &str| line.contains("= =") || line.contains("=  ");
    if first.starts_with('=') && first.bytes().all(|byte| b"= ".contains(&byte)) && is_rule(first) {
        return simple(lines);
    }
    None
}

/// `+---+---+` around cells that may have several lines.
fn grid(lines: &[String]) -> (Table, usize) {
    let is_part = |line: &&String| line.trim_start().starts_with(['+', '|']);
    let length = lines.iter().take_while(is_part).count();
    let mut table = Table::default();
    let mut row: Vec<String> = Vec::new();
    for line in &lines[..length] {
        let line = line.trim();
        if line.starts_with('+') {
            add(&mut table, &mut row);
            continue;
        }
        let cells = line.trim_matches('|').split('|');
        for (at, cell) in cells.enumerate() {
            if row.len() <= at {
                row.push(String::new());
            }
            row[at].push('\n');
            row[at].push_str(cell.trim());
        }
    }
    add(&mut table, &mut row);
    (table, length)
}

/// Columns under `====  ====`, until the last such line before an empty one.
fn simple(lines: &[String]) -> Option<(Table, usize)> {
    let rule = |line: &&String| {
        let line = line.trim();
        !line.is_empty() && line.bytes().all(|byte| b"= ".contains(&byte))
    };
    let end = (1..lines.len()).find(|at| {
        *at > 1 && rule(&&lines[*at]) && lines.get(at + 1).is_none_or(String::is_empty)
    })?;
    let starts = starts(&lines[0]);
    let mut table = Table::default();
    for line in &lines[1..end] {
        if rule(&line)
            || line.trim().is_empty()
            || line.trim().bytes().all(|byte| byte == b'-' || byte == b' ')
        {
            continue;
        }
        let mut row = cells(line, &starts);
        add(&mut table, &mut row);
    }
    Some((table, end + 1))
}

/// The columns at which the cells begin, a Chinese character counting two.
fn starts(rule: &str) -> Vec<usize> {
    let bytes = rule.as_bytes();
    (0..bytes.len())
        .filter(|at| bytes[*at] == b'=' && (*at == 0 || bytes[at - 1] == b' '))
        .collect()
}

fn cells(line: &str, starts: &[usize]) -> Vec<String> {
    let mut cells = vec![String::new(); starts.len()];
    let mut column = 0;
    for c in line.chars() {
        let at = starts
            .iter()
            .rposition(|start| *start <= column)
            .unwrap_or(0);
        if let Some(cell) = cells.get_mut(at) {
            cell.push(c);
        }
        column += 1 + usize::from(is_wide(c));
    }
    cells
}

fn add(table: &mut Table, row: &mut Vec<String>) {
    if row.is_empty() {
        return;
    }
    table.row();
    for cell in row.drain(..) {
        table.cell(&plain(cell.trim()));
    }
}
