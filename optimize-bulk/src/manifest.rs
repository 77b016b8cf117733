//! What a file holds and where it comes from, beside it: `orders.csv.manifest.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::schema::Field;

/// The version of the form of a manifest.
const VERSION: u32 = 1;
/// What the name of a manifest ends with, after the name of its file.
const ENDING: &str = ".manifest.json";

/// What a file holds and where it comes from. It is written last, so that a file with a manifest is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    version: u32,
    /// The report.
    pub report: ReportSource,
    /// The name of the file, without its directory.
    pub file: String,
    /// Its format, as its ending says it: `csv.gz`.
    pub format: String,
    /// `rows`, `instances`, `events` or `log`.
    pub table: String,
    /// How many rows the server announced; fewer are in the file if a limit was set.
    pub total: u64,
    /// How many rows of the report are in the file.
    pub rows: u64,
    /// How many records the file has.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Its columns; empty in a format without columns.
    pub columns: Vec<Field>,
    /// The reports of a workbook that has several; its `report` is then the collection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sheets: Vec<Sheet>,
    /// When the first page was there, which is what the rows are a snapshot of; RFC 3339.
    pub snapshot: String,
    /// The base URL of the server.
    pub server: String,
    /// The options that the rows depend on.
    pub options: BTreeMap<String, String>,
    /// What has written it.
    pub program: String,
}

/// A report that rows come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ReportSource {
    /// Its id.
    pub id: String,
    /// Its name; empty if it is not known.
    pub name: String,
    /// The SHA-256 of its exported definition; empty if it is not known.
    pub definition: String,
}

/// A report of a workbook that has several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Sheet {
    /// The report.
    pub report: ReportSource,
    /// How many rows it has.
    pub rows: u64,
}

impl Sheet {
    /// A report and how many rows it has.
    pub fn new(report: ReportSource, rows: u64) -> Self {
        Self { report, rows }
    }
}

impl ReportSource {
    /// A report of which only the id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

impl Manifest {
    /// An empty manifest of a report's file.
    pub fn new(report: ReportSource, file: impl Into<String>) -> Self {
        Self {
            version: VERSION,
            report,
            file: file.into(),
            format: String::new(),
            table: String::new(),
            total: 0,
            rows: 0,
            records: 0,
            bytes: 0,
            sha256: String::new(),
            columns: Vec::new(),
            sheets: Vec::new(),
            snapshot: String::new(),
            server: String::new(),
            options: BTreeMap::new(),
            program: format!("optimize {}", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The path of a file's manifest.
    pub fn path(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(ENDING);
        name.into()
    }

    /// The name of the file that this is the name of a manifest of; `None` if it is another name.
    pub fn file_of(name: &str) -> Option<&str> {
        name.strip_suffix(ENDING).filter(|file| !file.is_empty())
    }

    /// Reads a manifest. `name` is what errors call it.
    pub fn parse(text: &[u8], name: &str) -> Result<Self, Error> {
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|error| Error::Input(format!("{name}: it is no manifest: {error}")))?;
        if manifest.version != VERSION {
            return Err(Error::Input(format!("{name}: its version is {}, not {VERSION}", manifest.version)));
        }
        Ok(manifest)
    }

    /// Reads the manifest of a file; `None` if there is none.
    pub fn of(file: &Path) -> Result<Option<Self>, Error> {
        let path = Self::path(file);
        match std::fs::read(&path) {
            Ok(text) => Self::parse(&text, &path.display().to_string()).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Input(format!("read {}: {error}", path.display()))),
        }
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// The columns that this has and a later one of the same report lacks.
    pub fn vanished<'a>(&'a self, later: &'a Self) -> Vec<&'a str> {
        let has = |name: &str| later.columns.iter().any(|column| column.name == name);
        self.columns.iter().map(|column| column.name.as_str()).filter(|name| !has(name)).collect()
    }
}
