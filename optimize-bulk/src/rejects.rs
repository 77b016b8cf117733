//! Rows that were rejected, in a file: as they were, with where they stood and why. Put right, it can be read again.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::error::Error;
use crate::input::{Cells, Content, RawRow};

/// What comes before the row's own columns, or behind its members.
const NAMES: [&str; 3] = ["rejected.file", "rejected.row", "rejected.reason"];
/// A text that is no row.
const TEXT: &str = "rejected.text";

/// A row that may be rejected later, once the server has looked at it.
#[derive(Clone, Debug)]
pub struct Kept(Form);

#[derive(Clone, Debug)]
enum Form {
    Json(Box<[u8]>),
    Cells(Arc<[String]>, Cells),
}

impl Kept {
    /// A copy of a row.
    pub fn new(row: &RawRow<'_>) -> Self {
        Self(match row.content {
            Content::Json(json) => Form::Json(json.into()),
            Content::Cells(heading, cells) => Form::Cells(heading.clone(), cells.clone()),
        })
    }

    /// One that is no row of a file, such as a message.
    pub fn of_json(json: &[u8]) -> Self {
        Self(Form::Json(json.into()))
    }
}

/// The form of a file of rejected rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectForm {
    /// CSV with commas, for rows that have columns.
    Csv,
    /// An object a line.
    Ndjson,
}

/// Writes rejected rows.
#[derive(Debug)]
pub struct Rejects<W> {
    out: W,
    form: RejectForm,
    /// The columns of the rows so far.
    heading: Option<Arc<[String]>>,
    count: u64,
}

impl<W: Write> Rejects<W> {
    /// A file of this form.
    pub fn new(out: W, form: RejectForm) -> Self {
        Self { out, form, heading: None, count: 0 }
    }

    /// How many were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes a row: where it stood, and why it was rejected.
    pub fn write(&mut self, file: &str, place: &str, reason: &str, row: &Kept) -> Result<(), Error> {
        self.count += 1;
        match (&row.0, self.form) {
            (Form::Cells(heading, cells), RejectForm::Csv) => self.csv(file, place, reason, heading, cells),
            (Form::Json(_), RejectForm::Csv) => Err(Error::Input(
                "rejected rows of JSON do not go into CSV: name the file of --rejects with the ending .ndjson"
                    .to_owned(),
            )),
            (form, RejectForm::Ndjson) => {
                let line = line([file, place, reason], form);
                self.out.write_all(&line).map_err(Error::Write)
            }
        }
    }

    fn csv(
        &mut self,
        file: &str,
        place: &str,
        reason: &str,
        heading: &Arc<[String]>,
        cells: &Cells,
    ) -> Result<(), Error> {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        // A row that was rejected before has these already.
        let own: Vec<_> = (0..heading.len()).filter(|place| !NAMES.contains(&heading[*place].as_str())).collect();
        match &self.heading {
            None => {
                let names = own.iter().map(|place| heading[*place].as_str());
                out.write_record(NAMES.into_iter().chain(names)).map_err(of_csv)?;
                self.heading = Some(heading.clone());
            }
            Some(known) if known == heading => {}
            Some(_) => {
                return Err(Error::Input(
                    "the files have different columns, which do not go into one CSV: name the file of --rejects with the ending \
                     .ndjson"
                        .to_owned(),
                ));
            }
        }
        let is_own = |place: usize| heading.get(place).is_none_or(|name| !NAMES.contains(&name.as_str()));
        let cells = cells.iter().enumerate().filter(|(place, _)| is_own(*place)).map(|(_, cell)| cell);
        out.write_record([file, place, reason].map(str::as_bytes).into_iter().chain(cells)).map_err(of_csv)?;
        let bytes = out.into_inner().map_err(|error| Error::Write(io::Error::other(error.to_string())))?;
        self.out.write_all(&bytes).map_err(Error::Write)
    }

    /// The file, and all that was written to it.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The file.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }
}

fn of_csv(error: csv::Error) -> Error {
    Error::Write(error.into())
}

/// A rejected row as a line of NDJSON.
fn line(why: [&str; 3], form: &Form) -> Vec<u8> {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut members: Vec<(String, String)> = Vec::new();
    match form {
        // Which cell is which cannot be said, or what one holds.
        Form::Cells(heading, cells)
            if heading.len() != cells.len() || cells.iter().any(|cell| std::str::from_utf8(cell).is_err()) =>
        {
            let cells: Vec<_> = cells.iter().map(String::from_utf8_lossy).collect();
            members.push((TEXT.to_owned(), text(&cells.join(","))));
        }
        Form::Cells(heading, cells) => {
            let cells = cells.iter().map(|cell| text(&String::from_utf8_lossy(cell)));
            members.extend(heading.iter().cloned().zip(cells));
        }
        Form::Json(json) => match serde_json::from_slice::<&RawValue>(json) {
            Ok(raw) if raw.get().starts_with('{') => {
                let found = optimize_api::json_text::JsonText::object_of(json).unwrap_or_default();
                members.extend(found.into_iter().map(|(name, value)| (name.into_owned(), value.json().to_owned())));
            }
            _ => members.push((TEXT.to_owned(), text(&String::from_utf8_lossy(json)))),
        },
    }
    members.retain(|(name, _)| !NAMES.contains(&name.as_str()));
    members.extend(NAMES.into_iter().zip(why).map(|(name, value)| (name.to_owned(), text(value))));
    let members: Vec<_> = members.into_iter().map(|(name, value)| format!("{}:{value}", text(&name))).collect();
    // A line break inside JSON is layout.
    let line = format!("{{{}}}", members.join(",")).replace(['\n', '\r'], " ");
    (line + "\n").into_bytes()
}
