use std::path::PathBuf;

use clap::Args;
use futures_util::{StreamExt, TryStreamExt};
use optimize_api::DataExport;
use optimize_bulk::{FormatKind, Selection, Table};

use crate::app::App;
use crate::commands::id;
use crate::error::CliError;
use crate::export::{FormArgs, Job, Output, PageArgs, Place, Report, TableArg, batch, file_name};
use crate::format::{Form, Format, Kind, ending};
use crate::output::{Data, Outcome, named};
use crate::progress::Progress;

/// Print the data of a report, all pages, or write it to a file
///
/// Raw-data reports give the rows exactly as the server sent them in JSON, and process instances with a column for each
/// variable in formats with columns; grouped reports one row per group; a number report one record.
#[derive(Args, Debug)]
pub(crate) struct ReportData {
    /// The id of the report, as in the address of its page
    id: String,
    /// Stop after this many rows
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Write to this file or URL (s3://, gs://, az://), completely or not at all
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write the tables instances and events into this directory or URL; needs --format
    #[arg(short, long, value_name = "DIR", requires = "format", conflicts_with_all = ["file", "table"])]
    directory: Option<PathBuf>,
    /// Fail if the file is there already
    #[arg(long)]
    no_clobber: bool,
    /// Write no manifest beside the file
    #[arg(long)]
    no_manifest: bool,
    /// Write the columns and their types to this file
    #[arg(long, value_name = "FILE", conflicts_with = "directory")]
    schema_out: Option<PathBuf>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    pages: PageArgs,
}

impl ReportData {
    pub(crate) async fn run(mut self, app: &App) -> Result<Outcome, CliError> {
        self.file = named(self.file.take());
        let report = id::of("report", &self.id)?;
        let format = Format::of_settings(&app.settings).or(app.flags.output).unwrap_or(Format::Auto);
        // What the file is called decides, so it is asked before anything is sent.
        let plain = Form { kind: self.form.format, ..Form::default() };
        let outputs = match (&self.directory, &self.file) {
            (Some(directory), _) => self.tables(&Place::at(directory, app)?, &report),
            (None, Some(file)) => match Place::of_file(file, app)? {
                Some(place) => match plain.settle(format, app.flags.output.is_some(), Some(file))? {
                    Some(kind) => vec![(place, kind, None)],
                    None => {
                        return Err(CliError::usage("write a table for people to a file: choose another format"));
                    }
                },
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        let needs_file = self.pages.restart.is_some() || self.no_clobber || self.schema_out.is_some();
        if outputs.is_empty() && needs_file {
            return Err(CliError::usage("--restart, --no-clobber and --schema-out need a file: pass -f FILE").stating());
        }
        let is_typed = self.schema_out.is_some() || outputs.iter().any(|(_, (kind, _), _)| kind.is_typed());
        let is_typed = is_typed || self.form.format.is_some_and(|(kind, _)| kind.is_typed());
        let form = self.form.form(is_typed)?;
        let client = app.client().await?;
        let mut export = self.pages.of(client.reports().data(report.as_str()));
        if let Some(rows) = self.limit {
            export = export.limit(rows);
        }
        if outputs.is_empty() {
            return Ok(self.streamed(export, form));
        }
        if let Some(directory) = &self.directory {
            Place::at(directory, app)?.create()?;
        }
        // Only these say more with a definition.
        let needs_definition = is_typed
            || outputs.iter().any(|(_, (kind, _), table)| {
                *kind == FormatKind::Xes || table.is_some() || self.form.table == Some(TableArg::Events)
            });
        let report = Report::read(&client, &report, needs_definition.then_some(app.printer)).await;
        let job = self.job(app, export, report, &form, outputs);
        let mut progress = Progress::new(app.printer, false);
        let rows = job.run(&mut progress).await?;
        app.tally.set_rows(rows);
        Ok(Outcome::Done)
    }

    /// Rows that go to standard output, or a device.
    fn streamed(self, export: DataExport, mut form: Form) -> Outcome {
        // Rows may leave before anything else is asked, so that they go by the id that was typed.
        form.options.title.clone_from(&self.id);
        let mut data = Data::new(move || {
            let pages = export.clone().pages().map_err(CliError::from);
            pages.map_ok(batch).map_ok(|(batch, total)| (batch, Some(total))).boxed_local()
        });
        data.file = self.file;
        data.form = form;
        Outcome::Data(data)
    }

    fn tables(&self, directory: &Place, report: &str) -> Vec<(Place, Kind, Option<Table>)> {
        let Some(kind) = self.form.format else { return Vec::new() };
        let tables = [TableArg::Instances, TableArg::Events].map(TableArg::table);
        let outputs = tables.map(|table| {
            let name = format!("{}.{}.{}", file_name(report), crate::export::table_name(table), ending(kind));
            (directory.below(&name), kind, Some(table))
        });
        outputs.into()
    }

    fn job<'a>(
        &self,
        app: &'a App,
        rows: DataExport,
        report: Report,
        form: &Form,
        outputs: Vec<(Place, Kind, Option<Table>)>,
    ) -> Job<'a> {
        let form = report.form(form);
        let outputs = outputs.into_iter().map(|(place, kind, table)| {
            let mut output = Output::new(place, kind, table, &form, &report);
            output.shape.selection = Selection::new(&app.flags.columns);
            output
        });
        let outputs = outputs.collect();
        let mut options = self.form.options(&app.flags.columns);
        options.extend(self.limit.map(|limit| ("limit".to_owned(), limit.to_string())));
        Job {
            app,
            rows,
            report,
            outputs,
            form,
            restarts: self.pages.restarts(),
            may_replace: !self.no_clobber,
            has_manifest: !self.no_manifest,
            is_quiet: false,
            schema_out: self.schema_out.clone(),
            options,
        }
    }
}
