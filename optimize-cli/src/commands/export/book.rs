//! Many reports as the sheets of one workbook.

use std::path::Path;
use std::sync::PoisonError;

use optimize_bulk::{Book, Compression, Digesting, Error, FormatKind, Manifest, ReportSource, Sheet, Sink as _};

use super::ManyArgs;
use super::many::{Run, outcome};
use super::state::ReportOutcome;
use crate::app::App;
use crate::error::CliError;
use crate::export::{Job, Output, Place, now};
use crate::output::{Outcome, of_bulk};
use crate::progress::Progress;

const WORKBOOK: (FormatKind, Compression) = (FormatKind::Xlsx, Compression::None);

impl ManyArgs {
    /// Writes the workbook, unless a report fails.
    pub(super) async fn workbook(&self, app: &App, file: &Path) -> Result<Outcome, CliError> {
        if FormatKind::of_ending(file) != Some(WORKBOOK) || self.form.format.is_some_and(|kind| kind != WORKBOOK) {
            return Err(CliError::usage(format!("write {}: one file of many reports is a workbook", file.display()))
                .with_hint("name it with the ending .xlsx, or write a directory with -d"));
        }
        let mut form = self.form.form(true)?;
        form.kind = Some(WORKBOOK);
        let place = Place::at(file, app)?;
        let snapshot = now();
        let run = Run { args: self, app, client: app.client().await?, form };
        let (book, mut sheets, mut entries) = (Book::new(), Vec::new(), Vec::new());
        for (collection, report) in run.reports(None).await? {
            let mut entry = Run::entry(&collection, &report, None);
            if !report.is_combined {
                let form = report.form(&run.form);
                let mut output = Output::new(place.clone(), WORKBOOK, run.form.table, &form, &report);
                output.book = Some(book.clone());
                let job = Job { has_manifest: false, ..run.job(&report, vec![output], form) };
                let rows = job.run(&mut Progress::new(app.printer, true)).await;
                let rows = rows.map_err(|error| match error.api() {
                    Some(_) => error,
                    None => error.about_file(format!("the report {}", report.source.id)),
                })?;
                (entry.outcome, entry.rows, entry.files) = (ReportOutcome::Complete, rows, vec![place.name()]);
                sheets.push(Sheet::new(report.source, rows));
            }
            entries.push(entry);
        }
        if !sheets.is_empty() {
            self.put(app, &place, book, sheets, snapshot).await?;
        }
        app.tally.set_rows(entries.iter().map(|entry| entry.rows).sum());
        Ok(outcome(&entries))
    }

    /// Puts the workbook in its place, then its manifest.
    async fn put(
        &self,
        app: &App,
        place: &Place,
        book: Book,
        sheets: Vec<Sheet>,
        snapshot: String,
    ) -> Result<(), CliError> {
        let name = place.shown();
        let failed = |error| of_bulk(error, &name);
        place.remove_manifest().await.map_err(failed)?;
        let sink = place.open(!self.no_clobber).map_err(|error| failed(Error::Write(error)))?;
        let (mut sink, sum) = Digesting::new(sink);
        let written = tokio::task::spawn_blocking(move || {
            book.save(&mut sink)?;
            Box::new(sink).commit().map_err(Error::Write)
        });
        written.await.map_err(|error| failed(Error::Write(std::io::Error::other(error))))?.map_err(failed)?;
        let mut manifest = Manifest::new(ReportSource::new(self.collection.join(",")), place.name());
        "xlsx".clone_into(&mut manifest.format);
        "sheets".clone_into(&mut manifest.table);
        manifest.rows = sheets.iter().map(|sheet| sheet.rows).sum();
        (manifest.total, manifest.records, manifest.sheets) = (manifest.rows, manifest.rows, sheets);
        if let Some(sum) = sum.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            (manifest.bytes, manifest.sha256) = (sum.bytes, sum.sha256);
        }
        manifest.snapshot = snapshot;
        manifest.server = app.shown_base_url().await.unwrap_or_default();
        manifest.options = self.form.options(&[]);
        place.write_manifest(&manifest).await.map_err(failed)
    }
}
