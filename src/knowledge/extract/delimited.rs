//! CSV and its kin: rows of cells, taken as they stand. What looks like a formula is text.

use super::{Writer, grid::Grid};
use crate::error::{Error, Result};

/// Bytes at the front by which the separator is found.
const SAMPLE_BYTES: usize = 64 << 10;
/// Lines of the sample that are counted.
const SAMPLE_LINES: usize = 50;

/// Reads a table; returns what is missing from it, if anything is.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, text: &str) -> Result<Option<String>> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut grid = Grid::new(writer);
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while rows
        .read_record(&mut record)
        .map_err(|error| damaged(&error))?
    {
        // empty lines are skipped by the reader, yet they part tables
        let line = record
            .position()
            .map_or(row, |place| u32::try_from(place.line()).unwrap_or(u32::MAX));
        row = row
            .saturating_add(1)
            .max(if record.len() == 1 { line } else { 0 });
        for (column, cell) in (0..).zip(&record) {
            if !grid.cell(row, column, cell)? {
                return grid.finish();
            }
        }
    }
    grid.finish()
}

fn damaged(error: &csv::Error) -> Error {
    Error::invalid(format!("The table is damaged: {error}."))
}

/// The mark that cuts most of the first lines into equally many cells.
fn separator(text: &str) -> u8 {
    let sample = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    let lines: Vec<&str> = sample
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(SAMPLE_LINES)
        .collect();
    let score = |mark: u8| {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| outside_quotes(line, mark))
            .collect();
        let usual = counts
            .iter()
            .copied()
            .filter(|count| *count > 0)
            .max_by_key(|count| {
                (
                    counts.iter().filter(|other| *other == count).count(),
                    *count,
                )
            });
        let usual = usual.unwrap_or(0);
        let alike = counts
            .iter()
            .filter(|count| usual > 0 && **count == usual)
            .count();
        (alike, usual)
    };
    // of equals the last wins
    [b'|', b';', b'\t', b',']
        .into_iter()
        .max_by_key(|mark| score(*mark))
        .unwrap_or(b',')
}

fn outside_quotes(line: &str, mark: u8) -> usize {
    let mut quoted = false;
    line.bytes()
        .filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted && *byte == mark
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{BlockKind::*, Limits, tests::outline},
        *,
    };

    fn read_all(text: &str) -> Vec<(super::super::BlockKind, String)> {
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        assert_eq!(read(&mut writer, text).unwrap(), None);
        outline(&writer.finish())
    }

    #[test]
    fn separators_are_found() {
        let table = "| 部件 | 期限 |\n| --- | --- |\n| 电池 | 8 年 |";
        for text in [
            "部件,期限\n电池,8 年\n",
            "部件;期限\r\n电池;8 年\r\n",
            "部件\t期限\n电池\t8 年",
            "部件|期限\n电池|8 年",
            "\"部件\",\"期限\"\n\"电池\",\"8 年\"",
        ] {
            assert_eq!(read_all(text), [(Table, table.to_owned())], "{text}");
        }
    }

    #[test]
    fn formulas_are_text_and_quotes_hold_anything() {
        let found =
            read_all("a,b\n=HYPERLINK(\"\"x\"\"),\"1,5\n|2\"\n+cmd|' /C calc'!A0,@SUM(1)\n");
        assert!(found[0].1.contains("=HYPERLINK"), "{found:?}");
        assert!(found[0].1.contains("1,5 \\|2"), "{found:?}");
        assert!(found[0].1.contains("@SUM(1)"), "{found:?}");
    }

    #[test]
    fn a_line_above_a_table_is_its_title() {
        let found = read_all("价格表 2026\n\n部件,价格\n电池,100\n\n备注：含税\n");
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [Paragraph, Table, Paragraph], "{found:?}");
    }

    #[test]
    fn rows_without_end_are_left_out_and_said() {
        let text = "1\n".to_owned() + &"1,2\n".repeat(150_000);
        let limits = Limits::default();
        let mut writer = Writer::new(&limits);
        let missing = read(&mut writer, &text).unwrap().unwrap();
        assert!(missing.contains("100000"), "{missing}");
    }
}
