//! Excel and OpenDocument sheets: each a heading and its tables; values as the file keeps them.
//!
//! A formula is never evaluated: what stands in its cell is the value that the program which
//! saved the file had worked out. Macros and charts are not read.

use std::io::Cursor;

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, Ods, OdsError, Reader, SheetType, Xls, XlsError,
    Xlsx, XlsxError,
};

use super::{
    super::{BlockKind, Extracted, PageError, Writer, grid::Grid},
    PASSWORD, Package,
};
use crate::error::{Error, Result};

/// Reads a workbook in Excel's present format.
///
/// # Errors
/// `Invalid` when it is damaged or protected, `TooLarge` past a limit.
pub fn read_xlsx(mut package: Package, mut writer: Writer<'_>) -> Result<Extracted> {
    super::title(&mut package, &mut writer)?;
    package.weigh(|name| {
        name.starts_with("xl/") && (name.ends_with(".xml") || name.ends_with(".rels"))
    })?;
    let mut book = Xlsx::new(Cursor::new(package.into_bytes())).map_err(|error| match error {
        XlsxError::Password => Error::invalid(PASSWORD),
        error => damaged(&error),
    })?;
    let names = sheet_names(book.sheets_metadata());
    each(writer, &names, |writer, name| {
        let mut cells = book
            .worksheet_cells_reader(name)
            .map_err(|error| damaged(&error))?;
        let mut grid = Grid::new(writer);
        let percents: Vec<bool> = cells.styles().iter().map(is_percent).collect();
        while let Some((cell, style)) = cells
            .next_cell_with_style_id()
            .map_err(|error| damaged(&error))?
        {
            let (row, column) = cell.get_position();
            let percent = percents.get(style).copied().unwrap_or(false);
            let text = match cell.get_value() {
                DataRef::Float(value) if percent => format!("{}%", number(value * 100.0)),
                value => shown_ref(value),
            };
            if !grid.cell(row, column, &text)? {
                return grid.finish();
            }
        }
        grid.finish()
    })
}

/// Reads an OpenDocument workbook.
///
/// # Errors
/// As [`read_xlsx`].
pub fn read_ods(mut package: Package, writer: Writer<'_>) -> Result<Extracted> {
    package.weigh(|name| name.ends_with(".xml"))?;
    let book = Ods::new(Cursor::new(package.into_bytes())).map_err(|error| match error {
        OdsError::Password => Error::invalid(PASSWORD),
        error => damaged(&error),
    })?;
    ranges(book, writer)
}

/// Reads a workbook in the format of Excel 97 to 2003.
///
/// # Errors
/// As [`read_xlsx`].
pub fn read_xls(bytes: Vec<u8>, writer: Writer<'_>) -> Result<Extracted> {
    let book = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsError::Password => Error::invalid(PASSWORD),
        error => damaged(&error),
    })?;
    ranges(book, writer)
}

fn ranges<B>(mut book: B, writer: Writer<'_>) -> Result<Extracted>
where
    B: Reader<Cursor<Vec<u8>>>,
    B::Error: std::fmt::Display,
{
    let names = sheet_names(book.sheets_metadata());
    each(writer, &names, |writer, name| {
        let range = book
            .worksheet_range(name)
            .map_err(|error| damaged(&error))?;
        let (top, left) = range.start().unwrap_or((0, 0));
        let mut grid = Grid::new(writer);
        for (row, column, value) in range.used_cells() {
            if !grid.cell(top + row as u32, left + column as u32, &shown(value))? {
                break;
            }
        }
        grid.finish()
    })
}

fn sheet_names(sheets: &[calamine::Sheet]) -> Vec<String> {
    let sheets = sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.map(|sheet| sheet.name.clone()).collect()
}

/// Reads every sheet under a heading of its own. One that cannot be read is named; the others
/// are kept. `read` returns what is missing from a sheet, if anything is.
fn each(
    mut writer: Writer<'_>,
    names: &[String],
    mut read: impl FnMut(&mut Writer<'_>, &str) -> Result<Option<String>>,
) -> Result<Extracted> {
    let sheets_max = writer.limits().pages_max as usize;
    if names.len() > sheets_max {
        return Err(Error::TooLarge(format!(
            "The workbook has {} sheets; {sheets_max} can be read.",
            names.len()
        )));
    }
    let mut page_errors = Vec::new();
    for (page, name) in (1..).zip(names) {
        let mark = writer.mark();
        writer.block(BlockKind::Heading(1), name)?;
        let headed = writer.blocks();
        let missing = match read(&mut writer, name) {
            Ok(missing) => missing,
            Err(error @ Error::TooLarge(_)) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        if writer.blocks() == headed {
            // an empty sheet says nothing by its name
            writer.back_to(mark);
        }
        if let Some(detail) = missing {
            let detail = format!("Sheet “{name}”: {detail}");
            page_errors.push(PageError { page, detail });
        }
    }
    Ok(Extracted {
        page_errors,
        ..writer.finish()
    })
}

fn damaged(error: &dyn std::fmt::Display) -> Error {
    let detail: String = error.to_string().chars().take(200).collect();
    Error::invalid(format!("The workbook is damaged: {detail}."))
}

fn is_percent(style: &calamine::Style) -> bool {
    let format = style.number_format.as_ref();
    format.is_some_and(|format| format.format_code.trim_end().ends_with('%'))
}

fn shown_ref(value: &DataRef<'_>) -> String {
    match value {
        DataRef::SharedString(text) => (*text).to_owned(),
        other => shown(&Data::from(other.clone())),
    }
}

fn shown(value: &Data) -> String {
    match value {
        Data::Int(value) => value.to_string(),
        Data::Float(value) => number(*value),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Data::DateTime(time) => moment(time),
        Data::Error(error) => fault(error).to_owned(),
        Data::Empty => String::new(),
    }
}

/// A number with the fifteen digits that sheets keep: 0.3, not 0.30000000000000004.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if (1e-7..1e21).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

fn moment(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    let clock = clock.strip_suffix(":00").unwrap_or(&clock);
    if time.is_duration() || time.as_f64() < 1.0 {
        let hours = time.as_f64() * 24.0;
        return format!("{:02}:{minute:02}:{second:02}", hours.trunc());
    }
    if time.as_f64().fract() == 0.0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {clock}")
    }
}

fn fault(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        _ => "#ERROR!",
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_shown_as_sheets_show_them() {
        for (value, text) in [
            (3.0, "3"),
            (0.1 + 0.2, "0.3"),
            (-12.5, "-12.5"),
            (160_000.0, "160000"),
            (1e-9, "1e-9"),
            (f64::NAN, "0"),
            (1_234_567_890_123.0, "1234567890123"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
