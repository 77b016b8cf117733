//! Excel workbooks, by `rust_xlsxwriter`. Sheets wait in temporary files.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Seek, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rust_xlsxwriter::{Format as Style, Workbook, XlsxError};

use crate::cell::Kind;
use crate::cell_codec::Decoded;
use crate::error::Error;
use crate::format::Options;
use crate::schema::{Field, Schema};
use crate::shape::Shape;
use crate::spool::temporary_file;
use crate::tabular::{Tabular, Typed, TypedRecords};
use crate::types::{ColumnType, Typed as Value};

/// The rows of a sheet, with its heading; its columns; the characters of a cell.
const MOST_ROWS: u32 = 1_048_576;
const MOST_COLUMNS: usize = 16_384;
const MOST_CHARACTERS: usize = 32_767;
/// Excel keeps so many digits of a number.
const MOST_DIGITS: usize = 15;
/// Without a style it shows so many digits of a whole number.
const MOST_SHOWN: usize = 11;
/// The characters of a sheet's name.
const LONGEST_NAME: usize = 31;
/// 1 March 1900: before it, Excel counts a day that never was.
const FIRST_DAY: f64 = 61.0;
/// 1 January 1970, in the days of Excel.
const EPOCH: f64 = 25_569.0;
const DAY: f64 = 86_400_000.0;

/// A workbook that several reports go into, each in sheets of its own.
///
/// ```no_run
/// # fn main() -> Result<(), optimize_bulk::Error> {
/// use optimize_bulk::{Batch, Book, Options, Shape};
///
/// let book = Book::new();
/// for title in ["Orders", "Returns"] {
///     let options = Options { title: title.to_owned(), ..Options::default() };
///     let mut sheet = book.writer(Shape::default(), &options)?;
///     sheet.write(&Batch::Rows(vec![r#"{"id":1}"#.into()]), &mut std::io::sink())?;
///     sheet.finish(&mut std::io::sink())?;
/// }
/// book.save(&mut std::fs::File::create("book.xlsx")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Sheets>>);

#[derive(Default)]
struct Sheets {
    workbook: Workbook,
    /// In lower case, since Excel ignores case.
    names: HashSet<String>,
}

impl Book {
    /// A workbook without sheets.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer of a report's sheets. They are called by the title of the options; what the writer is given to write to stays
    /// empty.
    pub fn writer(&self, shape: Shape, options: &Options) -> Result<Box<dyn super::Format>, Error> {
        let records = Typed::new(Xlsx { saves: false, ..Xlsx::new(self.clone(), &options.title) });
        Ok(Box::new(Tabular::new(Box::new(records), shape, options)?))
    }

    /// Writes the file, once all writers have finished.
    pub fn save(&self, out: &mut dyn Write) -> Result<(), Error> {
        let mut file = temporary_file().map_err(Error::Spool)?;
        self.sheets().workbook.save_to_writer(io::BufWriter::new(&mut file)).map_err(failed)?;
        file.rewind().map_err(Error::Spool)?;
        io::copy(&mut file, out)?;
        Ok(())
    }

    fn sheets(&self) -> MutexGuard<'_, Sheets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Book").field(&self.sheets().names).finish()
    }
}

pub(super) struct Xlsx {
    book: Book,
    /// Whether the workbook is written when this ends.
    saves: bool,
    title: String,
    schema: Schema,
    styles: Styles,
    most_rows: u32,
    /// Where the current sheet is among those of the workbook.
    sheet: usize,
    /// The row of the current sheet that comes next.
    row: u32,
}

struct Styles {
    heading: Style,
    date: Style,
    whole: Style,
    decimals: Vec<Style>,
}

impl Styles {
    fn new() -> Self {
        let decimals = (0..=20).map(|scale| {
            let zeros = "0".repeat(scale);
            Style::new().set_num_format(if scale == 0 { "0".to_owned() } else { format!("0.{zeros}") })
        });
        Self {
            heading: Style::new().set_bold(),
            date: Style::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            whole: Style::new().set_num_format("0"),
            decimals: decimals.collect(),
        }
    }
}

impl Xlsx {
    pub(super) fn new(book: Book, title: &str) -> Self {
        Self {
            book,
            saves: true,
            title: title.to_owned(),
            schema: Schema::default(),
            styles: Styles::new(),
            most_rows: MOST_ROWS,
            sheet: 0,
            row: 0,
        }
    }

    fn add_sheet(&mut self) -> Result<(), Error> {
        let mut sheets = self.book.sheets();
        let Sheets { workbook, names } = &mut *sheets;
        // Level 6 makes files a third smaller, and takes twice the time.
        workbook.set_zip_compression_level(2);
        workbook.set_tempdir(std::env::temp_dir()).map_err(failed)?;
        let free =
            (1..u32::MAX).map(|number| sheet_name(&self.title, number)).find(|name| names.insert(name.to_lowercase()));
        self.sheet = workbook.worksheets_mut().len();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(free.unwrap_or_default()).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        for (column, field) in (0..).zip(&self.schema.columns) {
            let heading = heading(field);
            let width = field.width.max(heading.chars().count()).clamp(8, 60);
            let width = if field.kind == ColumnType::Timestamp { 24 } else { width + 2 };
            sheet.set_column_width(column, u32::try_from(width).unwrap_or(60)).map_err(failed)?;
            sheet.write_string_with_format(0, column, &heading, &self.styles.heading).map_err(failed)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Lets the columns of the current sheet be filtered.
    fn end_sheet(&self) -> Result<(), Error> {
        let last = u16::try_from(self.schema.columns.len().saturating_sub(1)).unwrap_or_default();
        let mut sheets = self.book.sheets();
        if let (Some(sheet), false) =
            (sheets.workbook.worksheets_mut().get_mut(self.sheet), self.schema.columns.is_empty())
        {
            sheet.autofilter(0, 0, self.row.saturating_sub(1), last).map_err(failed)?;
        }
        Ok(())
    }
}

impl TypedRecords for Xlsx {
    fn begin(&mut self, schema: &Schema, _: &mut dyn Write) -> Result<(), Error> {
        if schema.columns.len() > MOST_COLUMNS {
            return Err(Error::Input(format!(
                "a sheet has at most {MOST_COLUMNS} columns, and the report {}: choose some with --columns",
                schema.columns.len()
            )));
        }
        self.schema = schema.clone();
        self.add_sheet()
    }

    fn record(&mut self, cells: &[Decoded<'_>], number: u64, _: &mut dyn Write) -> Result<(), Error> {
        if self.row == self.most_rows {
            self.end_sheet()?;
            self.add_sheet()?;
        }
        let mut sheets = self.book.sheets();
        let Some(sheet) = sheets.workbook.worksheets_mut().get_mut(self.sheet) else { return Ok(()) };
        let row = self.row;
        for ((column, cell), field) in (0_u16..).zip(cells).zip(&self.schema.columns) {
            let Some((kind, text)) = cell.filter(|(kind, text)| *kind != Kind::Null && !text.is_empty()) else {
                continue;
            };
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let written = match field.kind.read(text) {
                Some(Value::Boolean(value)) => sheet.write_boolean(row, column, value),
                #[expect(clippy::cast_precision_loss, reason = "it has at most 15 digits")]
                Some(Value::Integer(value)) if digits.max(field.digits) <= MOST_DIGITS => {
                    // A number with a style takes several times as long to write.
                    if digits.max(field.digits) <= MOST_SHOWN {
                        sheet.write_number(row, column, value as f64)
                    } else {
                        sheet.write_number_with_format(row, column, value as f64, &self.styles.whole)
                    }
                }
                Some(Value::Double(value)) => sheet.write_number(row, column, value),
                Some(Value::Decimal(_)) if digits.max(field.digits) <= MOST_DIGITS => {
                    let scale = if let ColumnType::Decimal(_, scale) = field.kind { scale.unsigned_abs() } else { 0 };
                    let style = &self.styles.decimals[usize::from(scale).min(self.styles.decimals.len() - 1)];
                    // At most 15 digits, which a double keeps.
                    sheet.write_number_with_format(row, column, text.parse::<f64>().unwrap_or_default(), style)
                }
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of any calendar year are exact")]
                Some(Value::Timestamp(moment)) if moment as f64 / DAY + EPOCH >= FIRST_DAY => {
                    sheet.write_number_with_format(row, column, moment as f64 / DAY + EPOCH, &self.styles.date)
                }
                _ if text.len() > MOST_CHARACTERS && text.chars().count() > MOST_CHARACTERS => {
                    return Err(Error::Row(
                        number,
                        format!(
                            "the column {} has {} characters, and a cell of a workbook at most {MOST_CHARACTERS}: leave the \
                         column out with --columns, or choose another format",
                            field.name,
                            text.chars().count()
                        ),
                    ));
                }
                None if kind != Kind::Nested => {
                    return Err(Error::Row(number, field.unfit(text)));
                }
                _ => sheet.write_string(row, column, text),
            };
            written.map_err(failed)?;
        }
        self.row += 1;
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error> {
        self.end_sheet()?;
        if self.saves {
            self.book.save(out)?;
        }
        Ok(Vec::new())
    }
}

/// The heading with the unit of its numbers; dates have no time zone in Excel.
fn heading(field: &Field) -> String {
    match (&field.unit, field.kind) {
        (Some(unit), _) => format!("{} ({unit})", field.name),
        (None, ColumnType::Timestamp) => format!("{} (UTC)", field.name),
        _ => field.name.clone(),
    }
}

/// A name that Excel takes, with the number of the sheet from the second one on.
fn sheet_name(title: &str, number: u32) -> String {
    let forbidden = |character: char| "[]:*?/\\".contains(character) || character.is_control();
    let name: String = title.chars().map(|character| if forbidden(character) { '_' } else { character }).collect();
    let name = name.trim_matches('\'').trim();
    let name = if name.is_empty() || name.eq_ignore_ascii_case("history") { "Report" } else { name };
    let suffix = if number > 1 { format!(" ({number})") } else { String::new() };
    // Excel counts UTF-16 units.
    let mut short = String::new();
    for character in name.chars() {
        let length = short.encode_utf16().count() + character.len_utf16();
        if length + suffix.len() > LONGEST_NAME {
            break;
        }
        short.push(character);
    }
    short.trim_end_matches('\'').to_owned() + &suffix
}

fn failed(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => Error::Spool(error),
        error => Error::Input(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_have_names_that_excel_takes() {
        assert_eq!(sheet_name("Orders: all/any?", 1), "Orders_ all_any_");
        assert_eq!(sheet_name("", 2), "Report (2)");
        assert_eq!(sheet_name(&"x".repeat(40), 3), format!("{} (3)", "x".repeat(27)));
        assert_eq!(sheet_name("'History'", 1), "Report");
        assert_eq!(sheet_name(&"😀".repeat(20), 1).chars().count(), 15);
    }
    #[test]
    fn reports_share_a_workbook_and_long_ones_go_on_in_another_sheet() {
        let book = Book::new();
        let mut xlsx = Xlsx { saves: false, most_rows: 3, ..Xlsx::new(book.clone(), "Orders") };
        let schema = Schema { columns: vec![Field::new("id", ColumnType::Integer)] };
        xlsx.begin(&schema, &mut io::sink()).unwrap();
        // Another report of the same name begins before this one has ended.
        let options = Options { title: "ORDERS".to_owned(), ..Options::default() };
        let mut other = book.writer(Shape::default(), &options).unwrap();
        other.write(&crate::Batch::Rows(vec![r#"{"n":"x"}"#.into()]), &mut io::sink()).unwrap();
        for (number, text) in (1..).zip(["11", "12", "13", "14", "15"]) {
            xlsx.record(&[Some((Kind::Number, text))], number, &mut io::sink()).unwrap();
        }
        other.finish(&mut io::sink()).unwrap();
        Box::new(xlsx).finish(&mut io::sink()).unwrap();
        let mut file = Vec::new();
        book.save(&mut file).unwrap();
        assert!(file.starts_with(b"PK"));
        let mut sheets = book.sheets();
        let names: Vec<_> = sheets.workbook.worksheets_mut().iter().map(rust_xlsxwriter::Worksheet::name).collect();
        assert_eq!(names, ["Orders", "Orders (2)", "Orders (3)", "ORDERS (4)"]);
    }
}
